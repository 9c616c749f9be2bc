"""The form of fraud proofs: which parts of what the log signed are put side by side, as canonical JSON."""

from dataclasses import dataclass
from enum import StrEnum

from isthmus_protocol import checkpoint as checkpoints
from isthmus_protocol import merkle, statements
from isthmus_protocol.canonical import JsonObject, JsonValue, MalformedJson, canonical, parse
from isthmus_protocol.keys import TrustedKey
from isthmus_protocol.shapes import HEX_DIGEST, MalformedMessage, Members

FORMAT = "isthmus-fraud/1"
LONGEST = 4 * 1_048_576


class Kind(StrEnum):
    """How the log contradicts itself."""

    FORK = "FORK"
    """Two checkpoints, neither of which continues the other."""
    FORKED_ENTRY = "FORKED_ENTRY"
    """Two checkpoints with different entries at one index."""
    BROKEN_PROMISE = "BROKEN_PROMISE"
    """A promise, and a checkpoint with another entry where the promised one should be."""
    CONTRADICTORY_PROMISES = "CONTRADICTORY_PROMISES"
    """Two promises that cannot both be kept."""
    BROKEN_CHAIN = "BROKEN_CHAIN"
    """One or two entries whose links contradict each other."""
    DENIED_RECEIPT = "DENIED_RECEIPT"
    """A receipt that an entry took in, and another entry at the place that the receipt is for."""
    DENIED_BY_BOTH = "DENIED_BY_BOTH"
    """Both sides' words on one place, and another entry there: the log's fraud, or that of both together."""


# How many checkpoints, promises, entries and words of the sides a proof of each kind consists of.
_PARTS = {
    Kind.FORK: (2, 0, (0,), 0),
    Kind.FORKED_ENTRY: (2, 0, (2,), 0),
    Kind.BROKEN_PROMISE: (1, 1, (1,), 0),
    Kind.CONTRADICTORY_PROMISES: (0, 2, (0,), 0),
    Kind.BROKEN_CHAIN: (1, 0, (1, 2), 0),
    Kind.DENIED_RECEIPT: (1, 0, (1, 2), 1),
    Kind.DENIED_BY_BOTH: (1, 0, (1,), 2),
}


@dataclass(frozen=True)
class Entry:
    """An entry of the log, with its inclusion proof in a checkpoint's tree."""

    index: int
    record: JsonObject
    proof: tuple[bytes, ...]

    @property
    def leaf_hash(self) -> bytes:
        """The hash of the entry in the tree."""
        return merkle.leaf_hash(canonical(self.record))

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "index": self.index,
            "record": self.record,
            "proof": [sibling.hex() for sibling in self.proof],
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Entry":
        """Read an entry; raises :class:`MalformedMessage`."""
        members = Members(value)
        entry = cls(members.integer("index"), members.object("record"), _hashes(members, "proof"))
        members.end()
        return entry


@dataclass(frozen=True)
class Prefix:
    """The root that the entries of an earlier checkpoint have in a later one's tree, with its proof."""

    root: bytes
    proof: tuple[bytes, ...]

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"root": self.root.hex(), "proof": [sibling.hex() for sibling in self.proof]}

    @classmethod
    def from_json(cls, value: JsonValue) -> "Prefix":
        """Read a prefix; raises :class:`MalformedMessage`."""
        members = Members(value)
        prefix = cls(bytes.fromhex(members.hexadecimal("root")), _hashes(members, "proof"))
        members.end()
        return prefix


@dataclass(frozen=True)
class FraudProof:
    """What was signed that cannot all be true, and the ``keys`` that signed it.

    They are the log's, and of ``words`` those of the sides.
    """

    kind: Kind
    checkpoints: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    prefix: Prefix | None = None
    words: tuple[str, ...] = ()
    keys: tuple[TrustedKey, ...] = ()

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        words: JsonObject = {"words": [*self.words]} if self.words else {}
        return words | {
            "format": FORMAT,
            "kind": self.kind.value,
            "checkpoints": [*self.checkpoints],
            "promises": [*self.promises],
            "entries": [entry.to_json() for entry in self.entries],
            "prefix": None if self.prefix is None else self.prefix.to_json(),
            "keys": [key.to_json() for key in self.keys],
        }

    def to_bytes(self) -> bytes:
        """Return the proof as it is handed over: canonical JSON."""
        return canonical(self.to_json())

    @classmethod
    def from_bytes(cls, data: bytes) -> "FraudProof":
        """Read a proof; raises :class:`MalformedJson` or :class:`MalformedMessage`."""
        members = Members(parse(data, max_bytes=LONGEST))
        members.fixed("format", FORMAT)
        proof = cls(
            kind=members.one_of("kind", Kind),
            checkpoints=members.each("checkpoints", lambda entry, item: _note(entry.take(item)), most=2),
            promises=members.each(
                "promises", lambda entry, item: entry.text(item, statements.LONGEST), most=2
            ),
            entries=members.each("entries", lambda entry, item: entry.nested(item, Entry.from_json), most=2),
            prefix=members.maybe("prefix", lambda name: members.nested(name, Prefix.from_json)),
            words=members.optional("words", lambda name: members.each(name, _word, most=2)) or (),
            keys=members.each("keys", lambda entry, item: entry.nested(item, TrustedKey.from_json), most=4),
        )
        members.end()
        notes, promises, entries, words = _PARTS[proof.kind]
        counted = len(proof.checkpoints), len(proof.promises), len(proof.words)
        if counted != (notes, promises, words):
            raise MalformedMessage("/kind", "other_parts")
        if len(proof.entries) not in entries or (proof.prefix is not None) != (proof.kind is Kind.FORK):
            raise MalformedMessage("/kind", "other_parts")
        if proof.to_bytes() != data:
            raise MalformedMessage("/", "not_canonical")
        if any(key != key.bare for key in proof.keys):
            raise MalformedMessage("/keys", "unexpected")
        return proof


def is_fraud_proof(data: bytes) -> bool:
    """Say whether ``data`` claims to be a fraud proof, right or wrong."""
    try:
        value = parse(data, max_bytes=LONGEST)
    except MalformedJson:
        return False
    return isinstance(value, dict) and value.get("format") == FORMAT


def _hashes(members: Members, name: str) -> tuple[bytes, ...]:
    return members.each(name, lambda entry, item: bytes.fromhex(entry.matching(item, HEX_DIGEST)), most=128)


def _word(entry: Members, item: str) -> str:
    return entry.text(item, statements.LONGEST)


def _note(value: JsonValue) -> str:
    if not isinstance(value, str) or len(value) > checkpoints.LONGEST:
        raise MalformedMessage("/checkpoints", "not_a_string")
    return value
