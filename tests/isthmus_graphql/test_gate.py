"""Slots, lorries, deliveries through GraphQL: each change once for its key, nothing of it to anybody else."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from graphql_relay import from_global_id, to_global_id

from gate_trade import CONTAINER, OTHER, GateTrade, open_gate_trade
from graphql_client import Asker, nodes, serve
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform
from isthmus_platform.logistics import tokens
from isthmus_platform.logistics.records import DeliveryOrder
from isthmus_protocol.delivery_file import verify_delivery
from standing import StandingClock
from title_trade import DESK, TRUST

SLOTS = "slots { id gate startsAt startsLocal endsLocal freeNumber open terminal { name } }"
SLOT = "slot { id open freeNumber }"
APPOINTMENT = (
    "appointment { id state equipment reason slot { id startsAt } bookedBy { name } haulier { name } }"
)
PROOF = "proof { id state inOrder receivedBy equipment exceptions { kind what packages } evidence { name } }"
OFFER = {
    "place": "DEHAM",
    "zone": "Europe/Berlin",
    "gate": "North",
    "direction": "PICK_UP",
    "day": "2026-06-02",
    "opens": "06:00",
    "closes": "09:00",
    "minutes": 60,
    "capacity": 2,
}
KINDS = {
    "slot": "GateSlot",
    "appointment": "TruckAppointment",
    "booking": "Booking",
    "shipment": "Shipment",
    "release": "CargoRelease",
    "proof": "DeliveryProof",
}
STRANGERS = ("stranger", "bank", "insurer", "operator", "authority")
REFUSED = {"not_found", "role_required", "wrong_token", "wrong_party"}


@pytest.fixture
def trade(platform: Platform) -> GateTrade:
    return open_gate_trade(platform)


@pytest.fixture
def askers(platform: Platform, trade: GateTrade) -> dict[str, Asker]:
    schema = build()
    graphql = GraphQL(platform, schema, planner=Planner(platform, schema), desk=DESK)
    return serve(graphql, trade.releases.titles.papers.trade.actors)


class Story:
    """Makes each change by who may, after it was refused to everybody else, and a second time for its key."""

    def __init__(self, trade: GateTrade, askers: dict[str, Asker]) -> None:
        self.trade, self.askers = trade, askers
        self.tried: set[str] = set()

    def make(self, by: str, mutation: str, selection: str, **given: Any) -> dict[str, Any]:
        self.nobody(mutation, selection, given)
        asker, key = self.askers[by], f"{mutation} {len(self.tried)} {given.get('move')}"
        first = asker.done(mutation, selection, **given, idempotencyKey=key)
        after = self.rows()
        assert asker.done(mutation, selection, **given, idempotencyKey=key) == first
        name = next(each for each, value in given.items() if isinstance(value, str) and each != "move")
        changed = {**given, name: "another"}
        if name != "deliveredAt":
            assert asker.refused(mutation, selection, **changed, idempotencyKey=key) == [
                ("idempotency_key_reused", "idempotencyKey")
            ]
        assert self.rows() == after, mutation
        self.tried.add(mutation)
        return first

    def nobody(self, mutation: str, selection: str, given: dict[str, Any]) -> None:
        if "token" in given:  # whoever has it may come
            given = {**given, "token": "A" * 16}
        swapped = {
            name: to_global_id(KINDS[name], str(uuid4())) if name in KINDS and name != "slot" else value
            for name, value in given.items()
        }
        before = self.rows()
        for stranger in STRANGERS:
            known = self.askers[stranger].change(mutation, selection, **given)
            assert known == self.askers[stranger].change(mutation, selection, **swapped), mutation
            assert known["userErrors"][0]["code"] in REFUSED, (mutation, known)
        assert self.rows() == before

    def rows(self) -> list[Any]:
        rows = self.trade.releases.titles.as_owner("SELECT t::text FROM booking t ORDER BY 1")
        return [*self.trade.rows(), *rows]


def test_every_change_is_made_once_for_its_key_and_is_nobody_elses(
    trade: GateTrade, askers: dict[str, Asker], clock: StandingClock
) -> None:
    story = Story(trade, askers)
    first, second, third = story.make("terminal", "offerGateSlots", SLOTS, **OFFER)["slots"]
    assert (first["startsAt"], first["startsLocal"]) == ("2026-06-02T04:00:00Z", "2026-06-02T06:00+02:00")
    assert (first["freeNumber"], first["open"], first["terminal"]) == (2, True, {"name": "terminal"})
    order = trade.ordered()
    made = story.make("forwarder", "bookTruckAppointment", APPOINTMENT, **wanted(first["id"], order))
    assert made["appointment"]["haulier"] == {"name": "rival"}
    appointment = {"appointment": made["appointment"]["id"]}
    moved = story.make("rival", "rescheduleTruckAppointment", APPOINTMENT, **appointment, slot=second["id"])
    assert moved["appointment"]["slot"]["id"] == second["id"]
    closed = story.make("terminal", "closeGateSlot", SLOT, slot=third["id"])
    assert closed["slot"] == {"id": third["id"], "open": False, "freeNumber": 2}
    clock.now = trade.slot(UUID(from_global_id(second["id"]).id)).starts_at
    story.make("terminal", "moveTruckAppointment", APPOINTMENT, **appointment, move="ARRIVE")
    trade.hand_out(order)
    done = story.make("terminal", "moveTruckAppointment", APPOINTMENT, **appointment, move="COMPLETE")
    assert done["appointment"]["state"] == "COMPLETED"
    release = to_global_id("CargoRelease", str(order.release_id))
    delivered = {"deliveredAt": "2026-06-02T05:00:00Z", "place": "DEHAM", "receivedBy": "A. Petersen"}
    damaged = {"kind": "DAMAGE", "what": "Dented", "packages": 1}
    about = {**appointment, **delivered, "exceptions": [damaged]}
    proof = story.make("rival", "recordDeliveryProof", PROOF, **about)["proof"]
    assert (proof["state"], proof["inOrder"], proof["exceptions"]) == ("RECORDED", False, [damaged])
    told = story.make("consignee", "answerDeliveryProof", PROOF, proof=proof["id"], agrees=True)["proof"]
    assert told["state"] == "CONFIRMED"
    other = story.make(
        "carrier", "recordDeliveryProof", PROOF, release=release, equipment=[OTHER], **delivered
    )
    mine = {"proof": other["proof"]["id"], "reason": "Another container"}
    assert story.make("carrier", "withdrawDeliveryProof", PROOF, **mine)["proof"]["state"] == "WITHDRAWN"
    assert story.tried == {
        "offerGateSlots",
        "bookTruckAppointment",
        "rescheduleTruckAppointment",
        "closeGateSlot",
        "moveTruckAppointment",
        "recordDeliveryProof",
        "answerDeliveryProof",
        "withdrawDeliveryProof",
    }
    metered = trade.releases.titles.as_owner(
        "SELECT payload->>'name', count(*) FROM outbox WHERE payload->>'name' IN"
        " ('appointment.booked', 'delivery.proven') GROUP BY 1 ORDER BY 1"
    )
    assert metered == [("appointment.booked", 1), ("delivery.proven", 2)]


def wanted(slot: str, order: DeliveryOrder, **changes: Any) -> dict[str, Any]:
    return {
        "equipment": CONTAINER,
        "slot": slot,
        "orderNumber": order.number,
        "token": tokens.token(DESK.vault, order.id),
        "haulier": "rival",
        **changes,
    }


def test_a_booking_is_tied_once_to_a_shipment_that_goes_its_way(
    trade: GateTrade, askers: dict[str, Asker]
) -> None:
    story = Story(trade, askers)
    shipment = to_global_id("Shipment", str(trade.releases.titles.shipment))
    selection = "booking { id shipment { reference bookings { id } } }"
    elsewhere = to_global_id("Booking", str(trade.booking(origin="TWKEL")))
    assert askers["trader"].refused("tieBooking", selection, booking=elsewhere, shipment=shipment) == [
        ("other_route", "shipment")
    ]
    booking = to_global_id("Booking", str(trade.booking()))
    none = {"booking": to_global_id("Booking", str(uuid4())), "shipment": shipment}
    for stranger in ("rival", "bank", "operator"):
        known = askers[stranger].change("tieBooking", selection, booking=booking, shipment=shipment)
        assert known == askers[stranger].change("tieBooking", selection, **none)
        assert known["userErrors"][0]["code"] in ("not_found", "role_required")
    tied = story.make("trader", "tieBooking", selection, booking=booking, shipment=shipment)["booking"]
    assert tied["shipment"] == {"reference": "KHH-HAM-1", "bookings": [{"id": booking}]}
    second = to_global_id(
        "Shipment", str(trade.releases.titles.papers.trade.ship(reference="KHH-HAM-2", ucr="U2"))
    )
    assert askers["trader"].refused("tieBooking", selection, booking=booking, shipment=second) == [
        ("tied_before", "booking")
    ]
    assert askers["carrier"].refused("tieBooking", selection, booking=booking, shipment=shipment) == [
        ("wrong_party", "booking")
    ]


def test_the_instruction_is_reached_from_its_booking_by_who_may_read_it(
    trade: GateTrade, askers: dict[str, Asker]
) -> None:
    papers = trade.releases.titles.papers
    booking = to_global_id("Booking", str(trade.booking()))
    shipment = to_global_id("Shipment", str(trade.releases.titles.shipment))
    askers["trader"].done("tieBooking", "booking { id }", booking=booking, shipment=shipment)
    papers.trade.ship(reference="KHH-HAM-2", ucr="U2")
    foreign = papers.store(reference="KHH-HAM-2", type_code="340").document_id
    instruction = papers.store(type_code="610").document_id
    submit = {"booking": booking, "document": to_global_id("Document", str(foreign))}
    assert askers["trader"].refused("submitShippingInstruction", "booking { id }", **submit) == [
        ("other_shipment", "document")
    ]
    submit["document"] = to_global_id("Document", str(instruction))
    selection = "booking { instruction { id type } }"
    told = askers["trader"].done("submitShippingInstruction", selection, **submit)
    assert told["booking"]["instruction"] == {"id": submit["document"], "type": "610"}
    query = "query ($id: ID!) { booking(id: $id) { instruction { id } shipment { reference } } }"
    assert askers["carrier"].data(query, id=booking)["booking"]["instruction"] is None
    papers.grant(instruction, reader="carrier", valid_until=trade.platform.clock() + timedelta(days=9))
    assert askers["carrier"].data(query, id=booking)["booking"]["instruction"] == {"id": submit["document"]}


def test_the_file_of_a_proof_verifies_and_is_for_those_who_see_the_proof(
    trade: GateTrade, askers: dict[str, Asker]
) -> None:
    order = trade.ordered()
    trade.hand_out(order)
    proof = trade.deliver("consignee", release=order.release_id)
    given = to_global_id("DeliveryProof", str(proof.id))
    query = "query ($id: ID!) { deliveryProof(id: $id) { file release { id } } }"
    for by in ("consignee", "carrier", "trader", "terminal"):
        found = askers[by].data(query, id=given)["deliveryProof"]
        assert verify_delivery(found["file"].encode(), TRUST)[0].passed
        assert found["release"]
    for by in STRANGERS:
        nothing = to_global_id("DeliveryProof", str(uuid4()))
        assert askers[by].ask(query, id=given) == askers[by].ask(query, id=nothing)


def test_everybody_sees_the_slots_and_only_its_parties_an_appointment(
    trade: GateTrade, askers: dict[str, Asker]
) -> None:
    slot = trade.offer()[0]
    made = trade.book(slot.id, trade.ordered())
    slots_of = '{ gateSlots(terminal: "terminal") { edges { node { freeNumber } } } }'
    listed = "{ truckAppointments { edges { node { equipment release { id } booking { id } } } } }"
    node = "query ($id: ID!) { node(id: $id) { id } }"
    given, nothing = (to_global_id("TruckAppointment", str(each)) for each in (made.id, uuid4()))
    seen = ("forwarder", "rival", "terminal", "consignee", "carrier", "trader")
    for name, asker in askers.items():
        assert [each["freeNumber"] for each in nodes(asker.data(slots_of)["gateSlots"])] == [1, 2, 2, 2]
        found = nodes(asker.data(listed)["truckAppointments"])
        assert bool(found) is (name in seen), name
        if name not in seen:
            assert asker.ask(node, id=given) == asker.ask(node, id=nothing)
    (told,) = nodes(askers["rival"].data(listed)["truckAppointments"])
    assert told == {"equipment": CONTAINER, "release": None, "booking": None}, "a haulier sees its lorry"
    (told,) = nodes(askers["consignee"].data(listed)["truckAppointments"])
    assert told["release"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"opens": "6:00"}, ("format", "opens")),
        ({"closes": "25:00"}, ("format", "closes")),
        ({"opens": "06:00Z"}, ("format", "opens")),
        ({"day": "2026-02-30"}, ("format", "day")),
        ({"zone": "Mars/Olympus"}, ("unknown_zone", "zone")),
        ({"minutes": -60}, ("range", "minutes")),
        ({"capacity": 2**31 - 1}, ("range", "capacity")),
    ],
    ids=lambda value: str(next(iter(value.values()))) if isinstance(value, dict) else "",
)
def test_what_cannot_be_offered_is_refused_by_field(
    trade: GateTrade, askers: dict[str, Asker], changes: dict[str, Any], error: tuple[str, str]
) -> None:
    assert askers["terminal"].refused("offerGateSlots", SLOTS, **{**OFFER, **changes}) == [error]
    assert trade.releases.titles.as_owner("SELECT FROM gate_slot") == []
