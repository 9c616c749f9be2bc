"""Freight: quotes asked for and compared in one currency, bookings with their cut-offs watched."""

import re
from collections import Counter
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform.database import PartyRole
from isthmus_portal import deadlines, forms
from isthmus_portal import logistics_queries as queries
from isthmus_portal.face import Face, nodes, roles, viewer
from isthmus_portal.forms import Filled
from isthmus_portal.navigation import LOGISTICS, OWNERS, Item
from isthmus_portal.pages import freight_acts as acts
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page

Answer = Response | AnyResponse | tuple[str, int]

LISTS = {
    "requests": ("Quotes", queries.FREIGHT_REQUESTS, "freightRequests"),
    "bookings": ("Bookings", queries.BOOKINGS, "bookings"),
}
_CODE = re.compile("[A-Z]{3}", re.ASCII)
_RATE = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)


def add(portal: Blueprint, face: Face) -> None:
    """Add the lists, and the pages of a request for quotes and of a booking."""

    @portal.get("/freight")
    def freight() -> str:
        return _lists(face)

    @portal.post("/freight")
    def freight_asked() -> Answer:
        return forms.act(face, [acts.ask(face.clock())], partial(_lists, face), url_for("portal.freight"))

    @portal.get("/freight/requests/<id>")
    def freight_request(id: str) -> str:  # noqa: A002 (the route's word)
        return _request(face, _asked(face, id))

    @portal.post("/freight/requests/<id>")
    def freight_request_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        found = _asked(face, id)
        every = acts.of_request(found, face.clock())
        back = url_for("portal.freight_request", id=id)
        return forms.act(face, every, partial(_request, face, found), back)

    @portal.get("/freight/bookings/<id>")
    def booking(id: str) -> str:  # noqa: A002 (the route's word)
        return _booking(face, *_booked(face, id))

    @portal.post("/freight/bookings/<id>")
    def booking_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        found, may_name = _booked(face, id)
        every = acts.of_booking(found, may_name, face.clock())
        page = partial(_booking, face, found, may_name)
        return forms.act(face, every, page, url_for("portal.booking", id=id))


def _me(face: Face) -> str:
    name: str = viewer(face)["party"]["name"]
    return name


def _lists(face: Face, filled: Filled | None = None) -> str:
    show = request.args.get("show", "requests")
    if show not in LISTS:
        abort(404)
    _, query, name = LISTS[show]
    data = face.ask(query, **paging.position())[name]
    now = face.clock()
    asking = show == "requests" and not OWNERS.isdisjoint(roles())
    return render_template(
        "portal/freight.html",
        show=show,
        lists={key: title for key, (title, _, _) in LISTS.items()},
        rows=nodes(data),
        links=paging.links(data),
        acts=[acts.ask(now)] if asking else [],
        filled=filled,
        left=partial(deadlines.left, now=now),
    )


def _asked(face: Face, id_: str) -> dict[str, Any]:
    found: dict[str, Any] | None = face.ask(queries.FREIGHT_REQUEST, id=id_)["freightRequest"]
    if found is None:
        abort(404)
    return found


def _request(face: Face, found: dict[str, Any], filled: Filled | None = None) -> str:
    now, me = face.clock(), _me(face)
    every = {each.name: each for each in acts.of_request(found, now)}
    may = set(acts.may_request(found, me, now)) | ({filled.act} if filled else set())
    currencies = _currencies(found["quotes"])
    currency = _code(request.args.get("currency")) or (currencies[0] if currencies else "USD")
    rates = _rates(currencies, currency)
    given = [{"currency": code, "rate": rate} for code, rate in rates.items() if rate]
    compared = face.ask(queries.COMPARISON, id=found["id"], currency=currency, rates=given)
    return render_template(
        "portal/freight_request.html",
        request_=found,
        asker=found["asker"]["name"] == me,
        compared=compared["freightRequest"]["comparison"],
        currency=currency,
        rates=rates,
        every=every,
        may=may,
        named=acts.named,
        filled=filled,
        left=partial(deadlines.left, now=now),
    )


def _currencies(quotes: list[dict[str, Any]]) -> list[str]:
    """Return the currencies of the quotes, that of the most charges first, then that which came first."""
    found = Counter(charge["amount"]["currency"] for quote in quotes for charge in quote["charges"])
    return [code for code, _ in found.most_common()]


def _code(given: str | None) -> str | None:
    return given if given and _CODE.fullmatch(given) else None


def _rates(currencies: list[str], currency: str) -> dict[str, str]:
    """Return the rate that was given for each other currency, empty where none was that can be read."""
    entered = {code: request.args.get(f"rate-{code}", "").strip() for code in currencies if code != currency}
    return {code: rate if _RATE.fullmatch(rate) and float(rate) else "" for code, rate in entered.items()}


def _booked(face: Face, id_: str) -> tuple[dict[str, Any], acts.Choices]:
    """Return a booking, and what it may name, as options of its forms."""
    data = face.ask(queries.BOOKING, id=id_)
    if data["booking"] is None:
        abort(404)
    return data["booking"], acts.choices(data["booking"], nodes(data["instructions"]), _me(face))


def _booking(face: Face, found: dict[str, Any], may_name: acts.Choices, filled: Filled | None = None) -> str:
    now = face.clock()
    every = acts.of_booking(found, may_name, now)
    return render_template(
        "portal/booking.html",
        booking=found,
        weighed=len({mass["equipment"] for mass in found["masses"]}),
        acts=forms.shown(every, acts.may_booking(found, _me(face)), filled),
        filled=filled,
        left=partial(deadlines.left, now=now),
    )


PAGE = Page(
    add,
    items=(Item("freight", "Freight", OWNERS | {PartyRole.CARRIER}, LOGISTICS),),
    queries=(
        *(query for _, query, _ in LISTS.values()),
        queries.FREIGHT_REQUEST,
        queries.COMPARISON,
        queries.BOOKING,
        queries.REQUEST_FREIGHT,
        queries.QUOTE_FREIGHT,
        queries.WITHDRAW_FREIGHT,
        queries.ACCEPT_FREIGHT,
        queries.REQUEST_BOOKING,
        queries.MOVE_BOOKING,
        queries.INSTRUCT,
        queries.TIE_BOOKING,
        queries.SUBMIT_MASS,
        queries.RECORD_DELIVERY,
    ),
    words=acts.WORDS,
    tones=acts.TONES,
)
