"""Delivery: what was agreed is handed over, in order for each subject and direction, once in effect.

An exchange is claimed under a lease, and the claim committed, before anything is sent: no network call is
made inside a transaction, and a killed worker's claim runs out by itself. A receiver knows an exchange by its
id, so that sending twice delivers once. Each receiver has senders of its own: a slow one delays only itself.
"""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from isthmus_bridge import dead_letters, exchanges, log, promises
from isthmus_bridge.models import Exchange
from isthmus_bridge.sending import Answer, NoAnswer, Sender
from isthmus_bridge.service import Bridge, Unspeakable
from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import JsonObject, MalformedJson, canonical, parse_object
from isthmus_protocol.keys import SignatureError
from isthmus_protocol.messages import AgreementReference, DeliveryNotice, Envelope, ExchangeState, Reason
from isthmus_protocol.receipts import Receiver, open_receipt
from isthmus_protocol.records import Phase

events = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
FIRST_WAIT = timedelta(milliseconds=500)
LONGEST_WAIT = timedelta(minutes=5)
SENDERS = 4
"""How many exchanges are under way to one receiver at a time, in one process."""

LOOK_AGAIN = 0.2
"""Seconds after which senders are found for what has become due while others wait for an answer."""

NOT_REFUSED = (401, *dead_letters.NOT_AT_FAULT)
"""4xx that say nothing of the message: the receiver is busy, or does not believe that we are the bridge."""

_jitter = random.SystemRandom()


@dataclass(frozen=True)
class Claim:
    """Something to send; state and attempt tell a claim from those that follow when its lease has run out."""

    exchange: UUID
    state: str
    attempt: int
    url: str
    body: bytes
    request_id: str
    settle: Callable[[Bridge, "Claim", Answer], None]


def deliver_due(bridge: Bridge, limit: int = 100) -> int:
    """Deal with what is due, envelopes and notices of delivery, and return how many (at most ``limit``).

    It goes on while one thing leads to the next, a receipt to its notice. Any number of processes may do this
    side by side.
    """
    done = 0
    busy: dict[Future[bool], Receiver] = {}
    idle: set[Receiver] = set()
    with (
        Sender(bridge.signing_key, bridge.clock, bridge.patience) as sender,
        ThreadPoolExecutor(SENDERS * len(Receiver)) as pool,
    ):
        while True:
            for receiver in _wanting(bridge, Counter(busy.values())):
                if receiver not in idle and done + len(busy) < limit:
                    busy[pool.submit(_step, bridge, sender, receiver)] = receiver
            if not busy:
                return done
            finished, _ = wait(busy, timeout=LOOK_AGAIN, return_when=FIRST_COMPLETED)
            done += sum(future.result() for future in finished)
            idle = {busy.pop(future) for future in finished if not future.result()}
            for future in finished & busy.keys():
                del busy[future]


def _wanting(bridge: Bridge, busy: Counter[Receiver]) -> list[Receiver]:
    """Return the receivers for which something is due, as often as they may have another sender."""
    now = bridge.clock()
    wanting: list[Receiver] = []
    with bridge.begin() as session:
        for receiver in Receiver:
            due = (
                select(Exchange.id)
                .where(or_(_deliverable(receiver, now), _tellable(receiver, now)))
                .limit(SENDERS - busy[receiver])
            )
            wanting += [receiver] * len(session.scalars(due).all())
    return wanting


def _step(bridge: Bridge, sender: Sender, receiver: Receiver) -> bool:
    """Send, or end, the next thing that ``receiver`` is due; False when there is none."""
    now = bridge.clock()
    with bridge.begin() as session:
        exchange = _lock_next(session, _deliverable(receiver, now))
        if exchange is not None:
            claim = _prepare(session, bridge, exchange, now)
        else:
            exchange = _lock_next(session, _tellable(receiver, now))
            claim = None if exchange is None else _notice(session, bridge, exchange, now)
    if claim is None:
        return exchange is not None
    with structlog.contextvars.bound_contextvars(request_id=claim.request_id, exchange=str(claim.exchange)):
        try:
            answer = sender.post(claim.url, claim.body, request_id=claim.request_id)
        except NoAnswer as silence:
            _postpone(bridge, claim, str(silence), at_fault=False)
        else:
            events.info("delivery.answered", receiver=receiver.value, status=answer.status)
            claim.settle(bridge, claim, answer)
    return True


def _lock_next(session: Session, due: ColumnElement[bool]) -> Exchange | None:
    return session.scalars(
        select(Exchange)
        .where(due)
        .order_by(Exchange.decision_index)
        .limit(1)
        .with_for_update(skip_locked=True, of=Exchange)
    ).one_or_none()


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


def _prepare(session: Session, bridge: Bridge, exchange: Exchange, now: datetime) -> Claim | None:
    """Ask the gate again; log and mark the exchange as sent and return its envelope, or end it."""
    log.lock(session)
    promises.give(session, bridge, [exchange])
    if dead_letters.is_overdue(exchange, bridge.patience, now):
        detail = exchange.last_error or "it waited behind another of its subject"
        exchanges.fail(session, exchange, Reason.TIMED_OUT, detail, now)
        return None
    asked = exchanges.ask_again(session, bridge, exchange, Phase.SENT, now)
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
    return _claim_of(exchange, url, spoken, _settle_delivery)


def _notice(session: Session, bridge: Bridge, exchange: Exchange, now: datetime) -> Claim:
    promises.give(session, bridge, [exchange])
    _lease(exchange, now)
    from_window = exchange.direction == Direction.FROM_WINDOW.value
    url = f"{bridge.window_url}/v1/receipts" if from_window else f"{bridge.platform_url}/bridge/receipts"
    state = ExchangeState(exchange.state)
    receipt = exchange.receipt if state is ExchangeState.DELIVERED else None
    notice = DeliveryNotice(str(exchange.id), state, exchange.reason, receipt, exchange.promise or "")
    return _claim_of(exchange, url, notice.to_json(), _settle_notice)


def _lease(exchange: Exchange, now: datetime) -> None:
    exchange.due_at = now + LEASE
    exchange.attempts += 1


def _claim_of(
    exchange: Exchange, url: str, body: JsonObject, settle: Callable[[Bridge, Claim, Answer], None]
) -> Claim:
    return Claim(
        exchange.id,
        exchange.state,
        exchange.attempts,
        url,
        canonical(body),
        exchange.request_id,
        settle,
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


def _settle_delivery(bridge: Bridge, claim: Claim, answer: Answer) -> None:
    if answer.status == 200:
        _settle_receipt(bridge, claim, answer)
    elif 400 <= answer.status < 500 and answer.status not in NOT_REFUSED:
        now = bridge.clock()
        with bridge.begin() as session:
            exchange = _still_claimed(session, claim)
            if exchange is not None:
                exchanges.fail(session, exchange, Reason.RECEIVER_REFUSED, answer.reason, now)
                events.warning("delivery.failed", status=answer.status, reason=answer.reason)
    else:
        _postpone(bridge, claim, answer.reason, at_fault=_is_fault(answer))


def _is_fault(answer: Answer) -> bool:
    return answer.status not in dead_letters.NOT_AT_FAULT


def _settle_receipt(bridge: Bridge, claim: Claim, answer: Answer) -> None:
    """Record the receipt, in the log and on the exchange at once; a receipt that is none delivers nothing."""
    now = bridge.clock()
    with bridge.begin() as session:
        exchange = _still_claimed(session, claim)
        if exchange is None:
            return
        try:
            receipt = _checked_receipt(bridge, exchange, answer.body)
        except (MalformedJson, SignatureError) as error:
            problem = f"no valid receipt: {error}"
        else:
            log.lock(session)
            asked = exchanges.ask_again(session, bridge, exchange, Phase.DELIVERED, now)
            if asked.refused is None:
                exchanges.mark_delivered(session, exchange, asked, receipt, now)
            else:
                exchanges.terminate(session, exchange, asked, Phase.DELIVERED, now, receipt=receipt)
            return
    _postpone(bridge, claim, problem, at_fault=True)


def _checked_receipt(bridge: Bridge, exchange: Exchange, body: bytes) -> str:
    """Return the receipt in ``body``: signed by the receiver, for what it was sent and was promised."""
    token = parse_object(body).get("receipt")
    if not isinstance(token, str):
        raise SignatureError("the answer holds no receipt")
    receipt = open_receipt(token, bridge.keyring, Receiver.of(Direction(exchange.direction)))
    promises.check_receipt(bridge, exchange, receipt)
    return token


def _settle_notice(bridge: Bridge, claim: Claim, answer: Answer) -> None:
    if not 200 <= answer.status < 300:
        _postpone(bridge, claim, answer.reason, at_fault=_is_fault(answer))
        return
    now = bridge.clock()
    with bridge.begin() as session:
        exchange = _still_claimed(session, claim)
        if exchange is None:
            return
        try:
            acknowledgement = promises.checked_acknowledgement(bridge, exchange, answer.body)
        except SignatureError as error:
            problem = f"no valid acknowledgement: {error}"
        else:
            exchanges.mark_told(exchange, acknowledgement, now)
            return
    _postpone(bridge, claim, problem, at_fault=True)


def _still_claimed(session: Session, claim: Claim) -> Exchange | None:
    """Lock the exchange, unless the lease ran out and another has claimed it since."""
    exchange = session.get_one(Exchange, claim.exchange, with_for_update=True)
    return exchange if (exchange.state, exchange.attempts) == (claim.state, claim.attempt) else None


def _postpone(bridge: Bridge, claim: Claim, problem: str, *, at_fault: bool) -> None:
    """Let the exchange wait, twice as long each time and never in step with others (half of it is chance).

    Where the receiver is ``at_fault`` once too often it is set aside.
    """
    now = bridge.clock()
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(claim.attempt, 20))
    with bridge.begin() as session:
        exchange = _still_claimed(session, claim)
        if exchange is not None:
            exchange.due_at = now + longest * _jitter.uniform(0.5, 1)
            exchange.last_error = problem[:500]
            if at_fault:
                dead_letters.count_fault(exchange, problem, bridge.patience, now)
    events.info("delivery.postponed", url=claim.url, attempt=claim.attempt, problem=problem)
