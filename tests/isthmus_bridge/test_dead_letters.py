"""What does not get through is retried, set aside or given up, with a reason, and blocks nobody else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from counterparts import KEYRING, KEYS, Neighbour, Signer, declaration, reply
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.models import Exchange, LogEntry
from isthmus_bridge.service import Bridge, Patience
from isthmus_protocol.canonical import parse
from isthmus_protocol.evidence import verify_bundle
from isthmus_protocol.keys import Holder
from isthmus_protocol.records import Decision, LogRecord, Phase, read_record
from standing import StandingClock

pytestmark = pytest.mark.usefixtures("agreed")

FAULTS = 3


@pytest.fixture
def bridge(bridge: Bridge) -> Bridge:
    """Have a bridge that sets aside after three faults and gives up after three days."""
    return replace(bridge, patience=Patience(faults=FAULTS, time_limit=timedelta(hours=72)))


@pytest.fixture
def as_operator(bridge: Bridge, clock: StandingClock) -> Signer:
    return Signer(create_app(bridge).test_client(), KEYS[Holder.OPERATOR], clock)


def ask(signer: Signer, key: str, subject: str = "6TW12345678-2026-0001") -> str:
    answer = signer.post("/v1/exchanges", declaration(key, subject=subject)).get_json()
    assert answer["state"] == "AGREED", answer
    return str(answer["exchange"])


def waiting(signer: Signer, exchange: str) -> dict[str, Any]:
    view: dict[str, Any] = signer.get(f"/v1/waiting/{exchange}").get_json()
    return view


def try_until_set_aside(
    bridge: Bridge, clock: StandingClock, neighbour: Neighbour, trouble: str | int
) -> None:
    """Have ``neighbour`` answer with ``trouble`` as often as the bridge stands."""
    for _ in range(FAULTS):
        neighbour.script.append(trouble)
        deliver_due(bridge)
        clock.advance(minutes=5)


def records(bridge: Bridge, exchange: str) -> list[LogRecord]:
    with bridge.begin() as session:
        rows = session.scalars(select(LogEntry.record).order_by(LogEntry.index))
        found = [read_record(parse(row.encode())) for row in rows]
    return [each for each in found if isinstance(each, LogRecord) and each.exchange == exchange]


@pytest.mark.parametrize("trouble", [500, 401, 302, "forge"])
def test_a_receiver_that_says_neither_yes_nor_no_makes_a_dead_letter_that_waits_for_a_person(
    trouble: str | int,
    bridge: Bridge,
    as_platform: Signer,
    as_operator: Signer,
    window: Neighbour,
    private: Neighbour,
    clock: StandingClock,
) -> None:
    exchange = ask(as_platform, "key-1")
    try_until_set_aside(bridge, clock, window, trouble)
    clock.advance(hours=10)
    assert deliver_due(bridge) == 0, "it is tried no more"
    assert private.notices == [], "and it has not ended"
    view = waiting(as_operator, exchange)
    assert (view["state"], view["attempts"], view["faults"], view["nextTry"]) == ("SENT", 3, 3, None)
    assert view["setAsideAt"]
    expected = "another payload" if trouble == "forge" else f"HTTP {trouble}"
    assert expected in view["problem"]

    resumed = as_operator.post(f"/v1/waiting/{exchange}/resume", {})
    assert resumed.status_code == 200, resumed.text
    deliver_due(bridge)
    assert waiting(as_operator, exchange)["state"] == "ACKNOWLEDGED"
    assert list(window.received) == [exchange]
    assert [record.phase for record in records(bridge, exchange)] == [
        Phase.AGREED,
        Phase.SENT,
        Phase.DELIVERED,
    ]


@pytest.mark.parametrize("trouble", [503, 502, 504, 429, "drop"])
def test_a_receiver_that_is_down_is_tried_until_it_is_back_without_anybodys_help(
    trouble: str | int,
    bridge: Bridge,
    as_platform: Signer,
    window: Neighbour,
    clock: StandingClock,
) -> None:
    exchange = ask(as_platform, "key-1")
    for _ in range(5 * FAULTS):
        window.script.append(trouble)
        deliver_due(bridge)
        clock.advance(minutes=5)
    deliver_due(bridge)
    assert as_platform.get(f"/v1/exchanges/{exchange}").get_json()["state"] == "ACKNOWLEDGED"
    assert list(window.received) == [exchange]


def test_a_dead_letter_holds_up_its_subject_and_direction_and_nothing_else(
    bridge: Bridge,
    as_platform: Signer,
    as_window: Signer,
    as_operator: Signer,
    window: Neighbour,
    private: Neighbour,
    clock: StandingClock,
) -> None:
    asked = ask(as_platform, "before")
    deliver_due(bridge)
    dead = ask(as_platform, "dead")
    try_until_set_aside(bridge, clock, window, 500)
    behind = ask(as_platform, "behind")
    other = ask(as_platform, "other", subject="6TW12345678-2026-0002")
    answer = as_window.post("/v1/exchanges", reply(asked)).get_json()
    deliver_due(bridge)
    assert list(window.received) == [asked, other]
    assert list(private.received) == [answer["exchange"]]
    assert waiting(as_operator, behind)["behind"] == dead
    assert as_operator.post("/v1/waiting/resume", {}).get_json() == {"resumed": 1}
    deliver_due(bridge)
    assert list(window.received) == [asked, other, dead, behind]


def test_what_is_not_delivered_within_its_time_limit_ends_timed_out_in_the_log_and_its_originator_knows(
    bridge: Bridge,
    as_platform: Signer,
    window: Neighbour,
    private: Neighbour,
    clock: StandingClock,
) -> None:
    first, behind = ask(as_platform, "first"), ask(as_platform, "behind")
    window.script.append(503)
    deliver_due(bridge)
    clock.advance(hours=71, minutes=59)
    window.script.append(503)
    deliver_due(bridge)
    assert len(window.arrivals) == 2, "it is tried to the end"
    clock.advance(minutes=5)
    deliver_due(bridge)
    assert len(window.arrivals) == 2, "and not beyond"
    told = {str(notice["exchange"]): (notice["state"], notice["reason"]) for notice in private.notices}
    assert told == {first: ("FAILED", "TIMED_OUT"), behind: ("FAILED", "TIMED_OUT")}
    ends = [records(bridge, exchange)[-1] for exchange in (first, behind)]
    assert [(end.phase, end.decision, end.reason) for end in ends] == [
        (Phase.DELIVERED, Decision.REFUSED, "TIMED_OUT"),
        (Phase.SENT, Decision.REFUSED, "TIMED_OUT"),
    ]
    view = as_platform.get(f"/v1/exchanges/{first}").get_json()
    assert (view["reason"], view["detail"]) == ("TIMED_OUT", "HTTP 503 not_today")
    with bridge.begin() as session:
        assert session.scalars(select(Exchange.body).distinct()).all() == [None], "nothing is kept of it"


def test_a_dead_letter_that_nobody_resumes_ends_with_its_time_limit_and_the_next_goes_on(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour, clock: StandingClock
) -> None:
    dead = ask(as_platform, "dead")
    try_until_set_aside(bridge, clock, window, 500)
    clock.advance(hours=71)
    behind = ask(as_platform, "behind")
    clock.advance(hours=1)
    deliver_due(bridge)
    assert list(window.received) == [behind]
    assert {(notice["exchange"], notice["reason"]) for notice in private.notices} == {
        (dead, "TIMED_OUT"),
        (behind, None),
    }


def test_a_dead_letter_whose_agreement_ran_out_meanwhile_is_not_sent_when_it_is_resumed(
    bridge: Bridge, as_platform: Signer, as_operator: Signer, window: Neighbour, clock: StandingClock
) -> None:
    clock.now = clock.now.replace(month=12, day=31, hour=12)
    exchange = ask(as_platform, "dead")
    try_until_set_aside(bridge, clock, window, 500)
    clock.advance(hours=13)
    as_operator.post(f"/v1/waiting/{exchange}/resume", {})
    deliver_due(bridge)
    assert window.received == {}
    view = waiting(as_operator, exchange)
    assert (view["state"], view["reason"]) == ("TERMINATED", "EXPIRED")


def test_the_log_says_why_a_receiver_did_not_take_it_and_the_evidence_still_holds(
    bridge: Bridge, as_platform: Signer, window: Neighbour
) -> None:
    exchange = ask(as_platform, "key-1")
    window.script.append(422)
    deliver_due(bridge)
    agreed, _, end = records(bridge, exchange)
    assert (end.phase, end.decision, end.reason) == (Phase.DELIVERED, Decision.REFUSED, "RECEIVER_REFUSED")
    assert (end.agreement, end.payload_digest, end.subject) == (
        agreed.agreement,
        agreed.payload_digest,
        agreed.subject,
    )
    assert as_platform.get(f"/v1/exchanges/{exchange}").get_json()["detail"] == "HTTP 422 not_today"
    assert verify_bundle(as_platform.get(f"/v1/exchanges/{exchange}/evidence").data, KEYRING).passed


def test_an_originator_that_does_not_understand_the_notice_of_the_end_is_told_when_somebody_resumes_it(
    bridge: Bridge, as_platform: Signer, as_operator: Signer, private: Neighbour, clock: StandingClock
) -> None:
    exchange = ask(as_platform, "key-1")
    private.note_script.extend([500] * FAULTS)
    for _ in range(FAULTS):
        deliver_due(bridge)
        clock.advance(minutes=5)
    clock.advance(hours=100)
    assert deliver_due(bridge) == 0
    view = waiting(as_operator, exchange)
    assert (view["state"], view["endsAt"]) == ("DELIVERED", None)
    assert view["setAsideAt"]
    as_operator.post(f"/v1/waiting/{exchange}/resume", {})
    deliver_due(bridge)
    assert waiting(as_operator, exchange)["state"] == "ACKNOWLEDGED"
    assert [notice["exchange"] for notice in private.notices] == [exchange]


def test_an_exchange_that_was_damaged_in_the_database_stops_no_other(
    bridge: Bridge, as_platform: Signer, as_operator: Signer, window: Neighbour
) -> None:
    damaged = ask(as_platform, "damaged")
    with bridge.begin() as session:
        session.execute(update(Exchange).values(salt=None))
    other = ask(as_platform, "other", subject="6TW12345678-2026-0002")
    deliver_due(bridge)
    assert list(window.received) == [other]
    view = waiting(as_operator, damaged)
    assert view["setAsideAt"]
    assert "cannot be put together" in view["problem"]


def test_what_waits_is_counted_and_listed_in_order_and_shows_no_contents(
    bridge: Bridge, as_platform: Signer, as_operator: Signer, window: Neighbour, clock: StandingClock
) -> None:
    dead = ask(as_platform, "dead")
    try_until_set_aside(bridge, clock, window, 500)
    behind = ask(as_platform, "behind")

    def listed(query: str) -> dict[str, Any]:
        response = as_operator.get(f"/v1/waiting{query}")
        assert "SECRET" not in response.text
        assert "845811" not in response.text
        answer: dict[str, Any] = response.get_json()
        return answer | {"exchanges": [each["exchange"] for each in answer["exchanges"]]}

    assert listed("") == {"waiting": 2, "setAside": 1, "inDoubt": 0, "exchanges": [dead, behind]}
    assert listed("?setAside=1")["exchanges"] == [dead]
    start = waiting(as_operator, behind)["logIndex"]
    assert listed(f"?start={start}&limit=1")["exchanges"] == [behind]
    ready = as_operator.client.get("/readyz").get_json()
    assert ready["exchanges"] == {"waiting": 2, "setAside": 1, "inDoubt": 0}


def test_only_the_signatories_of_agreements_look_and_resume_and_only_what_waits(
    bridge: Bridge,
    as_platform: Signer,
    as_window: Signer,
    as_authority: Signer,
    as_operator: Signer,
) -> None:
    exchange = ask(as_platform, "key-1")
    for signer in (as_platform, as_window):
        for path in ("/v1/waiting", f"/v1/waiting/{exchange}"):
            assert signer.get(path).status_code == 403
        assert signer.post(f"/v1/waiting/{exchange}/resume", {}).status_code == 403
        assert signer.post("/v1/waiting/resume", {}).status_code == 403
    assert as_authority.get(f"/v1/waiting/{exchange}").status_code == 200
    assert as_operator.client.get("/v1/waiting").status_code == 401
    deliver_due(bridge)
    ended = as_authority.post(f"/v1/waiting/{exchange}/resume", {})
    assert (ended.status_code, ended.get_json()["code"]) == (409, "not_waiting")
    unknown = "00000000-0000-7000-8000-000000000000"
    assert as_authority.post(f"/v1/waiting/{unknown}/resume", {}).status_code == 404
    assert as_authority.get(f"/v1/waiting/{unknown}").status_code == 404
