"""Statements that go to the database together are one transaction's, and a failure leaves it usable."""

from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from isthmus_bridge.service import Bridge
from isthmus_bridge.together import together

ADD = "INSERT INTO seen_nonce (kid, nonce, expires_at) VALUES ($1, $2, $3)"
COUNT = "SELECT count(*) FROM seen_nonce WHERE kid = $1"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_each_statement_sees_what_those_before_it_did_and_all_end_with_the_transaction(
    bridge: Bridge,
) -> None:
    with bridge.begin() as session:
        told = together(session, [(COUNT, ["k"]), (ADD, ["k", "a", NOW]), (COUNT, ["k"])])
        session.rollback()
    with bridge.begin() as session:
        assert together(session, [(COUNT, ["k"])]) == [[(0,)]]
    assert told == [[(0,)], [], [(1,)]]


def test_values_come_back_as_they_were_given(bridge: Bridge) -> None:
    asked = "SELECT CAST($1 AS text), CAST($2 AS bigint), CAST($3 AS bytea), CAST($4 AS timestamptz)"
    values = ("a\n'\\\"é", 2**40, b"\x00\xff", NOW)
    with bridge.begin() as session:
        assert together(session, [(asked, values)]) == [[values]]


def test_after_a_failure_nothing_more_is_done_and_the_connection_serves_the_next(bridge: Bridge) -> None:
    def add_twice() -> None:
        with bridge.begin() as session:
            together(session, [(ADD, ["k", "a", NOW]), (ADD, ["k", "a", NOW]), ("SELECT 1 / 0", [])])

    for _ in range(3):
        with pytest.raises(IntegrityError):
            add_twice()
    with bridge.begin() as session:
        assert together(session, [(COUNT, ["k"]), ("SELECT 7", [])]) == [[(0,)], [(7,)]]


def test_statements_are_prepared_anew_where_a_rollback_took_them_away(bridge: Bridge) -> None:
    for _ in range(2):
        with bridge.begin() as session:
            for _ in range(8):  # so often that psycopg prepares it too, and forgets all when it rolls back
                session.execute(text("SELECT count(*) FROM seen_nonce"))
            assert together(session, [(COUNT, ["k"])]) == [[(0,)]]
            session.rollback()


def test_a_connection_that_is_lost_is_told_as_such_and_used_no_more(bridge: Bridge, bridge_url: str) -> None:
    def lose_it() -> None:
        with bridge.begin() as session:
            [[(lost,)]] = together(session, [("SELECT pg_backend_pid()", [])])
            with psycopg.connect(bridge_url) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (lost,))
            together(session, [("SELECT 7", [])])

    with pytest.raises(OperationalError, match=r"terminat|closed"):
        lose_it()
    with bridge.begin() as session:
        assert together(session, [("SELECT 7", [])]) == [[(7,)]]


def test_a_statement_that_cannot_be_prepared_is_a_failure_each_time(bridge: Bridge) -> None:
    def ask_for_nothing() -> None:
        with bridge.begin() as session:
            together(session, [("SELECT 1", []), ("SELECT * FROM no_such_table", [])])

    for _ in range(2):
        with pytest.raises(DBAPIError, match="no_such_table"):
            ask_for_nothing()
        with bridge.begin() as session:
            assert session.execute(text("SELECT 1")).scalar_one() == 1
