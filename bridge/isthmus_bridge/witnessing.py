"""The witness's cosignature on the log's head: asked for, checked, kept (c2sp.org/tlog-witness, the client).

Crossings never wait for the witness. It is asked after entries were appended, outside any transaction and
within a deadline; when it is away the log goes on under its own signature, and what was missed is cosigned
at once when it is back: one cosignature on the newest head covers all before it.
"""

import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from isthmus_bridge import log
from isthmus_bridge.models import CosignedHead
from isthmus_bridge.service import Bridge
from isthmus_protocol.checkpoint import open_note, read_note, signature_line
from isthmus_protocol.cosignature import cosignatures, read_cosignature
from isthmus_protocol.keys import Holder, Keyring, SignatureError

DEADLINE = 2.0
"""Seconds for one asking, whatever the witness does."""
STEPS = httpx.Timeout(0.5, read=1.5)
"""Seconds for connecting and for writing, and for each piece of the answer."""
REST = timedelta(seconds=5)
"""How long a witness that failed is left alone."""
LONGEST_ANSWER = 65_536
NOTHING_COSIGNED = 0

events = structlog.get_logger(__name__)


class NotCosigned(Exception):
    """The witness did not cosign; the message says why."""


class OtherSize(Exception):
    """The witness last cosigned another size than the log believed."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the witness last cosigned {size} entries")
        self.size = size


@dataclass(frozen=True)
class Standing:
    """How the log stands with the witness: its size, the newest cosigned note, and what went wrong last."""

    log_size: int
    cosigned: int
    note: str | None
    problem: str | None

    def __str__(self) -> str:
        """Say it as ``/readyz`` does."""
        if self.problem is not None:
            return f"has cosigned {self.cosigned} of {self.log_size} entries; {self.problem}"
        if self.cosigned < self.log_size:
            return f"has cosigned {self.cosigned} of {self.log_size} entries"
        return f"has cosigned all {self.log_size} entries"


def standing(session: Session) -> Standing:
    """Return how the log stands with the witness now."""
    kept = session.execute(select(CosignedHead.size, CosignedHead.note, CosignedHead.problem)).one()
    return Standing(log.head(session).size, kept.size, kept.note, kept.problem)


def cosigned(session: Session, keyring: Keyring) -> str | None:
    """Return the newest checkpoint that carries both signatures, by keys in force; None where none does."""
    note = session.execute(select(CosignedHead.note)).scalar_one()
    return note if note is not None and _counts(note, keyring) else None


def _counts(note: str, keyring: Keyring) -> bool:
    try:
        open_note(note, keyring, Holder.LOG)
        return bool(cosignatures(note, keyring))
    except SignatureError:
        return False


def cosign_newest(bridge: Bridge, *, covering: int | None = None) -> None:
    """Have the witness cosign the log's head, unless it has, or was found away within the last 5 s.

    With ``covering`` it is enough that the entry of that index is covered. A cosigned head does not count if
    the log's or the witness's key was revoked since: the same is signed and cosigned anew. What fails is kept
    for :func:`standing` to tell; nothing is raised for what the witness does or does not do.
    """
    if bridge.witness_url is None:
        return
    with bridge.begin() as session:
        kept = session.execute(select(CosignedHead)).scalar_one()
        wanted = log.head(session).size if covering is None else covering + 1
    reached = kept.size >= wanted and (kept.note is None or _counts(kept.note, bridge.keyring))
    if reached or _rests(kept, bridge.clock()):
        return
    try:
        with httpx.Client(timeout=STEPS, trust_env=False, follow_redirects=False) as client:
            _cosign(bridge, _Asking(client, bridge.witness_url, time.monotonic() + DEADLINE), kept.size)
    except NotCosigned as reason:
        events.warning("witness.not_cosigned", problem=str(reason))
        _keep_problem(bridge, kept.size, str(reason)[:500])


def _rests(kept: CosignedHead, now: datetime) -> bool:
    if kept.problem is None or kept.asked_at is None:
        return False
    return timedelta(0) <= now - kept.asked_at < REST


@dataclass(frozen=True)
class _Asking:
    """One attempt at the witness, and until when (by the monotonic clock)."""

    client: httpx.Client
    url: str
    until: float

    def ask(self, old_size: int, proof: Sequence[bytes], note: str) -> str:
        """Return the signature lines of the answer; raises :class:`OtherSize`, :class:`NotCosigned`."""
        lines = [f"old {old_size}", *(b64encode(hash_).decode("ascii") for hash_ in proof)]
        status, answer = self._post(("\n".join(lines) + f"\n\n{note}").encode())
        if status == httpx.codes.CONFLICT:
            raise OtherSize(_size_in(answer))
        if status != httpx.codes.OK:
            raise NotCosigned(f"the witness answers {status}")
        return answer

    def _post(self, body: bytes) -> tuple[int, str]:
        try:
            with self.client.stream("POST", f"{self.url}/add-checkpoint", content=body) as response:
                received = b""
                for piece in response.iter_bytes():
                    received += piece
                    if len(received) > LONGEST_ANSWER:
                        raise NotCosigned("the witness's answer is too long")
                    if time.monotonic() > self.until:
                        raise NotCosigned("the witness's answer takes too long")
                return response.status_code, received.decode()
        except httpx.HTTPError as error:
            raise NotCosigned(f"the witness does not answer ({type(error).__name__})") from error
        except UnicodeDecodeError as error:
            raise NotCosigned("the witness's answer is no text") from error


def _size_in(answer: str) -> int:
    number = answer.removesuffix("\n")
    if not (number.isascii() and number.isdigit() and len(number) <= 16):
        raise NotCosigned("the witness disagrees, and does not say about which size")
    return int(number)


def _cosign(bridge: Bridge, asking: _Asking, cosigned_size: int) -> None:
    """Ask from the size that was cosigned last, and once more from the one that the witness names."""
    try:
        _ask_from(bridge, asking, cosigned_size)
    except OtherSize as other:
        try:
            _ask_from(bridge, asking, other.size)
        except OtherSize as again:
            raise NotCosigned(f"{again}; another asks at the same time, or the log has forked") from again


def _ask_from(bridge: Bridge, asking: _Asking, old_size: int) -> None:
    with bridge.begin() as session:
        head = log.head(session)
        if old_size > head.size:
            raise NotCosigned(f"the witness has cosigned {old_size} entries, the log holds only {head.size}")
        proof = log.consistency(session, old_size, head.size) if old_size > NOTHING_COSIGNED else []
    note = log.checkpoint(head, bridge.origin, bridge.log_key)
    lines = asking.ask(old_size, proof, note)
    cosigned_note = note + _checked_line(bridge, note, lines)
    with bridge.begin() as session:
        session.execute(
            update(CosignedHead)
            .where(CosignedHead.size <= head.size)
            .values(size=head.size, note=cosigned_note, asked_at=bridge.clock(), problem=None)
        )
    events.info("witness.cosigned", size=head.size)


def _checked_line(bridge: Bridge, note: str, lines: str) -> str:
    """Return the one line in ``lines`` that is the trusted witness's cosignature on ``note``."""
    try:
        whole = read_note(note + lines)
        for signature in whole.signatures[1:]:
            if read_cosignature(whole, signature, bridge.keyring) is not None:
                return signature_line(signature.name, signature.key_hash + signature.signature)
    except SignatureError as error:
        raise NotCosigned(f"the witness's answer is not in order: {error}") from error
    raise NotCosigned("the answer carries no cosignature by a trusted witness")


def _keep_problem(bridge: Bridge, cosigned_size: int, problem: str) -> None:
    """Keep what went wrong, unless somebody else has had the log cosigned meanwhile."""
    with bridge.begin() as session:
        session.execute(
            update(CosignedHead)
            .where(CosignedHead.size == cosigned_size)
            .values(asked_at=bridge.clock(), problem=problem)
        )
