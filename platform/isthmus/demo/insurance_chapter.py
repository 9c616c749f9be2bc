"""Cargo is insured, delayed and settled; of three sources one lies, and neither triggers nor blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from isthmus.demo import consignment
from isthmus.demo.member import Member, expect, nodes, until_metered
from isthmus.demo.story import Cast, Line

COVER = "cover { id state }"
QUOTE = "quote { id state premium { amountMinor currency } }"
DECLARED = "declaration { id number certificate { id title } sumInsured { amountMinor currency } }"
PER_DAY, AFTER, MOST = 100_000, 2, 10
DUE = 20
"""Days before the story is told when the consignments were to arrive."""


@dataclass(frozen=True)
class Voyage:
    """A consignment that has arrived: how many days late in truth, and by whose lie."""

    reference: str
    container: str
    late: int
    liar: str
    lie: int

    @property
    def ucr(self) -> str:
        """Its unique consignment reference."""
        return f"6TW24536806-{self.reference}"


VOYAGES = (
    Voyage("KHH-HAM-0398", "MCLU4200204", 8, "terminal", 0),
    Voyage("KHH-HAM-0399", "MCLU4200210", 1, "carrier", 19),
)
SOURCES = ("carrier", "terminal", "authority")


def insured(cast: Cast) -> Iterator[Line]:
    """Offer a cover, declare two consignments, tell of their arrival, and settle what was late."""
    cover = _cover(cast)
    yield Line("The insurer offers the trader an open cover of 2,000,000 USD, 110 % CIF; the trader accepts.")
    _refused(cast, cover)
    yield Line(
        "The trader tries to declare more than the cover's limit on one vessel: refused.", refused=True
    )
    for voyage in VOYAGES:
        declared = _declared(cast, cover, voyage)
        certificate = declared["certificate"]["title"]
        yield Line(
            f"{voyage.reference} is quoted by the insurer, lost or not lost, and declared: {certificate}."
        )
        for source in sorted(SOURCES, key=lambda name: name != voyage.liar):
            days = voyage.lie if source == voyage.liar else voyage.late
            _arrived(cast, getattr(cast, source), voyage, days)
            lies = ", which is a lie" if source == voyage.liar else ""
            yield Line(f"The {source} signs that it came {days} days late{lies}.", refused=bool(lies))
        yield _settled(cast, declared["id"], voyage)
    until_metered(cast.period, (cast.trader, "cover.declared", 2), (cast.insurer, "claim.settled", 1))


def _cover(cast: Cast) -> str:
    offered = cast.insurer.done(
        "offerCover",
        COVER,
        {
            "idempotencyKey": "demo-cover",
            "insured": "trader",
            "number": "OC-2026-17",
            "currency": "USD",
            "limitMinor": 200_000_000,
            "perConveyanceMinor": 70_000_000,
            "perLocationMinor": 100_000_000,
            "clauses": ["ICC_A", "WAR", "STRIKES"],
            "validFrom": (cast.first_played - timedelta(days=60)).isoformat(),
            "validUntil": (cast.first_played + timedelta(days=300)).isoformat(),
        },
    )["cover"]["id"]
    given = {"idempotencyKey": "demo-cover-taken", "cover": offered, "accept": True}
    expect(cast.trader.done("answerCover", COVER, given)["cover"]["state"] == "ACTIVE", "the cover")
    return str(offered)


def _shipment(cast: Cast, voyage: Voyage) -> str:
    given = consignment.shipment(cast.first_played)
    for left_away in ("onBehalfOf", "bookingReference", "billOfLading", "invoice"):
        del given[left_away]
    given |= {
        "idempotencyKey": f"demo-insured-{voyage.reference}",
        "reference": voyage.reference,
        "ucr": voyage.ucr,
        "bookedAt": (cast.first_played - timedelta(days=70)).isoformat(),
        "equipment": [{"reference": voyage.container, "isoCode": "22G1"}],
        "vessel": "Meridian Borealis",
    }
    return str(cast.trader.done("createShipment", "shipment { id }", given)["shipment"]["id"])


def _quoted(cast: Cast, cover: str, key: str, shipment: str, **more: Any) -> str:
    """Return a quote that waited for the insurer and was answered by it."""
    given = {"cover": cover, "shipment": shipment, "clauses": ["ICC_A", "WAR", "STRIKES"], **more}
    quote = cast.trader.done("requestInsuranceQuote", QUOTE, {"idempotencyKey": f"{key}-asked", **given})
    answer = {
        "idempotencyKey": f"{key}-answered",
        "quote": quote["quote"]["id"],
        "premiumMinor": 93_600,
        "deductibleMinor": 50_000,
        "validUntil": (cast.first_played + timedelta(days=14)).isoformat(),
    }
    return str(cast.insurer.done("answerInsuranceQuote", QUOTE, answer)["quote"]["id"])


def _refused(cast: Cast, cover: str) -> None:
    quote = _quoted(cast, cover, "demo-too-much", _shipment(cast, VOYAGES[0]), cifMinor=80_000_000)
    given = {"idempotencyKey": "demo-too-much", "quote": quote}
    errors = cast.trader.write("declareCargo", DECLARED, given)["userErrors"]
    codes = [error["code"] for error in errors]
    # Told again, the consignment is declared by its other quote, or the quote has lapsed.
    expect(
        len(codes) == 1 and codes[0] in ("conveyance_limit", "declared_before", "quote_lapsed"), f"{errors}"
    )


def _declared(cast: Cast, cover: str, voyage: Voyage) -> dict[str, Any]:
    key = f"demo-insured-{voyage.reference}"
    delay = {
        "agreedArrival": (cast.first_played - timedelta(days=DUE)).isoformat(),
        "afterDays": AFTER,
        "perDayMinor": PER_DAY,
        "mostDays": MOST,
        "terminal": "terminal",
        "customs": "authority",
    }
    quote = _quoted(cast, cover, key, _shipment(cast, voyage), delay=delay)
    given = {"idempotencyKey": f"{key}-declared", "quote": quote}
    return dict(cast.trader.done("declareCargo", DECLARED, given)["declaration"])


def _arrived(cast: Cast, source: Member, voyage: Voyage, days: int) -> None:
    arrived = cast.first_played - timedelta(days=DUE - days)
    given = {
        "idempotencyKey": f"demo-arrived-{voyage.reference}",
        "ucr": voyage.ucr,
        "arrivedAt": arrived.isoformat(),
    }
    source.done("tellArrival", "digests", given)


DELAYS = (
    "{ coverDeclarations(first: 100) { edges { node { id claims { kind state paid { amountMinor } }"
    " delay { measuredDays paidDays paidMinor basisRiskDays } } } } }"
)


def _settled(cast: Cast, declaration: str, voyage: Voyage) -> Line:
    found = nodes(cast.insurer.query(DELAYS)["coverDeclarations"])
    one = next(each for each in found if each["id"] == declaration)
    delay, paid_days = one["delay"], max(0, voyage.late - AFTER)
    expect((delay["measuredDays"], delay["paidDays"]) == (voyage.late, paid_days), f"{voyage}: {one}")
    paid = [claim["paid"]["amountMinor"] for claim in one["claims"] if claim["kind"] == "DELAY"]
    expect(paid == [paid_days * PER_DAY][: paid_days > 0], f"what was paid: {one}")
    apart = delay["basisRiskDays"]
    if not paid:
        return Line(f"Two of three agree on {voyage.late} day: nothing is due, the lie triggers nothing.")
    return Line(
        f"Two of three agree on {voyage.late} days: {paid[0] // 100:,} USD are settled,"
        f" the lie blocks nothing; it was {apart} days off."
    )


CHAPTER = ("Cargo is insured, delayed and settled, though one source lies", insured)
