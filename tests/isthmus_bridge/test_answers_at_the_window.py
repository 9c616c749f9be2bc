"""Under the agreements in use, a bank asks the reference window about a value that it is never told."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from counterparts import KEYRING, KEYS, Neighbour, Signer, at, serving
from isthmus.demo.ground import agreements
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_protocol.keys import Holder
from isthmus_window import work
from isthmus_window.http import create_app as create_window
from isthmus_window.service import Window
from questions import ASKING, Border, ask
from standing import StandingClock
from window_counterpart import declaration, goods_item

VALUE = "/declaredValueMinor"
CURRENCY = "/declaredCurrency"
TOTAL = 18_650_000 + 9_720_000
BUDGET = 8


@pytest.fixture
def window_itself(bridge: Bridge, tmp_path: Path, clock: StandingClock) -> Iterator[Window]:
    with serving(create_app(bridge)) as address:
        opened = Window(
            tmp_path / "window.sqlite",
            KEYS[Holder.WINDOW],
            KEYRING,
            address,
            clock,
            timedelta(seconds=1),
        )
        yield opened
        opened.close()


@pytest.fixture
def border(
    bridge: Bridge,
    window_itself: Window,
    as_platform: Signer,
    as_window: Signer,
    put_in_force: Callable[..., None],
) -> Iterator[Border]:
    put_in_force(*agreements())
    with serving(create_window(window_itself)) as address:
        yield Border(replace(bridge, window_url=address), as_platform, as_window, count())


def declared(border: Border, window: Window, clock: StandingClock, **changes: Any) -> str:
    """Let a trader's declaration cross and be cleared; return its UCR."""
    body = declaration(**changes)
    fields = ["/ucr", "/type", "/equipment/reference", "/invoice/incoterm"]
    for part in ("exporter", "consignee", "declarant", "transport"):
        fields += [f"/{part}/{name}" for name in body[part]]
    fields += [f"/goods/{name}" for name in body["goods"][0]]
    border.put(
        [],
        party="forwarder",
        subject=body["ucr"],
        message="EXPORT_DECLARATION",
        purpose="CUSTOMS_EXPORT_CLEARANCE",
        role="FORWARDER",
        payload=body,
        fields=fields,
    )
    for _ in range(12):
        clock.advance(seconds=2)
        work.run_due(window)
    return str(body["ucr"])


def asked(
    border: Border, window: Window, private: Neighbour, clock: StandingClock, ucr: str, *asks: dict[str, Any]
) -> dict[str, Any] | None:
    """Have the bank ask, and return the answer that it gets, if any."""
    consent = {
        "owner": "trader",
        "reader": "bank",
        "purpose": "TRADE_FINANCE",
        "validUntil": at(clock() + timedelta(days=1)),
        "grant": "grant-1",
    }
    fields = ASKING if asks else ("/ucr",)
    question = border.put(asks, subject=ucr, message="DECLARATION_QUERY", fields=fields, consents=[consent])
    work.run_due(window)
    deliver_due(border.bridge)
    answers = [each for each in private.received.values() if each.in_reply_to == question]
    return answers[0].body if answers else None


def test_a_bank_learns_whether_the_declared_value_is_at_least_what_it_lends_on(
    border: Border, window_itself: Window, private: Neighbour, clock: StandingClock
) -> None:
    ucr = declared(border, window_itself, clock)
    known = {"exists": True, "released": True}

    def told(*asks: dict[str, Any]) -> dict[str, Any] | None:
        return asked(border, window_itself, private, clock, ucr, *asks)

    assert told() == known
    assert told(ask("atLeast", TOTAL, VALUE)) == known | {"declaredValueMinor": True}
    assert told(ask("atLeast", TOTAL + 1, VALUE)) == known | {"declaredValueMinor": False}
    both = (ask("atMost", TOTAL, VALUE), ask("is", "EUR", CURRENCY))
    assert told(*both) == known | {"declaredValueMinor": True, "declaredCurrency": False}
    for _ in range(BUDGET - 4):
        assert told(ask("is", "USD", CURRENCY)) == known | {"declaredCurrency": True}
    assert told(ask("is", "USD", CURRENCY)) is None, "the budget is spent"
    assert told() == known, "what needs no answer crosses as before"
    assert str(TOTAL) not in str([envelope.body for envelope in private.received.values()])


def test_of_a_value_that_is_in_no_one_currency_or_not_there_every_answer_is_no(
    border: Border, window_itself: Window, private: Neighbour, clock: StandingClock
) -> None:
    mixed = [goods_item(), goods_item(sequence=2, currency="EUR")]
    for ucr in (declared(border, window_itself, clock, goods=mixed), "NOBODYS"):
        answer = asked(border, window_itself, private, clock, ucr, ask("atLeast", 0, VALUE))
        assert answer is not None
        assert answer["declaredValueMinor"] is False


def test_a_question_that_cannot_be_read_is_refused_by_the_window(
    border: Border, window_itself: Window, private: Neighbour, clock: StandingClock
) -> None:
    twice = [ask("atLeast", 1, VALUE), ask("atMost", 2, VALUE)]
    assert asked(border, window_itself, private, clock, "NOBODYS", *twice) is None
    with sqlite3.connect(window_itself.database_path) as kept:
        assert kept.execute("SELECT count(*) FROM exchange").fetchone() == (0,)
