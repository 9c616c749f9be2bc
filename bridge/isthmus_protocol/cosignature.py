"""Cosignatures: a witness's word that a log has only grown (c2sp.org/tlog-cosignature, Ed25519).

A cosignature is one more signature line of a checkpoint. It covers the time at which it was given, so that an
old one cannot pass for a new one, and says: this is the largest head of this log that the witness has seen,
and all that it saw before are beginnings of it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from isthmus_protocol.checkpoint import (
    Checkpoint,
    Note,
    NoteSignature,
    key_hash,
    read_note,
    signature_line,
    verifier_key,
)
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, TrustedKey

COSIGNATURE = 0x04
"""The signature type of Ed25519 cosignatures ("Format")."""
TIME_SIZE, SIGNATURE_SIZE = 8, 64


@dataclass(frozen=True)
class Cosignature:
    """Who cosigned, under which name, and when."""

    name: str
    key: TrustedKey
    at: datetime


def cosign(text: str, key: SigningKey, name: str, at: datetime) -> str:
    """Return the signature line by which ``key`` cosigns the checkpoint whose lines are ``text``."""
    Checkpoint.from_text(text)
    key = key.current
    seconds = int(at.timestamp())
    signature = key.sign(_message(text, seconds))
    return signature_line(
        name, key_hash(name, key.public, COSIGNATURE) + seconds.to_bytes(TIME_SIZE, "big") + signature
    )


def witness_key(name: str, key: TrustedKey) -> str:
    """Return ``name+hash+key``, as other verifiers of cosignatures take it ("Format")."""
    return verifier_key(name, key, COSIGNATURE)


def read_cosignature(note: Note, signature: NoteSignature, keyring: Keyring) -> Cosignature | None:
    """Return who cosigned by the line ``signature`` of ``note``; None where no known witness did.

    A witness whose key is revoked is none: the time in a cosignature is the word of whoever holds the key.
    Raises :class:`SignatureError` for a line that names a known witness and is not its cosignature.
    """
    for key in keyring.held_by(Holder.WITNESS):
        if key.in_force(None) and signature.key_hash == key_hash(signature.name, key, COSIGNATURE):
            return Cosignature(signature.name, key, _verified(note.text, signature.signature, key))
    return None


def cosignatures(text: str, keyring: Keyring) -> list[Cosignature]:
    """Return the cosignatures of known witnesses on the note ``text``; raises :class:`SignatureError`."""
    note = read_note(text)
    found = [read_cosignature(note, signature, keyring) for signature in note.signatures]
    return [cosignature for cosignature in found if cosignature is not None]


def _message(text: str, seconds: int) -> bytes:
    """Return what is signed ("Ed25519 signed message")."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _verified(text: str, blob: bytes, key: TrustedKey) -> datetime:
    if len(blob) != TIME_SIZE + SIGNATURE_SIZE:
        raise SignatureError("a cosignature is a time of 8 bytes and a signature of 64")
    seconds = int.from_bytes(blob[:TIME_SIZE], "big")
    key.verify(blob[TIME_SIZE:], _message(text, seconds))
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SignatureError("a cosignature from beyond the calendar") from error
