"""The roles and databases of the embedded server.

Owners migrate and own the tables; applications own nothing and cannot bypass row-level security. Neither may
connect to the other's database: the platform cannot reach what is the bridge's.
"""

import psycopg
from psycopg import sql

SIDES = (
    ("isthmus", "isthmus_owner", "isthmus_app"),
    ("isthmus_bridge", "isthmus_bridge_owner", "isthmus_bridge_app"),
)


def prepare(superuser_url: str, secrets: dict[str, str]) -> None:
    """Make the roles and databases that are missing, with the passwords in ``secrets``."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for database, owner, application in SIDES:
            for role in (owner, application):
                _role(connection, role, secrets[role])
            connection.execute(
                sql.SQL("GRANT {} TO {}").format(sql.Identifier(application), sql.Identifier(owner))
            )
            _database(connection, database, owner, application)


def _role(connection: "psycopg.Connection[tuple[object, ...]]", role: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if known is None:
        connection.execute(
            sql.SQL(
                "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {}"
            ).format(sql.Identifier(role), sql.Literal(password))
        )


def _database(
    connection: "psycopg.Connection[tuple[object, ...]]", database: str, owner: str, application: str
) -> None:
    name = sql.Identifier(database)
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    if known is None:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, sql.Identifier(owner)))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}, {}").format(
            name, sql.Identifier(owner), sql.Identifier(application)
        )
    )
