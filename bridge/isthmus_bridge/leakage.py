"""The leakage budget: how many yes or no answers an asker has had about a subject.

Bits are counted per asker and subject whatever the field, the message, the purpose and the version: a value
may stand at several places, and nobody learns more of it by asking under another agreement. Each agreement
says how many there may be in a window that slides with the clock. They are reserved where the answer is
agreed, in its transaction and under the log's lock, and stay spent if it is stopped later.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from isthmus_bridge.entries import Entry
from isthmus_bridge.gate import Permitted, Question
from isthmus_bridge.models import Answered, Base, QuestionAsked
from isthmus_protocol.agreements import Agreement, Direction, Transform
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.predicates import ASKS, Ask, read_asks
from isthmus_protocol.shapes import MalformedMessage

WINDOW = ":window"
"""The asker where the private side answers; no party has such a name."""


def asked_in(session: Session, exchanges: Collection[UUID]) -> dict[UUID, tuple[Ask, ...]]:
    """Return the questions that ``exchanges`` put, by exchange, of those that put any."""
    if not exchanges:
        return {}
    kept = session.scalars(select(QuestionAsked).where(QuestionAsked.exchange_id.in_(exchanges)))
    return {question.exchange_id: tuple(map(Ask.from_json, question.asks)) for question in kept}


def answered_bits(
    session: Session,
    agreement: Agreement,
    question: Question,
    subject: str | None,
    now: datetime,
    reserved: Iterable[Base] = (),
) -> int:
    """Return how many bits the asker has had about ``subject`` within the agreement's window.

    Those of ``reserved`` are had as well: they are to be written in this transaction.
    """
    if agreement.leakage_budget is None:
        return 0
    since = now - timedelta(hours=agreement.leakage_budget.window_hours)
    asker, about = _asker(question.direction, question.party), subject or ""
    bits = session.scalar(
        select(func.coalesce(func.sum(Answered.bits), 0)).where(
            Answered.asker == asker,
            Answered.subject == about,
            Answered.at > since,
        )
    )
    return int(bits or 0) + sum(
        row.bits
        for row in reserved
        if isinstance(row, Answered) and (row.asker, row.subject) == (asker, about)
    )


def rows(exchange: Entry, permitted: Permitted, subject: str | None, now: datetime) -> list[Base]:
    """Return what is kept of an agreed exchange: what it asks about ``subject`` (a UCR), the bits it answers.

    They refer to the exchange, which must be written before them.
    """
    kept: list[Base] = []
    asks = _asks(permitted.projection, subject)
    if asks:
        kept.append(QuestionAsked(exchange_id=exchange.id, asks=[ask.to_json() for ask in asks]))
    bits = sum(term.transform is Transform.ANSWER for term in permitted.terms)
    if bits:
        asker = _asker(Direction(exchange.direction), exchange.party)
        about = exchange.subject or ""
        kept.append(Answered(exchange_id=exchange.id, asker=asker, subject=about, bits=bits, at=now))
    return kept


def _asker(direction: Direction, party: str | None) -> str:
    return WINDOW if direction is Direction.TO_WINDOW else party or ""


def _asks(body: JsonObject, subject: str | None) -> tuple[Ask, ...]:
    """Return the questions that may be answered: of those about anything but ``subject`` there are none.

    The bits are counted by the exchange's subject. A question whose ``ucr`` is another would be counted
    against the wrong one, again and again.
    """
    if body.get(ASKS) is None or (subject is not None and body.get("ucr") != subject):
        return ()
    try:
        return read_asks(body)
    except MalformedMessage:
        return ()
