"""The window's own database: one SQLite file, written in short transactions that a SIGKILL cannot halve."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, Engine, ForeignKey, Index, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from isthmus_protocol.promises import promise_the_same

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware time, kept as microseconds since 1970, since SQLite knows no zones."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return the microseconds."""
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the time in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Base(DeclarativeBase):
    """The tables of the window."""

    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Nonce(Base):
    """A signature that was used, kept until it expires."""

    __tablename__ = "nonce"

    kid: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Exchange(Base):
    """What the bridge delivered, and the receipt that was given for it."""

    __tablename__ = "exchange"

    id: Mapped[str] = mapped_column(primary_key=True)
    message: Mapped[str]
    party: Mapped[str]
    owner: Mapped[str]
    payload_digest: Mapped[str]
    log_index: Mapped[int]
    body: Mapped[dict[str, Any]]
    receipt: Mapped[str]
    request_id: Mapped[str]
    received_at: Mapped[datetime]


class Barred(Base):
    """An exchange that we told the bridge we have not taken, and so never take."""

    __tablename__ = "barred"

    exchange: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Declaration(Base):
    """An export declaration and where it stands; ``due_at`` is when its next step is due, if one is."""

    __tablename__ = "declaration"
    __table_args__ = (Index("ix_declaration_due", "due_at"), Index("ix_declaration_ucr", "ucr"))

    exchange_id: Mapped[str] = mapped_column(ForeignKey("exchange.id"), primary_key=True)
    ucr: Mapped[str | None]
    status: Mapped[str]
    mrn: Mapped[str | None] = mapped_column(unique=True)
    channel: Mapped[str | None]
    channel_rule: Mapped[str | None]
    lpco_agency: Mapped[str | None]
    lpco_reference: Mapped[str | None]
    duty_minor: Mapped[int | None]
    duty_currency: Mapped[str | None]
    errors: Mapped[list[Any]]
    due_at: Mapped[datetime | None]


class Step(Base):
    """One step that a declaration took."""

    __tablename__ = "step"

    exchange_id: Mapped[str] = mapped_column(ForeignKey("declaration.exchange_id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str]
    at: Mapped[datetime]


class Application(Base):
    """What another agency is asked: may these goods leave? Answered at ``due_at``, by itself."""

    __tablename__ = "lpco_application"
    __table_args__ = (Index("ix_lpco_application_due", "due_at"),)

    exchange_id: Mapped[str] = mapped_column(ForeignKey("declaration.exchange_id"), primary_key=True)
    agency: Mapped[str] = mapped_column(primary_key=True)
    chapters: Mapped[list[Any]]
    destination: Mapped[str]
    due_at: Mapped[datetime | None]
    granted: Mapped[bool | None]
    reference: Mapped[str | None]


class Serial(Base):
    """The last serial number given, by year and country."""

    __tablename__ = "serial"

    year: Mapped[int] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class Outgoing(Base):
    """A message to send over the bridge, in order per exchange that it answers."""

    __tablename__ = "outgoing"
    __table_args__ = (
        Index("ix_outgoing_due", "state", "due_at"),
        Index("ix_outgoing_order", "in_reply_to", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    in_reply_to: Mapped[str] = mapped_column(ForeignKey("exchange.id"))
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    message: Mapped[str]
    purpose: Mapped[str]
    fields: Mapped[list[Any]]
    payload: Mapped[dict[str, Any]]
    request_id: Mapped[str]
    state: Mapped[str]
    due_at: Mapped[datetime]
    attempts: Mapped[int]
    exchange: Mapped[str | None]
    reason: Mapped[str | None]


class Notice(Base):
    """How a message of ours ended on the other side, as the bridge told us."""

    __tablename__ = "notice"

    exchange: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    reason: Mapped[str | None]
    receipt: Mapped[str | None]
    at: Mapped[datetime]


class Promise(Base):
    """The log's promise of where it keeps an exchange, received or sent."""

    __tablename__ = "promise"

    exchange: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[str]


def keep_promise(session: Session, exchange: str, token: str) -> str:
    """Keep the log's promise of ``exchange`` unless another is held, and return the one that is.

    The same promise given anew takes the place of the first, whose key is no longer in force.
    """
    session.execute(insert(Promise).values(exchange=exchange, token=token).on_conflict_do_nothing())
    held = session.get_one(Promise, exchange)
    if promise_the_same(held.token, token):
        held.token = token
    return held.token


def open_database(path: Path) -> Engine:
    """Return an engine on the SQLite file ``path``, made with its tables where it is not there.

    Write-ahead logging lets readers read while one writes; ``synchronous=FULL`` means that what was committed
    survives the machine too. Transactions begin as writers, so that none fails halfway for a lock.
    """
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 15})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver shall not begin transactions by itself
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    with engine.begin() as connection:  # as a writer: two processes that open a new file make its tables once
        Base.metadata.create_all(connection)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """Open a transaction that writes; commit at the end, roll back when anything is raised."""
    with Session(engine) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Open a transaction that only reads, and holds up nobody."""
    with Session(engine.execution_options(reading=True)) as session, session.begin():
        yield session
