"""What terminals, those who book lorries, who drive and who receive may do: the forms of their pages."""

from datetime import datetime
from typing import Any

from flask import url_for

from isthmus_portal import gate_queries as queries
from isthmus_portal.formats import moment
from isthmus_portal.forms import Act, Field, coded, day_and_time, row_fault

WORDS = {"NO_SHOW": "Did not come"}
TONES = {
    "CONFIRMED": "good",
    "COMPLETED": "good",
    "DISPUTED": "bad",
    "NO_SHOW": "bad",
    "TURNED_AWAY": "bad",
    "WITHDRAWN": "warn",
}
DIRECTIONS = ("PICK_UP", "DROP_OFF")
Options = tuple[tuple[str, str], ...]
FILE = ("name", "sha256")
LACKING = ("SHORTAGE", "DAMAGE", "OTHER")


def offer() -> Act:
    """Return the form by which a terminal offers the slots of a day."""
    return Act(
        "offer",
        "Offer slots of a day",
        queries.OFFER_SLOTS,
        "The slots are offered.",
        (
            Field("place", "Place (UN/LOCODE)", longest=5),
            Field("zone", "Time zone (IANA)", value="Europe/Berlin", longest=40),
            Field("gate", "Gate", longest=35),
            Field("direction", "What for", "choice", options=coded(DIRECTIONS, WORDS)),
            Field("day", "Local day", hint="2026-06-02", longest=10),
            Field("opens", "Opens, on the terminal's clock", value="06:00", longest=5),
            Field("closes", "Closes, on the terminal's clock", value="22:00", longest=5),
            Field("minutes", "Minutes of a slot", "whole", value="60"),
            Field("capacity", "Lorries a slot", "whole", value="10"),
        ),
    )


def close(slots: list[dict[str, Any]]) -> list[Act]:
    """Return the form by which a terminal closes one of its ``slots``, if any is open."""
    open_ones = tuple((each["id"], when_of(each)) for each in slots if each["open"])
    if not open_ones:
        return []
    return [
        Act(
            "close",
            "Close a slot",
            queries.CLOSE_SLOT,
            "The slot takes no more lorries.",
            (Field("slot", "Which", "choice", options=open_ones),),
            note="Lorries that are booked in it may come.",
            danger=True,
        )
    ]


def book(slots: list[dict[str, Any]], bookings: list[dict[str, Any]], me: str) -> Act:
    """Return the form that books a lorry in one of ``slots``."""
    own = tuple(
        (each["id"], each["reference"])
        for each in bookings
        if each["status"] == "CONFIRMED" and each["bookedBy"]["name"] == me
    )
    return Act(
        "book",
        "Book a lorry",
        queries.BOOK_LORRY,
        "The lorry is booked.",
        (
            Field("slot", "When", "choice", options=_free(slots)),
            Field("equipment", "Container (ISO 6346)", longest=11),
            Field("orderNumber", "To pick up: number of the delivery order", required=False, longest=40),
            Field("token", "To pick up: its token", required=False, longest=64),
            Field("booking", "To drop off: your booking", "choice", required=False, options=own),
            Field("haulier", "Who drives, where that is another", required=False, longest=63),
            Field("vehicle", "Licence plate", required=False, longest=15),
        ),
        then=lambda payload: url_for("portal.appointment", id=payload["appointment"]["id"]),
    )


def _free(slots: list[dict[str, Any]]) -> Options:
    return tuple((each["id"], when_of(each)) for each in slots if each["open"] and each["freeNumber"])


def when_of(slot: dict[str, Any]) -> str:
    """Return a slot in words: its day and time on the terminal's clock, what it is for, and its gate."""
    begins, ends = (datetime.fromisoformat(slot[name]) for name in ("startsLocal", "endsLocal"))
    what = "pick-up" if slot["direction"] == "PICK_UP" else "drop-off"
    return f"{begins:%Y-%m-%d %H:%M} to {ends:%H:%M} ({slot['zone']}), {what}, gate {slot['gate']}"


def instead(appointment: dict[str, Any], slots: list[dict[str, Any]]) -> Options:
    """Return those of a terminal's ``slots`` to which an appointment may be moved."""
    now = appointment["slot"]
    same = [each for each in slots if (each["place"], each["direction"]) == (now["place"], now["direction"])]
    return _free([each for each in same if each["id"] != now["id"]])


def of_appointment(appointment: dict[str, Any], others: Options) -> list[Act]:
    """Return all that is ever done with an appointment; ``others`` are the slots to which it may be moved."""
    fixed = {"appointment": appointment["id"]}
    why = (Field("reason", "Why", longest=255),)
    moving = Act(
        "RESCHEDULE",
        "Move it to another slot",
        queries.RESCHEDULE_LORRY,
        "The lorry comes in the other slot; its place in the first is free again.",
        (Field("slot", "When instead", "choice", options=others),),
        fixed=fixed,
    )
    return [moving] + [
        Act(
            move,
            button,
            queries.MOVE_LORRY,
            done,
            why if move in ("CANCEL", "TURN_AWAY") else (),
            fixed={**fixed, "move": move},
            danger=move in ("CANCEL", "TURN_AWAY", "NO_SHOW"),
        )
        for move, button, done in (
            ("ARRIVE", "The lorry is at the gate", "The arrival is recorded."),
            ("COMPLETE", "The lorry is served", "The appointment is completed."),
            ("TURN_AWAY", "Turn it away", "The lorry is turned away."),
            ("NO_SHOW", "It did not come", "It is recorded that it did not come."),
            ("CANCEL", "Cancel the appointment", "The appointment is cancelled."),
        )
    ]


def may_appointment(appointment: dict[str, Any], me: str, now: datetime) -> tuple[str, ...]:
    """Return what the party ``me`` may do with an appointment now, given another slot to move it to."""
    slot, state = appointment["slot"], appointment["state"]
    if slot["terminal"]["name"] == me:
        over = moment(slot["endsAt"]) < now
        return {"BOOKED": ("NO_SHOW",) if over else ("ARRIVE",), "ARRIVED": ("COMPLETE", "TURN_AWAY")}.get(
            state, ()
        )
    own = me in (appointment["bookedBy"]["name"], (appointment["haulier"] or {}).get("name"))
    return ("RESCHEDULE", "CANCEL") if own and state == "BOOKED" and moment(slot["endsAt"]) > now else ()


def record(data: dict[str, list[dict[str, Any]]], me: str, now: datetime) -> Act:
    """Return the form that records a delivery on an appointment that was driven, or on a release."""
    driven = tuple(
        (each["id"], each["equipment"])
        for each in data["truckAppointments"]
        if each["state"] == "COMPLETED" and me == (each["haulier"] or each["bookedBy"])["name"]
    )
    ended = [each for each in data["cargoReleases"] if each["state"] == "PICKED_UP"]
    handed = tuple(
        (each["id"], each["shipment"]["reference"] if each["shipment"] else each["consignee"]["name"])
        for each in ended
        if me in (each["carrier"]["name"], each["consignee"]["name"])
    )
    papers = {
        edge["node"]["id"]: edge["node"]["title"]
        for each in ended
        if each["shipment"]
        for edge in each["shipment"]["documents"]["edges"]
    }

    def shape(given: dict[str, Any]) -> dict[str, Any]:
        lacking, files = given.pop("exception", None), given.pop("attachments", [])
        for number, each in enumerate(files, start=1):
            if each.keys() != {*FILE}:
                raise row_fault("attachments", number, "A name and a SHA-256, with a comma between.")
        files += [{"name": papers[key], "document": key} for key in given.pop("documents", ())]
        return {**given, "exceptions": [lacking] if lacking else [], "attachments": files}

    documents = Field(
        "documents", "And documents here", "choices", required=False, options=tuple(papers.items())
    )
    return Act(
        "record",
        "Record a delivery",
        queries.RECORD_PROOF,
        "The delivery is recorded and signed; the recipient confirms or disputes it.",
        (
            Field("appointment", "Appointment that you drove", "choice", required=False, options=driven),
            Field("release", "Or release", "choice", required=False, options=handed),
            Field("deliveredAt", "Delivered", "moment", value=day_and_time(now)),
            Field("place", "Where (UN/LOCODE)", longest=5),
            Field("receivedBy", "Person who took the goods", longest=100),
            Field("exception.kind", "Not in order", "choice", required=False, options=coded(LACKING, WORDS)),
            Field("exception.what", "What is not in order", required=False, longest=500),
            Field(
                "attachments",
                "Pictures and files, by their digests",
                "lines",
                required=False,
                hint="One a line: a name and the SHA-256 of its bytes, with a comma between.",
                longest=20_000,
                cells=FILE,
                files="digests",
            ),
            *([documents] if papers else []),
        ),
        whole=(("exception.kind", "exception.what"),),
        shape=shape,
        then=lambda payload: url_for("portal.delivery", id=payload["proof"]["id"]),
    )


def of_delivery(proof: dict[str, Any]) -> list[Act]:
    """Return all that is ever done to a proof of delivery."""
    fixed = {"proof": proof["id"]}
    return [
        Act(
            "confirm",
            "Confirm the delivery",
            queries.ANSWER_PROOF,
            "You signed that it is so.",
            (Field("remark", "Remark", required=False, longest=500),),
            fixed={**fixed, "agrees": True},
        ),
        Act(
            "dispute",
            "Dispute the delivery",
            queries.ANSWER_PROOF,
            "You signed that it is not so.",
            (Field("remark", "What is not so", longest=500),),
            fixed={**fixed, "agrees": False},
            danger=True,
        ),
        Act(
            "withdraw",
            "Withdraw the proof",
            queries.WITHDRAW_PROOF,
            "The proof is withdrawn.",
            (Field("reason", "Why", longest=255),),
            fixed=fixed,
            danger=True,
        ),
    ]


def may_delivery(proof: dict[str, Any], me: str) -> tuple[str, ...]:
    """Return what the party ``me`` may do to a proof now."""
    if proof["state"] != "RECORDED":
        return ()
    answer = ("confirm", "dispute") if proof["recipient"]["name"] == me else ()
    return (*answer, "withdraw") if proof["recordedBy"]["name"] == me else answer
