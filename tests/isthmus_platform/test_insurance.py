"""Insurance: covers and their limits, quotes line by line, certificates, claims from notice to payment."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from at_once import at_once
from insurance_trade import CIF, DESK, INSURED, TABLE, TRUST, InsuredTrade, open_insured_trade
from isthmus_platform.changes import Change
from isthmus_platform.database import Duty, Platform, create_platform_engine
from isthmus_platform.drafts import GoodsDraft
from isthmus_platform.errors import PlatformError
from isthmus_platform.insurance import certificates, covers, delays, quotes, steps
from isthmus_platform.insurance.covers import Adjustment
from isthmus_platform.insurance.rating import Row, Table
from isthmus_platform.papers import issuing
from isthmus_protocol.documents import verify_document
from standing import StandingClock
from voyage_events import moved, send

BY_HAND = 16


@pytest.fixture
def trade(platform: Platform) -> InsuredTrade:
    return open_insured_trade(platform)


def refused(
    trade: InsuredTrade, call: Callable[..., object], *given: Any, **more: Any
) -> tuple[str, str | None]:
    """Return (code, field) of a refusal that must have changed nothing."""
    before = trade.everything()
    with pytest.raises(PlatformError) as refusal:
        call(*given, **more)
    assert trade.everything() == before
    return refusal.value.code, refusal.value.field


def test_a_quote_explains_its_premium_line_by_line(trade: InsuredTrade) -> None:
    trade.publish()
    quote = trade.quote(trade.cover())
    assert (quote.state, quote.insured_minor, quote.terms["cif"]) == ("QUOTED", INSURED, CIF)
    assert quote.lines is not None
    told = [(line["clause"], line["hs"], line["rate_ppm"], line["amount"]) for line in quote.lines]
    assert told == [
        ("ICC_A", "845710", 1_250, 25_644),  # the longer prefix wins over the nearer places
        ("WAR", "845710", 250, 5_129),
        ("STRIKES", "845710", 125, 2_564),
        ("ICC_A", "845811", 1_500, 16_038),
        ("WAR", "845811", 250, 2_673),
        ("STRIKES", "845811", 125, 1_336),
    ]
    assert quote.premium_minor == sum(line["amount"] for line in quote.lines)
    assert sum(line["base"] for line in quote.lines if line["clause"] == "WAR") == INSURED
    assert quote.valid_until == trade.now + timedelta(days=14)


def test_a_table_holds_from_its_date_and_what_was_quoted_stays(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    cover = trade.cover()
    trade.publish()
    dearer = Table((Row("", "*", "*", "*", "ICC_A", 10_000),), 0)
    trade.publish(dearer, at=trade.now + timedelta(days=1))
    before = trade.quote(cover, clauses=("ICC_A",))
    clock.advance(days=1)
    after = trade.quote(cover, clauses=("ICC_A",))
    assert (before.premium_minor, after.premium_minor) == (25_644 + 16_038, 205_150 + 106_920)
    assert trade.declare(before.id).premium_minor == before.premium_minor


@pytest.mark.parametrize(
    ("currency", "value", "written"),
    [("JPY", 3_000_000, "3300000"), ("BHD", 1_234_567, "1358.024"), ("USD", 100_005, "1100.06")],
)
def test_amounts_are_whole_minor_units_whatever_the_currencys_decimals(
    trade: InsuredTrade, currency: str, value: int, written: str
) -> None:
    trade.publish(currency=currency)
    cover = trade.cover(currency=currency)
    shipment = trade.papers.trade.ship(
        reference="R2",
        ucr="U2",
        booking_reference=None,
        bill_of_lading=None,
        goods=(GoodsDraft("Lathe", "845811", "1", "1", 1, "CR", "TW", value, currency),),
    )
    made = trade.declared(cover, shipment=shipment)
    assert certificates.amount_of(made.insured_minor, currency).value == Decimal(written)
    assert made.insured_minor == round(Decimal(value) * 11 / 10)


def test_what_no_table_rates_waits_for_the_insurers_own_word(trade: InsuredTrade) -> None:
    cover = trade.cover()
    quote = trade.quote(cover)
    assert (quote.state, quote.premium_minor) == ("REQUESTED", None)
    assert refused(trade, lambda: trade.declare(quote.id)) == ("not_in_this_state", "quote")
    until = trade.now + timedelta(days=3)
    with trade.platform.begin(trade["insurer"]) as work:
        quotes.answer(work, quote.id, premium=60_000, deductible=10_000, valid_until=until)
    made = trade.declare(quote.id)
    assert (made.premium_minor, made.deductible_minor) == (60_000, 10_000)


def test_an_arrival_that_was_due_already_is_never_rated_by_table(trade: InsuredTrade) -> None:
    trade.publish()
    cover = trade.cover()
    due = [trade.delay(agreed=trade.now + timedelta(seconds=later)) for later in (0, 1)]
    assert [trade.quote(cover, delay=each).state for each in due] == ["REQUESTED", "QUOTED"]


def test_a_certificate_is_a_document_that_verifies_under_its_cover(trade: InsuredTrade) -> None:
    trade.publish()
    cover = trade.cover()
    made = trade.declared(cover)
    with trade.platform.begin(trade["trader"]) as work:
        file = issuing.signed_file(work, DESK, made.document_id)
    verdict, data = verify_document(file, TRUST)
    assert verdict.passed, verdict.checks
    assert data is not None
    assert data["policyNumber"] == "OC-2026-1"
    assert data["insuredAmount"] == {"value": "312070.00", "currency": "USD"}
    assert "Institute Cargo Clauses (A) 1/1/09; Institute War Clauses" in str(data["clauses"])
    offered = trade.steps(cover)[0]
    assert offered.digest in str(data["note"]), "the terms that the insurer signed"
    trade.papers.grant(made.document_id, reader="bank")
    with trade.platform.begin(trade["bank"]) as work:
        assert verify_document(issuing.signed_file(work, DESK, made.document_id), TRUST)[0].passed
    trade.cancel(made.id)
    with trade.platform.begin(trade["bank"]) as work:
        assert not verify_document(issuing.signed_file(work, DESK, made.document_id), TRUST)[0].passed


def declare_another(trade: InsuredTrade, cover: UUID, number: int, **changes: Any) -> Callable[[], object]:
    """Return what declares a further shipment of 110,000 minor units."""
    quote = trade.another(cover, number, **changes)
    return lambda: trade.declare(quote)


@pytest.mark.parametrize(
    ("limits", "changes", "code"),
    [
        ({"limit": 200_000}, {}, "cover_limit"),
        ({"per_period": 200_000}, {}, "period_limit"),
        ({"per_conveyance": 200_000}, {"conveyance": "one  vessel"}, "conveyance_limit"),
        ({"per_location": 200_000}, {}, "location_limit"),
    ],
    ids=["cover", "period", "conveyance", "location"],
)
def test_no_limit_is_exceeded_and_what_is_cancelled_is_free_again(
    trade: InsuredTrade, limits: dict[str, Any], changes: dict[str, str], code: str
) -> None:
    trade.publish()
    cover = trade.cover(**limits)
    first: Any = declare_another(trade, cover, 1, **changes)()
    second = declare_another(trade, cover, 2, **changes)
    assert refused(trade, second) == (code, "quote")
    trade.cancel(first.id)
    second()
    assert trade.read_cover(cover).declared_minor == 110_000


def test_of_16_declarations_at_once_as_many_are_made_as_the_limit_bears(
    platform_url: str, clock: StandingClock
) -> None:
    engine = create_platform_engine(platform_url, pool_size=BY_HAND)
    trade = open_insured_trade(Platform(engine, clock))
    trade.publish()
    cover = trade.cover(limit=5 * 110_000 + 109_999)
    calls = [declare_another(trade, cover, number) for number in range(BY_HAND)]
    together = Barrier(BY_HAND)

    def made(call: Callable[[], object]) -> str:
        together.wait()
        try:
            call()
        except PlatformError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(BY_HAND) as pool:
        outcomes = Counter(pool.map(made, calls))
    held = trade.read_cover(cover)
    chain = trade.steps(cover)
    engine.dispose()
    assert outcomes == {"done": 5, "cover_limit": 11}
    assert (held.declared_minor, held.balance_minor, held.declarations) == (550_000, 109_999, 5)
    assert [step.code for step in chain] == ["OFFER", "ACCEPT", *["DECLARE"] * 5]
    assert steps.intact(chain)


def test_a_quote_is_declared_once_while_it_and_its_cover_hold(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    trade.publish()
    cover = trade.cover()
    first, second, third = (trade.quote(cover).id for _ in range(3))
    trade.declare(first)
    assert refused(trade, lambda: trade.declare(first)) == ("not_in_this_state", "quote")
    assert refused(trade, lambda: trade.declare(second)) == ("declared_before", "quote")
    clock.advance(days=14)
    assert refused(trade, lambda: trade.declare(third)) == ("quote_lapsed", "quote")
    clock.advance(days=351)
    assert refused(trade, lambda: trade.quote(cover)) == ("cover_not_active", "cover")


def test_a_cancelled_cover_takes_declarations_until_its_notice_is_over(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    trade.publish()
    cover = trade.cover()
    with trade.platform.begin(trade["insurer"]) as work:
        ending = covers.cancel(work, DESK, cover, "War")
    assert (ending.state, ending.valid_until) == ("ENDING", trade.now + timedelta(days=30))
    clock.advance(days=29)
    made = trade.declared(cover)
    clock.advance(days=1)
    assert refused(trade, lambda: trade.quote(cover)) == ("cover_not_active", "cover")
    assert trade.notify(made.id).state == "NOTIFIED", "what was declared stays insured"


def test_a_cover_is_widened_by_its_insurer_and_not_narrowed(trade: InsuredTrade) -> None:
    cover = trade.cover()

    def adjust(by: str, **changes: Any) -> Callable[[], object]:
        def made() -> object:
            with trade.platform.begin(trade[by]) as work:
                return covers.adjust(work, DESK, cover, Adjustment(**changes))

        return made

    adjust("insurer", limit=200_000_000)()
    assert trade.read_cover(cover).limit_minor == 200_000_000
    assert refused(trade, adjust("insurer", limit=1)) == ("narrowed", "limitMinor")
    assert refused(trade, adjust("insurer", valid_until=trade.now)) == ("narrowed", "validUntil")
    assert refused(trade, adjust("insurer")) == ("nothing_to_change", "limitMinor")
    assert refused(trade, adjust("trader", limit=300_000_000)) == ("not_your_step", "cover")
    assert refused(trade, adjust("other-bank", limit=300_000_000)) == ("not_found", "cover")


IMPOSSIBLE_COVERS: tuple[tuple[dict[str, Any], tuple[str, str]], ...] = (
    ({"limit": 0}, ("amount", "limitMinor")),
    ({"per_conveyance": -1}, ("amount", "perConveyanceMinor")),
    ({"per_location": 10**15 + 1}, ("amount", "perLocationMinor")),
    ({"currency": "XXY"}, ("unknown_currency", "currency")),
    ({"clauses": ("WAR",)}, ("clauses", "clauses")),
    ({"number": "oc 1"}, ("format", "number")),
    ({"insured": "bank"}, ("not_insurable", "insured")),
    ({"insured": "insurer"}, ("not_insurable", "insured")),
    ({"uplift_bp": 9_999}, ("uplift", "upliftBp")),
    ({"notice_days": 0}, ("days", "noticeDays")),
)


def test_a_cover_that_cannot_be_is_not_offered(trade: InsuredTrade) -> None:
    for changes, told in IMPOSSIBLE_COVERS:
        assert refused(trade, trade.cover, **changes) == told


IMPOSSIBLE_RISKS: tuple[tuple[dict[str, Any], tuple[str, str]], ...] = (
    ({"cif": 0}, ("amount", "cifMinor")),
    ({"cif": 10**15}, ("amount", "cifMinor")),
    ({"clauses": ("ICC_A", "ICC_C")}, ("clauses", "clauses")),
    ({"clauses": ("ICC_B",)}, ("clauses", "clauses")),
    ({"mode": "MULE"}, ("unknown_mode", "mode")),
)


def test_a_risk_that_cannot_be_is_not_quoted(trade: InsuredTrade) -> None:
    trade.publish()
    cover = trade.cover()
    for changes, told in IMPOSSIBLE_RISKS:
        assert refused(trade, trade.quote, cover, **changes) == told


def test_the_sources_of_delay_cover_are_three_parties_none_of_them_insured(trade: InsuredTrade) -> None:
    cover = trade.cover()
    for changes, told in (
        ({"terminal": "carrier"}, ("not_a_source", "delay.terminal")),
        ({"customs": "terminal"}, ("not_a_source", "delay.customs")),
        ({"agreed": trade.now + timedelta(days=367)}, ("out_of_range", "delay.agreedArrival")),
        ({"per_day": -1}, ("amount", "delay.perDayMinor")),
    ):
        given = trade.delay(**changes)
        assert refused(trade, trade.quote, cover, delay=given) == told


def test_a_claim_goes_from_notice_to_payment_with_its_evidence(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    trade.publish()
    made = trade.declared(trade.cover())
    send(trade.papers.trade, moved("e1", "DEPA", "TWKHH", 5))
    invoice = trade.papers.store()
    claim = trade.notify(made.id)
    assert (
        refused(trade, lambda: trade.claim("insurer", "assess", claim.id, 1, "x"))[0] == "not_in_this_state"
    )
    trade.claim("trader", "document", claim.id, [invoice.document_id])
    trade.claim("insurer", "assess", claim.id, 1_500_000, "Surveyor's report 7")
    accepted = trade.claim("insurer", "accept", claim.id)
    assert (accepted.state, accepted.payable_minor) == ("ACCEPTED", 1_500_000 - made.deductible_minor)
    paid = trade.claim("insurer", "settle", claim.id, "PAY-1")
    assert (paid.state, paid.paid_minor) == ("SETTLED", accepted.payable_minor)
    assert refused(trade, lambda: trade.claim("insurer", "settle", claim.id, "PAY-2")) == (
        "not_in_this_state",
        "claim",
    )
    for reader in ("insurer", "trader"):
        chain = trade.steps(claim.id, reader)
        assert steps.intact(chain)
        assert [step.code for step in chain] == [
            *("NOTIFY", "EVENT", "DOCUMENT", "ASSESS", "ACCEPT", "SETTLE")
        ]
    assert chain[1].about["source"] == str(trade["carrier"].party_id)
    assert chain[2].about["sha256"] == sha256(b"an invoice").hexdigest()
    chain[1].about = {**chain[1].about, "code": "ARRI"}
    assert not steps.intact(chain)
    assert not steps.intact([chain[0], *chain[2:]])


def test_late_notice_is_marked_and_only_then_a_reason_to_decline(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    trade.publish()
    made = trade.declared(trade.cover())
    occurred = trade.now
    in_time = trade.notify(made.id)
    clock.advance(days=7, seconds=1)
    late = trade.notify(made.id, occurred_at=occurred)
    assert (in_time.late, late.late) == (False, True)
    decline = ("decline", in_time.id, "LATE_NOTICE", "too late")
    assert refused(trade, lambda: trade.claim("insurer", *decline)) == ("notice_in_time", "reason")
    done = trade.claim("insurer", "decline", late.id, "LATE_NOTICE", "too late")
    assert (done.state, done.reason) == ("DECLINED", "LATE_NOTICE")


def test_a_claim_that_is_not_documented_lapses_by_the_clock(
    trade: InsuredTrade, clock: StandingClock
) -> None:
    trade.publish()
    made = trade.declared(trade.cover())
    claim = trade.notify(made.id)
    clock.advance(days=57, seconds=-1)
    assert delays.watch(trade.platform) == 0
    clock.advance(days=2, seconds=1)
    assert delays.watch(trade.platform) == 1, "the insured is told"
    clock.advance(days=1)
    assert (delays.watch(trade.platform), delays.watch(trade.platform)) == (1, 0)
    assert trade.claims_of(made.id)[0].state == "LAPSED"
    assert steps.intact(trade.steps(claim.id))


def test_the_insured_alone_is_told_once_before_a_claim_lapses_and_of_no_other_claim(
    platform_url: str, clock: StandingClock
) -> None:
    engine = create_platform_engine(platform_url, pool_size=8)
    trade = open_insured_trade(Platform(engine, clock))
    trade.publish()
    made = trade.declared(trade.cover())
    claim, documented, withdrawn = (trade.notify(made.id, claimed=1_000) for _ in range(3))
    trade.claim("trader", "document", documented.id, [trade.papers.store().document_id])
    trade.claim("trader", "withdraw", withdrawn.id)
    clock.advance(days=57)
    assert at_once([lambda: delays.watch(trade.platform)] * 4) == {"done": 4}
    assert delays.watch(trade.platform) == 0
    seen = {}
    for name in ("trader", "insurer", "forwarder", "stranger"):
        with trade.platform.begin(trade[name]) as work:
            told = work.session.scalars(select(Change).where(Change.kind == "claim.lapses_soon")).all()
            seen[name] = [each.about for each in told]
    due = {"claim": str(claim.id), "state": "NOTIFIED", "due": claim.documents_due.isoformat()}
    assert seen == {"trader": [due], "insurer": [], "forwarder": [], "stranger": []}
    engine.dispose()


def test_what_is_paid_in_all_stays_within_the_sum_insured(trade: InsuredTrade) -> None:
    trade.publish()
    made = trade.declared(trade.cover())
    invoice = trade.papers.store().document_id
    whole = [trade.notify(made.id, claimed=INSURED).id for _ in range(2)]
    for claim in whole:
        trade.claim("trader", "document", claim, [invoice])
        trade.claim("insurer", "assess", claim, INSURED, "Total loss")
    trade.claim("insurer", "accept", whole[0])
    assert refused(trade, lambda: trade.claim("insurer", "accept", whole[1])) == ("sum_insured", "claim")


def test_goods_under_way_and_goods_claimed_for_stay_declared(trade: InsuredTrade) -> None:
    trade.publish()
    cover = trade.cover()
    made = trade.declared(cover)
    send(trade.papers.trade, moved("e1", "DEPA", "TWKHH", 5))
    assert refused(trade, lambda: trade.cancel(made.id)) == ("under_way", "declaration")
    trade.notify(made.id)
    assert refused(trade, lambda: trade.cancel(made.id)) == ("claimed", "declaration")
    assert refused(trade, lambda: trade.cancel(made.id, "insurer"))[0] == "not_your_step"


TABLES = (
    *("open_cover", "insurance_quote", "cover_declaration", "insurance_claim", "insurance_step"),
    *("insurance_tariff", "arrival_report"),
)


def rows(trade: InsuredTrade, name: str) -> Iterator[int]:
    with trade.platform.begin(trade[name]) as work:
        for table in TABLES:
            yield work.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def test_only_insurer_and_insured_see_a_row_and_a_source_its_own_word(trade: InsuredTrade) -> None:
    trade.publish()
    made = trade.declared(trade.cover(), delay=trade.delay())
    trade.notify(made.id)
    trade.arrived("carrier", trade.now)
    assert tuple(rows(trade, "insurer")) == (1, 1, 1, 1, 4, 1, 1)
    assert tuple(rows(trade, "trader")) == (1, 1, 1, 1, 4, 0, 1)
    assert tuple(rows(trade, "carrier")) == (0, 0, 0, 0, 0, 0, 1)
    for name in ("forwarder", "stranger", "operator", "authority", "bank", "terminal", "rival"):
        assert set(rows(trade, name)) == {0}, name
    for duty in ("outbox", "metering", "billing", "onboarding", "matching"):
        with trade.platform.begin(Duty(duty)) as work:
            assert [work.session.scalar(text(f"SELECT count(*) FROM {each}")) for each in TABLES] == [0] * 7


def test_a_table_is_refused_where_a_row_cannot_be_read(trade: InsuredTrade) -> None:
    good = TABLE.rows[0]
    for rows_, told in (
        ((), ("rows", "rows")),
        ((good, good), ("row_twice", "rows.1")),
        ((Row("84x", "*", "*", "*", "ICC_A", 1),), ("format", "rows.0.hsPrefix")),
        ((Row("", "ATLANTIS", "*", "*", "ICC_A", 1),), ("unknown_country", "rows.0.origin")),
        ((Row("", "*", "*", "*", "ICC_D", 1),), ("unknown_clause", "rows.0.clause")),
        ((Row("", "*", "*", "*", "ICC_A", -1),), ("rate", "rows.0.ratePpm")),
    ):
        assert refused(trade, trade.publish, Table(rows_, 0)) == told
