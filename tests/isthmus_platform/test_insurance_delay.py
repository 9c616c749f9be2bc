"""Delay cover through the platform: signed words of three sources, one of which lies, and the basis risk."""

from datetime import timedelta
from uuid import UUID

import pytest

from insurance_trade import SOURCES, UCR, InsuredTrade, open_insured_trade
from isthmus_platform.database import Platform
from isthmus_platform.errors import InvalidInput, NotFound, NotPermitted
from isthmus_platform.insurance import delays, statements, steps
from isthmus_platform.insurance.records import CoverDeclaration
from standing import StandingClock


@pytest.fixture
def trade(platform: Platform) -> InsuredTrade:
    trade = open_insured_trade(platform)
    trade.publish()
    return trade


@pytest.fixture
def insured(trade: InsuredTrade, clock: StandingClock) -> CoverDeclaration:
    """Return a declaration with delay cover, fifty days later: twenty past the agreed arrival."""
    made = trade.declared(trade.cover(), delay=trade.delay())
    clock.advance(days=50)
    return made


def paid(trade: InsuredTrade, declaration: UUID) -> int | None:
    return trade.basis(declaration).paid


def late(insured: CoverDeclaration, days: int) -> timedelta:
    """Return how much before the clock's 50th day an arrival ``days`` late is."""
    assert insured.agreed_arrival is not None
    return timedelta(days=20 - days)


@pytest.mark.parametrize(
    ("liar", "true", "lie"),
    [("carrier", 1, 19), ("terminal", 8, 0), ("authority", 8, 0), ("authority", 1, 19)],
    ids=["carrier triggers", "terminal blocks", "customs blocks", "customs triggers"],
)
def test_one_source_that_lies_neither_triggers_nor_blocks(
    trade: InsuredTrade, insured: CoverDeclaration, liar: str, true: int, lie: int
) -> None:
    for source in sorted(SOURCES, key=lambda name: name != liar):  # the liar speaks first
        days = lie if source == liar else true
        trade.arrived(source, trade.now - late(insured, days))
    basis = trade.basis(insured.id)
    assert (basis.measured_days, basis.paid_days) == (true, max(0, true - 2))
    assert basis.paid == max(0, true - 2) * 100_000
    assert [claim.paid_minor for claim in trade.claims_of(insured.id)] == [basis.paid][: true > 2]
    assert sorted(told.days for told in basis.told) == sorted([true, true, lie])
    assert basis.widest == abs(true - lie), "the basis risk is told"


def test_a_settled_delay_is_paid_once_and_its_claim_holds_the_signed_words(
    trade: InsuredTrade, insured: CoverDeclaration
) -> None:
    at = trade.now - late(insured, 30 - 18)
    trade.arrived("carrier", at)
    assert paid(trade, insured.id) is None
    trade.arrived("terminal", at)
    (claim,) = trade.claims_of(insured.id)
    assert (claim.kind, claim.state, claim.paid_minor) == ("DELAY", "SETTLED", 1_000_000)
    for source in SOURCES:  # what is told afterwards is kept, and changes nothing
        trade.arrived(source, trade.now)
    assert [each.paid_minor for each in trade.claims_of(insured.id)] == [1_000_000]
    chain = trade.steps(claim.id)
    assert [step.code for step in chain] == ["NOTIFY", "REPORT", "REPORT", "ACCEPT", "SETTLE"]
    assert steps.intact(chain)
    reports = {told.report.role: told.report for told in trade.basis(insured.id, "trader").told}
    carrier = reports["CARRIER"]
    said = delays.said_of(UCR, trade["carrier"].party_id, "CARRIER", carrier.arrived_at, carrier.told_at)
    signed = statements.Signed(carrier.digest, carrier.token, carrier.kid, carrier.x)
    assert statements.holds(said, signed, statements.ARRIVAL_TYPE)
    assert not statements.holds({**said, "role": "TERMINAL"}, signed, statements.ARRIVAL_TYPE)


def test_a_word_may_be_corrected_until_it_is_decided(trade: InsuredTrade, insured: CoverDeclaration) -> None:
    trade.arrived("carrier", trade.now - late(insured, 0))
    trade.arrived("carrier", trade.now - late(insured, 5))
    assert paid(trade, insured.id) is None, "one source is no quorum, however often it speaks"
    trade.arrived("authority", trade.now - late(insured, 5))
    assert paid(trade, insured.id) == 300_000


def test_sources_that_differ_or_are_silent_are_decided_when_the_time_is_over(
    trade: InsuredTrade, insured: CoverDeclaration, clock: StandingClock
) -> None:
    trade.arrived("carrier", trade.now - late(insured, 4))
    trade.arrived("terminal", trade.now - late(insured, 9))
    assert delays.watch(trade.platform) == 0
    clock.advance(days=30)
    assert (delays.watch(trade.platform), delays.watch(trade.platform)) == (1, 0)
    assert (trade.basis(insured.id).measured_days, paid(trade, insured.id)) == (4, 200_000)


def test_only_the_three_named_tell_and_only_what_has_happened(
    trade: InsuredTrade, insured: CoverDeclaration
) -> None:
    before = trade.everything()
    for name in ("rival", "bank", "trader", "insurer"):
        with pytest.raises((NotFound, NotPermitted)):
            trade.arrived(name, trade.now)
    with pytest.raises(NotFound):
        trade.arrived("carrier", trade.now, "ANOTHER-UCR")
    with pytest.raises(InvalidInput):
        trade.arrived("carrier", trade.now + timedelta(seconds=1))
    assert trade.everything() == before
