"""Insurance: covers with their running balance, quotes line by line, declarations, claims with evidence."""

from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from isthmus_platform.database import PartyRole
from isthmus_portal import cover_balance, deadlines, forms
from isthmus_portal import insurance_queries as queries
from isthmus_portal.face import Face, nodes, roles, viewer
from isthmus_portal.formats import moment
from isthmus_portal.forms import Act, Filled
from isthmus_portal.navigation import INSURANCE, OWNERS, Item
from isthmus_portal.pages import claim_acts, paging
from isthmus_portal.pages import insurance_acts as acts
from isthmus_portal.pages.downloads import as_file
from isthmus_portal.pages.page import Page

Answer = Response | AnyResponse | tuple[str, int]

LISTS = {
    "covers": ("Covers", queries.COVERS, "openCovers"),
    "quotes": ("Quotes", queries.QUOTES, "insuranceQuotes"),
    "declarations": ("Declarations", queries.DECLARATIONS, "coverDeclarations"),
    "claims": ("Claims", queries.CLAIMS, "insuranceClaims"),
}
CURRENCY = "USD"
EVIDENCE = frozenset({"EVENT", "DOCUMENT", "REPORT"})


def add(portal: Blueprint, face: Face) -> None:
    """Add the lists, and the pages of a cover, a quote, a declaration and a claim."""
    _add_covers(portal, face)
    _add_quotes(portal, face)
    _add_cargo(portal, face)
    _add_file(portal, face)


def _add_covers(portal: Blueprint, face: Face) -> None:
    @portal.get("/insurance")
    def insurance() -> str:
        return _lists(face)

    @portal.post("/insurance")
    def insurance_offered() -> Answer:
        offers = [acts.offer(face.clock(), _currency(request.form.get("currency")))]
        return forms.act(face, offers, partial(_lists, face), url_for("portal.insurance"))

    @portal.get("/insurance/covers/<id>")
    def insurance_cover(id: str) -> str:  # noqa: A002 (the route's word)
        return _cover(face, _asked(face, queries.COVER, id))

    @portal.post("/insurance/covers/<id>")
    def insurance_cover_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        data = _asked(face, queries.COVER, id)
        return forms.act(
            face, _of_cover(data), partial(_cover, face, data), url_for("portal.insurance_cover", id=id)
        )


def _add_quotes(portal: Blueprint, face: Face) -> None:
    @portal.get("/insurance/quotes/<id>")
    def insurance_quote(id: str) -> str:  # noqa: A002 (the route's word)
        return _quote(face, _asked(face, queries.QUOTE, id)["node"])

    @portal.post("/insurance/quotes/<id>")
    def insurance_quote_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        quote = _asked(face, queries.QUOTE, id)["node"]
        offered = acts.of_quote(quote, face.clock())
        return forms.act(
            face, offered, partial(_quote, face, quote), url_for("portal.insurance_quote", id=id)
        )


def _add_cargo(portal: Blueprint, face: Face) -> None:
    @portal.get("/insurance/declarations/<id>")
    def insurance_declaration(id: str) -> str:  # noqa: A002 (the route's word)
        return _declaration(face, _asked(face, queries.DECLARATION, id)["node"])

    @portal.post("/insurance/declarations/<id>")
    def insurance_declaration_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        found = _asked(face, queries.DECLARATION, id)["node"]
        offered = acts.of_declaration(found, face.clock())
        back = url_for("portal.insurance_declaration", id=id)
        return forms.act(face, offered, partial(_declaration, face, found), back)

    @portal.get("/insurance/claims/<id>")
    def insurance_claim(id: str) -> str:  # noqa: A002 (the route's word)
        return _claim(face, _asked(face, queries.CLAIM, id)["node"])

    @portal.post("/insurance/claims/<id>")
    def insurance_claim_act(id: str) -> Answer:  # noqa: A002 (the route's word)
        found = _asked(face, queries.CLAIM, id)["node"]
        back = url_for("portal.insurance_claim", id=id)
        return forms.act(face, claim_acts.of_claim(found), partial(_claim, face, found), back)


def _add_file(portal: Blueprint, face: Face) -> None:
    @portal.get("/download/insurance/<id>")
    def insurance_file(id: str) -> Response:  # noqa: A002 (the route's word)
        file = _asked(face, queries.FILE, id)["node"].get("file")
        return as_file(file or abort(404), "insurance.json")


def _asked(face: Face, query: str, id_: str) -> dict[str, Any]:
    """Return what a page is about; 404 where there is none to see, or the id is of another kind."""
    data = face.ask(query, id=id_)
    if not data["node"]:
        abort(404)
    return data


def _me(face: Face) -> str:
    name: str = viewer(face)["party"]["name"]
    return name


def _currency(given: str | None) -> str:
    return given if given and len(given) == 3 and given.isascii() and given.isupper() else CURRENCY


def _lists(face: Face, filled: Filled | None = None) -> str:
    show = request.args.get("show", "covers")
    if show not in LISTS:
        abort(404)
    _, query, name = LISTS[show]
    data = face.ask(query, **paging.position())[name]
    now = face.clock()
    currency = _currency(request.values.get("currency"))
    return render_template(
        "portal/insurance.html",
        show=show,
        lists={key: title for key, (title, _, _) in LISTS.items()},
        rows=nodes(data),
        links=paging.links(data),
        offers=[acts.offer(now, currency)] if PartyRole.INSURER in roles() and show == "covers" else [],
        currency=currency,
        rated=PartyRole.INSURER in roles(),
        filled=filled,
        me=_me(face),
        left=partial(deadlines.left, now=now),
    )


def _of_cover(data: dict[str, Any]) -> list[Act]:
    shipments = tuple((shipment["id"], shipment["reference"]) for shipment in nodes(data["shipments"]))
    return acts.of_cover(data["node"], shipments)


def _cover(face: Face, data: dict[str, Any], filled: Filled | None = None) -> str:
    cover, now, me = data["node"], face.clock(), _me(face)
    moved = cover_balance.movements(cover["steps"])
    return render_template(
        "portal/insurance_cover.html",
        cover=cover,
        moved=moved,
        curve=cover_balance.curve(moved, now),
        declarations=nodes(data["coverDeclarations"]),
        quotes=nodes(data["insuranceQuotes"]),
        more=any(data[each]["pageInfo"]["hasNextPage"] for each in ("coverDeclarations", "insuranceQuotes")),
        **_forms(face, _of_cover(data), acts.may_cover(cover, me, now), filled),
    )


def _quote(face: Face, quote: dict[str, Any], filled: Filled | None = None) -> str:
    now = face.clock()
    return render_template(
        "portal/insurance_quote.html",
        quote=quote,
        **_forms(face, acts.of_quote(quote, now), acts.may_quote(quote, _me(face), now), filled),
    )


def _declaration(face: Face, found: dict[str, Any], filled: Filled | None = None) -> str:
    may = acts.may_declaration(found, _me(face))
    return render_template(
        "portal/insurance_declaration.html",
        declaration=found,
        words=_words(found["delay"]) if found["delay"] else [],
        **_forms(face, acts.of_declaration(found, face.clock()), may, filled),
    )


def _claim(face: Face, claim: dict[str, Any], filled: Filled | None = None) -> str:
    return render_template(
        "portal/insurance_claim.html",
        claim=claim,
        evidence=[step for step in claim["steps"] if step["code"] in EVIDENCE],
        **_forms(face, claim_acts.of_claim(claim), claim_acts.may_claim(claim, _me(face)), filled),
    )


def _forms(face: Face, every: list[Act], may: tuple[str, ...], filled: Filled | None) -> dict[str, Any]:
    """Return what the templates need of the forms and of the clock."""
    now: datetime = face.clock()
    return {
        "acts": forms.shown(every, may, filled),
        "filled": filled,
        "me": _me(face),
        "left": partial(deadlines.left, now=now),
    }


def _words(delay: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each source of a delay cover with its word, and whether it is one that decided.

    A word counts that is of the delay that was settled; before, none is known to.
    """
    told = {word["role"]: word for word in delay["told"]}
    rows = []
    for source in delay["sources"]:
        word = told.get(source["role"])
        decided = (
            word is not None and delay["decidedAt"] and moment(word["toldAt"]) <= moment(delay["decidedAt"])
        )
        standing = "AWAITED" if word is None else "TOLD"
        if word is not None and word["apart"] is not None:
            standing = ("COUNTS" if word["apart"] == 0 else "DIFFERS") if decided else "TOO_LATE"
        rows.append({**source, "word": word, "standing": standing})
    return rows


PAGE = Page(
    add,
    items=(Item("insurance", "Insurance", OWNERS | {PartyRole.INSURER}, INSURANCE),),
    queries=(
        *(query for _, query, _ in LISTS.values()),
        queries.COVER,
        queries.QUOTE,
        queries.DECLARATION,
        queries.CLAIM,
        queries.FILE,
        queries.OFFER_COVER,
        queries.ANSWER_COVER,
        queries.ADJUST_COVER,
        queries.CANCEL_COVER,
        queries.REQUEST_QUOTE,
        queries.ANSWER_QUOTE,
        queries.DECLARE_CARGO,
        queries.ADJUST_DECLARATION,
        queries.CANCEL_DECLARATION,
        queries.NOTIFY_CLAIM,
        queries.DOCUMENT_CLAIM,
        queries.ASSESS_CLAIM,
        queries.ACCEPT_CLAIM,
        queries.DECLINE_CLAIM,
        queries.SETTLE_CLAIM,
        queries.WITHDRAW_CLAIM,
    ),
    words=acts.WORDS,
    tones=acts.TONES,
)
