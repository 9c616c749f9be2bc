"""The log's records: who asked for what to cross and what the gate said, and what became of agreements.

No payload is in them.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import JsonObject, JsonValue, canonical
from isthmus_protocol.chains import Chain
from isthmus_protocol.fields import check_path
from isthmus_protocol.keys import Holder
from isthmus_protocol.merkle import leaf_hash
from isthmus_protocol.messages import AgreementReference, Reason
from isthmus_protocol.shapes import MalformedMessage, Members, format_time


class Kind(StrEnum):
    """What a record tells of: a decision of the gate, or a receiver's receipt."""

    DECISION = "DECISION"
    RECEIPT = "RECEIPT"


class Phase(StrEnum):
    """When the gate was asked."""

    AGREED = "AGREED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"


class Decision(StrEnum):
    """What the gate said."""

    PERMITTED = "PERMITTED"
    REFUSED = "REFUSED"


def subject_hash(key: bytes, ucr: str) -> str:
    """Return the keyed hash (HMAC-SHA256, hexadecimal) under which a UCR stands in the log."""
    return hmac.digest(key, ucr.encode(), "sha256").hex()


@dataclass(frozen=True)
class LogRecord:
    """One leaf of the log. ``fields`` are the leaves released; a refusal releases none.

    ``chain`` is given when it is appended; leaves that were appended before there were chains have none.
    ``asked`` is the digest of the questions answered (:mod:`isthmus_protocol.asked`), where there were any.
    ``receipt_digest`` is of what the receiver signed: its receipt, or in a refusal of kind ``DECISION`` that
    it has not taken it and never will (:mod:`isthmus_protocol.inquiries`). ``late`` says of a receipt that
    the bridge had given the exchange up, and had to ask for it.
    """

    kind: Kind
    exchange: str
    phase: Phase
    decision: Decision
    reason: Reason | None
    field: str | None
    message: str
    direction: Direction
    purpose: str
    agreement: AgreementReference | None
    party: str | None
    role: Role | None
    owner: str | None
    subject: str | None
    in_reply_to: str | None
    fields: tuple[str, ...]
    payload_digest: str | None
    receipt_digest: str | None
    at: datetime
    chain: Chain | None = None
    asked: str | None = None
    late: bool = False

    def __post_init__(self) -> None:
        """Raise :class:`MalformedMessage` for a refusal that releases, or a release without agreement."""
        if self.late and self.kind is not Kind.RECEIPT:
            raise MalformedMessage("/late", "unexpected")
        if self.decision is Decision.REFUSED:
            if self.fields:
                raise MalformedMessage("/fields", "unexpected")
            if self.asked is not None:
                raise MalformedMessage("/asked", "unexpected")
            if self.reason is None:
                raise MalformedMessage("/reason", "missing")
            return
        if self.reason is not None:
            raise MalformedMessage("/reason", "unexpected")
        if self.agreement is None:
            raise MalformedMessage("/agreement", "missing")
        if self.payload_digest is None:
            raise MalformedMessage("/payloadDigest", "missing")

    @cached_property
    def leaf(self) -> bytes:
        """The entry of the log: the canonical record."""
        return canonical(self.to_json())

    @cached_property
    def leaf_hash(self) -> bytes:
        """The record's hash in the Merkle tree."""
        return leaf_hash(self.leaf)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        value: JsonObject = {
            "v": 1,
            "kind": self.kind.value,
            "exchange": self.exchange,
            "phase": self.phase.value,
            "decision": self.decision.value,
            "reason": None if self.reason is None else self.reason.value,
            "field": self.field,
            "message": self.message,
            "direction": self.direction.value,
            "purpose": self.purpose,
            "agreement": None if self.agreement is None else self.agreement.to_json(),
            "party": self.party,
            "role": None if self.role is None else self.role.value,
            "owner": self.owner,
            "subject": self.subject,
            "inReplyTo": self.in_reply_to,
            "fields": list(self.fields),
            "payloadDigest": self.payload_digest,
            "receiptDigest": self.receipt_digest,
            "at": format_time(self.at),
        }
        if self.chain is not None:
            value["chain"] = self.chain.to_json()
        if self.asked is not None:
            value["asked"] = self.asked
        if self.late:
            value["late"] = True
        return value

    @classmethod
    def from_json(cls, value: JsonValue) -> "LogRecord":
        """Read a record; raises :class:`MalformedMessage`."""
        members = Members(value)
        members.fixed("v", 1)
        record = cls(
            kind=members.one_of("kind", Kind),
            exchange=members.name("exchange"),
            phase=members.one_of("phase", Phase),
            decision=members.one_of("decision", Decision),
            reason=members.maybe("reason", lambda name: members.one_of(name, Reason)),
            field=members.maybe("field", lambda name: members.text(name, 600)),
            message=members.code("message"),
            direction=members.one_of("direction", Direction),
            purpose=members.code("purpose"),
            agreement=members.maybe(
                "agreement", lambda name: members.nested(name, AgreementReference.from_json)
            ),
            party=members.maybe("party", members.name),
            role=members.maybe("role", lambda name: members.one_of(name, Role)),
            owner=members.maybe("owner", members.name),
            subject=members.maybe("subject", members.hexadecimal),
            in_reply_to=members.maybe("inReplyTo", members.name),
            fields=members.each("fields", lambda entry, item: check_path(entry.text(item, 600), "/fields")),
            payload_digest=members.maybe("payloadDigest", members.digest),
            receipt_digest=members.maybe("receiptDigest", members.digest),
            at=members.time("at"),
            chain=members.nested("chain", Chain.from_json) if _has(value, "chain") else None,
            asked=members.digest("asked") if _has(value, "asked") else None,
            late=_late(members),
        )
        members.end()
        return record


def _late(members: Members) -> bool:
    if members.has("late"):
        members.fixed("late", value=True)
        return True
    return False


def _has(value: JsonValue, name: str) -> bool:
    return isinstance(value, dict) and name in value


AGREEMENT_KIND = "AGREEMENT"


class Change(StrEnum):
    """What became of an agreement: one party signed it, both have, or a party stopped it."""

    PROPOSED = "PROPOSED"
    ACTIVATED = "ACTIVATED"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True)
class AgreementRecord:
    """One leaf of the log: a change of an agreement, with the digests of the statements that make it.

    ``by`` are the parties whose statements came with the change, ``statements`` the digests of those (JWS).
    A suspension of a whole agreement, versions to come included, names no ``version``; none names a text.
    """

    change: Change
    agreement: str
    version: int | None
    digest: str | None
    by: tuple[Holder, ...]
    statements: tuple[str, ...]
    at: datetime

    def __post_init__(self) -> None:
        """Raise :class:`MalformedMessage` for a change of nothing, or one that nobody made."""
        stopped = self.change is Change.SUSPENDED
        if self.version is None and not stopped:
            raise MalformedMessage("/agreement/version", "missing")
        if (self.digest is None) != stopped:
            raise MalformedMessage("/agreement/digest", "unexpected" if stopped else "missing")
        if not self.by or len(self.by) != len(self.statements) or len(set(self.by)) != len(self.by):
            raise MalformedMessage("/by", "length")
        if not set(self.by) <= {Holder.OPERATOR, Holder.AUTHORITY}:
            raise MalformedMessage("/by", "unknown_code")

    @cached_property
    def leaf(self) -> bytes:
        """The entry of the log: the canonical record."""
        return canonical(self.to_json())

    @cached_property
    def leaf_hash(self) -> bytes:
        """The record's hash in the Merkle tree."""
        return leaf_hash(self.leaf)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "v": 1,
            "kind": AGREEMENT_KIND,
            "change": self.change.value,
            "agreement": {"id": self.agreement, "version": self.version, "digest": self.digest},
            "by": [holder.value for holder in self.by],
            "statements": list(self.statements),
            "at": format_time(self.at),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "AgreementRecord":
        """Read a record; raises :class:`MalformedMessage`."""
        members = Members(value)
        members.fixed("v", 1)
        members.fixed("kind", AGREEMENT_KIND)
        about = members.members("agreement")
        record = cls(
            change=members.one_of("change", Change),
            agreement=about.name("id"),
            version=about.maybe("version", lambda name: about.integer(name, 1)),
            digest=about.maybe("digest", about.digest),
            by=members.each("by", lambda entry, item: entry.one_of(item, Holder), most=2),
            statements=members.each("statements", lambda entry, item: entry.digest(item), most=2),
            at=members.time("at"),
        )
        about.end()
        members.end()
        return record


Record: TypeAlias = LogRecord | AgreementRecord


def read_record(value: JsonValue) -> Record:
    """Read any leaf of the log; raises :class:`MalformedMessage`."""
    if isinstance(value, dict) and value.get("kind") == AGREEMENT_KIND:
        return AgreementRecord.from_json(value)
    return LogRecord.from_json(value)
