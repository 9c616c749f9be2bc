"""Receivables: invoices offered to banks, quoted blind, and each financing with its history and amounts."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform.database import PartyRole
from isthmus_platform.receivables.offering import COMMERCIAL_INVOICE
from isthmus_portal import deadlines, forms
from isthmus_portal import receivable_queries as queries
from isthmus_portal.face import Face, nodes, roles, viewer
from isthmus_portal.forms import Act, Filled
from isthmus_portal.navigation import BANKS, FINANCE, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages import receivable_acts as acts
from isthmus_portal.pages.page import Page

Answer = Response | AnyResponse | tuple[str, int]

LISTS = {
    "invoices": ("Invoices", queries.INVOICES, "receivables"),
    "offers": ("Offers", queries.OFFERS, "receivableOffers"),
    "notices": ("Notices", queries.NOTICES, "receivableNotices"),
}


def add(portal: Blueprint, face: Face) -> None:
    """Add the lists, and the page of an invoice as one bank is offered it."""

    @portal.get("/receivables")
    def receivables() -> str:
        return _lists(face)

    @portal.post("/receivables")
    def receivable_offered() -> Answer:
        return forms.act(face, _offering(face), partial(_lists, face), url_for("portal.receivables"))

    @portal.get("/receivables/offers/<id>")
    def receivable_offer(id: str) -> str:  # noqa: A002 (the route's word)
        return _offer(face, _asked(face, id))

    @portal.post("/receivables/offers/<id>")
    def receivable_offer_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        found = _asked(face, id)
        every = list(acts.of_offer(found, face.clock()).values())
        onward = url_for("portal.receivable_offer", id=id)
        return forms.act(face, every, lambda filled: _offer(face, _asked(face, id), filled), onward)


def _sells() -> bool:
    return PartyRole.TRADER in roles()


def _me(face: Face) -> str:
    name: str = viewer(face)["party"]["name"]
    return name


def _lists(face: Face, filled: Filled | None = None) -> str:
    show = request.args.get("show", "invoices" if _sells() else "offers")
    if show not in LISTS:
        abort(404)
    _, query, name = LISTS[show]
    data = face.ask(query, **paging.position())[name]
    return render_template(
        "portal/receivables.html",
        show=show,
        lists={key: title for key, (title, _, _) in LISTS.items()},
        rows=nodes(data),
        links=paging.links(data),
        acts=_offering(face) if show == "invoices" else [],
        filled=filled,
        sells=_sells(),
        me=_me(face),
        turn=acts.turn,
        done=acts.DONE,
        left=partial(deadlines.left, now=face.clock()),
    )


def _offering(face: Face) -> list[Act]:
    """Return the form that offers an invoice, with one's own invoices to choose from; none for a bank."""
    if not _sells():
        return []
    me = _me(face)
    papers = [
        (document["id"], f"{shipment['reference']}: {document['title']}")
        for shipment in nodes(face.ask(queries.PAPERS)["shipments"])
        for document in nodes(shipment["documents"])
        if document["type"] == COMMERCIAL_INVOICE and document["owner"]["name"] == me
    ]
    return [acts.offer(papers)]


def _asked(face: Face, id_: str) -> dict[str, Any]:
    found: dict[str, Any] | None = face.ask(queries.OFFER, id=id_)["receivableOffer"]
    if found is None:
        abort(404)
    return found


def _offer(face: Face, found: dict[str, Any], filled: Filled | None = None) -> str:
    now = face.clock()
    every = acts.of_offer(found, now)
    invoice = found["receivable"]
    return render_template(
        "portal/receivable_offer.html",
        offer=found,
        invoice=invoice,
        others=[each for each in invoice["offers"] if each["id"] != found["id"]] if invoice else [],
        today=acts.today(found, now),
        acts=forms.shown(list(every.values()), acts.may(found, every), filled),
        filled=filled,
        done=acts.DONE,
        by_platform=acts.BY_PLATFORM,
        left=partial(deadlines.left, now=now),
    )


PAGE = Page(
    add,
    items=(Item("receivables", "Receivables", BANKS | {PartyRole.TRADER}, FINANCE),),
    queries=(
        *(query for _, query, _ in LISTS.values()),
        queries.OFFER,
        queries.PAPERS,
        queries.OFFER_INVOICE,
        queries.QUOTE,
        queries.TAKE_STEP,
        queries.REPAY,
    ),
    words=acts.WORDS,
    tones=acts.TONES,
)
