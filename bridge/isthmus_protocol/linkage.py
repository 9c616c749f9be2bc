"""How entries of the log contradict each other by their links (see :mod:`isthmus_protocol.chains`).

Entries are read leniently here: a member that later versions add is no contradiction.
"""

from dataclasses import dataclass

from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.chains import UNCHAINED as UNCHAINED
from isthmus_protocol.chains import Chain, ChainKind, Link, is_of_subject
from isthmus_protocol.shapes import NAME, MalformedMessage

CROSSINGS = ("DECISION", "RECEIPT")


@dataclass(frozen=True)
class Linked:
    """What an entry says of its chains; ``crossing`` is false for what is in no chain by its kind."""

    crossing: bool
    party: str | None = None
    subject: str | None = None
    chain: Chain | None = None

    def key(self, kind: ChainKind) -> str | None:
        """Return whose chain of ``kind`` the entry is in."""
        return self.party if kind is ChainKind.PARTY else self.subject

    def link(self, kind: ChainKind) -> Link | None:
        """Return the entry's link in its chain of ``kind``."""
        if self.chain is None:
            return None
        return self.chain.party if kind is ChainKind.PARTY else self.chain.subject


def read(record: JsonObject) -> Linked:
    """Return what ``record`` says of its chains."""
    if record.get("kind") not in CROSSINGS:
        return Linked(crossing=False)
    try:
        chain = Chain.from_json(record["chain"]) if "chain" in record else None
    except MalformedMessage:
        chain = UNCHAINED
    party, subject = record.get("party"), record.get("subject")
    if not is_of_subject(record.get("phase"), record.get("decision")):
        subject = None
    return Linked(
        crossing=True,
        party=party if isinstance(party, str) else None,
        subject=subject if isinstance(subject, str) else None,
        chain=chain,
    )


def decided(record: JsonObject) -> str | None:
    """Return the exchange on which ``record`` is the first decision, of which there is one alone."""
    exchange = record.get("exchange")
    first = record.get("kind") == "DECISION" and record.get("phase") == "AGREED"
    return exchange if first and isinstance(exchange, str) and NAME.fullmatch(exchange) else None


def flaw(index: int, record: JsonObject) -> str | None:
    """Return how the entry at ``index`` contradicts itself, or None."""
    entry = read(record)
    if not entry.crossing or entry.chain is None:
        return None
    for kind in ChainKind:
        link = entry.link(kind)
        if (entry.key(kind) is None) != (link is None):
            return (
                f"Entry {index} names its {kind.member} but not which of its entries it is, or the reverse."
            )
        if link is None:
            continue
        if (link.count == 1) != (link.previous is None):
            return f"Entry {index} is number {link.count} of its {kind.member}, after {_at(link.previous)}."
        if link.previous is not None and link.previous >= index:
            return f"Entry {index} names entry {link.previous} as the one of its {kind.member} before it."
    return None


def clash(earlier: int, first: JsonObject, later: int, second: JsonObject) -> str | None:
    """Return how two entries, ``earlier`` before ``later``, contradict each other, or None."""
    before, after = read(first), read(second)
    if decided(first) is not None and decided(first) == decided(second):
        return f"Entries {earlier} and {later} both decide on exchange {decided(second)}."
    if before.crossing and after.crossing and before.chain is not None and after.chain is None:
        return f"Entry {later} is in no chain, though entry {earlier} before it is in one."
    for kind in ChainKind:
        link, key = after.link(kind), after.key(kind)
        if link is None or key is None:
            continue
        earlier_link = before.link(kind) if before.key(kind) == key else None
        if link.previous == earlier and earlier_link is None:
            return f"Entry {later} names entry {earlier} as of its {kind.member}, which it is not."
        if earlier_link is None:
            continue
        if link.previous == earlier and earlier_link.count != link.count - 1:
            return (
                f"Entry {later} is number {link.count} of its {kind.member}, and the one before it number"
                f" {earlier_link.count}."
            )
        if earlier_link.count >= link.count:
            return (
                f"Entry {earlier} is number {earlier_link.count} of its {kind.member}, and entry {later},"
                f" which follows, number {link.count}."
            )
        if link.previous is None or link.previous < earlier:
            return (
                f"Entry {later} names {_at(link.previous)} as the one of its {kind.member} before it, and"
                f" passes over entry {earlier}."
            )
    return None


def describe(record: JsonObject) -> str:
    """Return what an entry is, in words that are safe to print."""
    kind = record.get("kind")
    if kind == "AGREEMENT":
        return "a change of an agreement"
    if kind not in CROSSINGS:
        return "of a kind that is not known here"
    what = "decision" if kind == "DECISION" else "receipt"
    return (
        f"the {what} on exchange {_safe(record.get('exchange'))} ({_safe(record.get('phase'))},"
        f" {_safe(record.get('decision'))})"
    )


def links(record: JsonObject) -> str:
    """Return an entry's links in words."""
    entry = read(record)
    told = [
        f"number {link.count} of {kind.member} {_safe(entry.key(kind))}, after {_at(link.previous)}"
        for kind in ChainKind
        if (link := entry.link(kind)) is not None
    ]
    return " and ".join(told) or "in no chain"


def _at(index: int | None) -> str:
    return "none" if index is None else f"entry {index}"


def _safe(value: JsonValue) -> str:
    return value if isinstance(value, str) and NAME.fullmatch(value) else "?"
