"""What the window shows of itself: to an officer as pages, to a machine as JSON."""

from collections import Counter
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from sqlalchemy import select
from sqlalchemy.orm import Session

from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.shapes import format_time
from isthmus_window.database import Application, Declaration, Exchange, Notice, Outgoing, Step

MOST = 200
"""How many of the newest are shown."""


def declarations(session: Session) -> list[dict[str, Any]]:
    """Return the newest declarations, each with exactly the body that crossed, its steps and its status."""
    rows = session.execute(
        select(Exchange, Declaration)
        .join(Declaration, Declaration.exchange_id == Exchange.id)
        .order_by(Exchange.received_at.desc(), Exchange.id.desc())
        .limit(MOST)
    ).all()
    return [_declaration(session, exchange, declaration) for exchange, declaration in rows]


def declaration(session: Session, exchange_id: str) -> dict[str, Any] | None:
    """Return the declaration that ``exchange_id`` brought, or None."""
    row = session.get(Declaration, exchange_id)
    return None if row is None else _declaration(session, session.get_one(Exchange, exchange_id), row)


def queries(session: Session) -> list[dict[str, Any]]:
    """Return the newest queries, with what was asked and what was offered and asked to cross in answer."""
    rows = session.execute(
        select(Exchange, Outgoing)
        .join(Outgoing, Outgoing.in_reply_to == Exchange.id)
        .where(Exchange.message == "DECLARATION_QUERY")
        .order_by(Exchange.received_at.desc(), Exchange.id.desc())
        .limit(MOST)
    ).all()
    return [
        {
            "exchange": exchange.id,
            "party": exchange.party,
            "body": exchange.body,
            "receivedAt": format_time(exchange.received_at),
            "answer": _sent(session, outgoing),
        }
        for exchange, outgoing in rows
    ]


def counts(listed: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many declarations stand at each status."""
    return dict(Counter(entry["status"] for entry in listed))


def money(amount: dict[str, Any]) -> str:
    """Return an amount in minor units as a person reads it, with the digits that its currency has."""
    digits = get_currency_precision(amount["currency"])
    return f"{Decimal(amount['amountMinor']).scaleb(-digits):,.{digits}f} {amount['currency']}"


def _declaration(session: Session, exchange: Exchange, row: Declaration) -> dict[str, Any]:
    return {
        "exchange": exchange.id,
        "party": exchange.party,
        "owner": exchange.owner,
        "logIndex": exchange.log_index,
        "payloadDigest": exchange.payload_digest,
        "receivedAt": format_time(exchange.received_at),
        "ucr": row.ucr,
        "mrn": row.mrn,
        "status": row.status,
        "channel": row.channel,
        "channelRule": row.channel_rule,
        "lpco": _applications(session, exchange.id),
        "duty": None
        if row.duty_minor is None
        else {"amountMinor": row.duty_minor, "currency": row.duty_currency},
        "errors": row.errors,
        "fields": leaf_paths(exchange.body),
        "body": exchange.body,
        "steps": [
            {"status": step.status, "at": format_time(step.at)}
            for step in session.scalars(
                select(Step).where(Step.exchange_id == exchange.id).order_by(Step.sequence)
            )
        ],
        "notifications": [
            _sent(session, outgoing)
            for outgoing in session.scalars(
                select(Outgoing).where(Outgoing.in_reply_to == exchange.id).order_by(Outgoing.id)
            )
        ],
    }


def _applications(session: Session, exchange_id: str) -> list[dict[str, Any]]:
    rows = session.scalars(select(Application).where(Application.exchange_id == exchange_id))
    return [{"agency": row.agency, "granted": row.granted, "reference": row.reference} for row in rows]


def _sent(session: Session, outgoing: Outgoing) -> dict[str, Any]:
    notice = None if outgoing.exchange is None else session.get(Notice, outgoing.exchange)
    return {
        "message": outgoing.message,
        "fields": outgoing.fields,
        "payload": outgoing.payload,
        "state": outgoing.state if notice is None else notice.state,
        "reason": outgoing.reason if notice is None else notice.reason,
        "exchange": outgoing.exchange,
        "attempts": outgoing.attempts,
    }
