"""The question that an answer is to, as it can be proven without the answer and without the value.

The log commits to it by a salted digest: what a party asks is its own business, and the log's readers include
others. Whoever holds the answer can show the question, since its salt follows from the answer's; the answer
cannot be told from the question's salt.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.fields import Field, Transform
from isthmus_protocol.messages import payload_digest
from isthmus_protocol.predicates import ASKS, MOST_ASKS, Ask, Operator, Predicate, Scalar
from isthmus_protocol.shapes import MalformedMessage, Members


@dataclass(frozen=True)
class Asked:
    """Every question that one exchange answered, with the salt (32 bytes, hexadecimal) of their digest."""

    salt: str
    asks: tuple[Ask, ...]

    def __post_init__(self) -> None:
        """Raise :class:`MalformedMessage` unless there is a question, and one for each leaf, in order."""
        leaves = [ask.field for ask in self.asks]
        if not leaves or leaves != sorted(set(leaves)):
            raise MalformedMessage(f"/{ASKS}", "order")

    @property
    def digest(self) -> str:
        """What the log keeps of the question."""
        return payload_digest(self.salt, {ASKS: [ask.to_json() for ask in self.asks]})

    def to_json(self) -> JsonObject:
        """Return ``{"salt", "asks"}``."""
        return {"salt": self.salt, ASKS: [ask.to_json() for ask in self.asks]}

    @classmethod
    def from_json(cls, value: JsonValue) -> "Asked":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        asked = cls(
            members.hexadecimal("salt"),
            members.each(ASKS, lambda entry, item: entry.nested(item, Ask.from_json), most=MOST_ASKS),
        )
        members.end()
        return asked


def question_salt(salt: str) -> str:
    """Return the salt of the question answered under ``salt``, both hexadecimal; there is no way back."""
    return hashlib.sha256(b"isthmus-question:" + bytes.fromhex(salt)).hexdigest()


def as_term(field: Field, ask: Ask) -> Field:
    """Return the field as it is answered: with the one predicate asked, and what was compared with.

    Raises ValueError where ``field`` does not permit the question.
    """
    predicate = field.predicate_for(ask)
    if predicate is None:
        raise ValueError("the question is not permitted")
    only = Predicate(predicate.name, predicate.operator, _each_once(ask.compared) or None)
    return Field(field.path, Transform.ANSWER, predicates=(only,))


def _each_once(values: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    """Return the values without repetition; true is not 1."""
    return tuple(value for _, value in dict.fromkeys((type(value), value) for value in values))


def asked_by(terms: Iterable[Field], salt: str) -> Asked | None:
    """Return what an exchange answered, by its terms and its salt; None where it answered no question."""
    asks = [_ask(term) for term in terms if term.transform is Transform.ANSWER]
    if not asks:
        return None
    return Asked(question_salt(salt), tuple(sorted(asks, key=lambda ask: ask.field)))


def _ask(term: Field) -> Ask:
    (predicate,) = term.predicates
    if predicate.values is None:
        return Ask(term.path, predicate.name)
    many = predicate.operator is Operator.ONE_OF
    return Ask(term.path, predicate.name, predicate.values if many else predicate.values[0])
