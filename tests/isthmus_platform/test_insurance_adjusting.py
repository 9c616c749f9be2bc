"""Adjusting a declaration: rated anew line by line, within the limits, one certificate for another."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from insurance_trade import CIF, DESK, INSURED, TRUST, InsuredTrade, open_insured_trade
from isthmus_platform.changes import Change
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_platform.errors import PlatformError
from isthmus_platform.insurance import adjusting, exporting, limits, quotes, steps
from isthmus_platform.insurance.limits import LimitExceeded
from isthmus_platform.insurance.rating import Row, Table
from isthmus_platform.insurance.records import CoverAdjustment
from isthmus_platform.papers import issuing
from isthmus_protocol.documents import verify_document
from isthmus_protocol.insurance_file import verify_insurance
from standing import StandingClock
from voyage_events import moved, send

AT_ONCE = 4


@pytest.fixture
def trade(platform: Platform) -> InsuredTrade:
    opened = open_insured_trade(platform)
    opened.publish()
    return opened


def refused(trade: InsuredTrade, call: Callable[[], object]) -> tuple[str, str | None]:
    """Return (code, field) of a refusal that must have changed nothing."""
    before = trade.everything()
    with pytest.raises(PlatformError) as refusal:
        call()
    assert trade.everything() == before
    return refusal.value.code, refusal.value.field


def history(trade: InsuredTrade, declaration: UUID, by: str = "insurer") -> list[CoverAdjustment]:
    with trade.platform.begin(trade[by]) as work:
        return adjusting.of_declarations(work, [declaration])[declaration]


def verdict(trade: InsuredTrade, document: UUID) -> tuple[bool, Any]:
    with trade.platform.begin(trade["trader"]) as work:
        file = issuing.signed_file(work, DESK, document)
    checked, data = verify_document(file, TRUST)
    return checked.passed, data


def test_the_premium_is_made_anew_by_the_table_of_the_declaration_and_the_difference_told(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    cover = trade.cover()
    made = trade.declared(cover, clauses=("ICC_A",))
    before = (made.premium_minor, made.document_id)
    trade.publish(Table((Row("", "*", "*", "*", "ICC_A", 900_000),), 0), at=trade.now + timedelta(days=1))
    clock.advance(days=2)
    dearer = trade.adjust(made.id, cif=2 * CIF, conveyance="another  vessel")
    assert (dearer.insured_minor, dearer.conveyance) == (2 * INSURED, "ANOTHER VESSEL")
    assert dearer.premium_minor == 2 * before[0], "today's table would ask 800 times that"
    cheaper = trade.adjust(made.id, cif=CIF // 2, reason="Half was sold")
    first, second = history(trade, made.id)
    assert [(row.number, row.reason) for row in (first, second)] == [(1, "Dearer"), (2, "Half was sold")]
    assert first.difference_minor == before[0]
    assert second.difference_minor == cheaper.premium_minor - dearer.premium_minor < 0
    for row in (first, second):
        assert row.premium_minor == sum(line["amount"] for line in row.lines)
        assert [line["clause"] for line in row.lines] == ["ICC_A", "ICC_A"]
        assert sum(line["base"] for line in row.lines) == row.insured_minor
    assert (first.terms_before["cif"], first.terms["cif"]) == (CIF, 2 * CIF)
    assert first.terms_before["conveyance"] != first.terms["conveyance"] == second.terms["conveyance"]
    assert (first.revoked_id, first.document_id) == (before[1], second.revoked_id)
    assert trade.read_cover(cover).declared_minor == cheaper.insured_minor
    assert history(trade, made.id, "bank") == []


def test_the_certificate_before_is_revoked_and_the_one_after_names_it(trade: InsuredTrade) -> None:
    made = trade.declared(trade.cover())
    old = made.document_id
    adjusted = trade.adjust(made.id, conveyance="Borealis")
    passed, data = verdict(trade, adjusted.document_id)
    assert passed
    assert (data["number"], data["vessel"]) == ("OC-2026-1-1/1", "BOREALIS")
    assert "It takes the place of OC-2026-1-1, which is revoked." in data["note"]
    assert verdict(trade, old)[0] is False
    trade.cancel(made.id)
    assert verdict(trade, adjusted.document_id)[0] is False


def test_what_is_adjusted_is_held_to_every_limit_in_the_period_in_which_it_was_declared(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    cover = trade.cover(per_period=300_000, period_months=1, per_conveyance=250_000)
    first, second = (trade.declare(trade.another(cover, number)) for number in (1, 2))
    assert refused(trade, lambda: trade.adjust(first.id, conveyance="v2", cif=150_000)) == (
        *("conveyance_limit", "cifMinor"),
    )
    clock.advance(days=45)
    with pytest.raises(LimitExceeded) as refusal:
        trade.adjust(first.id, cif=172_728)  # 190,001 beside the 110,000 of the other
    assert (refusal.value.rule, refusal.value.limit, refusal.value.balance) == ("perPeriod", 300_000, 190_000)
    assert trade.adjust(first.id, cif=172_727).insured_minor == 190_000
    trade.cancel(second.id)
    with trade.platform.begin(trade["trader"]) as work:
        period, *_ = limits.periods(work, [trade.read_cover(cover)])[cover]
    assert (period.declared, period.balance) == (190_000, 110_000)
    with trade.platform.begin(trade["trader"]) as work:
        file = exporting.cover(work, DESK, cover)
    assert verify_insurance(file, TRUST)[0].passed
    chain = trade.steps(cover)
    assert steps.intact(chain)
    assert [step.code for step in chain][-2:] == ["ADJUST_DECLARATION", "CANCEL_DECLARATION"]


def test_of_4_adjustments_at_once_as_many_are_made_as_the_limit_bears(
    platform_url: str, clock: StandingClock
) -> None:
    engine = create_platform_engine(platform_url, pool_size=AT_ONCE)
    trade = open_insured_trade(Platform(engine, clock))
    trade.publish()
    cover = trade.cover(per_period=AT_ONCE * 110_000 + 2 * 110_000 + 109_999)
    declared = [trade.declare(trade.another(cover, number)).id for number in range(AT_ONCE)]
    together = Barrier(AT_ONCE)

    def doubled(declaration: UUID) -> str:
        together.wait()
        try:
            trade.adjust(declaration, cif=200_000)
        except PlatformError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = Counter(pool.map(doubled, declared))
    held = trade.read_cover(cover).declared_minor
    engine.dispose()
    assert outcomes == {"done": 2, "period_limit": 2}
    assert held == (AT_ONCE + 2) * 110_000


def test_nothing_is_adjusted_once_something_happened_or_by_another(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    cover = trade.cover()
    made = trade.declared(cover)
    adjust = partial(trade.adjust, made.id)
    assert refused(trade, partial(adjust, by="insurer", cif=1)) == ("not_your_step", "declaration")
    assert refused(trade, partial(adjust, by="bank", cif=1)) == ("not_found", "declaration")
    assert refused(trade, adjust) == ("nothing_to_change", "cifMinor")
    assert refused(trade, partial(adjust, cif=0)) == ("amount", "cifMinor")
    assert refused(trade, partial(adjust, mode="MULE")) == ("unknown_mode", "mode")
    assert refused(trade, partial(adjust, agreed_arrival=trade.now)) == ("no_delay_cover", "agreedArrival")
    send(trade.papers.trade, moved("e1", "DEPA", "TWKHH", 5))
    assert refused(trade, partial(trade.cancel, made.id)) == ("under_way", "declaration")
    adjust(cif=CIF - 1)
    clock.advance(days=366)
    assert refused(trade, partial(adjust, cif=CIF)) == ("cover_not_active", "cover")
    adjust(cif=CIF - 2)
    trade.notify(made.id)
    assert refused(trade, partial(adjust, cif=CIF - 3)) == ("claimed", "declaration")


def test_the_day_of_sailing_is_on_the_certificate_and_moves_until_the_goods_have_left(
    trade: InsuredTrade,
) -> None:
    cover = trade.cover()
    today = trade.now.date()
    for on in (today + timedelta(days=367), today - timedelta(days=367)):
        asked = partial(trade.quote, cover, sails_on=on)
        assert refused(trade, asked) == ("out_of_range", "sailsOn")
    late = partial(trade.quote, cover, sails_on=today + timedelta(days=31), delay=trade.delay())
    assert refused(trade, late) == ("out_of_range", "sailsOn"), "after the arrival that is agreed"
    made = trade.declared(cover, sails_on=today + timedelta(days=3))
    said = f"Sailing on or about {today + timedelta(days=3)}."
    assert said in verdict(trade, made.document_id)[1]["note"]
    premium = made.premium_minor
    assert refused(trade, partial(trade.adjust, made.id, sails_on=today + timedelta(days=3))) == (
        *("nothing_to_change", "cifMinor"),
    )
    moved_to = today + timedelta(days=9)
    adjusted = trade.adjust(made.id, sails_on=moved_to, reason="Rolled over")
    assert f"Sailing on or about {moved_to}." in verdict(trade, adjusted.document_id)[1]["note"]
    assert adjusted.premium_minor == premium
    [kept] = history(trade, made.id)
    assert (kept.terms_before["sailsOn"], kept.terms["sailsOn"]) == (
        str(today + timedelta(days=3)),
        str(moved_to),
    )
    send(trade.papers.trade, moved("e1", "DEPA", "TWKHH", 5))
    assert refused(trade, partial(trade.adjust, made.id, sails_on=today)) == ("under_way", "sailsOn")


def test_a_sum_that_was_raised_does_not_pay_for_what_occurred_before(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    made = trade.declared(trade.cover())
    occurred = trade.now
    clock.advance(hours=1)
    trade.adjust(made.id, cif=2 * CIF)
    claim = partial(trade.notify, made.id, occurred_at=occurred)
    assert refused(trade, partial(claim, claimed=INSURED + 1)) == ("amount", "claimedMinor")
    assert claim(claimed=INSURED).claimed_minor == INSURED
    assert trade.notify(made.id, claimed=INSURED + 1).claimed_minor == INSURED + 1


def test_an_agreed_arrival_moves_later_until_a_source_tells_of_it(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    made = trade.declared(trade.cover(), delay=trade.delay())
    agreed, waited_for = made.agreed_arrival, made.decides_by
    assert agreed is not None
    assert waited_for is not None
    adjust = partial(trade.adjust, made.id)
    assert refused(trade, partial(adjust, agreed_arrival=agreed - timedelta(days=1))) == (
        *("out_of_range", "agreedArrival"),
    )
    later = adjust(agreed_arrival=agreed + timedelta(days=5))
    assert (later.agreed_arrival, later.decides_by) == (
        agreed + timedelta(days=5),
        waited_for + timedelta(days=5),
    )
    clock.advance(days=40)
    trade.arrived("carrier", agreed + timedelta(days=9))
    again = agreed + timedelta(days=8)
    assert refused(trade, partial(adjust, agreed_arrival=again)) == ("arrival_told", "agreedArrival")
    trade.arrived("terminal", agreed + timedelta(days=9))
    (claim,) = trade.claims_of(made.id)
    assert claim.paid_minor == 2 * 100_000, "4 days after the arrival agreed anew, 2 of them not paid"
    assert refused(trade, partial(adjust, cif=CIF - 1)) == ("claimed", "declaration")


def test_what_the_insurer_quoted_itself_goes_in_proportion_and_keeps_its_mode(
    platform: Platform,
) -> None:
    trade = open_insured_trade(platform)
    quote = trade.quote(trade.cover())
    with trade.platform.begin(trade["insurer"]) as work:
        until = trade.now + timedelta(days=3)
        quotes.answer(work, quote.id, premium=60_001, deductible=10_000, valid_until=until)
    made = trade.declare(quote.id)
    adjusted = trade.adjust(made.id, cif=CIF // 2)
    assert (adjusted.premium_minor, adjusted.deductible_minor) == (30_000, 10_000)
    assert history(trade, made.id)[0].difference_minor == -30_001
    assert refused(trade, lambda: trade.adjust(made.id, mode="AIR")) == ("not_rated", "mode")


def test_both_parties_are_told_and_the_insured_is_metered(trade: InsuredTrade) -> None:
    made = trade.declared(trade.cover())
    trade.adjust(made.id, cif=CIF - 1)
    for party in ("insurer", "trader"):
        with trade.platform.begin(trade[party]) as work:
            told = work.session.query(Change).where(Change.kind == "cover.declaration_adjusted").all()
        assert [change.about for change in told] == [{"declaration": str(made.id)}]
    (metered,) = [
        row[1]
        for row in trade.everything()
        if row[0] == "outbox" and '""name"": ""cover.declaration_adjusted""' in row[1]
    ]
    assert str(trade["trader"].party_id) in metered
