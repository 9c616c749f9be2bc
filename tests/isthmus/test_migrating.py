"""An empty database is brought to the present schema by an owner that is no superuser, as in production."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from isthmus import migrations
from isthmus.migrations import Database

APPLICATIONS: dict[Database, str] = {"platform": "isthmus_app", "bridge": "isthmus_bridge_app"}


@pytest.fixture(params=APPLICATIONS)
def database(request: pytest.FixtureRequest) -> Database:
    """Name the database that the test is about."""
    name: Database = request.param
    return name


@pytest.fixture
def owned(postgres: str, platform_template: str, bridge_template: str, database: Database) -> Iterator[str]:
    """Yield the address of an empty database for its owner; the templates made the applications' roles."""
    name = f"owned_{uuid4().hex[:12]}"
    role, password = sql.Identifier(name), uuid4().hex
    application = sql.Identifier(APPLICATIONS[database])
    make = "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL(make).format(role, sql.Literal(password)))
        connection.execute(sql.SQL("GRANT {} TO {}").format(application, role))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
        place = postgres.rsplit("/", 1)[0].rpartition("@")[2].rpartition("//")[2]
        yield f"postgresql://{name}:{password}@{place}/{name}"
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(role))
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


SUPER = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s"
OWNERS = """
SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'
"""
REACHED = """
SELECT count(*) FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND has_table_privilege(%s, oid, 'SELECT')
"""


def test_an_owner_without_privileges_migrates_an_empty_database_and_its_application_reads(
    owned: str, database: Database
) -> None:
    migrations.upgrade(database, owned)
    migrations.upgrade(database, owned)
    application = APPLICATIONS[database]
    with psycopg.connect(owned) as connection:
        name = connection.info.user
        assert connection.execute(SUPER, [name]).fetchone() == (False,)
        assert connection.execute(OWNERS).fetchall() == [(name,)]
        reached = connection.execute(REACHED, [application]).fetchone()
        assert reached is not None
        assert reached[0] > 3
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(application)))
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() is not None
