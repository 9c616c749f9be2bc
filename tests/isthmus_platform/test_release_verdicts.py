"""The verdicts on many releases are those on each, read in the same statements whatever their number."""

from uuid import UUID, uuid4

import pytest

from financed_trade import FinancedTrade, open_financed_trade
from isthmus_platform import declarations
from isthmus_platform.database import Platform
from isthmus_platform.logistics import release
from isthmus_platform.logistics.verdict import Condition, Finding, Verdict
from release_trade import WAYBILL
from same_work import listening
from standing import StandingClock
from title_trade import UCR

NUMBERS = range(2, 7)
PARTIES = ("carrier", "consignee", "terminal", "trader")
TITLE, CUSTOMS, FREIGHT, CONSENT, HELD = Condition
MISSING = {
    UCR: [FREIGHT, CONSENT],
    "U2": [TITLE, CUSTOMS, FREIGHT, CONSENT],
    "U3": [TITLE, CUSTOMS, FREIGHT, CONSENT],
    "U4": [TITLE, CUSTOMS, HELD],
    "U5": [CUSTOMS, FREIGHT, HELD],
    "U6": [CUSTOMS, FREIGHT, HELD],
}


@pytest.fixture
def trade(platform: Platform) -> FinancedTrade:
    return open_financed_trade(platform)


@pytest.fixture
def releases(trade: FinancedTrade, clock: StandingClock) -> dict[str, UUID]:
    """Releases of six consignments, each with something else in its way, by UCR."""
    moved, titles = trade.release, trade.release.titles
    shipments = {UCR: titles.shipment}
    for number in NUMBERS:
        shipments[f"U{number}"] = titles.papers.trade.ship(
            reference=f"KHH-HAM-{number}",
            ucr=f"U{number}",
            booking_reference=f"B{number}",
            bill_of_lading=f"BILL{number}",
        )
        clock.advance(hours=1)
    bills = {f"U{number}": f"BILL{number}" for number in (2, 3, 4)} | {UCR: "BILL1"}
    issued = {ucr: titles.issue(shipment=shipments[ucr], number=number) for ucr, number in bills.items()}
    opened = {
        ucr: moved.open(shipment=shipment, **({} if ucr in bills else {"document": WAYBILL}))
        for ucr, shipment in shipments.items()
    }
    moved.surrender(issued[UCR])
    moved.surrender(issued["U2"], by="trader")
    titles.pledge(issued["U3"])
    titles.hold(ucr="U4")
    moved.freight(opened["U4"])
    clock.advance(days=1)
    moved.hold(opened["U5"])
    moved.hold(opened["U5"], by="carrier")
    moved.customs_hold(ucr="U6")
    for reference, status in (("KHH-HAM-1", "RELEASED"), ("KHH-HAM-6", "REJECTED")):
        declare(trade, reference)
        moved.customs_say(status, shipments[UCR if reference == "KHH-HAM-1" else "U6"])
    trade.presented(beside="U2")
    trade.consent(by="other-bank")
    trade.receivables.disbursed()
    return opened


def missing(found: dict[UUID, Verdict], releases: dict[str, UUID]) -> dict[str, list[Condition]]:
    return {ucr: [each.condition for each in found[one].missing] for ucr, one in releases.items()}


def finding(verdict: Verdict, condition: Condition) -> Finding:
    return next(each for each in verdict.findings if each.condition is condition)


def sent(trade: FinancedTrade, ids: list[UUID]) -> list[str]:
    with listening(trade.release.platform) as statements:
        verdicts(trade, "carrier", ids)
    return statements


def declare(trade: FinancedTrade, reference: str) -> None:
    with trade.release.platform.begin(trade.release.titles["trader"]) as work:
        declarations.submit(work, reference)


def verdicts(trade: FinancedTrade, by: str, ids: list[UUID]) -> dict[UUID, Verdict]:
    with trade.release.platform.begin(trade.release.titles[by]) as work:
        return release.verdicts(work, ids)


def test_each_party_is_told_of_many_in_one_reading_what_it_is_told_of_each(
    trade: FinancedTrade, releases: dict[str, UUID], clock: StandingClock
) -> None:
    ids = [*releases.values(), uuid4()]
    for by in PARTIES:
        found = verdicts(trade, by, ids)
        assert found == {one: trade.release.verdict(one, by) for one in releases.values()}
        assert len(set(found.values())) == len(releases), "no two have the same in their way"
    assert verdicts(trade, "rival", ids) == {}, "who has no part in them is told nothing"
    assert missing(found, releases) == MISSING
    asked = {ucr: finding(found[releases[ucr]], Condition.BANK_CONSENT).cleared_by for ucr in (UCR, "U2")}
    assert asked == {UCR: ("bank",), "U2": ("other-bank",)}, "it consented to one of the two that it lent on"
    assert len({len(sent(trade, ids[:count])) for count in (1, len(ids))}) == 1
    clock.advance(days=2)
    declare(trade, "KHH-HAM-6")
    after = verdicts(trade, by, ids)
    assert [ucr for ucr, one in releases.items() if found[one] != after[one]] == ["U6"]
    assert finding(after[releases["U6"]], Condition.CUSTOMS_RELEASED).since == clock.now, "the newest"
