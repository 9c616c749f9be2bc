"""What the generated assemblers call: a column's value as the schema writes it.

Keys arrive as 16 bytes and times without an offset, in UTC, since that is what costs least to read.
"""

from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NoReturn, TypeVar
from uuid import UUID

from isthmus_graphql.pagination import cursor
from isthmus_graphql.tracking import CLASSIFIERS
from isthmus_platform import customs, declarations, document_types, freight, wording
from isthmus_platform.database import PartyRole
from isthmus_platform.milestones import TrackingEvent, sentence

T = TypeVar("T")
Row = tuple[Any, ...]

LARGEST = 2**53 - 1
FIRST = itemgetter(0)
OUTSIDE = {"CUSTOMS": declarations.WINDOW, "FREIGHT": freight.GATE}
UNSET = datetime(1970, 1, 1)  # noqa: DTZ001 (stands where a title does not depend on the time)


class Uncovered(Exception):
    """The planner does not answer this; the ordinary executor does."""


def uncovered(why: str = "a value that is not as planned") -> NoReturn:
    """Leave the whole operation to the ordinary executor, which knows the error to tell."""
    raise Uncovered(why)


def needed(value: T | None) -> T:
    """Return a value that may not be null."""
    return uncovered("null where none may be") if value is None else value


def beside(value: T, key: bytes | None) -> T:
    """Return a value of the row with ``key`` that must be there."""
    return uncovered("no such row") if key is None else value


def long(value: int | None) -> int | None:
    """Return a whole number that any reader of JSON holds exactly."""
    return value if value is None or -LARGEST <= value <= LARGEST else uncovered("a number too large")


def key(raw: bytes) -> str:
    """Return a UUID in its text form."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def global_id(kind: str, raw: bytes) -> str:
    """Return the global id, as :func:`isthmus_graphql.identity.global_id` does."""
    return b2a_base64(f"{kind}:{key(raw)}".encode(), newline=False).decode()


def roles(held: Sequence[str]) -> list[str]:
    """Return a party's roles in their usual order."""
    return [role.value for role in PartyRole if role.value in held]


def title(
    kind: str,
    code: str,
    certainty: str,
    place: str | None,
    location: str | None,
    equipment: str | None,
    document_type: str | None,
    body: Mapping[str, Any] | str | None,
) -> str:
    """Return what happened in one English line."""
    if isinstance(body, str):
        return freight.title(body)
    if body is not None:
        return customs.title(customs.read_status(body))
    return _wording(kind, code, certainty, place, location, equipment, document_type)


@lru_cache(maxsize=8192)
def _wording(
    kind: str,
    code: str,
    certainty: str,
    place: str | None,
    location: str | None,
    equipment: str | None,
    document_type: str | None,
) -> str:
    return wording.title(
        TrackingEvent(
            source_event_id="",
            version_at=UNSET,
            at=UNSET,
            kind=kind,
            code=code,
            classifier=certainty,
            place=place,
            location=location,
            equipment_reference=equipment,
            document_type=document_type,
        )
    )


def source(name: str | None, kind: str) -> str:
    """Return who told a timeline's entry: a party, or one outside the platform, known by what it tells."""
    return OUTSIDE[kind] if name is None else name


def document_type(code: str) -> str:
    """Return the English name of a UNTDID 1001 code."""
    return document_types.name_of(code)


def decision(state: str, log_index: int | None) -> str | None:
    """Return what the bridge decided of a crossing."""
    if state == "REFUSED":
        return "REFUSED"
    return "PERMITTED" if log_index is not None else None


def answered(answer: Mapping[str, Any], name: str) -> bool:
    """Return one of the window's answers."""
    found = answer.get(name)
    return found if isinstance(found, bool) else uncovered("an answer of another form")


def by_parent(rows: Sequence[Row]) -> dict[bytes, list[Row]]:
    """Return rows by their first column, the parent's key; a parent's rows mostly follow one another."""
    found: dict[bytes, list[Row]] = {}
    for parent, following in groupby(rows, FIRST):
        if parent in found:
            found[parent] += following
        else:
            found[parent] = list(following)
    return found


def id_cursor(party_id: UUID, kind: str, raw: bytes) -> str:
    """Return a party's cursor of a row in a list that is sorted by id."""
    return cursor(party_id, kind, key(raw))


def moment_cursor(party_id: UUID, kind: str, at: datetime, raw: bytes) -> str:
    """Return a party's cursor of a row in a list that is sorted by time and id."""
    return cursor(party_id, kind, f"{at.isoformat()}+00:00", key(raw))


CALLED: dict[str, Any] = {"CLASSIFIERS": CLASSIFIERS} | {
    each.__name__: each
    for each in (
        answered,
        beside,
        by_parent,
        decision,
        document_type,
        global_id,
        id_cursor,
        key,
        long,
        moment_cursor,
        needed,
        roles,
        sentence,
        source,
        title,
        uncovered,
    )
}
"""What generated code may use, by name."""
