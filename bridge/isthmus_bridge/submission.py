"""Requests to cross: entered once for each key of a caller, decided by the gate, and answered."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from isthmus_bridge import agreements, exchanges, log
from isthmus_bridge.database import new_id
from isthmus_bridge.gate import Question, Refused, Standing, decide
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import canonical
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import ExchangeAnswer, ExchangeRequest, ExchangeState, Reason
from isthmus_protocol.records import Phase, subject_hash


class KeyReused(Exception):
    """The caller used this idempotency key before, with another request."""


@dataclass(frozen=True)
class Submitted:
    """The answer to a request, and whether it is the repeated answer to one that came before."""

    answer: ExchangeAnswer
    repeated: bool


def submit(bridge: Bridge, caller: Holder, request: ExchangeRequest, *, request_id: str) -> Submitted:
    """Decide on ``request`` and return the answer; one that was agreed is committed to be delivered.

    The same key with the same request gives the first answer again. Raises :class:`KeyReused`, and
    :class:`~isthmus_bridge.log.LogUnavailable`, after which nothing has changed.
    """
    now = bridge.clock()
    with bridge.begin() as session:
        asked = _resolve(session, bridge, request)
        exchange_id = _enter(session, bridge, caller, request, asked, request_id, now)
        if exchange_id is None:
            return Submitted(_first_answer(session, bridge, caller, request), repeated=True)
        exchange = session.get_one(Exchange, exchange_id)
        log.lock(session)
        if asked is None:
            exchanges.refuse(session, exchange, Refused(Reason.UNKNOWN_EXCHANGE), None, now)
        else:
            standing = _standing(session, bridge, asked.question, now)
            outcome = decide(Phase.AGREED, standing, asked.question, request.payload, now)
            if isinstance(outcome, Refused):
                exchanges.refuse(session, exchange, outcome, standing, now)
            elif standing is not None:
                exchanges.agree(session, exchange, outcome, standing, now)
        answer = exchanges.answer_of(exchange)
    if answer.state is ExchangeState.AGREED:
        bridge.wake()
    return Submitted(answer, repeated=False)


@dataclass(frozen=True)
class _Resolved:
    """A request with what an answer takes from the exchange it answers."""

    question: Question
    subject: str | None


def _resolve(session: Session, bridge: Bridge, request: ExchangeRequest) -> _Resolved | None:
    """Return what is asked of the gate, or None where ``request`` answers no exchange that has crossed.

    An answer serves the purpose of the question: it cannot carry what was asked for one purpose to another.
    """
    earlier = None
    if request.in_reply_to is not None:
        earlier = _exchange(session, request.in_reply_to)
        if (
            earlier is None
            or earlier.direction == request.direction
            or earlier.purpose != request.purpose
            or ExchangeState(earlier.state) not in exchanges.CROSSED
        ):
            return None
    question = Question(
        message=request.message,
        direction=request.direction,
        purpose=request.purpose,
        party=request.party,
        role=request.role,
        owner=request.owner,
        consents=request.consents,
        fields=request.fields,
    )
    if earlier is not None and request.direction is Direction.FROM_WINDOW:
        question = replace(
            question,
            party=earlier.party,
            role=None if earlier.role is None else Role(earlier.role),
            owner=earlier.owner,
            consents=exchanges.consents_of(earlier),
        )
        return _Resolved(question, earlier.subject)
    hidden = None if request.subject is None else subject_hash(bridge.subject_key, request.subject)
    return _Resolved(question, hidden)


def _body_digest(bridge: Bridge, request: ExchangeRequest) -> str:
    """Return a keyed digest, since the request holds more than may be known of it here."""
    return hmac.digest(bridge.subject_key, canonical(request.to_json()), "sha256").hex()


def _exchange(session: Session, exchange_id: str) -> Exchange | None:
    known = _uuid(exchange_id)
    return None if known is None else session.get(Exchange, known)


def _enter(
    session: Session,
    bridge: Bridge,
    caller: Holder,
    request: ExchangeRequest,
    asked: _Resolved | None,
    request_id: str,
    now: datetime,
) -> UUID | None:
    """Enter the exchange as ``REQUESTED``; None when the caller's key is taken (its holder is waited for)."""
    question = None if asked is None else asked.question
    return session.scalar(
        insert(Exchange)
        .values(
            id=new_id(),
            caller=caller.value,
            idempotency_key=request.idempotency_key,
            body_digest=_body_digest(bridge, request),
            request_id=request_id,
            created_at=now,
            message=request.message,
            direction=request.direction.value,
            purpose=request.purpose,
            party=question and question.party,
            role=question and question.role,
            owner=question and question.owner,
            subject=asked and asked.subject,
            in_reply_to=_uuid(request.in_reply_to),
            consents=[consent.to_json() for consent in question.consents] if question else [],
            terms=[],
            state=ExchangeState.REQUESTED.value,
            due_at=now,
            attempts=0,
        )
        .on_conflict_do_nothing(index_elements=["caller", "idempotency_key"])
        .returning(Exchange.id)
    )


def _uuid(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None


def _first_answer(
    session: Session, bridge: Bridge, caller: Holder, request: ExchangeRequest
) -> ExchangeAnswer:
    exchange = session.scalars(
        select(Exchange).where(
            Exchange.caller == caller.value, Exchange.idempotency_key == request.idempotency_key
        )
    ).one()
    if exchange.body_digest != _body_digest(bridge, request):
        raise KeyReused("this idempotency key was used before, with another request")
    return exchanges.answer_of(exchange)


def _standing(session: Session, bridge: Bridge, question: Question, now: datetime) -> Standing | None:
    """Return the agreement that speaks for the question, with what it has let cross in the last hour."""
    standing = agreements.standing_for(
        session, bridge.keyring, question.message, question.direction, question.purpose, now
    )
    if standing is None:
        return None
    agreed = session.scalar(
        select(func.count())
        .select_from(Exchange)
        .where(
            Exchange.agreement_id == standing.agreement.id,
            Exchange.created_at > now - timedelta(hours=1),
            Exchange.state != ExchangeState.REFUSED.value,
        )
    )
    return replace(standing, agreed_last_hour=agreed or 0)
