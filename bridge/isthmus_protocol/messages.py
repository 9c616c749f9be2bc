"""The messages that ask for an exchange: what is asked of the bridge, and what it answers."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from isthmus_protocol import statements
from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import JsonObject, JsonValue, canonical
from isthmus_protocol.fields import check_leaves, check_path
from isthmus_protocol.receipts import Receipt as Receipt
from isthmus_protocol.shapes import MalformedMessage, Members, format_time


class ExchangeState(StrEnum):
    """Where an exchange stands; ``REFUSED``, ``FAILED``, ``TERMINATED`` and ``ACKNOWLEDGED`` end it."""

    REQUESTED = "REQUESTED"
    AGREED = "AGREED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"
    TERMINATED = "TERMINATED"


class Reason(StrEnum):
    """Why the gate refused, or (:data:`NOT_DELIVERED`) why what it let go could not be delivered.

    ``UNCONFIRMED`` alone leaves open whether it was: the receiver could be reached, and did not settle it.
    """

    NO_AGREEMENT = "NO_AGREEMENT"
    AGREEMENT_SUSPENDED = "AGREEMENT_SUSPENDED"
    NOT_YET_VALID = "NOT_YET_VALID"
    EXPIRED = "EXPIRED"
    AUDIENCE_NOT_PERMITTED = "AUDIENCE_NOT_PERMITTED"
    FIELD_NOT_PERMITTED = "FIELD_NOT_PERMITTED"
    FIELD_MALFORMED = "FIELD_MALFORMED"
    NOTHING_TO_CROSS = "NOTHING_TO_CROSS"
    CONSENT_MISSING = "CONSENT_MISSING"
    CONSENT_EXPIRED = "CONSENT_EXPIRED"
    RATE_EXCEEDED = "RATE_EXCEEDED"
    UNKNOWN_EXCHANGE = "UNKNOWN_EXCHANGE"
    QUESTION_NOT_PERMITTED = "QUESTION_NOT_PERMITTED"
    LEAKAGE_BUDGET = "LEAKAGE_BUDGET"
    RECEIVER_REFUSED = "RECEIVER_REFUSED"
    UNDELIVERABLE = "UNDELIVERABLE"
    TIMED_OUT = "TIMED_OUT"
    UNCONFIRMED = "UNCONFIRMED"


NOT_DELIVERED = frozenset(
    {Reason.RECEIVER_REFUSED, Reason.UNDELIVERABLE, Reason.TIMED_OUT, Reason.UNCONFIRMED}
)
"""Reasons that are not the gate's: what ended for one of them has failed, and was not terminated."""


def payload_digest(salt: str, body: JsonObject) -> str:
    """Return ``sha-256:`` of the 32 bytes of ``salt`` (hexadecimal) followed by the canonical ``body``.

    The salt goes to the receiver with the body, and never into the log: a digest there reveals no payload.
    """
    return digest_of_canonical(bytes.fromhex(salt), canonical(body))


def digest_of_canonical(salt: bytes, body: bytes) -> str:
    """Return what :func:`payload_digest` does, of a body in its canonical form."""
    if len(salt) != 32:
        raise ValueError("a salt has 32 bytes")
    return "sha-256:" + hashlib.sha256(salt + body).hexdigest()


@dataclass(frozen=True)
class Consent:
    """An owner's word that ``reader`` may learn about the subject for ``purpose`` before ``valid_until``."""

    owner: str
    reader: str
    purpose: str
    valid_until: datetime
    grant: str

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "owner": self.owner,
            "reader": self.reader,
            "purpose": self.purpose,
            "validUntil": format_time(self.valid_until),
            "grant": self.grant,
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Consent":
        """Read a consent; raises :class:`MalformedMessage`."""
        members = Members(value)
        consent = cls(
            members.name("owner"),
            members.name("reader"),
            members.code("purpose"),
            members.time("validUntil"),
            members.text("grant"),
        )
        members.end()
        return consent


@dataclass(frozen=True)
class ExchangeRequest:
    """What an originator asks of the bridge.

    The window names no party: it answers the exchange ``in_reply_to``, and the bridge takes ``party``,
    ``role``, ``owner``, ``subject`` and ``consents`` from there.
    """

    idempotency_key: str
    message: str
    direction: Direction
    purpose: str
    party: str | None
    role: Role | None
    owner: str | None
    subject: str | None
    in_reply_to: str | None
    consents: tuple[Consent, ...]
    fields: tuple[str, ...]
    payload: JsonObject

    def __post_init__(self) -> None:
        """Raise :class:`MalformedMessage` unless each side says what it must, and no more."""
        named = {
            "/party": self.party,
            "/role": self.role,
            "/owner": self.owner,
            "/subject": self.subject,
        }
        for field, value in named.items():
            if self.direction is Direction.TO_WINDOW and value is None:
                raise MalformedMessage(field, "missing")
            if self.direction is Direction.FROM_WINDOW and value is not None:
                raise MalformedMessage(field, "unexpected")
        if self.direction is Direction.FROM_WINDOW:
            if self.in_reply_to is None:
                raise MalformedMessage("/inReplyTo", "missing")
            if self.consents:
                raise MalformedMessage("/consents", "unexpected")
        _check_fields(self.fields)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "idempotencyKey": self.idempotency_key,
            "message": self.message,
            "direction": self.direction.value,
            "purpose": self.purpose,
            "party": self.party,
            "role": None if self.role is None else self.role.value,
            "owner": self.owner,
            "subject": self.subject,
            "inReplyTo": self.in_reply_to,
            "consents": [consent.to_json() for consent in self.consents],
            "fields": list(self.fields),
            "payload": self.payload,
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "ExchangeRequest":
        """Read a request; raises :class:`MalformedMessage` naming the member and the rule."""
        members = Members(value)
        request = cls(
            idempotency_key=members.text("idempotencyKey"),
            message=members.code("message"),
            direction=members.one_of("direction", Direction),
            purpose=members.code("purpose"),
            party=members.maybe("party", members.name),
            role=members.maybe("role", lambda name: members.one_of(name, Role)),
            owner=members.maybe("owner", members.name),
            subject=members.maybe("subject", members.text),
            in_reply_to=members.maybe("inReplyTo", members.name),
            consents=members.each(
                "consents", lambda entry, item: entry.nested(item, Consent.from_json), most=100
            ),
            fields=_fields(members.take("fields")),
            payload=members.object("payload"),
        )
        members.end()
        return request


def _fields(value: JsonValue) -> tuple[str, ...]:
    """Return the paths that a request names. Requests of one kind name the same: those are read once."""
    if isinstance(value, list) and all(type(path) is str for path in value):
        return _known_fields(tuple(map(str, value)))
    return _read_fields(value)


@lru_cache(maxsize=64)
def _known_fields(paths: tuple[str, ...]) -> tuple[str, ...]:
    return _read_fields(list(paths))


def _read_fields(value: JsonValue) -> tuple[str, ...]:
    return Members({"fields": value}).each("fields", lambda entry, item: entry.text(item, 600))


@lru_cache(maxsize=64)
def _check_fields(paths: tuple[str, ...]) -> None:
    """Raise :class:`MalformedMessage` unless these are plain paths, none of them twice or above another."""
    for position, path in enumerate(paths):
        check_path(path, f"/fields/{position}")
    check_leaves(list(paths), "/fields")


@dataclass(frozen=True)
class AgreementName:
    """Which version of which agreement."""

    id: str
    version: int

    def to_json(self) -> JsonObject:
        """Return ``{"id", "version"}``."""
        return {"id": self.id, "version": self.version}

    @classmethod
    def from_json(cls, value: JsonValue) -> "AgreementName":
        """Read ``{"id", "version"}``; raises :class:`MalformedMessage`."""
        members = Members(value)
        named = cls(members.name("id"), members.integer("version", 1))
        members.end()
        return named


@dataclass(frozen=True)
class AgreementReference:
    """Which version of which agreement, held to its very text by the digest."""

    id: str
    version: int
    digest: str

    def to_json(self) -> JsonObject:
        """Return ``{"id", "version", "digest"}``."""
        return {"id": self.id, "version": self.version, "digest": self.digest}

    @classmethod
    def from_json(cls, value: JsonValue) -> "AgreementReference":
        """Read ``{"id", "version", "digest"}``; raises :class:`MalformedMessage`."""
        members = Members(value)
        reference = cls(members.name("id"), members.integer("version", 1), members.digest("digest"))
        members.end()
        return reference


@dataclass(frozen=True)
class ExchangeAnswer:
    """The bridge's answer to a request: agreed or refused, why, and where the log says so.

    ``promise`` is the log's signed word for the latter; see :mod:`isthmus_protocol.promises`.
    """

    exchange: str
    state: ExchangeState
    reason: Reason | None
    field: str | None
    agreement: AgreementName | None
    log_index: int
    promise: str

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "exchange": self.exchange,
            "state": self.state.value,
            "reason": None if self.reason is None else self.reason.value,
            "field": self.field,
            "agreement": None if self.agreement is None else self.agreement.to_json(),
            "logIndex": self.log_index,
            "promise": self.promise,
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "ExchangeAnswer":
        """Read an answer; raises :class:`MalformedMessage`."""
        members = Members(value)
        answer = cls(
            exchange=members.name("exchange"),
            state=members.one_of("state", ExchangeState),
            reason=members.maybe("reason", lambda name: members.one_of(name, Reason)),
            field=members.maybe("field", lambda name: members.text(name, 600)),
            agreement=members.maybe("agreement", lambda name: members.nested(name, AgreementName.from_json)),
            log_index=members.integer("logIndex"),
            promise=members.text("promise", statements.LONGEST),
        )
        members.end()
        return answer
