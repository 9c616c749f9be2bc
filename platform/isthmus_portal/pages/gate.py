"""Lorries at terminals' gates, proofs of delivery, and what a shipment's transport emits."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform.database import PartyRole
from isthmus_portal import forms
from isthmus_portal import gate_queries as queries
from isthmus_portal.face import Face, nodes, roles, viewer
from isthmus_portal.forms import Act, Filled
from isthmus_portal.navigation import LOGISTICS, OWNERS, Item
from isthmus_portal.pages import gate_acts as acts
from isthmus_portal.pages import paging
from isthmus_portal.pages.downloads import as_file
from isthmus_portal.pages.page import Page

Answer = Response | AnyResponse | tuple[str, int]
AT_THE_GATE = OWNERS | {PartyRole.CARRIER, PartyRole.TERMINAL}


def add(portal: Blueprint, face: Face) -> None:
    """Add appointments, deliveries and emissions."""
    _add_appointments(portal, face)
    _add_deliveries(portal, face)

    @portal.get("/shipments/<reference>/emissions")
    def emissions(reference: str) -> str:
        found = face.ask(queries.EMISSIONS, reference=reference)["shipment"]
        if found is None:
            abort(404)
        return render_template("portal/emissions.html", shipment=found)


def _add_appointments(portal: Blueprint, face: Face) -> None:
    @portal.get("/appointments")
    def appointments() -> str:
        return _appointments(face)

    @portal.post("/appointments")
    def appointments_act() -> Answer:
        return forms.act(face, _offered(face), partial(_appointments, face), url_for("portal.appointments"))

    @portal.get("/appointments/<id>")
    def appointment(id: str) -> str:  # noqa: A002 (the route's word)
        return _appointment(face, _one(face, queries.APPOINTMENT, id))

    @portal.post("/appointments/<id>")
    def appointment_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        found = _one(face, queries.APPOINTMENT, id)
        offered, page = acts.of_appointment(found, _instead(face, found)), partial(_appointment, face, found)
        return forms.act(face, offered, page, url_for("portal.appointment", id=id))


def _add_deliveries(portal: Blueprint, face: Face) -> None:
    @portal.get("/deliveries")
    def deliveries() -> str:
        return _deliveries(face, face.ask(queries.DELIVERIES, **paging.position()))

    @portal.post("/deliveries")
    def deliveries_act() -> Answer:
        data = face.ask(queries.DELIVERIES, **paging.position())
        page = partial(_deliveries, face, data)
        return forms.act(face, [_record(face, data)], page, url_for("portal.deliveries"))

    @portal.get("/deliveries/<id>")
    def delivery(id: str) -> str:  # noqa: A002 (the route's word)
        return _delivery(face, _one(face, queries.DELIVERY, id))

    @portal.post("/deliveries/<id>")
    def delivery_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        found = _one(face, queries.DELIVERY, id)
        back = url_for("portal.delivery", id=id)
        return forms.act(face, acts.of_delivery(found), partial(_delivery, face, found), back)

    @portal.get("/download/deliveries/<id>")
    def delivery_file(id: str) -> Response:  # noqa: A002 (the route's word)
        return as_file(_one(face, queries.DELIVERY_FILE, id)["file"], "delivery.json")


def _one(face: Face, query: str, id_: str) -> dict[str, Any]:
    """Return the one thing that ``query`` asks for by its id; 404 where there is none to see."""
    (found,) = face.ask(query, id=id_).values()
    if found is None:
        abort(404)
    one: dict[str, Any] = found
    return one


def _me(face: Face) -> str:
    name: str = viewer(face)["party"]["name"]
    return name


def _offered(face: Face) -> list[Act]:
    """Return what may be done beside the appointments.

    A terminal offers slots and closes those that are shown; others book at the chosen one.
    """
    own = _own_slots(face)
    offers = [acts.offer(), *acts.close(nodes(own))] if own else []
    terminal = request.values.get("terminal", "").strip()
    if not terminal:
        return offers
    data = face.ask(queries.SLOTS, terminal=terminal)
    return [*offers, acts.book(nodes(data["gateSlots"]), nodes(data["bookings"]), _me(face))]


def _own_slots(face: Face) -> dict[str, Any] | None:
    """Return a page of a terminal's own slots; none for others."""
    if PartyRole.TERMINAL not in roles():
        return None
    about = {"terminal": _me(face), "first": paging.PAGE, **paging.place("slots")}
    found: dict[str, Any] = face.ask(queries.OWN_SLOTS, **about)["gateSlots"]
    return found


def _appointments(face: Face, filled: Filled | None = None) -> str:
    data = face.ask(queries.APPOINTMENTS, **paging.position())["truckAppointments"]
    own = _own_slots(face)
    return render_template(
        "portal/appointments.html",
        appointments=nodes(data),
        links=paging.links(data),
        terminal=request.values.get("terminal", "").strip(),
        slots=nodes(own) if own else [],
        slot_links=paging.links(own, "slots") if own else {},
        acts=_offered(face),
        when_of=acts.when_of,
        filled=filled,
    )


def _may(face: Face, found: dict[str, Any]) -> tuple[str, ...]:
    return acts.may_appointment(found, _me(face), face.clock())


def _instead(face: Face, found: dict[str, Any]) -> acts.Options:
    """Return the slots to which the party may move an appointment now."""
    if "RESCHEDULE" not in _may(face, found):
        return ()
    data = face.ask(queries.OTHER_SLOTS, terminal=found["slot"]["terminal"]["name"])
    return acts.instead(found, nodes(data["gateSlots"]))


def _appointment(face: Face, found: dict[str, Any], filled: Filled | None = None) -> str:
    others = _instead(face, found)
    may = [name for name in _may(face, found) if others or name != "RESCHEDULE"]
    return render_template(
        "portal/appointment.html",
        appointment=found,
        when_of=acts.when_of,
        acts=forms.shown(acts.of_appointment(found, others), may, filled),
        filled=filled,
    )


def _record(face: Face, data: dict[str, Any]) -> Act:
    about = {name: nodes(data[name]) for name in ("truckAppointments", "cargoReleases")}
    return acts.record(about, _me(face), face.clock())


def _deliveries(face: Face, data: dict[str, Any], filled: Filled | None = None) -> str:
    recording = _record(face, data)
    may = any(field.options for field in recording.fields[:2])
    return render_template(
        "portal/deliveries.html",
        proofs=nodes(data["deliveryProofs"]),
        links=paging.links(data["deliveryProofs"]),
        acts=forms.shown([recording], ("record",) if may else (), filled),
        filled=filled,
    )


def _delivery(face: Face, found: dict[str, Any], filled: Filled | None = None) -> str:
    return render_template(
        "portal/delivery.html",
        proof=found,
        acts=forms.shown(acts.of_delivery(found), acts.may_delivery(found, _me(face)), filled),
        filled=filled,
    )


PAGE = Page(
    add,
    items=(
        Item("appointments", "Lorries", AT_THE_GATE, LOGISTICS),
        Item("deliveries", "Deliveries", AT_THE_GATE - {PartyRole.TERMINAL}, LOGISTICS),
    ),
    queries=(
        queries.APPOINTMENTS,
        queries.SLOTS,
        queries.OTHER_SLOTS,
        queries.OWN_SLOTS,
        queries.APPOINTMENT,
        queries.DELIVERIES,
        queries.DELIVERY,
        queries.DELIVERY_FILE,
        queries.EMISSIONS,
        queries.OFFER_SLOTS,
        queries.CLOSE_SLOT,
        queries.BOOK_LORRY,
        queries.RESCHEDULE_LORRY,
        queries.MOVE_LORRY,
        queries.RECORD_PROOF,
        queries.ANSWER_PROOF,
        queries.WITHDRAW_PROOF,
    ),
    words=acts.WORDS,
    tones=acts.TONES,
)
