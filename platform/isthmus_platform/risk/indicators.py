"""What an indicator says: what it found, whether that stands out, and by what evidence. Pure.

An indicator is a function of a consignment and a history. It explains itself: which field, document or event
has which value, and what that was held against. Where it cannot say (too small a history, an unknown place)
it says so, and the facts that it could not find are absent: a rule that needs them has no answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from isthmus_platform.risk import robust
from isthmus_platform.risk.history import History, per_kg
from isthmus_platform.risk.seen import Goods, Seen

SMALLEST_SAMPLE = 8
"""Prices below which nothing is said of a price."""
MOST_NAMED = 5
"""Earlier consignments that evidence names."""

Fact = bool | int | float


class Source(StrEnum):
    """What a piece of evidence was read from."""

    FIELD = "FIELD"
    DOCUMENT = "DOCUMENT"
    EVENT = "EVENT"


@dataclass(frozen=True)
class Evidence:
    """One value, where it stands, and what it was held against.

    ``id`` is the document's or event's; ``place`` a path such as ``goods.1.value``.
    """

    source: Source
    place: str
    value: str
    against: str
    id: str | None = None


@dataclass(frozen=True)
class Reading:
    """What an indicator says of a consignment."""

    name: str
    says: str
    facts: dict[str, Fact] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    stands_out: bool = field(default=False, kw_only=True)


Indicator = Callable[[Seen, History], Reading]


def price(seen: Seen, history: History) -> Reading:
    """Hold the price of each line, a kilogram net, against what the trade paid: same heading, currency, lane.

    The line furthest from the median speaks, by its modified z-score (:mod:`.robust`).
    """
    judged = [(goods, known) for goods in seen.goods if (known := _known_price(seen, goods, history))]
    if not judged:
        says = f"no line has {SMALLEST_SAMPLE} earlier prices of its heading, currency and lane"
        return Reading("price", says, {"known": False})
    deviations = [(goods, known, known.deviation(per_kg(goods))) for goods, known in judged]
    goods, known, deviation = max(deviations, key=lambda one: (abs(one[2]), -one[0].line))
    stands_out = abs(deviation) >= robust.FAR
    names = ", ".join(one.reference for one in history.prices(seen, goods)[-MOST_NAMED:])
    evidence = Evidence(
        Source.FIELD,
        f"goods.{goods.line}.value",
        f"{per_kg(goods):.2f} minor units of {goods.currency} a kilogram net",
        f"median {known.median:.2f}, median absolute deviation {known.mad:.2f} of {known.size} earlier prices"
        f" of heading {goods.heading} from {seen.origin} to {seen.destination}, the newest {names}",
    )
    says = f"a kilogram of line {goods.line} is {deviation:+.1f} deviations from the trade's own median"
    facts: dict[str, Fact] = {"known": True, "deviation": deviation, "sample": known.size}
    if known.median:
        facts["ratio"] = per_kg(goods) / known.median
    return Reading("price", says, facts, (evidence,), stands_out=stands_out)


def _known_price(seen: Seen, goods: Goods, history: History) -> robust.Spread | None:
    if goods.net_kg <= 0:
        return None
    return robust.spread([one.per_kg for one in history.prices(seen, goods)], SMALLEST_SAMPLE)


def invoices(seen: Seen, history: History) -> Reading:
    """Look for earlier consignments with the same invoice, or nearly the same."""
    alike = [one for one in history.invoiced_alike(seen) if one.id != seen.id]
    number = seen.invoice_number
    same = [one for one in alike if number is not None and one.invoice_number == number]
    facts: dict[str, Fact] = {"alike": len(alike), "same": len(same)}
    if not alike:
        return Reading("invoices", "no earlier invoice is like this one", facts)
    against = ", ".join(f"{one.invoice_number} of {one.reference}" for one in alike[-MOST_NAMED:])
    declared = [Evidence(Source.FIELD, "invoice.number", number, against)] if number is not None else []
    papers = [
        Evidence(Source.DOCUMENT, "number", paper.number, against, str(paper.id))
        for paper in seen.papers
        if paper.type == "380"
    ]
    says = f"{len(alike)} earlier invoices are like this one"
    return Reading("invoices", says, facts, (*declared, *papers), stands_out=True)


LARGEST_PAYLOAD_KG = {"2": 28_300, "4": 28_900, "L": 29_300}
"""What boxes commonly carry at most, by length (the first sign of an ISO 6346 type: 20, 40 and 45 feet).

The gross mass on their plates (CSC) less tare: 30,480 less 2,180, 32,500 less 3,600, 34,000 less 4,700.
ISO 668 allows 36,000 kg of gross mass since 2016; who loads such boxes leaves ``overPayload`` out of a rule.
"""
DENSEST = Decimal(22_590)
"""Kilograms a cubic metre of osmium, the densest element (CRC Handbook of Chemistry and Physics)."""
LIGHTEST = Decimal("1.3")
"""Kilograms a cubic metre: what air weighs at 0 degrees Celsius."""


def weights(seen: Seen, _history: History) -> Reading:
    """Look for masses that cannot be: net above gross, more than the boxes carry, no matter so dense."""
    wrong = [*_net_above_gross(seen), *_over_payload(seen), *_impossible_density(seen)]
    facts: dict[str, Fact] = {
        "impossible": len(wrong),
        "overPayload": bool(_over_payload(seen)),
        "netAboveGross": bool(_net_above_gross(seen)),
    }
    says = f"{len(wrong)} masses cannot be" if wrong else "the masses can be"
    return Reading("weights", says, facts, tuple(wrong), stands_out=bool(wrong))


def _net_above_gross(seen: Seen) -> list[Evidence]:
    lines = [
        Evidence(Source.FIELD, f"goods.{one.line}.netMass", f"{one.net_kg} kg", f"gross {one.gross_kg} kg")
        for one in seen.goods
        if one.net_kg > one.gross_kg
    ]
    papers = [
        Evidence(Source.DOCUMENT, "netMass", f"{one.net_kg} kg", f"gross {one.gross_kg} kg", str(one.id))
        for one in seen.papers
        if one.net_kg is not None and one.gross_kg is not None and one.net_kg > one.gross_kg
    ]
    return lines + papers


def _over_payload(seen: Seen) -> list[Evidence]:
    """Return evidence where the goods are more than the boxes carry; none where a length is not known."""
    carried = [LARGEST_PAYLOAD_KG.get((box.iso_code or "?")[0]) for box in seen.boxes]
    known = [each for each in carried if each is not None]
    if not known or len(known) < len(carried) or seen.gross_kg <= sum(known):
        return []
    boxes = ", ".join(f"{box.reference} {box.iso_code}" for box in seen.boxes)
    return [Evidence(Source.FIELD, "goods.grossMass", f"{seen.gross_kg} kg", f"{sum(known)} kg in {boxes}")]


def _impossible_density(seen: Seen) -> list[Evidence]:
    found = []
    for paper in seen.papers:
        if paper.gross_kg is None or paper.volume_m3 is None:
            continue
        if not LIGHTEST * paper.volume_m3 <= paper.gross_kg <= DENSEST * paper.volume_m3:
            against = f"between {LIGHTEST} and {DENSEST} kg a cubic metre"
            value = f"{paper.gross_kg} kg in {paper.volume_m3} cubic metres"
            found.append(Evidence(Source.DOCUMENT, "volume", value, against, str(paper.id)))
    return found
