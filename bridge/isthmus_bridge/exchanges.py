"""Exchanges: what is asked to cross, and how far it has come.

Every step is decided by the gate, appended to the log and written to the exchange in one transaction: what
the log does not hold has not happened. A step that the table below does not name cannot be taken.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

import orjson
from sqlalchemy.orm import Session

from isthmus_bridge import agreements, log
from isthmus_bridge.entries import Entry
from isthmus_bridge.gate import Permitted, Question, Refused, Standing, decide
from isthmus_bridge.models import Exchange
from isthmus_bridge.passages import Passage
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Direction, Field, Role
from isthmus_protocol.asked import asked_by
from isthmus_protocol.canonical import JsonObject, canonical, digest, parse_object
from isthmus_protocol.messages import (
    AgreementName,
    AgreementReference,
    Consent,
    ExchangeAnswer,
    ExchangeState,
    Reason,
    digest_of_canonical,
)
from isthmus_protocol.records import Decision, Kind, LogRecord, Phase

State = ExchangeState

AnyExchange: TypeAlias = Exchange | Entry
Agreed: TypeAlias = Exchange | Passage
"""An exchange whose further steps are taken, one by one or many together."""
"""An exchange that the database holds, or one that is just being entered."""

TRANSITIONS: Mapping[ExchangeState, frozenset[ExchangeState]] = MappingProxyType(
    {
        State.REQUESTED: frozenset({State.AGREED, State.REFUSED}),
        State.AGREED: frozenset({State.SENT, State.FAILED, State.TERMINATED}),
        State.SENT: frozenset({State.DELIVERED, State.FAILED, State.TERMINATED}),
        State.DELIVERED: frozenset({State.ACKNOWLEDGED}),
        State.ACKNOWLEDGED: frozenset(),
        State.REFUSED: frozenset(),
        State.FAILED: frozenset(),
        State.TERMINATED: frozenset(),
    }
)

UNDER_WAY = (State.AGREED, State.SENT)
CROSSED = (State.SENT, State.DELIVERED, State.ACKNOWLEDGED)


class IllegalTransition(Exception):
    """A step that the table of transitions does not name."""


def move(exchange: AnyExchange | Passage, state: ExchangeState) -> None:
    """Take ``exchange`` to ``state``; what was released is kept no longer than it is under way.

    Raises :class:`IllegalTransition`.
    """
    if state not in TRANSITIONS[State(exchange.state)]:
        raise IllegalTransition(f"{exchange.state} does not lead to {state}")
    exchange.state = state.value
    if state not in UNDER_WAY:
        exchange.body = None


def agree(session: Session, exchange: Entry, permitted: Permitted, standing: Standing, now: datetime) -> None:
    """Keep what the gate released until it is delivered, and log that it may cross."""
    body = canonical(permitted.projection)
    exchange.salt = secrets.token_bytes(32)
    exchange.payload_digest = digest_of_canonical(exchange.salt, body)
    exchange.body = body.decode()
    exchange.terms = _written_terms(permitted.terms)
    move(exchange, State.AGREED)
    _name(exchange, standing)
    exchange.decision_index = log.append(session, record(exchange, Phase.AGREED, standing, None, now))


def refuse(
    session: Session, exchange: Entry, refused: Refused, standing: Standing | None, now: datetime
) -> None:
    """Log that nothing may cross, and why."""
    exchange.reason = refused.reason.value
    exchange.field = refused.field
    move(exchange, State.REFUSED)
    _name(exchange, standing)
    exchange.decision_index = log.append(session, record(exchange, Phase.AGREED, standing, refused, now))


def _name(exchange: Entry, standing: Standing | None) -> None:
    if standing is not None:
        exchange.agreement_id = standing.agreement.id
        exchange.agreement_version = standing.agreement.version
        exchange.agreement_digest = standing.agreement.digest


@dataclass(frozen=True)
class Reconsidered:
    """How the agreement stands, and the gate's refusal if it refused."""

    standing: Standing | None
    refused: Refused | None


@dataclass
class Standings:
    """How the agreements stand under which a batch of exchanges was agreed, each looked up once.

    The log must be locked, and stay so while this is used.
    """

    session: Session
    bridge: Bridge
    now: datetime
    _found: dict[tuple[str, int], Standing | None] = field(default_factory=dict)

    def of(self, agreement_id: str, version: int) -> Standing | None:
        """Return how the agreement stands now of which ``version`` was agreed under, or None."""
        if (agreement_id, version) not in self._found:
            self._found[agreement_id, version] = agreements.standing_of(
                self.session, self.bridge.keyring, agreement_id, version, self.now
            )
        return self._found[agreement_id, version]


def ask_again(standings: Standings, exchange: Agreed, phase: Phase) -> Reconsidered:
    """Ask the gate about an agreed exchange, as its agreement stands now."""
    if exchange.agreement_id is None or exchange.agreement_version is None or exchange.body is None:
        return Reconsidered(None, Refused(Reason.NO_AGREEMENT))
    standing = standings.of(exchange.agreement_id, exchange.agreement_version)
    try:
        terms = terms_of(exchange)
        body = _released(exchange)
        consents = consents_of(exchange)
    except ValueError:
        # Not as it was written: somebody changed it behind the bridge's back.
        return Reconsidered(standing, Refused(Reason.FIELD_MALFORMED))
    question = Question(
        message=exchange.message,
        direction=Direction(exchange.direction),
        purpose=exchange.purpose,
        party=exchange.party,
        role=exchange.role,
        owner=exchange.owner,
        consents=consents,
        fields=tuple(field.path for field in terms),
        terms=terms,
    )
    outcome = decide(phase, standing, question, body, standings.now)
    return Reconsidered(standing, outcome if isinstance(outcome, Refused) else None)


def _released(exchange: Agreed) -> JsonObject:
    """Return what the gate released; raises ValueError where it is not as it was written."""
    if isinstance(exchange, Passage):
        return exchange.released
    return parse_object((exchange.body or "").encode())


def mark_sent(session: Session, exchange: Agreed, asked: Reconsidered, now: datetime) -> None:
    """Log that the exchange is handed over, before it is."""
    move(exchange, State.SENT)
    exchange.sent_at = now
    log.append(session, record(exchange, Phase.SENT, asked.standing, None, now))


def mark_delivered(
    session: Session, exchange: Agreed, asked: Reconsidered, receipt: str, now: datetime
) -> None:
    """Log the receiver's receipt, as late if the exchange was given up; the originator is told next."""
    late = exchange.reason is not None
    move(exchange, State.DELIVERED)
    exchange.reason = exchange.field = exchange.detail = None
    exchange.receipt = receipt
    _tell(exchange, now)
    delivered = record(exchange, Phase.DELIVERED, asked.standing, None, now, receipt=receipt)
    log.append(session, _with(delivered, None, late=late))


def terminate(
    session: Session,
    exchange: Agreed,
    asked: Reconsidered,
    phase: Phase,
    now: datetime,
    *,
    receipt: str | None = None,
    non_receipt: str | None = None,
) -> None:
    """Log that the gate stopped an agreed exchange, and what the receiver signed; its originator is next."""
    if asked.refused is None:
        raise ValueError("only what the gate refused is terminated")
    late = receipt is not None and exchange.reason is not None
    move(exchange, State.TERMINATED)
    exchange.reason = asked.refused.reason.value
    exchange.field = asked.refused.field
    exchange.receipt = receipt
    _tell(exchange, now)
    stopped = record(exchange, phase, asked.standing, asked.refused, now, receipt=receipt)
    log.append(session, _with(stopped, non_receipt, late=late))


def fail(
    session: Session,
    exchange: Agreed,
    reason: Reason,
    detail: str,
    now: datetime,
    *,
    non_receipt: str | None = None,
) -> None:
    """Log that an agreed exchange could not be delivered, and why; the originator is told next.

    ``detail`` is for whoever looks into it, and not in the log; ``non_receipt`` is the receiver's word that
    it does not have what was sent, and never will.
    """
    phase = Phase.SENT if exchange.state == State.AGREED.value else Phase.DELIVERED
    move(exchange, State.FAILED)
    exchange.reason = reason.value
    exchange.detail = detail[:500]
    _tell(exchange, now)
    failed = record(exchange, phase, None, Refused(reason), now)
    log.append(session, replace(_with(failed, non_receipt), agreement=_agreed_under(exchange)))


def _with(ended: LogRecord, non_receipt: str | None, *, late: bool = False) -> LogRecord:
    """Return the record of an end with what commits to the receiver's word."""
    if non_receipt is not None:
        return replace(ended, receipt_digest=digest(non_receipt.encode()))
    return replace(ended, late=True) if late else ended


def _agreed_under(exchange: Agreed) -> AgreementReference | None:
    id_, version, text = exchange.agreement_id, exchange.agreement_version, exchange.agreement_digest
    if id_ is None or version is None or text is None:
        return None
    return AgreementReference(id_, version, text)


def mark_told(exchange: Agreed, acknowledgement: str, now: datetime) -> None:
    """Keep the originator's signed word that it knows the end; a delivery is then acknowledged."""
    if exchange.state == State.DELIVERED.value:
        move(exchange, State.ACKNOWLEDGED)
    exchange.acknowledgement = acknowledgement
    exchange.told_at = now


def _tell(exchange: Agreed, now: datetime) -> None:
    exchange.due_at = now
    exchange.attempts = 0
    exchange.faults = 0
    exchange.set_aside_at = None
    exchange.last_error = None


def record(
    exchange: AnyExchange | Passage,
    phase: Phase,
    standing: Standing | None,
    refused: Refused | None,
    now: datetime,
    *,
    receipt: str | None = None,
) -> LogRecord:
    """Return what the log keeps of a decision on ``exchange``: never its payload, only what commits to it."""
    agreement = None if standing is None else standing.agreement
    terms = _text_of_terms(exchange) if refused is None else b"[]"
    asked = None if exchange.salt is None else asked_by(_read_terms(terms), exchange.salt.hex())
    return LogRecord(
        kind=Kind.DECISION if receipt is None else Kind.RECEIPT,
        exchange=str(exchange.id),
        phase=phase,
        decision=Decision.PERMITTED if refused is None else Decision.REFUSED,
        reason=None if refused is None else refused.reason,
        field=None if refused is None else refused.field,
        message=exchange.message,
        direction=Direction(exchange.direction),
        purpose=exchange.purpose,
        agreement=(
            None
            if agreement is None
            else AgreementReference(agreement.id, agreement.version, agreement.digest)
        ),
        party=exchange.party,
        role=None if exchange.role is None else Role(exchange.role),
        owner=exchange.owner,
        subject=exchange.subject,
        in_reply_to=None if exchange.in_reply_to is None else str(exchange.in_reply_to),
        fields=_paths(terms),
        payload_digest=exchange.payload_digest,
        receipt_digest=None if receipt is None else digest(receipt.encode()),
        at=now,
        asked=None if asked is None else asked.digest,
    )


def terms_of(exchange: AnyExchange | Passage) -> tuple[Field, ...]:
    """Return the fields that the gate released, as they were agreed; raises :class:`MalformedMessage`."""
    return _read_terms(_text_of_terms(exchange))


def _text_of_terms(exchange: AnyExchange | Passage) -> str | bytes:
    return exchange.terms if isinstance(exchange, Passage) else orjson.dumps(exchange.terms)


@lru_cache(maxsize=1024)
def _read_terms(text: str | bytes) -> tuple[Field, ...]:
    """Return the terms that ``text`` holds; most exchanges have those of a few agreements."""
    return tuple(map(Field.from_json, orjson.loads(text)))


@lru_cache(maxsize=1024)
def _paths(text: str | bytes) -> tuple[str, ...]:
    return tuple(sorted(term.path for term in _read_terms(text)))


@lru_cache(maxsize=1024)
def _written_terms(terms: tuple[Field, ...]) -> list[dict[str, Any]]:
    return [field.to_json() for field in terms]


def consents_of(exchange: Agreed) -> tuple[Consent, ...]:
    """Return the owners' consents that the exchange was asked with."""
    held = orjson.loads(exchange.consents) if isinstance(exchange, Passage) else exchange.consents
    return tuple(map(Consent.from_json, held))


def answer_of(exchange: AnyExchange) -> ExchangeAnswer:
    """Return what the originator was answered, whatever has become of the exchange since."""
    if exchange.decision_index is None or exchange.promise is None:
        raise RuntimeError("an exchange was committed without a decision")
    refused = exchange.state == State.REFUSED.value
    return ExchangeAnswer(
        exchange=str(exchange.id),
        state=State.REFUSED if refused else State.AGREED,
        reason=Reason(exchange.reason) if refused and exchange.reason else None,
        field=exchange.field if refused else None,
        agreement=(
            AgreementName(exchange.agreement_id, exchange.agreement_version)
            if exchange.agreement_id and exchange.agreement_version
            else None
        ),
        log_index=exchange.decision_index,
        promise=exchange.promise,
    )
