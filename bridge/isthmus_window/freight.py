"""Freight identifiers that platforms have announced to the window's eFTI gate."""

from contextlib import suppress
from datetime import datetime

from lxml import etree
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from isthmus_protocol.identifiers import IDENTIFIERS, IdentifierQuery, matches, read_announcement
from isthmus_protocol.xml import MalformedXml, parse
from isthmus_window.database import Base, Exchange

CONSIGNMENT = f"{{{IDENTIFIERS}}}consignment"


class AnnouncedConsignment(Base):
    """A consignment's identifiers as its platform announced them last."""

    __tablename__ = "announced_consignment"

    dataset_id: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[str]
    announced_at: Mapped[datetime]


class NotAnnounceable(ValueError):
    """What was sent is no consignment in the identifiers' schema."""


def announce(session: Session, dataset_id: str, document: bytes, now: datetime) -> None:
    """Keep the identifiers in ``document`` in place of those announced before.

    It is read leniently, as a consignment with whatever identifiers it has. Raises :class:`NotAnnounceable`.
    """
    try:
        root = parse(document)
    except MalformedXml as error:
        raise NotAnnounceable(str(error)) from error
    if root.tag != CONSIGNMENT:
        raise NotAnnounceable("The document is no consignment of identifiers.")
    kept = {"document": etree.tostring(root, encoding="unicode"), "announced_at": now}
    session.execute(
        insert(AnnouncedConsignment)
        .values(dataset_id=dataset_id, **kept)
        .on_conflict_do_update(index_elements=["dataset_id"], set_=kept)
    )


def take(session: Session, exchange: Exchange, now: datetime) -> None:
    """Keep an announcement that came by ordinary delivery; what cannot be read announces nothing."""
    dataset_id, document = exchange.body.get("datasetId"), exchange.body.get("consignment")
    if isinstance(dataset_id, str) and isinstance(document, str):
        with suppress(NotAnnounceable):
            announce(session, dataset_id, document.encode(), now)


def find(session: Session, query: IdentifierQuery) -> list[tuple[str, etree._Element]]:
    """Return the datasets that answer ``query`` with what they announced, by their ids."""
    rows = session.execute(
        select(AnnouncedConsignment.dataset_id, AnnouncedConsignment.document).order_by(
            AnnouncedConsignment.dataset_id
        )
    )
    announced = [(dataset_id, parse(document.encode())) for dataset_id, document in rows]
    return [each for each in announced if matches(query, read_announcement(each[1]))]
