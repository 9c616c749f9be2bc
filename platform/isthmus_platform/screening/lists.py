"""Lists: loaded by the operator as whole versions, of which only the differences are kept.

A version is signed for by who loads it. It is screened against from its time on, when the worker begins with
it (:mod:`isthmus_platform.screening.running`); until then the version before it stands.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, and_, func, or_, select, text, tuple_, update

from isthmus_platform import bulk, outbox
from isthmus_platform.database import PartyRole, Work, new_id, new_id_text
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.screening.asked import TOPIC
from isthmus_platform.screening.index import Entry, Index
from isthmus_platform.screening.listfile import ListDraft
from isthmus_platform.screening.records import ScreeningEntry, ScreeningList, ScreeningRun

AT_ONCE = 5_000
Sign = Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Difference:
    """What one version of a list says otherwise than another, by entry reference."""

    added: Mapping[str, dict[str, Any]]
    changed: Mapping[str, tuple[dict[str, Any], dict[str, Any]]]
    removed: Mapping[str, dict[str, Any]]


def load(work: Work, draft: ListDraft, by: str, sign: Sign) -> ScreeningList:
    """Keep a new version of a list as the operator, signed for by the person ``by``; return it.

    The newest version again changes nothing. Raises :class:`NotPermitted` (``role_required``),
    :class:`InvalidInput` (``by``) and :class:`Conflict` (``effective_before`` the version before it).
    """
    work.actor.require(PartyRole.OPERATOR)
    if not 0 < len(by.strip()) <= 200 or not by.isprintable():
        raise InvalidInput("Say in one line who loads the list.", field="by", code="length")
    lock = func.hashtextextended(f"screening {work.actor.party_id} {draft.code}", 0)
    work.session.execute(select(func.pg_advisory_xact_lock(lock)))
    last = newest(work, draft.code)
    if last is not None and _same(last, draft):
        return last
    if last is not None and draft.effective_from < last.effective_from:
        raise Conflict(
            f"Version {last.version} takes effect later, at {last.effective_from.isoformat()}.",
            field="effectiveFrom",
            code="effective_before",
        )
    version = 1 if last is None else last.version + 1
    counts = _keep(work, draft, version)
    row = ScreeningList(
        id=new_id(),
        party_id=work.actor.party_id,
        code=draft.code,
        version=version,
        title=draft.title,
        sha256=draft.sha256,
        thresholds=draft.thresholds,
        effective_from=draft.effective_from,
        entries=len(draft.entries),
        added=counts[0],
        changed=counts[1],
        removed=counts[2],
        loaded_by=by.strip(),
        loaded_at=work.now,
        signature="",
        began_at=None,
    )
    row.signature = sign(statement(row))
    work.session.add(row)
    work.session.flush()
    outbox.emit(work, TOPIC, {"list": str(row.id)}, due_at=max(work.now, draft.effective_from))
    return row


def statement(row: ScreeningList) -> dict[str, Any]:
    """Return what is signed of a version: which file it is, from when it holds, and who answers for it."""
    return {
        "list": row.code,
        "version": row.version,
        "title": row.title,
        "sha256": row.sha256,
        "thresholds": dict(row.thresholds),
        "effectiveFrom": int(row.effective_from.timestamp()),
        "entries": row.entries,
        "by": row.loaded_by,
        "at": int(row.loaded_at.timestamp()),
    }


def _same(last: ScreeningList, draft: ListDraft) -> bool:
    said = (draft.sha256, draft.title, draft.effective_from, draft.thresholds)
    return (last.sha256, last.title, last.effective_from, last.thresholds) == said


def _keep(work: Work, draft: ListDraft, version: int) -> tuple[int, int, int]:
    """Add what is new in ``draft`` and end what it no longer says; return how many of each kind."""
    party_id = work.actor.party_id
    held = select(ScreeningEntry.reference, ScreeningEntry.digest).where(
        ScreeningEntry.party_id == party_id,
        ScreeningEntry.code == draft.code,
        ScreeningEntry.ended_in.is_(None),
    )
    standing = {row.reference: row.digest for row in work.session.execute(held)}
    new = [name for name, (digest, _) in draft.entries.items() if standing.get(name) != digest]
    removed = [name for name in standing if name not in draft.entries]
    changed = [name for name in new if name in standing]
    for part in _parts([*changed, *removed]):
        work.session.execute(
            update(ScreeningEntry)
            .where(
                ScreeningEntry.party_id == party_id,
                ScreeningEntry.code == draft.code,
                ScreeningEntry.ended_in.is_(None),
                ScreeningEntry.reference.in_(part),
            )
            .values(ended_in=version)
            .execution_options(synchronize_session=False)
        )
    for part in _parts(new):
        said = [draft.entries[name] for name in part]
        given = {
            "ids": bulk.literal([new_id_text() for _ in part]),
            "references": bulk.literal(part),
            "digests": bulk.literal([digest for digest, _ in said]),
            "contents": bulk.literal([orjson.dumps(content).decode() for _, content in said]),
        }
        work.session.execute(ADD, {**given, "party": party_id, "code": draft.code, "version": version})
    return len(new) - len(changed), len(changed), len(removed)


ADD = text(
    """
    INSERT INTO screening_entry (id, party_id, code, reference, digest, content, added_in)
    SELECT id, :party, :code, reference, digest, CAST(content AS jsonb), :version
    FROM unnest(CAST(:ids AS uuid[]), CAST(:references AS text[]), CAST(:digests AS text[]),
        CAST(:contents AS text[])) AS given (id, reference, digest, content)
    """
)


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]


def newest(work: Work, name: str) -> ScreeningList | None:
    """Return the newest version that the acting operator loaded of a list, in force or not yet."""
    return work.session.scalar(
        select(ScreeningList)
        .where(ScreeningList.party_id == work.actor.party_id, ScreeningList.code == name)
        .order_by(ScreeningList.version.desc())
        .limit(1)
    )


def get(work: Work, name: str, version: int | None = None) -> ScreeningList:
    """Return a version of a list of the acting operator, the newest for None; raises :class:`NotFound`."""
    if version is None:
        found = newest(work, name)
    else:
        found = work.session.scalar(
            select(ScreeningList).where(
                ScreeningList.party_id == work.actor.party_id,
                ScreeningList.code == name,
                ScreeningList.version == version,
            )
        )
    if found is None:
        raise NotFound("There is no such list, or no such version of it.", field="list")
    return found


def by_id(work: Work, list_id: UUID) -> ScreeningList:
    """Return a version of a list by its id; raises :class:`NotFound`."""
    found = work.session.get(ScreeningList, list_id)
    if found is None:
        raise NotFound("There is no such list.", field="list")
    return found


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[ScreeningList]:
    """Return versions of all lists, newest first, those before ``after``."""
    query = select(ScreeningList).order_by(ScreeningList.id.desc()).limit(first)
    return work.session.scalars(query if after is None else query.where(ScreeningList.id < after)).all()


def runs(work: Work, list_ids: Sequence[UUID]) -> dict[UUID, ScreeningRun]:
    """Return how far the screening against each version has come, for its operator."""
    found = work.session.scalars(select(ScreeningRun).where(ScreeningRun.list_id.in_(list_ids)))
    return {row.list_id: row for row in found}


def in_force(work: Work) -> Sequence[ScreeningList]:
    """Return the version of each list that is screened against now."""
    latest = (
        select(ScreeningList.party_id, ScreeningList.code, func.max(ScreeningList.version))
        .where(ScreeningList.began_at.is_not(None))
        .group_by(ScreeningList.party_id, ScreeningList.code)
    )
    version = tuple_(ScreeningList.party_id, ScreeningList.code, ScreeningList.version)
    return work.session.scalars(
        select(ScreeningList).where(version.in_(latest)).order_by(ScreeningList.party_id, ScreeningList.code)
    ).all()


def said_in(name: str, party_id: UUID, version: int) -> ColumnElement[bool]:
    """Return the condition for the entries that a version of a list says."""
    return and_(
        ScreeningEntry.party_id == party_id,
        ScreeningEntry.code == name,
        ScreeningEntry.added_in <= version,
        or_(ScreeningEntry.ended_in.is_(None), ScreeningEntry.ended_in > version),
    )


def entries(work: Work, row: ScreeningList) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield reference, digest and content of each entry that a version says, a part at a time."""
    query = select(ScreeningEntry.reference, ScreeningEntry.digest, ScreeningEntry.content)
    said = query.where(said_in(row.code, row.party_id, row.version)).order_by(ScreeningEntry.reference)
    for each in work.session.execute(said.execution_options(yield_per=AT_ONCE)):
        yield each.reference, each.digest, each.content


def index(work: Work, row: ScreeningList) -> Index:
    """Return the index of a version of a list."""
    return Index([entry_of(*each) for each in entries(work, row)], row.thresholds)


def entry_of(reference: str, digest: str, content: Mapping[str, Any]) -> Entry:
    """Return an entry as it is compared."""
    return Entry(
        reference,
        digest,
        content["kind"],
        tuple(content.get("names", ())),
        tuple(content.get("countries", ())),
        content.get("imo"),
        tuple(content.get("hsPrefixes", ())),
        tuple(content.get("keywords", ())),
    )


def difference(work: Work, older: ScreeningList, newer: ScreeningList) -> Difference:
    """Return what ``newer`` says otherwise than ``older``, both of one list."""
    before = {reference: (digest, content) for reference, digest, content in entries(work, older)}
    after = {reference: (digest, content) for reference, digest, content in entries(work, newer)}
    return Difference(
        {name: content for name, (_, content) in after.items() if name not in before},
        {
            name: (before[name][1], content)
            for name, (digest, content) in after.items()
            if name in before and before[name][0] != digest
        },
        {name: content for name, (_, content) in before.items() if name not in after},
    )
