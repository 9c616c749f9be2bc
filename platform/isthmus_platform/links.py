"""Download links: an address under which one version of a document can be fetched once, soon, by its reader.

A link is a reader's own: it takes the reader's authentication as well, and the grant is judged when it is
opened as at any read. Its word is made of its id by a key of ours (HMAC-SHA-256), so that the database holds
nothing by which a link could be opened, and asking again under one key gives the same address.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, delete, update
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform import documents, grants, reading
from isthmus_platform.access_log import Action
from isthmus_platform.database import Actor, Base, Platform, Work, new_id
from isthmus_platform.encryption import Vault
from isthmus_platform.errors import NotFound
from isthmus_platform.reading import FieldsOnly

LASTS = timedelta(seconds=60)
KEPT = timedelta(days=1)
"""For how long an ended link is known, so that the owner is told of who tries it."""
CODE = 16
SPENT = "link_spent"
NOT_YOURS = "link_not_yours"


class LinkSpent(NotFound):
    """The link was used, is over, is another's or never was: one answer for all."""

    code = SPENT

    def __init__(self) -> None:
        super().__init__("The link was used or is over; ask for another.", field="token")


class DownloadLink(Base):
    """A link to version ``number`` of a document of ``party_id``, for ``reader_id`` alone."""

    __tablename__ = "download_link"
    __table_args__ = (
        ForeignKeyConstraint(["document_id", "party_id"], ["document.id", "document.party_id"]),
        Index("ix_download_link_reader_id_expires_at", "reader_id", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID]
    reader_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    document_id: Mapped[UUID]
    number: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


def issue(work: Work, document_id: UUID, number: int | None = None) -> DownloadLink:
    """Return a new link of the actor to a version, the newest when None; the owner sees that it looked.

    Raises :class:`NoSuchDocument`, :class:`FieldsOnly`, and :class:`NotFound` for the version.
    """
    document = reading.look(work, document_id)
    if grants.open_fields(work, [document])[document_id] is not None:
        raise FieldsOnly(document_id)
    version = documents.version(work, document_id, number)
    reader = work.actor.party_id
    over = DownloadLink.expires_at < work.now - KEPT
    work.session.execute(delete(DownloadLink).where(DownloadLink.reader_id == reader, over))
    link = DownloadLink(
        id=new_id(),
        party_id=document.party_id,
        reader_id=reader,
        document_id=document_id,
        number=version.number,
        created_at=work.now,
        expires_at=work.now + LASTS,
        used_at=None,
    )
    work.session.add(link)
    work.session.flush()
    return link


def get(work: Work, link_id: UUID) -> DownloadLink:
    """Return a link of the actor."""
    return work.session.get_one(DownloadLink, link_id)


def word(vault: Vault, link: DownloadLink) -> str:
    """Return the secret part of a link's address."""
    return base64.urlsafe_b64encode(link.id.bytes + _code(vault, link.id.bytes)).decode().rstrip("=")


@dataclass(frozen=True)
class Door:
    """Where links are opened."""

    platform: Platform
    vault: Vault

    def spend(self, actor: Actor, given: str, *, request_id: str = "-") -> tuple[UUID, int]:
        """Return which document and version the link ``given`` leads to; from now on it leads nowhere.

        It is spent by being opened, whether or not the document is still open to the actor. Raises
        :class:`LinkSpent`; whose document it is sees who tried.
        """
        link_id = self._known(given)
        with self.platform.begin(actor, request_id=request_id) as work:
            found = work.session.execute(
                update(DownloadLink)
                .where(
                    DownloadLink.id == link_id,
                    DownloadLink.reader_id == actor.party_id,
                    DownloadLink.used_at.is_(None),
                    DownloadLink.expires_at > work.now,
                )
                .values(used_at=work.now)
                .returning(DownloadLink.document_id, DownloadLink.number)
            ).one_or_none()
        if found is None:
            self._tell(actor, link_id, request_id)
            raise LinkSpent
        return found.document_id, found.number

    def _known(self, given: str) -> UUID:
        """Return whose word ``given`` is; raises :class:`LinkSpent` for what is none of ours."""
        try:
            value = base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise LinkSpent from None
        if len(value) != 16 + CODE or not hmac.compare_digest(value[16:], _code(self.vault, value[:16])):
            raise LinkSpent
        return UUID(bytes=value[:16])

    def _tell(self, actor: Actor, link_id: UUID, request_id: str) -> None:
        with self.platform.begin(reading.REFUSAL, request_id=request_id) as work:
            link = work.session.get(DownloadLink, link_id)
        if link is not None:
            reason = SPENT if link.reader_id == actor.party_id else NOT_YOURS
            reading.record_refusal(
                self.platform,
                actor,
                link.document_id,
                Action.CONTENT,
                request_id=request_id,
                reason=reason,
            )


def _code(vault: Vault, named: bytes) -> bytes:
    return hmac.digest(vault.secret("download link"), named, hashlib.sha256)[:CODE]
