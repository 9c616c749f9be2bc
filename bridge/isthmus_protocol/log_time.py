"""Keys that were revoked: what they signed before still counts, and the log says what was before.

A statement bears a time that its signer wrote, and whoever holds a stolen key writes what he likes. So a
bundle carries the leaves that took its statements in, each with its proof to the checkpoint: the statement
was made no later than the leaf says, whose ``at`` the log wrote. The checkpoint itself bears no date, and
with the log's own key a past can be made up: one that the log signed with a revoked key counts only beside a
later one that a key in force signed, over a tree that holds the first (:class:`LaterHead`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from isthmus_protocol import checkpoint as checkpoints
from isthmus_protocol import merkle, statements
from isthmus_protocol.canonical import JsonObject, JsonValue, digest
from isthmus_protocol.keys import Holder, Keyring, SignatureError, TrustedKey
from isthmus_protocol.records import AgreementRecord, LogRecord, Record, read_record
from isthmus_protocol.shapes import HEX_DIGEST, MalformedMessage, Members


@dataclass(frozen=True)
class Logged:
    """A leaf that says when a statement was taken in, and the proof that the log holds it."""

    record: Record
    index: int
    proof: tuple[bytes, ...]

    def tells_of(self, token: str) -> bool:
        """Say whether this leaf took in the statement ``token``: an agreement's signature or a receipt."""
        said = digest(token.encode())
        if isinstance(self.record, AgreementRecord):
            return said in self.record.statements
        return said == self.record.receipt_digest

    def to_json(self) -> JsonObject:
        """Return ``{"record", "index", "proof"}``."""
        return {
            "record": self.record.to_json(),
            "index": self.index,
            "proof": [sibling.hex() for sibling in self.proof],
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Logged":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        logged = cls(members.nested("record", read_record), members.integer("index"), read_proof(members))
        members.end()
        return logged


@dataclass(frozen=True)
class LaterHead:
    """A later checkpoint (signed note), and the proof that its tree holds all of an earlier one's."""

    checkpoint: str
    proof: tuple[bytes, ...]

    @classmethod
    def from_json(cls, value: JsonValue) -> "LaterHead":
        """Read ``{"checkpoint", "proof"}``; raises :class:`MalformedMessage`."""
        members = Members(value)
        note = members.take("checkpoint")
        if not isinstance(note, str) or len(note) > checkpoints.LONGEST:
            raise MalformedMessage("/checkpoint", "not_a_string")
        later = cls(note, read_proof(members))
        members.end()
        return later

    def holds(self, earlier: checkpoints.Checkpoint, trust: Keyring) -> None:
        """Raise :class:`SignatureError` or ProofError unless a key in force signed a tree that holds it."""
        head = checkpoints.open_note(self.checkpoint, trust, Holder.LOG)
        if head.origin != earlier.origin:
            raise SignatureError("the later checkpoint is of another log")
        merkle.verify_consistency(earlier.size, earlier.root, head.size, head.root, self.proof)


def read_proof(members: Members) -> tuple[bytes, ...]:
    """Return the hashes of the member ``proof``."""
    return members.each("proof", lambda entry, item: bytes.fromhex(entry.matching(item, HEX_DIGEST)), most=64)


def check_logged(
    logged: tuple[Logged, ...], tokens: tuple[str, ...], exchange: str, size: int, root: bytes
) -> None:
    """Raise ProofError or :class:`SignatureError` unless each leaf is in the tree and tells of a token."""
    for leaf in logged:
        merkle.verify_inclusion(leaf.record.leaf_hash, leaf.index, size, leaf.proof, root)
        foreign = isinstance(leaf.record, LogRecord) and leaf.record.exchange != exchange
        if foreign or not any(leaf.tells_of(token) for token in tokens):
            raise SignatureError(f"entry {leaf.index} of the log is about something else")


def times_of(tokens: tuple[str, ...], logged: tuple[Logged, ...]) -> Mapping[str, datetime]:
    """Return for each token that a leaf tells of, by when it was made: the earliest such leaf's time."""
    return {
        token: min(leaf.record.at for leaf in logged if leaf.tells_of(token))
        for token in tokens
        if any(leaf.tells_of(token) for leaf in logged)
    }


def check_key(token: str, trust: Keyring, at: datetime | None) -> str | None:
    """Raise :class:`SignatureError` unless the key of ``token`` was in force ``at``.

    Returns what to tell of a key that was revoked later, None of one that is in force.
    """
    key = statements.signer(token, trust)
    key.demand_in_force(at)
    return (
        None
        if key.revoked_at is None or at is None
        else still_counts(key, f"and signed by {at:%FT%TZ}, by the log")
    )


def still_counts(key: TrustedKey, why: str) -> str:
    """Return in words that a revoked key counts here all the same."""
    return f"{key.holder} {key.kid} was revoked at {key.revoked_at:%FT%TZ}, {why}"
