"""Who may come in: people with a password, machine clients with a key of their own.

Rows are read and changed under the duty ``sign-in`` only, since nobody acts yet; they are added under
``onboarding``. Access tokens are in :mod:`isthmus_platform.tokens`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base


class User(Base):
    """A person who signs in for a party, with an argon2 hash of the password."""

    __tablename__ = "user_account"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ApiClient(Base):
    """A machine of a party, with the public keys (JWK) it may sign with; several while it rotates them."""

    __tablename__ = "api_client"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), index=True)
    client_id: Mapped[str] = mapped_column(unique=True)
    public_keys: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ClientAssertion(Base):
    """An assertion that was used: it is good once (RFC 7523 section 3, ``jti``)."""

    __tablename__ = "client_assertion"
    __table_args__ = (Index("ix_client_assertion_expires_at", "expires_at"),)

    api_client_id: Mapped[UUID] = mapped_column(ForeignKey("api_client.id"), primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    expires_at: Mapped[datetime]
