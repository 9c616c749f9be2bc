"""Claiming what is due: a few exchanges at a time, under a lease that is committed before anything is sent.

No network call is made inside a transaction, and a killed worker's claim runs out by itself. What is claimed
together is decided, logged and committed together.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased

from isthmus_bridge import dead_letters, exchanges, log, promises
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import Bridge, Unspeakable
from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import JsonObject, canonical, parse_object
from isthmus_protocol.messages import AgreementReference, DeliveryNotice, Envelope, ExchangeState, Reason
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.records import Phase

LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Claim:
    """Something to send; state and attempt tell a claim from those that follow when its lease has run out."""

    exchange: UUID
    state: str
    attempt: int
    receiver: Receiver
    url: str
    body: bytes
    request_id: str

    @property
    def is_notice(self) -> bool:
        """Whether it tells an originator the end, and does not hand over what crosses."""
        return self.state not in dead_letters.UNDER_WAY


@dataclass
class Claimed:
    """What is to be sent, and how many exchanges came to their end when they were claimed."""

    claims: list[Claim] = field(default_factory=list)
    ended: int = 0


def claim(bridge: Bridge, receiver: Receiver, most: int) -> Claimed:
    """Claim up to ``most`` of what ``receiver`` is due: what is under way to it, then ends to be told."""
    now = bridge.clock()
    claimed = Claimed()
    with bridge.begin() as session:
        deliverable = _lock_next(session, _deliverable(receiver, now), most)
        if deliverable:
            log.lock(session)
            promises.give(session, bridge, deliverable)
            standings = exchanges.Standings(session, bridge, now)
            for exchange in deliverable:
                prepared = _prepare(session, standings, exchange)
                claimed.claims += [] if prepared is None else [prepared]
                claimed.ended += prepared is None
        if len(deliverable) < most:
            tellable = _lock_next(session, _tellable(receiver, now), most - len(deliverable))
            promises.give(session, bridge, tellable)
            claimed.claims += [_notice(bridge, exchange, now) for exchange in tellable]
    return claimed


def _lock_next(session: Session, due: ColumnElement[bool], most: int) -> list[Exchange]:
    return list(
        session.scalars(
            select(Exchange)
            .where(due)
            .order_by(Exchange.decision_index)
            .limit(most)
            .with_for_update(skip_locked=True, of=Exchange)
        )
    )


def _deliverable(receiver: Receiver, now: datetime) -> ColumnElement[bool]:
    """Say which exchanges ``receiver`` is due: the first under way of their subject, none behind another."""
    before = aliased(Exchange)
    overtaken = exists().where(
        before.subject == Exchange.subject,
        before.direction == Exchange.direction,
        before.state.in_(dead_letters.UNDER_WAY),
        before.decision_index < Exchange.decision_index,
    )
    return and_(
        Exchange.direction == _direction_to(receiver).value,
        Exchange.state.in_(dead_letters.UNDER_WAY),
        Exchange.due_at <= now,
        ~overtaken,
    )


def _tellable(receiver: Receiver, now: datetime) -> ColumnElement[bool]:
    """Say of which exchanges ``receiver``, their originator, has yet to be told the end."""
    return and_(
        Exchange.direction != _direction_to(receiver).value,
        Exchange.state.in_(dead_letters.TO_TELL),
        Exchange.told_at.is_(None),
        Exchange.set_aside_at.is_(None),
        Exchange.due_at <= now,
    )


def _direction_to(receiver: Receiver) -> Direction:
    return Direction.TO_WINDOW if receiver is Receiver.WINDOW else Direction.FROM_WINDOW


def _prepare(session: Session, standings: exchanges.Standings, exchange: Exchange) -> Claim | None:
    """Ask the gate again; log and mark the exchange as sent and return its envelope, or end it."""
    bridge, now = standings.bridge, standings.now
    if dead_letters.is_overdue(exchange, bridge.patience, now):
        detail = exchange.last_error or "it waited behind another of its subject"
        exchanges.fail(session, exchange, Reason.TIMED_OUT, detail, now)
        return None
    asked = exchanges.ask_again(standings, exchange, Phase.SENT)
    if asked.refused is not None:
        exchanges.terminate(session, exchange, asked, Phase.SENT, now)
        return None
    if exchange.state == ExchangeState.AGREED.value:
        exchanges.mark_sent(session, exchange, asked, now)
    _lease(exchange, now)
    at_window = exchange.direction == Direction.TO_WINDOW.value
    url = f"{bridge.window_url}/v1/exchanges" if at_window else f"{bridge.platform_url}/bridge/exchanges"
    try:
        spoken = bridge.speak(envelope(exchange).to_json())
    except Unspeakable as problem:
        exchanges.fail(session, exchange, Reason.UNDELIVERABLE, str(problem), now)
        return None
    except (RuntimeError, ValueError) as error:
        # Not as it was written. It must not come up again and again before all that follows it.
        dead_letters.set_aside(exchange, f"cannot be put together: {error}", bridge.patience, now)
        return None
    return _claim_of(exchange, Receiver.WINDOW if at_window else Receiver.PLATFORM, url, spoken)


def _notice(bridge: Bridge, exchange: Exchange, now: datetime) -> Claim:
    _lease(exchange, now)
    from_window = exchange.direction == Direction.FROM_WINDOW.value
    url = f"{bridge.window_url}/v1/receipts" if from_window else f"{bridge.platform_url}/bridge/receipts"
    state = ExchangeState(exchange.state)
    receipt = exchange.receipt if state is ExchangeState.DELIVERED else None
    notice = DeliveryNotice(str(exchange.id), state, exchange.reason, receipt, exchange.promise or "")
    receiver = Receiver.WINDOW if from_window else Receiver.PLATFORM
    return _claim_of(exchange, receiver, url, notice.to_json())


def _lease(exchange: Exchange, now: datetime) -> None:
    exchange.due_at = now + LEASE
    exchange.attempts += 1


def _claim_of(exchange: Exchange, receiver: Receiver, url: str, body: JsonObject) -> Claim:
    return Claim(
        exchange.id, exchange.state, exchange.attempts, receiver, url, canonical(body), exchange.request_id
    )


def envelope(exchange: Exchange) -> Envelope:
    """Return what the receiver gets: the same at every attempt."""
    if (
        exchange.salt is None
        or exchange.body is None
        or exchange.payload_digest is None
        or exchange.sent_at is None
        or exchange.decision_index is None
        or exchange.promise is None
        or exchange.agreement_id is None
        or exchange.agreement_version is None
        or exchange.agreement_digest is None
        or exchange.party is None
        or exchange.role is None
        or exchange.owner is None
    ):
        raise RuntimeError("an exchange that was not agreed has no envelope")
    return Envelope(
        exchange=str(exchange.id),
        message=exchange.message,
        direction=Direction(exchange.direction),
        purpose=exchange.purpose,
        agreement=AgreementReference(
            exchange.agreement_id, exchange.agreement_version, exchange.agreement_digest
        ),
        party=exchange.party,
        role=Role(exchange.role),
        owner=exchange.owner,
        in_reply_to=None if exchange.in_reply_to is None else str(exchange.in_reply_to),
        sent_at=exchange.sent_at,
        salt=exchange.salt.hex(),
        payload_digest=exchange.payload_digest,
        log_index=exchange.decision_index,
        promise=exchange.promise,
        body=parse_object(exchange.body.encode()),
    )
