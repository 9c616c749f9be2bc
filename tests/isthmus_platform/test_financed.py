"""The register of financed invoices: one financing of an invoice at a time, and yes or no to who asks."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from at_once import at_once
from border import web_of
from counterparts import KEYRING, serving
from isthmus_bridge.financing.budget import BUDGET
from isthmus_platform import financed
from isthmus_platform.database import Duty, Platform, create_platform_engine
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.financed import Financing, FinancingDispute, FinancingMark
from isthmus_platform.http import financing
from isthmus_protocol.financing import Evaluation, Invoice, Question
from marking_bridge import marking_bridge
from paperwork import Paperwork, open_paperwork
from standing import StandingClock

BANKS = ("bank", "other-bank")
SAID = "It was repaid before."


def mark(name: str) -> str:
    """Return a mark of 64 bytes; to the register one is like any other."""
    return hashlib.sha512(name.encode()).hexdigest()


INVOICE = [mark("number 417"), mark("digits 0147"), mark("part 417")]


@pytest.fixture
def papers(platform: Platform) -> Paperwork:
    return open_paperwork(platform)


def ask(papers: Paperwork, by: str, *marks: str) -> bool:
    with papers.platform.begin(papers[by]) as work:
        return financed.ask(work, marks or INVOICE)


def register(papers: Paperwork, by: str, *marks: str) -> Financing:
    with papers.platform.begin(papers[by]) as work:
        return financed.register(work, marks or INVOICE)


def release(papers: Paperwork, by: str, financing: Financing) -> Financing:
    with papers.platform.begin(papers[by]) as work:
        return financed.release(work, financing.id)


def own(papers: Paperwork, by: str) -> list[Financing]:
    with papers.platform.begin(papers[by]) as work:
        return financed.page(work)


def test_what_one_bank_finances_another_learns_with_one_word(papers: Paperwork) -> None:
    assert not ask(papers, "other-bank")
    register(papers, "bank")
    assert ask(papers, "other-bank")
    assert ask(papers, "other-bank", INVOICE[1], mark("another number"))  # a near duplicate
    assert not ask(papers, "other-bank", mark("another invoice"))
    assert own(papers, "other-bank") == []


def test_an_invoice_that_is_let_go_may_be_financed_again(papers: Paperwork) -> None:
    first = register(papers, "bank")
    release(papers, "bank", first)
    assert not ask(papers, "other-bank")
    register(papers, "other-bank")
    (kept,) = own(papers, "bank")
    assert kept.released_at is not None  # the register remembers


def test_of_what_is_refused_nothing_is_kept(papers: Paperwork) -> None:
    register(papers, "bank")
    fresh = mark("nobody's yet")
    with pytest.raises(Conflict) as refusal:
        register(papers, "other-bank", fresh, INVOICE[2])
    assert (refusal.value.code, refusal.value.field) == ("already_financed", "marks")
    assert own(papers, "other-bank") == []
    assert not ask(papers, "other-bank", fresh)


def test_of_many_who_finance_at_the_same_instant_one_does(platform_url: str, papers: Paperwork) -> None:
    engine = create_platform_engine(platform_url, pool_size=32)
    crowded = Platform(engine, papers.platform.clock)

    def one(number: int) -> bool:
        marks = INVOICE if number % 2 else INVOICE[::-1]
        try:
            with crowded.begin(papers[BANKS[number % 2]]) as work:
                financed.register(work, marks)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(one, range(32))) == 1
    engine.dispose()
    assert len(own(papers, "bank") + own(papers, "other-bank")) == 1


@pytest.mark.parametrize("name", ["trader", "forwarder", "carrier", "insurer", "operator", "authority"])
def test_only_banks_ask_and_register(papers: Paperwork, name: str) -> None:
    for attempt in (ask, register):
        with pytest.raises(NotPermitted):
            attempt(papers, name)


@pytest.mark.parametrize(
    "marks", [[], ["00"], [mark("x").upper()], [mark(str(n)) for n in range(9)]], ids=len
)
def test_what_is_no_mark_is_refused(papers: Paperwork, marks: list[str]) -> None:
    with papers.platform.begin(papers["bank"]) as work, pytest.raises(InvalidInput) as refusal:
        financed.register(work, marks)
    assert (refusal.value.code, (refusal.value.field or "").split(".")[0]) == ("marks", "marks")


def test_nobody_reads_anothers_rows_the_operator_included(papers: Paperwork) -> None:
    financing = register(papers, "bank")
    for name in papers.trade.actors:
        with papers.platform.begin(papers[name]) as work:
            seen = work.session.query(Financing).count(), work.session.query(FinancingMark).count()
            assert seen == ((1, 3) if name == "bank" else (0, 0)), name
    with pytest.raises(NotFound):
        release(papers, "other-bank", financing)
    assert ask(papers, "bank")
    for duty in ("outbox", "metering", "billing", "onboarding"):
        with papers.platform.begin(Duty(duty)) as work:
            assert work.session.query(FinancingMark).count() == 0, duty


def test_a_dispute_is_seen_by_both_banks_and_names_neither(papers: Paperwork, clock: StandingClock) -> None:
    financing = register(papers, "bank")
    clock.advance(days=1)
    with papers.platform.begin(papers["other-bank"]) as work:
        raised = financed.dispute(work, INVOICE[:1], SAID)
    with papers.platform.begin(papers["bank"]) as work:
        until = raised.raised_at + financed.DISPUTE_STANDS
        assert financed.disputes(work, [financing.id]) == {financing.id: (raised.raised_at, until)}
        with pytest.raises(NotFound):
            financed.withdraw(work, raised.id)
    with papers.platform.begin(papers["other-bank"]) as work:
        assert financed.disputes(work, [financing.id]) == {}
        assert financed.withdraw(work, raised.id).withdrawn_at == clock()
    with papers.platform.begin(papers["bank"]) as work:
        assert financed.disputes(work, [financing.id]) == {}


def dispute(papers: Paperwork, by: str, *marks: str) -> FinancingDispute:
    with papers.platform.begin(papers[by]) as work:
        return financed.dispute(work, marks or INVOICE, SAID)


def disputed(papers: Paperwork, by: str, financing: Financing) -> financed.Disputed | None:
    """Return what the bank that registered is told."""
    with papers.platform.begin(papers[by]) as work:
        return financed.disputes(work, [financing.id]).get(financing.id)


def test_a_dispute_ends_by_itself_after_its_time(papers: Paperwork, clock: StandingClock) -> None:
    financing = register(papers, "bank")
    raised = dispute(papers, "other-bank")
    assert raised.stands_until == clock() + timedelta(days=30)
    clock.advance(days=30, microseconds=-1)
    assert disputed(papers, "bank", financing) == (raised.raised_at, raised.stands_until)
    assert raised.stands(clock())
    clock.advance(microseconds=1)
    assert disputed(papers, "bank", financing) is None
    assert not raised.stands(clock())


@pytest.mark.parametrize("end", ["time", "withdrawal", "none"])
def test_a_registration_is_disputed_once_by_a_bank(papers: Paperwork, clock: StandingClock, end: str) -> None:
    financing = register(papers, "bank")
    raised = dispute(papers, "other-bank")
    if end == "time":
        clock.advance(days=31)
    elif end == "withdrawal":
        with papers.platform.begin(papers["other-bank"]) as work:
            financed.withdraw(work, raised.id)
    for marks in (INVOICE, INVOICE[1:]):
        with pytest.raises(Conflict) as refusal:
            dispute(papers, "other-bank", *marks)
        assert (refusal.value.code, refusal.value.field) == ("already_disputed", "marks")
    assert (disputed(papers, "bank", financing) is not None) is (end == "none")
    release(papers, "bank", financing)
    again = register(papers, "bank")
    dispute(papers, "other-bank")
    assert disputed(papers, "bank", again) is not None, "another registration is another matter"


def test_of_two_registrations_that_an_invoice_meets_each_is_disputed_once(papers: Paperwork) -> None:
    both = [register(papers, "bank", mark) for mark in INVOICE[:2]]
    for _ in both:
        dispute(papers, "other-bank")
    assert all(disputed(papers, "bank", each) for each in both)
    with pytest.raises(Conflict) as refusal:
        dispute(papers, "other-bank")
    assert refusal.value.code == "already_disputed"


def test_of_disputes_by_one_bank_at_the_same_instant_one_is_raised(
    platform_url: str, papers: Paperwork
) -> None:
    financing = register(papers, "bank")
    engine = create_platform_engine(platform_url, pool_size=4)
    crowded = replace(papers, trade=replace(papers.trade, platform=Platform(engine, papers.platform.clock)))
    came = at_once([lambda: dispute(crowded, "other-bank")] * 4)
    engine.dispose()
    assert came == {"done": 1, "already_disputed": 3}
    assert disputed(papers, "bank", financing) is not None


def test_what_is_not_financed_cannot_be_disputed(papers: Paperwork) -> None:
    with papers.platform.begin(papers["bank"]) as work, pytest.raises(Conflict) as refusal:
        financed.dispute(work, INVOICE, SAID)
    assert refusal.value.code == "not_financed"


# Through the real bridge.

SOLD = Invoice("5493001KJTIIGC8Y1R12", "DE811220642", "FPM-2026-0417", date(2026, 11, 3), 124_500_00, "USD")


@pytest.fixture
def web(papers: Paperwork, bridge_url: str, clock: StandingClock) -> Iterator[str]:
    """Yield the address of a platform whose banks reach a real bridge."""
    platform, authenticate = web_of(papers)
    with marking_bridge(bridge_url, clock) as client, serving(platform) as platform_address:
        platform.register_blueprint(financing.blueprint(papers.platform, client, authenticate))
        yield platform_address


def evaluate(web: str, by: str, body: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {by}"}
    return httpx.post(f"{web}/financing/evaluations", json=body, headers=headers, trust_env=False)


def marks_of(web: str, by: str, invoice: Invoice) -> tuple[str, ...]:
    question = Question.about(invoice)
    answer = evaluate(web, by, {"blinded": list(question.blinded)})
    assert answer.status_code == 200, answer.text
    return question.marks(Evaluation.from_json(answer.json()), KEYRING)


def test_the_same_invoice_offered_twice_is_caught(web: str, papers: Paperwork) -> None:
    register(papers, "bank", *marks_of(web, "bank", SOLD))
    again = Invoice(SOLD.seller.lower(), SOLD.buyer, "fpm 2026 0417/A", SOLD.issued, 60_000_00, "USD")
    assert ask(papers, "other-bank", *marks_of(web, "other-bank", again))
    with pytest.raises(Conflict):
        register(papers, "other-bank", *marks_of(web, "other-bank", again))


def test_a_bank_that_has_asked_enough_is_told_so(web: str) -> None:
    question = Question.about(*[SOLD] * 21)
    asked = {"blinded": list(question.blinded)}
    answers = [evaluate(web, "bank", asked).status_code for _ in range(BUDGET // 63 + 1)]
    assert answers == [200] * (BUDGET // 63) + [429]
    assert evaluate(web, "bank", asked).json()["code"] == "evaluation_budget"
    assert evaluate(web, "other-bank", asked).status_code == 200


@pytest.mark.parametrize(
    ("by", "body", "status"),
    [
        ("trader", {"blinded": ["00" * 32]}, 403),
        ("nobody", {"blinded": ["00" * 32]}, 401),
        ("bank", {"blinded": [1]}, 400),
        ("bank", {"blinded": ["00" * 32], "party": "other-bank"}, 400),
        ("bank", {"blinded": ["00" * 32]}, 422),
    ],
    ids=["no bank", "nobody", "no text", "in another's name", "no element"],
)
def test_what_is_not_evaluated(web: str, by: str, body: object, status: int) -> None:
    assert evaluate(web, by, body).status_code == status


# Whatever is done in whatever order.

NAMES = [mark(f"mark {number}") for number in range(5)]
CHOSEN = st.sets(st.sampled_from(NAMES), min_size=1, max_size=3)


class Register(RuleBasedStateMachine):
    """The register beside plain dictionaries of who holds which mark, and of who disputes what."""

    papers: Paperwork
    clock: StandingClock

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, Financing] = {}
        """Marks held now, with their financing."""
        self.by: dict[Financing, str] = {}
        self.raised: dict[FinancingDispute, tuple[Financing, str]] = {}
        """Every dispute, with what it is about and who raised it."""
        self.standing: set[FinancingDispute] = set()
        """Disputes that nobody took back; time is looked at where they are compared."""
        for bank in BANKS:
            for left in own(self.papers, bank):
                release(self.papers, bank, left)

    @rule(bank=st.sampled_from(BANKS), marks=CHOSEN)
    def ask(self, bank: str, marks: set[str]) -> None:
        assert ask(self.papers, bank, *marks) == bool(marks & self.open.keys())

    @rule(bank=st.sampled_from(BANKS), marks=CHOSEN)
    def register(self, bank: str, marks: set[str]) -> None:
        if marks & self.open.keys():
            with pytest.raises(Conflict):
                register(self.papers, bank, *marks)
            return
        financing = register(self.papers, bank, *marks)
        self.by[financing] = bank
        self.open |= dict.fromkeys(marks, financing)

    @rule(bank=st.sampled_from(BANKS), data=st.data())
    def release(self, bank: str, data: st.DataObject) -> None:
        if not self.by:
            return
        financing = data.draw(st.sampled_from(list(self.by)))
        if self.by[financing] != bank:
            with pytest.raises(NotFound):
                release(self.papers, bank, financing)
            return
        release(self.papers, bank, financing)
        self.open = {name: held for name, held in self.open.items() if held is not financing}

    @rule(bank=st.sampled_from(BANKS), marks=CHOSEN)
    def dispute(self, bank: str, marks: set[str]) -> None:
        met = {self.open[name] for name in marks & self.open.keys()}
        left = met - {about for about, by in self.raised.values() if by == bank}
        if not left:
            with pytest.raises(Conflict) as refusal:
                dispute(self.papers, bank, *marks)
            assert refusal.value.code == ("already_disputed" if met else "not_financed")
            return
        raised = dispute(self.papers, bank, *marks)
        about = min(left, key=lambda each: each.id)
        assert (raised.financing_id, raised.raised_at) == (about.id, self.clock())
        self.raised[raised] = about, bank
        self.standing.add(raised)

    @rule(bank=st.sampled_from(BANKS), data=st.data())
    def withdraw(self, bank: str, data: st.DataObject) -> None:
        if not self.raised:
            return
        raised = data.draw(st.sampled_from(list(self.raised)))
        with self.papers.platform.begin(self.papers[bank]) as work:
            if self.raised[raised][1] != bank:
                with pytest.raises(NotFound):
                    financed.withdraw(work, raised.id)
                return
            financed.withdraw(work, raised.id)
        self.standing.discard(raised)

    @rule(days=st.sampled_from([1, 14, 30]))
    def time_passes(self, days: int) -> None:
        self.clock.advance(days=days)

    @rule(bank=st.sampled_from(BANKS))
    def is_told(self, bank: str) -> None:
        """A bank is told of disputes about what it registered, while they stand, and of no others."""
        wanted = {}
        for about, by in self.by.items():
            since = [
                each.raised_at
                for each in self.standing
                if self.raised[each][0] is about and self.clock() - each.raised_at < timedelta(days=30)
            ]
            if since and by == bank:
                wanted[about.id] = min(since), max(since) + timedelta(days=30)
        with self.papers.platform.begin(self.papers[bank]) as work:
            assert financed.disputes(work, [each.id for each in self.by]) == wanted


def test_a_mark_is_held_once_and_disputed_once_by_a_bank_whatever_happens(
    papers: Paperwork, clock: StandingClock
) -> None:
    machine = type("Machine", (Register,), {"papers": papers, "clock": clock})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
