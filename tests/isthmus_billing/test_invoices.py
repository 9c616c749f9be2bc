"""A closed month is billed once, to whom used it, with numbers that have no gap, and stays as it is."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from billing_cast import BASIS_POINTS, BillingCast, flat
from isthmus_billing import credit_notes, invoices, ledger
from isthmus_billing.invoices import Invoice, InvoiceStatus, InvoiceView
from isthmus_billing.metering import UsageEvent
from isthmus_billing.rating import half_even
from isthmus_platform.database import Actor
from isthmus_platform.errors import InvalidInput, NotFound, NotPermitted, PlatformError
from standing import StandingClock

JUNE = "2026-06"


def close(cast: BillingCast, period: str = JUNE) -> list[InvoiceView]:
    with cast.platform.begin(cast.operator) as work:
        return invoices.close_period(work, period)


def invoice_of(cast: BillingCast, party: Actor) -> InvoiceView:
    with cast.platform.begin(party) as work:
        return invoices.page(work, None, 1)[0]


def used_and_closed(cast: BillingCast) -> list[InvoiceView]:
    cast.use(cast.forwarder, "shipment.created", shipment="S1")
    cast.use(cast.forwarder, "events.recorded", 25)
    cast.use(cast.bank, "document.read", document="D1")
    cast.meter()
    return close(cast)


def test_each_party_gets_one_invoice_for_what_it_used(cast: BillingCast) -> None:
    closed = used_and_closed(cast)
    assert {invoice.party_id: invoice.total.amount_minor for invoice in closed} == {
        cast.forwarder.party_id: 500 + 15 * 3,
        cast.bank.party_id: 75,
    }
    assert [invoice.number for invoice in closed] == ["INV-2026-000001", "INV-2026-000002"]
    for invoice in closed:
        assert invoice.status is InvoiceStatus.FINALISED
        assert invoice.currency == "EUR"
        fee = half_even(invoice.total.amount_minor * BASIS_POINTS, 10_000)
        assert invoice.concession_fee.amount_minor == fee


def test_each_line_leads_back_to_its_usage_events(cast: BillingCast) -> None:
    used_and_closed(cast)
    invoice = invoice_of(cast, cast.forwarder)
    with cast.platform.begin(cast.forwarder) as work:
        lines = invoices.lines(work, [invoice.id])[invoice.id]
        found = {line.meter: invoices.usage_events(work, line.id, None, 10) for line in lines}
    assert [(line.meter, line.quantity, line.free_quantity, line.amount.amount_minor) for line in lines] == [
        ("events.recorded", 25, 10, 45),
        ("shipment.created", 1, 0, 500),
    ]
    assert [event.about for event in found["shipment.created"]] == [{"shipment": "S1"}]
    assert [event.quantity for event in found["events.recorded"]] == [25]


def test_usage_events_of_a_line_come_in_pages(cast: BillingCast) -> None:
    for number in range(5):
        cast.use(cast.bank, "document.read", number=number)
    cast.meter()
    close(cast)
    invoice = invoice_of(cast, cast.bank)
    with cast.platform.begin(cast.bank) as work:
        line = invoices.lines(work, [invoice.id])[invoice.id][0]
        first = invoices.usage_events(work, line.id, None, 3)
        rest = invoices.usage_events(work, line.id, first[-1].id, 3)
    assert [event.about["number"] for event in [*first, *rest]] == [0, 1, 2, 3, 4]


def test_the_first_usage_events_of_many_lines_come_together(cast: BillingCast) -> None:
    for number in range(3):
        cast.use(cast.bank, "document.read", number=number)
        cast.use(cast.bank, "window.asked", number=number)
    cast.meter()
    close(cast)
    invoice = invoice_of(cast, cast.bank)
    with cast.platform.begin(cast.bank) as work:
        lines = [line.id for line in invoices.lines(work, [invoice.id])[invoice.id]]
        first = invoices.first_usage_events(work, lines, 2)
    with cast.platform.begin(cast.forwarder) as work:
        assert invoices.first_usage_events(work, lines, 2) == {}
    assert {line: [event.about["number"] for event in first[line]] for line in lines} == {
        line: [0, 1] for line in lines
    }


def test_invoices_come_newest_first_in_pages(cast: BillingCast, clock: StandingClock) -> None:
    for _ in range(3):
        cast.use(cast.bank, "document.read")
        cast.meter()
        close(cast, clock.now.strftime("%Y-%m"))
        clock.advance(days=31)
    with cast.platform.begin(cast.bank) as work:
        first = invoices.page(work, None, 2)
        rest = invoices.page(work, first[-1].id, 2)
    assert [invoice.period for invoice in [*first, *rest]] == ["2026-08", "2026-07", "2026-06"]


def test_closing_again_changes_nothing(cast: BillingCast) -> None:
    closed = used_and_closed(cast)
    cast.use(cast.bank, "document.read")
    cast.meter()
    assert close(cast) == closed


def test_usage_after_closing_goes_to_the_next_invoice(cast: BillingCast, clock: StandingClock) -> None:
    used_and_closed(cast)
    cast.use(cast.bank, "document.read")
    clock.advance(days=31)
    cast.use(cast.bank, "document.read")
    cast.meter()
    (july,) = close(cast, "2026-07")
    with cast.platform.begin(cast.bank) as work:
        lines = invoices.lines(work, [july.id])[july.id]
    assert [(line.month, line.quantity) for line in lines] == [("2026-06", 1), ("2026-07", 1)]
    assert july.number == "INV-2026-000003"


def test_late_usage_gets_only_what_is_left_of_its_months_allowance(
    cast: BillingCast, clock: StandingClock
) -> None:
    cast.use(cast.forwarder, "events.recorded", 7)
    cast.meter()
    close(cast)
    cast.use(cast.forwarder, "events.recorded", 7)
    cast.meter()
    clock.advance(days=31)
    (july,) = close(cast, "2026-07")
    assert july.total.amount_minor == 4 * 3


def test_usage_is_rated_by_the_tariff_in_force_when_it_was_used(
    cast: BillingCast, clock: StandingClock
) -> None:
    cast.use(cast.bank, "document.read")
    clock.advance(days=1)
    cast.in_force(flat(1000))
    clock.advance(days=1)
    cast.use(cast.bank, "document.read", 2)
    cast.meter()
    (june,) = close(cast)
    with cast.platform.begin(cast.bank) as work:
        lines = invoices.lines(work, [june.id])[june.id]
    assert [(line.quantity, line.unit_price.amount_minor) for line in lines] == [(1, 75), (2, 1000)]


def test_a_party_that_used_only_its_allowance_owes_nothing(cast: BillingCast) -> None:
    cast.use(cast.forwarder, "events.recorded", 10)
    cast.meter()
    (june,) = close(cast)
    assert (june.total.amount_minor, june.status) == (0, InvoiceStatus.PAID)


def test_a_rolled_back_close_leaves_no_gap_and_no_trace(cast: BillingCast) -> None:
    cast.use(cast.bank, "document.read")
    cast.meter()

    def fail_after_closing() -> None:
        with cast.platform.begin(cast.operator) as work:
            assert len(invoices.close_period(work, JUNE)) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_closing()
    with cast.platform.begin(cast.operator) as work:
        assert invoices.page(work, None, 10) == []
        assert ledger.balances(work) == {}
    assert [invoice.number for invoice in close(cast)] == ["INV-2026-000001"]


def test_concurrent_closes_make_each_invoice_once(cast: BillingCast) -> None:
    for user in (cast.bank, cast.forwarder):
        cast.use(user, "document.read")
    cast.meter()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: close(cast), range(4)))
    assert all(answer == answers[0] for answer in answers)
    assert [invoice.number for invoice in answers[0]] == ["INV-2026-000001", "INV-2026-000002"]


@pytest.mark.parametrize("period", ["2026-7", "2026-13", "0001-01", "2026-06-01", "", "2026-0\uff16"])
def test_a_malformed_period_is_refused(cast: BillingCast, period: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        close(cast, period)
    assert (refusal.value.field, refusal.value.code) == ("period", "format")


def test_a_month_that_lies_ahead_cannot_be_closed(cast: BillingCast) -> None:
    with pytest.raises(InvalidInput, match="ahead") as refusal:
        close(cast, "2026-07")
    assert refusal.value.code == "in_future"


@pytest.mark.parametrize("who", ["authority", "bank", "forwarder"])
def test_only_the_operator_closes_and_credits(cast: BillingCast, who: str) -> None:
    june = used_and_closed(cast)
    actor: Actor = getattr(cast, who)
    with pytest.raises(NotPermitted), cast.platform.begin(actor) as work:
        invoices.close_period(work, JUNE)
    with pytest.raises(NotPermitted), cast.platform.begin(actor) as work:
        credit_notes.credit(work, june[0].id, "mine")


def test_a_party_sees_its_own_invoices_alone(cast: BillingCast) -> None:
    forwarders = next(
        invoice for invoice in used_and_closed(cast) if invoice.party_id == cast.forwarder.party_id
    )
    with cast.platform.begin(cast.operator) as work:
        line = invoices.lines(work, [forwarders.id])[forwarders.id][0]
        assert len(invoices.page(work, None, 10)) == 2
    with cast.platform.begin(cast.bank) as work:
        assert [invoice.party_id for invoice in invoices.page(work, None, 10)] == [cast.bank.party_id]
        assert invoices.lines(work, [forwarders.id]) == {}
        assert invoices.usage_events(work, line.id, None, 10) == []
        with pytest.raises(NotFound):
            invoices.get(work, forwarders.id)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE invoice SET total = 1",
        "DELETE FROM invoice",
        "UPDATE invoice_line SET amount = 0",
        "DELETE FROM invoice_line",
        "UPDATE ledger_entry SET amount = 1",
        "DELETE FROM ledger_entry",
        "DELETE FROM usage_event",
        "UPDATE usage_event SET quantity = 1",
        "UPDATE number_counter SET year = 2000",
        "DELETE FROM billing_period",
    ],
)
def test_what_is_finalised_cannot_be_changed(cast: BillingCast, change: str) -> None:
    before = used_and_closed(cast)
    with pytest.raises(DBAPIError, match="permission denied"), cast.platform.begin(cast.operator) as work:
        work.session.execute(text(change))
    assert close(cast) == before


def test_a_billed_usage_event_is_never_moved_to_another_line(cast: BillingCast) -> None:
    used_and_closed(cast)
    with cast.platform.begin(cast.operator) as work:
        before = dict(work.session.execute(select(UsageEvent.id, UsageEvent.invoice_line_id)).all())
        work.session.execute(text("UPDATE usage_event SET invoice_line_id = gen_random_uuid()"))
    with cast.platform.begin(cast.operator) as work:
        after = dict(work.session.execute(select(UsageEvent.id, UsageEvent.invoice_line_id)).all())
    assert after == before


def test_a_line_cannot_be_added_to_a_finalised_invoice(cast: BillingCast) -> None:
    used_and_closed(cast)
    with (
        pytest.raises(DBAPIError, match="not what was finalised"),
        cast.platform.begin(cast.operator) as work,
    ):
        work.session.execute(
            text(
                "INSERT INTO invoice_line SELECT gen_random_uuid(), invoice_id, party_id, position + 100,"
                " meter, month, tariff_id, 1, 1, 0, 0 FROM invoice_line"
            )
        )


def test_the_ledger_refuses_what_does_not_balance(cast: BillingCast) -> None:
    used_and_closed(cast)
    with pytest.raises(DBAPIError, match="does not balance"), cast.platform.begin(cast.operator) as work:
        work.session.execute(
            text(
                "INSERT INTO ledger_entry SELECT gen_random_uuid(), gen_random_uuid(), cause, invoice_id,"
                " number, period, account, party_id, amount, base, currency, at FROM ledger_entry"
                " WHERE account = 'RECEIVABLE'"
            )
        )


def test_closing_is_posted_to_the_ledger(cast: BillingCast) -> None:
    closed = used_and_closed(cast)
    total = sum(invoice.total.amount_minor for invoice in closed)
    fee = sum(invoice.concession_fee.amount_minor for invoice in closed)
    with cast.platform.begin(cast.operator) as work:
        balances = ledger.balances(work)
    assert balances[ledger.Account.REVENUE, cast.operator.party_id] == -(total - fee)
    assert balances[ledger.Account.CONCESSION_FEE_PAYABLE, cast.authority.party_id] == -fee
    assert sum(balances.values()) == 0


def test_a_credit_note_corrects_an_invoice_and_leaves_it_as_it_is(cast: BillingCast) -> None:
    used_and_closed(cast)
    before = invoice_of(cast, cast.forwarder)
    with cast.platform.begin(cast.operator) as work:
        part = credit_notes.credit(work, before.id, "A shipment too many", 100)
    halfway = invoice_of(cast, cast.forwarder)
    assert (part.number, halfway.status) == ("CRN-2026-000001", InvoiceStatus.FINALISED)
    assert halfway.outstanding.amount_minor == before.total.amount_minor - 100
    with cast.platform.begin(cast.operator) as work:
        rest = credit_notes.credit(work, before.id, "All of it")
        balances = ledger.balances(work)
    after = invoice_of(cast, cast.forwarder)
    assert (after.status, after.total) == (InvoiceStatus.CREDITED, before.total)
    assert part.concession_fee + rest.concession_fee == before.concession_fee.amount_minor
    assert balances[ledger.Account.RECEIVABLE, cast.forwarder.party_id] == 0
    assert sum(balances.values()) == 0


@pytest.mark.parametrize(
    ("amount", "reason", "field"), [(0, "why", "amount"), (546, "why", "amount"), (1, " ", "reason")]
)
def test_a_credit_beyond_the_invoice_or_without_a_reason_is_refused(
    cast: BillingCast, amount: int, reason: str, field: str
) -> None:
    used_and_closed(cast)
    invoice = invoice_of(cast, cast.forwarder)
    with pytest.raises(PlatformError) as refusal, cast.platform.begin(cast.operator) as work:
        credit_notes.credit(work, invoice.id, reason, amount)
    assert refusal.value.field == field
    assert invoice_of(cast, cast.forwarder) == invoice


def test_usage_before_any_tariff_was_in_force_is_kept_and_never_billed(
    cast: BillingCast, clock: StandingClock
) -> None:
    clock.advance(days=-40)
    cast.use(cast.bank, "document.read")
    cast.meter()
    clock.advance(days=40)
    cast.meter()
    assert close(cast) == []
    with cast.platform.begin(cast.operator) as work:
        assert work.session.scalars(select(UsageEvent.invoice_line_id)).all() == [None]
        assert work.session.scalars(select(Invoice)).all() == []
