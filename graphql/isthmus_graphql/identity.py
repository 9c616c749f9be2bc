"""Global ids (Relay): opaque outside, a type and a key inside. Nothing can be learned by guessing one."""

from uuid import UUID

from graphql_relay import from_global_id, to_global_id

from isthmus_platform.errors import NotFound


def absent(field: str | None = None) -> NotFound:
    """Return the one answer to an id that is malformed, of another type, absent, or another party's."""
    return NotFound("There is no such thing.", field=field)


def global_id(kind: str, key: UUID | str) -> str:
    """Return the global id of the thing of GraphQL type ``kind`` with the platform's ``key``."""
    return str(to_global_id(kind, str(key)))


def kind_and_key(given: str, field: str | None = None) -> tuple[str, UUID]:
    """Return the type and key inside a global id; raise :class:`NotFound` where there are none."""
    kind, key = from_global_id(given)
    try:
        parsed = UUID(key)
    except ValueError:
        raise absent(field) from None
    # One thing has one id: another spelling of the same key is not it.
    if global_id(kind, parsed) != given:
        raise absent(field)
    return kind, parsed


def key_of(kind: str, given: str, field: str | None = None) -> UUID:
    """Return the key inside a global id of ``kind``; raise :class:`NotFound` for any other."""
    found, key = kind_and_key(given, field)
    if found != kind:
        raise absent(field)
    return key
