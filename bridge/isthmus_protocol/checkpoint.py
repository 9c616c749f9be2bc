"""The log's head: a C2SP signed note (c2sp.org/signed-note) with a checkpoint (c2sp.org/tlog-checkpoint).

The note's text is the origin, the size and the root in base64, a line each; after an empty line follow the
signatures, ``— <key name> <base64 of a 4-byte key hash and the signature>``.
"""

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass

from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, TrustedKey
from isthmus_protocol.merkle import HASH_SIZE

ED25519 = 0x01
"""The signature type of plain Ed25519 notes (c2sp.org/signed-note, "Signature types")."""
LONGEST = 65_536


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: the key's name, its 4-byte hash, and the signature as bytes."""

    name: str
    key_hash: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A signed note taken apart, nothing of it verified. ``text`` is what is signed, its newline too."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True)
class Checkpoint:
    """A log's head: whose log, how many leaves, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode('ascii')}\n"

    @classmethod
    def from_text(cls, text: str) -> "Checkpoint":
        """Read the three lines of a checkpoint; raises :class:`SignatureError` for anything else."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise SignatureError("a checkpoint has an origin, a size and a root, each on a line")
        size = lines[1]
        if not (size.isascii() and size.isdigit() and len(size) <= 16 and str(int(size)) == size):
            raise SignatureError("a checkpoint's size is a decimal number")
        root = decode_base64(lines[2])
        if len(root) != HASH_SIZE:
            raise SignatureError("a checkpoint's root has 32 bytes")
        return cls(lines[0], int(size), root)


def key_hash(name: str, key: TrustedKey, kind: int = ED25519) -> bytes:
    """Return the 4 bytes by which a note names a key that makes signatures of the type ``kind``."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key.raw).digest()[:4]


def verifier_key(name: str, key: TrustedKey, kind: int = ED25519) -> str:
    """Return ``name+hash+key``, as other note verifiers take it (c2sp.org/signed-note, "Verifier keys")."""
    return f"{name}+{key_hash(name, key, kind).hex()}+{b64encode(bytes([kind]) + key.raw).decode('ascii')}"


def sign_note(checkpoint: Checkpoint, key: SigningKey, name: str) -> str:
    """Return ``checkpoint`` as a note signed by ``key`` under ``name`` (the log's own key: its origin)."""
    if Checkpoint.from_text(checkpoint.text) != checkpoint:
        raise ValueError("a checkpoint that cannot be read back")
    key = key.current
    line = signature_line(name, key_hash(name, key.public) + key.sign(checkpoint.text.encode()))
    return f"{checkpoint.text}\n{line}"


def signature_line(name: str, signature: bytes) -> str:
    """Return the line of a note, its newline too, for ``signature`` after its 4-byte key hash."""
    if not name or "+" in name or any(character.isspace() for character in name):
        raise ValueError("a key name has no space and no plus sign")
    return f"— {name} {b64encode(signature).decode('ascii')}\n"


def read_note(text: str) -> Note:
    """Take a note apart; raises :class:`SignatureError` for what is none. Nothing is verified."""
    if len(text) > LONGEST:
        raise SignatureError("the note is too long")
    if any(ord(character) < 32 and character != "\n" for character in text):
        raise SignatureError("a note holds no control character")
    body, separator, signatures = text.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise SignatureError("a note ends with signatures after an empty line")
    return Note(body + "\n", tuple(_signature(line) for line in signatures[:-1].split("\n")))


def open_note(text: str, keyring: Keyring, holder: Holder | str) -> Checkpoint:
    """Return the checkpoint in ``text``, signed by a key of ``holder``; raises :class:`SignatureError`.

    As the specification says, signatures by other keys are ignored (those by revoked keys too, for a note
    bears no date), and one that names a known key but does not verify spoils the note.
    """
    note = read_note(text)
    signed = False
    for signature in note.signatures:
        for key in keyring.held_by(holder):
            if key.in_force(None) and signature.key_hash == key_hash(signature.name, key):
                key.verify(signature.signature, note.text.encode())
                signed = True
    if not signed:
        raise SignatureError(f"the note carries no signature of {holder}")
    return Checkpoint.from_text(note.text)


def _signature(line: str) -> NoteSignature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not parts[1] or "+" in parts[1]:
        raise SignatureError("a signature line is a dash, a name and base64")
    blob = decode_base64(parts[2])
    if len(blob) < 5:
        raise SignatureError("a note's signature is too short")
    return NoteSignature(parts[1], blob[:4], blob[4:])


def decode_base64(text: str) -> bytes:
    """Return the bytes of ``text``; raises :class:`SignatureError` unless encoding them gives it again."""
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise SignatureError("not base64") from error
    if b64encode(data).decode("ascii") != text:
        raise SignatureError("not canonical base64")
    return data
