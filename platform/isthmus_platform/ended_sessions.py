"""Browser sessions that were ended before their time, so that a copy of the cookie opens nothing any more.

A session is known by a random id in its signed cookie; here stands its digest, until the cookie would have
expired anyway.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.access import SIGN_IN
from isthmus_platform.database import Actor, Base, Platform


class EndedSession(Base):
    """A session that was ended; ``digest`` is the SHA-256 of its id."""

    __tablename__ = "ended_session"
    __table_args__ = (Index("ix_ended_session_expires_at", "expires_at"),)

    digest: Mapped[str] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    expires_at: Mapped[datetime]


@dataclass(frozen=True)
class EndedSessions:
    """The sessions that were ended, each by its id."""

    platform: Platform

    def end(self, actor: Actor, session: str, until: datetime) -> None:
        """End ``actor``'s session, whose cookie is good ``until`` then; ended twice is ended."""
        with self.platform.begin(SIGN_IN) as work:
            work.session.execute(delete(EndedSession).where(EndedSession.expires_at < work.now))
            work.session.execute(
                insert(EndedSession)
                .values(digest=_digest(session), party_id=actor.party_id, expires_at=until)
                .on_conflict_do_nothing()
            )

    def ended(self, session: str) -> bool:
        """Say whether a session was ended."""
        with self.platform.begin(SIGN_IN) as work:
            return bool(work.session.scalar(select(exists().where(EndedSession.digest == _digest(session)))))


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode("utf-8", "surrogatepass")).hexdigest()
