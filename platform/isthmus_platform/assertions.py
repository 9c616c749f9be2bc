"""A machine client proves who it is with a JWT that it signed itself (RFC 7523, ``private_key_jwt``)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import parties, proofs, scopes
from isthmus_platform.access import SIGN_IN, ApiClient, ClientAssertion
from isthmus_platform.database import Actor, Platform, Work
from isthmus_platform.proofs import Proof
from isthmus_platform.tokens import algorithm_of, refused

LONGEST = 8192
LONGEST_JTI = 200
FURTHEST_EXPIRY = timedelta(minutes=5)
CLOCKS_MAY_DIFFER = timedelta(seconds=30)
REQUIRED = ["iss", "sub", "aud", "exp", "jti"]


def accept(
    platform: Platform,
    assertion: str,
    audiences: Collection[str],
    proof: Proof | None = None,
    certificate: str | None = None,
) -> Actor:
    """Return the actor for the client that signed ``assertion``, which is then used up.

    RFC 7523 section 3: ``iss`` and ``sub`` are the client, ``aud`` is one of ``audiences``, ``exp`` at most
    five minutes ahead, ``jti`` not seen before. Raises :class:`NotAuthenticated` with a code that says what
    is wrong; who the client is, or whether it exists, is not said. A client that must hold its tokens to a
    key sends ``proof`` with it, which is used up too, or comes with a client ``certificate``.
    """
    client_id = _claimed_client(assertion)
    with platform.begin(SIGN_IN) as work:
        client = work.session.scalar(select(ApiClient).where(ApiClient.client_id == client_id))
        if client is None or not client.admitted:
            raise refused("assertion_invalid", "The assertion is not signed by a client of ours.")
        claims = _verified(assertion, client, audiences, work.now)
        if client.demands_proof and proof is None and certificate is None:
            raise refused("proof_required", "This client's tokens are bound to a key: send a DPoP proof.")
        expires_at = _expiry(claims, work.now)
        _use(work, client, claims["jti"], expires_at)
        if proof is not None:
            proofs.use_up(work, proof, client.party_id)
        actor = parties.actor_of(parties.get(work, client.party_id), f"client:{client.id}")
        return replace(actor, scopes=scopes.narrowed(client.scopes, None))


def _claimed_client(assertion: str) -> str:
    """Return whom the assertion claims to come from, to find the keys to verify it with."""
    try:
        if len(assertion) <= LONGEST:
            claimed = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
            if isinstance(claimed, str) and "\0" not in claimed:
                return claimed
    except jwt.PyJWTError:
        pass
    raise refused("assertion_invalid", "client_assertion is not a JWT with an issuer.")


def _verified(assertion: str, client: ApiClient, audiences: Collection[str], now: datetime) -> dict[str, Any]:
    key = _key(assertion, client, now)
    algorithm = algorithm_of(key)
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion,
            jwt.PyJWK(key, algorithm),
            algorithms=[algorithm],
            audience=list(audiences),
            issuer=client.client_id,
            subject=client.client_id,
            options={"require": REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.MissingRequiredClaimError as error:
        raise refused("assertion_claim_missing", f"The assertion lacks the claim {error.claim}.") from None
    except jwt.InvalidAudienceError:
        raise refused("assertion_audience", "The assertion is meant for another audience.") from None
    except jwt.PyJWTError:
        raise refused("assertion_invalid", "The assertion is not signed by a client of ours.") from None
    if not 0 < len(claims["jti"]) <= LONGEST_JTI or "\0" in claims["jti"]:
        raise refused("assertion_invalid", f"jti is a text of 1 to {LONGEST_JTI} characters.")
    return claims


def _key(assertion: str, client: ApiClient, now: datetime) -> dict[str, Any]:
    """Return the client's key that the assertion names, or its only one; a key in its header is ignored."""
    kid = jwt.get_unverified_header(assertion).get("kid")
    at = now.timestamp()
    keys = [
        key
        for key in client.public_keys
        if kid in (None, key["kid"]) and key.get("nbf", at) <= at < key.get("exp", at + 1)
    ]
    if len(keys) != 1:
        raise refused("assertion_unknown_key", "The assertion names no key that its client has now.")
    return {name: value for name, value in keys[0].items() if name not in ("nbf", "exp")}


def _expiry(claims: dict[str, Any], now: datetime) -> datetime:
    """Return when the assertion expires, judged by our clock."""
    times = {}
    for name in ("exp", "nbf", "iat"):
        try:
            times[name] = datetime.fromtimestamp(claims[name], UTC) if name in claims else now
        except (ValueError, TypeError, OverflowError, OSError):
            raise refused("assertion_invalid", f"{name} is not a time.") from None
    if times["exp"] <= now:
        raise refused("assertion_expired", "The assertion has expired.")
    if times["exp"] > now + FURTHEST_EXPIRY:
        raise refused("assertion_too_long", "The assertion expires more than five minutes from now.")
    if max(times["nbf"], times["iat"]) > now + CLOCKS_MAY_DIFFER:
        raise refused("assertion_not_yet_valid", "The assertion is not valid yet.")
    return times["exp"]


def _use(work: Work, client: ApiClient, jti: str, expires_at: datetime) -> None:
    """Remember the assertion until it expires; one that is remembered already was sent twice."""
    work.session.execute(delete(ClientAssertion).where(ClientAssertion.expires_at < work.now))
    used = work.session.scalar(
        insert(ClientAssertion)
        .values(api_client_id=client.id, jti=jti, party_id=client.party_id, expires_at=expires_at)
        .on_conflict_do_nothing()
        .returning(ClientAssertion.jti)
    )
    if used is None:
        raise refused("assertion_replayed", "The assertion was used before.")
