"""Rating: usage and the tariff's terms become lines, a total and the authority's share. Pure, in integers.

Prices are whole minor units, so a line's amount needs no rounding. Only the concession fee does: it is the
total billed under one tariff times its basis points, rounded once, half to even; the operator's share is what
remains, so that the two are always the total exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

WHOLE = 10_000
"""Basis points in a whole."""


@dataclass(frozen=True)
class Terms:
    """What a tariff says of one meter: minor units a unit, free units a party and month, who gets a share."""

    tariff_id: UUID
    unit_price: int
    free_allowance: int
    basis_points: int
    authority_id: UUID


@dataclass(frozen=True)
class Measured:
    """What one party used of one meter in one month (``2026-06``) under one tariff: ``quantity`` units."""

    line_id: UUID
    meter: str
    month: str
    quantity: int
    terms: Terms


@dataclass(frozen=True)
class RatedLine:
    """A line to be billed; ``amount = (quantity - free_quantity) * unit_price``."""

    id: UUID
    meter: str
    month: str
    quantity: int
    free_quantity: int
    terms: Terms

    @property
    def amount(self) -> int:
        """Return the line's amount in minor units."""
        return (self.quantity - self.free_quantity) * self.terms.unit_price


@dataclass(frozen=True)
class Share:
    """An authority's concession fee of ``base``, the amount billed under its tariffs; minor units."""

    authority_id: UUID
    base: int
    fee: int


@dataclass(frozen=True)
class Rated:
    """The lines of one party, their total and how it is shared."""

    lines: tuple[RatedLine, ...]
    shares: tuple[Share, ...]

    @property
    def total(self) -> int:
        """Return the sum of the lines."""
        return sum(line.amount for line in self.lines)

    @property
    def concession_fee(self) -> int:
        """Return what goes to the authorities."""
        return sum(share.fee for share in self.shares)


def half_even(numerator: int, denominator: int) -> int:
    """Return the quotient of two non-negative integers rounded to the nearest, a half to the even one."""
    quotient, rest = divmod(numerator, denominator)
    odd_half = 2 * rest == denominator and quotient % 2 == 1
    return quotient + (2 * rest > denominator or odd_half)


def rate(measured: Sequence[Measured], used: Mapping[tuple[str, str], int]) -> Rated:
    """Rate what one party used.

    ``used`` says how many units of (month, meter) were billed to it before: a month's first units are the
    free ones, in the order in which they are billed, so late usage gets what is left of the allowance.
    Entries of one month and meter under several tariffs come in the order in which these came into force.
    """
    so_far = dict(used)
    lines = []
    for entry in measured:
        before = so_far.get((entry.month, entry.meter), 0)
        free = min(entry.quantity, max(0, entry.terms.free_allowance - before))
        so_far[entry.month, entry.meter] = before + entry.quantity
        lines.append(RatedLine(entry.line_id, entry.meter, entry.month, entry.quantity, free, entry.terms))
    return Rated(tuple(lines), _shares(lines))


def _shares(lines: Sequence[RatedLine]) -> tuple[Share, ...]:
    """Split each tariff's total, and add up what each authority gets."""
    bases: dict[UUID, int] = {}
    terms: dict[UUID, Terms] = {}
    for line in lines:
        terms[line.terms.tariff_id] = line.terms
        bases[line.terms.tariff_id] = bases.get(line.terms.tariff_id, 0) + line.amount
    shares: dict[UUID, Share] = {}
    for tariff_id, base in bases.items():
        authority, points = terms[tariff_id].authority_id, terms[tariff_id].basis_points
        held = shares.get(authority, Share(authority, 0, 0))
        fee = half_even(base * points, WHOLE)
        shares[authority] = Share(authority, held.base + base, held.fee + fee)
    return tuple(shares[authority] for authority in sorted(shares))


def given_back(part: int, total: int, credited_before: int, credited_after: int) -> int:
    """Return how much of ``part`` of ``total`` is given back when the credit grows from one sum to another.

    Rounded on the cumulative sum, so that an invoice credited whole, in however many steps, gives the whole
    part back.
    """
    return half_even(part * credited_after, total) - half_even(part * credited_before, total)
