"""An originator's signed word that it knows how its exchange ended, and where the log keeps it.

It commits to the same place in the log as the receiver's receipt: should the log tell the two sides different
things, what they signed shows it.
"""

from dataclasses import dataclass
from datetime import datetime

from isthmus_protocol import statements
from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import JsonObject, JsonValue, digest
from isthmus_protocol.chains import Place
from isthmus_protocol.envelopes import DeliveryNotice
from isthmus_protocol.keys import Keyring, SignatureError, SigningKey
from isthmus_protocol.messages import ExchangeState
from isthmus_protocol.promises import Promise
from isthmus_protocol.receipts import Receiver, open_told_receipt
from isthmus_protocol.shapes import MalformedMessage, Members, format_time

ACKNOWLEDGEMENT_TYP = "isthmus-acknowledgement+jws"


def originator_of(direction: Direction) -> Receiver:
    """Return the side from which ``direction`` leads, and which acknowledges how an exchange ended."""
    return Receiver.PLATFORM if direction is Direction.TO_WINDOW else Receiver.WINDOW


@dataclass(frozen=True)
class Acknowledgement:
    """The originator's word that ``exchange`` ended in ``state``, with the receipt of that digest, if any."""

    exchange: str
    state: ExchangeState
    originator: Receiver
    receipt_digest: str | None
    place: Place
    acknowledged_at: datetime

    def to_json(self) -> JsonObject:
        """Return the JSON form, which is what is signed."""
        return {
            "exchange": self.exchange,
            "state": self.state.value,
            "originator": self.originator.value,
            "receiptDigest": self.receipt_digest,
            "place": self.place.to_json(),
            "acknowledgedAt": format_time(self.acknowledged_at),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Acknowledgement":
        """Read an acknowledgement; raises :class:`MalformedMessage`."""
        members = Members(value)
        acknowledgement = cls(
            exchange=members.name("exchange"),
            state=members.one_of("state", ExchangeState),
            originator=members.one_of("originator", Receiver),
            receipt_digest=members.maybe("receiptDigest", members.digest),
            place=members.nested("place", Place.from_json),
            acknowledged_at=members.time("acknowledgedAt"),
        )
        members.end()
        return acknowledgement


def check_notice(notice: DeliveryNotice, promise: Promise, keyring: Keyring, originator: Receiver) -> None:
    """Raise :class:`SignatureError` unless the other side's receipt in ``notice`` is for this very exchange.

    ``promise`` is the one that its originator holds: the receipt commits to the same place.
    """
    if notice.receipt is None:
        return
    other = Receiver.WINDOW if originator is Receiver.PLATFORM else Receiver.PLATFORM
    receipt = open_told_receipt(notice.receipt, keyring, other)
    if receipt.exchange != notice.exchange:
        raise SignatureError("the receipt is for another exchange")
    if receipt.place != promise.place:
        raise SignatureError("the receipt commits to another place in the log than was promised")


def acknowledge(
    key: SigningKey, notice: DeliveryNotice, promise: Promise, originator: Receiver, now: datetime
) -> str:
    """Return the originator's signed acknowledgement of ``notice``, which it has checked."""
    said = Acknowledgement(
        exchange=notice.exchange,
        state=notice.state,
        originator=originator,
        receipt_digest=None if notice.receipt is None else digest(notice.receipt.encode()),
        place=promise.place,
        acknowledged_at=now,
    )
    return statements.sign(key, said.to_json(), ACKNOWLEDGEMENT_TYP)


def open_acknowledgement(
    token: str, keyring: Keyring, originator: Receiver, at: datetime | None = None
) -> Acknowledgement:
    """Return the acknowledgement in ``token``, signed by ``originator`` with a key in force at ``at``.

    Raises :class:`SignatureError`; see :func:`isthmus_protocol.statements.open_statement` for ``at``.
    """
    payload = statements.verify(token, keyring, ACKNOWLEDGEMENT_TYP, originator.holder, at=at)
    try:
        said = Acknowledgement.from_json(payload)
    except MalformedMessage as error:
        raise SignatureError(f"what was signed is no acknowledgement: {error}") from error
    if said.originator is not originator:
        raise SignatureError("the acknowledgement names another originator than its signer")
    return said
