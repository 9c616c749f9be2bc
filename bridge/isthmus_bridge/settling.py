"""Settling what a receiver answered, or did not: many answers in one transaction."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeAlias
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from isthmus_bridge import dead_letters, exchanges, log, promises
from isthmus_bridge.claiming import Claim
from isthmus_bridge.models import Exchange
from isthmus_bridge.sending import Answer, NoAnswer
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import MalformedJson, parse_object
from isthmus_protocol.keys import SignatureError
from isthmus_protocol.messages import Reason
from isthmus_protocol.receipts import Receiver, open_receipt
from isthmus_protocol.records import Phase

events = structlog.get_logger(__name__)

FIRST_WAIT = timedelta(milliseconds=500)
LONGEST_WAIT = timedelta(minutes=5)
NOT_REFUSED = (401, *dead_letters.NOT_AT_FAULT)
"""4xx that say nothing of the message: the receiver is busy, or does not believe that we are the bridge."""

_jitter = random.SystemRandom()


@dataclass(frozen=True)
class Taken:
    """The receiver's receipt, or the originator's acknowledgement, is in order."""

    token: str


@dataclass(frozen=True)
class NotTaken:
    """The receiver refuses for good; ``reason`` is what it said."""

    reason: str


@dataclass(frozen=True)
class Later:
    """It has to be tried again; ``at_fault`` is the receiver if it answered what no receiver may."""

    problem: str
    at_fault: bool


Verdict: TypeAlias = Taken | NotTaken | Later


@dataclass(frozen=True)
class _Answered:
    claim: Claim
    answer: Answer | NoAnswer


def settle(bridge: Bridge, claim: Claim, answer: Answer | NoAnswer) -> None:
    """Write down what became of ``claim``, unless its lease ran out and another has claimed it since."""
    bridge.settlements.do(_Answered(claim, answer), partial(_settle_all, bridge))


def _settle_all(bridge: Bridge, batch: Sequence[_Answered]) -> list[bool]:
    """Settle every answer of ``batch`` in one transaction; say of each whether its claim still held."""
    now = bridge.clock()
    with bridge.begin() as session:
        held = _still_claimed(session, [answered.claim for answered in batch])
        judged = [
            (answered.claim, exchange, _judge(bridge, exchange, answered))
            for answered in batch
            if (exchange := held.get(answered.claim.exchange)) is not None
        ]
        if any(not claim.is_notice and not isinstance(verdict, Later) for claim, _, verdict in judged):
            log.lock(session)
        standings = exchanges.Standings(session, bridge, now)
        for claim, exchange, verdict in judged:
            _write(session, standings, claim, exchange, verdict)
    for claim, _, verdict in judged:
        _tell(claim, verdict)
    return [answered.claim.exchange in held for answered in batch]


def _still_claimed(session: Session, claims: Sequence[Claim]) -> dict[UUID, Exchange]:
    """Lock the exchanges whose claims still hold, always in one order."""
    wanted = {claim.exchange: claim for claim in claims}
    found = session.scalars(
        select(Exchange).where(Exchange.id.in_(wanted)).order_by(Exchange.id).with_for_update()
    )
    return {
        exchange.id: exchange
        for exchange in found
        if (exchange.state, exchange.attempts) == (wanted[exchange.id].state, wanted[exchange.id].attempt)
    }


def _judge(bridge: Bridge, exchange: Exchange, answered: _Answered) -> Verdict:
    answer, claim = answered.answer, answered.claim
    if isinstance(answer, NoAnswer):
        return Later(str(answer), at_fault=False)
    try:
        if claim.is_notice and 200 <= answer.status < 300:
            return Taken(promises.checked_acknowledgement(bridge, exchange, answer.body))
        if not claim.is_notice and answer.status == 200:
            return Taken(_checked_receipt(bridge, exchange, answer.body))
    except (MalformedJson, SignatureError) as error:
        expected = "acknowledgement" if claim.is_notice else "receipt"
        return Later(f"no valid {expected}: {error}", at_fault=True)
    if not claim.is_notice and 400 <= answer.status < 500 and answer.status not in NOT_REFUSED:
        return NotTaken(answer.reason)
    return Later(answer.reason, at_fault=answer.status not in dead_letters.NOT_AT_FAULT)


def _checked_receipt(bridge: Bridge, exchange: Exchange, body: bytes) -> str:
    """Return the receipt in ``body``: signed by the receiver, for what it was sent and was promised."""
    token = parse_object(body).get("receipt")
    if not isinstance(token, str):
        raise SignatureError("the answer holds no receipt")
    receiver = Receiver.of(Direction(exchange.direction))
    receipt = open_receipt(token, bridge.keyring, receiver, bridge.clock())
    promises.check_receipt(exchange, receipt)
    return token


def _write(
    session: Session, standings: exchanges.Standings, claim: Claim, exchange: Exchange, verdict: Verdict
) -> None:
    """Write the verdict on the exchange and, where the crossing itself is concerned, into the log."""
    now = standings.now
    if isinstance(verdict, Later):
        _postpone(standings.bridge, claim, exchange, verdict)
    elif isinstance(verdict, NotTaken):
        exchanges.fail(session, exchange, Reason.RECEIVER_REFUSED, verdict.reason, now)
    elif claim.is_notice:
        exchanges.mark_told(exchange, verdict.token, now)
    else:
        asked = exchanges.ask_again(standings, exchange, Phase.DELIVERED)
        if asked.refused is None:
            exchanges.mark_delivered(session, exchange, asked, verdict.token, now)
        else:
            exchanges.terminate(session, exchange, asked, Phase.DELIVERED, now, receipt=verdict.token)


def _postpone(bridge: Bridge, claim: Claim, exchange: Exchange, verdict: Later) -> None:
    """Let the exchange wait, twice as long each time and never in step with others (half of it is chance).

    Where the receiver is at fault once too often it is set aside.
    """
    now = bridge.clock()
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(claim.attempt, 20))
    exchange.due_at = now + longest * _jitter.uniform(0.5, 1)
    exchange.last_error = verdict.problem[:500]
    if verdict.at_fault:
        dead_letters.count_fault(exchange, verdict.problem, bridge.patience, now)


def _tell(claim: Claim, verdict: Verdict) -> None:
    about = {"exchange": str(claim.exchange), "request_id": claim.request_id, "url": claim.url}
    if isinstance(verdict, Later):
        events.info("delivery.postponed", attempt=claim.attempt, problem=verdict.problem, **about)
    elif isinstance(verdict, NotTaken):
        events.warning("delivery.failed", reason=verdict.reason, **about)
