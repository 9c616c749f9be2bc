"""Has this invoice been financed before? A register that nobody can read, and that nobody can guess from.

It holds marks alone (``isthmus_protocol.financing``): a bank makes them with the bridge, from an invoice that
neither the bridge nor the platform sees. A bank learns yes or no about an invoice that it holds, and nothing
else: not who financed it, nor when. A mark is registered once at a time, by the database; of two banks that
finance the same invoice at the same instant one is told that it has been.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import changes, domain_events
from isthmus_platform.changes import Kind
from isthmus_platform.database import Base, PartyRole, Work, new_id, on_duty
from isthmus_platform.errors import Conflict, InvalidInput, NotFound

REGISTER = "financing-register"
"""The duty by which marks are compared with those of all banks."""
MOST_MARKS = 8
"""Marks of one invoice; there are three kinds today."""
LONGEST_REASON = 500
DISPUTE_STANDS = timedelta(days=30)
"""How long a dispute keeps a financing from being paid out; then it is over, and is not raised again."""
_MARK = re.compile(r"[0-9a-f]{128}")
_UNIQUE = "uq_financing_mark_open"


class Financing(Base):
    """That ``party_id``, a bank, finances an invoice; which one, its marks do not tell."""

    __tablename__ = "financing"
    __table_args__ = (UniqueConstraint("id", "party_id"), Index(None, "party_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    registered_at: Mapped[datetime]
    released_at: Mapped[datetime | None]


class FinancingMark(Base):
    """One mark of a financed invoice; while it is not released no other financing may have it."""

    __tablename__ = "financing_mark"
    __table_args__ = (
        ForeignKeyConstraint(["financing_id", "party_id"], ["financing.id", "financing.party_id"]),
        Index(_UNIQUE, "mark", unique=True, postgresql_where="released_at IS NULL"),
    )

    financing_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    party_id: Mapped[UUID]
    released_at: Mapped[datetime | None]


class FinancingDispute(Base):
    """That ``party_id`` holds an invoice which is registered as financed, and says that it should not be.

    It stands for :data:`DISPUTE_STANDS` at most.
    """

    __tablename__ = "financing_dispute"
    __table_args__ = (Index(None, "party_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    financing_id: Mapped[UUID] = mapped_column(ForeignKey("financing.id"), index=True)
    reason: Mapped[str]
    raised_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    @property
    def stands_until(self) -> datetime:
        """Until when it stands if it is not taken back before, in UTC."""
        return self.raised_at + DISPUTE_STANDS

    def stands(self, now: datetime) -> bool:
        """Say whether it stands at ``now``."""
        return self.withdrawn_at is None and now < self.stands_until


class Disputed(NamedTuple):
    """That a financing is disputed: since when, and until when if nobody takes a dispute back (UTC)."""

    since: datetime
    until: datetime


def ask(work: Work, marks: Sequence[str]) -> bool:
    """Return whether an invoice with one of these marks (hexadecimal) is financed now, by any bank.

    Raises :class:`NotPermitted` for who is no bank, and :class:`InvalidInput` (``marks``).
    """
    found = _found(work, checked_marks(work, marks))
    domain_events.announce(work, "financing.asked", about={})
    return bool(found)


def whose(work: Work, marks: Sequence[str]) -> tuple[bool, bool]:
    """Return whether the acting bank finances an invoice with one of these marks, and whether another does.

    Raises and is metered as :func:`ask`.
    """
    found = checked_marks(work, marks)
    query = select(FinancingMark.party_id).where(
        FinancingMark.mark.in_(found), FinancingMark.released_at.is_(None)
    )
    with on_duty(work, REGISTER):
        banks = set(work.session.scalars(query))
    domain_events.announce(work, "financing.asked", about={})
    own = work.actor.party_id
    return own in banks, bool(banks - {own})


def register(work: Work, marks: Sequence[str]) -> Financing:
    """Register that the acting bank finances the invoice with these marks, all of them or none.

    Raises as :func:`ask`, and :class:`Conflict` (``already_financed``) where one of the marks is registered.
    """
    wanted = checked_marks(work, marks)
    financing = Financing(id=new_id(), party_id=work.actor.party_id, registered_at=work.now)
    work.session.add(financing)
    work.session.flush()
    try:
        with work.session.begin_nested():
            work.session.add_all(
                FinancingMark(financing_id=financing.id, party_id=financing.party_id, mark=mark)
                for mark in sorted(wanted)  # in order, so that two banks never wait for each other
            )
            work.session.flush()
    except IntegrityError as error:
        if _UNIQUE not in str(error.orig):
            raise
        raise Conflict(
            "This invoice, or one nearly like it, is financed already.",
            field="marks",
            code="already_financed",
        ) from None
    domain_events.announce(work, "financing.registered", about={"financing": str(financing.id)})
    return financing


def release(work: Work, financing_id: UUID) -> Financing:
    """Let the invoice go: it was repaid, or not financed in the end. Doing so again changes nothing."""
    return _released(work, get(work, financing_id, lock=True))


def let_go(work: Work, financing_id: UUID) -> Financing:
    """Let an invoice go whose financing on the platform ended, whosever it is (the duty ``receivables``)."""
    query = select(Financing).where(Financing.id == financing_id).with_for_update()
    return _released(work, work.session.scalars(query).one())


def _released(work: Work, financing: Financing) -> Financing:
    if financing.released_at is None:
        financing.released_at = work.now
        for mark in work.session.scalars(
            select(FinancingMark).where(FinancingMark.financing_id == financing.id)
        ):
            mark.released_at = work.now
        work.session.flush()
        _tell(work, Kind.FINANCING_RELEASED, financing.id, financing.party_id)
    return financing


def dispute(work: Work, marks: Sequence[str], reason: str) -> FinancingDispute:
    """Say that an invoice of these marks should not be registered; the bank that did so sees that it is said.

    Neither learns who the other is, and nobody else sees that there is a dispute, the operator included. It
    keeps the other from paying out for :data:`DISPUTE_STANDS`, in which the two are to find out through the
    seller, whose invoice both hold. A registration is disputed once by a bank, also where it took that
    back: the other must be able to count on the end.

    Raises as :func:`ask`, and :class:`Conflict`: ``not_financed`` where none of the marks is registered,
    ``already_disputed`` where the bank disputed all that is registered of them before.
    """
    wanted = checked_marks(work, marks)
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise InvalidInput("Say why, in 1 to 500 characters.", field="reason", code="reason")
    financing_id = _undisputed(work, _found(work, wanted))
    raised = FinancingDispute(
        id=new_id(),
        party_id=work.actor.party_id,
        financing_id=financing_id,
        reason=reason.strip(),
        raised_at=work.now,
    )
    work.session.add(raised)
    work.session.flush()
    domain_events.announce(work, "financing.disputed", about={"dispute": str(raised.id)})
    _tell(work, Kind.FINANCING_DISPUTED, financing_id, _registered_by(work, financing_id))
    return raised


def _registered_by(work: Work, financing_id: UUID) -> UUID:
    with on_duty(work, REGISTER):
        query = select(FinancingMark.party_id).where(FinancingMark.financing_id == financing_id).limit(1)
        return work.session.scalars(query).one()


def _tell(work: Work, kind: Kind, financing_id: UUID, party_id: UUID) -> None:
    """Tell the webhooks of the bank whose registration it is; of who disputes it, it learns nothing."""
    changes.note(work, kind, party_id, {"financing": str(financing_id)}, financing_id=financing_id)


def _undisputed(work: Work, found: Sequence[UUID]) -> UUID:
    """Return the first of the financings that the acting bank never disputed, one bank's disputes in turn."""
    if not found:
        raise Conflict("No such invoice is registered.", field="marks", code="not_financed")
    me = work.actor.party_id
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"financing disputes of {me}", 0))
    work.session.execute(select(lock))
    query = select(FinancingDispute.financing_id).where(
        FinancingDispute.party_id == me, FinancingDispute.financing_id.in_(found)
    )
    said = set(work.session.scalars(query))
    left = next((each for each in found if each not in said), None)
    if left is None:
        raise Conflict(
            "You disputed this registration before; that is done once.",
            field="marks",
            code="already_disputed",
        )
    return left


def withdraw(work: Work, dispute_id: UUID) -> FinancingDispute:
    """Take a dispute of the acting bank's back; doing so again changes nothing."""
    raised = dispute_of(work, dispute_id, lock=True)
    if raised.withdrawn_at is None:
        raised.withdrawn_at = work.now
        work.session.flush()
        bank_id = _registered_by(work, raised.financing_id)
        _tell(work, Kind.FINANCING_DISPUTE_WITHDRAWN, raised.financing_id, bank_id)
    return raised


def get(work: Work, financing_id: UUID, *, lock: bool = False) -> Financing:
    """Return a financing of the acting bank's, released ones too, or raise :class:`NotFound`."""
    query = select(Financing).where(Financing.id == financing_id, Financing.party_id == work.actor.party_id)
    found = work.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("There is no such financing of yours.", field="financing")
    return found


def dispute_of(work: Work, dispute_id: UUID, *, lock: bool = False) -> FinancingDispute:
    """Return a dispute of the acting bank's, or raise :class:`NotFound`."""
    query = select(FinancingDispute).where(
        FinancingDispute.id == dispute_id, FinancingDispute.party_id == work.actor.party_id
    )
    raised = work.session.scalar(query.with_for_update() if lock else query)
    if raised is None:
        raise NotFound("There is no such dispute of yours.", field="dispute")
    return raised


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> list[Financing]:
    """Return what the acting bank registered, newest first."""
    query = select(Financing).where(Financing.party_id == work.actor.party_id)
    if after is not None:
        query = query.where(Financing.id < after)
    return list(work.session.scalars(query.order_by(Financing.id.desc()).limit(first)))


def disputed(work: Work, *, after: UUID | None = None, first: int = 50) -> list[FinancingDispute]:
    """Return what the acting bank said should not be registered, newest first, those before ``after``."""
    query = select(FinancingDispute).where(FinancingDispute.party_id == work.actor.party_id)
    if after is not None:
        query = query.where(FinancingDispute.id < after)
    return list(work.session.scalars(query.order_by(FinancingDispute.id.desc()).limit(first)))


def disputes(work: Work, financing_ids: Sequence[UUID]) -> dict[UUID, Disputed]:
    """Return since and until when each of the acting bank's financings is disputed, of those that are now."""
    raised = FinancingDispute.raised_at
    found = work.session.execute(
        select(FinancingDispute.financing_id, func.min(raised), func.max(raised))
        .join(Financing, Financing.id == FinancingDispute.financing_id)
        .where(
            FinancingDispute.financing_id.in_(financing_ids),
            FinancingDispute.withdrawn_at.is_(None),
            raised > work.now - DISPUTE_STANDS,
            Financing.party_id == work.actor.party_id,
        )
        .group_by(FinancingDispute.financing_id)
    )
    return {financing_id: Disputed(first, last + DISPUTE_STANDS) for financing_id, first, last in found}


def checked_marks(work: Work, marks: Sequence[str]) -> set[bytes]:
    """Return marks as bytes, of a bank that may have any; raises as :func:`ask`."""
    work.actor.require(PartyRole.BANK)
    if not 0 < len(marks) <= MOST_MARKS:
        raise InvalidInput(f"An invoice has 1 to {MOST_MARKS} marks.", field="marks", code="marks")
    for number, mark in enumerate(marks):
        if _MARK.fullmatch(mark) is None:
            raise InvalidInput("A mark has 64 bytes, in hexadecimal.", field=f"marks.{number}", code="marks")
    return {bytes.fromhex(mark) for mark in marks}


def _found(work: Work, marks: set[bytes]) -> Sequence[UUID]:
    """Return the financings that have one of ``marks`` now, whosever they are, the oldest first."""
    with on_duty(work, REGISTER):
        return work.session.scalars(
            select(FinancingMark.financing_id)
            .where(FinancingMark.mark.in_(marks), FinancingMark.released_at.is_(None))
            .distinct()
            .order_by(FinancingMark.financing_id)
        ).all()
