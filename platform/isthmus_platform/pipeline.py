"""Statements sent together: one round trip, one transaction, one snapshot.

For reading what is read with every request. All that goes out before one sync is a transaction of its own, so
nothing has to begin or end it. Sessions are read-only and repeatable read. Each transaction's first statement
says who reads, as :meth:`isthmus_platform.database.Platform.begin` does, and nothing outlives it.
"""

import os
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg import adapters, pq
from psycopg.adapt import AdaptersMap, Loader, Transformer
from psycopg.generators import connect, fetch_many, send
from psycopg.pq.abc import PGresult
from psycopg.types.datetime import TimestampBinaryLoader
from psycopg.types.string import ByteaBinaryLoader
from psycopg.waiting import wait, wait_conn
from sqlalchemy import Engine

from isthmus_platform import deadline
from isthmus_platform.deadline import DeadlinePassed

CONNECT_TIMEOUT = 5.0

LONGEST = 10.0
"""Seconds that a statement may take at most; the request's deadline shortens it."""

WOKEN = 0.1
"""How often in seconds a wait looks whether it was interrupted."""

MOST_PREPARED = 256
"""Statements that a connection keeps prepared; one that has more is closed, and another opened."""

SHUT_DOWN = "57P"
"""How the SQLSTATE begins where the server ended the connection."""

# CASE is evaluated in order: for whom the party acts is found once it is known who asks, and when. It is
# kept, for these transactions change nothing, and every statement would find it anew.
ANNOUNCE = (
    "SELECT CASE WHEN set_config('isthmus.party', $1, true) || set_config('isthmus.duty', $2, true)"
    " || set_config('isthmus.now', $3, true) || set_config('statement_timeout', $4, true) <> ''"
    " THEN set_config("
    "'isthmus.principals', CASE WHEN $1 <> '' THEN found_principals()::text ELSE '' END, true) END"
)
SESSION = {
    "role": "isthmus_app",
    "timezone": "UTC",
    "default_transaction_isolation": "repeatable\\ read",
    "default_transaction_read_only": "on",
    "plan_cache_mode": "force_generic_plan",  # else LIMIT $n is planned anew each time
    "enable_material": "off",  # a guess of few rows would go through all parties for each of a page
    "random_page_cost": "1.1",  # what is read with every request is in memory
    "jit": "off",
}

DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.PIPELINE_SYNC)

Rows = list[tuple[Any, ...]]
Question = tuple[str, Sequence[bytes | None]]
"""SQL and its parameters in text format."""

Turn = tuple[UUID | None, str, Sequence[Question]]
"""Questions with whom they are asked for: a party, or a duty."""


class JsonLoader(Loader):
    """Reads jsonb's binary form: a version number, then text."""

    format = pq.Format.BINARY

    def load(self, data: Any) -> Any:
        """Return the value."""
        return orjson.loads(bytes(data)[1:])


def _adapters() -> AdaptersMap:
    """Return how columns are read: keys as they come, times without an offset, since all are in UTC."""
    found = AdaptersMap(adapters)
    found.register_loader("uuid", ByteaBinaryLoader)
    found.register_loader("timestamptz", TimestampBinaryLoader)
    found.register_loader("jsonb", JsonLoader)
    return found


class Connection:
    """One connection; used by one thread at a time."""

    def __init__(self, conninfo: str) -> None:
        self._wire = wait_conn(connect(conninfo), interval=WOKEN, timeout=CONNECT_TIMEOUT)
        self._wire.nonblocking = 1
        self._wire.enter_pipeline_mode()
        self._transformer = Transformer(_adapters())
        self._prepared: dict[str, bytes] = {}

    @property
    def worn(self) -> bool:
        """Whether it keeps more statements than it should."""
        return len(self._prepared) > MOST_PREPARED

    def ask(self, questions: Sequence[Question]) -> list[Rows]:
        """Return the rows of each question; raise :class:`psycopg.Error` where one fails."""
        prepares: list[bool] = []
        for sql, values in questions:
            name = self._prepared.get(sql)
            if name is None:
                name = self._prepared[sql] = b"p%d" % len(self._prepared)
                self._wire.send_prepare(name, sql.encode())
                prepares.append(True)
            self._wire.send_query_prepared(name, values, result_format=pq.Format.BINARY)
            prepares.append(False)
        self._wire.pipeline_sync()
        wait(send(self._wire), self._wire.socket, WOKEN)
        results = [self._fetched() for _ in prepares]
        self._fetched()  # the sync
        return [
            self._rows(result) for result, prepared in zip(results, prepares, strict=True) if not prepared
        ]

    def _fetched(self) -> PGresult:
        results: list[PGresult] = wait(fetch_many(self._wire), self._wire.socket, WOKEN)
        if results[-1].status not in DONE:
            raise psycopg.errors.error_from_result(results[-1])
        return results[-1]

    def _rows(self, result: PGresult) -> Rows:
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def close(self) -> None:
        """End it."""
        self._wire.finish()


class Pipeline:
    """Connections for reading, as many as threads read at once."""

    def __init__(self, engine: Engine) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
        address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._conninfo = psycopg.conninfo.make_conninfo(
            address, options=options, application_name="isthmus-reader"
        )
        self._idle: deque[Connection] = deque()
        self._process = os.getpid()

    def read(self, now: datetime, *turns: Turn) -> list[list[Rows]]:
        """Return the rows of each question as its party or duty sees them at ``now``, turn by turn.

        All go out together and see one snapshot. Raises :class:`DeadlinePassed` where one would outlast the
        request, else :class:`psycopg.Error`.
        """
        with deadline.within(LONGEST):
            patience = deadline.milliseconds(deadline.left())
        if self._process != os.getpid():  # forked: what is open is the parent's
            self._idle, self._process = deque(), os.getpid()
        at, most = now.isoformat().encode(), b"%d" % patience
        asked: list[Question] = []
        for party, duty, questions in turns:
            asked.append((ANNOUNCE, [str(party or "").encode(), duty.encode(), at, most]))
            asked += questions
        try:
            told = iter(self._asked(asked))
        except psycopg.errors.QueryCanceled:
            raise DeadlinePassed from None
        return [list(islice(told, 1 + len(questions)))[1:] for _, _, questions in turns]

    def _asked(self, questions: Sequence[Question]) -> list[Rows]:
        try:
            return self._ask(self._idle.pop(), questions)
        except IndexError:
            pass
        except psycopg.OperationalError as error:
            if error.sqlstate is not None and not error.sqlstate.startswith(SHUT_DOWN):
                raise
        return self._ask(Connection(self._conninfo), questions)  # none was idle, or it was cut off meanwhile

    def _ask(self, connection: Connection, questions: Sequence[Question]) -> list[Rows]:
        try:
            rows = connection.ask(questions)
        except BaseException:
            connection.close()
            raise
        if connection.worn:
            connection.close()
        else:
            self._idle.append(connection)
        return rows

    def close(self) -> None:
        """Close the connections that are idle."""
        while self._idle:
            self._idle.pop().close()
