"""Agreements: what may cross the bridge, for which purpose and on what legal basis.

An agreement lists the leaves that may cross, each with a transform; what it does not list does not cross. It
counts only with two signatures, the operator's and the authority's, and either of them can suspend it alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from isthmus_protocol import statements
from isthmus_protocol.canonical import JsonObject, JsonValue, canonical, digest
from isthmus_protocol.fields import Field as Field
from isthmus_protocol.fields import Transform as Transform
from isthmus_protocol.fields import check_leaves
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey
from isthmus_protocol.predicates import Ask, LeakageBudget
from isthmus_protocol.projection import MalformedField as MalformedField
from isthmus_protocol.projection import copy_fields, place_answers
from isthmus_protocol.shapes import NAME, MalformedMessage, Members, format_time

AGREEMENT_TYP = "isthmus-agreement+jws"
SUSPENSION_TYP = "isthmus-suspension+jws"
NO_TIMES: Mapping[str, datetime] = MappingProxyType({})


class Direction(StrEnum):
    """Which way a message crosses."""

    TO_WINDOW = "TO_WINDOW"
    FROM_WINDOW = "FROM_WINDOW"


class Role(StrEnum):
    """What the private-side party is, for whom a message crosses."""

    TRADER = "TRADER"
    FORWARDER = "FORWARDER"
    CARRIER = "CARRIER"
    BANK = "BANK"
    INSURER = "INSURER"
    OPERATOR = "OPERATOR"
    AUTHORITY = "AUTHORITY"


@dataclass(frozen=True)
class LegalBasis:
    """The law a crossing stands on: where to find it, and what it says in words a person can read."""

    citation: str
    text: str


@dataclass(frozen=True)
class Agreement:
    """What may cross: one message, one way, one purpose, from ``valid_from`` until before ``valid_until``."""

    id: str
    version: int
    title: str
    message: str
    direction: Direction
    purpose: str
    legal_basis: LegalBasis
    audience: tuple[Role, ...]
    fields: tuple[Field, ...]
    consent_required: bool
    valid_from: datetime
    valid_until: datetime
    rate_per_hour: int
    retention_days: int
    leakage_budget: LeakageBudget | None = None
    drafted_by: str | None = None

    def __post_init__(self) -> None:
        """Raise :class:`MalformedMessage` where the parts contradict each other."""
        if self.valid_from >= self.valid_until:
            raise MalformedMessage("/validUntil", "before_valid_from")
        if len(set(self.audience)) != len(self.audience):
            raise MalformedMessage("/audience", "duplicate")
        check_leaves([field.path for field in self.fields], "/fields")
        answers = any(field.transform is Transform.ANSWER for field in self.fields)
        if answers != (self.leakage_budget is not None):
            raise MalformedMessage("/leakageBudget", "missing" if answers else "unexpected")

    def __hash__(self) -> int:
        """Return the digest's hash: it tells agreements apart, and is computed once."""
        return hash(self.digest)

    @cached_property
    def paths(self) -> frozenset[str]:
        """The leaves that may cross."""
        return frozenset(field.path for field in self.fields)

    @cached_property
    def digest(self) -> str:
        """The digest of the canonical document: what the two parties sign."""
        return digest(canonical(self.to_json()))

    def to_json(self) -> JsonObject:
        """Return the document."""
        value: JsonObject = {
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "message": self.message,
            "direction": self.direction.value,
            "purpose": self.purpose,
            "legalBasis": {"citation": self.legal_basis.citation, "text": self.legal_basis.text},
            "audience": [role.value for role in self.audience],
            "fields": [field.to_json() for field in self.fields],
            "consentRequired": self.consent_required,
            "validFrom": format_time(self.valid_from),
            "validUntil": format_time(self.valid_until),
            "ratePerHour": self.rate_per_hour,
            "retentionDays": self.retention_days,
        }
        if self.leakage_budget is not None:
            value["leakageBudget"] = self.leakage_budget.to_json()
        if self.drafted_by is not None:
            value["draftedBy"] = self.drafted_by
        return value

    @classmethod
    def from_json(cls, value: JsonValue) -> "Agreement":
        """Read a document; raises :class:`MalformedMessage` naming the member and the rule."""
        members = Members(value)
        basis = members.members("legalBasis")
        agreement = cls(
            id=members.name("id"),
            version=members.integer("version", 1),
            title=members.text("title"),
            message=members.code("message"),
            direction=members.one_of("direction", Direction),
            purpose=members.code("purpose"),
            legal_basis=LegalBasis(basis.text("citation", 500), basis.text("text", 5000)),
            audience=members.each("audience", lambda entry, item: entry.one_of(item, Role)),
            fields=members.each("fields", lambda entry, item: entry.nested(item, Field.from_json)),
            consent_required=members.flag("consentRequired"),
            valid_from=members.time("validFrom"),
            valid_until=members.time("validUntil"),
            rate_per_hour=members.integer("ratePerHour", 1, 1_000_000_000),
            retention_days=members.integer("retentionDays", 1, 36_525),
            leakage_budget=members.optional(
                "leakageBudget", lambda name: members.nested(name, LeakageBudget.from_json)
            ),
            drafted_by=members.optional("draftedBy", members.name),
        )
        basis.end()
        members.end()
        return agreement


def project(
    agreement: Agreement, fields: Collection[str], payload: JsonObject, asks: Collection[Ask] = ()
) -> JsonObject:
    """Return the leaves of ``payload`` that both ``agreement`` and ``fields`` name, transformed.

    Where a leaf is to ``answer`` about, the answer to the one of ``asks`` that is about it takes its place.
    Nothing else in ``payload`` is looked at. Raises :class:`MalformedField` for a permitted leaf that cannot
    cross, or about which nothing was asked that may be; see :mod:`isthmus_protocol.projection`.
    """
    wanted = [field for field in agreement.fields if field.path in set(fields)]
    shown = [field for field in wanted if field.transform is not Transform.ANSWER]
    answered = [field for field in wanted if field.transform is Transform.ANSWER]
    return place_answers(answered, asks, payload, copy_fields(shown, payload))


@dataclass(frozen=True)
class SignedAgreement:
    """An agreement with what was signed about it; it counts only when :meth:`verify` does not raise."""

    agreement: Agreement
    signatures: tuple[str, ...]

    def verify(self, keyring: Keyring, times: Mapping[str, datetime] = NO_TIMES) -> None:
        """Raise :class:`SignatureError` unless operator and authority, and nobody else, signed this.

        ``times`` says of signatures when they were logged: there it must be that a key that has been revoked
        since was in force.
        """
        signatures = [open_signature(token, self.agreement, keyring, times) for token in self.signatures]
        if sorted(signature.holder for signature in signatures) != [Holder.AUTHORITY, Holder.OPERATOR]:
            raise SignatureError("an agreement needs one signature of the operator and one of the authority")
        demand_two_people([signature.by for signature in signatures])

    def to_json(self) -> JsonObject:
        """Return ``{"document", "signatures"}``."""
        return {"document": self.agreement.to_json(), "signatures": list(self.signatures)}

    @classmethod
    def from_json(cls, value: JsonValue) -> "SignedAgreement":
        """Read ``{"document", "signatures"}`` unverified; raises :class:`MalformedMessage`."""
        members = Members(value)
        signed = cls(
            members.nested("document", Agreement.from_json),
            members.each("signatures", lambda entry, item: entry.text(item, statements.LONGEST), most=2),
        )
        members.end()
        return signed


def sign_agreement(key: SigningKey, agreement: Agreement, by: str | None = None) -> str:
    """Return ``key``'s signature under ``agreement`` (a JWS of its digest, id and version).

    ``by`` names the person who signs; an agreement that says who drafted it is signed by persons alone.
    """
    payload = _signed_payload(agreement)
    return statements.sign(key, payload if by is None else payload | {"by": by}, AGREEMENT_TYP)


@dataclass(frozen=True)
class Signature:
    """Whose key signed an agreement, and by the hand of whom, where that was said."""

    holder: Holder
    by: str | None


def open_signature(
    token: str, agreement: Agreement, keyring: Keyring, times: Mapping[str, datetime] = NO_TIMES
) -> Signature:
    """Return who signed ``agreement`` with ``token``; raises :class:`SignatureError`.

    ``times`` as for :meth:`SignedAgreement.verify`.
    """
    statement = statements.open_statement(
        token, keyring, AGREEMENT_TYP, Holder.OPERATOR, Holder.AUTHORITY, at=times.get(token)
    )
    said = dict(statement.payload)
    by = said.pop("by", None)
    if said != _signed_payload(agreement) or not (by is None or _is_name(by)):
        raise SignatureError("a signature is for another agreement")
    if by is None and agreement.drafted_by is not None:
        raise SignatureError("an agreement that names its drafter is signed by persons who are named")
    return Signature(statement.key.holder, None if by is None else str(by))


def demand_two_people(signers: Collection[JsonValue]) -> None:
    """Raise :class:`SignatureError` where one person signs for both: not even who drafted it may."""
    named = [by for by in signers if by is not None]
    if len(set(named)) != len(named):
        raise SignatureError("one person may not sign for both parties")


def signed_at(told: JsonValue) -> Mapping[str, datetime]:
    """Return when each signature came to the bridge, as it tells of a version with its ``signedAt``.

    Empty where it does not say. Raises :class:`MalformedMessage`.
    """
    if not isinstance(told, dict) or "signedAt" not in told:
        return NO_TIMES
    members = Members({name: told.get(name) for name in ("signatures", "signedAt")})
    tokens = members.each("signatures", lambda entry, item: entry.text(item, statements.LONGEST), most=2)
    return dict(
        zip(tokens, members.each("signedAt", lambda entry, item: entry.time(item), most=2), strict=False)
    )


def _is_name(value: JsonValue) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def _signed_payload(agreement: Agreement) -> JsonObject:
    return {"agreement": agreement.digest, "id": agreement.id, "version": agreement.version}


@dataclass(frozen=True)
class Suspension:
    """A stop, from ``at`` on: of one version of an agreement, or of all (``version`` None)."""

    id: str
    version: int | None
    reason: str
    at: datetime

    def to_json(self) -> JsonObject:
        """Return ``{"id", "version", "reason", "at"}``."""
        return {
            "id": self.id,
            "version": self.version,
            "reason": self.reason,
            "at": format_time(self.at),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Suspension":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        suspension = cls(
            members.name("id"),
            members.maybe("version", lambda name: members.integer(name, 1)),
            members.text("reason", 1000),
            members.time("at"),
        )
        members.end()
        return suspension


def sign_suspension(key: SigningKey, suspension: Suspension) -> str:
    """Return ``suspension`` as a signed statement."""
    return statements.sign(key, suspension.to_json(), SUSPENSION_TYP)


def open_suspension(token: str, keyring: Keyring, at: datetime | None = None) -> tuple[Suspension, Holder]:
    """Return the suspension in ``token`` and who made it: the operator or the authority.

    The key must be in force at ``at``. Raises :class:`SignatureError`, or :class:`MalformedMessage` where
    what was signed is no suspension.
    """
    statement = statements.open_statement(
        token, keyring, SUSPENSION_TYP, Holder.OPERATOR, Holder.AUTHORITY, at=at
    )
    return Suspension.from_json(statement.payload), statement.key.holder
