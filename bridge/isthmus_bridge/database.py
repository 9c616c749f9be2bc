"""The bridge's own database: reached only as a role that owns nothing and cannot rewrite the log."""

import time
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import uuid_utils.compat
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, create_engine

ROLE = "isthmus_bridge_app"
LONGEST_SILENCE = 4.5
"""Seconds without an answer of the database after which a request is refused."""
FIRST_SILENCE = 2.0
"""The same for the first word of a transaction: another connection may then still be tried, in as long."""

T = TypeVar("T")


class _Impatient(psycopg.Connection[Any]):
    """A connection that does not wait for a server that has stopped, or is no longer reached.

    The network may keep such a connection open for minutes, and only the server knows its own time limits.
    """

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait as psycopg does, but no longer than :data:`LONGEST_SILENCE`."""
        begun = self.pgconn.transaction_status != TransactionStatus.IDLE
        longest = LONGEST_SILENCE if begun else FIRST_SILENCE
        began = time.monotonic()
        try:
            return super().wait(gen, interval, timeout or longest)
        except psycopg.OperationalError:
            if time.monotonic() - began >= longest:
                # What was asked may still be done: the connection is of no more use.
                self.pgconn.finish()
            raise


_CONNECT: dict[str, Any] = {
    "options": f"-c role={ROLE} -c timezone=UTC -c lock_timeout=4s -c statement_timeout=4s"
    " -c plan_cache_mode=force_generic_plan -c jit=off -c idle_in_transaction_session_timeout=30s",
    # Psycopg drops every prepared statement after a rollback, to a savepoint even; those that count are
    # prepared by isthmus_bridge.together.
    "prepare_threshold": None,
    "connect_timeout": 2,
    "tcp_user_timeout": 10_000,
    "application_name": "isthmus-bridge",
}


def create_bridge_engine(url: str, *, pool_size: int = 10) -> Engine:
    """Return an engine whose sessions run as :data:`ROLE`, whatever role the address signs in with.

    A lock that is not had within 4 s and a server that falls silent are errors, so that a request is refused
    rather than kept waiting.
    """
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: _Impatient.connect(url, **_CONNECT),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text must not carry what was to cross
    )


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): unique, and sorted by time of creation."""
    return uuid_utils.compat.uuid7()
