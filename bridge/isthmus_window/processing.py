"""How a declaration is cleared: a state machine, of which each step and its notification are one transaction.

::

    RECEIVED ─► ACCEPTED ─► CHANNEL_ASSIGNED ─┬─────────────────────────────► DUTY_ASSESSED ─► RELEASED
        │                                     └► LPCO_REQUESTED ─► LPCO_GRANTED ─┘ (again, if another
        └─► REJECTED                                        └────► LPCO_DENIED       agency is to be asked)
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.shapes import format_time
from isthmus_window import agencies, mrn, risk, tariff, validation
from isthmus_window.database import Declaration, Exchange, Outgoing, Serial, Step

PURPOSE = "CUSTOMS_EXPORT_CLEARANCE"
INSPECTION = 10
"""How many paces the opening of a red consignment takes."""


class Status(StrEnum):
    """Where a declaration stands."""

    RECEIVED = "RECEIVED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    CHANNEL_ASSIGNED = "CHANNEL_ASSIGNED"
    LPCO_REQUESTED = "LPCO_REQUESTED"
    LPCO_GRANTED = "LPCO_GRANTED"
    LPCO_DENIED = "LPCO_DENIED"
    DUTY_ASSESSED = "DUTY_ASSESSED"
    RELEASED = "RELEASED"


NEXT: Mapping[Status, frozenset[Status]] = {
    Status.RECEIVED: frozenset({Status.ACCEPTED, Status.REJECTED}),
    Status.ACCEPTED: frozenset({Status.CHANNEL_ASSIGNED}),
    Status.CHANNEL_ASSIGNED: frozenset({Status.LPCO_REQUESTED, Status.DUTY_ASSESSED}),
    Status.LPCO_REQUESTED: frozenset({Status.LPCO_GRANTED, Status.LPCO_DENIED}),
    Status.LPCO_GRANTED: frozenset({Status.LPCO_REQUESTED, Status.DUTY_ASSESSED}),
    Status.DUTY_ASSESSED: frozenset({Status.RELEASED}),
    Status.REJECTED: frozenset(),
    Status.LPCO_DENIED: frozenset(),
    Status.RELEASED: frozenset(),
}
"""Which step may follow which."""


class IllegalStep(Exception):
    """A step that may not follow: a fault in the code, which the transaction does not survive."""


@dataclass(frozen=True)
class Case:
    """A declaration on the desk: what was declared, when it is looked at, and the wait between steps."""

    session: Session
    declaration: Declaration
    body: dict[str, Any]
    now: datetime
    pace: timedelta


def receive(session: Session, exchange: Exchange, now: datetime, pace: timedelta) -> None:
    """Take the declaration that ``exchange`` brought; its first step is due a ``pace`` after ``now``."""
    ucr = exchange.body.get("ucr")
    session.add(
        Declaration(
            exchange_id=exchange.id,
            ucr=ucr if isinstance(ucr, str) else None,
            status=Status.RECEIVED,
            errors=[],
            due_at=now + pace,
        )
    )
    session.flush()
    session.add(Step(exchange_id=exchange.id, sequence=0, status=Status.RECEIVED, at=now))


def advance_due(session: Session, now: datetime, pace: timedelta) -> bool:
    """Take the next step of one declaration that is due at ``now``; return whether there was one."""
    declaration = session.scalars(
        select(Declaration).where(Declaration.due_at <= now).order_by(Declaration.due_at).limit(1)
    ).one_or_none()
    if declaration is None:
        return False
    exchange = session.get_one(Exchange, declaration.exchange_id)
    case = Case(session, declaration, exchange.body, now, pace)
    status = _STEPS[Status(declaration.status)](case)
    _take(session, declaration, status, now, pace)
    return True


def hear_agencies(session: Session, now: datetime, pace: timedelta) -> int:
    """Let the agencies answer what is due at ``now``, go on with it, and return how many answered."""
    answered = agencies.answer_due(session, now)
    for application in answered:
        declaration = session.get_one(Declaration, application.exchange_id)
        declaration.lpco_agency = application.agency
        declaration.lpco_reference = application.reference
        _take(
            session,
            declaration,
            Status.LPCO_GRANTED if application.granted else Status.LPCO_DENIED,
            now,
            pace,
        )
    return len(answered)


def _take(session: Session, declaration: Declaration, status: Status, now: datetime, pace: timedelta) -> None:
    """Move ``declaration`` to ``status`` and put the notification of it into the same transaction."""
    if status not in NEXT[Status(declaration.status)]:
        raise IllegalStep(f"{declaration.status} to {status}")
    declaration.status = status
    declaration.due_at = now + pace if status in _STEPS else None
    if status is Status.DUTY_ASSESSED and declaration.channel == risk.Channel.RED:
        declaration.due_at = now + pace * INSPECTION
    exchange = session.get_one(Exchange, declaration.exchange_id)
    sequence = (
        1
        + session.scalars(
            select(func.max(Step.sequence)).where(Step.exchange_id == declaration.exchange_id)
        ).one()
    )
    session.add(Step(exchange_id=exchange.id, sequence=sequence, status=status, at=now))
    payload = notification(declaration, now)
    session.add(
        Outgoing(
            in_reply_to=exchange.id,
            idempotency_key=f"{exchange.id}:{sequence}:{status}",
            message="DECLARATION_STATUS",
            purpose=PURPOSE,
            fields=leaf_paths(payload),
            payload=payload,
            request_id=exchange.request_id,
            state="WAITING",
            due_at=now,
            attempts=0,
        )
    )


def notification(declaration: Declaration, at: datetime) -> dict[str, Any]:
    """Return what the declarant is told of ``declaration``; what is not known yet is left out."""
    payload: dict[str, Any] = {"status": str(declaration.status), "at": format_time(at)}
    if declaration.ucr is not None:
        payload["ucr"] = declaration.ucr
    if declaration.mrn is not None:
        payload["mrn"] = declaration.mrn
    if declaration.channel is not None:
        payload["channel"] = str(declaration.channel)
    if declaration.lpco_agency is not None:
        payload["lpco"] = {"agency": declaration.lpco_agency}
        if declaration.lpco_reference is not None:
            payload["lpco"]["reference"] = declaration.lpco_reference
    if declaration.duty_minor is not None:
        payload["duty"] = {"amountMinor": declaration.duty_minor, "currency": declaration.duty_currency}
    if declaration.errors:
        payload["errors"] = declaration.errors
    return payload


def _examine(case: Case) -> Status:
    faults = validation.faults(case.body)
    if not faults and standing(case.session, case.body["ucr"]) is not None:
        faults = [validation.Fault("UCR_DUPLICATE", "/ucr", "This UCR is declared already.")]
    if faults:
        case.declaration.errors = [asdict(fault) for fault in faults]
        return Status.REJECTED
    place = case.body["transport"]["loadingPlace"]
    country, office = place[:2], place[2:]
    serial = _next_serial(case.session, case.now.year, country)
    case.declaration.mrn = mrn.compose(case.now.year, country, office, serial)
    return Status.ACCEPTED


def _choose_channel(case: Case) -> Status:
    selection = risk.select(case.body)
    case.declaration.channel, case.declaration.channel_rule = selection.channel, selection.rule
    return Status.CHANNEL_ASSIGNED


def _ask_or_assess(case: Case) -> Status:
    declaration = case.declaration
    agency = agencies.next_needed(case.session, declaration.exchange_id, case.body)
    if agency is not None:
        declaration.lpco_agency, declaration.lpco_reference = agency.code, None
        answer_at = case.now + 2 * case.pace
        agencies.apply(case.session, declaration.exchange_id, agency, case.body, answer_at)
        return Status.LPCO_REQUESTED
    duty = tariff.assess(case.body)
    declaration.duty_minor, declaration.duty_currency = duty.amount_minor, duty.currency
    return Status.DUTY_ASSESSED


_STEPS: Mapping[Status, Callable[[Case], Status]] = {
    Status.RECEIVED: _examine,
    Status.ACCEPTED: _choose_channel,
    Status.CHANNEL_ASSIGNED: _ask_or_assess,
    Status.LPCO_GRANTED: _ask_or_assess,
    Status.DUTY_ASSESSED: lambda _: Status.RELEASED,
}
"""The steps that the window takes by itself; on an application it waits for the agency."""


def standing(session: Session, ucr: str, *, owner: str | None = None) -> Declaration | None:
    """Return the accepted declaration of ``ucr``, or None: a rejected or denied one does not stand.

    With ``owner`` (the name or pseudonym it crossed the bridge under) only if it is that owner's.
    """
    query = (
        select(Declaration)
        .where(Declaration.ucr == ucr)
        .where(Declaration.status.not_in([Status.RECEIVED, Status.REJECTED, Status.LPCO_DENIED]))
    )
    if owner is not None:
        query = query.join(Exchange, Exchange.id == Declaration.exchange_id).where(Exchange.owner == owner)
    return session.scalars(query).one_or_none()


ASKED_ABOUT = ("/declaredValueMinor", "/declaredCurrency")
"""What a bank may ask about, and is never shown."""


def declared_value(session: Session, declaration: Declaration) -> dict[str, Any]:
    """Return the value of all goods and its currency; nothing where they are in several currencies."""
    goods = session.get_one(Exchange, declaration.exchange_id).body["goods"]
    currencies = {item["currency"] for item in goods}
    if len(currencies) != 1:
        return {}
    value = sum(item["statisticalValueMinor"] for item in goods)
    return {"declaredValueMinor": value, "declaredCurrency": currencies.pop()}


def _next_serial(session: Session, year: int, country: str) -> int:
    serial = session.get(Serial, (year, country))
    if serial is None:
        serial = Serial(year=year, country=country, last=0)
        session.add(serial)
    serial.last += 1
    return serial.last
