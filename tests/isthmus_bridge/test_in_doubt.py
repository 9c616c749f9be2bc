"""What was sent and not answered is undelivered only once its receiver has signed that it never takes it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from counterparts import KEYRING, KEYS, Neighbour, Signer, agreement, declaration
from isthmus_bridge import retention
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.models import LogEntry
from isthmus_bridge.service import Bridge, Patience
from isthmus_protocol.agreements import Suspension, sign_suspension
from isthmus_protocol.canonical import digest, parse
from isthmus_protocol.evidence import Verdict, verify_bundle
from isthmus_protocol.inquiries import open_non_receipt
from isthmus_protocol.keys import Holder
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.records import Kind, LogRecord, read_record
from standing import StandingClock

pytestmark = pytest.mark.usefixtures("agreed")

FAULTS = 3
LIMIT = timedelta(hours=72)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def bridge(bridge: Bridge) -> Bridge:
    return replace(bridge, patience=Patience(faults=FAULTS, time_limit=LIMIT))


@pytest.fixture
def as_operator(bridge: Bridge, clock: StandingClock) -> Signer:
    return Signer(create_app(bridge).test_client(), KEYS[Holder.OPERATOR], clock)


def ask(signer: Signer, key: str = "key-1", **changes: Any) -> str:
    answer = signer.post("/v1/exchanges", declaration(key, **changes)).get_json()
    assert answer["state"] == "AGREED", answer
    return str(answer["exchange"])


def view(signer: Signer, exchange: str) -> dict[str, Any]:
    shown: dict[str, Any] = signer.get(f"/v1/exchanges/{exchange}").get_json()
    return shown


def records(bridge: Bridge, exchange: str) -> list[LogRecord]:
    with bridge.begin() as session:
        rows = session.scalars(select(LogEntry.record).order_by(LogEntry.index))
        found = [read_record(parse(row.encode())) for row in rows]
    return [each for each in found if isinstance(each, LogRecord) and each.exchange == exchange]


def history(bridge: Bridge, exchange: str) -> list[str]:
    return [f"{record.phase} {record.decision}" for record in records(bridge, exchange)]


def evidence(signer: Signer, exchange: str) -> Verdict:
    return verify_bundle(signer.get(f"/v1/exchanges/{exchange}/evidence").data, KEYRING)


def told(private: Neighbour) -> dict[str, tuple[Any, Any]]:
    return {str(each["exchange"]): (each["state"], each["reason"]) for each in private.notices}


def receipt_line(verdict: Verdict) -> str:
    assert verdict.passed, verdict.checks
    return next(check.detail for check in verdict.checks if check.name == "receipt")


AGREED_AND_SENT = ["AGREED PERMITTED", "SENT PERMITTED"]


def test_what_was_taken_and_whose_reply_was_lost_is_delivered_late_and_never_told_as_timed_out(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour, clock: StandingClock
) -> None:
    exchange = ask(as_platform)
    window.script.append("drop")
    deliver_due(bridge)
    assert list(window.received) == [exchange], "the window acts on it, and the bridge does not know"
    clock.advance(hours=73)
    deliver_due(bridge)
    assert (window.arrivals, window.inquiries) == ([exchange], [exchange]), "it is asked for, not sent again"
    assert told(private) == {exchange: ("DELIVERED", None)}
    shown = view(as_platform, exchange)
    assert (shown["state"], shown["reason"], shown["inDoubt"]) == ("ACKNOWLEDGED", None, False)
    assert history(bridge, exchange) == [*AGREED_AND_SENT, "DELIVERED PERMITTED"]
    last = records(bridge, exchange)[-1]
    assert (last.kind, last.late) == (Kind.RECEIPT, True)
    assert "learnt so late, by asking" in receipt_line(evidence(as_platform, exchange))


def test_what_was_never_taken_ends_timed_out_with_the_receivers_signed_word_that_it_never_will_be(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour, clock: StandingClock
) -> None:
    exchange = ask(as_platform)
    window.script.append(503)
    deliver_due(bridge)
    clock.advance(hours=73)
    deliver_due(bridge)
    assert told(private) == {exchange: ("FAILED", "TIMED_OUT")}
    shown = view(as_platform, exchange)
    said = open_non_receipt(shown["nonReceipt"], KEYRING, Receiver.WINDOW)
    assert (said.exchange, said.payload_digest) == (exchange, shown["payloadDigest"])
    last = records(bridge, exchange)[-1]
    assert (last.kind, last.reason) == (Kind.DECISION, "TIMED_OUT")
    assert last.receipt_digest == digest(shown["nonReceipt"].encode()), "the log commits to that word"
    assert receipt_line(evidence(as_platform, exchange)).startswith("never taken: the window refuses it")
    assert window.received == {}


def test_what_was_never_sent_ends_timed_out_at_once_for_there_is_nobody_to_ask(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour, clock: StandingClock
) -> None:
    exchange = ask(as_platform)
    clock.advance(hours=73)
    deliver_due(bridge)
    assert told(private) == {exchange: ("FAILED", "TIMED_OUT")}
    assert (window.arrivals, window.inquiries) == ([], [])


def test_while_the_receiver_cannot_be_reached_the_end_is_unknown_and_shown_as_that(
    bridge: Bridge,
    as_platform: Signer,
    as_operator: Signer,
    window: Neighbour,
    private: Neighbour,
    clock: StandingClock,
) -> None:
    exchange = ask(as_platform)
    window.script.append("drop")
    deliver_due(bridge)
    away = replace(bridge, window_url=NOWHERE)
    clock.advance(hours=73)
    for _ in range(3 * FAULTS):
        deliver_due(away)
        clock.advance(minutes=6)
    behind = ask(as_platform, "behind")
    deliver_due(away)
    assert private.notices == [], "nobody is told what nobody knows"
    shown = view(as_platform, exchange)
    assert (shown["state"], shown["inDoubt"], shown["reason"]) == ("SENT", True, "TIMED_OUT")
    waits = as_operator.get(f"/v1/waiting/{exchange}").get_json()
    assert (waits["endsAt"], waits["setAsideAt"]) == (None, None)
    assert waits["nextTry"], "and is asked for again by itself"
    assert as_operator.client.get("/readyz").get_json()["exchanges"]["inDoubt"] == 1
    assert as_operator.get("/v1/waiting").get_json()["inDoubt"] == 1
    assert as_operator.get(f"/v1/waiting/{behind}").get_json()["behind"] == exchange, "in order"
    clock.advance(minutes=6)
    deliver_due(bridge)
    assert told(private) == {exchange: ("DELIVERED", None), behind: ("DELIVERED", None)}
    assert list(window.received) == [exchange, behind]


@pytest.mark.parametrize("trouble", [404, "forge"])
def test_of_a_receiver_that_answers_and_never_says_it_is_not_known_whether_it_arrived(
    trouble: str | int,
    bridge: Bridge,
    as_platform: Signer,
    window: Neighbour,
    private: Neighbour,
    clock: StandingClock,
) -> None:
    exchange = ask(as_platform)
    window.script.append("drop")
    deliver_due(bridge)
    clock.advance(hours=73)
    behind = ask(as_platform, "behind")
    for _ in range(FAULTS):
        assert private.notices == []
        window.inquiry_script.append(trouble)
        deliver_due(bridge)
        clock.advance(minutes=6)
    assert told(private)[exchange] == ("FAILED", "UNCONFIRMED")
    assert records(bridge, exchange)[-1].reason == "UNCONFIRMED"
    assert view(as_platform, exchange)["nonReceipt"] is None
    assert told(private)[behind] == ("DELIVERED", None), "and the next goes on"


def test_an_answer_to_the_question_that_is_lost_too_is_given_again(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour, clock: StandingClock
) -> None:
    taken, never = ask(as_platform, "taken"), ask(as_platform, "never", subject="6TW12345678-2026-0002")
    window.acts = lambda exchange: "drop" if exchange == taken else 503
    window.parcel_script.append(404)
    deliver_due(bridge)
    clock.advance(hours=73)
    window.inquiry_script.extend(["drop", "drop"])
    deliver_due(bridge)
    assert private.notices == []
    clock.advance(minutes=6)
    deliver_due(bridge)
    assert told(private) == {taken: ("DELIVERED", None), never: ("FAILED", "TIMED_OUT")}
    assert sorted(window.inquiries) == sorted([taken, never] * 2)


def suspend(signer: Signer, clock: StandingClock) -> None:
    token = sign_suspension(
        KEYS[Holder.AUTHORITY], Suspension("export-declaration", None, "an audit", clock())
    )
    assert signer.post("/v1/suspensions", {"statement": token}).status_code == 201


@pytest.mark.parametrize("trouble", ["drop", 503])
def test_a_suspension_after_a_lost_reply_stops_the_sending_and_tells_the_originator_whether_it_arrived(
    trouble: str | int,
    bridge: Bridge,
    as_platform: Signer,
    as_authority: Signer,
    window: Neighbour,
    private: Neighbour,
    clock: StandingClock,
) -> None:
    exchange = ask(as_platform)
    window.script.append(trouble)
    deliver_due(bridge)
    suspend(as_authority, clock)
    clock.advance(seconds=2)
    deliver_due(bridge)
    assert window.arrivals == [exchange], "it is sent no more"
    assert told(private) == {exchange: ("TERMINATED", "AGREEMENT_SUSPENDED")}
    shown, (notice,) = view(as_platform, exchange), private.notices
    arrived = trouble == "drop"
    assert (notice["receipt"] is not None, shown["nonReceipt"] is not None) == (arrived, not arrived)
    assert history(bridge, exchange) == [*AGREED_AND_SENT, "DELIVERED REFUSED" if arrived else "SENT REFUSED"]
    assert evidence(as_platform, exchange).passed
    assert list(window.received) == ([exchange] if arrived else [])


def test_a_refusal_of_what_may_have_been_taken_before_is_not_believed_unsigned(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour, clock: StandingClock
) -> None:
    exchange = ask(as_platform)
    window.script.extend(["drop", 403])
    for _ in range(2):
        deliver_due(bridge)
        clock.advance(seconds=2)
    assert told(private) == {exchange: ("DELIVERED", None)}
    assert history(bridge, exchange)[-1] == "DELIVERED PERMITTED"


def test_what_is_asked_for_after_its_retention_is_told_as_stopped_and_arrived(
    bridge: Bridge,
    as_platform: Signer,
    window: Neighbour,
    private: Neighbour,
    put_in_force: Callable[..., None],
    clock: StandingClock,
) -> None:
    put_in_force(agreement(version=2, retentionDays=1))
    exchange = ask(as_platform)
    window.script.append("drop")
    deliver_due(bridge)
    clock.advance(days=1)
    retention.purge_due(bridge)
    deliver_due(bridge)
    assert told(private) == {exchange: ("TERMINATED", "TIMED_OUT")}
    assert private.notices[0]["receipt"], "that it arrived is not hidden"
    assert evidence(as_platform, exchange).passed
