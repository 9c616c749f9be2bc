"""Whether a message was taken: the bridge's question to a receiver, and the signed word that it was not.

A reply that is lost leaves the bridge in doubt: the receiver may have committed. So nothing that was sent is
called undelivered before its receiver has been asked. Whoever has the message answers with its receipt.
Whoever has not signs that it has not taken it, *and never will*: from then on it refuses that very message,
so that the word stays true whatever is still on its way.
"""

from dataclasses import dataclass
from datetime import datetime

from isthmus_protocol import statements
from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.chains import Place
from isthmus_protocol.keys import Keyring, SignatureError, SigningKey
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.shapes import MalformedMessage, Members, format_time

NON_RECEIPT_TYP = "isthmus-non-receipt+jws"


@dataclass(frozen=True)
class Inquiry:
    """The bridge's question whether ``exchange`` was taken, with the payload of that digest.

    ``promise`` is the log's signed word that it let the exchange cross: nobody is barred from what the log
    does not know.
    """

    exchange: str
    payload_digest: str
    promise: str

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"exchange": self.exchange, "payloadDigest": self.payload_digest, "promise": self.promise}

    @classmethod
    def from_json(cls, value: JsonValue) -> "Inquiry":
        """Read an inquiry; raises :class:`MalformedMessage`."""
        members = Members(value)
        inquiry = cls(
            members.name("exchange"),
            members.digest("payloadDigest"),
            members.text("promise", statements.LONGEST),
        )
        members.end()
        return inquiry


@dataclass(frozen=True)
class NonReceipt:
    """A receiver's word that it has not taken ``exchange``, and refuses it since ``barred_at``.

    ``place`` is where the log promised to keep the crossing, as in a receipt.
    """

    exchange: str
    payload_digest: str
    receiver: Receiver
    place: Place
    barred_at: datetime

    def to_json(self) -> JsonObject:
        """Return the JSON form, which is what is signed."""
        return {
            "exchange": self.exchange,
            "payloadDigest": self.payload_digest,
            "receiver": self.receiver.value,
            "place": self.place.to_json(),
            "barredAt": format_time(self.barred_at),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "NonReceipt":
        """Read a non-receipt; raises :class:`MalformedMessage`."""
        members = Members(value)
        said = cls(
            members.name("exchange"),
            members.digest("payloadDigest"),
            members.one_of("receiver", Receiver),
            members.nested("place", Place.from_json),
            members.time("barredAt"),
        )
        members.end()
        return said


def sign_non_receipt(key: SigningKey, said: NonReceipt) -> str:
    """Return ``said`` signed with the receiver's key."""
    return statements.sign(key, said.to_json(), NON_RECEIPT_TYP)


def open_non_receipt(
    token: str, keyring: Keyring, receiver: Receiver, at: datetime | None = None
) -> NonReceipt:
    """Return the non-receipt in ``token``, signed by ``receiver`` with a key in force at ``at``.

    Raises :class:`SignatureError`; see :func:`isthmus_protocol.statements.open_statement` for ``at``.
    """
    payload = statements.verify(token, keyring, NON_RECEIPT_TYP, receiver.holder, at=at)
    try:
        said = NonReceipt.from_json(payload)
    except MalformedMessage as error:
        raise SignatureError(f"what was signed is no non-receipt: {error}") from error
    if said.receiver is not receiver:
        raise SignatureError("the non-receipt names another receiver than its signer")
    return said
