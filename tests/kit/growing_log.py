"""A log that a witness watches, as the one who runs it sees it, honest or not."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from isthmus_protocol import merkle
from isthmus_protocol.checkpoint import Checkpoint, sign_note
from isthmus_protocol.keys import SigningKey


@dataclass
class GrowingLog:
    """Leaves under one origin and key; a fork is another log of the same origin and key."""

    origin: str
    key: SigningKey
    leaves: list[bytes] = field(default_factory=list)

    def grow(self, *entries: bytes) -> None:
        self.leaves += [merkle.leaf_hash(entry) for entry in entries]

    def fork(self, at: int) -> "GrowingLog":
        """Return a log that shares the first ``at`` leaves."""
        return GrowingLog(self.origin, self.key, self.leaves[:at])

    @property
    def size(self) -> int:
        return len(self.leaves)

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = self.size if size is None else size
        return Checkpoint(self.origin, size, merkle.root_of(self.leaves[:size]))

    def proof(self, old: int, size: int | None = None) -> list[bytes]:
        """Return the proof of consistency; an empty one where there is none to give."""
        size = self.size if size is None else size
        return merkle.consistency_proof(self.leaves, old, size) if 0 < old <= size else []

    def submission(self, old: int, size: int | None = None, proof: Sequence[bytes] | None = None) -> bytes:
        """Return the body that asks for a cosignature on the log's first ``size`` leaves."""
        note = sign_note(self.checkpoint(size), self.key, self.origin)
        return body_of(old, self.proof(old, size) if proof is None else proof, note)


def body_of(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """Return the body of an ``add-checkpoint`` request (c2sp.org/tlog-witness)."""
    lines = [f"old {old}", *(b64encode(hash_).decode() for hash_ in proof)]
    return ("\n".join(lines) + f"\n\n{note}").encode()
