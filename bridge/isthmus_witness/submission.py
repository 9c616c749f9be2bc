"""What a log sends to be cosigned (c2sp.org/tlog-witness, "add-checkpoint"), read strictly."""

from dataclasses import dataclass

from isthmus_protocol.checkpoint import LONGEST, Note, decode_base64, read_note
from isthmus_protocol.keys import SignatureError
from isthmus_protocol.merkle import HASH_SIZE

MOST_HASHES = 63
LONGEST_BODY = LONGEST + 4096
"""Bytes: a note, and as many hashes as a proof may have."""


class Malformed(Exception):
    """The body is not of the form that is asked."""


@dataclass(frozen=True)
class Submission:
    """The size that the log believes cosigned, the proof from there, and the checkpoint's note."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note

    @classmethod
    def from_body(cls, body: bytes) -> "Submission":
        """Read the body of a request; raises :class:`Malformed`."""
        head, empty_line, note = body.partition(b"\n\n")
        if not empty_line:
            raise Malformed("an empty line stands between the proof and the checkpoint")
        try:
            first, *hashes = head.decode("ascii").split("\n")
            return cls(_old_size(first), _proof(hashes), read_note(note.decode()))
        except (UnicodeDecodeError, SignatureError) as error:
            raise Malformed(str(error)) from error


def _old_size(line: str) -> int:
    word, _, number = line.partition(" ")
    if word != "old" or not (number.isascii() and number.isdigit() and len(number) <= 16):
        raise Malformed("the first line is the word old and a size")
    if str(int(number)) != number:
        raise Malformed("a size has no leading zero")
    return int(number)


def _proof(lines: list[str]) -> tuple[bytes, ...]:
    if len(lines) > MOST_HASHES:
        raise Malformed(f"a proof has at most {MOST_HASHES} hashes")
    proof = tuple(decode_base64(line) for line in lines)
    if any(len(each) != HASH_SIZE for each in proof):
        raise Malformed("a hash has 32 bytes")
    return proof
