"""What the bridge brings: deliveries from the window, and word of how our own requests ended.

Everything is signed by the bridge, taken once by its nonce, and idempotent by the exchange's id: the same
delivery again gets the same receipt, or the same refusal.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import parties
from isthmus_platform.crossings.bridge_client import BridgeClient, BridgeRefused, BridgeUnavailable
from isthmus_platform.crossings.records import BRIDGE, BridgeNonce, Crossing, known_or_barred
from isthmus_platform.crossings.sending import Outgoing
from isthmus_platform.database import Platform, Work, new_id
from isthmus_platform.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    PlatformError,
)
from isthmus_protocol.acknowledgements import acknowledge, check_notice
from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import JsonObject, JsonValue, MalformedJson, parse
from isthmus_protocol.envelopes import DeliveryNotice, Envelope
from isthmus_protocol.http_signatures import Caller, verify_request
from isthmus_protocol.keys import Holder, SignatureError, UntrustedKey
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.promises import Promise, promise_of, promise_the_same
from isthmus_protocol.receipts import Receipt, Receiver, renewed, sign_receipt
from isthmus_protocol.shapes import MalformedMessage

Incoming = Callable[[Work, Crossing, Crossing, JsonObject], str | None]
"""Takes (the delivery, the crossing it answers, the body); returns why it is refused, or None."""


@dataclass(frozen=True)
class Unasked:
    """A message that answers no exchange of ours.

    ``find`` returns, for the party it is for and its body, the crossing of ours that it is about; it raises
    :class:`NotFound`.
    """

    find: Callable[[Work, str, JsonObject], Crossing]
    take: Incoming


LONGEST_MESSAGE = 1_048_576


class NotYet(PlatformError):
    """The exchange may be one whose answer from the bridge we have not written down yet: come again."""

    code = "not_yet"
    status = 503


@dataclass(frozen=True)
class Inbox:
    """Where the bridge delivers. ``bridge`` holds the keys: whom we trust, and what we sign receipts with."""

    platform: Platform
    bridge: BridgeClient
    incoming: Mapping[str, Incoming | Unasked]
    outgoing: Mapping[str, Outgoing]

    def admit(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Raise :class:`NotAuthenticated` unless the bridge signed this request, just now, and only once."""
        now = self.platform.clock()
        try:
            caller = verify_request(self.bridge.keyring, method, url, headers, body, now=now)
        except SignatureError as error:
            raise NotAuthenticated(str(error), code="signature") from error
        if caller.holder is not Holder.BRIDGE:
            raise NotPermitted("Only the bridge delivers here.", code="not_the_bridge")
        self._take_nonce(caller)

    def _take_nonce(self, caller: Caller) -> None:
        with self.platform.begin(BRIDGE) as work:
            work.session.execute(delete(BridgeNonce).where(BridgeNonce.expires_at < work.now))
            taken = work.session.scalar(
                insert(BridgeNonce)
                .values(kid=caller.kid, nonce=caller.nonce, expires_at=caller.expires)
                .on_conflict_do_nothing()
                .returning(BridgeNonce.nonce)
            )
        if taken is None:
            raise NotAuthenticated("This signature was used before.", code="replayed")

    def deliver(self, body: bytes, *, request_id: str = "-") -> str:
        """Take a delivery and return our signed receipt; the same exchange again gives the same receipt.

        Raises :class:`InvalidInput` for what is not understood, :class:`NotPermitted` for what is refused
        (which is recorded), :class:`NotFound` for an answer to nothing we asked, :class:`NotYet`.
        """
        delivery = self.read_delivery(read_json(body))
        with self.platform.begin(BRIDGE, request_id=request_id) as work:
            delivery.take(work)
        return delivery.answer()

    def read_delivery(self, content: JsonValue) -> "Delivery":
        """Return a delivery that is in order, with what the bridge is to be asked for it; raises the same."""
        envelope = _envelope(content)
        self.promised(envelope.promise, envelope.exchange, envelope.log_index)
        if envelope.message not in self.incoming:
            raise InvalidInput("No such message is taken here.", field="/message", code="unknown_message")
        return Delivery(self, envelope, self._legal_basis(envelope))

    def receipt_of(self, crossing: Crossing) -> str:
        """Return our receipt for a delivery; raises :class:`NotPermitted` for one that is refused."""
        if crossing.receipt is None:
            raise NotPermitted(f"The delivery is refused: {crossing.reason}.", code=crossing.reason)
        now = self.platform.clock()
        return renewed(crossing.receipt, self.bridge.signing_key, self.bridge.keyring, now)

    def received(self, work: Work, envelope: Envelope, legal_basis: str | None) -> Crossing:
        """Write a delivery down, once, and let its service take it."""
        exchange = exchange_id(envelope.exchange, "/exchange")
        in_turn(work, exchange)
        known, barred = known_or_barred(work, exchange)
        if known is not None:
            return known
        if barred:
            raise Conflict("We told the bridge that we never take this.", code="exchange_barred")
        taken = self.incoming[envelope.message]
        if isinstance(taken, Unasked):
            asked, take = taken.find(work, envelope.party, envelope.body), taken.take
        else:
            asked, take = _asked(work, envelope.in_reply_to), taken
        if envelope.party != parties.get(work, asked.requester_id).name:
            raise NotPermitted("The delivery is for another party than asked.", field="/party")
        crossing = _crossing(work, exchange, envelope, asked, legal_basis)
        work.session.add(crossing)
        work.session.flush()
        crossing.reason = take(work, crossing, asked, envelope.body)
        if crossing.reason is None:
            place = self.promised(envelope.promise, envelope.exchange).place
            receipt = Receipt(envelope.exchange, envelope.payload_digest, Receiver.PLATFORM, work.now, place)
            crossing.receipt = sign_receipt(self.bridge.signing_key, receipt)
        else:
            crossing.state = "REFUSED"
        work.session.flush()
        return crossing

    def _legal_basis(self, envelope: Envelope) -> str | None:
        """Return what the delivery's agreement rests on, where the bridge can tell now."""
        try:
            agreement = self.bridge.active_agreement(
                envelope.message, envelope.direction.value, envelope.purpose
            )
        except (BridgeUnavailable, BridgeRefused):
            return None
        if agreement is None or agreement.digest != envelope.agreement.digest:
            return None
        return agreement.legal_basis.citation

    def note(self, body: bytes, *, request_id: str = "-") -> str:
        """Write down how one of our own exchanges ended and return our signed acknowledgement.

        The same notice again changes nothing and gets the same acknowledgement.
        """
        word = self.read_word(read_json(body))
        with self.platform.begin(BRIDGE, request_id=request_id) as work:
            word.take(work)
        return word.answer()

    def read_word(self, content: JsonValue) -> "Word":
        """Return a notice that is in order; raises :class:`InvalidInput`."""
        try:
            notice = DeliveryNotice.from_json(content)
        except MalformedMessage as error:
            raise malformed(error) from error
        promise = self.promised(notice.promise, notice.exchange)
        try:
            check_notice(notice, promise, self.bridge.keyring, Receiver.PLATFORM)
        except SignatureError as error:
            raise InvalidInput(str(error), field="/receipt", code="signature") from error
        return Word(self, notice, promise)

    def heard(self, work: Work, notice: DeliveryNotice) -> datetime:
        """Write down how one of our exchanges ended, once, and return when we did."""
        crossing = _ours(work, exchange_id(notice.exchange, "/exchange"))
        if not promise_the_same(crossing.promise or notice.promise, notice.promise):
            raise InvalidInput("The log promised us otherwise before.", field="/promise", code="promise")
        if crossing.state in ("AGREED", "SENT"):
            crossing.promise = notice.promise
            crossing.state = notice.state.value
            crossing.reason = notice.reason
            crossing.receipt = notice.receipt
            crossing.updated_at = work.now
            work.session.flush()
            self.outgoing[crossing.message].settled(work, crossing)
        elif crossing.state != notice.state.value:
            raise Conflict("We know of another end.", field="/state", code="other_end")
        return crossing.updated_at

    def promised(self, token: str, exchange: str, log_index: int | None = None) -> Promise:
        """Return the log's promise. By a key that we do not know, yet or any more, it may be given anew."""
        try:
            return promise_of(token, self.bridge.keyring, exchange, log_index, self.platform.clock())
        except UntrustedKey as error:
            raise NotAuthenticated(str(error), code="promise") from error
        except SignatureError as error:
            raise InvalidInput(str(error), field="/promise", code="promise") from error


@dataclass
class Delivery:
    """A message from the window: taken in a transaction, and answered with our receipt after it."""

    inbox: Inbox
    envelope: Envelope
    legal_basis: str | None
    crossing: Crossing | None = None

    def take(self, work: Work) -> None:
        """Write it down; raises :class:`PlatformError` and changes nothing where it cannot be."""
        self.crossing = self.inbox.received(work, self.envelope, self.legal_basis)

    def answer(self) -> str:
        """Return our receipt; raises :class:`NotPermitted` for what is refused, and recorded as that."""
        if self.crossing is None:
            raise RuntimeError("what was not taken is not answered")
        return self.inbox.receipt_of(self.crossing)


@dataclass
class Word:
    """How an exchange of ours ended: heard in a transaction, and acknowledged after it."""

    inbox: Inbox
    notice: DeliveryNotice
    promise: Promise
    heard: datetime | None = None

    def take(self, work: Work) -> None:
        """Write it down; raises :class:`PlatformError` and changes nothing where it cannot be."""
        self.heard = self.inbox.heard(work, self.notice)

    def answer(self) -> str:
        """Return our acknowledgement."""
        if self.heard is None:
            raise RuntimeError("what was not heard is not acknowledged")
        key = self.inbox.bridge.signing_key
        return acknowledge(key, self.notice, self.promise, Receiver.PLATFORM, self.heard)


def read_json(body: bytes) -> JsonValue:
    """Return what ``body`` says; raises :class:`InvalidInput` unless it is strict JSON."""
    try:
        return parse(body, max_bytes=LONGEST_MESSAGE)
    except MalformedJson as error:
        raise not_json(error) from error


def not_json(error: MalformedJson) -> InvalidInput:
    """Return what is said to a body that is not strict JSON."""
    return InvalidInput(f"The body is not strict JSON: {error}.", field=error.where, code=error.rule)


def _envelope(content: JsonValue) -> Envelope:
    try:
        envelope = Envelope.from_json(content)
        envelope.check_digest()
    except MalformedMessage as error:
        raise malformed(error) from error
    if envelope.direction is not Direction.FROM_WINDOW:
        raise InvalidInput("Only what comes from the window is taken.", field="/direction", code="direction")
    return envelope


def malformed(error: MalformedMessage) -> InvalidInput:
    """Return what is said to a message that breaks a rule."""
    return InvalidInput(f"The message breaks a rule: {error}.", field=error.field, code=error.rule)


def in_turn(work: Work, exchange: UUID) -> None:
    """Wait for whoever else has to do with this delivery, to see what they wrote; the next waits for us."""
    work.session.execute(select(func.pg_advisory_xact_lock(exchange.int & (2**63 - 1))))


def exchange_id(value: str, field: str) -> UUID:
    """Return the exchange that ``value`` names; raises :class:`InvalidInput`."""
    try:
        return UUID(value)
    except ValueError:
        raise InvalidInput("An exchange is named by a UUID.", field=field, code="uuid") from None


def _asked(work: Work, in_reply_to: str | None) -> Crossing:
    if in_reply_to is None:
        raise InvalidInput("A delivery answers an exchange.", field="/inReplyTo", code="missing")
    return _ours(work, exchange_id(in_reply_to, "/inReplyTo"))


def _ours(work: Work, exchange: UUID) -> Crossing:
    """Return our crossing with this id, locked.

    The bridge may be quicker with the end of an exchange than we with writing down its beginning.
    """
    found = work.session.scalar(select(Crossing).where(Crossing.exchange == exchange).with_for_update())
    if found is not None:
        return found
    if work.session.scalar(select(exists().where(Crossing.state == "REQUESTED"))):
        raise NotYet("No such exchange is known here yet.")
    raise NotFound("No such exchange was asked for here.", code="unknown_exchange")


def _crossing(
    work: Work, exchange: UUID, envelope: Envelope, asked: Crossing, legal_basis: str | None
) -> Crossing:
    return Crossing(
        id=new_id(),
        exchange=exchange,
        in_reply_to=None if envelope.in_reply_to is None else exchange_id(envelope.in_reply_to, "/inReplyTo"),
        party_id=asked.party_id,
        requester_id=asked.requester_id,
        shipment_id=asked.shipment_id,
        subject=asked.subject,
        direction=envelope.direction.value,
        message=envelope.message,
        purpose=envelope.purpose,
        legal_basis=legal_basis,
        consents=[],
        additional_fields=[],
        fields=leaf_paths(envelope.body),
        state="DELIVERED",
        agreement_id=envelope.agreement.id,
        agreement_version=envelope.agreement.version,
        log_index=envelope.log_index,
        promise=envelope.promise,
        created_at=work.now,
        updated_at=work.now,
    )
