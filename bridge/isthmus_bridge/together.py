"""Statements that go to the database together: one way there and back for all, within one transaction.

That is libpq's pipeline mode. Psycopg's own way into it sends each statement by itself, so that both sides
wake up for each; here everything is written first. Statements are prepared once for each connection.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import psycopg
from psycopg.abc import PQGen, Transformer
from psycopg.adapt import Transformer as Reader
from psycopg.generators import fetch_many, send
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Statement: TypeAlias = tuple[str, Sequence[str | int | bytes | datetime]]
"""SQL with PostgreSQL's own places ($1, $2, each cast where its type is not plain), and what stands there."""
Rows: TypeAlias = list[tuple[Any, ...]]

_DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.PIPELINE_SYNC)
_names = count()
_prepared: WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]] = WeakKeyDictionary()


def together(session: Session, statements: Sequence[Statement]) -> list[Rows]:
    """Execute ``statements`` in the transaction of ``session``, in order, and return the rows of each.

    Where one fails, none after it is executed. Raises :class:`DBAPIError`, as the session itself does.
    """
    pooled = session.connection()
    connection: psycopg.Connection[Any] | None = pooled.connection.driver_connection
    if connection is None:
        raise RuntimeError("the session has no connection")
    try:
        results = _exchange(connection, statements)
    except psycopg.Error as error:
        if connection.closed:
            pooled.invalidate(error)  # There is nothing to roll back on it, and nobody is to get it next.
        raise DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True) from error
    rows: Transformer = Reader(connection)
    return [_rows(rows, result) for result in results]


def _exchange(connection: psycopg.Connection[Any], statements: Sequence[Statement]) -> list[PGresult]:
    """Send ``statements`` and return the result of each; raises :class:`psycopg.Error`."""
    wire, known = connection.pgconn, _prepared.setdefault(connection, {})
    wire.enter_pipeline_mode()
    try:
        news, places = _write(wire, statements, known)
        results = connection.wait(_answers(wire, places[-1] + 2))
    except BaseException:
        wire.finish()  # What was asked may still be done: the connection is of no more use.
        raise
    if wire.status == ConnStatus.OK:
        wire.exit_pipeline_mode()
    for result in results:
        if result.status not in _DONE:
            raise psycopg.errors.error_from_result(result)
    known |= news
    return [results[place] for place in places]


def _write(
    wire: PGconn, statements: Sequence[Statement], known: dict[str, bytes]
) -> tuple[dict[str, bytes], list[int]]:
    """Write all there is to send; return what is prepared by it, and which answer is each statement's.

    A transaction that has not begun is begun.
    """
    news: dict[str, bytes] = {}
    places: list[int] = []
    commands = 0
    if wire.transaction_status == TransactionStatus.IDLE:
        wire.send_query_params(b"BEGIN", None)
        commands += 1
    for sql, values in statements:
        name = known.get(sql) or news.get(sql)
        if name is None:
            name = news[sql] = b"together_%d" % next(_names)
            wire.send_prepare(name, sql.encode())
            commands += 1
        wire.send_query_prepared(name, [_text(value) for value in values], result_format=Format.BINARY)
        places.append(commands)
        commands += 1
    wire.pipeline_sync()
    return news, places


def _text(value: str | int | bytes | datetime) -> bytes:
    """Return ``value`` as PostgreSQL reads it."""
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    return (value.isoformat() if isinstance(value, datetime) else str(value)).encode()


def _answers(wire: PGconn, commands: int) -> PQGen[list[PGresult]]:
    """Send what was written, and return the last result of each command, that of the sync included."""
    yield from send(wire)
    results: list[PGresult] = []
    while len(results) < commands:
        results.append((yield from fetch_many(wire))[-1])
    return results


def _rows(rows: Transformer, result: PGresult) -> Rows:
    rows.set_pgresult(result)
    return rows.load_rows(0, result.ntuples, tuple)
