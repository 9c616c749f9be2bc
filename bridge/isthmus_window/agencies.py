"""The other agencies: they take an application, and answer it later, by themselves.

An application lies in the window's database as it would in an agency's own; :func:`answer_due` is the agency
at work. What needs whose leave, and what is denied, is data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from isthmus_window.database import Application


@dataclass(frozen=True)
class Agency:
    """An agency, the chapters that need its leave, and the destinations to which it gives none."""

    code: str
    name: str
    document: str
    chapters: frozenset[str]
    denied_destinations: frozenset[str] = frozenset()


AGENCIES = (
    Agency(
        code="ARMS",
        name="Arms export control",
        document="ARM",
        chapters=frozenset({"93"}),
        denied_destinations=frozenset({"KP", "LY", "SD", "SO", "YE"}),
    ),
    Agency(
        code="SANITARY",
        name="Animal and plant health inspection",
        document="SAN",
        chapters=frozenset(f"{chapter:02}" for chapter in range(1, 25)),
        denied_destinations=frozenset({"KP"}),
    ),
)
_BY_CODE = {agency.code: agency for agency in AGENCIES}


def next_needed(session: Session, exchange_id: str, body: Mapping[str, Any]) -> Agency | None:
    """Return an agency whose leave the declared goods need and that was not asked yet, or None."""
    asked = set(session.scalars(select(Application.agency).where(Application.exchange_id == exchange_id)))
    chapters = {item["hsCode"][:2] for item in body["goods"]}
    return next(
        (agency for agency in AGENCIES if chapters & agency.chapters and agency.code not in asked), None
    )


def apply(
    session: Session, exchange_id: str, agency: Agency, body: Mapping[str, Any], due_at: datetime
) -> None:
    """Lay an application before ``agency``, which answers at ``due_at`` or later."""
    session.add(
        Application(
            exchange_id=exchange_id,
            agency=agency.code,
            chapters=sorted({item["hsCode"][:2] for item in body["goods"]} & agency.chapters),
            destination=body["consignee"]["country"],
            due_at=due_at,
        )
    )


def answer_due(session: Session, now: datetime) -> list[Application]:
    """Decide the applications that are due at ``now``, and return them."""
    due = session.scalars(
        select(Application).where(Application.due_at <= now).order_by(Application.due_at)
    ).all()
    for application in due:
        agency = _BY_CODE[application.agency]
        application.granted = application.destination not in agency.denied_destinations
        application.due_at = None
        if application.granted:
            application.reference = f"{agency.document}-{now:%Y}-{application.exchange_id[-8:].upper()}"
    return list(due)
