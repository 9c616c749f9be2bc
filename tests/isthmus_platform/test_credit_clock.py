"""The time of a bank that does not examine ends by itself: it cannot refuse then (UCP 600 article 16 f)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from time import sleep
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from at_once import at_once
from credit_case import TERMS, spoiled
from credit_trade import OPEN_TERMS, VAULT, CreditTrade, open_credit_trade
from isthmus_platform import credit
from isthmus_platform.credit.records import DUTY
from isthmus_platform.credit.terms import ACCEPTANCE
from isthmus_platform.database import Duty, Platform, create_platform_engine
from standing import StandingClock

FAULTY = spoiled("705", {"freight": "COLLECT"}, {"endorsed_by": None})
AMOUNT = TERMS.amount_minor
FIFTH, AFTER = date(2026, 6, 8), date(2026, 6, 9)
"""The fifth banking day after Monday the first of June, and the day after it."""


@pytest.fixture
def trade(platform_url: str, clock: StandingClock) -> Iterator[CreditTrade]:
    """Yield a trade with a connection for each of several callers."""
    engine = create_platform_engine(platform_url, pool_size=8)
    yield open_credit_trade(Platform(engine, clock))
    engine.dispose()


def entries(trade: CreditTrade, credit_id: UUID) -> list[tuple[str, UUID | None, int, int]]:
    """Return the history of a credit since its advice."""
    told = trade.history(credit_id)[3:]
    return [(one.action, one.actor_id, one.drawn_minor, one.balance_minor) for one in told]


def announced(trade: CreditTrade, name: str) -> list[tuple[str, str]]:
    """Return whom a domain event was announced for, and the state that it tells."""
    return trade.as_owner(
        "SELECT party.name, payload->'about'->>'state' FROM outbox JOIN party ON party.id = outbox.party_id"
        f" WHERE payload->>'name' = '{name}' ORDER BY outbox.id"
    )


def test_after_the_fifth_banking_day_what_nobody_examined_complies_and_is_paid(trade: CreditTrade) -> None:
    it = trade.advised()
    presentation = trade.present(it, documents=FAULTY, amount=AMOUNT - 100)
    trade.on(FIFTH)
    before = trade.everything()
    assert credit.watch(trade.platform) == 0, "the fifth day is the bank's"
    assert trade.everything() == before
    trade.on(AFTER)
    assert credit.watch(trade.platform) == 1
    row = trade.presentation(presentation, "seller")
    assert (row.state, row.precluded, row.examined_at, row.disposal) == ("COMPLYING", True, None, None)
    assert trade.findings(presentation) == [], "nobody looked"
    seller = trade["seller"].party_id
    assert entries(trade, it) == [("PRESENT", seller, 0, AMOUNT), ("PRECLUDE", None, AMOUNT - 100, 100)]
    assert announced(trade, "presentation.precluded") == [("bank", "COMPLYING")]
    assert announced(trade, "presentation.examined") == [], "no examination is charged for"
    after = trade.everything()
    assert credit.watch(trade.platform) == 0
    assert trade.everything() == after
    assert trade.settle("bank", presentation, "PAY") == "PAID"


def test_what_was_examined_or_refused_in_time_the_clock_leaves_alone(trade: CreditTrade) -> None:
    it = trade.advised(OPEN_TERMS)
    good, bad = trade.present(it, "P-1", 1_000), trade.present(it, "P-2", 1_000, documents=FAULTY)
    trade.on(FIFTH)
    assert (trade.examine(good), trade.examine(bad)) == ("COMPLYING", "DISCREPANT")
    trade.on(date(2026, 7, 1))
    before = trade.everything()
    assert credit.watch(trade.platform) == 0
    assert trade.everything() == before


def test_holidays_of_the_bank_to_which_documents_were_presented_give_it_more_time(trade: CreditTrade) -> None:
    trade.close_bank("adviser", date(2026, 6, 4))
    trade.present(trade.advised(OPEN_TERMS))
    trade.on(AFTER)
    assert credit.watch(trade.platform) == 0
    trade.on(date(2026, 6, 10))
    assert credit.watch(trade.platform) == 1
    assert announced(trade, "presentation.precluded") == [("adviser", "COMPLYING")]


def test_the_oldest_draws_what_is_left_and_the_next_finds_nothing_to_draw(trade: CreditTrade) -> None:
    it = trade.advised(OPEN_TERMS)
    first, second, third = (trade.present(it, f"P-{n}", AMOUNT // 10 * 6) for n in (1, 2, 3))
    trade.on(AFTER)
    assert credit.watch(trade.platform) == 3
    rows = [trade.presentation(one) for one in (first, second, third)]
    assert [row.state for row in rows] == ["COMPLYING", "COMPLYING", "DISCREPANT"]
    assert [row.drawn_minor for row in rows] == [AMOUNT // 10 * 6, AMOUNT // 10 * 4, 0], "article 18 b"
    assert all(row.precluded and row.disposal is None for row in rows)
    assert trade.settle("bank", third, "RETURN") == "RETURNED"


def test_a_time_draft_that_nobody_examined_is_accepted_and_paid_at_maturity(trade: CreditTrade) -> None:
    it = trade.advised(replace(TERMS, available_by=ACCEPTANCE, tenor_days=60, tenor_from="SHIPMENT"))
    presentation = trade.present(it)
    trade.on(AFTER)
    credit.watch(trade.platform)
    assert trade.settle("bank", presentation, "ACCEPT") == "ACCEPTED"
    trade.on(date(2026, 7, 19))
    assert trade.settle("bank", presentation, "PAY") == "PAID"


def test_two_workers_and_a_bank_that_examines_late_at_once_move_a_presentation_once(
    trade: CreditTrade,
) -> None:
    it = trade.advised()
    presentation = trade.present(it, documents=FAULTY)
    trade.on(AFTER)
    came = at_once(
        [lambda: credit.watch(trade.platform)] * 2 + [lambda: trade.examine(presentation)],
    )
    assert came in ({"done": 3}, {"done": 2, "wrong_state": 1})
    row = trade.presentation(presentation)
    assert (row.state, row.precluded, row.drawn_minor) == ("COMPLYING", True, AMOUNT)
    moved = entries(trade, it)[1:]
    who = (("EXAMINE", trade["bank"].party_id), ("PRECLUDE", None))
    assert moved in [[(action, actor, AMOUNT, 0)] for action, actor in who]
    assert (came["done"] == 3) == (moved[0][0] == "EXAMINE")


def test_a_refusal_that_is_under_way_when_the_day_ends_is_waited_for_and_stands(trade: CreditTrade) -> None:
    it = trade.advised()
    presentation = trade.present(it, documents=FAULTY)
    trade.on(FIFTH)
    with ThreadPoolExecutor(1) as pool:
        with trade.platform.begin(trade["bank"]) as work:
            assert credit.examine(work, VAULT, presentation).state == "DISCREPANT"
            trade.on(AFTER)
            clock = pool.submit(credit.watch, trade.platform)
            while not clock.done() and not trade.as_owner(WAITING):
                sleep(0.01)
        assert clock.result(timeout=60) == 0
    assert (trade.presentation(presentation).state, trade.seen(it).drawn_minor) == ("DISCREPANT", 0)


WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def test_the_clock_may_do_this_and_nothing_else(trade: CreditTrade) -> None:
    it = trade.advised()
    presentation = trade.present(it)
    trade.amend(it, increase_minor=1)
    entry = f"INSERT INTO credit_entry VALUES ('{it}', 99, '{{}}', {{}}, now(), '{presentation}', 0, 0)"
    for forbidden in (
        "UPDATE credit_presentation SET state = 'PAID'",
        "UPDATE credit_presentation SET state = 'COMPLYING'",
        entry.format("PAY", "NULL"),
        entry.format("PRECLUDE", f"'{trade['bank'].party_id}'"),
    ):
        with (
            pytest.raises(DBAPIError, match="row-level security"),
            trade.platform.begin(Duty(DUTY)) as work,
        ):
            work.session.execute(text(forbidden))
    before = trade.everything()
    with trade.platform.begin(Duty(DUTY)) as work:
        work.session.execute(text("UPDATE credit_amendment SET state = 'ACCEPTED'"))
        work.session.execute(text("UPDATE examination_rule SET state = 'ON'"))
    assert trade.everything() == before
