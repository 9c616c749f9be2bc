"""Agreements as the bridge holds them: kept as they were signed, in force only while both signatures verify.

Nothing here trusts the database: signatures are verified whenever a decision rests on them, those of a key
that was revoked since as of when the log took them in. (What came of one text, its signatures and the keys of
then is remembered.) The highest version whose validity has begun is the one in force, also when it has ended
or is suspended: an older one never comes back. A suspension of a version holds for good; so does one of the
whole agreement, later versions included. Every change is an entry in the log, in the transaction that
makes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from isthmus_bridge import log, log_times
from isthmus_bridge.gate import Standing
from isthmus_bridge.models import AgreementSignature, AgreementVersion, Base, SuspensionStatement
from isthmus_protocol import statements
from isthmus_protocol.agreements import (
    Agreement,
    Direction,
    SignedAgreement,
    Suspension,
    demand_two_people,
    open_signature,
    open_suspension,
)
from isthmus_protocol.canonical import JsonObject, JsonValue, canonical, digest, parse
from isthmus_protocol.keys import Holder, Keyring, SignatureError, TrustedKey
from isthmus_protocol.records import AgreementRecord, Change
from isthmus_protocol.shapes import format_time


class Status(StrEnum):
    """How an agreement version stands. What nobody signed is a draft: the bridge knows nothing of it."""

    PROPOSED = "PROPOSED"
    NOT_YET_VALID = "NOT_YET_VALID"
    ACTIVE = "ACTIVE"
    SUPERSEDED = "SUPERSEDED"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"


class AgreementConflict(Exception):
    """The agreement contradicts one that stands; ``code`` says how."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Version:
    """An agreement version, what was signed about it and when that came, and since when both are there."""

    agreement: Agreement
    signatures: tuple[str, ...]
    active_since: datetime | None
    signed_at: tuple[datetime, ...] = ()

    def to_json(self, status: Status, suspensions: Sequence[str] = ()) -> JsonObject:
        """Return the version as the bridge tells it: document, signatures, and how it stands."""
        return {
            "id": self.agreement.id,
            "version": self.agreement.version,
            "digest": self.agreement.digest,
            "status": status.value,
            "document": self.agreement.to_json(),
            "signatures": list(self.signatures),
            "signedAt": [format_time(moment) for moment in self.signed_at],
            "suspensions": list(suspensions),
        }


def store(session: Session, keyring: Keyring, signed: SignedAgreement, now: datetime) -> tuple[Status, bool]:
    """Keep a document with the signatures that come with it; return how it stands and whether it was news.

    One signature alone is kept and permits nothing until the other comes, with the same document. Raises
    :class:`SignatureError` when any does not verify or there is none, :class:`AgreementConflict` when the
    version exists with another text, another agreement already speaks for the message, or the id for another.
    """
    agreement = signed.agreement
    # A signature counts as of now, or as of when the log took it in: sent again, it is as good as it was.
    times = dict.fromkeys(signed.signatures, now) | log_times.of_revoked(session, keyring, signed.signatures)
    opened = [open_signature(token, agreement, keyring, times) for token in signed.signatures]
    holders = dict(zip((signature.holder for signature in opened), signed.signatures, strict=True))
    if not holders or len(holders) != len(signed.signatures):
        raise SignatureError("an agreement comes with a signature of the operator, of the authority, or both")
    log.lock(session)
    _refuse_one_person(session, agreement, signed.signatures)
    _refuse_contradictions(session, keyring, agreement, now)
    _insert(
        session,
        AgreementVersion,
        id=agreement.id,
        version=agreement.version,
        digest=agreement.digest,
        document=canonical(agreement.to_json()).decode(),
        message=agreement.message,
        direction=agreement.direction.value,
        purpose=agreement.purpose,
        received_at=now,
    )
    news = {
        holder: token
        for holder, token in sorted(holders.items())
        if _insert(
            session,
            AgreementSignature,
            agreement_id=agreement.id,
            version=agreement.version,
            holder=holder.value,
            token=token,
            received_at=now,
        )
    }
    versions = _load(session, keyring, AgreementVersion.id == agreement.id)
    suspensions = _suspensions(session, [agreement.id])
    mine = next(version for version in versions if version.agreement.version == agreement.version)
    if news:
        change = Change.PROPOSED if mine.active_since is None else Change.ACTIVATED
        log.append(session, _record(change, agreement.id, agreement.version, agreement.digest, news, now))
    return _status(mine, versions, suspensions, now), bool(news)


def suspend(session: Session, keyring: Keyring, token: str, now: datetime) -> tuple[Suspension, bool]:
    """Record a suspension by either party, and return it and whether it was news.

    It holds for every decision after this transaction commits.

    Raises :class:`SignatureError`, and :class:`MalformedMessage` for a statement that is none.
    """
    suspension, holder = open_suspension(token, keyring, now)
    log.lock(session)
    news = _insert(
        session,
        SuspensionStatement,
        digest=digest(token.encode()),
        agreement_id=suspension.id,
        version=suspension.version,
        holder=holder.value,
        reason=suspension.reason,
        stated_at=suspension.at,
        token=token,
        received_at=now,
    )
    if news:
        told = {holder: token}
        log.append(session, _record(Change.SUSPENDED, suspension.id, suspension.version, None, told, now))
    return suspension, bool(news)


def standing_of(
    session: Session, keyring: Keyring, agreement_id: str, agreed_version: int, now: datetime
) -> Standing | None:
    """Return how the agreement stands now under which an exchange was agreed.

    It is suspended when the version in force is, and when the version agreed under is.
    """
    current = in_force(_load(session, keyring, AgreementVersion.id == agreement_id), now)
    if current is None:
        return None
    suspensions = _suspensions(session, [agreement_id])
    stopped = is_suspended(agreement_id, {current.agreement.version, agreed_version}, suspensions)
    return Standing(current.agreement, stopped)


def listing(session: Session, keyring: Keyring, now: datetime) -> list[JsonObject]:
    """Return every version, by id and version, with how it stands and what suspends it."""
    versions = _load(session, keyring)
    suspensions = _suspensions(session, {version.agreement.id for version in versions})
    listed = []
    for version in versions:
        agreement = version.agreement
        siblings = [other for other in versions if other.agreement.id == agreement.id]
        tokens = [
            token
            for token, stop in suspensions.items()
            if stop.id == agreement.id and stop.version in (None, agreement.version)
        ]
        told = version.to_json(_status(version, siblings, suspensions, now), tokens)
        listed.append(told | {"history": _history(session, agreement)})
    return listed


def _history(session: Session, agreement: Agreement) -> list[JsonValue]:
    """Return who signed or stopped a version and when, in the order of arrival."""
    signed = session.execute(
        select(AgreementSignature.received_at, AgreementSignature.holder).where(
            AgreementSignature.agreement_id == agreement.id, AgreementSignature.version == agreement.version
        )
    )
    stops = session.execute(
        select(SuspensionStatement.received_at, SuspensionStatement.holder, SuspensionStatement.reason).where(
            SuspensionStatement.agreement_id == agreement.id,
            or_(SuspensionStatement.version.is_(None), SuspensionStatement.version == agreement.version),
        )
    )
    steps: list[tuple[datetime, str, str, str | None]] = [
        (at, "SIGNED", holder, None) for at, holder in signed
    ]
    steps += [(at, "SUSPENDED", holder, reason) for at, holder, reason in stops]
    return [
        {"at": format_time(at), "change": change, "by": holder, "reason": reason}
        for at, change, holder, reason in sorted(steps, key=lambda step: step[:3])
    ]


def document(session: Session, keyring: Keyring, agreement_id: str, number: int) -> Version | None:
    """Return one version with its signatures, or None."""
    found = _load(session, keyring, AgreementVersion.id == agreement_id, AgreementVersion.version == number)
    return found[0] if found else None


def _insert(session: Session, table: type[Base], **values: object) -> int:
    """Add a row unless it is there; return how many were added."""
    added = session.execute(insert(table).values(**values).on_conflict_do_nothing().returning(literal(1)))
    return len(added.all())


def _record(
    change: Change, id_: str, version: int | None, text: str | None, told: dict[Holder, str], now: datetime
) -> AgreementRecord:
    """Return what the log keeps of a change, by whom and in which statements."""
    digests = tuple(digest(token.encode()) for token in told.values())
    return AgreementRecord(change, id_, version, text, tuple(told), digests, now)


def _refuse_one_person(session: Session, agreement: Agreement, tokens: Iterable[str]) -> None:
    """Raise :class:`SignatureError` where one person signs for both, at once or one after the other."""
    held = session.scalars(
        select(AgreementSignature.token).where(
            AgreementSignature.agreement_id == agreement.id, AgreementSignature.version == agreement.version
        )
    )
    demand_two_people([statements.unverified(token).get("by") for token in {*held, *tokens}])


def _refuse_contradictions(session: Session, keyring: Keyring, agreement: Agreement, now: datetime) -> None:
    for version in _load(session, keyring, AgreementVersion.id == agreement.id):
        other = version.agreement
        if other.version == agreement.version and other.digest != agreement.digest:
            raise AgreementConflict("version_taken", "this version exists with another text")
        if (other.message, other.direction, other.purpose) != (
            agreement.message,
            agreement.direction,
            agreement.purpose,
        ):
            raise AgreementConflict("message_changed", "a new version speaks for the same message")
    rivals = [
        version
        for version in _load(
            session, keyring, *_about(agreement.message, agreement.direction, agreement.purpose)
        )
        if version.agreement.id != agreement.id
        and version.active_since is not None
        and version.agreement.valid_until > now
    ]
    suspensions = _suspensions(session, {rival.agreement.id for rival in rivals})
    for rival in rivals:
        if not _withdrawn(rival.agreement.id, suspensions):
            raise AgreementConflict(
                "message_governed", f"the agreement {rival.agreement.id} already speaks for this message"
            )


def _about(message: str, direction: Direction, purpose: str) -> tuple[ColumnElement[bool], ...]:
    return (
        AgreementVersion.message == message,
        AgreementVersion.direction == direction.value,
        AgreementVersion.purpose == purpose,
    )


def _load(session: Session, keyring: Keyring, *where: ColumnElement[bool]) -> list[Version]:
    """Return the versions, by id and version, each active only if both its signatures verify now."""
    rows = session.execute(
        select(AgreementVersion.document, AgreementSignature.token, AgreementSignature.received_at)
        .join(
            AgreementSignature,
            (AgreementSignature.agreement_id == AgreementVersion.id)
            & (AgreementSignature.version == AgreementVersion.version),
        )
        .where(*where)
        .order_by(AgreementVersion.id, AgreementVersion.version, AgreementSignature.holder)
    )
    return read_versions(session, keyring, rows)


def read_versions(session: Session, keyring: Keyring, rows: Iterable[Sequence[Any]]) -> list[Version]:
    """Return the versions in rows of document, signature and when that came, in the order of the rows.

    A version is active only if both its signatures verify now.
    """
    signed: dict[str, list[tuple[str, datetime]]] = {}
    for text, token, received_at in rows:
        signed.setdefault(text, []).append((token, received_at))
    logged = log_times.of_revoked(session, keyring, [token for each in signed.values() for token, _ in each])
    return [_version(text, tokens, keyring, logged) for text, tokens in signed.items()]


@lru_cache(maxsize=256)
def _read(text: str) -> Agreement:
    """Return the agreement that ``text`` is; the same few are read again for every exchange."""
    return Agreement.from_json(parse(text.encode()))


def _version(
    text: str, tokens: Sequence[tuple[str, datetime]], keyring: Keyring, logged: Mapping[str, datetime]
) -> Version:
    """Return a version; it is active if both signatures verify, now or as of when the log took them in."""
    agreement = _read(text)
    signatures = tuple(token for token, _ in tokens)
    signed_at = tuple(received_at for _, received_at in tokens)
    times = tuple(logged.get(token) for token in signatures)
    active = _verified(agreement, signatures, tuple(keyring), times)
    return Version(agreement, signatures, max(signed_at) if active else None, signed_at)


@lru_cache(maxsize=256)
def _verified(
    agreement: Agreement,
    signatures: tuple[str, ...],
    keys: tuple[TrustedKey, ...],
    times: tuple[datetime | None, ...],
) -> bool:
    """Say whether both parties signed ``agreement``: of the same text, keys and times always the same."""
    logged = {token: at for token, at in zip(signatures, times, strict=True) if at is not None}
    try:
        SignedAgreement(agreement, signatures).verify(Keyring(keys), logged)
    except SignatureError:
        return False
    return True


def in_force(versions: Iterable[Version], now: datetime) -> Version | None:
    """Return the highest active version that has begun, or else the first to begin."""
    active = [version for version in versions if version.active_since is not None]
    begun = [version for version in active if version.agreement.valid_from <= now]
    if begun:
        return max(begun, key=lambda version: version.agreement.version)
    return min(active, key=lambda version: version.agreement.valid_from, default=None)


def _suspensions(session: Session, ids: Iterable[str]) -> dict[str, Suspension]:
    """Return the suspensions of the agreements ``ids``, by their signed statement.

    They were verified when they came. They only stop, so one whose key is no longer trusted still stops.
    """
    rows = session.scalars(
        select(SuspensionStatement)
        .where(SuspensionStatement.agreement_id.in_(list(ids)))
        .order_by(SuspensionStatement.received_at, SuspensionStatement.digest)
    )
    return {row.token: Suspension(row.agreement_id, row.version, row.reason, row.stated_at) for row in rows}


def is_suspended(id_: str, versions: set[int], suspensions: Mapping[str, Suspension]) -> bool:
    """Say whether any of ``suspensions`` stops one of the ``versions`` of an agreement, or all of them."""
    return any(
        stop.id == id_ and (stop.version is None or stop.version in versions) for stop in suspensions.values()
    )


def _withdrawn(id_: str, suspensions: dict[str, Suspension]) -> bool:
    """Say whether the whole agreement is suspended, whatever the version."""
    return is_suspended(id_, set(), suspensions)


def _status(
    version: Version, siblings: Iterable[Version], suspensions: dict[str, Suspension], now: datetime
) -> Status:
    agreement = version.agreement
    if version.active_since is None:
        return Status.PROPOSED
    if is_suspended(agreement.id, {agreement.version}, suspensions):
        return Status.SUSPENDED
    current = in_force(siblings, now)
    if current is not None and current.agreement.version > agreement.version:
        return Status.SUPERSEDED
    if now < agreement.valid_from:
        return Status.NOT_YET_VALID
    return Status.EXPIRED if now >= agreement.valid_until else Status.ACTIVE
