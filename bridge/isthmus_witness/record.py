"""The last checkpoint that was cosigned, and nothing else: one file, changed by one holder at a time.

A rename within one folder is atomic: whoever is killed leaves the old checkpoint or the new one, whole. The
lock is the kernel's and ends with its holder.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FILE, DRAFT, LOCK = "checkpoint", "checkpoint.new", "lock"


@dataclass(frozen=True)
class Record:
    """The folder that holds the checkpoint; it must be on a local disk."""

    folder: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the only one, among threads and processes, who reads and then writes. Raises OSError."""
        descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> str | None:
        """Return the cosigned note; None where none was ever cosigned. Raises OSError, UnicodeDecodeError."""
        try:
            return (self.folder / FILE).read_bytes().decode()
        except FileNotFoundError:
            return None

    def write(self, note: str) -> None:
        """Put ``note`` in the place of what was there, on the disk before this returns. Raises OSError."""
        draft = self.folder / DRAFT
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(note.encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / FILE)
        self._settle_folder()

    def _settle_folder(self) -> None:
        """Have the rename itself on the disk: without it a loss of power could bring the old file back."""
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
