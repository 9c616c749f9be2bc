"""Requests as far as the gate tells them apart.

Of a payload, only the kind of value at each listed leaf matters. A :class:`Case` is a request told in these
terms, which stands for all requests like it, and can be put to the gate as one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from isthmus_bridge.gate import Permitted, Question, Refused, Standing, decide
from isthmus_protocol.agreements import Agreement, Direction, Transform
from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.messages import Consent
from isthmus_protocol.predicates import Ask
from isthmus_protocol.records import Phase


class Kind(StrEnum):
    """What a payload holds at a leaf, as far as any transform tells values apart."""

    ABSENT = "ABSENT"
    TRUTH = "TRUTH"
    NUMBER = "NUMBER"
    TEXT = "TEXT"
    DATE = "DATE"
    DECIMAL = "DECIMAL"
    OBJECT = "OBJECT"


_SCALARS = frozenset({Kind.TRUTH, Kind.NUMBER, Kind.TEXT, Kind.DATE, Kind.DECIMAL})
_TEXTS = frozenset({Kind.TEXT, Kind.DATE, Kind.DECIMAL})

TAKES: Mapping[Transform, frozenset[Kind]] = MappingProxyType(
    {
        Transform.KEEP: _SCALARS,
        Transform.DIGEST: _SCALARS,
        Transform.MASK: _TEXTS,
        Transform.YEAR: frozenset({Kind.DATE}),
        Transform.ROUND: frozenset({Kind.NUMBER, Kind.DECIMAL}),
        Transform.ANSWER: frozenset(Kind),
    }
)
"""The kinds of value that each transform lets cross; any other refuses the request as malformed.

An answer is given whatever there is, and if there is nothing.
"""

SAMPLES: Mapping[Kind, JsonValue] = MappingProxyType(
    {
        Kind.TRUTH: True,
        Kind.NUMBER: 12_345,
        Kind.TEXT: "example",
        Kind.DATE: "2026-06-01",
        Kind.DECIMAL: "12.50",
    }
)


@dataclass(frozen=True)
class Case:
    """One request at one moment (UTC). ``kinds`` says what the payload holds at each leaf that is named.

    ``suspended`` are the versions, as ``(id, version)``, that a party has stopped; ``asks`` are the questions
    that the request answers.
    """

    message: str
    direction: Direction
    purpose: str
    party: str | None
    role: str | None
    owner: str | None
    consents: tuple[Consent, ...]
    asked: tuple[str, ...]
    kinds: Mapping[str, Kind]
    agreed_last_hour: int
    now: datetime
    suspended: frozenset[tuple[str, int]] = frozenset()
    asks: tuple[Ask, ...] = ()
    answered_bits: int = 0

    @property
    def question(self) -> Question:
        """What the gate is asked."""
        return Question(
            message=self.message,
            direction=self.direction,
            purpose=self.purpose,
            party=self.party,
            role=self.role,
            owner=self.owner,
            consents=self.consents,
            fields=self.asked,
            asks=self.asks,
        )

    @property
    def payload(self) -> JsonObject:
        """A payload that holds such values."""
        payload: JsonObject = {}
        for path, kind in sorted(self.kinds.items()):
            if kind is not Kind.ABSENT:
                _place(payload, path.split("/")[1:], kind)
        return payload

    @property
    def has_consent(self) -> bool:
        """Whether the owner's consent to this reader and purpose is among the consents, and has not ended."""
        return self.owner is not None and any(
            (consent.owner, consent.reader, consent.purpose) == (self.owner, self.party, self.purpose)
            and consent.valid_until > self.now
            for consent in self.consents
        )

    def put_to_gate(self, agreement: Agreement) -> Permitted | Refused:
        """Return the gate's decision where ``agreement`` is the version in force."""
        stopped = (agreement.id, agreement.version) in self.suspended
        standing = Standing(agreement, stopped, self.agreed_last_hour, self.answered_bits)
        return decide(Phase.AGREED, standing, self.question, self.payload, self.now)


def _place(payload: JsonObject, way: list[str], kind: Kind) -> None:
    node = payload
    for name in way[:-1]:
        below = node.setdefault(name, {})
        if not isinstance(below, dict):
            raise ValueError("a leaf lies above another")  # no case that the compiler admits
        node = below
    if kind is Kind.OBJECT:
        node.setdefault(way[-1], {})
    else:
        node[way[-1]] = SAMPLES[kind]
