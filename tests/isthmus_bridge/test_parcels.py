"""What is due at the same time goes in a parcel, and fares in it as it would alone."""

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from counterparts import KEYRING, Neighbour, Signer, declaration, serving
from isthmus_bridge import claiming
from isthmus_bridge.delivery import Deliverer, deliver_due
from isthmus_bridge.evidence import bundle
from isthmus_bridge.lanes import SENDERS
from isthmus_bridge.models import Exchange, LogEntry
from isthmus_bridge.service import Bridge
from isthmus_protocol.canonical import parse
from isthmus_protocol.evidence import verify_bundle
from isthmus_protocol.parcels import MOST, Kind
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.records import LogRecord, read_record
from standing import StandingClock

pytestmark = pytest.mark.usefixtures("agreed")


def ask(signer: Signer, count: int, start: int = 0, **changes: Any) -> list[str]:
    """Have ``count`` declarations agreed, each about a subject of its own."""
    asked = []
    for number in range(start, start + count):
        body = declaration(f"key-{number}", **({"subject": f"subject-{number}"} | changes))
        answer = signer.post("/v1/exchanges", body).get_json()
        assert answer["state"] == "AGREED", answer
        asked.append(str(answer["exchange"]))
    return asked


def states(bridge: Bridge) -> dict[str, str]:
    with bridge.begin() as session:
        return {str(row[0]): row[1] for row in session.execute(select(Exchange.id, Exchange.state))}


def logged(bridge: Bridge) -> dict[str, list[str]]:
    """Return what the log says of each exchange."""
    with bridge.begin() as session:
        rows = session.scalars(select(LogEntry.record).order_by(LogEntry.index)).all()
    told: dict[str, list[str]] = {}
    for record in (read_record(parse(row.encode())) for row in rows):
        if isinstance(record, LogRecord):
            told.setdefault(record.exchange, []).append(f"{record.phase} {record.decision}")
    return told


CROSSED = ["AGREED PERMITTED", "SENT PERMITTED", "DELIVERED PERMITTED"]


def test_what_is_due_goes_in_one_parcel_and_so_does_word_of_it_each_with_a_receipt_of_its_own(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour
) -> None:
    asked = ask(as_platform, 5)
    assert deliver_due(bridge) == 10
    assert (window.parcels, private.parcels) == ([5], [5])
    assert states(bridge) == dict.fromkeys(asked, "ACKNOWLEDGED")
    assert logged(bridge) == dict.fromkeys(asked, CROSSED)
    assert len({str(notice["receipt"]) for notice in private.notices}) == 5
    for exchange in asked:
        evidence = bundle(bridge, UUID(exchange))
        assert evidence is not None
        assert verify_bundle(evidence, KEYRING).passed


def test_a_single_thing_goes_by_itself(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour
) -> None:
    ask(as_platform, 1)
    deliver_due(bridge)
    assert (window.parcels, private.parcels) == ([], [])
    assert len(window.received) == 1


def test_a_receiver_that_knows_no_parcels_gets_everything_by_itself(
    bridge: Bridge, as_platform: Signer, clock: StandingClock, private: Neighbour
) -> None:
    plain = Neighbour(Receiver.WINDOW, clock)
    plain.knows_parcels = False
    with serving(plain.app()) as url, Deliverer(replace(bridge, window_url=url)) as deliverer:
        asked = ask(as_platform, SENDERS + 2)
        deliverer.deliver()
        asked += ask(as_platform, 3, start=50)
        deliverer.deliver()
    assert states(bridge) == dict.fromkeys(asked, "ACKNOWLEDGED")
    assert sorted(plain.arrivals) == sorted(asked), "each came once"
    assert private.parcels, "the other side gets its parcels all the same"


ACTS = ("ok", 422, 400, 500, 503, 401, "forge")


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.sampled_from(ACTS), min_size=2, max_size=6), apart=st.booleans())
def test_whatever_is_among_them_each_item_fares_as_it_would_alone(
    acts: list[str | int], apart: bool, bridge: Bridge, as_platform: Signer, clock: StandingClock
) -> None:
    """``apart`` says whether each is about a subject of its own; else they wait for one another."""
    fates = [
        fates_of(acts, apart=apart, packed=packed, bridge=bridge, signer=as_platform, clock=clock)
        for packed in (True, False)
    ]
    assert fates[0] == fates[1]


def fates_of(
    acts: list[str | int], *, apart: bool, packed: bool, bridge: Bridge, signer: Signer, clock: StandingClock
) -> list[tuple[str, str, str | None, int]]:
    """Return the state of each after the first round and at the end, why, and how often the log names it."""
    taker = Neighbour(Receiver.WINDOW, clock)
    taker.knows_parcels = packed
    start = len(states(bridge))
    asked = ask(signer, len(acts), start, **({} if apart else {"subject": f"subject-{start}"}))
    behaves = dict(zip(asked, acts, strict=True))
    taker.acts = lambda exchange: behaves.pop(exchange, "ok")
    with serving(taker.app()) as url:
        deliver_due(replace(bridge, window_url=url))
        first = states(bridge)
        while not {"AGREED", "SENT"}.isdisjoint(states(bridge).values()):
            clock.advance(minutes=1)
            deliver_due(replace(bridge, window_url=url))
    with bridge.begin() as session:
        rows = {str(row.id): row for row in session.scalars(select(Exchange))}
    assert {each for each in asked if rows[each].state == "ACKNOWLEDGED"} == set(taker.received)
    assert apart or list(taker.received) == [each for each in asked if each in taker.received], "in order"
    told = logged(bridge)
    return [(first[each], rows[each].state, rows[each].reason, len(told[each])) for each in asked]


@pytest.mark.parametrize("whole", [400, 413, 422, 404])
def test_when_a_parcel_is_refused_as_a_whole_each_goes_by_itself_at_once(
    whole: int, bridge: Bridge, as_platform: Signer, window: Neighbour
) -> None:
    asked = ask(as_platform, 3)
    window.parcel_script.append(whole)
    deliver_due(bridge)
    assert states(bridge) == dict.fromkeys(asked, "ACKNOWLEDGED")
    assert sorted(window.arrivals) == sorted(asked)


@pytest.mark.parametrize("whole", [500, 503, 401, b"{}", b'{"results":[]}', b"nonsense"])
def test_what_a_receiver_failed_at_together_comes_again_one_by_one(
    whole: int | bytes, bridge: Bridge, as_platform: Signer, window: Neighbour, clock: StandingClock
) -> None:
    asked = ask(as_platform, 3)
    window.parcel_script.append(whole)
    assert deliver_due(bridge) == 3
    assert states(bridge) == dict.fromkeys(asked, "SENT")
    clock.advance(seconds=2)
    deliver_due(bridge)
    assert states(bridge) == dict.fromkeys(asked, "ACKNOWLEDGED")
    assert window.parcels == [3], "nothing travels any more with what may have been at fault"
    assert logged(bridge) == dict.fromkeys(asked, CROSSED)


def test_a_parcel_whose_answer_is_lost_after_it_was_taken_counts_none_of_it_twice(
    bridge: Bridge, as_platform: Signer, window: Neighbour, private: Neighbour, clock: StandingClock
) -> None:
    asked = ask(as_platform, 4)
    window.script.extend(["ok", "ok", "ok", "drop"])
    assert deliver_due(bridge) == 4
    assert sorted(window.received) == sorted(asked), "the window holds all of it"
    assert private.notices == [], "and the bridge has no receipt for any"
    clock.advance(seconds=2)
    deliver_due(bridge)
    assert Counter(window.arrivals) == dict.fromkeys(asked, 2)
    assert sorted(window.received) == sorted(asked)
    assert logged(bridge) == dict.fromkeys(asked, CROSSED)
    assert sorted(str(notice["exchange"]) for notice in private.notices) == sorted(asked)
    assert states(bridge) == dict.fromkeys(asked, "ACKNOWLEDGED")


def test_large_messages_do_not_make_a_parcel_that_no_receiver_takes(
    bridge: Bridge, as_platform: Signer, window: Neighbour
) -> None:
    goods = [{"hsCode": "845811", "statisticalValueMinor": 1} for _ in range(8000)]
    asked = ask(as_platform, 4, payload={"ucr": "6TW1", "goods": goods})
    with bridge.begin() as session:
        sizes = [len(body or "") for body in session.scalars(select(Exchange.body))]
    assert 2 * max(sizes) < 1_000_000 < 4 * min(sizes)
    deliver_due(bridge)
    assert sorted(window.received) == sorted(asked)
    assert all(count < 4 for count in window.parcels)


def test_what_was_tried_before_takes_no_more_senders_than_there_are(
    bridge: Bridge, as_platform: Signer, window: Neighbour, clock: StandingClock
) -> None:
    ask(as_platform, SENDERS + 4)
    window.parcel_script.append(500)
    deliver_due(bridge)
    clock.advance(seconds=2)
    ask(as_platform, 3, start=100)
    found = claiming.claim(bridge, Receiver.WINDOW, Kind.ENVELOPE, MOST, alone=SENDERS)
    tried = [each for each in found.claims if not each.is_first]
    assert (len(tried), len(found.claims)) == (SENDERS, SENDERS + 3)
