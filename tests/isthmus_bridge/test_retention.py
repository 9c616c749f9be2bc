"""What an exchange holds beyond the log goes when its agreement's retention is over; its evidence stays."""

from collections.abc import Callable
from itertools import count

from sqlalchemy import func, select
from structlog.testing import capture_logs

from counterparts import KEYRING, Neighbour, Signer, agreement, declaration
from isthmus_bridge import retention
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.models import Exchange, LogEntry, QuestionAsked
from isthmus_bridge.service import Bridge
from isthmus_protocol.canonical import parse_object
from isthmus_protocol.evidence import verify_bundle
from questions import VALUE, Border, answer_agreement, question_agreement
from standing import StandingClock

DAYS = 30


def exchanges(bridge: Bridge) -> list[Exchange]:
    with bridge.begin() as session:
        return [*session.scalars(select(Exchange).order_by(Exchange.created_at, Exchange.id))]


def leaves(bridge: Bridge) -> list[str]:
    with bridge.begin() as session:
        return [*session.scalars(select(LogEntry.record).order_by(LogEntry.index))]


def evidence(signer: Signer, exchange: str) -> bytes:
    response = signer.get(f"/v1/exchanges/{exchange}/evidence")
    assert response.status_code == 200, response.text
    return bytes(response.data)


def test_each_exchange_is_purged_when_its_own_agreement_says_and_the_log_stays(
    bridge: Bridge, as_platform: Signer, put_in_force: Callable[..., None], clock: StandingClock
) -> None:
    put_in_force(
        agreement(retentionDays=DAYS),
        agreement(id="longer", purpose="STATISTICS", retentionDays=2 * DAYS),
    )
    wanted = declaration("one")
    answers = {
        "short": as_platform.post("/v1/exchanges", wanted).get_json(),
        "long": as_platform.post("/v1/exchanges", declaration("two", purpose="STATISTICS")).get_json(),
        "unspoken": as_platform.post("/v1/exchanges", declaration("three", purpose="MARKETING")).get_json(),
    }
    deliver_due(bridge)
    before = leaves(bridge)
    clock.advance(days=DAYS - 1)
    assert retention.purge_due(bridge) == 0

    clock.advance(days=1)
    with capture_logs() as told:
        assert retention.purge_due(bridge) == 2
    assert {(each["event"], each["agreement"], each["exchanges"]) for each in told} == {
        ("retention.purged", "export-declaration", 1),
        ("retention.purged", None, 1),
    }
    held = {each.idempotency_key: each for each in exchanges(bridge)}
    assert (held["one"].salt, held["one"].terms, held["one"].body) == (None, [], None)
    assert held["two"].salt is not None
    assert held["two"].terms != []
    assert retention.purge_due(bridge) == 0, "once"
    clock.advance(days=DAYS)
    assert retention.purge_due(bridge) == 1
    assert leaves(bridge) == before, "the log is what it was"
    for each in answers.values():
        verdict = verify_bundle(evidence(as_platform, each["exchange"]), KEYRING)
        assert verdict.passed, verdict.checks
    assert parse_object(evidence(as_platform, answers["short"]["exchange"]))["receipt"]
    repeated = as_platform.post("/v1/exchanges", wanted)
    assert (repeated.status_code, repeated.get_json()) == (200, answers["short"])


def test_what_is_under_way_when_its_retention_is_over_loses_its_contents_and_ends_with_the_receivers_word(
    bridge: Bridge,
    window: Neighbour,
    private: Neighbour,
    as_platform: Signer,
    put_in_force: Callable[..., None],
    clock: StandingClock,
) -> None:
    put_in_force(agreement(retentionDays=1))
    window.script.append(503)
    as_platform.post("/v1/exchanges", declaration())
    deliver_due(bridge)
    (waiting,) = exchanges(bridge)
    assert waiting.body is not None
    clock.advance(days=1)
    assert retention.purge_due(bridge) == 1
    (asked,) = exchanges(bridge)
    assert (asked.state, asked.reason, asked.body, asked.salt) == ("SENT", "TIMED_OUT", None, None)
    assert private.notices == [], "whether it arrived is not known yet"
    deliver_due(bridge)
    (ended,) = exchanges(bridge)
    assert (ended.state, ended.reason, ended.body) == ("FAILED", "TIMED_OUT", None)
    assert '"reason":"TIMED_OUT"' in leaves(bridge)[-1]
    assert (len(window.inquiries), window.received) == (1, {})
    assert [notice["state"] for notice in private.notices] == ["FAILED"], "its originator is told"


def test_what_was_answered_is_proven_after_the_answer_cannot_be_found_by_trying(
    bridge: Bridge,
    as_platform: Signer,
    as_window: Signer,
    put_in_force: Callable[..., None],
    clock: StandingClock,
) -> None:
    put_in_force(question_agreement(retentionDays=DAYS), answer_agreement(retentionDays=DAYS))
    border = Border(bridge, as_platform, as_window, count())
    said = border.ask_and_answer(5)
    deliver_due(bridge)
    before = parse_object(evidence(as_platform, said["exchange"]))
    clock.advance(days=DAYS)
    assert retention.purge_due(bridge) == 2
    with bridge.begin() as session:
        assert session.scalar(select(func.count()).select_from(QuestionAsked)) == 0
    assert [each.salt for each in exchanges(bridge)] == [None, None]
    data = evidence(as_platform, said["exchange"])
    assert parse_object(data)["asked"] == before["asked"]
    verdict = verify_bundle(data, KEYRING)
    assert verdict.passed, verdict.checks
    late = border.reply(exchanges(bridge)[0].id.hex, {"declaredValueMinor": 5}, [VALUE])
    assert late["reason"] == "QUESTION_NOT_PERMITTED", "a question is answered no longer than it is kept"
