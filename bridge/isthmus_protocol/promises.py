"""The log's promise, given with every decision: this leaf stands there (as an SCT does, RFC 6962, 3.2).

Whoever holds a promise can show that it was broken as soon as the log has signed a checkpoint that reaches so
far (see :mod:`isthmus_protocol.fraud`).
"""

from dataclasses import dataclass
from datetime import datetime

from isthmus_protocol import statements
from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.chains import Chain, Place, place_of
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey
from isthmus_protocol.shapes import MalformedMessage, Members

PROMISE_TYP = "isthmus-promise+jws"


@dataclass(frozen=True)
class Promise:
    """The log's word that ``log_index`` of the log ``origin`` is the decision on ``exchange``.

    ``leaf_hash`` (32 bytes) is that of the decision's record, ``chain`` its links.
    """

    origin: str
    exchange: str
    log_index: int
    leaf_hash: bytes
    chain: Chain

    @property
    def place(self) -> Place:
        """What both sides' receipts commit to."""
        return place_of(self.log_index, self.chain)

    def to_json(self) -> JsonObject:
        """Return the JSON form, which is what is signed."""
        return {
            "origin": self.origin,
            "exchange": self.exchange,
            "logIndex": self.log_index,
            "leafHash": self.leaf_hash.hex(),
            "chain": self.chain.to_json(),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Promise":
        """Read a promise; raises :class:`MalformedMessage`."""
        members = Members(value)
        promise = cls(
            origin=members.text("origin"),
            exchange=members.name("exchange"),
            log_index=members.integer("logIndex"),
            leaf_hash=bytes.fromhex(members.hexadecimal("leafHash")),
            chain=members.nested("chain", Chain.from_json),
        )
        members.end()
        return promise


def sign_promise(key: SigningKey, promise: Promise) -> str:
    """Return ``promise`` signed with the log's key."""
    return statements.sign(key, promise.to_json(), PROMISE_TYP)


def open_promise(token: str, keyring: Keyring, at: datetime | None = None) -> Promise:
    """Return the promise in ``token``, signed by the log with a key in force at ``at``.

    It bears no date, so ``at`` is now where it has just been given, and else nobody can say: a promise of a
    revoked key does not count. Raises :class:`SignatureError`.
    """
    payload = statements.verify(token, keyring, PROMISE_TYP, Holder.LOG, at=at)
    try:
        return Promise.from_json(payload)
    except MalformedMessage as error:
        raise SignatureError(f"what was signed is no promise: {error}") from error


def promise_of(
    token: str, keyring: Keyring, exchange: str, log_index: int | None = None, at: datetime | None = None
) -> Promise:
    """Return the log's promise in ``token`` on ``exchange``, at ``log_index`` where that is known.

    ``at`` as for :func:`open_promise`. Raises :class:`SignatureError` for anything else.
    """
    promise = open_promise(token, keyring, at)
    if promise.exchange != exchange:
        raise SignatureError("the promise is for another exchange")
    if log_index not in (None, promise.log_index):
        raise SignatureError("the promise is for another place in the log")
    return promise


def promise_the_same(token: str, other: str) -> bool:
    """Say whether two promises say the same; the log gives one anew where the key of the first is revoked."""
    return token == other or statements.unverified(token) == statements.unverified(other)
