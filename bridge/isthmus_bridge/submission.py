"""Requests to cross: entered once for each key of a caller, decided by the gate, and answered.

What is asked at the same time is decided together, one after the other under the log's lock, and committed
before anyone is answered.
"""

import hmac
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from isthmus_bridge import agreements, authentication, entries, exchanges, leakage, log, promises, rates
from isthmus_bridge.authentication import NotAuthenticated
from isthmus_bridge.database import new_id
from isthmus_bridge.entries import Entry
from isthmus_bridge.exchanges import AnyExchange
from isthmus_bridge.gate import Question, Refused, Standing, decide
from isthmus_bridge.models import Base, Exchange
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import canonical
from isthmus_protocol.http_signatures import Caller
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import ExchangeAnswer, ExchangeRequest, ExchangeState, Reason
from isthmus_protocol.predicates import Ask
from isthmus_protocol.records import Phase, subject_hash

_KNOWN = text(
    "SELECT id FROM exchange WHERE (caller, idempotency_key) IN"
    " (SELECT caller, key FROM json_to_recordset(CAST(:keys AS json)) AS given (caller text, key text))"
)


class KeyReused(Exception):
    """The caller used this idempotency key before, with another request."""


@dataclass(frozen=True)
class Submitted:
    """The answer to a request, and whether it is the repeated answer to one that came before."""

    answer: ExchangeAnswer
    repeated: bool


@dataclass(frozen=True)
class _Asked:
    """A request, who makes it, and the signature to be used up with it, where it came with one."""

    caller: Holder
    request: ExchangeRequest
    request_id: str
    signed: Caller | None

    @property
    def key(self) -> tuple[str, str]:
        return self.caller.value, self.request.idempotency_key


def submit(
    bridge: Bridge,
    caller: Holder,
    request: ExchangeRequest,
    *,
    request_id: str,
    signed: Caller | None = None,
) -> Submitted:
    """Decide on ``request`` and return the answer; one that was agreed is committed to be delivered.

    The same key with the same request gives the first answer again. The nonce of ``signed`` is used up in the
    same transaction. Raises :class:`KeyReused`, :class:`NotAuthenticated` for a nonce seen before, and
    :class:`~isthmus_bridge.log.LogUnavailable`, after which nothing has changed.
    """
    asked = _Asked(caller, request, request_id, signed)
    submitted = bridge.submissions.do(asked, partial(_submit_all, bridge))
    if submitted.answer.state is ExchangeState.AGREED and not submitted.repeated:
        bridge.wake()
    return submitted


def _submit_all(bridge: Bridge, batch: Sequence[_Asked]) -> list[Submitted | Exception]:
    """Decide on every request of ``batch`` in one transaction."""
    now = bridge.clock()
    with bridge.begin() as session, session.no_autoflush:
        log.lock(session)
        fresh = authentication.use_up(session, [asked.signed for asked in batch if asked.signed], now)
        known = _known(session, batch)
        standings = _Standings(session, bridge, now)
        questions = _resolve_all(session, bridge, [asked.request for asked in batch])
        decided: list[tuple[AnyExchange, bool] | Exception] = []
        entered: list[Entry] = []
        for asked, question in zip(batch, questions, strict=True):
            if asked.signed is not None and (asked.signed.kid, asked.signed.nonce) not in fresh:
                decided.append(NotAuthenticated("the request was seen before"))
                continue
            fresh -= {(asked.signed.kid, asked.signed.nonce)} if asked.signed else set()
            first = known.get(asked.key)
            if first is not None:
                decided.append(_repeated(bridge, first, asked.request))
                continue
            exchange = known[asked.key] = _entered(bridge, asked, question, now)
            entered.append(exchange)
            _decide(session, exchange, question, asked.request, standings)
            decided.append((exchange, False))
        promises.give(session, bridge, list(known.values()))
        entries.write(session, entered)
        standings.write()
    return [_outcome(each) for each in decided]


def _outcome(decided: tuple[AnyExchange, bool] | Exception) -> Submitted | Exception:
    if isinstance(decided, Exception):
        return decided
    exchange, repeated = decided
    return Submitted(exchanges.answer_of(exchange), repeated)


def _decide(
    session: Session,
    exchange: Entry,
    resolved: "_Resolved | None",
    request: ExchangeRequest,
    standings: "_Standings",
) -> None:
    now = standings.now
    if resolved is None:
        exchanges.refuse(session, exchange, Refused(Reason.UNKNOWN_EXCHANGE), None, now)
        return
    standing = standings.speaking_for(resolved)
    outcome = decide(Phase.AGREED, standing, resolved.question, request.payload, now)
    if isinstance(outcome, Refused):
        exchanges.refuse(session, exchange, outcome, standing, now)
    elif standing is not None:
        exchanges.agree(session, exchange, outcome, standing, now)
        standings.count(standing, leakage.rows(exchange, outcome, request.subject, now))


@dataclass(frozen=True)
class _Resolved:
    """A request with what an answer takes from the exchange it answers."""

    question: Question
    subject: str | None


def _resolve_all(
    session: Session, bridge: Bridge, requests: Sequence[ExchangeRequest]
) -> list[_Resolved | None]:
    named = {id_ for request in requests if (id_ := _uuid(request.in_reply_to)) is not None}
    found = session.scalars(select(Exchange).where(Exchange.id.in_(named))) if named else ()
    earlier = {exchange.id: exchange for exchange in found}
    asked = leakage.asked_in(session, earlier)
    return [_resolve(bridge, request, earlier, asked) for request in requests]


def _resolve(
    bridge: Bridge,
    request: ExchangeRequest,
    known: Mapping[UUID, Exchange],
    asked: Mapping[UUID, tuple[Ask, ...]],
) -> _Resolved | None:
    """Return what is asked of the gate, or None where ``request`` answers no exchange that has crossed.

    An answer serves the purpose of the question: it cannot carry what was asked for one purpose to another.
    """
    earlier = None
    if request.in_reply_to is not None:
        id_ = _uuid(request.in_reply_to)
        earlier = None if id_ is None else known.get(id_)
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
        asks=() if earlier is None else asked.get(earlier.id, ()),
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


def _known(session: Session, batch: Iterable[_Asked]) -> dict[tuple[str, str], AnyExchange]:
    """Return the exchanges that callers entered before under the keys of ``batch``.

    Exchanges are entered only under the log's lock, so that nobody else enters one of these meanwhile.
    """
    keys = [{"caller": caller, "key": key} for caller, key in (asked.key for asked in batch)]
    ids = session.execute(_KNOWN, {"keys": orjson.dumps(keys).decode()}).scalars().all()
    found = session.scalars(select(Exchange).where(Exchange.id.in_(ids))) if ids else ()
    return {(exchange.caller, exchange.idempotency_key): exchange for exchange in found}


def _entered(bridge: Bridge, asked: _Asked, resolved: _Resolved | None, now: datetime) -> Entry:
    """Return the new exchange, ``REQUESTED``."""
    question = None if resolved is None else resolved.question
    return Entry(
        id=new_id(),
        caller=asked.caller.value,
        idempotency_key=asked.request.idempotency_key,
        body_digest=_body_digest(bridge, asked.request),
        request_id=asked.request_id,
        created_at=now,
        message=asked.request.message,
        direction=asked.request.direction.value,
        purpose=asked.request.purpose,
        party=None if question is None else question.party,
        role=None if question is None else question.role,
        owner=None if question is None else question.owner,
        subject=None if resolved is None else resolved.subject,
        in_reply_to=_uuid(asked.request.in_reply_to),
        consents=[consent.to_json() for consent in question.consents] if question else [],
        due_at=now,
        state=ExchangeState.REQUESTED.value,
    )


def _uuid(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None


def _repeated(
    bridge: Bridge, exchange: AnyExchange, request: ExchangeRequest
) -> tuple[AnyExchange, bool] | KeyReused:
    if exchange.body_digest != _body_digest(bridge, request):
        return KeyReused("this idempotency key was used before, with another request")
    return exchange, True


@dataclass
class _Standings:
    """The agreements that speak for the questions of a batch, with what each has let cross in an hour."""

    session: Session
    bridge: Bridge
    now: datetime
    _found: dict[tuple[str, Direction, str], Standing | None] = field(default_factory=dict)
    _agreed: dict[str, int] = field(default_factory=dict)
    _more: Counter[str] = field(default_factory=Counter)
    _reserved: list[Base] = field(default_factory=list)

    def speaking_for(self, resolved: _Resolved) -> Standing | None:
        """Return the agreement that speaks for a question, with what has crossed and been answered."""
        question = resolved.question
        asked = (question.message, question.direction, question.purpose)
        if asked not in self._found:
            self._found[asked] = agreements.standing_for(self.session, self.bridge.keyring, *asked, self.now)
        standing = self._found[asked]
        if standing is None:
            return None
        id_ = standing.agreement.id
        if id_ not in self._agreed:
            self._agreed[id_] = rates.agreed_last_hour(self.session, id_, self.now)
        bits = leakage.answered_bits(
            self.session, standing.agreement, question, resolved.subject, self.now, self._reserved
        )
        return replace(standing, agreed_last_hour=self._agreed[id_] + self._more[id_], answered_bits=bits)

    def count(self, standing: Standing, kept: Iterable[Base]) -> None:
        """Count one more that has crossed under ``standing``, and what is kept of it besides."""
        self._more[standing.agreement.id] += 1
        self._reserved += kept

    def write(self) -> None:
        """Write what was counted; the exchanges must have been written."""
        for agreement_id, more in self._more.items():
            rates.count(self.session, agreement_id, more, self.now)
        self.session.add_all(self._reserved)
