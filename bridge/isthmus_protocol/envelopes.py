"""What the bridge hands over: the envelope to the receiver, and word of its end to the originator."""

from dataclasses import dataclass
from datetime import datetime

from isthmus_protocol import statements
from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.messages import AgreementReference, ExchangeState, payload_digest
from isthmus_protocol.shapes import MalformedMessage, Members, format_time


@dataclass(frozen=True)
class Envelope:
    """What the bridge hands to the receiver; ``body`` is the projection that the gate released.

    ``promise`` is the log's signed word on where the decision stands; the receipt commits to it.
    """

    exchange: str
    message: str
    direction: Direction
    purpose: str
    agreement: AgreementReference
    party: str
    role: Role
    owner: str
    in_reply_to: str | None
    sent_at: datetime
    salt: str
    payload_digest: str
    log_index: int
    promise: str
    body: JsonObject

    def check_digest(self) -> None:
        """Raise :class:`MalformedMessage` unless the digest is that of salt and body."""
        if payload_digest(self.salt, self.body) != self.payload_digest:
            raise MalformedMessage("/payloadDigest", "digest_mismatch")

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "exchange": self.exchange,
            "message": self.message,
            "direction": self.direction.value,
            "purpose": self.purpose,
            "agreement": self.agreement.to_json(),
            "party": self.party,
            "role": self.role.value,
            "owner": self.owner,
            "inReplyTo": self.in_reply_to,
            "sentAt": format_time(self.sent_at),
            "salt": self.salt,
            "payloadDigest": self.payload_digest,
            "logIndex": self.log_index,
            "promise": self.promise,
            "body": self.body,
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Envelope":
        """Read an envelope; raises :class:`MalformedMessage`. See also :meth:`check_digest`."""
        members = Members(value)
        envelope = cls(
            exchange=members.name("exchange"),
            message=members.code("message"),
            direction=members.one_of("direction", Direction),
            purpose=members.code("purpose"),
            agreement=members.nested("agreement", AgreementReference.from_json),
            party=members.name("party"),
            role=members.one_of("role", Role),
            owner=members.name("owner"),
            in_reply_to=members.maybe("inReplyTo", members.name),
            sent_at=members.time("sentAt"),
            salt=members.hexadecimal("salt"),
            payload_digest=members.digest("payloadDigest"),
            log_index=members.integer("logIndex"),
            promise=members.text("promise", statements.LONGEST),
            body=members.object("body"),
        )
        members.end()
        return envelope


@dataclass(frozen=True)
class DeliveryNotice:
    """What the bridge tells the originator at the end: delivered with a receipt, or not and why.

    What the gate stopped when it had arrived is told with the receipt too: the receiver has it. The
    originator answers with its signed acknowledgement, which commits to the log's ``promise``.
    """

    exchange: str
    state: ExchangeState
    reason: str | None
    receipt: str | None
    promise: str

    def __post_init__(self) -> None:
        """Raise :class:`MalformedMessage` unless the state is an end and delivery shows its receipt."""
        ends = (ExchangeState.DELIVERED, ExchangeState.FAILED, ExchangeState.TERMINATED)
        if self.state not in ends:
            raise MalformedMessage("/state", "unknown_code")
        if self.state is ExchangeState.DELIVERED and self.receipt is None:
            raise MalformedMessage("/receipt", "missing")
        if self.state is ExchangeState.FAILED and self.receipt is not None:
            raise MalformedMessage("/receipt", "unexpected")

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "exchange": self.exchange,
            "state": self.state.value,
            "reason": self.reason,
            "receipt": self.receipt,
            "promise": self.promise,
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "DeliveryNotice":
        """Read a notice; raises :class:`MalformedMessage`."""
        members = Members(value)
        notice = cls(
            members.name("exchange"),
            members.one_of("state", ExchangeState),
            members.maybe("reason", lambda name: members.text(name, 1000)),
            members.maybe("receipt", lambda name: members.text(name, statements.LONGEST)),
            members.text("promise", statements.LONGEST),
        )
        members.end()
        return notice
