"""Whatever happens in whatever order, what was used is billed exactly once and the books balance."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

import billing_cast
from billing_cast import flat
from isthmus_billing import credit_notes, invoices, ledger, metering, statements
from isthmus_billing.credit_notes import CreditNote
from isthmus_billing.invoices import Invoice, InvoiceLine
from isthmus_billing.ledger import LedgerEntry
from isthmus_billing.metering import UsageEvent
from isthmus_billing.rating import half_even
from isthmus_platform import domain_events
from isthmus_platform.database import Platform, Work, new_id
from isthmus_platform.outbox import Message
from standing import StandingClock

USERS = ("bank", "forwarder")
METERS = ("document.read", "events.recorded")
USES = st.lists(
    st.tuples(st.sampled_from(USERS), st.sampled_from(METERS), st.integers(1, 9)), min_size=1, max_size=4
)
# Children first.
TABLES = (
    *("payment_event", "payment", "payment_customer", "ledger_entry", "usage_event", "credit_note"),
    *("invoice_line", "invoice", "number_counter", "billing_period", "tariff_price", "tariff"),
    *("outbox", "party"),
)


@dataclass
class Version:
    """A tariff as the model knows it: one price and allowance for every meter."""

    since: datetime
    price: int
    allowance: int
    points: int


@dataclass
class Use:
    """Usage as the model knows it."""

    user: str
    meter: str
    quantity: int
    at: datetime
    metered: bool = False
    billed: bool = False

    @property
    def month(self) -> str:
        return self.at.strftime("%Y-%m")


class Model:
    """Billing, unit by unit, in memory."""

    def __init__(self) -> None:
        self.uses: list[Use] = []
        self.tariffs: list[Version] = []
        self.closed: set[str] = set()
        self.credited: Counter[UUID] = Counter()
        self.invoiced = 0
        self.fees = 0

    def bill(self, period: str) -> dict[str, tuple[int, int]]:
        """Return (total, concession fee) by user for what closing ``period`` bills, and mark it billed."""
        bills: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        units: Counter[tuple[str, str, str]] = Counter()
        for use in self.uses:
            if use.billed:
                units[use.user, use.month, use.meter] += use.quantity
        # A month's units are numbered as they are billed; within one bill, in the order of tariffs.
        for use in sorted(self.due(period), key=lambda use: use.at):
            version = max(n for n, tariff in enumerate(self.tariffs) if tariff.since <= use.at)
            for _ in range(use.quantity):
                units[use.user, use.month, use.meter] += 1
                free = units[use.user, use.month, use.meter] <= self.tariffs[version].allowance
                bills[use.user][version] += 0 if free else self.tariffs[version].price
            use.billed = True
        self.closed.add(period)
        return {
            user: (
                sum(by_version.values()),
                sum(half_even(amount * self.tariffs[n].points, 10_000) for n, amount in by_version.items()),
            )
            for user, by_version in bills.items()
        }

    def due(self, period: str) -> list[Use]:
        if period in self.closed:
            return []
        return [use for use in self.uses if use.metered and not use.billed and use.month <= period]


class Billing(RuleBasedStateMachine):
    """The real services on a real database, beside the model."""

    platform: Platform
    clock: StandingClock
    url: str

    def __init__(self) -> None:
        super().__init__()
        with psycopg.connect(self.url) as owner:
            owner.execute("SET session_replication_role = replica")
            for table in TABLES:
                owner.execute(f"DELETE FROM {table}".encode())
        self.clock.now = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
        self.cast = billing_cast.assemble(self.platform)
        self.names = {getattr(self.cast, name).party_id: name for name in USERS}
        self.model = Model()
        self.waiting: list[Message] = []
        self.delivered: list[Message] = []
        self.change_prices(price=7, allowance=5, points=1250)

    @rule(price=st.integers(0, 50), allowance=st.integers(0, 12), points=st.integers(0, 10_000))
    def change_prices(self, price: int, allowance: int, points: int) -> None:
        self.clock.advance(minutes=1)
        self.cast.in_force(flat(price, allowance), concession_basis_points=points)
        self.model.tariffs.append(Version(self.clock.now, price, allowance, points))

    @rule(uses=USES, late=st.booleans())
    def use(self, uses: list[tuple[str, str, int]], *, late: bool) -> None:
        for user, meter, quantity in uses:
            self.clock.advance(minutes=1)
            now, party = self.clock.now, getattr(self.cast, user).party_id
            payload = {"name": meter, "quantity": quantity, "at": now.isoformat(), "about": {}}
            self.waiting.append(Message(new_id(), domain_events.TOPIC, party, payload, "-", now, 1))
            self.model.uses.append(Use(user, meter, quantity, now))
        if not late:
            self.meter()

    @rule(uses=USES, afterwards=USES, late=st.booleans())
    def a_month(
        self, uses: list[tuple[str, str, int]], afterwards: list[tuple[str, str, int]], *, late: bool
    ) -> None:
        """Run a month as it usually goes: it is closed while it runs, and some usage comes after that."""
        self.use(uses, late=False)
        self.close(0)
        self.use(afterwards, late=late)
        self.clock.advance(days=31)

    @rule()
    def meter(self) -> None:
        for message in self.waiting:
            metering.record(self.platform, message)
        self.delivered += self.waiting
        self.waiting = []
        for use in self.model.uses:
            use.metered = True

    @precondition(lambda self: self.delivered)
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        metering.record(self.platform, data.draw(st.sampled_from(self.delivered)))

    @rule(days=st.integers(5, 31))
    def wait(self, days: int) -> None:
        self.clock.advance(days=days)

    @rule(back=st.sampled_from([0, 0, 1, 2]))
    def close(self, back: int) -> None:
        period = self._month(back)
        again = period in self.model.closed
        expected = self.model.bill(period)
        with self.platform.begin(self.cast.operator) as work:
            closed = invoices.close_period(work, period)
        if not again:
            assert {
                self.names[view.party_id]: (view.total.amount_minor, view.concession_fee.amount_minor)
                for view in closed
            } == expected
            self.model.invoiced += sum(total for total, _ in expected.values())
            self.model.fees += sum(fee for _, fee in expected.values())

    @rule(back=st.integers(0, 2))
    def close_and_fail(self, back: int) -> None:
        def close_halfway() -> None:
            with self.platform.begin(self.cast.operator) as work:
                invoices.close_period(work, self._month(back))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            close_halfway()

    @rule(data=st.data())
    def credit(self, data: st.DataObject) -> None:
        with self.platform.begin(self.cast.operator) as work:
            found = {view.id: view.total.amount_minor for view in invoices.page(work, None, 100)}
        left = {number: total - self.model.credited[number] for number, total in sorted(found.items())}
        creditable = [number for number in left if left[number] > 0]
        if creditable:
            invoice = data.draw(st.sampled_from(creditable))
            amount = data.draw(st.integers(1, left[invoice]))
            with self.platform.begin(self.cast.operator) as work:
                note = credit_notes.credit(work, invoice, "Drawn by lot", amount)
            self.model.credited[invoice] += amount
            self.model.fees -= note.concession_fee
            if amount == left[invoice]:
                self.all_credited_gives_the_whole_fee_back(invoice)

    def all_credited_gives_the_whole_fee_back(self, invoice: UUID) -> None:
        with self.platform.begin(self.cast.operator) as work:
            note = CreditNote
            fees = work.session.scalar(
                select(func.sum(note.concession_fee)).where(note.invoice_id == invoice)
            )
            assert fees == invoices.get(work, invoice).concession_fee.amount_minor

    @invariant()
    def all_is_billed_once_and_the_books_balance(self) -> None:
        with self.platform.begin(self.cast.operator) as work:
            self.the_ledger_balances_and_says_who_owes_what(work)
            self.numbers_have_no_gap(work)
            self.each_usage_event_is_billed_exactly_once_or_waits(work)
            self.the_statement_counts_all_that_was_metered(work)

    def the_ledger_balances_and_says_who_owes_what(self, work: Work) -> None:
        entry = LedgerEntry
        unbalanced = select(entry.transaction_id).group_by(entry.transaction_id)
        assert work.session.scalars(unbalanced.having(func.sum(entry.amount) != 0)).all() == []
        sums: Counter[ledger.Account] = Counter()
        for (account, _), amount in ledger.balances(work).items():
            sums[account] += amount
        owed = self.model.invoiced - self.model.credited.total()
        assert sums[ledger.Account.RECEIVABLE] == owed
        assert sums[ledger.Account.CONCESSION_FEE_PAYABLE] == -self.model.fees
        assert sums[ledger.Account.REVENUE] == self.model.fees - owed

    def numbers_have_no_gap(self, work: Work) -> None:
        for numbered in (Invoice.number, CreditNote.number):
            years: dict[str, list[int]] = defaultdict(list)
            for number in sorted(work.session.scalars(select(numbered))):
                series, year, serial = number.split("-")
                years[f"{series}-{year}"].append(int(serial))
            assert all(serials == list(range(1, len(serials) + 1)) for serials in years.values())

    def each_usage_event_is_billed_exactly_once_or_waits(self, work: Work) -> None:
        events = list(work.session.scalars(select(UsageEvent)))
        lines = {line.id: line for line in work.session.scalars(select(InvoiceLine))}
        on_lines: Counter[UUID] = Counter()
        for event in events:
            if event.invoice_line_id is not None:
                on_lines[event.invoice_line_id] += event.quantity
                line = lines[event.invoice_line_id]
                assert (line.party_id, line.meter) == (event.party_id, event.meter)
        assert on_lines == {line.id: line.quantity for line in lines.values()}
        assert sorted((event.at, event.quantity, event.invoice_line_id is not None) for event in events) == [
            (use.at, use.quantity, use.billed) for use in self.model.uses if use.metered
        ]

    def the_statement_counts_all_that_was_metered(self, work: Work) -> None:
        stated = statements.usage(work, self._month(0))
        metered = [use for use in self.model.uses if use.metered and use.month == self._month(0)]
        assert sum(line.quantity for line in stated.lines) == sum(use.quantity for use in metered)

    def teardown(self) -> None:
        """In the end a month is closed after everything was metered: nothing is left over."""
        self.meter()
        self.clock.advance(days=31)
        self.close(0)
        assert all(use.billed for use in self.model.uses)
        self.all_is_billed_once_and_the_books_balance()

    def _month(self, back: int) -> str:
        year, month = divmod(self.clock.now.year * 12 + self.clock.now.month - 1 - back, 12)
        return f"{year}-{month + 1:02}"


def test_whatever_happens_all_is_billed_once_and_the_books_balance(
    platform: Platform, platform_url: str, clock: StandingClock
) -> None:
    machine = type(
        "BillingOnPostgreSQL", (Billing,), {"platform": platform, "clock": clock, "url": platform_url}
    )
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            # A step is several transactions, a run short: shrinking would take minutes to say little more.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
