"""Who may come in: people with a password, machine clients with a key of their own.

Rows are read and changed under the duty ``sign-in`` only, since nobody acts yet; they are added under
``onboarding``. Access tokens are in :mod:`isthmus_platform.tokens`, clients' assertions in
:mod:`isthmus_platform.assertions`.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import parties, tokens
from isthmus_platform.database import Actor, Base, Duty, PartyRole, Platform, Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from isthmus_platform.tokens import TokenIssuer

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 256
MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
SIGN_IN = Duty("sign-in")
# What a client may sign with; the algorithm follows from the key, never from what an assertion claims.
ALGORITHMS = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256"}
MOST_KEYS = 8

_hasher = PasswordHasher()


class User(Base):
    """A person who signs in for a party, with an argon2 hash of the password."""

    __tablename__ = "user_account"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ApiClient(Base):
    """A machine of a party, with the public keys (JWK) it may sign with; several while it rotates them."""

    __tablename__ = "api_client"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), index=True)
    client_id: Mapped[str] = mapped_column(unique=True)
    public_keys: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ClientAssertion(Base):
    """An assertion that was used: it is good once (RFC 7523 section 3, ``jti``)."""

    __tablename__ = "client_assertion"
    __table_args__ = (Index("ix_client_assertion_expires_at", "expires_at"),)

    api_client_id: Mapped[UUID] = mapped_column(ForeignKey("api_client.id"), primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    expires_at: Mapped[datetime]


def add_user(work: Work, party_name: str, email: str, password: str) -> UUID:
    """Let a person sign in for a party (needs the duty ``onboarding``); return the user's id."""
    if not EMAIL.fullmatch(email.strip()):
        raise InvalidInput("This is not an e-mail address.", field="email", code="format")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.",
            field="password",
            code="length",
        )
    added: UUID | None = work.session.scalar(
        insert(User)
        .values(
            id=new_id(),
            party_id=parties.by_name(work, party_name, field="party").id,
            email=_plain(email),
            password_hash=_hasher.hash(password),
            failed_attempts=0,
            created_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=[User.email])
        .returning(User.id)
    )
    if added is None:
        raise Conflict("There is a user with this e-mail address.", field="email", code="email_taken")
    return added


def add_client(work: Work, party_name: str, client_id: str, keys: Sequence[dict[str, Any]]) -> UUID:
    """Let a machine act for a party (needs the duty ``onboarding``); return the client's id.

    ``keys`` are public JWKs, Ed25519 or P-256, each known by its ``kid`` (RFC 7638 where none is given).
    """
    if not CLIENT_ID.fullmatch(client_id):
        raise InvalidInput(
            "A client id has 1 to 64 letters, digits, dots, underscores and hyphens.",
            field="clientId",
            code="format",
        )
    added: UUID | None = work.session.scalar(
        insert(ApiClient)
        .values(
            id=new_id(),
            party_id=parties.by_name(work, party_name, field="party").id,
            client_id=client_id,
            public_keys=_public_keys(keys),
            created_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=[ApiClient.client_id])
        .returning(ApiClient.id)
    )
    if added is None:
        raise Conflict("There is a client with this id.", field="clientId", code="client_id_taken")
    return added


def set_client_keys(work: Work, client_id: str, keys: Sequence[dict[str, Any]]) -> None:
    """Replace a client's keys (needs the duty ``onboarding``); to rotate, set old and new, then new alone."""
    _client(work, client_id).public_keys = _public_keys(keys)


def revoke_client(work: Work, client_id: str) -> None:
    """End a client's access now, tokens it holds included (needs the duty ``onboarding``)."""
    client = _client(work, client_id)
    client.revoked_at = client.revoked_at or work.now


def sign_in(platform: Platform, email: str, password: str) -> Actor:
    """Return the actor for a person.

    Raises :class:`NotAuthenticated` (``wrong_credentials``) alike for an unknown address, a wrong password
    and an account that five failures have locked for a quarter of an hour. The attempt is counted before the
    password is looked at, so that many at once gain nothing.
    """
    with platform.begin(SIGN_IN) as work:
        user = work.session.scalar(select(User).where(User.email == _plain(email)).with_for_update())
        if user is None:
            held, admitted = _no_password(), False
        else:
            held, admitted = user.password_hash, user.locked_until is None or user.locked_until <= work.now
            _count_attempt(user, work.now, admitted=admitted)
    try:
        _hasher.verify(held, password[: LONGEST_PASSWORD + 1])
    except VerifyMismatchError:
        admitted = False
    if user is None or not admitted:
        raise NotAuthenticated(
            "E-mail address or password is wrong, or there were too many attempts; wait 15 minutes.",
            code="wrong_credentials",
        )
    with platform.begin(SIGN_IN) as work:
        entered = work.session.get_one(User, user.id)
        entered.failed_attempts, entered.locked_until = 0, None
        if _hasher.check_needs_rehash(held):
            entered.password_hash = _hasher.hash(password)
        return parties.actor_of(parties.get(work, entered.party_id), f"user:{entered.id}")


SUBJECTS = {
    "user": "SELECT party.id, party.roles FROM user_account"
    " JOIN party ON party.id = user_account.party_id WHERE user_account.id = $1::uuid",
    "client": "SELECT party.id, party.roles FROM api_client"
    " JOIN party ON party.id = api_client.party_id WHERE api_client.id = $1::uuid AND revoked_at IS NULL",
}
"""How the party of a subject is found: asked with every request, so in one round trip."""


def actor_of_subject(platform: Platform, subject: str) -> Actor:
    """Return the actor for ``user:<id>`` or ``client:<id>`` with the roles its party has now.

    Raises :class:`NotAuthenticated` (``unknown_subject``) when there is none, or it was revoked.
    """
    kind, _, identifier = subject.partition(":")
    try:
        key = UUID(identifier)
    except ValueError:
        key = None
    found = []
    if key and kind in SUBJECTS:
        [found] = platform.read(SIGN_IN, [(SUBJECTS[kind], [str(key).encode()])])
    if not found:
        raise NotAuthenticated("This user or client is not known any more.", code="unknown_subject")
    [(party_id, roles)] = found
    return Actor(UUID(bytes=party_id), frozenset(map(PartyRole, roles)), subject)


def actor_of_token(platform: Platform, issuer: TokenIssuer, token: str) -> Actor:
    """Return the actor that an access token stands for, or raise :class:`NotAuthenticated`."""
    claims = issuer.verify(token)
    actor = actor_of_subject(platform, claims.subject)
    if actor.party_id != claims.party_id:
        raise tokens.refused("unknown_subject", "The token's user or client belongs to another party.")
    return actor


def algorithm_of(key: dict[str, Any]) -> str:
    """Return the algorithm that a client's key signs with."""
    return ALGORITHMS[key["kty"], key["crv"]]


def _client(work: Work, client_id: str) -> ApiClient:
    client = work.session.scalar(select(ApiClient).where(ApiClient.client_id == client_id).with_for_update())
    if client is None:
        raise NotFound("There is no such client.", field="clientId")
    return client


def _public_keys(keys: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the public members of ``keys``; a key that is private, unknown or broken is refused."""
    if not 0 < len(keys) <= MOST_KEYS:
        raise InvalidInput(f"A client has 1 to {MOST_KEYS} keys.", field="keys", code="length")
    kept = []
    for index, key in enumerate(keys):
        field = f"keys[{index}]"
        if "d" in key:
            raise InvalidInput("A private key stays with its client.", field=field, code="private_key")
        if (key.get("kty"), key.get("crv")) not in ALGORITHMS:
            raise InvalidInput("A key is Ed25519 or P-256.", field=field, code="unknown_key_type")
        public: dict[str, Any] = {name: key[name] for name in ("kty", "crv", "x", "y") if name in key}
        try:
            jwt.PyJWK(public, algorithm_of(public))
        except (jwt.PyJWTError, ValueError, TypeError):
            raise InvalidInput("This is not a public key (JWK).", field=field, code="format") from None
        kept.append({**public, "kid": str(key.get("kid") or tokens.thumbprint(public))})
    if len({key["kid"] for key in kept}) != len(kept):
        raise InvalidInput("Each key has a kid of its own.", field="keys", code="repeated")
    return kept


def _count_attempt(user: User, now: datetime, *, admitted: bool) -> None:
    if not admitted:
        return
    if user.locked_until is not None:  # the lock has run out
        user.failed_attempts, user.locked_until = 0, None
    user.failed_attempts += 1
    if user.failed_attempts >= MOST_FAILURES:
        user.locked_until = now + LOCKED_FOR


def _plain(email: str) -> str:
    return email.strip().casefold()


@lru_cache(maxsize=1)
def _no_password() -> str:
    """Return a hash to check against where there is no user, so that both take as long."""
    return _hasher.hash(str(new_id()))
