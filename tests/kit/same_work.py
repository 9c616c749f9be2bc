"""What a request has the database do, to be compared with what another has it do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from isthmus_platform.database import Platform

RECORDS = ("INSERT INTO access_log_entry", "SELECT pg_logical_emit_message")


@contextmanager
def listening(platform: Platform) -> Iterator[list[str]]:
    """Yield a list that fills with the statements sent, and with whether each transaction had to be kept.

    An entry for an owner and what is written in its stead where there is no owner read alike here.
    """
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append("a record" if statement.startswith(RECORDS) else statement)

    def kept(connection: Any) -> None:
        with connection.connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
            sent.append(f"committed, written: {cursor.fetchone()[0]}")

    listeners = (("before_cursor_execute", note), ("commit", kept))
    for name, listener in listeners:
        event.listen(platform.engine, name, listener)
    try:
        yield sent
    finally:
        for name, listener in listeners:
            event.remove(platform.engine, name, listener)
