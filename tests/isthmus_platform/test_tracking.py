"""Events may come twice, late, corrected or before their shipment; what is known in the end is the same."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from isthmus_platform import dcsa, outbox, shipments, tracking
from isthmus_platform.database import Platform
from isthmus_platform.dcsa import Standard
from isthmus_platform.errors import Conflict, InvalidInput, NotPermitted
from isthmus_platform.tracking import Outcome, RecordedEvent
from standards import STANDARDS
from trade import CONTAINERS, DRAFT, Trade, open_trade
from voyage_events import handled, moved, on

SAMPLES = STANDARDS / "dcsa" / "tnt"


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


def send(
    trade: Trade, *events: dict[str, Any], by: str = "carrier", standard: Standard = Standard.DCSA_2_2
) -> list[Outcome]:
    with trade.platform.begin(trade[by]) as work:
        parsed = dcsa.parse(standard, events, work.now)
        return [outcome.outcome for outcome in tracking.record(work, standard, parsed)]


def timeline(trade: Trade, shipment_id: UUID, by: str = "trader") -> list[tracking.TimelineEntry]:
    with trade.platform.begin(trade[by]) as work:
        return tracking.timeline(work, [shipment_id])[shipment_id]


def progress(trade: Trade, shipment_id: UUID) -> tracking.Progress:
    with trade.platform.begin(trade["trader"]) as work:
        return tracking.progress(work, [shipments.get(work, shipment_id)])[shipment_id]


def kept(trade: Trade, by: str = "carrier") -> int:
    with trade.platform.begin(trade[by]) as work:
        return work.session.scalar(select(func.count()).select_from(RecordedEvent)) or 0


def codes(entries: Sequence[tracking.TimelineEntry]) -> list[str]:
    return [entry.code for entry in entries]


def test_a_voyage_is_told_to_everybody_who_sees_the_shipment(trade: Trade) -> None:
    trade.delegate()
    shipment_id = trade.ship()
    assert (
        send(
            trade,
            handled("1", "GTIN", "TWKHH", 1, CONTAINERS[0]),
            moved("2", "DEPA", "TWKHH", 2),
            moved("3", "ARRI", "DEHAM", 30, told=2, eventClassifierCode="EST"),
        )
        == [Outcome.RECORDED] * 3
    )
    for party in ("trader", "forwarder", "carrier"):
        entries = timeline(trade, shipment_id, party)
        assert [entry.title for entry in entries] == [
            "MCLU4200170 gated in at Kaohsiung",
            "Departed from Kaohsiung",
            "Arrival expected at Hamburg",
        ]
        assert {entry.source for entry in entries} == {"carrier"}
    assert progress(trade, shipment_id).status.code == "DEPARTED"
    assert progress(trade, shipment_id).eta == on(30)
    for party in ("stranger", "operator", "authority", "rival"):
        assert timeline(trade, shipment_id, party) == []
        assert kept(trade, party) == 0


def test_an_event_sent_again_adds_nothing(trade: Trade) -> None:
    shipment_id = trade.ship()
    event = moved("1", "DEPA", "TWKHH", 2)
    assert send(trade, event, event) == [Outcome.RECORDED, Outcome.DUPLICATE]
    assert send(trade, event) == [Outcome.DUPLICATE]
    assert codes(timeline(trade, shipment_id)) == ["DEPA"]
    assert kept(trade) == 1


def test_a_correction_replaces_what_it_corrects_and_the_first_version_stays_on_record(trade: Trade) -> None:
    shipment_id = trade.ship()
    first, corrected = moved("1", "DEPA", "TWKHH", 2), moved("1", "DEPA", "TWKHH", 2.5, told=3)
    assert send(trade, first) == [Outcome.RECORDED]
    assert send(trade, corrected) == [Outcome.CORRECTED]
    (entry,) = timeline(trade, shipment_id)
    assert (entry.at, entry.correction) == (on(2.5), True)
    assert send(trade, first) == [Outcome.DUPLICATE]
    assert kept(trade) == 2


def test_a_version_that_comes_after_a_newer_one_changes_nothing(trade: Trade) -> None:
    shipment_id = trade.ship()
    old, new = moved("1", "DEPA", "TWKHH", 2), moved("1", "DEPA", "TWKHH", 2.5, told=3)
    assert send(trade, new) == [Outcome.RECORDED]
    assert send(trade, old) == [Outcome.STALE]
    assert [entry.at for entry in timeline(trade, shipment_id)] == [on(2.5)]
    assert kept(trade) == 2


def test_one_version_with_two_contents_is_refused_whole(trade: Trade) -> None:
    trade.ship()
    with pytest.raises(Conflict) as refused:
        send(trade, moved("1", "DEPA", "TWKHH", 2, told=3), moved("1", "DEPA", "TWKHH", 2.5, told=3))
    assert (refused.value.code, refused.value.field) == ("event_version_reused", "events[1].eventID")
    assert kept(trade) == 0


def test_events_in_any_order_give_the_same_status_and_timeline(trade: Trade) -> None:
    shipment_id = trade.ship()
    events = [
        handled("1", "GTIN", "TWKHH", 1, CONTAINERS[0]),
        handled("2", "LOAD", "TWKHH", 2, CONTAINERS[0]),
        moved("3", "DEPA", "TWKHH", 3),
        moved("3", "DEPA", "TWKHH", 3.25, told=4),
        moved("4", "ARRI", "KRPUS", 5),
        moved("5", "DEPA", "KRPUS", 6),
    ]
    for event in events[::-1]:
        send(trade, event)
    backwards = (codes(timeline(trade, shipment_id)), progress(trade, shipment_id))
    other = trade.ship("stranger", booking_reference="BOOKING2", bill_of_lading="BILL2", equipment=())
    for event in events:
        renamed = json.loads(json.dumps(event).replace("BOOKING1", "BOOKING2"))
        renamed["eventID"] += "-again"
        if renamed["eventType"] == "EQUIPMENT":
            renamed["documentReferences"] = [
                {"documentReferenceType": "BKG", "documentReferenceValue": "BOOKING2"}
            ]
        send(trade, renamed)
    with trade.platform.begin(trade["stranger"]) as work:
        forwards = tracking.timeline(work, [other])[other]
        status = tracking.progress(work, [shipments.get(work, other)])[other]
    assert (codes(forwards), status) == backwards
    assert backwards[0] == ["GTIN", "LOAD", "DEPA", "ARRI", "DEPA"]
    assert (status.status.code, status.status.place, status.status.at) == ("DEPARTED", "KRPUS", on(6))


def test_an_event_older_than_its_shipment_is_refused_with_the_whole_request(trade: Trade) -> None:
    trade.ship()
    with pytest.raises(InvalidInput) as refused:
        send(trade, moved("1", "DEPA", "TWKHH", 2), moved("2", "ARRI", "KRPUS", -1))
    assert (refused.value.code, refused.value.field) == ("event_before_shipment", "events[1].eventDateTime")
    assert kept(trade) == 0
    assert outbox.drain(trade.platform, "domain-event", lambda message: None) == 1, "the shipment's alone"


def test_events_that_come_before_their_shipment_attach_when_it_is_made(trade: Trade) -> None:
    by_booking = moved("1", "DEPA", "TWKHH", 2)
    too_old = moved("2", "ARRI", "TWKHH", -9)
    by_container = handled("3", "GTIN", "TWKHH", 1, CONTAINERS[1])
    of_another = moved(
        "4",
        "DEPA",
        "TWKHH",
        2,
        documentReferences=[{"documentReferenceType": "BKG", "documentReferenceValue": "OTHER"}],
    )
    assert send(trade, by_booking, too_old, by_container, of_another) == [Outcome.UNMATCHED] * 4
    assert kept(trade, "trader") == 0
    shipment_id = trade.ship()
    assert [entry.source_event_id for entry in timeline(trade, shipment_id)] == ["3", "1"]
    assert kept(trade, "trader") == 2, "what did not attach stays the carrier's"
    assert kept(trade) == 4


def test_the_duty_that_attaches_ends_with_its_step(trade: Trade) -> None:
    send(trade, moved("1", "DEPA", "TWKHH", 2))
    with trade.platform.begin(trade["trader"]) as work:
        made = shipments.create(work, DRAFT)
        tracking.attach(work, [(made, ())])
        assert work.session.connection().exec_driver_sql("SELECT duty()").scalar() is None


def test_a_container_alone_tells_only_when_one_shipment_carries_it(trade: Trade) -> None:
    trade.ship()
    assert send(trade, handled("1", "GTIN", "TWKHH", 1, CONTAINERS[0])) == [Outcome.RECORDED]
    trade.ship("stranger", booking_reference="BOOKING2", bill_of_lading="BILL2")
    assert send(trade, handled("2", "LOAD", "TWKHH", 2, CONTAINERS[0])) == [Outcome.UNMATCHED]


def test_a_later_shipment_with_the_same_booking_takes_no_events_from_the_first(trade: Trade) -> None:
    first = trade.ship()
    second = trade.ship("stranger")
    send(trade, moved("1", "DEPA", "TWKHH", 2))
    assert codes(timeline(trade, first)) == ["DEPA"]
    assert timeline(trade, second, "stranger") == []


def test_another_carriers_events_never_reach_a_shipment(trade: Trade) -> None:
    shipment_id = trade.ship()
    assert send(trade, moved("1", "ARRI", "DEHAM", 2), by="rival") == [Outcome.UNMATCHED]
    assert timeline(trade, shipment_id) == []
    assert send(trade, moved("1", "DEPA", "TWKHH", 2)) == [Outcome.RECORDED], "ids are each source's own"


def test_only_a_carrier_sends_events(trade: Trade) -> None:
    trade.ship()
    for party in ("trader", "forwarder", "stranger", "operator"):
        with pytest.raises(NotPermitted):
            send(trade, moved("1", "DEPA", "TWKHH", 2), by=party)
    assert kept(trade) == 0


def test_what_was_added_is_announced_for_metering_and_no_more(trade: Trade) -> None:
    event = moved("1", "DEPA", "TWKHH", 2)
    send(trade, event, event, moved("2", "ARRI", "KRPUS", 4))
    send(trade, event)
    said: list[dict[str, Any]] = []
    outbox.drain(trade.platform, "domain-event", lambda message: said.append(message.payload))
    assert [(payload["name"], payload["quantity"]) for payload in said] == [("events.recorded", 2)]


def test_a_retracted_event_is_taken_back(trade: Trade) -> None:
    shipment_id = trade.ship()
    told = deepcopy(TRANSPORT_3)
    assert send(trade, told, standard=Standard.DCSA_3_0) == [Outcome.RECORDED]
    assert progress(trade, shipment_id).status.code == "ARRIVED"
    retraction = {"eventID": told["eventID"], "isRetracted": True}
    assert send(trade, retraction, standard=Standard.DCSA_3_0) == [Outcome.CORRECTED]
    assert send(trade, retraction, standard=Standard.DCSA_3_0) == [Outcome.DUPLICATE]
    assert timeline(trade, shipment_id) == []
    assert progress(trade, shipment_id).status.code == "BOOKED"


def test_many_senders_at_once_record_each_event_once(trade: Trade) -> None:
    shipment_id = trade.ship()
    events = [moved(str(n), "DEPA", "TWKHH", 2, told=2 + n / 100) for n in range(10)]
    corrected = [moved(str(n), "DEPA", "TWKHH", 2.5, told=9) for n in range(10)]
    with ThreadPoolExecutor(4) as pool:
        batches = [events, corrected, events[::-1], corrected[::-1]] * 2
        outcomes = [one for batch in pool.map(lambda batch: send(trade, *batch), batches) for one in batch]
    assert outcomes.count(Outcome.DUPLICATE) == 60
    assert kept(trade) == 20
    assert {entry.at for entry in timeline(trade, shipment_id)} == {on(2.5)}


def test_an_event_sent_while_its_shipment_is_made_is_attached(trade: Trade) -> None:
    with ThreadPoolExecutor(2) as pool:
        for n in range(5):
            names: dict[str, Any] = {
                "reference": f"R{n}",
                "ucr": f"U{n}",
                "booking_reference": f"B{n}",
                "bill_of_lading": None,
            }
            about = [{"documentReferenceType": "BKG", "documentReferenceValue": f"B{n}"}]
            sent = pool.submit(send, trade, moved(f"e{n}", "DEPA", "TWKHH", 2, documentReferences=about))
            made = pool.submit(trade.ship, "trader", **names)
            sent.result()
            assert codes(timeline(trade, made.result())) == ["DEPA"]


TRANSPORT_3: dict[str, Any] = {
    "eventID": "evt-1",
    "eventDateTime": on(20).isoformat(),
    "eventUpdatedDateTime": on(20).isoformat(),
    "eventLocation": {"UNLocationCode": "DEHAM"},
    "eventClassification": {
        "eventTypeCode": "TRANSPORT",
        "eventClassifierCode": "ACT",
        "transportEventTypeCode": "ARRI",
    },
    "shipmentDetails": {"documentReference": {"typeCode": "TRD", "reference": "BILL1"}},
}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the published DCSA samples are not in {STANDARDS}")
@pytest.mark.parametrize(
    ("standard", "name", "number"),
    [
        (Standard.DCSA_2_2, "tnt-220-response.json", 7),
        (Standard.DCSA_3_0, "tnt-300-response.json", 5),
    ],
)
def test_the_published_samples_load_unchanged(
    trade: Trade, standard: Standard, name: str, number: int
) -> None:
    events = dcsa.events_in(standard, json.loads((SAMPLES / name).read_text()))
    assert send(trade, *events, standard=standard) == [Outcome.UNMATCHED] * number
    assert send(trade, *events, standard=standard) == [Outcome.DUPLICATE] * number
    assert kept(trade) == number
    with trade.platform.begin(trade["carrier"]) as work:
        contents = work.session.scalars(select(RecordedEvent.content)).all()
    assert sorted(json.dumps(c, sort_keys=True) for c in contents) == sorted(
        json.dumps(e, sort_keys=True) for e in events
    )
