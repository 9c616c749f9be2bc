"""A request's time is PostgreSQL's too: what nobody waits for any more is broken off."""

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from isthmus_platform import deadline, pipeline
from isthmus_platform.database import Duty, Platform, Work
from isthmus_platform.deadline import DeadlinePassed
from isthmus_platform.http import patience, problems

DUTY = Duty("outbox")


def allowed(work: Work) -> float:
    """Return the seconds that PostgreSQL gives the present statement; 0 is without end."""
    told = work.session.scalar(text("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'"))
    assert told is not None
    return float(told) / 1000


def test_a_transaction_begins_with_what_is_left(platform: Platform) -> None:
    with platform.begin(DUTY) as work:
        assert allowed(work) == 0
    with deadline.within(60), deadline.within(600), platform.begin(DUTY) as work:
        assert 0 < allowed(work) <= 60
    with platform.begin(DUTY) as work:
        assert allowed(work) == 0, "the next on this connection has its own time"


def test_later_statements_are_given_less(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with deadline.within(100), platform.begin(DUTY) as work:
        assert allowed(work) == 100
        now[0] += 0.1
        assert allowed(work) == 100, "no word for so little"
        now[0] += 60
        assert allowed(work) == pytest.approx(39.9)
        now[0] += 40
        with pytest.raises(DeadlinePassed):
            work.session.execute(text("SELECT 1"))


def test_a_statement_that_takes_longer_is_broken_off(platform: Platform) -> None:
    with deadline.within(0.2), platform.begin(DUTY) as work, pytest.raises(OperationalError, match="timeout"):
        work.session.execute(text("SELECT pg_sleep(30)"))


def test_what_is_read_in_one_round_trip_is_given_what_is_left(platform: Platform) -> None:
    asked = ("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'", ())
    for seconds, most in ((3.0, 3_000), (600.0, pipeline.LONGEST * 1000)):
        with deadline.within(seconds):
            [[(told,)]] = platform.read(DUTY, [asked])
        assert most - 2_000 < told <= most
    with deadline.within(0.2), pytest.raises(DeadlinePassed):
        platform.read(DUTY, [("SELECT pg_sleep(30)", ())])
    assert platform.read(DUTY, [("SELECT 1", ())]) == [[(1,)]], "the next has its own time"


@pytest.fixture
def web(platform: Platform) -> FlaskClient:
    app = Flask("web")
    problems.install(app)
    patience.install(app, 60)

    @app.get("/told")
    def told() -> str:
        with platform.begin(DUTY) as work:
            return str(allowed(work))

    @app.get("/slow")
    def slow() -> str:
        with platform.begin(DUTY) as work:
            work.session.execute(text("SET LOCAL statement_timeout = 20; SELECT pg_sleep(30)"))
        return "done"

    return app.test_client()


def test_a_client_may_wait_for_less_and_not_for_more(web: FlaskClient) -> None:
    for prefer, most in (
        ("", 60),
        ("wait=5", 5),
        ("respond-async, wait = 7; x", 7),
        ("wait=900", 60),
        ("wait=0", 60),
    ):
        told = float(web.get("/told", headers={"Prefer": prefer}).text)
        assert most - 4 < told <= most, prefer
    assert deadline.left() is None, "nothing of it stays with the thread"


def test_what_was_broken_off_is_answered_as_such(web: FlaskClient) -> None:
    answer = web.get("/slow")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "deadline")
