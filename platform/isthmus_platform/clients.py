"""Machine clients as their party runs them: registered, their keys exchanged, suspended and let go on.

The operator does the same for any party under the duty ``onboarding`` (``isthmus client``), and a party for
itself. A machine that has scopes of its own reaches no client that may do more than it may.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from isthmus_platform import access, parties
from isthmus_platform.access import ApiClient
from isthmus_platform.database import Duty, Work
from isthmus_platform.errors import InvalidInput, NotFound, NotPermitted
from isthmus_platform.parties import Party

OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=30)
LONGEST_JWKS = 16 * 1024
Key = dict[str, Any]


def keys_in(jwks: str) -> list[Key]:
    """Return the keys in a JWK Set (RFC 7517 section 5), or raise :class:`InvalidInput` (``format``)."""
    try:
        found = orjson.loads(jwks) if len(jwks) <= LONGEST_JWKS else None
    except orjson.JSONDecodeError:
        found = None
    held = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(held, list) or not all(isinstance(key, dict) for key in held):
        raise InvalidInput('This is not a JWK Set: {"keys": […]}.', field="jwks", code="format")
    return held


def register(
    work: Work, name: str, jwks: str, *, scopes: Collection[str] | None, demands_proof: bool = True
) -> ApiClient:
    """Let a machine of the acting party come in as ``<party>.<name>``; ``scopes`` None is all.

    Unless ``demands_proof`` is false its tokens are bound to a key or certificate of its own. Raises
    :class:`InvalidInput` naming the field, :class:`NotPermitted` (``wider_scopes``) and :class:`Conflict`.
    """
    check_within(work, scopes)
    party = parties.get(work, work.actor.party_id)
    client_id = f"{party.name}.{name}"
    added = access.insert_client(
        work, party.id, client_id, keys_in(jwks), scopes=scopes, demands_proof=demands_proof
    )
    return work.session.get_one(ApiClient, added)


def page(work: Work, *, after: UUID | None = None, first: int = 100) -> Sequence[ApiClient]:
    """Return up to ``first`` clients of the acting party, newest first, past ``after``."""
    rows = select(ApiClient).where(ApiClient.party_id == work.actor.party_id).order_by(ApiClient.id.desc())
    rows = rows if after is None else rows.where(ApiClient.id < after)
    return work.session.scalars(rows.limit(first)).all()


def get(work: Work, key: UUID) -> ApiClient:
    """Return a client of the acting party, or raise :class:`NotFound`."""
    found = work.session.scalar(
        select(ApiClient).where(ApiClient.id == key, ApiClient.party_id == work.actor.party_id)
    )
    if found is None:
        raise NotFound("There is no such client of yours.", field="client")
    return found


def changeable(work: Work, key: UUID) -> ApiClient:
    """Return a client of the acting party that the actor may change; see :func:`check_within`."""
    client = get(work, key)
    check_within(work, client.scopes)
    work.session.refresh(client, with_for_update=True)
    return client


def check_within(work: Work, scopes: Collection[str] | None) -> None:
    """Raise :class:`NotPermitted` (``wider_scopes``) where ``scopes`` are more than the actor's own."""
    own = work.actor.scopes
    if own is not None and (scopes is None or not own.issuperset(scopes)):
        raise NotPermitted(
            "A client with scopes reaches no client that may do more.", field="scopes", code="wider_scopes"
        )


def rotate(work: Work, client: ApiClient, keys: Sequence[Key], until: datetime | None = None) -> None:
    """Let ``keys`` sign from now on, and those before them ``until`` then too: 24 hours, unless given.

    A key that ended is forgotten. Raises :class:`InvalidInput`.
    """
    until = work.now + OVERLAP if until is None else until
    if not work.now <= until <= work.now + LONGEST_OVERLAP:
        raise InvalidInput(
            "The keys before the new ones hold from now to 30 days on.", field="oldKeysUntil", code="range"
        )
    access.replace_keys(client, keys, _ending(client.public_keys, work.now, until))
    work.session.flush()


def suspend(work: Work, client: ApiClient) -> None:
    """Let ``client`` in no more until it is resumed: its tokens end too, from the next request.

    What the operator suspended the party cannot resume.
    """
    client.suspended_at = client.suspended_at or work.now
    client.suspended_by_operator = client.suspended_by_operator or isinstance(work.on_behalf, Duty)
    work.session.flush()


def resume(work: Work, client: ApiClient) -> None:
    """Let a suspended client in again; raise :class:`NotPermitted` (``suspended_by_operator``)."""
    if client.suspended_by_operator and not isinstance(work.on_behalf, Duty):
        message = "The operator suspended this client."
        raise NotPermitted(message, field="client", code="suspended_by_operator")
    client.suspended_at = client.suspended_by_operator = None
    work.session.flush()


def every(work: Work, party: str | None = None) -> Sequence[tuple[ApiClient, str]]:
    """Return all clients, or those of one ``party``, with their party's name (needs ``onboarding``)."""
    rows = select(ApiClient, Party.name).join(Party).order_by(Party.name, ApiClient.id)
    if party is not None:
        rows = rows.where(ApiClient.party_id == parties.by_name(work, party, field="party").id)
    return [(client, name) for client, name in work.session.execute(rows)]


def _ending(keys: Sequence[Key], now: datetime, until: datetime) -> list[Key]:
    """Return the keys that hold now or will, each until then at most."""
    at, end = int(now.timestamp()), int(until.timestamp())
    held = [{**key, "exp": min(key.get("exp", end), end)} for key in keys]
    return [key for key in held if key["exp"] > max(at, key.get("nbf", at))]
