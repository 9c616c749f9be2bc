"""The number of a delivery order, and the token by which the cargo is handed out.

A token has 80 bits, so that it needs no count of tries. It follows from the order's id and the house's
secret: it is shown again to who may see it, and the database has its digest alone.
"""

import base64
import hmac
from uuid import UUID

from isthmus_platform.encryption import Vault

TOKEN_BYTES = 10


def number(order_id: UUID) -> str:
    """Return the number of an order: ``DO-`` and 16 characters, from the random part of its id."""
    return f"DO-{base64.b32encode(order_id.bytes[-TOKEN_BYTES:]).decode()}"


def token(vault: Vault, order_id: UUID) -> str:
    """Return the token of an order: 16 characters (RFC 4648, base 32)."""
    made = hmac.digest(vault.secret("delivery-order-token"), order_id.bytes, "sha256")
    return base64.b32encode(made[:TOKEN_BYTES]).decode()


def plain(given: str) -> str:
    """Return a token as it was made, from one that a person typed: spaces, hyphens, small letters."""
    return given.replace("-", "").replace(" ", "").upper()
