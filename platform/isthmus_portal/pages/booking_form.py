"""The form that books on an accepted quote, with the ordinary terms of DCSA Booking 2.0 beside it.

Its fields are named by their place in the mutation's input, so that a fault stands beside its own.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import url_for

from isthmus_portal import logistics_queries as queries
from isthmus_portal.forms import Act, Field, Unreadable, coded

GROUP = "What you ask for beside the quote"
RECEIPT, DELIVERY, PAYMENT = "terms.receiptType", "terms.deliveryType", "terms.freightPaymentTerm"
UNITS = "terms.equipment.0.units"
GOODS, WEIGHT = (f"terms.equipment.0.commodities.0.{name}" for name in ("commodityType", "grossWeight"))
TOGETHER = (RECEIPT, DELIVERY, GOODS, WEIGHT, UNITS)
THERMAL = frozenset("RH")
"""The third letter of a size and type code (ISO 6346) whose settings this form does not ask."""


def book(name: str, quote: Mapping[str, Any], request: Mapping[str, Any], words: Mapping[str, str]) -> Act:
    """Return the form that books on a quote; without its fields it books what was quoted.

    A reefer's settings are told through GraphQL: for one the form asks nothing.
    """
    asks = request["equipmentType"][2:3] not in THERMAL
    return Act(
        name,
        "Book on it",
        queries.REQUEST_BOOKING,
        "The booking is made.",
        _fields(request["units"], words) if asks else (),
        fixed={"quote": quote["id"]},
        note="Left empty, the booking asks for what was quoted and nothing else." if asks else "",
        whole=(TOGETHER,) if asks else (),
        shape=partial(_terms, request) if asks else None,
        then=lambda payload: url_for("portal.booking", id=payload["booking"]["id"]),
    )


def _fields(units: int, words: Mapping[str, str]) -> tuple[Field, ...]:
    services = coded(("CY", "SD", "CFS"), words)
    return (
        Field(RECEIPT, "Taken over at", "choice", required=False, options=services, group=GROUP),
        Field(DELIVERY, "Handed over at", "choice", required=False, options=services, group=GROUP),
        Field(
            PAYMENT,
            "Freight is paid",
            "choice",
            required=False,
            options=coded(("PRE", "COL"), words),
            group=GROUP,
        ),
        Field(GOODS, "Goods", required=False, longest=550, group=GROUP),
        Field(WEIGHT, "Their gross weight in kg, all together", "decimal", required=False, group=GROUP),
        Field(UNITS, "Containers", "whole", required=False, hint=f"{units}, as quoted.", group=GROUP),
    )


def _terms(request: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return the input with the terms that were entered: one kind of goods in one kind of container.

    A freight station takes and hands over loose cargo, a yard or a door full containers.
    """
    said = given.get("terms")
    if said is None:
        return given
    if "equipment" not in said:
        raise Unreadable("This is told with the others.", PAYMENT)
    equipment = said["equipment"]["0"]
    if equipment["units"] != request["units"]:
        raise Unreadable(f"The quote is for {request['units']}.", UNITS)
    goods = {**equipment["commodities"]["0"], "weightUnit": "KGM"}
    asked = {"isoCode": request["equipmentType"], "units": equipment["units"], "commodities": [goods]}
    terms = {
        **said,
        "movementAtOrigin": _movement(said["receiptType"]),
        "movementAtDestination": _movement(said["deliveryType"]),
        "equipment": [asked],
    }
    return {**given, "terms": terms}


def _movement(service: str) -> str:
    return "LCL" if service == "CFS" else "FCL"
