"""Databases for tests: each test has one to itself, as empty as it was made.

To clone the template takes as long as many a test. So a database goes from one test to the next of a worker,
emptied between them; one whose definitions a test has changed, or that has grown, is not given out again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql

MOST_GROWTH = 4 * 1024 * 1024
"""Bytes by which a database may have grown: what deletions leave behind slows it, and changes plans."""
NOTICE = """
    CREATE SCHEMA test_kit;
    CREATE TABLE test_kit.redefined (command text);
    CREATE FUNCTION test_kit.note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN INSERT INTO test_kit.redefined VALUES (tg_tag); END $$;
    CREATE EVENT TRIGGER test_kit_note ON ddl_command_end EXECUTE FUNCTION test_kit.note();
"""
STRANGERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
HELD = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
"""
SPENT = """
    SELECT sequencename, start_value FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


class Databases:
    """Clones of one template on the server at ``server``, given out one after another."""

    def __init__(self, server: str, template: str) -> None:
        self._server = server
        self._template = template
        self._idle: list[str] = []
        self._began_with: dict[str, bytes] | None = None
        """What the template holds: the rows of each table that has any."""
        self._size = 0

    @contextmanager
    def one(self) -> Iterator[str]:
        """Lend a database and yield its address."""
        name = self._idle.pop() if self._idle else self._clone()
        try:
            yield self._address(name)
        finally:
            if self._emptied(name):
                self._idle.append(name)
            else:
                self._drop(name)

    def close(self) -> None:
        """Drop what is idle."""
        while self._idle:
            self._drop(self._idle.pop())

    def _address(self, name: str) -> str:
        return self._server.rsplit("/", 1)[0] + "/" + name

    def _clone(self) -> str:
        name = f"test_{uuid4().hex[:12]}"
        self._on_server("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, self._template)
        with psycopg.connect(self._address(name), autocommit=True) as connection:
            if self._began_with is None:
                self._began_with = _rows(connection)
            connection.execute(NOTICE)
            ((self._size,),) = connection.execute("SELECT pg_database_size(current_database())").fetchall()
        return name

    def _drop(self, name: str) -> None:
        self._on_server("DROP DATABASE {} WITH (FORCE)", name)

    def _on_server(self, command: str, *names: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(command).format(*map(sql.Identifier, names)))

    def _emptied(self, name: str) -> bool:
        """Make a database as it was, and say whether that was possible."""
        with psycopg.connect(self._address(name), autocommit=True) as connection:
            connection.execute(STRANGERS)
            size, redefined = connection.execute(
                "SELECT pg_database_size(current_database()), EXISTS (SELECT FROM test_kit.redefined)"
            ).fetchone() or (0, True)
            if redefined or size > self._size + MOST_GROWTH:
                return False
            with connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")
                for (table,) in connection.execute(HELD).fetchall():
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                for table, rows in (self._began_with or {}).items():
                    _copy_back(connection, table, rows)
                for sequence, start in connection.execute(SPENT).fetchall():
                    connection.execute("SELECT setval(%s::regclass, %s, false)", (f'"{sequence}"', start))
        return True


def _rows(connection: psycopg.Connection[tuple[str]]) -> dict[str, bytes]:
    """Return the rows of each table that has any, as COPY gives them."""
    found = {}
    for (table,) in connection.execute(HELD).fetchall():
        with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
            rows = b"".join(bytes(each) for each in copy)
        if rows:
            found[table] = rows
    return found


def _copy_back(connection: psycopg.Connection[tuple[str]], table: str, rows: bytes) -> None:
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
        copy.write(rows)
