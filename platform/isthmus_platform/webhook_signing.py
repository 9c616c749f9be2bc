"""Signing webhooks by the Standard Webhooks scheme, with secrets that are derived and stored nowhere.

An endpoint's secret follows from the house's master key, its id and a version number (HKDF-SHA256), so a copy
of the database signs nothing, and rotating is counting up.
"""

import base64
import os
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from standardwebhooks.webhooks import Webhook

SIZE = 32


@dataclass(frozen=True)
class SigningSecrets:
    """The secrets of all endpoints, under the master key."""

    master: bytes = field(repr=False)

    def secret(self, endpoint_id: UUID, version: int) -> str:
        """Return an endpoint's secret as its receiver keeps it: ``whsec_`` and base64."""
        info = b"isthmus webhook secret 1" + version.to_bytes(4, "big")
        derived = HKDF(SHA256(), SIZE, salt=endpoint_id.bytes, info=info).derive(self.master)
        return "whsec_" + base64.b64encode(derived).decode()

    def sealed(self, endpoint_id: UUID, shared: bytes) -> bytes:
        """Return a secret that the receiver chose, as the database keeps it."""
        nonce = os.urandom(12)
        return nonce + self._box(endpoint_id).encrypt(nonce, shared, endpoint_id.bytes)

    def opened(self, endpoint_id: UUID, sealed: bytes) -> bytes:
        """Return the secret of :meth:`sealed`."""
        return self._box(endpoint_id).decrypt(sealed[:12], sealed[12:], endpoint_id.bytes)

    def _box(self, endpoint_id: UUID) -> AESGCM:
        info = b"isthmus event subscription 1"
        return AESGCM(HKDF(SHA256(), SIZE, salt=endpoint_id.bytes, info=info).derive(self.master))

    def headers(
        self, endpoint_id: UUID, versions: tuple[int, ...], message_id: str, body: bytes, at: datetime
    ) -> dict[str, str]:
        """Return the three headers over ``body``, with a signature by each of the secrets' ``versions``."""
        signatures = [
            Webhook(self.secret(endpoint_id, version)).sign(message_id, at, body.decode())
            for version in versions
        ]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
