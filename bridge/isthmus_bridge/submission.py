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
from typing import TypeAlias
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from isthmus_bridge import authentication, chains, entries, exchanges, leakage, log, promises, speaking
from isthmus_bridge.authentication import NotAuthenticated
from isthmus_bridge.database import new_id
from isthmus_bridge.entries import Entry
from isthmus_bridge.gate import Question, Refused, Standing, decide
from isthmus_bridge.models import Base, Exchange
from isthmus_bridge.service import Bridge
from isthmus_bridge.speaking import About
from isthmus_bridge.together import Rows, Statement
from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import canonical
from isthmus_protocol.http_signatures import Caller
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import ExchangeAnswer, ExchangeRequest, ExchangeState, Reason
from isthmus_protocol.predicates import Ask
from isthmus_protocol.records import Phase, subject_hash

Known: TypeAlias = Exchange | Entry
"""An exchange that was entered before, or one that this batch enters."""

_KNOWN = (
    "SELECT id FROM exchange WHERE (caller, idempotency_key) IN"
    " (SELECT caller, key FROM json_to_recordset(CAST($1 AS json)) AS given (caller text, key text))"
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
    subject: str | None
    """The request's, hidden."""

    @property
    def key(self) -> tuple[str, str]:
        return self.caller.value, self.request.idempotency_key

    @property
    def about(self) -> About:
        return self.request.message, self.request.direction, self.request.purpose


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
    hidden = None if request.subject is None else subject_hash(bridge.subject_key, request.subject)
    asked = _Asked(caller, request, request_id, signed, hidden)
    submitted = bridge.submissions.do(asked, partial(_submit_all, bridge))
    if submitted.answer.state is ExchangeState.AGREED and not submitted.repeated:
        bridge.wake()
    return submitted


def _submit_all(bridge: Bridge, batch: Sequence[_Asked]) -> list[Submitted | Exception]:
    """Decide on every request of ``batch`` in one transaction."""
    now = bridge.clock()
    with bridge.begin() as session, session.no_autoflush:
        fresh, known, standings = _begin(session, bridge, batch, now)
        questions = _resolve_all(session, batch)
        decided: list[tuple[Known, bool] | Exception] = []
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
        log.write(session, *([entries.entering(entered)] if entered else []), *standings.counting())
        session.add_all(standings.reserved)
    return [_outcome(each) for each in decided]


def _begin(
    session: Session, bridge: Bridge, batch: Sequence[_Asked], now: datetime
) -> tuple[set[tuple[str, str]], dict[tuple[str, str], Known], "_Standings"]:
    """Lock the log; return which nonces are fresh, which requests came before, and how agreements stand."""
    nonces, known, *standings = log.lock(
        session,
        authentication.using_up([asked.signed for asked in batch if asked.signed], now),
        _knowing(batch),
        *speaking.asking({asked.about for asked in batch}, now),
        chained={key for asked in batch for key in chains.keys_of(asked.request.party, asked.subject)},
    )
    found = speaking.standings(session, bridge.keyring, standings, now)
    return authentication.used_up(nonces), _known(session, known), _Standings(session, now, found)


def _outcome(decided: tuple[Known, bool] | Exception) -> Submitted | Exception:
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


def _resolve_all(session: Session, batch: Sequence[_Asked]) -> list[_Resolved | None]:
    named = {id_ for each in batch if (id_ := _uuid(each.request.in_reply_to)) is not None}
    found = session.scalars(select(Exchange).where(Exchange.id.in_(named))) if named else ()
    earlier = {exchange.id: exchange for exchange in found}
    asked = leakage.asked_in(session, earlier)
    return [_resolve(each, earlier, asked) for each in batch]


def _resolve(
    entering: _Asked,
    known: Mapping[UUID, Exchange],
    asked: Mapping[UUID, tuple[Ask, ...]],
) -> _Resolved | None:
    """Return what is asked of the gate, or None where ``request`` answers no exchange that has crossed.

    An answer serves the purpose of the question: it cannot carry what was asked for one purpose to another.
    """
    request, earlier = entering.request, None
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
    return _Resolved(question, entering.subject)


def _body_digest(bridge: Bridge, request: ExchangeRequest) -> str:
    """Return a keyed digest, since the request holds more than may be known of it here."""
    return hmac.digest(bridge.subject_key, canonical(request.to_json()), "sha256").hex()


def _knowing(batch: Iterable[_Asked]) -> Statement:
    """Return the statement that looks for exchanges that were entered before under the keys of ``batch``.

    Exchanges are entered only under the log's lock, so that nobody else enters one of these meanwhile.
    """
    keys = [{"caller": caller, "key": key} for caller, key in (asked.key for asked in batch)]
    return _KNOWN, [orjson.dumps(keys).decode()]


def _known(session: Session, rows: Rows) -> dict[tuple[str, str], Known]:
    """Return the exchanges that :func:`_knowing` found; there are rarely any."""
    ids = [row[0] for row in rows]
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


def _repeated(bridge: Bridge, exchange: Known, request: ExchangeRequest) -> tuple[Known, bool] | KeyReused:
    if exchange.body_digest != _body_digest(bridge, request):
        return KeyReused("this idempotency key was used before, with another request")
    return exchange, True


@dataclass
class _Standings:
    """The agreements that speak in a batch, with what it lets cross under each and what is kept of that."""

    session: Session
    now: datetime
    speaking: Mapping[About, Standing]
    more: Counter[str] = field(default_factory=Counter)
    reserved: list[Base] = field(default_factory=list)

    def speaking_for(self, resolved: _Resolved) -> Standing | None:
        """Return the agreement that speaks for a question, with what has crossed and been answered."""
        question = resolved.question
        standing = self.speaking.get((question.message, question.direction, question.purpose))
        if standing is None:
            return None
        agreed = standing.agreed_last_hour + self.more[standing.agreement.id]
        bits = leakage.answered_bits(
            self.session, standing.agreement, question, resolved.subject, self.now, self.reserved
        )
        return replace(standing, agreed_last_hour=agreed, answered_bits=bits)

    def count(self, standing: Standing, kept: Iterable[Base]) -> None:
        """Count one more that crosses under ``standing``, and keep what is kept of it besides."""
        self.more[standing.agreement.id] += 1
        self.reserved += kept

    def counting(self) -> list[Statement]:
        """Return the statements that write what was counted."""
        return [speaking.counting(id_, more, self.now) for id_, more in self.more.items()]
