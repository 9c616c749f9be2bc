"""One transaction, on behalf of one actor, at one time.

Tenancy is PostgreSQL's: row-level security is forced on every table of a tenant, and its policies read three
settings that :meth:`Platform.begin` sets for the transaction only:

``isthmus.party``
    the party that acts; its own rows and those others opened to it are visible.
``isthmus.duty``
    a task of the platform itself that must see rows of many parties (``outbox``, ``metering``, ``sign_in``
    ...). A policy names each duty that it admits, so the reach of every duty can be read in the migrations.
``isthmus.now``
    the injected clock's time, so that validity in a policy and in Python is judged at the same instant.

With none of them set, nothing is visible.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from uuid import UUID

import uuid_utils
import uuid_utils.compat
from sqlalchemy import DateTime, Engine, MetaData, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Session

from isthmus_platform import deadline
from isthmus_platform.clock import Clock, utc_now
from isthmus_platform.errors import NotPermitted
from isthmus_platform.pipeline import Pipeline, Question, Rows, Turn


class PartyRole(StrEnum):
    """What a party is on the platform; one party may be several."""

    TRADER = "TRADER"
    FORWARDER = "FORWARDER"
    CARRIER = "CARRIER"
    TERMINAL = "TERMINAL"
    BANK = "BANK"
    INSURER = "INSURER"
    OPERATOR = "OPERATOR"
    AUTHORITY = "AUTHORITY"


class Base(DeclarativeBase):
    """The models of the platform's database, billing's included."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 (read by SQLAlchemy)


@dataclass(frozen=True)
class Actor:
    """Who acts: a party, through a user or an API client.

    ``subject`` is ``user:<id>`` or ``client:<id>`` and goes to logs; rights are the party's alone, of which
    a client may have but some: ``scopes`` names them, None is all.
    """

    party_id: UUID
    roles: frozenset[PartyRole]
    subject: str
    scopes: frozenset[str] | None = None

    def has(self, scope: str) -> bool:
        """Return whether the client has ``scope``, as whoever is restricted to none has."""
        return self.scopes is None or scope in self.scopes

    def need(self, scope: str) -> None:
        """Raise :class:`NotPermitted` (``insufficient_scope``) unless the client has ``scope``."""
        if not self.has(scope):
            raise NotPermitted(f"The token lacks the scope {scope}.", code="insufficient_scope")

    def require(self, *roles: PartyRole) -> None:
        """Raise :class:`NotPermitted` unless the party has one of ``roles``."""
        if self.roles.isdisjoint(roles):
            wanted = " or ".join(role.value.lower() for role in roles)
            raise NotPermitted(f"Only a party with the role {wanted} may do this.", code="role_required")


@dataclass(frozen=True)
class Duty:
    """A task of the platform itself; the policies that name it say what it may touch."""

    name: str


@dataclass
class Work:
    """A unit of work: one open transaction, who acts in it and at what time (UTC), on which ``duty``."""

    session: Session
    on_behalf: Actor | Duty
    now: datetime
    request_id: str
    topics: set[str] = field(default_factory=set)
    duty: str = field(init=False)

    def __post_init__(self) -> None:
        self.duty = self.on_behalf.name if isinstance(self.on_behalf, Duty) else ""

    @property
    def actor(self) -> Actor:
        """The acting party; a duty is none, and asking for one is an error in the code."""
        if not isinstance(self.on_behalf, Actor):
            raise TypeError(f"the duty {self.on_behalf.name} acts for no party")
        return self.on_behalf


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): unique, and sorted by time of creation."""
    return uuid_utils.compat.uuid7()


def new_id_text() -> str:
    """Return what :func:`new_id` does, as a text: where many are needed at once, this takes a tenth."""
    return str(uuid_utils.uuid7())


def create_platform_engine(url: str, *, pool_size: int = 10) -> Engine:
    """Return an engine whose sessions run as ``isthmus_app``, whatever role the address signs in with.

    That role owns nothing and cannot bypass row-level security.
    """
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={
            "options": "-c role=isthmus_app -c timezone=UTC -c idle_in_transaction_session_timeout=60000",
            "connect_timeout": 5,
            "application_name": "isthmus",
        },
    )
    return deadline.watch(engine)


def _nobody_to_wake(topic: str) -> None:
    """Do nothing: the sweep finds what the outbox holds."""


@dataclass(frozen=True)
class Platform:
    """The database, the clock, and how to wake a worker after a commit."""

    engine: Engine
    clock: Clock = utc_now
    wake: Callable[[str], None] = _nobody_to_wake

    @cached_property
    def pipeline(self) -> Pipeline:
        """Connections of this process for reading in one round trip."""
        return Pipeline(self.engine)

    def read(self, on_behalf: Actor | Duty, questions: Sequence[Question]) -> list[Rows]:
        """Return the rows of each question as ``on_behalf`` sees them now.

        Raises :class:`~isthmus_platform.deadline.DeadlinePassed` and :class:`psycopg.Error`.
        """
        [told] = self.pipeline.read(self.clock(), _turn(on_behalf, questions))
        return told

    def read_in_turn(self, *turns: tuple[Actor | Duty, Sequence[Question]]) -> list[list[Rows]]:
        """Return the rows of each turn's questions as :meth:`read` does, all in one round trip.

        What one turn must permit of another is judged by whoever asks, before it uses the rows.
        """
        return self.pipeline.read(self.clock(), *(_turn(*each) for each in turns))

    @contextmanager
    def begin(self, on_behalf: Actor | Duty, *, request_id: str = "-") -> Iterator[Work]:
        """Open a transaction for ``on_behalf``; commit at the end, roll back when anything is raised.

        Workers are woken only after the commit; a wake-up may be lost, since the outbox is the truth.
        """
        with Session(self.engine, expire_on_commit=False) as session:
            work = Work(session, on_behalf, self.clock(), request_id)
            with session.begin():
                _announce(work)
                yield work
        for topic in sorted(work.topics):
            self.wake(topic)


def _turn(on_behalf: Actor | Duty, questions: Sequence[Question]) -> Turn:
    if isinstance(on_behalf, Duty):
        return None, on_behalf.name, questions
    return on_behalf.party_id, "", questions


def _announce(work: Work) -> None:
    """Tell the transaction's row-level security who acts and when, and how long a statement may take."""
    actor = work.on_behalf
    patience = deadline.begin(work.session.connection())
    work.session.execute(
        text(
            "SELECT set_config('isthmus.party', :party, true), set_config('isthmus.duty', :duty, true),"
            " set_config('isthmus.now', :now, true), set_config('statement_timeout', :patience, true)"
        ),
        {
            "party": str(actor.party_id) if isinstance(actor, Actor) else "",
            "duty": work.duty,
            "now": work.now.isoformat(),
            "patience": str(patience),
        },
    )


@contextmanager
def on_duty(work: Work, name: str) -> Iterator[None]:
    """Let one step of ``work`` also see and change what the duty ``name`` may, beside the actor's own."""
    before = work.duty
    if before == name:
        yield
        return
    setting = text("SELECT set_config('isthmus.duty', :name, true)")
    with work.session.begin_nested():  # a savepoint that is rolled back takes the setting with it
        work.session.execute(setting, {"name": name})
        work.duty = name
        try:
            yield
        finally:
            work.duty = before
    work.session.execute(setting, {"name": before})
