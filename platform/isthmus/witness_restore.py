"""``isthmus witness restore``: a witness that lost its record goes on, under a key that has cosigned nothing.

Under its old key it must not: whatever checkpoint it is given, it may have cosigned a later one that it no
longer knows, and would then cosign a fork of it. A new key is bound by nothing but what it begins from. So
the key is replaced here, in the same step.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from isthmus.errors import CannotRun
from isthmus.home import home_of
from isthmus.settings import load
from isthmus_protocol.keys import Holder

if TYPE_CHECKING:
    from isthmus_protocol.checkpoint import Checkpoint
    from isthmus_protocol.keys import Keyring
    from isthmus_witness.record import Record

said = Console(highlight=False, soft_wrap=True, markup=False)


@click.command()
@click.argument(
    "kept", nargs=-1, metavar="CHECKPOINT...", type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@click.option("--from-nothing", is_flag=True, help="No cosigned checkpoint is left anywhere.")
def restore(kept: tuple[Path, ...], *, from_nothing: bool) -> None:
    """Go on from the longest CHECKPOINT, under a new key, after the witness has lost its record.

    Give every checkpoint with this witness's cosignature that is left (the bridge's: isthmus log checkpoint,
    those of auditors): the new key cosigns only what continues the longest. The old key signs no more, and
    stays trusted for what it cosigned.
    """
    from isthmus import key_rotation
    from isthmus.keys import KeyFolder
    from isthmus_witness.record import FILE, Record

    if bool(kept) == from_nothing:
        raise click.UsageError("Give the checkpoints that are left, or --from-nothing.")
    settings = load()
    home = home_of(settings.home)
    folder, record = KeyFolder(home.keys), Record(home.witness)
    home.witness.mkdir(mode=0o700, exist_ok=True)
    # A witness that runs waits meanwhile: it cosigns under the same lock.
    with record.held():
        known = _known(record, folder.trust())
        longest = _longest(kept, folder.trust(), settings.log_origin)
        _check_newer(known, longest, from_nothing=from_nothing)
        new, old = key_rotation.rotate(folder, Holder.WITNESS, datetime.now(UTC))
        if longest is not None:
            record.write(longest[1])
        else:
            (record.folder / FILE).unlink(missing_ok=True)
    begins = "the first checkpoint it is shown" if longest is None else f"{longest[0].size} entries"
    said.print(f"The witness goes on from {begins}, under the new key {new.kid}.")
    said.print(f"{old.kid}: signs no more, and stays trusted for what it cosigned.")
    said.print(f"Next: carry {folder.path / 'trust.json'} to the bridge and to those who audit.")


def _known(record: "Record", trust: "Keyring") -> "Checkpoint | None":
    """Return what the record still holds, or None where it is gone or not in order."""
    from isthmus_protocol.checkpoint import open_note
    from isthmus_protocol.cosignature import cosignatures
    from isthmus_protocol.keys import SignatureError

    try:
        note = record.read()
        if note is None or not cosignatures(note, trust.bare):
            return None
        return open_note(note, trust.bare, Holder.LOG)
    except (UnicodeDecodeError, SignatureError):
        return None


def _longest(files: Sequence[Path], trust: "Keyring", origin: str) -> "tuple[Checkpoint, str] | None":
    """Return the longest checkpoint with its note; none may be of anything but this log and this witness."""
    found: dict[int, tuple[Checkpoint, str]] = {}
    for file in files:
        head, note = _opened(file, trust)
        if head.origin != origin:
            raise CannotRun(f"{file} is of the log {head.origin}, and this witness watches {origin}.")
        other, _ = found.setdefault(head.size, (head, note))
        if other.root != head.root:
            raise CannotRun(f"{file} and another checkpoint of {head.size} entries are of two histories.")
    return found[max(found)] if found else None


def _opened(file: Path, trust: "Keyring") -> "tuple[Checkpoint, str]":
    from isthmus_protocol.checkpoint import open_note
    from isthmus_protocol.cosignature import cosignatures
    from isthmus_protocol.keys import SignatureError

    try:
        note = file.read_bytes().decode()
        head = open_note(note, trust.bare, Holder.LOG)
        own = cosignatures(note, trust.bare)
    except (UnicodeDecodeError, SignatureError) as error:
        raise CannotRun(f"{file} is no checkpoint of the log's: {error}.") from None
    if not own:
        raise CannotRun(f"{file} was never cosigned by this witness.")
    return head, note


def _check_newer(
    known: "Checkpoint | None", longest: "tuple[Checkpoint, str] | None", *, from_nothing: bool
) -> None:
    """Refuse to forget: what the record still holds binds more than anything older."""
    if known is None:
        return
    if from_nothing or longest is None or longest[0].size <= known.size:
        raise CannotRun(f"The witness's record is in order, with {known.size} entries: it needs nothing.")
