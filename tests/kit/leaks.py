"""Agreements at random, claims that say of them what is right and nothing else, and leaks planted in them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from isthmus_bridge.prover.claims import Choice, Claim
from isthmus_protocol.agreements import Agreement, Direction, Field, LegalBasis, Role, Transform
from isthmus_protocol.predicates import LeakageBudget, Operator, Predicate

PATHS = (
    "/ucr",
    "/goods/hsCode",
    "/goods/value",
    "/invoice/bankAccount",
    "/invoice/number",
    "/at",
    "/lpco/agency",
)
MESSAGES = ("EXPORT_DECLARATION", "DECLARATION_QUERY", "DECLARATION_ANSWER", "DECLARATION_STATUS")
PURPOSES = ("CUSTOMS_EXPORT_CLEARANCE", "TRADE_FINANCE", "MARKETING", "STATISTICS")
AT_LEAST = Predicate("atLeast", Operator.AT_LEAST)
ANY_OF_TWO = Predicate("among", Operator.ONE_OF, ("845811", True))
FORMS: tuple[tuple[Transform, int | None, tuple[Predicate, ...]], ...] = (
    (Transform.KEEP, None, ()),
    (Transform.MASK, 0, ()),
    (Transform.MASK, 4, ()),
    (Transform.YEAR, None, ()),
    (Transform.ROUND, 1000, ()),
    (Transform.DIGEST, None, ()),
    (Transform.ANSWER, None, (AT_LEAST, ANY_OF_TWO)),
    (Transform.ANSWER, None, (Predicate("atLeast", Operator.AT_LEAST, (0, 1000)),)),
)
BUDGET = LeakageBudget(8, 24)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
Leak = Callable[[Agreement, Random], Agreement | None]


def at_random(chance: Random, number: int) -> Agreement:
    """Return an agreement that permits something; ``number`` keeps the message to itself."""
    begin = BEGIN + timedelta(days=chance.randrange(400))
    paths = chance.sample(PATHS, chance.randint(1, len(PATHS) - 1))
    fields = tuple(Field(path, *chance.choice(FORMS)) for path in paths)
    return Agreement(
        id=f"agreement-{number}",
        version=1,
        title="An agreement",
        message=MESSAGES[number],
        direction=chance.choice(list(Direction)),
        purpose=chance.choice(PURPOSES),
        legal_basis=LegalBasis("Customs Act, section 16", "It may cross."),
        audience=tuple(chance.sample(list(Role), chance.randint(1, 3))),
        fields=fields,
        consent_required=chance.random() < 0.5,
        valid_from=begin,
        valid_until=begin + timedelta(days=chance.randint(1, 700)),
        rate_per_hour=chance.randint(1, 100),
        retention_days=30,
        leakage_budget=budget_of(fields),
    )


def budget_of(fields: Sequence[Field]) -> LeakageBudget | None:
    """Return a budget where one of ``fields`` needs it."""
    return BUDGET if any(field.transform is Transform.ANSWER for field in fields) else None


def with_fields(agreement: Agreement, *fields: Field) -> Agreement:
    """Return the agreement on ``fields``, with a budget where they need one."""
    return replace(agreement, fields=fields, leakage_budget=budget_of(fields))


def claims_of(agreement: Agreement) -> list[Claim]:
    """Return what may never be, by an agreement: all that it does not say."""
    message = Choice((agreement.message,))
    paths = tuple(sorted(agreement.paths))
    claims = [
        Claim("No other purpose", message, purpose=Choice((agreement.purpose,), other_than=True)),
        Claim("No other direction", message, direction=Choice((agreement.direction.value,), other_than=True)),
        Claim("No other role", message, role=Choice(tuple(agreement.audience), other_than=True)),
        Claim("No other field", message, field=Choice(paths, other_than=True)),
        Claim("Not before", message, until=agreement.valid_from),
        Claim("Not after", message, since=agreement.valid_until),
    ]
    if agreement.consent_required:
        claims.append(Claim("Not without consent", message, unless_consent=True))
    for field in agreement.fields:
        claims.append(Claim("In no other form", message, field=Choice((field.path,)), unless_shown=(field,)))
    return claims


def claims_of_all(agreements: Sequence[Agreement]) -> list[Claim]:
    """Return the claims of each, and that no other message crosses."""
    messages = tuple(sorted({agreement.message for agreement in agreements}))
    nothing_else = Claim("No other message", Choice(messages, other_than=True))
    return [nothing_else, *(claim for agreement in agreements for claim in claims_of(agreement))]


def a_field_added(agreement: Agreement, chance: Random) -> Agreement | None:
    left = sorted(set(PATHS) - agreement.paths)
    if not left:
        return None
    added = Field(chance.choice(left), *chance.choice(FORMS))
    return with_fields(agreement, *agreement.fields, added)


def an_answer_added(agreement: Agreement, chance: Random) -> Agreement | None:
    left = sorted(set(PATHS) - agreement.paths)
    if not left:
        return None
    answer = Field(chance.choice(left), Transform.ANSWER, predicates=(AT_LEAST,))
    return with_fields(agreement, *agreement.fields, answer)


def a_question_added(agreement: Agreement, chance: Random) -> Agreement | None:
    """Permit one more question about a leaf that is answered about: a new predicate, or a free choice."""
    answers = [at for at, field in enumerate(agreement.fields) if field.transform is Transform.ANSWER]
    if not answers:
        return None
    at = chance.choice(answers)
    field = agreement.fields[at]
    limited = [each for each in field.predicates if each.values is not None]
    if limited and chance.random() < 0.5:
        freed = replace(limited[0], values=None)
        predicates = tuple(freed if each == limited[0] else each for each in field.predicates)
    else:
        predicates = (*field.predicates, Predicate("present", Operator.EXISTS))
    wider = replace(field, predicates=predicates)
    return with_fields(agreement, *agreement.fields[:at], wider, *agreement.fields[at + 1 :])


def the_audience_widened(agreement: Agreement, chance: Random) -> Agreement | None:
    left = sorted(set(Role) - set(agreement.audience))
    return replace(agreement, audience=(*agreement.audience, chance.choice(left)))


def consent_dropped(agreement: Agreement, chance: Random) -> Agreement | None:
    return replace(agreement, consent_required=False) if agreement.consent_required else None


def the_purpose_changed(agreement: Agreement, chance: Random) -> Agreement | None:
    return replace(agreement, purpose=chance.choice([each for each in PURPOSES if each != agreement.purpose]))


def the_direction_turned(agreement: Agreement, chance: Random) -> Agreement | None:
    (other,) = set(Direction) - {agreement.direction}
    return replace(agreement, direction=other)


def another_message(agreement: Agreement, chance: Random) -> Agreement | None:
    return replace(agreement, message="PRICE_LIST")


def the_end_moved(agreement: Agreement, chance: Random) -> Agreement | None:
    return replace(agreement, valid_until=agreement.valid_until + a_while(chance))


def the_beginning_moved(agreement: Agreement, chance: Random) -> Agreement | None:
    return replace(agreement, valid_from=agreement.valid_from - a_while(chance))


def a_form_weakened(agreement: Agreement, chance: Random) -> Agreement | None:
    hidden = [at for at, field in enumerate(agreement.fields) if field.transform is not Transform.KEEP]
    if not hidden:
        return None
    at = chance.choice(hidden)
    field = agreement.fields[at]
    weaker = Field(field.path)
    if field.transform is Transform.MASK and chance.random() < 0.5:
        weaker = replace(field, argument=(field.argument or 0) + 1)
    return with_fields(agreement, *agreement.fields[:at], weaker, *agreement.fields[at + 1 :])


def a_while(chance: Random) -> timedelta:
    """Return a microsecond, or a day, or a year."""
    return chance.choice([timedelta(microseconds=1), timedelta(days=1), timedelta(days=365)])


def as_a_version_to_come(leak: Leak) -> Leak:
    """Return the leak planted in a second version, which supersedes the first before that has ended."""

    def planted(agreement: Agreement, chance: Random) -> Agreement | None:
        begin = agreement.valid_from + (agreement.valid_until - agreement.valid_from) * chance.random()
        renewed = replace(agreement, version=2, valid_from=begin)
        return leak(renewed, chance)

    planted.__name__ = f"{leak.__name__}_in_a_new_version"
    return planted


LEAKS: tuple[Leak, ...] = (
    a_field_added,
    an_answer_added,
    a_question_added,
    the_audience_widened,
    consent_dropped,
    the_purpose_changed,
    the_direction_turned,
    another_message,
    the_end_moved,
    the_beginning_moved,
    a_form_weakened,
    as_a_version_to_come(a_field_added),
    as_a_version_to_come(an_answer_added),
    as_a_version_to_come(a_question_added),
    as_a_version_to_come(the_audience_widened),
    as_a_version_to_come(consent_dropped),
    as_a_version_to_come(the_end_moved),
    as_a_version_to_come(a_form_weakened),
)


def plant(leak: Leak, agreements: Sequence[Agreement], chance: Random) -> list[Agreement] | None:
    """Return ``agreements`` with ``leak`` in one of them that has room for it; None where none has."""
    for at in chance.sample(range(len(agreements)), len(agreements)):
        leaking = leak(agreements[at], chance)
        if leaking is not None:
            kept = [agreements[at]] if leaking.version != agreements[at].version else []
            return [*agreements[:at], *kept, leaking, *agreements[at + 1 :]]
    return None
