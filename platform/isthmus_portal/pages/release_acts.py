"""What the parties of a release may do: carrier, terminal, customs; the forms of their pages."""

from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from isthmus_platform.database import PartyRole
from isthmus_portal import insurance_queries
from isthmus_portal import logistics_queries as queries
from isthmus_portal.forms import Act, Field, coded, day_and_time

DOCUMENTS = ("BILL_OF_LADING", "SEA_WAYBILL")
WORDS = {
    "CUSTOMS_RELEASED": "Released for export",
    "BANK_CONSENT": "Financing bank's consent",
    "ORDERED": "Delivery order issued",
}
TONES = {"ORDERED": "good", "PICKED_UP": "good", "ISSUED": "good", "USED": "good", "EXPIRED": "bad"}
LIFT = "lift "
TELLERS = frozenset({PartyRole.CARRIER, PartyRole.TERMINAL, PartyRole.AUTHORITY})


def _addressed(consignee: str = "", terminal: str = "", document: str = DOCUMENTS[0]) -> tuple[Field, ...]:
    return (
        Field("consignee", "To whom the cargo goes", hint="A party's name.", value=consignee, longest=63),
        Field("document", "Carried under", "choice", value=document, options=coded(DOCUMENTS, WORDS)),
        Field("terminal", "Terminal that hands it out", required=False, value=terminal, longest=63),
    )


def anew(shipments: list[dict[str, Any]], me: str, now: datetime) -> list[Act]:
    """Return all that is ever done beside the releases that are open."""
    carried = [each for each in shipments if (each["carrier"] or {}).get("name") == me]
    return [
        Act(
            "open",
            "Open a release",
            queries.OPEN_RELEASE,
            "The release is open.",
            (
                Field(
                    "shipment",
                    "Shipment that you carry",
                    "choice",
                    options=tuple((each["id"], each["reference"]) for each in carried),
                ),
                *_addressed(),
            ),
            then=lambda payload: url_for("portal.release", id=payload["release"]["id"]),
        ),
        Act(
            "customs",
            "Hold cargo for customs",
            queries.HOLD_FOR_CUSTOMS,
            "The cargo is held; a delivery order that was live is revoked.",
            (
                Field("ucr", "UCR of the consignment", longest=35),
                Field("legalBasis", "Legal basis", longest=500),
                Field("reason", "Why", longest=255),
            ),
        ),
        Act(
            "arrival",
            "Tell when a consignment arrived",
            insurance_queries.TELL_ARRIVAL,
            "Your word is signed, and counts for the delay cover of the consignment.",
            (
                Field("ucr", "UCR of the consignment", longest=35),
                Field("arrivedAt", "Arrived", "moment", value=day_and_time(now)),
            ),
            note="For consignments with delay cover that names you: your word is one of three.",
        ),
    ]


def may_anew(roles: frozenset[PartyRole]) -> tuple[str, ...]:
    """Return what a party of these roles may do beside the releases that are open."""
    offered = (
        ("open", PartyRole.CARRIER in roles),
        ("customs", PartyRole.AUTHORITY in roles),
        ("arrival", bool(TELLERS & roles)),
    )
    return tuple(name for name, may in offered if may)


def lifts(holds: list[dict[str, Any]]) -> list[Act]:
    """Return the lifting of each hold, named by :func:`lift_of`."""
    return [
        Act(
            lift_of(hold),
            "Lift the hold",
            queries.LIFT_HOLD,
            "The hold is lifted.",
            fixed={"hold": hold["id"]},
        )
        for hold in holds
    ]


def lift_of(hold: dict[str, Any]) -> str:
    """Return the name of the act that lifts a hold."""
    return LIFT + str(hold["id"])


def of_release(release: dict[str, Any], now: datetime) -> list[Act]:
    """Return all that is ever done to a release; :func:`may_release` says what may be done now."""
    fixed = {"release": release["id"]}
    reason = (Field("reason", "Why", longest=255),)
    return [
        Act(
            "order",
            "Issue the delivery order",
            queries.ISSUE_ORDER,
            "The delivery order is issued; its token opens the gate.",
            (Field("expiresAt", "Good until", "moment", value=day_and_time(now + timedelta(days=2))),),
            fixed=fixed,
        ),
        Act(
            "paid",
            "Freight is paid",
            queries.STATE_FREIGHT,
            "Freight is stated as paid.",
            (Field("reference", "Reference of the payment", required=False, longest=255),),
            fixed={**fixed, "paid": True},
        ),
        Act(
            "unpaid",
            "Freight is not paid",
            queries.STATE_FREIGHT,
            "Freight is stated as not paid.",
            fixed={**fixed, "paid": False},
            note="A delivery order that is live is revoked with it.",
            danger=True,
        ),
        Act(
            "hold",
            "Hold the cargo",
            queries.HOLD_CARGO,
            "The cargo is held; a delivery order that was live is revoked.",
            reason,
            fixed=fixed,
            danger=True,
        ),
        *_of_order(release["orders"][0] if release["orders"] else None, reason),
        _address(release),
        *lifts(release["holds"]),
    ]


def _address(release: dict[str, Any]) -> Act:
    terminal = (release["terminal"] or {}).get("name", "")
    return Act(
        "address",
        "Address it to others",
        queries.OPEN_RELEASE,
        "The release is addressed.",
        _addressed(release["consignee"]["name"], terminal, release["document"]),
        fixed={"shipment": (release["shipment"] or {}).get("id", "")},
    )


def _of_order(order: dict[str, Any] | None, reason: tuple[Field, ...]) -> list[Act]:
    """Return what is done to the newest delivery order."""
    if order is None:
        return []
    return [
        Act(
            "pick-up",
            "Hand the cargo out",
            queries.RECORD_PICK_UP,
            "The cargo is handed out.",
            (Field("token", "Token that was shown", longest=64),),
            fixed={"order": order["id"]},
            note="Every condition is judged again.",
        ),
        Act(
            "revoke",
            "Revoke the delivery order",
            queries.REVOKE_ORDER,
            "The delivery order is revoked.",
            reason,
            fixed={"order": order["id"]},
            danger=True,
        ),
    ]


def may_release(release: dict[str, Any], me: str) -> tuple[str, ...]:
    """Return what the party ``me`` may do to a release now."""
    carrier = release["carrier"]["name"] == me
    terminal = (release["terminal"] or {}).get("name")
    keeper = terminal == me if terminal else carrier
    live = any(order["state"] == "ISSUED" for order in release["orders"])
    if release["state"] == "PICKED_UP":
        return ()
    holding = any(hold["by"]["name"] == me and not hold["liftedAt"] for hold in release["holds"])
    paid = release["freightPaidAt"] is not None
    offered = (
        ("order", carrier and not live and release["verdict"]["releasable"]),
        ("pick-up", keeper and live),
        ("paid", carrier and not paid),
        ("unpaid", carrier and paid),
        ("hold", (carrier or terminal == me) and not holding),
        ("revoke", carrier and live),
        ("address", carrier and not live and release["shipment"] is not None),
    )
    return tuple(name for name, may in offered if may)


def may_lift(holds: list[dict[str, Any]], me: str) -> frozenset[str]:
    """Return the holds, by id, that the party ``me`` may lift now."""
    return frozenset(hold["id"] for hold in holds if hold["by"]["name"] == me and not hold["liftedAt"])
