"""Claiming what is due: many exchanges at a time, under a lease that is committed before anything is sent.

No network call is made inside a transaction, and a killed worker's claim runs out by itself. What is claimed
together is decided, logged and committed together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from isthmus_bridge import dead_letters, exchanges, in_doubt, log, passages, promises
from isthmus_bridge.gate import Refused
from isthmus_bridge.models import Exchange
from isthmus_bridge.passages import Passage
from isthmus_bridge.service import Bridge, Unspeakable
from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import canonical
from isthmus_protocol.envelopes import DeliveryNotice, Envelope
from isthmus_protocol.keys import decode_base64url
from isthmus_protocol.messages import AgreementReference, ExchangeState, Reason
from isthmus_protocol.parcels import LARGEST, Kind
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.records import Phase

Due: TypeAlias = tuple[Receiver, Kind]
"""To whom something is due, and whether it is what crosses or the word of an end."""

LEASE = timedelta(seconds=30)
AROUND = 4096
"""More bytes than an envelope or a notice has around the body or the receipt that it carries."""


@dataclass(frozen=True)
class Claim:
    """Something to send; state and attempt tell a claim from those that follow when its lease has run out."""

    passage: Passage
    kind: Kind
    receiver: Receiver
    content: bytes
    state: str
    attempt: int

    @property
    def exchange(self) -> UUID:
        """The exchange that it is about."""
        return self.passage.id

    @property
    def request_id(self) -> str:
        """What follows the exchange through everybody's logs."""
        return self.passage.request_id

    @property
    def is_notice(self) -> bool:
        """Whether it tells an originator the end, and does not hand over what crosses."""
        return self.kind is Kind.NOTICE

    @property
    def is_inquiry(self) -> bool:
        """Whether it asks the receiver if it has what was given up, and does not hand it over."""
        return self.kind is Kind.INQUIRY

    @property
    def is_first(self) -> bool:
        """Whether it is tried for the first time: what failed before may be at fault, and goes alone."""
        return self.attempt == 1


@dataclass(frozen=True)
class Claimed:
    """What is to be sent, how many exchanges came to their end when claimed, and whether more may be due."""

    claims: list[Claim]
    ended: int
    full: bool


def due(bridge: Bridge) -> set[Due]:
    """Return to whom something may be due, and of what kind: one look, before anything is locked."""
    now = bridge.clock()
    with bridge.begin() as session:
        found = passages.is_due(session, now)
    return {_due(direction, told=told) for direction, told in found}


def _due(direction: Direction, *, told: bool) -> Due:
    receiver = Receiver.of(direction)
    return (receiver.other, Kind.NOTICE) if told else (receiver, Kind.ENVELOPE)


def claim(bridge: Bridge, receiver: Receiver, kind: Kind, most: int, alone: int | None = None) -> Claimed:
    """Claim up to ``most`` of ``kind`` that ``receiver`` is due.

    At most ``alone`` of them were tried before, and the others fit into a parcel.
    """
    now = bridge.clock()
    fit = _Fit(most if alone is None else alone)
    with bridge.begin() as session:
        find = passages.deliverable if kind is Kind.ENVELOPE else passages.tellable
        found = find(session, _direction(receiver, kind), now, most)
        taken = list(filter(fit.takes, found))
        if kind is Kind.ENVELOPE:
            claims = _prepared(session, bridge, taken, now)
        else:
            _promise(session, bridge, taken)
            claims = [notice(passage, now) for passage in taken]
        passages.write(session, taken)
    return Claimed(claims, len(taken) - len(claims), len(found) == most)


def _direction(receiver: Receiver, kind: Kind) -> Direction:
    """Return the direction of the exchanges of which ``receiver`` gets what is of ``kind``."""
    reaches_window = (receiver is Receiver.WINDOW) is (kind is Kind.ENVELOPE)
    return Direction.TO_WINDOW if reaches_window else Direction.FROM_WINDOW


@dataclass
class _Fit:
    """What is left of the room for what was tried before, each by itself, and of the bytes of a parcel."""

    alone: int
    left: int = LARGEST
    begun: bool = False

    def takes(self, passage: Passage) -> bool:
        """Say whether there is room for ``passage``, and take it up; the first of a parcel always fits."""
        if passage.attempts > 0:
            self.alone -= 1
            return self.alone >= 0
        self.left -= len(passage.body or passage.receipt or "") + AROUND
        fits = self.left >= 0 or not self.begun
        self.begun = True
        return fits


def _promise(session: Session, bridge: Bridge, given: Sequence[Passage]) -> None:
    """Have the log's promise be given to those that lack one which counts now."""
    lacking = {each.id: each for each in given if not stands(bridge, each.promise)}
    if lacking:
        rows = session.scalars(select(Exchange).where(Exchange.id.in_(lacking))).all()
        promises.give(session, bridge, rows)
        for row in rows:
            lacking[row.id].promise = row.promise


def stands(bridge: Bridge, promise: str | None) -> bool:
    """Say whether ``promise``, out of our own database, was signed with a key that is in force."""
    key = None if promise is None else bridge.keyring.get(_signer(promise.partition(".")[0]))
    return key is not None and key.in_force(bridge.clock())


@lru_cache(maxsize=64)
def _signer(header: str) -> str:
    """Return the id of the key that a statement's header names: all of one key have the same header."""
    return str(orjson.loads(decode_base64url(header)).get("kid"))


def _prepared(session: Session, bridge: Bridge, taken: Sequence[Passage], now: datetime) -> list[Claim]:
    """Return the envelopes of what still may cross, and inquiries after what is in doubt; the rest ended."""
    if not taken:
        return []
    log.lock(session)
    _promise(session, bridge, taken)
    standings = exchanges.Standings(session, bridge, now)
    prepared = [_prepare(session, standings, passage) for passage in taken]
    return [each for each in prepared if each is not None]


def _prepare(session: Session, standings: exchanges.Standings, passage: Passage) -> Claim | None:
    """Ask the gate again; log and mark the exchange as sent and return its envelope, or end it.

    What was sent before does not end here: its receiver is asked whether it has it.
    """
    bridge, now = standings.bridge, standings.now
    sent = passage.state == ExchangeState.SENT.value
    if in_doubt.is_in_doubt(passage):
        return _inquiry(session, passage, now)
    if dead_letters.is_overdue(passage, bridge.patience, now):
        detail = passage.last_error or "it waited behind another of its subject"
        if sent:
            return _given_up(session, passage, Refused(Reason.TIMED_OUT), detail, now)
        exchanges.fail(session, passage, Reason.TIMED_OUT, detail, now)
        return None
    asked = exchanges.ask_again(standings, passage, Phase.SENT)
    if asked.refused is not None:
        if sent:
            return _given_up(session, passage, asked.refused, passage.last_error, now)
        exchanges.terminate(session, passage, asked, Phase.SENT, now)
        return None
    if not sent:
        exchanges.mark_sent(session, passage, asked, now)
    _lease(passage, now)
    try:
        spoken = bridge.speak(envelope(passage).to_json())
    except Unspeakable as problem:
        if sent:
            return _given_up(session, passage, Refused(Reason.UNDELIVERABLE), str(problem), now)
        exchanges.fail(session, passage, Reason.UNDELIVERABLE, str(problem), now)
        return None
    except (RuntimeError, ValueError) as error:
        # Not as it was written. It must not come up again and again before all that follows it.
        dead_letters.set_aside(passage, f"cannot be put together: {error}", bridge.patience, now)
        return None
    receiver = Receiver.of(Direction(passage.direction))
    return Claim(passage, Kind.ENVELOPE, receiver, canonical(spoken), passage.state, passage.attempts)


def _given_up(
    session: Session, passage: Passage, refused: Refused, detail: str | None, now: datetime
) -> Claim | None:
    in_doubt.give_up(passage, refused, detail, now)
    return _inquiry(session, passage, now)


def _inquiry(session: Session, passage: Passage, now: datetime) -> Claim | None:
    """Lease the question whether the receiver has it; end what is damaged, so that nobody can be asked."""
    _lease(passage, now)
    try:
        content = canonical(in_doubt.inquiry(passage).to_json())
    except RuntimeError as error:
        exchanges.fail(session, passage, Reason.UNCONFIRMED, str(error), now)
        return None
    receiver = Receiver.of(Direction(passage.direction))
    return Claim(passage, Kind.INQUIRY, receiver, content, passage.state, passage.attempts)


def notice(passage: Passage, now: datetime) -> Claim:
    """Lease the word to the originator on how an exchange ended; the claim holds once that is committed."""
    _lease(passage, now)
    state = ExchangeState(passage.state)
    told = DeliveryNotice(str(passage.id), state, passage.reason, passage.receipt, passage.promise or "")
    originator = Receiver.of(Direction(passage.direction)).other
    content = canonical(told.to_json())
    return Claim(passage, Kind.NOTICE, originator, content, passage.state, passage.attempts)


def _lease(passage: Passage, now: datetime) -> None:
    passage.due_at = now + LEASE
    passage.attempts += 1


def envelope(passage: Passage) -> Envelope:
    """Return what the receiver gets: the same at every attempt."""
    if (
        passage.salt is None
        or passage.body is None
        or passage.payload_digest is None
        or passage.sent_at is None
        or passage.decision_index is None
        or passage.promise is None
        or passage.agreement_id is None
        or passage.agreement_version is None
        or passage.agreement_digest is None
        or passage.party is None
        or passage.role is None
        or passage.owner is None
    ):
        raise RuntimeError("an exchange that was not agreed has no envelope")
    return Envelope(
        exchange=str(passage.id),
        message=passage.message,
        direction=Direction(passage.direction),
        purpose=passage.purpose,
        agreement=AgreementReference(
            passage.agreement_id, passage.agreement_version, passage.agreement_digest
        ),
        party=passage.party,
        role=Role(passage.role),
        owner=passage.owner,
        in_reply_to=None if passage.in_reply_to is None else str(passage.in_reply_to),
        sent_at=passage.sent_at,
        salt=passage.salt.hex(),
        payload_digest=passage.payload_digest,
        log_index=passage.decision_index,
        promise=passage.promise,
        body=passage.released,
    )
