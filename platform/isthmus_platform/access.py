"""Who may come in: people with a password, machine clients with a key of their own.

Rows are read and changed under the duty ``sign-in`` only, since nobody acts yet; they are added under
``onboarding``. Access tokens are in :mod:`isthmus_platform.tokens`, clients' assertions in
:mod:`isthmus_platform.assertions`.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import parties, proofs, tokens
from isthmus_platform import scopes as scope_names
from isthmus_platform.database import Actor, Base, Duty, PartyRole, Platform, Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from isthmus_platform.pipeline import Question, Rows
from isthmus_platform.proofs import Proof
from isthmus_platform.tokens import TokenIssuer

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 256
MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
SIGN_IN = Duty("sign-in")
MOST_KEYS = 8
LATEST = 1 << 40  # seconds since 1970

WHO = {
    "user": "SELECT party_id, roles, NULL::text[], false FROM user_account"
    " JOIN party ON party.id = party_id WHERE user_account.id = $1::uuid",
    "client": "SELECT party_id, roles, scopes, demands_proof FROM api_client"
    " JOIN party ON party.id = party_id"
    " WHERE api_client.id = $1::uuid AND revoked_at IS NULL AND suspended_at IS NULL",
}
"""How a subject is looked up, by its kind."""

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
    """A machine of a party, with the public keys (JWK) it may sign with; several while it rotates them.

    A key holds from ``nbf`` until ``exp``, where it has them. ``scopes`` are what the client may do (None:
    all that its party may); ``demands_proof`` says that its tokens are bound to a key of its own (DPoP) or to
    its certificate. A suspended client may be resumed, a revoked one not.
    """

    __tablename__ = "api_client"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), index=True)
    client_id: Mapped[str] = mapped_column(unique=True)
    public_keys: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    demands_proof: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    suspended_by_operator: Mapped[bool | None]

    @property
    def admitted(self) -> bool:
        """Whether it may come in."""
        return self.revoked_at is None and self.suspended_at is None


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


def add_client(
    work: Work,
    party_name: str,
    client_id: str,
    keys: Sequence[dict[str, Any]],
    *,
    scopes: Collection[str] | None = None,
    demands_proof: bool = False,
) -> UUID:
    """Let a machine act for a party (needs the duty ``onboarding``); return the client's id."""
    party = parties.by_name(work, party_name, field="party")
    return insert_client(work, party.id, client_id, keys, scopes=scopes, demands_proof=demands_proof)


def insert_client(
    work: Work,
    party_id: UUID,
    client_id: str,
    keys: Sequence[dict[str, Any]],
    *,
    scopes: Collection[str] | None,
    demands_proof: bool,
) -> UUID:
    """Let a machine act for the party, the acting one or under the duty ``onboarding`` any; return its id.

    ``keys`` are public JWKs, Ed25519 or P-256, each known by its ``kid`` (RFC 7638 where none is given);
    ``nbf`` and ``exp`` (seconds since 1970) say from when until when one holds.
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
            party_id=party_id,
            client_id=client_id,
            public_keys=_public_keys(keys),
            scopes=None if scopes is None else scope_names.checked(scopes),
            demands_proof=demands_proof,
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
    client_named(work, client_id).public_keys = _public_keys(keys)


def replace_keys(client: ApiClient, keys: Sequence[dict[str, Any]], old: Sequence[dict[str, Any]]) -> None:
    """Let ``client`` sign with ``keys``, and with the ``old`` ones as long as they hold."""
    client.public_keys = _public_keys([*keys, *old])


def set_client_rules(
    work: Work, client_id: str, *, scopes: Collection[str] | None, demands_proof: bool
) -> None:
    """Say anew what a client may do and whether its tokens are bound (needs the duty ``onboarding``).

    It holds from the next request, for tokens that were issued before as well.
    """
    client = client_named(work, client_id)
    client.scopes = None if scopes is None else scope_names.checked(scopes)
    client.demands_proof = demands_proof


def revoke_client(work: Work, client_id: str) -> None:
    """End a client's access now, tokens it holds included (needs the duty ``onboarding``)."""
    client = client_named(work, client_id)
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


def actor_of_subject(platform: Platform, subject: str) -> Actor:
    """Return the actor for ``user:<id>`` or ``client:<id>`` with the roles its party has now.

    Raises :class:`NotAuthenticated` (``unknown_subject``) when there is none, or it was revoked.
    """
    return replace(_standing(platform, subject).actor, scopes=None)


def actor_of_token(
    platform: Platform,
    issuer: TokenIssuer,
    token: str,
    proof: Proof | None = None,
    certificate: str | None = None,
) -> Actor:
    """Return the actor that an access token stands for, or raise :class:`NotAuthenticated`.

    A token that is bound to a key is good with a ``proof`` by that key only, which is then used up; one that
    is bound to a certificate from the holder of that ``certificate`` (its thumbprint) only.
    """
    claims = issuer.verify(token)
    _check_binding(claims, proof)
    _check_certificate(claims, certificate)
    found = _standing(platform, claims.subject)
    if found.demands_proof and proof is None and claims.certificate is None:
        raise tokens.refused("proof_required", "This client's tokens are bound to a key.")
    actor = found.acting(claims)
    if proof is not None:
        with platform.begin(SIGN_IN) as work:
            proofs.use_up(work, proof, actor.party_id)
    return actor


def actor_still_of_token(platform: Platform, issuer: TokenIssuer, token: str) -> Actor:
    """Return the actor of a token that was taken before, with its proof, for an answer that still goes on.

    Raises :class:`NotAuthenticated` once it has run out, or its user or client is known no more.
    """
    claims = issuer.verify(token)
    return _standing(platform, claims.subject).acting(claims)


@dataclass(frozen=True)
class Standing:
    """What is known now of a user or client: for whom it acts, with its own scopes, whether with proof."""

    actor: Actor
    demands_proof: bool

    def acting(self, claims: tokens.Claims) -> Actor:
        """Return the actor that a token of the subject stands for."""
        if self.actor.party_id != claims.party_id:
            raise tokens.refused("unknown_subject", "The token's user or client belongs to another party.")
        return replace(self.actor, scopes=scope_names.narrowed(self.actor.scopes, claims.scopes))


def _standing(platform: Platform, subject: str) -> Standing:
    """Look a subject up, as every request does: by the shortest way there is."""
    question = who(subject)
    [found] = [[]] if question is None else platform.read(SIGN_IN, [question])
    return standing(subject, found)


def who(subject: str) -> Question | None:
    """Return the question of what is known of a subject, asked on the duty ``sign-in``; None for none."""
    kind, _, identifier = subject.partition(":")
    try:
        return WHO[kind], [str(UUID(identifier)).encode()]
    except (KeyError, ValueError):
        return None


def standing(subject: str, found: Rows) -> Standing:
    """Return what was found of a subject.

    Raises :class:`NotAuthenticated` (``unknown_subject``) where that is nothing.
    """
    if not found:
        raise NotAuthenticated("This user or client is not known any more.", code="unknown_subject")
    [(party, roles, scopes, demands_proof)] = found
    held = None if scopes is None else frozenset(scopes)
    return Standing(Actor(UUID(bytes=party), frozenset(map(PartyRole, roles)), subject, held), demands_proof)


def _check_binding(claims: tokens.Claims, proof: Proof | None) -> None:
    if proof is None and claims.thumbprint is not None:
        raise tokens.refused("proof_required", "The token is bound to a key: send it as DPoP, with a proof.")
    if proof is not None and claims.thumbprint is None:
        raise tokens.refused("token_unbound", "The token is not bound to a key: send it as Bearer.")
    if proof is not None and proof.thumbprint != claims.thumbprint:
        raise tokens.refused("proof_wrong_key", "The DPoP proof is by another key than the token's.")


def _check_certificate(claims: tokens.Claims, certificate: str | None) -> None:
    if claims.certificate is not None and claims.certificate != certificate:
        raise tokens.refused(
            "certificate_required", "The token is bound to a client certificate: connect with that one."
        )


def client_named(work: Work, client_id: str) -> ApiClient:
    """Return a client to be changed (needs the duty ``onboarding``), or raise :class:`NotFound`."""
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
        if (key.get("kty"), key.get("crv")) not in tokens.ALGORITHMS:
            raise InvalidInput("A key is Ed25519 or P-256.", field=field, code="unknown_key_type")
        public: dict[str, Any] = {name: key[name] for name in ("kty", "crv", "x", "y") if name in key}
        try:
            jwt.PyJWK(public, tokens.algorithm_of(public))
        except (jwt.PyJWTError, ValueError, TypeError):
            raise InvalidInput("This is not a public key (JWK).", field=field, code="format") from None
        kept.append(
            {**public, "kid": str(key.get("kid") or tokens.thumbprint(public)), **_validity(key, field)}
        )
    if len({key["kid"] for key in kept}) != len(kept):
        raise InvalidInput("Each key has a kid of its own.", field="keys", code="repeated")
    return kept


def _validity(key: dict[str, Any], field: str) -> dict[str, int]:
    """Return from when and until when a key holds, where it says so."""
    held = {name: key[name] for name in ("nbf", "exp") if key.get(name) is not None}
    if not all(type(value) is int and 0 <= value < LATEST for value in held.values()):
        raise InvalidInput("nbf and exp are seconds since 1970.", field=field, code="format")
    if held.get("exp", LATEST) <= held.get("nbf", 0):
        raise InvalidInput("A key ends after it begins.", field=field, code="range")
    return held


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
