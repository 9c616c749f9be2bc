"""The bridge's own database: reached only as a role that owns nothing and cannot rewrite the log."""

from uuid import UUID

import uuid_utils.compat
from sqlalchemy import Engine, create_engine

ROLE = "isthmus_bridge_app"


def create_bridge_engine(url: str, *, pool_size: int = 10) -> Engine:
    """Return an engine whose sessions run as :data:`ROLE`, whatever role the address signs in with.

    A lock that is not had within 5 s and a server that falls silent are errors, so that a request is refused
    rather than kept waiting.
    """
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text must not carry what was to cross
        connect_args={
            "options": f"-c role={ROLE} -c timezone=UTC -c lock_timeout=5s -c statement_timeout=15s"
            " -c idle_in_transaction_session_timeout=30s",
            "connect_timeout": 5,
            "tcp_user_timeout": 10_000,
            "application_name": "isthmus-bridge",
        },
    )


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): unique, and sorted by time of creation."""
    return uuid_utils.compat.uuid7()
