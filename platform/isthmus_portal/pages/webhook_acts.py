"""What a party may do with its webhooks: the forms of their page."""

from itertools import groupby
from typing import Any

from isthmus_platform.changes import Kind
from isthmus_portal import webhook_queries as queries
from isthmus_portal.forms import Act, Field, coded

SERVICES = {
    "shipment": "Shipments",
    "document": "Documents",
    "grant": "Documents",
    "crossing": "Bridge",
    "cover": "Insurance",
    "quote": "Insurance",
    "claim": "Insurance",
    "delay": "Insurance",
    "receivable": "Receivables",
    "credit": "Documentary credits",
    "presentation": "Documentary credits",
    "title": "Titles",
    "financing": "Financed before",
}
"""The service of a kind of change by the first word of the kind; another is of its first word's own."""
WORDS = {
    "shipment.eta_changed": "Shipment ETA changed",
    "DEAD": "Given up",
    "gone": "Ended: it answered 410",
}
KINDS = "kinds"
_SEP = "."


def services() -> dict[str, list[str]]:
    """Return every kind that may be told, by the service that it is of, in the order of the code."""
    found: dict[str, list[str]] = {}
    for first, kinds in groupby(Kind, lambda kind: kind.partition(".")[0]):
        service = SERVICES.get(first, first.replace("_", " ").capitalize())
        found.setdefault(service, []).extend(kind.value for kind in kinds)
    return found


def register() -> Act:
    """Return the registration of an address."""
    return Act(
        "register",
        "Register a webhook",
        queries.REGISTER,
        "",
        (
            Field("url", "Address", hint="https, on port 443 or above 1023.", longest=2000),
            Field("description", "In your own words", required=False, longest=500),
            *(
                Field(
                    f"{KINDS}.{service}",
                    service,
                    "choices",
                    required=False,
                    options=coded(kinds, WORDS),
                    group="What it is told of",
                )
                for service, kinds in services().items()
            ),
        ),
        note="Told of what you choose; if you choose nothing, of everything, also of what is added later.",
        shape=_chosen,
    )


def _chosen(given: dict[str, Any]) -> dict[str, Any]:
    """Return the input with the kinds that were chosen in one list, whatever their service."""
    kinds = given.pop(KINDS, {})
    return {**given, "eventTypes": [kind for of_one in kinds.values() for kind in of_one]}


def of_webhook(webhook: dict[str, Any]) -> list[Act]:
    """Return what may be done with an address that is told: a new secret, or its end."""
    if webhook["endedAt"]:
        return []
    fixed = {"webhook": webhook["id"]}
    return [
        Act(name_of("rotate", webhook), "Give it a new secret", queries.ROTATE, "", fixed=fixed),
        Act(
            name_of("remove", webhook),
            "Remove it",
            queries.REMOVE,
            "It is told of nothing more; its log stays.",
            fixed=fixed,
            danger=True,
        ),
    ]


def of_delivery(delivery: dict[str, Any]) -> list[Act]:
    """Return the replay of a delivery that was given up."""
    if delivery["state"] != "DEAD" or delivery["webhook"]["endedAt"]:
        return []
    return [
        Act(
            name_of("replay", delivery),
            "Attempt it again",
            queries.REPLAY,
            "It is attempted again, for three days more.",
            (Field("reason", "Why", longest=500),),
            fixed={"delivery": delivery["id"]},
        )
    ]


def name_of(verb: str, thing: dict[str, Any]) -> str:
    """Return the name of what is done with a webhook or a delivery."""
    return f"{verb}{_SEP}{thing['id']}"


def tells_secret(act: str) -> bool:
    """Say whether an act answers with a secret, by its name."""
    return act.partition(_SEP)[0] in ("register", "rotate")
