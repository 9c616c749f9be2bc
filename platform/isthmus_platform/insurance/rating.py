"""Rating by an insurer's own table: each line says its base, its rate and its amount. Pure, in integers.

Amounts are minor units of one currency, rates are parts per million. A product is rounded once, half to even,
line by line; the premium is the sum of the lines, of which the last fills up to the minimum premium.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from isthmus_platform import parties
from isthmus_platform.errors import InvalidInput

MILLION = 1_000_000
WHOLE = 10_000
ANY = "*"
BASIC = ("ICC_A", "ICC_B", "ICC_C")
"""Institute Cargo Clauses (A), (B), (C) of 1 January 2009: a cargo is insured under one of them."""
WAR, STRIKES, DELAY = "WAR", "STRIKES", "DELAY"
CLAUSES = (*BASIC, WAR, STRIKES)
MODES = ("VESSEL", "BARGE", "RAIL", "TRUCK", "AIR")
MOST_ROWS = 2_000
HS = re.compile(r"\d{0,10}", re.ASCII)
REGION = re.compile(r"[A-Z][A-Z_]{2,29}")


def share(amount: int, parts: int, whole: int) -> int:
    """Return ``amount * parts / whole``, rounded half to even."""
    return round(Fraction(amount * parts, whole))


@dataclass(frozen=True)
class Row:
    """What one row asks: ``hs`` a prefix (empty: all), places a country, a region of the table or ``*``."""

    hs: str
    origin: str
    destination: str
    mode: str
    clause: str
    rate_ppm: int
    deductible_ppm: int = 0


@dataclass(frozen=True)
class Table:
    """An insurer's rates; ``regions`` are its own names for sets of countries (ISO 3166-1 alpha-2)."""

    rows: tuple[Row, ...]
    minimum: int
    regions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Item:
    """Goods of one kind: Harmonised System code and value in minor units."""

    hs: str
    value: int


@dataclass(frozen=True)
class Risk:
    """What is to be insured: how much, from which country to which, by what, under which clauses.

    ``delay`` is the most that delay cover would pay; 0 without it.
    """

    items: tuple[Item, ...]
    insured: int
    origin: str
    destination: str
    mode: str
    clauses: tuple[str, ...]
    delay: int = 0


@dataclass(frozen=True)
class Line:
    """One line of a premium: ``amount = base * rate_ppm / 1,000,000``, or a sum of its own (no rate)."""

    clause: str
    hs: str
    base: int
    rate_ppm: int | None
    amount: int
    said: str


@dataclass(frozen=True)
class Rated:
    """A premium line by line, and what the insured bears of each claim."""

    lines: tuple[Line, ...]
    deductible: int

    @property
    def premium(self) -> int:
        """Return the sum of the lines."""
        return sum(line.amount for line in self.lines)


class NotRated(InvalidInput):
    """The insurer's table has no row for this risk."""

    code = "not_rated"


def sum_insured(cif: int, uplift_bp: int) -> int:
    """Return the sum insured for a CIF value: 11,000 basis points are 110 % (Incoterms 2020 CIF A5)."""
    return share(cif, uplift_bp, WHOLE)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Return ``total`` in parts by ``weights`` that add up to it exactly (largest remainders first)."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda n: (-(total * weights[n] % whole), n))
    for n in by_rest[: total - sum(parts)]:
        parts[n] += 1
    return parts


def rate(table: Table, risk: Risk) -> Rated:
    """Return the premium of ``risk`` by ``table``; raise :class:`NotRated` where a row is missing."""
    lines: list[Line] = []
    deductible = 0
    for item, base in zip(risk.items, split(risk.insured, [i.value for i in risk.items]), strict=True):
        for clause in risk.clauses:
            row = _row(table, risk, item.hs, clause)
            lines.append(_line(row, item.hs, base))
            deductible += share(base, row.deductible_ppm, MILLION)
    if risk.delay:
        hs = max(risk.items, key=lambda item: item.value).hs
        lines.append(_line(_row(table, risk, hs, DELAY), hs, risk.delay))
    lacking = table.minimum - sum(line.amount for line in lines)
    if lacking > 0:
        lines.append(Line("MINIMUM", "", table.minimum, None, lacking, "up to the minimum premium"))
    return Rated(tuple(lines), deductible)


def _line(row: Row, hs: str, base: int) -> Line:
    said = f"{row.clause}: HS {row.hs or 'any'}, {row.origin} to {row.destination}, {row.mode}"
    return Line(row.clause, hs, base, row.rate_ppm, share(base, row.rate_ppm, MILLION), said)


def _row(table: Table, risk: Risk, hs: str, clause: str) -> Row:
    """Return the row that fits best: the longest prefix, then the nearest places, then the named mode."""

    def near(wanted: str, country: str) -> int | None:
        if wanted == country:
            return 2
        if wanted == ANY:
            return 0
        return 1 if country in table.regions.get(wanted, ()) else None

    best: tuple[tuple[int, int, int], Row] | None = None
    for row in table.rows:
        origin, destination = near(row.origin, risk.origin), near(row.destination, risk.destination)
        fits = row.clause == clause and hs.startswith(row.hs) and row.mode in (ANY, risk.mode)
        if not fits or origin is None or destination is None:
            continue
        order = (len(row.hs), origin + destination, int(row.mode != ANY))
        if best is None or order > best[0]:
            best = order, row
    if best is None:
        where = f"{risk.origin} to {risk.destination} by {risk.mode}"
        raise NotRated(f"The insurer has no rate for {clause}, HS {hs}, {where}.", field="clauses")
    return best[1]


def checked(table: Table) -> Table:
    """Return ``table`` if each of its rows can be read; raise :class:`InvalidInput` naming the place."""
    if not 0 < len(table.rows) <= MOST_ROWS:
        raise InvalidInput(f"A table has 1 to {MOST_ROWS} rows.", field="rows", code="rows")
    for name, countries in table.regions.items():
        if not REGION.fullmatch(name):
            raise InvalidInput(
                "A region's name is capital letters.", field=f"regions.{name[:30]}", code="format"
            )
        for country in countries:
            parties.check_country(country, f"regions.{name}")
    seen: set[tuple[str, ...]] = set()
    for number, row in enumerate(table.rows):
        _check_row(table, row, f"rows.{number}")
        key = (row.hs, row.origin, row.destination, row.mode, row.clause)
        if key in seen:
            raise InvalidInput("Two rows for the same.", field=f"rows.{number}", code="row_twice")
        seen.add(key)
    return table


def _check_row(table: Table, row: Row, where: str) -> None:
    if not HS.fullmatch(row.hs):
        raise InvalidInput(
            "A prefix of the Harmonised System is digits.", field=f"{where}.hsPrefix", code="format"
        )
    for name, place in (("origin", row.origin), ("destination", row.destination)):
        if place != ANY and place not in table.regions:
            parties.check_country(place, f"{where}.{name}")
    if row.mode not in (ANY, *MODES):
        raise InvalidInput("There is no such mode.", field=f"{where}.mode", code="unknown_mode")
    if row.clause not in (*CLAUSES, DELAY):
        raise InvalidInput("There is no such clause.", field=f"{where}.clause", code="unknown_clause")
    for name, value in (("ratePpm", row.rate_ppm), ("deductiblePpm", row.deductible_ppm)):
        if not 0 <= value <= MILLION:
            raise InvalidInput(
                "A rate is 0 to 1,000,000 parts per million.", field=f"{where}.{name}", code="rate"
            )


def checked_clauses(clauses: Iterable[str], field: str = "clauses") -> tuple[str, ...]:
    """Return clauses in their usual order, of which exactly one is of (A), (B), (C)."""
    given = set(clauses)
    if not given <= set(CLAUSES) or len(given & set(BASIC)) != 1:
        raise InvalidInput(
            f"Name one of {', '.join(BASIC)}, and WAR or STRIKES beside it.", field=field, code="clauses"
        )
    return tuple(clause for clause in CLAUSES if clause in given)


def to_json(table: Table) -> dict[str, Any]:
    """Return a table as it is kept."""
    return {
        "rows": [vars(row) for row in table.rows],
        "minimum": table.minimum,
        "regions": {name: list(countries) for name, countries in table.regions.items()},
    }


def from_json(kept: Mapping[str, Any]) -> Table:
    """Return a table that :func:`to_json` wrote."""
    regions = {name: tuple(countries) for name, countries in kept["regions"].items()}
    return Table(tuple(Row(**row) for row in kept["rows"]), kept["minimum"], regions)
