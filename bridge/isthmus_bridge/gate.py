"""The gate: may this cross, and what of it? A pure function of what is given, that always answers.

It is asked when an exchange is agreed, again when it is sent and again when it is delivered. Refusal is the
default: what no rule here permits does not cross. What is released is made only of the fields that both the
request and the agreement name; nothing else in the payload is looked at, so nothing else can matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from isthmus_protocol.agreements import Agreement, Direction, Field, MalformedField, Transform
from isthmus_protocol.asked import as_term
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.messages import Consent, Reason
from isthmus_protocol.predicates import Ask
from isthmus_protocol.projection import Outline, leaf_paths, place_answers
from isthmus_protocol.records import Phase


@dataclass(frozen=True)
class Standing:
    """The agreement version in force, whether a party has suspended it, and how much it has let cross.

    ``answered_bits`` is how many answers the asker has had about the subject within the agreement's window,
    under whatever agreement.
    """

    agreement: Agreement
    suspended: bool = False
    agreed_last_hour: int = 0
    answered_bits: int = 0


@dataclass(frozen=True)
class Question:
    """What is asked of the gate. ``terms`` are the fields as they were released, once that is agreed.

    ``asks`` are the questions of the exchange that this one answers.
    """

    message: str
    direction: Direction
    purpose: str
    party: str | None
    role: str | None
    owner: str | None
    consents: tuple[Consent, ...]
    fields: tuple[str, ...]
    terms: tuple[Field, ...] | None = None
    asks: tuple[Ask, ...] = ()


@dataclass(frozen=True)
class Permitted:
    """``projection`` may cross, and nothing else; ``terms`` are the fields that it holds."""

    projection: JsonObject
    terms: tuple[Field, ...]


@dataclass(frozen=True)
class Refused:
    """Nothing may cross; ``field`` is the payload's path at fault, where one is."""

    reason: Reason
    field: str | None = None


def decide(
    phase: Phase, standing: Standing | None, question: Question, payload: JsonObject, now: datetime
) -> Permitted | Refused:
    """Return what may cross at ``now`` (UTC), or the refusal by the first rule that is not met.

    ``payload`` is the originator's at ``AGREED``, and what was released then at the later phases.
    """
    if standing is None or not _speaks_for(standing.agreement, question):
        return Refused(Reason.NO_AGREEMENT)
    refusal = (
        stopped(standing, now)
        or _audience(standing.agreement, question)
        or _consent(standing.agreement, question, now)
        or _fields_listed(standing.agreement, question)
    )
    if refusal is not None:
        return refusal
    if phase is Phase.AGREED:
        return (
            _questions_permitted(standing.agreement, question)
            or _within_rate(standing)
            or _within_budget(standing, question)
            or _release(standing.agreement, question, payload)
        )
    return _still_released(standing.agreement, question, payload)


def _speaks_for(agreement: Agreement, question: Question) -> bool:
    return (agreement.message, agreement.direction, agreement.purpose) == (
        question.message,
        question.direction,
        question.purpose,
    )


def stopped(standing: Standing, now: datetime) -> Refused | None:
    """Return the refusal if nothing at all may cross under the agreement at ``now``."""
    if standing.suspended:
        return Refused(Reason.AGREEMENT_SUSPENDED)
    if now < standing.agreement.valid_from:
        return Refused(Reason.NOT_YET_VALID)
    return Refused(Reason.EXPIRED) if now >= standing.agreement.valid_until else None


def _audience(agreement: Agreement, question: Question) -> Refused | None:
    if question.party is None or question.role not in agreement.audience:
        return Refused(Reason.AUDIENCE_NOT_PERMITTED)
    return None


def _consent(agreement: Agreement, question: Question, now: datetime) -> Refused | None:
    if not agreement.consent_required:
        return None
    given = [
        consent
        for consent in question.consents
        if question.owner is not None
        and (consent.owner, consent.reader, consent.purpose)
        == (question.owner, question.party, question.purpose)
    ]
    if not given:
        return Refused(Reason.CONSENT_MISSING)
    if all(consent.valid_until <= now for consent in given):
        return Refused(Reason.CONSENT_EXPIRED)
    return None


def _fields_listed(agreement: Agreement, question: Question) -> Refused | None:
    beyond = min(set(question.fields) - agreement.paths, default=None)
    return None if beyond is None else Refused(Reason.FIELD_NOT_PERMITTED, beyond)


@dataclass(frozen=True)
class _Terms:
    """What an agreement says of some fields: which it only answers about, by path, and what else it shows."""

    answered: tuple[Field, ...]
    shown: Outline


@lru_cache(maxsize=256)
def _terms(agreement: Agreement, fields: tuple[str, ...]) -> _Terms:
    """Return what ``agreement`` says of ``fields``. Requests of one kind name the same: it is said once."""
    answered = answers_in(agreement, fields)
    shown = [field for field in agreement.fields if field.path in set(fields) and field not in answered]
    return _Terms(tuple(sorted(answered, key=lambda field: field.path)), Outline(shown))


@lru_cache(maxsize=1024)
def _held_by(agreement: Agreement, held: frozenset[str]) -> tuple[Field, ...]:
    return tuple(field for field in agreement.fields if field.path in held)


def answers_in(agreement: Agreement, fields: Iterable[str]) -> list[Field]:
    """Return those of ``fields`` that the agreement only answers about: each costs a bit."""
    wanted = set(fields)
    return [
        field for field in agreement.fields if field.transform is Transform.ANSWER and field.path in wanted
    ]


def _questions_permitted(agreement: Agreement, question: Question) -> Refused | None:
    """Refuse to answer what was not asked, or not as the agreement permits; the payload is not looked at."""
    for field in _terms(agreement, question.fields).answered:
        if all(field.predicate_for(ask) is None for ask in question.asks):
            return Refused(Reason.QUESTION_NOT_PERMITTED, field.path)
    return None


def _within_budget(standing: Standing, question: Question) -> Refused | None:
    """Refuse answers beyond the budget, whatever they would be: the payload is not looked at."""
    bits = len(_terms(standing.agreement, question.fields).answered)
    budget = standing.agreement.leakage_budget
    if bits and (budget is None or standing.answered_bits + bits > budget.bits):
        return Refused(Reason.LEAKAGE_BUDGET)
    return None


def _within_rate(standing: Standing) -> Refused | None:
    if standing.agreed_last_hour >= standing.agreement.rate_per_hour:
        return Refused(Reason.RATE_EXCEEDED)
    return None


def _release(agreement: Agreement, question: Question, payload: JsonObject) -> Permitted | Refused:
    terms = _terms(agreement, question.fields)
    try:
        projection, held = terms.shown.copy(payload)
        if terms.answered:
            place_answers(terms.answered, question.asks, payload, projection)
            held = frozenset(leaf_paths(projection))
    except MalformedField as malformed:
        return Refused(Reason.FIELD_MALFORMED, malformed.field)
    if not held:
        return Refused(Reason.NOTHING_TO_CROSS)
    released = _held_by(agreement, held)
    if terms.answered:
        asked = {ask.field: ask for ask in question.asks}
        released = tuple(
            as_term(field, asked[field.path]) if field.transform is Transform.ANSWER else field
            for field in released
        )
    return Permitted(projection, released)


def _still_released(agreement: Agreement, question: Question, payload: JsonObject) -> Permitted | Refused:
    """Permit what was released only if the agreement in force still releases every field of it alike."""
    terms = question.terms or ()
    withdrawn = _withdrawn(agreement, terms)
    beyond = None
    if not _holds_only(terms, payload):
        beyond = min(set(leaf_paths(payload)) - {field.path for field in terms}, default=None)
    if withdrawn is not None or beyond is not None:
        return Refused(Reason.FIELD_NOT_PERMITTED, withdrawn or beyond)
    return Permitted(payload, terms) if terms else Refused(Reason.NOTHING_TO_CROSS)


@lru_cache(maxsize=1024)
def _withdrawn(agreement: Agreement, terms: tuple[Field, ...]) -> str | None:
    """Return the first of the leaves in ``terms`` that ``agreement`` does not release in that form."""
    return min(
        (term.path for term in terms if not any(field.covers(term) for field in agreement.fields)),
        default=None,
    )


def _holds_only(terms: tuple[Field, ...], payload: JsonObject) -> bool:
    """Say whether a copy of the leaves in ``terms`` is all that there is in ``payload``."""
    try:
        return _leaves_of(terms).copy(payload)[0] == payload
    except MalformedField:
        return False


@lru_cache(maxsize=1024)
def _leaves_of(terms: tuple[Field, ...]) -> Outline:
    return Outline(Field(term.path) for term in terms)
