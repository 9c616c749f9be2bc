"""Questions as far as agreements tell them apart.

Of what may be asked about a leaf, a value that some agreement lists stands for itself, and one that none
lists for all others. A question that compares with several values is permitted where each of them is.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from isthmus_protocol.agreements import Agreement, Field, Transform
from isthmus_protocol.predicates import DATES, NUMBERS, Ask, Operator, Predicate, Scalar

_FIRST_DAY = date(2026, 6, 1)


def representatives(agreements: Iterable[Agreement]) -> dict[str, tuple[Ask, ...]]:
    """Return questions about each leaf that is answered about, which stand for all that there can be.

    The last of each is one that no agreement permits.
    """
    answered: dict[str, list[Field]] = {}
    for agreement in agreements:
        for field in agreement.fields:
            if field.transform is Transform.ANSWER:
                answered.setdefault(field.path, []).append(field)
    return {path: _about(path, fields) for path, fields in answered.items()}


def _about(path: str, fields: Sequence[Field]) -> tuple[Ask, ...]:
    predicates = [predicate for field in fields for predicate in field.predicates]
    asks: list[Ask] = []
    for predicate in predicates:
        named = [each for each in predicates if each.name == predicate.name]
        for ask in _with(path, predicate, named):
            if all(repr(ask) != repr(other) for other in asks):  # true is not 1
                asks.append(ask)
    names = {predicate.name for predicate in predicates}
    stray = next(name for name in _numbered("unlisted") if name not in names)
    return (*asks, Ask(path, stray))


def _with(path: str, predicate: Predicate, named: Sequence[Predicate]) -> Iterable[Ask]:
    """Return the questions with one predicate, over the values that any of its name lists and one more."""
    if predicate.operator is Operator.EXISTS:
        return [Ask(path, predicate.name)]
    listed = [value for each in named for value in each.values or ()]
    compared = [value for value in listed if predicate.permits(_ask(path, predicate, value))]
    if predicate.values is None:
        compared.append(_unlisted(predicate.operator, listed))
    return [_ask(path, predicate, value) for value in compared]


def _ask(path: str, predicate: Predicate, value: Scalar) -> Ask:
    return Ask(path, predicate.name, (value,) if predicate.operator is Operator.ONE_OF else value)


def _unlisted(operator: Operator, listed: Sequence[Scalar]) -> Scalar:
    """Return a value that ``operator`` compares with and nobody lists."""
    if operator in NUMBERS:
        return next(number for number in range(len(listed) + 1) if number not in listed)
    if operator in DATES:
        days = ((_FIRST_DAY + timedelta(days=after)).isoformat() for after in range(len(listed) + 1))
        return next(day for day in days if day not in listed)
    return next(text for text in _numbered("example") if text not in listed)


def _numbered(text: str) -> Iterator[str]:
    yield text
    number = 1
    while True:
        number += 1
        yield f"{text}-{number}"
