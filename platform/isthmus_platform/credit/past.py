"""Past presentations as they were: terms and banking days when documents came, and the balance.

Terms are kept with the presentation, holidays with the time at which they were given, and the history tells
what was drawn before. What happened since, an amendment or another drawing, changes none of it.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from isthmus_platform.credit import reading
from isthmus_platform.credit.calendars import calendars_of
from isthmus_platform.credit.case import Case
from isthmus_platform.credit.machine import Action
from isthmus_platform.credit.presenting import documents_of, nominated
from isthmus_platform.credit.records import Credit, CreditEntry, CreditPresentation
from isthmus_platform.credit.terms import Terms
from isthmus_platform.database import Work
from isthmus_platform.encryption import Vault
from isthmus_platform.papers import plain


def cases(work: Work, vault: Vault, most: int) -> Iterator[tuple[Credit, CreditPresentation, Case]]:
    """Yield what was examined under credits that the acting bank issued or advised, the newest first."""
    query = (
        select(Credit, CreditPresentation)
        .join(CreditPresentation, CreditPresentation.credit_id == Credit.id)
        .where(_of_bank(work), CreditPresentation.examined_at.is_not(None))
        .order_by(CreditPresentation.id.desc())
        .limit(most)
    )
    found = [(credit, row) for credit, row in work.session.execute(query)]
    history = reading.entries(work, {credit.id for credit, _ in found})
    calendars = cache(lambda bank_id: calendars_of(work, bank_id))
    for credit, row in found:
        terms = plain.from_json(Terms, row.terms)
        drawn = before(history[credit.id], row.id)
        case = Case(
            terms,
            row.presented_on,
            row.claimed_minor,
            max(terms.limit_minor - sum(drawn), 0),
            len(drawn),
            calendars(nominated(credit))(row.presented_at),
            documents_of(vault, row),
        )
        yield credit, row, case


def unexamined(work: Work) -> int:
    """Return how many presentations of the acting bank nobody examined, not yet or not in time."""
    query = (
        select(func.count(CreditPresentation.id))
        .join(Credit, CreditPresentation.credit_id == Credit.id)
        .where(_of_bank(work), CreditPresentation.examined_at.is_(None))
    )
    return work.session.scalar(query) or 0


def before(history: Sequence[CreditEntry], presentation_id: UUID) -> list[int]:
    """Return what was drawn before a presentation was examined, each drawing in minor units."""
    drawn = []
    for entry in history:
        if entry.presentation_id == presentation_id and entry.action == Action.EXAMINE.value:
            break
        if entry.drawn_minor:
            drawn.append(entry.drawn_minor)
    return drawn


def _of_bank(work: Work) -> ColumnElement[bool]:
    return or_(Credit.issuing_id == work.actor.party_id, Credit.advising_id == work.actor.party_id)
