"""The pages of lorries, deliveries and emissions on the real schema."""

from base64 import b64decode
from hashlib import sha256
from json import loads

import pytest
from graphql_relay import to_global_id

from gate_trade import CONTAINER, GateTrade, open_gate_trade
from isthmus_platform.database import Platform
from isthmus_platform.logistics import tokens
from isthmus_platform.logistics.appointment_machine import Direction
from isthmus_portal import Files
from isthmus_protocol.delivery_file import verify_delivery
from portal_frame import is_sound
from portal_services import acquainted, done, offered, refused
from portal_visitor import AsParty
from standing import StandingClock
from title_trade import DESK, TRUST


@pytest.fixture
def trade(platform: Platform) -> GateTrade:
    return open_gate_trade(platform)


@pytest.fixture
def as_party(trade: GateTrade) -> AsParty:
    return acquainted(trade.platform, DESK, trade.releases.titles.papers.trade.actors, Files())


def test_slots_are_offered_booked_with_the_order_and_served_at_the_gate(
    trade: GateTrade, as_party: AsParty, clock: StandingClock
) -> None:
    terminal, forwarder = as_party("terminal"), as_party("forwarder")
    asked = {
        "place": "DEHAM",
        "gate": "North",
        "direction": "PICK_UP",
        "day": "2026-06-02",
        "closes": "08:00",
    }
    empty = is_sound(terminal.get("/appointments"))
    wrong = refused(terminal, empty, "Offer slots of a day", **{**asked, "day": "tomorrow"})
    assert wrong.one("p", id="offer-day-said").text
    done(terminal, empty, "Offer slots of a day", **asked)
    order = trade.ordered()
    shown = is_sound(forwarder.get("/appointments?terminal=terminal"))
    slots = [option.text for option in shown.one("select", name_="slot").all("option")]
    assert slots[0] == "2026-06-02 06:00 to 07:00 (Europe/Berlin), pick-up, gate North"
    given = {"equipment": CONTAINER, "orderNumber": order.number}
    told = refused(forwarder, shown, "Book a lorry", **given, token="ABCD")
    assert told.one("p", id="book-token-said").text
    booked = done(forwarder, shown, "Book a lorry", **given, token=tokens.token(DESK.vault, order.id))
    assert offered(booked) == ["Move it to another slot", "Cancel the appointment"]
    address = booked.form("Cancel the appointment")[0]
    clock.advance(hours=20)
    at_gate = as_party("terminal")
    arrived = done(at_gate, at_gate.get(address), "The lorry is at the gate")
    assert offered(arrived) == ["The lorry is served", "Turn it away"]
    told = refused(at_gate, arrived, "The lorry is served")
    assert told.one("p", role="alert").text
    assert as_party("rival").client.get(address).status_code == 404


def test_a_delivery_is_recorded_answered_and_its_file_verifies(trade: GateTrade, as_party: AsParty) -> None:
    trade.hand_out(trade.ordered())
    carrier, consignee = as_party("carrier"), as_party("consignee")
    form = is_sound(carrier.get("/deliveries"))
    key = form.one("select", name_="release").all("option")[1].attributes["value"]
    given = {"release": key, "place": "DEHAM", "receivedBy": "A. Petersen", "exception.kind": "DAMAGE"}
    half = refused(carrier, form, "Record a delivery", **given)
    assert half.one("p", id="record-exception.what-said").text == "This is needed with the others."
    proof = done(carrier, form, "Record a delivery", **given, **{"exception.what": "Two crates wet"})
    assert "Damage: Two crates wet" in proof.section("Whether all is in order").text
    assert offered(proof) == ["Withdraw the proof"]
    address = proof.form("Withdraw the proof")[0]
    answered = done(consignee, consignee.get(address), "Confirm the delivery")
    assert "Confirmed" in answered.one(css="head-status").text
    assert offered(answered) == []
    assert verify_delivery(consignee.client.get(answered.link("Download the proof")).data, TRUST)[0].passed
    as_party("stranger").get(address, status=404)
    assert "Confirmed" in carrier.get("/deliveries").one("tbody").text


def test_files_and_documents_are_named_in_the_signed_proof_by_their_digests(
    trade: GateTrade, as_party: AsParty
) -> None:
    trade.hand_out(trade.ordered())
    papers = trade.releases.titles.papers
    note = papers.store(b"The driver's note", title="Note of the driver").document_id
    papers.grant(note, reader="carrier")
    carrier = as_party("carrier")
    form = is_sound(carrier.get("/deliveries"))
    key = form.one("select", name_="release").all("option")[1].attributes["value"]
    digest = sha256(b"a picture").hexdigest()
    given: dict[str, str | list[str]] = {
        "release": key,
        "place": "DEHAM",
        "receivedBy": "A. Petersen",
        "documents": [to_global_id("Document", str(note))],
    }
    for lines, said in (
        (f"door.jpg, {digest}\nroof.jpg", "Row 2: A name and a SHA-256, with a comma between."),
        ("door.jpg, 1234", "Row 1: A SHA-256 has 64 hexadecimal digits."),
    ):
        shown = refused(carrier, form, "Record a delivery", **given, attachments=lines)
        assert shown.one("p", id="record-attachments-said").text == said
        assert shown.one("textarea", name_="attachments").value.strip() == lines, "what was entered stays"
    form = carrier.get("/deliveries")
    assert form.one("input", type="file").attributes["data-into"] == "attachments"
    proof = done(carrier, form, "Record a delivery", **given, attachments=f"door.jpg, {digest}")
    rows = [
        [cell.text for cell in row.all("td")] for row in proof.section("Pictures and files").all("tr")[1:]
    ]
    assert rows == [["door.jpg", digest], ["Note of the driver", sha256(b"The driver's note").hexdigest()]]
    file = carrier.client.get(proof.link("Download the proof")).data
    signed = b64decode(loads(file)["proof"].split(".")[1] + "==", b"-_")
    assert digest.encode() in signed
    assert verify_delivery(file, TRUST)[0].passed


def test_documents_that_the_recorder_may_not_read_are_not_offered(
    trade: GateTrade, as_party: AsParty
) -> None:
    trade.hand_out(trade.ordered())
    trade.releases.titles.papers.store(title="Not for the carrier")
    assert "Not for the carrier" not in as_party("carrier").get("/deliveries").text


def test_what_a_shipment_emits_is_told_leg_by_leg_with_its_source(
    trade: GateTrade, as_party: AsParty
) -> None:
    trader = as_party("trader")
    address = trader.get("/shipments/KHH-HAM-1").link("CO 2 e leg by leg")
    shown = is_sound(trader.get(address))
    assert shown.section("Leg by leg").one("tbody").all("tr")
    assert "An estimate by defaults" in shown.text
    assert "Asia to and from North Europe" in shown.text
    assert "not checked" not in shown.text
    as_party("stranger").get(address, status=404)


def test_an_appointment_is_no_page_for_whoever_has_no_part_in_it(trade: GateTrade, as_party: AsParty) -> None:
    slot = trade.offer()[0]
    appointment = trade.book(slot.id, trade.ordered())
    address = f"/appointments/{to_global_id('TruckAppointment', str(appointment.id))}"
    as_party("stranger").get(address, status=404)
    assert offered(as_party("rival").get(address)) == ["Move it to another slot", "Cancel the appointment"]


def test_a_lorry_is_moved_to_another_free_slot_and_its_place_is_free_again(
    trade: GateTrade, as_party: AsParty
) -> None:
    first, second, third = trade.offer()[:3]
    trade.offer(direction=Direction.DROP_OFF, gate="South")
    trade.close(third.id)
    appointment = trade.book(first.id, trade.ordered())
    address = f"/appointments/{to_global_id('TruckAppointment', str(appointment.id))}"
    driver = as_party("rival")
    shown = is_sound(driver.get(address))
    others = {option.attributes["value"] for option in shown.one("select", name_="slot").all("option")}
    here = to_global_id("GateSlot", str(first.id))
    assert to_global_id("GateSlot", str(second.id)) in others
    assert not {here, to_global_id("GateSlot", str(third.id))} & others
    assert "drop-off" not in shown.one("select", name_="slot").text
    chosen = {"slot": to_global_id("GateSlot", str(second.id))}
    moved = done(driver, shown, "Move it to another slot", **chosen)
    assert (trade.slot(first.id).taken, trade.slot(second.id).taken) == (0, 1)
    assert here in {option.attributes["value"] for option in moved.one("select", name_="slot").all("option")}
    trade.close(first.id)
    told = refused(driver, moved, "Move it to another slot", slot=here)
    assert told.one("p", id="RESCHEDULE-slot-said").text == "Choose one of these."
    terminal = as_party("terminal")
    assert "Move it to another slot" not in offered(terminal.get(address))


def test_where_no_other_slot_is_free_none_is_offered(trade: GateTrade, as_party: AsParty) -> None:
    slots = trade.offer()
    appointment = trade.book(slots[0].id, trade.ordered())
    for each in slots[1:]:
        trade.close(each.id)
    address = f"/appointments/{to_global_id('TruckAppointment', str(appointment.id))}"
    assert offered(as_party("forwarder").get(address)) == ["Cancel the appointment"]
