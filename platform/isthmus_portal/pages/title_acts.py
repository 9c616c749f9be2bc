"""What keeps or begins a title: issue, lien, customs hold, the clearing of both, suspension; their forms."""

import re
from collections.abc import Mapping
from typing import Any

from flask import url_for

from isthmus_platform.database import PartyRole
from isthmus_portal import title_queries as queries
from isthmus_portal.forms import Act, Field, Unreadable, coded

FORMS = ("NEGOTIABLE", "STRAIGHT")
WORDS = {"NEGOTIABLE": "To order (negotiable)", "STRAIGHT": "To a named consignee (straight)"}
ISSUERS: Mapping[PartyRole, str] = {
    PartyRole.CARRIER: "BILL_OF_LADING",
    PartyRole.FORWARDER: "WAREHOUSE_RECEIPT",
}
"""What is issued by whom."""
KINDS = {
    "BILL_OF_LADING": ("Issue a title", "Shipment that you carry", "bill of lading"),
    "WAREHOUSE_RECEIPT": ("Issue a warehouse receipt", "Shipment that you store", "warehouse receipt"),
}
KEEPERS = frozenset({PartyRole.OPERATOR, PartyRole.AUTHORITY})
"""Who suspends parties from the register."""
REPLACED = ("VOID", "PAPER")
"""The states of a title that another may take the place of."""
_DIGEST = re.compile(r"(?:[^,]*,)?\s*(?:sha-256:)?([0-9a-f]{64})", re.IGNORECASE)
"""A digest by itself, or as the field is filled in from a file: after the file's name."""


def anew(carried: dict[str, list[dict[str, Any]]], me: str) -> list[Act]:
    """Return all that is ever done beside the titles that there are; :func:`may_anew` says by whom.

    ``carried`` are ``shipments`` and ``titles`` that the party ``me`` sees.
    """
    return [
        _issue(carried, me, "issue", "BILL_OF_LADING"),
        _issue(carried, me, "receipt", "WAREHOUSE_RECEIPT"),
        Act(
            "hold",
            "Hold the titles of a consignment",
            queries.HOLD,
            "The titles of the consignment are held: none moves until you clear the hold.",
            (
                Field("ucr", "UCR of the consignment", longest=35),
                Field("legalBasis", "Legal basis", longest=500),
                Field("reason", "Why", longest=255),
            ),
            danger=True,
        ),
        *_membership(),
    ]


def _issue(carried: dict[str, list[dict[str, Any]]], me: str, name: str, kind: str) -> Act:
    """Return the issue of a bill of lading by a carrier, or of a warehouse receipt by a forwarder."""
    button, whose, paper = KINDS[kind]
    issued = [each for each in carried["titles"] if each["issuer"]["name"] == me and each["kind"] == kind]
    return Act(
        name,
        button,
        queries.ISSUE,
        "The title is issued and signed; its first holder has it.",
        (
            Field("shipment", whose, "choice", options=_untitled(carried, me, kind)),
            Field("number", f"Number of the {paper}", longest=20),
            Field(
                "documentDigest",
                f"SHA-256 of the {paper}'s file",
                hint="64 hexadecimal digits.",
                files="digests",
                longest=400,
            ),
            Field("form", "Form", "choice", options=coded(FORMS, WORDS)),
            Field("recipient", "First holder", hint="A party's name.", longest=63),
            Field(
                "named",
                "Made out to",
                required=False,
                hint="A party's name: the consignee of a straight title. Left empty: in blank.",
                longest=63,
            ),
            Field(
                "replaces",
                "Takes the place of",
                "choice",
                required=False,
                options=tuple((each["id"], _named(each)) for each in issued if each["state"] in REPLACED),
                hint="A title that was voided by an amendment, or is back from paper.",
            ),
        ),
        fixed={"kind": kind},
        shape=_digested,
        then=lambda payload: url_for("portal.title", id=payload["title"]["id"]),
    )


def _membership() -> list[Act]:
    party = Field("party", "Party", hint="A party's name.", longest=63)
    return [
        Act(
            "suspend",
            "Suspend a party from the register",
            queries.SUSPEND,
            "The party is suspended: it keeps what it holds, moves nothing, and nothing passes to it.",
            (party, Field("reason", "Why", longest=255)),
            danger=True,
        ),
        Act(
            "readmit",
            "Lift your suspension of a party",
            queries.READMIT,
            "Your suspension is lifted; another's stands.",
            (party,),
        ),
    ]


def may_anew(roles: frozenset[PartyRole]) -> tuple[str, ...]:
    """Return what a party of these roles may do beside the titles that there are."""
    keeps = not roles.isdisjoint(KEEPERS)
    offered = (
        ("issue", PartyRole.CARRIER in roles),
        ("receipt", PartyRole.FORWARDER in roles),
        ("hold", PartyRole.AUTHORITY in roles),
        ("suspend", keeps),
        ("readmit", keeps),
    )
    return tuple(name for name, may in offered if may)


def of_title(title: dict[str, Any]) -> list[Act]:
    """Return all that is ever placed on a title and cleared; :func:`may_title` says what may be now."""
    fixed = {"title": title["id"]}
    return [
        Act(
            "pledge",
            "Pledge it to a bank",
            queries.PLEDGE,
            "The bank's lien stands: the title moves no more until the bank clears it.",
            (
                Field("inFavourOf", "Bank", hint="A party's name.", longest=63),
                Field("reference", "Reference of the financing", longest=255),
            ),
            fixed=fixed,
            note="The bank alone clears it.",
        ),
        Act("clear-lien", "Clear your lien", queries.CLEAR, "Your lien is cleared.", fixed=fixed),
        Act("clear-hold", "Clear your customs hold", queries.CLEAR, "Your hold is cleared.", fixed=fixed),
    ]


def may_title(title: dict[str, Any], me: str) -> tuple[str, ...]:
    """Return what the party ``me`` may do now: its holder pledges, whoever placed a hindrance clears it."""
    own = {block["kind"] for block in title["hindrances"] if block["by"] == me}
    holds = title["state"] == "HELD" and (title["holder"] or {}).get("name") == me
    offered = (("pledge", holds), ("clear-lien", "LIEN" in own), ("clear-hold", "HOLD" in own))
    return tuple(name for name, may in offered if may)


def _untitled(carried: dict[str, list[dict[str, Any]]], me: str, kind: str) -> tuple[tuple[str, str], ...]:
    """Return the shipments of which ``me`` issues this kind, and that have none, or one to be replaced."""
    issuer = "carrier" if kind == "BILL_OF_LADING" else "forwarder"
    titled = {
        each["shipment"]["id"]
        for each in carried["titles"]
        if each["shipment"] and each["kind"] == kind and each["state"] not in REPLACED
    }
    return tuple(
        (each["id"], " · ".join(filter(None, (each["reference"], each["billOfLading"]))))
        for each in carried["shipments"]
        if (each[issuer] or {}).get("name") == me and each["id"] not in titled
    )


def _named(title: dict[str, Any]) -> str:
    shipment = (title["shipment"] or {}).get("reference")
    return f"{title['number']}, version {title['version']}" + (f" ({shipment})" if shipment else "")


def _digested(given: dict[str, Any]) -> dict[str, Any]:
    """Return the input with its digest as the schema takes it, also where a file filled it in with a name."""
    found = _DIGEST.fullmatch(given["documentDigest"])
    if not found:
        raise Unreadable("The SHA-256 digest of one file: 64 hexadecimal digits.", "documentDigest")
    return {**given, "documentDigest": f"sha-256:{found[1].lower()}"}
