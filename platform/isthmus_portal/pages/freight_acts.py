"""What those who ask for freight and those who carry it may do: the forms of their pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from isthmus_portal import logistics_queries as queries
from isthmus_portal.formats import moment
from isthmus_portal.forms import Act, Field, Unreadable, coded, day_and_time
from isthmus_portal.pages import booking_form

MORE_CHARGES = 3
"""Lines of a quote's form beyond the base rate and the charges that were asked for."""
INSTRUCTIONS = frozenset({"340", "610"})
"""Shipping and forwarding instructions (UNTDID 1001)."""
WORDS = {
    "DCO": "Shipping instruction",
    "VCO": "Verified gross mass",
    "FCO": "Cargo delivered",
    "PRE": "Prepaid",
    "COL": "Collect",
    "SM1": "Method 1: weighed packed",
    "SM2": "Method 2: added up",
    "NO_RATE": "No exchange rate",
    "BASE": "Base rate",
    "CY": "Container yard",
    "SD": "Door",
    "CFS": "Container freight station",
    "FCL": "Full containers",
    "LCL": "Less than a container",
    "DDR": "Forwards for the consignor",
    "DDS": "Forwards for the consignee",
    "COW": "Pays for the consignor",
    "COX": "Pays for the consignee",
    "N1": "To be notified first",
    "N2": "To be notified second",
    "NI": "To be notified too",
}
TONES = {
    "COMPARABLE": "good",
    "INCOMPLETE": "warn",
    "NO_RATE": "warn",
    "AWARDED": "good",
    "CONFIRMED": "good",
    "COMPLETED": "good",
    "PENDING_UPDATE": "warn",
    "PENDING_AMENDMENT": "warn",
    "MET": "good",
    "AT_RISK": "warn",
    "MISSED": "bad",
}


def ask(now: datetime) -> Act:
    """Return the form that asks carriers and forwarders for freight quotes."""
    week = day_and_time(now + timedelta(days=7))
    return Act(
        "ask",
        "Ask for freight quotes",
        queries.REQUEST_FREIGHT,
        "The request is out; who is asked sees it and its own quote alone.",
        (
            Field("origin", "From (UN/LOCODE)", longest=5),
            Field("destination", "To (UN/LOCODE)", longest=5),
            Field("goods", "Goods", longest=255),
            Field("equipmentType", "Equipment (ISO 6346 type)", value="22G1", longest=4),
            Field("units", "How many", "whole", value="1"),
            Field("of", "Whom to ask", "names", hint="Names of carriers and forwarders, apart by commas."),
            Field(
                "charges",
                "Charges that a quote must have",
                "names",
                required=False,
                hint="Beside the base rate, apart by commas: Bunker, Peak season.",
            ),
            Field("closesAt", "Quotes are taken until", "moment", value=week),
        ),
        then=lambda payload: url_for("portal.freight_request", id=payload["request"]["id"]),
    )


def of_request(request: dict[str, Any], now: datetime) -> list[Act]:
    """Return all that is ever done to a request for quotes; acts on a quote are named by :func:`named`."""
    return [
        _quote(request, now),
        *(
            Act(
                named(name, quote),
                button,
                change,
                done,
                fixed={"quote": quote["id"]},
                danger=name == "withdraw",
            )
            for quote in request["quotes"]
            for name, button, change, done in (
                ("accept", "Accept this quote", queries.ACCEPT_FREIGHT, "The quote is accepted; book on it."),
                ("withdraw", "Withdraw the quote", queries.WITHDRAW_FREIGHT, "The quote is withdrawn."),
            )
        ),
        *(
            booking_form.book(named("book", quote), quote, request, WORDS)
            for quote in request["quotes"]
            if quote["state"] == "ACCEPTED"
        ),
    ]


def named(what: str, quote: dict[str, Any]) -> str:
    """Return the name of an act on a quote."""
    return f"{what}-{quote['id']}"


def may_request(request: dict[str, Any], me: str, now: datetime) -> tuple[str, ...]:
    """Return what the party ``me`` may do to a request and its quotes now."""
    if request["asker"]["name"] == me:
        accepted = tuple(named("book", each) for each in request["quotes"] if each["state"] == "ACCEPTED")
        open_ = [each for each in request["quotes"] if each["state"] == "OFFERED"]
        return (
            accepted
            if request["state"] != "OPEN"
            else tuple(named("accept", each) for each in open_ if moment(each["validUntil"]) > now)
        )
    standing = [each for each in request["quotes"] if each["state"] == "OFFERED"]
    if standing:
        return tuple(named("withdraw", each) for each in standing)
    return ("quote",) if request["state"] == "OPEN" and moment(request["closesAt"]) > now else ()


def _quote(request: dict[str, Any], now: datetime) -> Act:
    lines = ["", *request["charges"], *([""] * MORE_CHARGES)]
    fortnight = day_and_time(now + timedelta(days=14))
    return Act(
        "quote",
        "Quote",
        queries.QUOTE_FREIGHT,
        "The quote is made; one of yours stands at a time.",
        (
            *(field for number, name in enumerate(lines) for field in _line(number, name, request["units"])),
            Field("transitDays", "Days under way", "whole"),
            Field("validUntil", "Can be accepted until", "moment", value=fortnight),
        ),
        fixed={"request": request["id"]},
        shape=_charges,
        note="Lines without a price are left away.",
    )


def _line(number: int, name: str, units: int) -> tuple[Field, ...]:
    group = "Base rate" if number == 0 else f"Surcharge {number}"
    at = f"charges.{number}"
    terms = coded(("PRE", "COL"), WORDS)
    return (
        Field(
            f"{at}.name",
            "Name",
            required=number == 0,
            value=name or ("Ocean freight" if number == 0 else ""),
            group=group,
            longest=50,
        ),
        Field(f"{at}.unitPrice", "Price of one, with currency", "price", required=number == 0, group=group),
        Field(f"{at}.quantity", "How many", "whole", value=str(units), group=group),
        Field(f"{at}.calculationBasis", "Per what", value="Per container", group=group, longest=50),
        Field(f"{at}.paymentTerm", "Paid", "choice", value="PRE", options=terms, group=group),
    )


def _charges(given: dict[str, Any]) -> dict[str, Any]:
    """Return the input with the lines that have a price, the first of them the base rate."""
    charges: list[dict[str, Any]] = []
    for number, line in sorted(given["charges"].items(), key=lambda item: int(item[0])):
        if "unitPrice" not in line:
            continue
        if "name" not in line:
            raise Unreadable("Name the charge.", f"charges.{number}.name")
        charges.append({**line, "kind": "SURCHARGE" if charges else "BASE"})
    return {**given, "charges": charges}


@dataclass(frozen=True)
class Choices:
    """What a booking may name: instructions, and shipments that it may carry, each with what it is called."""

    papers: tuple[tuple[str, str], ...]
    shipments: tuple[tuple[str, str], ...]


def choices(booking: dict[str, Any], shipments: list[dict[str, Any]], me: str) -> Choices:
    """Return what a booking may name of the ``shipments`` that the party ``me`` sees.

    Once it is told which it carries, an instruction is a document of that one.
    """
    carried = (booking["shipment"] or {}).get("id")
    papers = tuple(
        (edge["node"]["id"], f"{each['reference']}: {edge['node']['title']}")
        for each in shipments
        for edge in each["documents"]["edges"]
        if edge["node"]["type"] in INSTRUCTIONS and carried in (None, each["id"])
    )
    own = tuple(
        (each["id"], f"{each['reference']} ({each['origin']['code']} to {each['destination']['code']})")
        for each in shipments
        if me in (each["owner"]["name"], (each["forwarder"] or {}).get("name"))
    )
    return Choices(papers, own)


def of_booking(booking: dict[str, Any], may_name: Choices, now: datetime) -> list[Act]:
    """Return all that is ever done to a booking."""
    fixed = {"booking": booking["id"]}
    return [
        Act(
            "CONFIRM",
            "Confirm the booking",
            queries.MOVE_BOOKING,
            "The booking is confirmed, and its cut-offs are watched.",
            (
                Field("confirmation.reference", "Your booking reference", longest=35),
                *(
                    Field(
                        f"confirmation.{name}",
                        label,
                        "moment",
                        value=day_and_time(now + timedelta(days=days)),
                    )
                    for name, label, days in (
                        ("documentationCutOff", "Shipping instruction until", 5),
                        ("vgmCutOff", "Verified gross mass until", 6),
                        ("cargoCutOff", "Cargo until", 7),
                    )
                ),
            ),
            fixed={**fixed, "move": "CONFIRM"},
        ),
        Act(
            "instruct",
            "Give the shipping instruction",
            queries.INSTRUCT,
            "The shipping instruction is given.",
            (Field("document", "Your instruction (type 340 or 610)", "choice", options=may_name.papers),),
            fixed=fixed,
            note="A shipping instruction (340) is opened to the carrier; that stands among your grants"
            " and ends if the booking is given up.",
        ),
        Act(
            "tie",
            "Say which shipment it carries",
            queries.TIE_BOOKING,
            "The booking is tied to the shipment.",
            (Field("shipment", "Shipment", "choice", options=may_name.shipments),),
            fixed=fixed,
            note="Once: each is read by the other from then on.",
        ),
        _mass(fixed, now),
        Act("cargo", "The cargo is all here", queries.RECORD_DELIVERY, "The cargo is recorded.", fixed=fixed),
        Act(
            "COMPLETE",
            "The booking is carried out",
            queries.MOVE_BOOKING,
            "The booking is completed.",
            fixed={**fixed, "move": "COMPLETE"},
        ),
        *(_move(fixed, *each) for each in _MOVES),
    ]


_MOVES = (
    ("REQUEST_UPDATE", "Ask for a change", "A change is asked for.", False),
    ("REQUEST_AMENDMENT", "Ask for an amendment", "An amendment is asked for.", False),
    ("UPDATE", "Change the booking", "The change is told.", False),
    ("REJECT", "Reject the booking", "The booking is rejected.", True),
    ("DECLINE", "Give the booking up", "The booking is given up.", True),
    ("CANCEL", "Cancel the booking", "The booking is cancelled.", True),
)


def _move(fixed: dict[str, Any], move: str, button: str, done: str, danger: bool) -> Act:  # noqa: FBT001
    why = Field("reason", "What and why" if move == "UPDATE" else "Why", longest=255)
    return Act(move, button, queries.MOVE_BOOKING, done, (why,), fixed={**fixed, "move": move}, danger=danger)


def _mass(fixed: dict[str, Any], now: datetime) -> Act:
    methods = coded(("SM1", "SM2"), WORDS)
    return Act(
        "mass",
        "Submit a verified gross mass",
        queries.SUBMIT_MASS,
        "The verified gross mass is submitted.",
        (
            Field("equipment", "Container (ISO 6346)", longest=11),
            Field("massKg", "Gross mass in kg", "decimal"),
            Field("method", "Method (SOLAS VI/2)", "choice", options=methods),
            Field("responsible", "Who answers for it", longest=100),
            Field("weighedAt", "Weighed", "moment", value=day_and_time(now)),
        ),
        fixed=fixed,
    )


_BY_CARRIER = {
    "RECEIVED": ("CONFIRM", "REQUEST_UPDATE", "REJECT"),
    "PENDING_UPDATE": ("REJECT",),
    "UPDATE_RECEIVED": ("CONFIRM", "REQUEST_UPDATE", "REJECT"),
    "CONFIRMED": ("cargo", "COMPLETE", "REQUEST_AMENDMENT", "DECLINE"),
    "PENDING_AMENDMENT": ("CONFIRM", "DECLINE"),
}
_BY_BOOKER = {
    "RECEIVED": ("UPDATE", "CANCEL"),
    "PENDING_UPDATE": ("UPDATE", "CANCEL"),
    "UPDATE_RECEIVED": ("CANCEL",),
    "CONFIRMED": ("instruct", "mass", "CANCEL"),
    "PENDING_AMENDMENT": ("CANCEL",),
}


def may_booking(booking: dict[str, Any], me: str) -> tuple[str, ...]:
    """Return what the party ``me`` may do to a booking now."""
    by = _BY_CARRIER if booking["carrier"]["name"] == me else _BY_BOOKER
    delivered = any(each["code"] == "FCO" and each["metAt"] for each in booking["cutOffs"])
    may = tuple(name for name in by.get(booking["status"], ()) if name != "cargo" or not delivered)
    untied = by is _BY_BOOKER and booking["status"] in by and booking["shipment"] is None
    return ("tie", *may) if untied else may
