"""What the worker does: screen a thing that was asked for, and every thing against a new version of a list.

A version comes into force under a lock that no screening holds meanwhile. So what was screened before is a
subject of the run that follows, and what is screened after meets the new version: nothing falls between. A
run goes on in batches, each with its place in one transaction; a worker that is killed is followed by one
that goes on there.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import domain_events, outbox
from isthmus_platform.database import Duty, Platform, Work, new_id
from isthmus_platform.encryption import Vault
from isthmus_platform.outbox import Message
from isthmus_platform.screening import hits, lists, values
from isthmus_platform.screening.asked import TOPIC, Thing
from isthmus_platform.screening.hits import Against
from isthmus_platform.screening.index import Index
from isthmus_platform.screening.records import DUTY, ScreeningList, ScreeningRun, ScreeningSubject
from isthmus_platform.screening.values import Named

log = structlog.get_logger(__name__)

SCREENING = Duty(DUTY)
BATCH = 50
MOST_INDEXES = 16
IN_FORCE = func.hashtextextended("screening: the lists in force", 0)


@dataclass
class Indexes:
    """The indexes of the versions in use, kept by this process; the least recently used go first."""

    _kept: "OrderedDict[UUID, Index]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, work: Work, row: ScreeningList) -> Index:
        """Return the index of a version, read from the database the first time."""
        with self._lock:
            found = self._kept.pop(row.id, None) or lists.index(work, row)
            self._kept[row.id] = found
            while len(self._kept) > MOST_INDEXES:
                self._kept.popitem(last=False)
            return found


@dataclass(frozen=True)
class Screener:
    """Handles the messages of :data:`~isthmus_platform.screening.asked.TOPIC`."""

    platform: Platform
    vault: Vault
    indexes: Indexes = field(default_factory=Indexes)

    def __call__(self, message: Message) -> None:
        """Do what a message asks for; done again, it changes nothing."""
        asked = message.payload
        if "list" in asked:
            self.begin(UUID(asked["list"]), message.request_id)
        elif "run" in asked:
            self.go_on(UUID(asked["run"]), message.request_id)
        else:
            self.screen(Thing(asked["kind"]), UUID(asked["thing"]), message.party_id, message.request_id)

    def screen(self, kind: Thing, thing_id: UUID, owner_id: UUID, request_id: str = "-") -> None:
        """Screen one thing against every list in force; its owner is metered when it says something new."""
        named = values.read(self.platform, self.vault, kind, thing_id, owner_id)
        with self.platform.begin(SCREENING, request_id=request_id) as work:
            work.session.execute(select(func.pg_advisory_xact_lock_shared(IN_FORCE)))
            subject = _subject(work, kind, thing_id, owner_id, named)
            in_force = lists.in_force(work)
            new = subject.digest != hits.digest(*named.values) or not subject.against
            for row in in_force:
                self._against(work, subject, named, row)
            subject.digest, subject.screened_at = hits.digest(*named.values), work.now
            if new and in_force and named.values and kind is not Thing.MEMBER:
                about = {"kind": kind.value, "thing": str(thing_id)}
                domain_events.announce(work, "screening.performed", party_id=owner_id, about=about)

    def begin(self, list_id: UUID, request_id: str = "-") -> None:
        """Let a version come into force and start its run, unless a later one is in force already."""
        with self.platform.begin(SCREENING, request_id=request_id) as work:
            work.session.execute(select(func.pg_advisory_xact_lock(IN_FORCE)))
            row = lists.by_id(work, list_id)
            later = any(
                (each.party_id, each.code) == (row.party_id, row.code) and each.version > row.version
                for each in lists.in_force(work)
            )
            if row.began_at is not None or later:
                return
            row.began_at = work.now
            work.session.add(_run(work, row))
            outbox.emit(work, TOPIC, {"run": str(row.id)}, party_id=row.party_id)

    def go_on(self, list_id: UUID, request_id: str = "-") -> None:
        """Screen the next batch of subjects against a version; the rest follows."""
        with self.platform.begin(SCREENING) as work:
            cursor = work.session.get_one(ScreeningRun, list_id).cursor
            known = _after(work, cursor)
        named = [
            values.read(self.platform, self.vault, Thing(each.kind), each.thing_id, each.party_id)
            for each in known
        ]
        with self.platform.begin(SCREENING, request_id=request_id) as work:
            run = work.session.get_one(ScreeningRun, list_id, with_for_update=True)
            if run.cursor != cursor or run.finished_at is not None:
                return  # another worker did this batch, and has asked for the next one
            row = lists.by_id(work, list_id)
            for each, said in zip(known, named, strict=True):
                subject = _subject(work, Thing(each.kind), each.thing_id, each.party_id, said)
                run.opened += self._against(work, subject, said, row)
                run.cursor, run.done = subject.id, run.done + 1
            run.changed_at = work.now
            if len(known) == BATCH:
                outbox.emit(work, TOPIC, {"run": str(list_id)}, party_id=run.party_id)
            else:
                run.finished_at = work.now
                log.info("screening.run_finished", list=row.code, version=row.version, opened=run.opened)

    def _against(self, work: Work, subject: ScreeningSubject, named: Named, row: ScreeningList) -> int:
        """Screen a subject against a version, unless a later one was before; return the hits opened."""
        code = f"{row.party_id}/{row.code}"
        if subject.against.get(code, 0) > row.version:
            return 0
        opened = hits.settle(work, subject, named.values, Against(row, self.indexes.of(work, row)))
        subject.against = {**subject.against, code: row.version}
        return opened


def _run(work: Work, row: ScreeningList) -> ScreeningRun:
    return ScreeningRun(
        list_id=row.id,
        party_id=row.party_id,
        cursor=None,
        done=0,
        opened=0,
        started_at=work.now,
        changed_at=work.now,
        finished_at=None,
    )


def _after(work: Work, cursor: UUID | None) -> Sequence[ScreeningSubject]:
    query = select(ScreeningSubject).order_by(ScreeningSubject.id).limit(BATCH)
    return work.session.scalars(query if cursor is None else query.where(ScreeningSubject.id > cursor)).all()


def _subject(work: Work, kind: Thing, thing_id: UUID, owner_id: UUID, named: Named) -> ScreeningSubject:
    """Return the subject that a thing is, added if it is new, and locked."""
    work.session.execute(
        insert(ScreeningSubject)
        .values(
            id=new_id(),
            party_id=owner_id,
            kind=kind.value,
            thing_id=thing_id,
            shipment_id=named.shipment_id,
            digest="",
            against={},
            screened_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=[ScreeningSubject.kind, ScreeningSubject.thing_id])
    )
    return work.session.scalars(
        select(ScreeningSubject)
        .where(ScreeningSubject.kind == kind.value, ScreeningSubject.thing_id == thing_id)
        .with_for_update()
    ).one()
