"""Open covers: an insurer's standing promise to insure what its holder declares, within limits."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from isthmus_platform import parties
from isthmus_platform.changes import Kind
from isthmus_platform.database import PartyRole, Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.insurance import rating, steps
from isthmus_platform.insurance.records import OpenCover
from isthmus_platform.insurance.states import COVER, moved
from isthmus_platform.papers.parts import check_currency, check_text
from isthmus_platform.papers.signing import Desk

NUMBER = re.compile(r"[A-Z0-9][A-Z0-9/-]{0,29}")
DEFAULT_UPLIFT = 11_000
"""Basis points of the CIF value: 110 % (Incoterms 2020, CIF A5; UCP 600 Art. 28(f)(ii))."""
LONGEST = timedelta(days=3 * 366)
DEFAULT_PERIOD = 12
"""Calendar months of a policy period, within which the limit per period holds."""
LONGEST_PERIOD = 36


@dataclass(frozen=True)
class CoverDraft:
    """What an insurer offers; amounts in minor units of ``currency``, places by UN/LOCODE."""

    insured: str
    number: str
    currency: str
    limit: int
    per_conveyance: int
    per_location: int
    clauses: Sequence[str]
    valid_from: datetime
    valid_until: datetime
    uplift_bp: int = DEFAULT_UPLIFT
    notice_days: int = 7
    documents_days: int = 60
    cancellation_days: int = 30
    per_period: int | None = None
    period_months: int = DEFAULT_PERIOD


@dataclass(frozen=True)
class Adjustment:
    """What an insurer changes of a cover; None leaves it."""

    limit: int | None = None
    per_conveyance: int | None = None
    per_location: int | None = None
    valid_until: datetime | None = None
    per_period: int | None = None


def offer(work: Work, desk: Desk, draft: CoverDraft) -> OpenCover:
    """Offer an open cover to a trader or forwarder; the insurer signs its terms.

    Raises :class:`InvalidInput` naming the field, :class:`NotPermitted` and :class:`Conflict`
    (``number_taken``).
    """
    work.actor.require(PartyRole.INSURER)
    insured = parties.by_name(work, draft.insured, field="insured")
    if insured.id == work.actor.party_id or not (
        insured.has(PartyRole.TRADER) or insured.has(PartyRole.FORWARDER)
    ):
        raise InvalidInput(
            "A cover is for another party, a trader or a forwarder.", field="insured", code="not_insurable"
        )
    _check(work, draft)
    cover = OpenCover(
        id=new_id(),
        insurer_id=work.actor.party_id,
        insured_id=insured.id,
        number=draft.number,
        currency=draft.currency,
        limit_minor=draft.limit,
        per_conveyance_minor=draft.per_conveyance,
        per_location_minor=draft.per_location,
        per_period_minor=draft.per_period,
        period_months=draft.period_months,
        clauses=[clause for clause in rating.CLAUSES if clause in set(draft.clauses)],
        uplift_bp=draft.uplift_bp,
        notice_days=draft.notice_days,
        documents_days=draft.documents_days,
        cancellation_days=draft.cancellation_days,
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        state="OFFERED",
        declared_minor=0,
        declarations=0,
        offered_at=work.now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(cover)
    except IntegrityError as error:
        raise Conflict("You have a cover with this number.", field="number", code="number_taken") from error
    _step(work, desk, cover, "OFFER", terms(cover))
    return cover


def _check(work: Work, draft: CoverDraft) -> None:
    if not NUMBER.fullmatch(draft.number):
        raise InvalidInput(
            "A cover's number is 1 to 30 capital letters, digits, hyphens or strokes.",
            field="number",
            code="format",
        )
    check_currency(draft.currency, "currency")
    for name, field in (
        ("limit", "limitMinor"),
        ("per_conveyance", "perConveyanceMinor"),
        ("per_location", "perLocationMinor"),
    ):
        steps.check_amount(getattr(draft, name), field)
    if draft.per_period is not None:
        steps.check_amount(draft.per_period, "perPeriodMinor")
    if isinstance(draft.period_months, bool) or not 1 <= draft.period_months <= LONGEST_PERIOD:
        raise InvalidInput(
            f"A policy period is 1 to {LONGEST_PERIOD} months.", field="periodMonths", code="months"
        )
    given = set(draft.clauses)
    if not given <= set(rating.CLAUSES) or not given & set(rating.BASIC):
        raise InvalidInput(
            f"A cover is under some of {', '.join(rating.CLAUSES)}.", field="clauses", code="clauses"
        )
    if not rating.WHOLE <= draft.uplift_bp <= 2 * rating.WHOLE:
        raise InvalidInput("Of the CIF value 100 % to 200 % is insured.", field="upliftBp", code="uplift")
    for name, field in (
        ("notice_days", "noticeDays"),
        ("documents_days", "documentsDays"),
        ("cancellation_days", "cancellationDays"),
    ):
        steps.check_days(getattr(draft, name), field, least=1)
    if not draft.valid_from < draft.valid_until <= draft.valid_from + LONGEST:
        raise InvalidInput("A cover holds up to three years.", field="validUntil", code="validity")
    if draft.valid_until <= work.now:
        raise InvalidInput("A cover ends in the future.", field="validUntil", code="not_in_future")


def answer(work: Work, desk: Desk, cover_id: UUID, *, accept: bool) -> OpenCover:
    """Accept or decline what was offered; who accepts lets certificates be signed in its name."""
    cover = steps.lock(work, OpenCover, cover_id, "cover")
    action = "ACCEPT" if accept else "DECLINE"
    state = moved(COVER, cover.state, action, steps.who(work, cover), "cover")
    if accept and cover.valid_until <= work.now:
        raise Conflict("The cover has ended.", field="cover", code="cover_ended")
    cover.state = state
    _step(work, desk, cover, action, {})
    return _done(work, cover)


def cancel(work: Work, desk: Desk, cover_id: UUID, reason: str) -> OpenCover:
    """End a cover after its notice; what is declared until then stays insured. An offer ends at once."""
    check_text(reason, "reason", 500)
    cover = steps.lock(work, OpenCover, cover_id, "cover")
    cover.state = moved(COVER, cover.state, "CANCEL", steps.who(work, cover), "cover")
    if cover.state == "ENDING":
        cover.valid_until = min(cover.valid_until, work.now + timedelta(days=cover.cancellation_days))
    _step(work, desk, cover, "CANCEL", {"reason": reason, "until": cover.valid_until.isoformat()})
    return _done(work, cover)


def adjust(work: Work, desk: Desk, cover_id: UUID, change: Adjustment) -> OpenCover:
    """Widen limits or validity; what would narrow a cover in force is refused (``narrowed``): cancel it."""
    cover = steps.lock(work, OpenCover, cover_id, "cover")
    moved(COVER, cover.state, "ADJUST", steps.who(work, cover), "cover")
    wanted = {column: getattr(change, name) for name, column, _ in ADJUSTABLE}
    if all(value is None for value in wanted.values()):
        raise InvalidInput("Say what is to be changed.", field="limitMinor", code="nothing_to_change")
    for _, column, field in ADJUSTABLE:
        value, held = wanted[column], getattr(cover, column)
        if value is None:
            continue
        if held is None or value < held:
            raise Conflict("A cover in force is not narrowed; cancel it.", field=field, code="narrowed")
        if isinstance(value, int):
            steps.check_amount(value, field)
        elif value > cover.valid_from + LONGEST:
            raise InvalidInput("A cover holds up to three years.", field=field, code="validity")
        setattr(cover, column, value)
    _step(work, desk, cover, "ADJUST", terms(cover))
    return _done(work, cover)


ADJUSTABLE = (
    ("limit", "limit_minor", "limitMinor"),
    ("per_conveyance", "per_conveyance_minor", "perConveyanceMinor"),
    ("per_location", "per_location_minor", "perLocationMinor"),
    ("per_period", "per_period_minor", "perPeriodMinor"),
    ("valid_until", "valid_until", "validUntil"),
)


def terms(cover: OpenCover) -> dict[str, Any]:
    """Return the terms that the insurer signs."""
    period = {} if cover.per_period_minor is None else {"perPeriod": cover.per_period_minor}
    return {
        "number": cover.number,
        "insured": str(cover.insured_id),
        "currency": cover.currency,
        "limit": cover.limit_minor,
        "perConveyance": cover.per_conveyance_minor,
        "perLocation": cover.per_location_minor,
        **period,
        "periodMonths": cover.period_months,
        "clauses": list(cover.clauses),
        "upliftBp": cover.uplift_bp,
        "noticeDays": cover.notice_days,
        "documentsDays": cover.documents_days,
        "cancellationDays": cover.cancellation_days,
        "validFrom": cover.valid_from.isoformat(),
        "validUntil": cover.valid_until.isoformat(),
        "certificates": "the insured signs certificates as the insurer's proxy",
    }


def _step(work: Work, desk: Desk, cover: OpenCover, code: str, about: dict[str, Any]) -> None:
    steps.add(work, desk, cover, code, about)
    kind = Kind.COVER_OFFERED if code == "OFFER" else Kind.COVER_CHANGED
    steps.tell(work, cover, kind, {"cover": str(cover.id), "action": code, "state": cover.state})


def _done(work: Work, cover: OpenCover) -> OpenCover:
    work.session.flush()
    return cover


def get(work: Work, cover_id: UUID) -> OpenCover:
    """Return a cover that the actor gave or holds, or raise :class:`NotFound`."""
    found: OpenCover = own(work, OpenCover, cover_id, "cover")
    return found


def own(work: Work, table: Any, key: UUID, field: str) -> Any:
    """Return the row with this id if the acting party is insurer or insured of it; else :class:`NotFound`."""
    actor = work.actor.party_id
    found = work.session.scalar(
        select(table).where(table.id == key, (table.insurer_id == actor) | (table.insured_id == actor))
    )
    if found is None:
        raise NotFound("There is no such thing of yours.", field=field)
    return found


def get_many(work: Work, table: Any, keys: Collection[UUID]) -> dict[UUID, Any]:
    """Return the rows of ``table`` with these ids of which the acting party is insurer or insured, by id."""
    actor = work.actor.party_id
    query = select(table).where(table.id.in_(keys), (table.insurer_id == actor) | (table.insured_id == actor))
    return {row.id: row for row in work.session.scalars(query)}


def page(
    work: Work, table: Any, *, cover: UUID | None = None, after: UUID | None = None, first: int = 50
) -> Sequence[Any]:
    """Return what the acting party has in ``table`` as insurer or insured, newest first.

    ``cover`` leaves what is under that cover, in a table of which it is a column.
    """
    actor = work.actor.party_id
    query = select(table).where((table.insurer_id == actor) | (table.insured_id == actor))
    if cover is not None:
        query = query.where(table.cover_id == cover)
    if after is not None:
        query = query.where(table.id < after)
    return work.session.scalars(query.order_by(table.id.desc()).limit(first)).all()
