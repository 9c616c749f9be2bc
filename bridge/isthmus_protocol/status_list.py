"""Which documents were revoked: a Token Status List of one bit each, compressed and signed (IETF OAuth).

A list tells nothing of a document but its bit, and reading it tells nobody which document one looks for.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from isthmus_protocol import statements
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.keys import (
    Holder,
    Keyring,
    SignatureError,
    SigningKey,
    decode_base64url,
    encode_base64url,
)

TYPE = "statuslist+jwt"
LARGEST = 4 * 1_048_576
"""Bytes that a list has at most once it is unpacked: 33 million documents."""


@dataclass(frozen=True)
class StatusList:
    """The bits as they stood ``at`` a time; ``subject`` is the address the list is published at."""

    subject: str
    at: datetime
    bits: bytes

    def revoked(self, index: int) -> bool:
        """Return whether the document ``index`` was revoked; raises :class:`SignatureError` if not listed."""
        if not 0 <= index < 8 * len(self.bits):
            raise SignatureError("the status list does not reach to this document")
        return bool(self.bits[index >> 3] >> (index & 7) & 1)


def pack(revoked: Iterable[int], size: int) -> str:
    """Return a list of ``size`` bits as base64url of its ZLIB form, the ``revoked`` ones set."""
    bits = bytearray((size + 7) // 8)
    for index in revoked:
        bits[index >> 3] |= 1 << (index & 7)
    return encode_base64url(zlib.compress(bytes(bits), 9))


def unpack(packed: str) -> bytes:
    """Return the bits; raises :class:`SignatureError` for what is no list, or unpacks to too much."""
    unpacking = zlib.decompressobj()
    try:
        bits = unpacking.decompress(decode_base64url(packed), LARGEST)
    except (ValueError, zlib.error):
        raise SignatureError("the status list is not base64url of ZLIB") from None
    if not unpacking.eof or unpacking.unused_data:
        raise SignatureError("the status list is cut off, or too large")
    return bits


def sign_list(key: SigningKey, subject: str, at: datetime, revoked: Iterable[int], size: int) -> str:
    """Return the list signed by ``key``, for ``subject``, as it stands ``at`` a time."""
    payload: JsonObject = {
        "iat": int(at.timestamp()),
        "status_list": {"bits": 1, "lst": pack(revoked, size)},
        "sub": subject,
    }
    return statements.sign(key, payload, TYPE)


def open_list(token: str, keyring: Keyring) -> StatusList:
    """Return the list that ``token`` holds, signed by a PLATFORM key; else raise :class:`SignatureError`."""
    payload = statements.verify(token, keyring, TYPE, Holder.PLATFORM)
    listed, subject, at = payload.get("status_list"), payload.get("sub"), payload.get("iat")
    if not isinstance(listed, dict) or listed.get("bits") != 1 or not isinstance(listed.get("lst"), str):
        raise SignatureError("the status list has one bit for each document")
    if not isinstance(subject, str) or not isinstance(at, int):
        raise SignatureError("the status list says what it is of and when it was made")
    return StatusList(subject, datetime.fromtimestamp(at, UTC), unpack(str(listed["lst"])))
