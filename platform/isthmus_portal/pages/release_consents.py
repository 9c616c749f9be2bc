"""A financing bank's consents to releases of cargo: those it gave, another by UCR, and taking one back."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from isthmus_portal import forms
from isthmus_portal.changing import change
from isthmus_portal.face import Face, nodes
from isthmus_portal.forms import Act, Field, Filled
from isthmus_portal.navigation import BANKS, LOGISTICS, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page

CONSENTS = """
query PortalReleaseConsents($first: Int!, $after: String) {
  releaseConsents(first: $first, after: $after) {
    edges { node { id ucr givenAt withdrawnAt } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
CONSENT = change("consentToRelease", "consents { id }")
WITHDRAW = change("withdrawReleaseConsent", "consent { id }")
Answer = Response | AnyResponse | tuple[str, int]


def add(portal: Blueprint, face: Face) -> None:
    """Add the page."""

    @portal.get("/release-consents")
    def release_consents() -> str:
        return _page(_asked(face))

    @portal.post("/release-consents")
    def release_consents_act() -> Answer:
        data = _asked(face)
        every = [GIVE, *_withdrawals(nodes(data["releaseConsents"])).values()]
        return forms.act(face, every, partial(_page, data), url_for("portal.release_consents"))


GIVE = Act(
    "consent",
    "Consent to the release",
    CONSENT,
    "You consent: as far as you are concerned, the cargo may go.",
    (Field("ucr", "UCR of the consignment", longest=35),),
    note="It covers all that you have lent on the consignment by now, and nothing that you lend later."
    " A lien on its title stays until you clear that.",
)


def _withdrawals(consents: list[dict[str, Any]]) -> dict[str, Act]:
    """Return what takes back each consent of these that stands, by its id."""
    return {
        each["id"]: Act(
            f"withdraw {each['id']}",
            "Take it back",
            WITHDRAW,
            "Your consent is taken back: the cargo waits for you again.",
            fixed={"consent": each["id"]},
            danger=True,
        )
        for each in consents
        if not each["withdrawnAt"]
    }


def _asked(face: Face) -> dict[str, Any]:
    data: dict[str, Any] = face.ask(CONSENTS, **paging.position())
    return data


def _page(data: dict[str, Any], filled: Filled | None = None) -> str:
    consents = nodes(data["releaseConsents"])
    return render_template(
        "portal/release_consents.html",
        consents=consents,
        withdrawals=_withdrawals(consents),
        links=paging.links(data["releaseConsents"]),
        acts=[GIVE],
        filled=filled,
    )


PAGE = Page(
    add,
    items=(Item("release_consents", "Consents to release", BANKS, LOGISTICS),),
    queries=(CONSENTS, CONSENT, WITHDRAW),
)
