"""Events of a voyage in DCSA Track & Trace 2.2, and parties that send them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from isthmus_platform import dcsa, parties, tracking
from isthmus_platform.database import Duty, PartyRole
from isthmus_platform.dcsa import Standard
from isthmus_platform.recording import EventOutcome
from trade import BOOKED_AT, Trade


def on(day: float) -> datetime:
    """Return the time so many days after the booking."""
    return BOOKED_AT + timedelta(days=day)


def booked(*references: str) -> list[dict[str, str]]:
    """Return the references of an event that names these bookings."""
    return [{"documentReferenceType": "BKG", "documentReferenceValue": each} for each in references]


def moved(
    event_id: str, code: str, place: str, day: float, *, told: float | None = None, **changes: Any
) -> dict[str, Any]:
    """Return a transport event ``day`` days after the booking, told of then or on day ``told``."""
    return {
        "eventID": event_id,
        "eventCreatedDateTime": on(day if told is None else told).isoformat(),
        "eventType": "TRANSPORT",
        "eventClassifierCode": "ACT",
        "eventDateTime": on(day).isoformat(),
        "transportEventTypeCode": code,
        "transportCall": {"transportCallID": "C", "modeOfTransport": "VESSEL", "UNLocationCode": place},
        "documentReferences": booked("BOOKING1"),
        **changes,
    }


def handled(
    event_id: str, code: str, place: str, day: float, container: str, **changes: Any
) -> dict[str, Any]:
    """Return an equipment event that names its container and nothing else."""
    return {
        "eventID": event_id,
        "eventCreatedDateTime": on(day).isoformat(),
        "eventType": "EQUIPMENT",
        "eventClassifierCode": "ACT",
        "eventDateTime": on(day).isoformat(),
        "equipmentEventTypeCode": code,
        "equipmentReference": container,
        "emptyIndicatorCode": "LADEN",
        "eventLocation": {"UNLocationCode": place},
        **changes,
    }


def send(trade: Trade, *events: dict[str, Any], by: str = "carrier") -> Sequence[EventOutcome]:
    """Send 2.2 events as a party and return what became of them."""
    with trade.platform.begin(trade[by]) as work:
        parsed = dcsa.parse(Standard.DCSA_2_2, events, work.now)
        return tracking.record(work, Standard.DCSA_2_2, parsed)


def join(trade: Trade, **roles: PartyRole) -> None:
    """Register further parties of the trade: ``port=PartyRole.TERMINAL``."""
    with trade.platform.begin(Duty("onboarding")) as work:
        for name, role in roles.items():
            party = parties.register(work, name, f"{name.capitalize()} Ltd", "DE", [role])
            trade.actors[name] = parties.actor_of(party, f"client:{name}")
