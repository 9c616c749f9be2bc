"""What the platform says of receivables, signed with its key, so that a bank can hold it to its word."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from isthmus_platform.papers.signing import Desk
from isthmus_platform.receivables.parts import Proof, ProofKind
from isthmus_protocol import statements
from isthmus_protocol.canonical import digest

BALANCE_TYPE = "isthmus-balance+jws"
REGISTER_TYPE = "isthmus-register+jws"


def proof(desk: Desk, said: dict[str, Any], at: datetime, typ: str) -> Proof:
    """Return a JWS by the platform's key of what is said, and when."""
    key = desk.platform_key.current
    token = statements.sign(key, {**said, "at": at.isoformat()}, typ)
    return Proof(ProofKind.RECEIPT, token, kid=key.kid)


def marks_digest(marks: Sequence[str]) -> str:
    """Return a digest that names an invoice's marks to whoever has them, and to nobody else."""
    return digest("\n".join(sorted(marks)).encode())
