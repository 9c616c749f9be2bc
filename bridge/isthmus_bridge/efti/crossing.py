"""How freight information crosses: asked of the gate and logged like all else, outward at once.

A gate of eFTI waits for its answer, so an agreed exchange is marked as sent where it is asked. Ordinary
delivery follows: it fetches the receipt, and hands over again what an interrupted answer left behind. What
comes inward is delivered to the platform like any other message.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from isthmus_bridge import exchanges, log
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import Bridge
from isthmus_bridge.submission import submit
from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import JsonObject, parse_object
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import ExchangeAnswer, ExchangeRequest, ExchangeState, Reason
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.records import Phase, subject_hash

PURPOSE = "FREIGHT_INFORMATION"
"""Access of competent authorities to regulatory information (Regulation (EU) 2020/1056, article 5)."""
CONSIGNMENT = "EFTI_CONSIGNMENT"
IDENTIFIERS = "EFTI_IDENTIFIERS"
FOLLOW_UP = "EFTI_FOLLOW_UP"


class CrossingRefused(Exception):
    """The gate let nothing cross; ``answer`` says where the log holds the decision on the request."""

    def __init__(self, reason: Reason, field: str | None, answer: ExchangeAnswer) -> None:
        super().__init__(f"The gate refuses it: {reason.value}.")
        self.reason = reason
        self.field = field
        self.answer = answer


class NotNow(Exception):
    """This exchange, agreed as ``answer`` says, was handed over before; a new request is a new exchange."""

    def __init__(self, answer: ExchangeAnswer) -> None:
        super().__init__("It was handed over another way; ask again.")
        self.answer = answer


@dataclass(frozen=True)
class Depositor:
    """Whose a dataset is: the party that deposited it, its role, and the owner of the goods' information."""

    party: str
    role: Role
    owner: str


@dataclass(frozen=True)
class Asked:
    """Who asks, once: ``key`` is the caller's, as an idempotency key is."""

    holder: Holder
    key: str
    request_id: str


@dataclass(frozen=True)
class Crossed:
    """What the gate released, the exchange that it crosses in, and what was decided on that."""

    exchange: UUID
    body: JsonObject
    salt: str
    payload_digest: str
    answer: ExchangeAnswer


def subject_of(dataset_id: str) -> str:
    """Return what stands for a dataset where a declaration has its consignment's UCR."""
    return f"efti:{dataset_id}"


def outward(
    bridge: Bridge, asked: Asked, message: str, dataset_id: str, depositor: Depositor, payload: JsonObject
) -> Crossed:
    """Let ``payload`` cross to the window now. Raises :class:`CrossingRefused`, :class:`NotNow`."""
    request = ExchangeRequest(
        idempotency_key=asked.key,
        message=message,
        direction=Direction.TO_WINDOW,
        purpose=PURPOSE,
        party=depositor.party,
        role=depositor.role,
        owner=depositor.owner,
        subject=subject_of(dataset_id),
        in_reply_to=None,
        consents=(),
        fields=tuple(leaf_paths(payload)),
        payload=payload,
    )
    return _cross(bridge, asked, request)


def inward(bridge: Bridge, asked: Asked, dataset_id: str, payload: JsonObject) -> ExchangeAnswer:
    """Let ``payload`` cross from the window, about what it last got of the dataset, to be delivered.

    Raises :class:`CrossingRefused` (``UNKNOWN_EXCHANGE`` where nothing of the dataset has crossed).
    """
    with bridge.begin() as session:
        earlier = _last_given(session, bridge, dataset_id)
    request = _from_window(asked, FOLLOW_UP, earlier, payload)
    return _agreed(submit(bridge, asked.holder, request, request_id=asked.request_id).answer)


def refuse_unknown(bridge: Bridge, asked: Asked, message: str) -> None:
    """Log that the window asked for what nobody deposited."""
    nothing: JsonObject = {}
    submit(bridge, asked.holder, _from_window(asked, message, None, nothing), request_id=asked.request_id)


def _from_window(asked: Asked, message: str, earlier: str | None, payload: JsonObject) -> ExchangeRequest:
    return ExchangeRequest(
        idempotency_key=asked.key,
        message=message,
        direction=Direction.FROM_WINDOW,
        purpose=PURPOSE,
        party=None,
        role=None,
        owner=None,
        subject=None,
        in_reply_to=earlier or "none",
        consents=(),
        fields=tuple(leaf_paths(payload)),
        payload=payload,
    )


def _last_given(session: Session, bridge: Bridge, dataset_id: str) -> str | None:
    found = session.scalar(
        select(Exchange.id)
        .where(
            Exchange.subject == subject_hash(bridge.subject_key, subject_of(dataset_id)),
            Exchange.message == CONSIGNMENT,
            Exchange.state.in_([state.value for state in exchanges.CROSSED]),
        )
        .order_by(Exchange.decision_index.desc())
        .limit(1)
    )
    return None if found is None else str(found)


def _agreed(answer: ExchangeAnswer) -> ExchangeAnswer:
    if answer.state is not ExchangeState.AGREED:
        raise CrossingRefused(answer.reason or Reason.NO_AGREEMENT, answer.field, answer)
    return answer


def _cross(bridge: Bridge, asked: Asked, request: ExchangeRequest) -> Crossed:
    """Submit without waking the delivery: what is agreed is handed over here."""
    quiet = replace(bridge, wake=lambda: None)
    answer = _agreed(submit(quiet, asked.holder, request, request_id=asked.request_id).answer)
    now = bridge.clock()
    with bridge.begin() as session:
        exchange = session.get_one(Exchange, UUID(answer.exchange), with_for_update=True)
        if asked.holder is Holder.WINDOW:
            exchange.told_at = now  # the platform did not ask, so it is not told how this ends
        refused = _hand_over(session, bridge, exchange, answer, now)
        crossed = None if refused else _crossed(exchange, answer)
        if crossed is not None:
            exchange.due_at = now
    bridge.wake()
    if refused is not None:
        raise refused
    if crossed is None:
        raise NotNow(answer)
    return crossed


def _crossed(exchange: Exchange, answer: ExchangeAnswer) -> Crossed | None:
    """Return what is under way; None once a delivery has ended it, since nothing is kept longer."""
    if not (exchange.body and exchange.salt and exchange.payload_digest and exchange.promise):
        return None
    body = parse_object(exchange.body.encode())
    return Crossed(exchange.id, body, exchange.salt.hex(), exchange.payload_digest, answer)


def _hand_over(
    session: Session, bridge: Bridge, exchange: Exchange, answer: ExchangeAnswer, now: datetime
) -> CrossingRefused | None:
    """Ask the gate again and mark the exchange as sent, unless a delivery has done so already."""
    if exchange.state != ExchangeState.AGREED.value:
        return None
    log.lock(session)
    again = exchanges.ask_again(exchanges.Standings(session, bridge, now), exchange, Phase.SENT)
    if again.refused is not None:
        exchanges.terminate(session, exchange, again, Phase.SENT, now)
        return CrossingRefused(again.refused.reason, again.refused.field, answer)
    exchanges.mark_sent(session, exchange, again, now)
    return None
