"""Chains through the log: each leaf says the how-manieth it is of its party and its subject, and after which.

Whoever knows one leaf of a party thereby knows how many came before it, and where the last of them stands:
nothing can be left out, put in or moved without a contradiction that two leaves show.
"""

from dataclasses import dataclass
from enum import StrEnum

from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.shapes import Members


class ChainKind(StrEnum):
    """Whose leaves a chain links."""

    PARTY = "PARTY"
    SUBJECT = "SUBJECT"

    @property
    def member(self) -> str:
        """The member of a record that names whose chain it is in, and of ``chain`` that holds the link."""
        return self.value.lower()


@dataclass(frozen=True)
class Link:
    """The ``count``-th leaf of its chain, counted from 1, and the index of the one before it."""

    count: int
    previous: int | None

    def to_json(self) -> JsonObject:
        """Return ``{"count", "previous"}``."""
        return {"count": self.count, "previous": self.previous}

    @classmethod
    def from_json(cls, value: JsonValue) -> "Link":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        link = cls(members.integer("count", 1), members.maybe("previous", members.integer))
        members.end()
        return link


@dataclass(frozen=True)
class Chain:
    """A leaf's place in the chain of its party and in that of its subject, where it has one."""

    party: Link | None = None
    subject: Link | None = None

    def to_json(self) -> JsonObject:
        """Return ``{"party", "subject"}``."""
        return {
            "party": None if self.party is None else self.party.to_json(),
            "subject": None if self.subject is None else self.subject.to_json(),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Chain":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        chain = cls(
            members.maybe("party", lambda name: members.nested(name, Link.from_json)),
            members.maybe("subject", lambda name: members.nested(name, Link.from_json)),
        )
        members.end()
        return chain


def is_of_subject(phase: object, decision: object) -> bool:
    """Say whether a record with a subject is in its subject's chain.

    What was refused when it was asked is not: whoever asks about a subject without leave has that refusal's
    evidence, and a count would tell whether there is such a consignment. It is in its party's chain.
    """
    return (phase, decision) != ("AGREED", "REFUSED")


UNCHAINED = Chain()
"""The place of a leaf that was appended before there were chains."""


@dataclass(frozen=True)
class Place:
    """Where a crossing stands in the log, as both sides commit to it: its index, and the two counts."""

    log_index: int
    party_count: int | None
    subject_count: int | None

    def to_json(self) -> JsonObject:
        """Return ``{"logIndex", "partyCount", "subjectCount"}``."""
        return {
            "logIndex": self.log_index,
            "partyCount": self.party_count,
            "subjectCount": self.subject_count,
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Place":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        place = cls(
            members.integer("logIndex"),
            members.maybe("partyCount", lambda name: members.integer(name, 1)),
            members.maybe("subjectCount", lambda name: members.integer(name, 1)),
        )
        members.end()
        return place


def place_of(index: int, chain: Chain | None) -> Place:
    """Return the place of the leaf at ``index``, whose links are ``chain``."""
    chain = chain or UNCHAINED
    return Place(
        index,
        None if chain.party is None else chain.party.count,
        None if chain.subject is None else chain.subject.count,
    )
