"""Questions of yes or no that a party puts to the window, and what it was answered.

The bridge judges them (``docs/reference/agreements.md``). What it would refuse anyway is told here at once,
as far as the agreement is known: a question that is not permitted, and one beyond the leakage budget.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from isthmus_platform.crossings.records import Crossing
from isthmus_platform.database import Work
from isthmus_platform.errors import InvalidInput, NotPermitted
from isthmus_protocol.agreements import Agreement as Agreement
from isthmus_protocol.agreements import Transform
from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.predicates import ASKS, Ask, read_asks
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.shapes import MalformedMessage


class QuestionRefused(NotPermitted):
    """A question that the bridge would not let be answered; told as the bridge would tell it."""

    @property
    def reason(self) -> str:
        """The bridge's word for it."""
        return self.code.upper()


ENDED = ("REFUSED", "FAILED", "TERMINATED")
"""A question that ended so was not answered and never will be."""
_INDEX = re.compile(r"/(\d+)")


@dataclass(frozen=True)
class Question:
    """One question about a leaf, and whether it ``holds``: None until it is answered."""

    field: str
    predicate: str
    parameter: JsonValue
    holds: bool | None


def read(given: Sequence[Mapping[str, Any]]) -> list[JsonObject]:
    """Return questions in their one form, by leaf; :class:`InvalidInput` names the member at fault."""
    try:
        asks = [{name: value for name, value in each.items() if value is not None} for each in given]
        return [ask.to_json() for ask in read_asks({ASKS: [*asks]})]
    except MalformedMessage as error:
        place = _INDEX.sub(r"[\1]", error.field).strip("/").replace("/", ".")
        raise InvalidInput("The question cannot be one.", field=place, code=error.rule) from error


def permit(
    work: Work, subject: str, asks: Sequence[JsonObject], agreement: Agreement, *, of: UUID | None = None
) -> None:
    """Raise :class:`QuestionRefused` for questions that ``agreement``, on their answer, has no place for.

    Each question that may still be answered, or was within the budget's window, has cost its asker a bit;
    those that the crossing ``of`` puts come after those that were put before it. Those asked at once wait for
    each other, so that no two rely on the same last bit.
    """
    fields = {each.path: each for each in agreement.fields if each.transform is Transform.ANSWER}
    for ask in map(Ask.from_json, asks):
        field = fields.get(ask.field)
        if field is None or field.predicate_for(ask) is None:
            raise QuestionRefused(
                f"The agreement does not permit this question about {ask.field}.",
                field="asks",
                code="question_not_permitted",
            )
    if agreement.leakage_budget is None:
        return
    asker = work.actor.party_id
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"asks {asker} {subject}", 0))
    work.session.execute(select(lock))
    hours, bits = agreement.leakage_budget.window_hours, agreement.leakage_budget.bits
    spent = _spent(work, asker, subject, timedelta(hours=hours), of)
    if spent + len(asks) > bits:
        raise QuestionRefused(
            f"Of {bits} answers about a consignment in {hours} hours, {spent} are spent.",
            field="asks",
            code="leakage_budget",
        )


def _spent(work: Work, asker: UUID, subject: str, window: timedelta, before: UUID | None) -> int:
    recent = Crossing.updated_at > work.now - window
    waiting = and_(Crossing.answer.is_(None), Crossing.state.not_in(ENDED))
    if before is not None:
        waiting = and_(waiting, Crossing.id < before)
    total = select(func.coalesce(func.sum(func.jsonb_array_length(Crossing.asked)), 0)).where(
        Crossing.requester_id == asker,
        Crossing.subject == subject,
        Crossing.direction == "TO_WINDOW",
        Crossing.asked.is_not(None),
        recent,
        or_(Crossing.answer.is_not(None), waiting),
    )
    return int(work.session.scalar(total) or 0)


def fields_of(asks: Sequence[JsonObject]) -> list[str]:
    """Return the paths of a request that its questions need, whether its agreement lists them or not."""
    return leaf_paths({ASKS: [*asks]})


def answered(body: Mapping[str, Any], asks: Sequence[JsonObject], told: Sequence[str]) -> bool:
    """Say whether ``body`` holds yes or no for each of the members ``told`` and the leaves of ``asks``."""
    leaves = set(leaf_paths(dict(body)))
    wanted = {f"/{name}" for name in told}
    asked = {str(ask["field"]) for ask in asks}
    return wanted <= leaves <= wanted | asked and all(_truth(dict(body), path) is not None for path in leaves)


def questions(crossing: Crossing) -> list[Question]:
    """Return what ``crossing`` asks, by leaf, with the answers that came."""
    return [
        Question(
            ask.field,
            ask.predicate,
            ask.to_json().get("parameter"),
            None if crossing.answer is None else _truth(crossing.answer, ask.field),
        )
        for ask in map(Ask.from_json, crossing.asked or ())
    ]


def _truth(body: JsonValue, path: str) -> bool | None:
    """Return the one yes or no at ``path``, in however many entries of an array it stands, else None."""
    found: list[JsonValue] = [body]
    for name in path.split("/")[1:]:
        below = [entry for each in found for entry in (each if isinstance(each, list) else [each])]
        found = [each[name] for each in below if isinstance(each, dict) and name in each]
    first = found[0] if found else None
    return first if isinstance(first, bool) and all(each is first for each in found) else None
