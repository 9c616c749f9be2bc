"""The witness's one decision: cosign this checkpoint, or not (c2sp.org/tlog-witness, "add-checkpoint").

It knows one log, by its origin and its keys, and keeps the last checkpoint that it cosigned. What it cosigns
next continues that one: it never cosigns two heads of which neither is a beginning of the other, nor a
smaller one after a larger. It needs neither the log's entries nor anybody's database.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from isthmus_protocol.checkpoint import Checkpoint, Note, key_hash, open_note, signature_line
from isthmus_protocol.cosignature import cosign, cosignatures
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey
from isthmus_protocol.merkle import EMPTY_ROOT, ProofError, verify_consistency
from isthmus_witness.record import Record
from isthmus_witness.submission import Malformed, Submission


class UnknownLog(Exception):
    """The checkpoint is of a log that this witness does not watch."""


class NotTheLogs(Exception):
    """The checkpoint does not carry the signature of the log's key."""


class OtherSize(Exception):
    """The log should have started from ``size``, which was cosigned last; or this is a fork of that size."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the last checkpoint cosigned has {size} entries")
        self.size = size


class Inconsistent(Exception):
    """The checkpoint does not continue the last one, or the proof does not show that it does."""


class RecordLost(Exception):
    """The last checkpoint cannot be read, is not what was written, or the next cannot be kept."""


def utc_now() -> datetime:
    """Return the present time, timezone-aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Witness:
    """Who cosigns (``key``, under ``name``), which log (``origin``, LOG keys of ``keyring``), and its record.

    ``keyring`` holds the witness's own public key too, by which it knows its record again; that is on its own
    disk, and stays what it is when a key in it is revoked.
    """

    origin: str
    keyring: Keyring
    key: SigningKey = field(repr=False)
    name: str
    record: Record
    clock: Callable[[], datetime] = utc_now

    def add_checkpoint(self, submission: Submission) -> str:
        """Return the cosignature's line; the checkpoint is then on the disk as the last.

        Raises :class:`Malformed`, :class:`UnknownLog`, :class:`NotTheLogs`, :class:`OtherSize`,
        :class:`Inconsistent`, :class:`RecordLost`.
        """
        checkpoint = self._checked(submission.note)
        if submission.old_size > checkpoint.size:
            raise Malformed("the old size is beyond the checkpoint's")
        try:
            with self.record.held():
                last = self._last()
                _require_continuation(last, checkpoint, submission)
                line = cosign(checkpoint.text, self.key, self.name, self.clock())
                self.record.write(f"{checkpoint.text}\n{self._log_lines(submission.note)}{line}")
        except OSError as error:
            raise RecordLost(f"the record cannot be kept: {error.strerror}") from error
        return line

    def last_note(self) -> str | None:
        """Return the last checkpoint with both signatures, None before the first.

        Raises :class:`RecordLost`.
        """
        try:
            note = self.record.read()
            if note is not None:
                open_note(note, self.keyring.bare, Holder.LOG)
                if not cosignatures(note, self.keyring.bare):
                    raise RecordLost("the record carries no cosignature of this witness")
        except (OSError, UnicodeDecodeError, SignatureError) as error:
            raise RecordLost(f"the record is not in order: {error}") from error
        return note

    def _last(self) -> Checkpoint:
        note = self.last_note()
        if note is None:
            return Checkpoint(self.origin, 0, EMPTY_ROOT)
        last = open_note(note, self.keyring.bare, Holder.LOG)
        if last.origin != self.origin:
            raise RecordLost(f"the record is of the log {last.origin}")
        return last

    def _checked(self, note: Note) -> Checkpoint:
        try:
            checkpoint = Checkpoint.from_text(note.text)
        except SignatureError as error:
            raise Malformed(str(error)) from error
        if checkpoint.origin != self.origin:
            raise UnknownLog(f"this witness watches {self.origin} alone")
        try:
            if not self._log_lines(note):
                raise NotTheLogs("the checkpoint carries no signature of the log's key")
        except SignatureError as error:
            raise NotTheLogs(str(error)) from error
        return checkpoint

    def _log_lines(self, note: Note) -> str:
        """Return the signature lines of the log's keys in force, verified; others are passed over."""
        lines, now = "", self.clock()
        for signature in note.signatures:
            for key in self.keyring.held_by(Holder.LOG):
                if key.in_force(now) and signature.key_hash == key_hash(signature.name, key):
                    key.verify(signature.signature, note.text.encode())
                    lines += signature_line(signature.name, signature.key_hash + signature.signature)
        return lines


def _require_continuation(last: Checkpoint, checkpoint: Checkpoint, submission: Submission) -> None:
    """Raise unless ``checkpoint`` is shown to continue ``last``."""
    if submission.old_size != last.size:
        raise OtherSize(last.size)
    if checkpoint.size == last.size and checkpoint.root != last.root:
        raise OtherSize(last.size)
    try:
        if last.size == 0:
            if submission.proof:
                raise ProofError("a proof from the empty tree is empty")
        else:
            verify_consistency(last.size, last.root, checkpoint.size, checkpoint.root, submission.proof)
    except ProofError as error:
        raise Inconsistent(str(error)) from error
