"""A lorry is booked at the terminal, takes its container, and what it delivers is proven and confirmed.

Told again after it was broken off, it goes on where it stopped.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from isthmus.demo import consignment
from isthmus.demo.member import UnexpectedAnswer, expect, nodes, until_metered
from isthmus.demo.story import Cast, Line
from isthmus_protocol.delivery_file import verify_delivery

CONTAINER = consignment.CONTAINERS[0]
SLOTS = (
    '{ gateSlots(terminal: "terminal", first: 100)'
    " { edges { node { id open startsAt startsLocal freeNumber } } } }"
)
APPOINTMENT = "appointment { id state slot { startsLocal } }"
APPOINTMENTS = "{ truckAppointments(first: 100) { edges { node { id state slot { startsLocal } } } } }"
PROOF = "proof { id state file }"
SOON = timedelta(minutes=10)


def booked(cast: Cast, number: str, token: str | None) -> Iterator[Line]:
    """Book a lorry of the forwarder's with the consignee's token, and let it arrive."""
    made = _made(cast)
    if made is None:
        if token is None:
            raise UnexpectedAnswer("the order has no token, and no lorry was booked on it")
        given = {
            "idempotencyKey": "demo-lorry",
            "slot": _slot(cast),
            "equipment": CONTAINER,
            "orderNumber": number,
            "token": token,
            "haulier": "forwarder",
            "vehicle": "HH-IS 417",
        }
        made = cast.consignee.done("bookTruckAppointment", APPOINTMENT, given)["appointment"]
    when = made["slot"]["startsLocal"]
    yield Line(f"The consignee books the forwarder's lorry at the terminal, from {when} on its clock.")
    if made["state"] == "BOOKED":
        _moved(cast, made["id"], "ARRIVE")
    yield Line("The lorry is at the gate.")


def delivered(cast: Cast, handed_out_at: str) -> Iterator[Line]:
    """Complete the appointment, prove the delivery, confirm it, and check its file offline."""
    made = _made(cast)
    if made is None:
        raise UnexpectedAnswer("there is no lorry")
    if made["state"] == "ARRIVED":
        _moved(cast, made["id"], "COMPLETE")
    recorded = cast.forwarder.done(
        "recordDeliveryProof",
        PROOF,
        {
            "idempotencyKey": "demo-delivered",
            "appointment": made["id"],
            "deliveredAt": handed_out_at,
            "place": "DEHAM",
            "receivedBy": "A. Petersen",
            "exceptions": [{"kind": "DAMAGE", "what": "One crate dented, goods sound", "packages": 1}],
        },
    )["proof"]
    yield Line(f"{CONTAINER} is delivered with one crate dented; the forwarder signs the proof.")
    answer = {"idempotencyKey": "demo-delivery-confirmed", "proof": recorded["id"], "agrees": True}
    proof = cast.consignee.done("answerDeliveryProof", PROOF, answer)["proof"]
    verdict, _ = verify_delivery(proof["file"].encode(), cast.trust)
    expect(verdict.passed, f"the proof of delivery: {verdict.checks}")
    cast.folder.mkdir(parents=True, exist_ok=True)
    stored = cast.folder / "delivery.json"
    stored.write_text(proof["file"])
    yield Line(f"The consignee confirms it; the proof verifies offline: {stored.name}.")
    until_metered(
        cast.period, (cast.consignee, "appointment.booked", 1), (cast.forwarder, "delivery.proven", 1)
    )


def _made(cast: Cast) -> dict[str, Any] | None:
    found = nodes(cast.forwarder.query(APPOINTMENTS)["truckAppointments"])
    return found[0] if found else None


def _moved(cast: Cast, appointment: str, move: str) -> None:
    given = {"idempotencyKey": f"demo-lorry-{move}", "appointment": appointment, "move": move}
    cast.terminal.done("moveTruckAppointment", APPOINTMENT, given)


def _slot(cast: Cast) -> str:
    """Return a slot in which a lorry may arrive now; the terminal offers one where there is none."""
    now = datetime.now(UTC)
    for each in nodes(cast.consignee.query(SLOTS)["gateSlots"]):
        begins = datetime.fromisoformat(each["startsAt"])
        if each["open"] and each["freeNumber"] and begins - timedelta(minutes=25) <= now:
            return str(each["id"])
    soon = (now + SOON).astimezone(ZoneInfo("Europe/Berlin"))
    # In the hour that comes a second time in autumn the clock alone does not say when.
    zone = ZoneInfo("Europe/Berlin") if not soon.fold else ZoneInfo("Etc/GMT-1")
    opens, closes = (each.astimezone(zone) for each in (soon, soon.astimezone(UTC) + timedelta(hours=2)))
    given = {
        "idempotencyKey": f"demo-slots-{opens:%Y%m%d%H%M}",
        "place": "DEHAM",
        "zone": zone.key,
        "gate": f"North {opens:%H:%M}",
        "direction": "PICK_UP",
        "day": f"{opens:%Y-%m-%d}",
        "opens": f"{opens:%H:%M}",
        "closes": f"{closes:%H:%M}",
        "minutes": 60,
        "capacity": 4,
    }
    return str(cast.terminal.done("offerGateSlots", "slots { id }", given)["slots"][0]["id"])
