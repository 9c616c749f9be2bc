"""A receiver's signed word that a payload has reached it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from isthmus_protocol import statements
from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.chains import Place
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey
from isthmus_protocol.shapes import MalformedMessage, Members, format_time

RECEIPT_TYP = "isthmus-receipt+jws"


class Receiver(StrEnum):
    """Which side took delivery."""

    WINDOW = "window"
    PLATFORM = "platform"

    @property
    def holder(self) -> Holder:
        """Whose key signs this side's receipts."""
        return Holder.WINDOW if self is Receiver.WINDOW else Holder.PLATFORM

    @property
    def other(self) -> "Receiver":
        """The side across the bridge."""
        return Receiver.PLATFORM if self is Receiver.WINDOW else Receiver.WINDOW

    @classmethod
    def of(cls, direction: Direction) -> "Receiver":
        """Return the side that receives what crosses in ``direction``."""
        return cls.WINDOW if direction is Direction.TO_WINDOW else cls.PLATFORM


@dataclass(frozen=True)
class Receipt:
    """A receiver's word that it holds what the digest names.

    ``place`` is where the log promised to keep the crossing; receipts given before there were promises have
    none.
    """

    exchange: str
    payload_digest: str
    receiver: Receiver
    received_at: datetime
    place: Place | None = None

    def to_json(self) -> JsonObject:
        """Return the JSON form, which is what is signed."""
        committed: JsonObject = {} if self.place is None else {"place": self.place.to_json()}
        return committed | {
            "exchange": self.exchange,
            "payloadDigest": self.payload_digest,
            "receiver": self.receiver.value,
            "receivedAt": format_time(self.received_at),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Receipt":
        """Read a receipt; raises :class:`MalformedMessage`."""
        members = Members(value)
        receipt = cls(
            members.name("exchange"),
            members.digest("payloadDigest"),
            members.one_of("receiver", Receiver),
            members.time("receivedAt"),
            members.optional("place", lambda name: members.nested(name, Place.from_json)),
        )
        members.end()
        return receipt


def sign_receipt(key: SigningKey, receipt: Receipt) -> str:
    """Return ``receipt`` signed with the receiver's key."""
    return statements.sign(key, receipt.to_json(), RECEIPT_TYP)


def open_receipt(token: str, keyring: Keyring, receiver: Receiver, at: datetime | None = None) -> Receipt:
    """Return the receipt in ``token``, signed by ``receiver`` with a key in force at ``at``.

    Raises :class:`SignatureError`; see :func:`isthmus_protocol.statements.open_statement` for ``at``.
    """
    receipt = _read(statements.verify(token, keyring, RECEIPT_TYP, receiver.holder, at=at))
    if receipt.receiver is not receiver:
        raise SignatureError("the receipt names another receiver than its signer")
    return receipt


def open_told_receipt(token: str, keyring: Keyring, receiver: Receiver) -> Receipt:
    """Return a receipt that the bridge passes on, which took it when it came; raises :class:`SignatureError`.

    The bridge, whose request it is in, took no receipt of a key that was revoked then. So the key need be in
    force only when the receipt says that it was made, and a notice that is late still tells of a delivery.
    """
    claimed = _read(statements.unverified(token)).received_at
    return open_receipt(token, keyring, receiver, at=claimed)


def renewed(token: str, key: SigningKey, keyring: Keyring, now: datetime) -> str:
    """Return our own receipt ``token``, signed anew with ``key`` where the key that signed it is revoked.

    It says the same: a receipt that was lost on its way can still be given after the key is gone.
    """
    try:
        if statements.signer(token, keyring).in_force(now):
            return token
    except SignatureError:
        pass  # a key of ours that is not even listed any more
    return sign_receipt(key, _read(statements.unverified(token)))


def _read(payload: JsonValue) -> Receipt:
    try:
        return Receipt.from_json(payload)
    except MalformedMessage as error:
        raise SignatureError(f"what was signed is no receipt: {error}") from error
