"""Carriers' events through the schema: what became of each, and what they say of the shipment."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from graphql_client import Asker, nodes
from graphql_trade import departure, ship

OUTCOMES = "outcomes { eventId outcome shipment { reference } code message }"
TIMELINE = (
    '{ shipment(reference: "KHH-HAM-1") { status { code description at place { name } } eta'
    " timeline(first: %s) { edges { cursor node {"
    " id at kind code classifier title place { code } equipmentReference source sourceEventId correction"
    " receivedAt } } pageInfo { hasNextPage endCursor } } } }"
)
LEFT = "2026-05-20T06:00:00Z"


def send(carrier: Asker, *events: dict[str, Any], **given: Any) -> list[dict[str, Any]]:
    payload = carrier.done("recordEvents", OUTCOMES, standard="DCSA_2_2", events=list(events), **given)
    outcomes: list[dict[str, Any]] = payload["outcomes"]
    return outcomes


def test_an_event_moves_the_shipment_it_names(trader: Asker, carrier: Asker) -> None:
    ship(trader)
    assert send(carrier, departure(1, LEFT)) == [
        {
            "eventId": "3cecb101-7a1a-43a4-9d62-000000000001",
            "outcome": "RECORDED",
            "shipment": {"reference": "KHH-HAM-1"},
            "code": None,
            "message": None,
        }
    ]
    seen = trader.data(TIMELINE % 20)["shipment"]
    assert seen["status"] == {
        "code": "DEPARTED",
        "description": "Departed from Kaohsiung",
        "at": LEFT,
        "place": {"name": "Kaohsiung"},
    }
    (entry,) = nodes(seen["timeline"])
    assert entry.pop("id")
    assert entry == {
        "at": LEFT,
        "kind": "TRANSPORT",
        "code": "DEPA",
        "classifier": "ACTUAL",
        "title": "Departed from Kaohsiung",
        "place": {"code": "TWKHH"},
        "equipmentReference": None,
        "source": "carrier",
        "sourceEventId": "3cecb101-7a1a-43a4-9d62-000000000001",
        "correction": False,
        "receivedAt": "2026-06-01T09:00:00Z",
    }


def test_repeated_corrected_stale_and_unmatched_events_are_told_apart(trader: Asker, carrier: Asker) -> None:
    ship(trader)
    corrected = departure(1, "2026-05-20T12:00:00Z", eventCreatedDateTime="2026-05-21T00:00:00Z")
    stale = departure(1, "2026-05-20T09:00:00Z", eventCreatedDateTime="2026-05-20T12:00:00Z")
    elsewhere = departure(
        2, LEFT, documentReferences=[{"documentReferenceType": "BKG", "documentReferenceValue": "OTHER"}]
    )
    first = departure(1, LEFT)
    outcomes = [send(carrier, event)[0] for event in (first, first, corrected, stale, elsewhere)]
    assert [each["outcome"] for each in outcomes] == [
        "RECORDED",
        "DUPLICATE",
        "CORRECTED",
        "STALE",
        "UNMATCHED",
    ]
    assert [each["code"] for each in outcomes] == [
        None,
        "known_event",
        None,
        "newer_version_known",
        "no_shipment",
    ]
    (entry,) = nodes(trader.data(TIMELINE % 20)["shipment"]["timeline"])
    assert (entry["at"], entry["correction"]) == ("2026-05-20T12:00:00Z", True)


def test_the_timeline_is_read_in_pages_latest_first(trader: Asker, carrier: Asker) -> None:
    ship(trader)
    send(carrier, *(departure(n, f"2026-05-{10 + n}T06:00:00Z") for n in range(1, 6)))
    seen: list[str] = []
    after = "null"
    for expected in (2, 2, 1):
        page = trader.data(TIMELINE % f"2, after: {after}")["shipment"]["timeline"]
        assert len(page["edges"]) == expected
        seen += [node["at"][:10] for node in nodes(page)]
        after = f'"{page["pageInfo"]["endCursor"]}"'
    assert seen == [f"2026-05-{day}" for day in (15, 14, 13, 12, 11)]


def test_a_wrong_event_is_named_and_none_is_kept(trader: Asker, carrier: Asker) -> None:
    ship(trader)
    wrong = [
        ([departure(1, LEFT), {"eventType": "TRANSPORT"}], "events[1]"),
        ([departure(1, LEFT) | {"colour": "red"}], "events[0].colour"),
        ([departure(1, "2026-05-20T06:00:00")], "events[0].event"),
        ([departure(1, LEFT), departure(2, "2026-05-01T06:00:00Z")], "events[1].eventDateTime"),
        (["text"], "events[0]"),
    ]
    for events, field in wrong:
        ((_, named),) = carrier.refused("recordEvents", OUTCOMES, standard="DCSA_2_2", events=events)
        assert str(named).startswith(field)
    assert nodes(trader.data(TIMELINE % 20)["shipment"]["timeline"]) == []


def test_events_may_be_written_in_the_document_itself(trader: Asker, carrier: Asker) -> None:
    ship(trader)
    mutation = """mutation ($at: JSON!) { recordEvents(input: {
        idempotencyKey: "k", standard: DCSA_2_2, events: [{
            eventID: "e-1", eventCreatedDateTime: $at, eventType: "TRANSPORT", eventClassifierCode: "ACT",
            eventDateTime: $at, transportEventTypeCode: "DEPA",
            transportCall: { transportCallID: "c", UNLocationCode: "TWKHH", modeOfTransport: "VESSEL" },
            documentReferences: [{documentReferenceType: "BKG", documentReferenceValue: "MCL4417001"}]
        }] }) { outcomes { outcome } userErrors { code field } } }"""
    told = carrier.data(mutation, at=LEFT)["recordEvents"]
    assert told["outcomes"] == [{"outcome": "RECORDED"}], told


def test_only_a_carrier_sends_events_and_only_of_its_own_shipments(trader: Asker, forwarder: Asker) -> None:
    ship(trader)
    for other in (trader, forwarder):
        refused = other.refused("recordEvents", OUTCOMES, standard="DCSA_2_2", events=[departure(1, LEFT)])
        assert refused == [("role_required", None)]


def test_one_key_in_two_threads_records_once_and_answers_the_same(trader: Asker, carrier: Asker) -> None:
    ship(trader)
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda _: send(carrier, departure(1, LEFT), idempotencyKey="race"), range(6)))
    assert all(each == told[0] for each in told)
    assert told[0][0]["outcome"] == "RECORDED"
    assert len(nodes(trader.data(TIMELINE % 20)["shipment"]["timeline"])) == 1
