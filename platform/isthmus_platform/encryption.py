"""Contents at rest: AES-256-GCM in chunks, under a key of the version, of the owner, of the house.

The house's master key wraps one key for each owner; a version's key is derived from its owner's (HKDF-SHA256,
RFC 5869, salted with the version's id), so it is used for one stream only and the nonce can be the chunk's
number. Each chunk authenticates the version's id, its number and whether it is the last one: a chunk that was
changed, moved, dropped, added or taken from another version does not open.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from isthmus_platform.errors import PlatformError

CHUNK = 256 * 1024
"""Plaintext bytes in each chunk but the last."""
KEY_SIZE = 32
NONCE_SIZE = 12
TAG = 16
"""Bytes by which a chunk is longer than its plaintext (the tag of GCM)."""


class Corrupt(PlatformError):
    """What is stored does not open with its key: it was changed, or belongs elsewhere."""

    code = "document_corrupt"
    status = 500


@dataclass(frozen=True)
class VersionKey:
    """The key of one version of one document (AES-256), usable for that version alone."""

    version_id: UUID
    key: bytes = field(repr=False)

    def seal(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield each piece encrypted, in order; the last one is marked so. No pieces, no output."""
        cipher = AESGCM(self.key)
        for number, piece, last in _numbered(pieces):
            yield cipher.encrypt(_nonce(number), piece, self._bound(number, last=last))

    def open(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield each piece in plain as its chunk is verified.

        Raises :class:`Corrupt` at the first chunk that is not the one sealed at that place, and at the end
        when the last chunk is missing.
        """
        number = -1
        for number, chunk, last in _numbered(chunks):
            yield self.open_one(number, chunk, last=last)
        if number < 0:
            raise Corrupt("The stored document has no contents.")

    def open_one(self, number: int, chunk: bytes, *, last: bool) -> bytes:
        """Return the plaintext of the chunk at place ``number``; raises :class:`Corrupt` for another."""
        try:
            return AESGCM(self.key).decrypt(_nonce(number), chunk, self._bound(number, last=last))
        except InvalidTag:
            raise Corrupt("The stored document failed its integrity check.") from None

    def _bound(self, number: int, *, last: bool) -> bytes:
        return b"isthmus document chunk 1" + self.version_id.bytes + number.to_bytes(8, "big") + bytes([last])


@dataclass(frozen=True)
class Vault:
    """Holds the master key (32 bytes) and gives out the keys under it."""

    master: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.master) != KEY_SIZE:
            raise ValueError(f"a master key has {KEY_SIZE} bytes, not {len(self.master)}")

    def secret(self, purpose: str) -> bytes:
        """Return 32 bytes for ``purpose`` alone, by which nothing else can be opened or signed."""
        return HKDF(SHA256(), KEY_SIZE, salt=None, info=b"isthmus secret 1 " + purpose.encode()).derive(
            self.master
        )

    def new_owner_key(self, owner_id: UUID) -> bytes:
        """Return a new key of ``owner_id``, wrapped: what the database keeps."""
        nonce = os.urandom(NONCE_SIZE)
        owner_key = AESGCM.generate_key(KEY_SIZE * 8)
        return nonce + AESGCM(self.master).encrypt(nonce, owner_key, _owner_bound(owner_id))

    def version_key(self, owner_id: UUID, wrapped: bytes, version_id: UUID) -> VersionKey:
        """Return the key of ``version_id`` under the wrapped key of its owner.

        Raises :class:`Corrupt` when ``wrapped`` was not wrapped for ``owner_id`` under this master key.
        """
        nonce, sealed = wrapped[:NONCE_SIZE], wrapped[NONCE_SIZE:]
        try:
            owner_key = AESGCM(self.master).decrypt(nonce, sealed, _owner_bound(owner_id))
        except (InvalidTag, ValueError):
            raise Corrupt("The owner's key does not open with the master key.") from None
        derive = HKDF(SHA256(), KEY_SIZE, salt=version_id.bytes, info=b"isthmus document version 1")
        return VersionKey(version_id, derive.derive(owner_key))


def _owner_bound(owner_id: UUID) -> bytes:
    return b"isthmus owner key 1" + owner_id.bytes


def _nonce(number: int) -> bytes:
    return number.to_bytes(NONCE_SIZE, "big")


def _numbered(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Yield ``(number, piece, is last)``, one piece behind the source."""
    held: bytes | None = None
    number = 0
    for piece in pieces:
        if held is not None:
            yield number, held, False
            number += 1
        held = piece
    if held is not None:
        yield number, held, True
