"""Models and migrations say the same, in both databases; tenants' rows are behind row-level security."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, NullPool, create_engine, text

import isthmus_billing.models
import isthmus_bridge.models
import isthmus_platform.models

NOT_TENANTS = {"alembic_version"}  # the schema's version; every other table is some party's


def engine_at(url: str) -> Any:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)


@pytest.fixture
def platform_owner(platform_url: str) -> Any:
    with engine_at(platform_url).connect() as connection:
        yield connection


@pytest.fixture
def bridge_owner(bridge_url: str) -> Any:
    with engine_at(bridge_url).connect() as connection:
        yield connection


def differences(connection: Connection, models: MetaData) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found: list[Any] = compare_metadata(context, models)
    return found


def test_the_platforms_migrations_and_models_are_the_same(platform_owner: Connection) -> None:
    assert isthmus_billing.models.__name__, "billing's models are registered"
    assert differences(platform_owner, isthmus_platform.models.Base.metadata) == []


def test_the_bridges_migrations_and_models_are_the_same(bridge_owner: Connection) -> None:
    assert differences(bridge_owner, isthmus_bridge.models.Base.metadata) == []


def test_every_tenants_table_forces_row_level_security_and_has_a_policy(platform_owner: Connection) -> None:
    tables = platform_owner.execute(
        text(
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,"
            " (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies"
            " FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        )
    ).all()
    assert {table.relname for table in tables} > NOT_TENANTS
    open_tables = {table.relname for table in tables if not table.forced or table.policies == 0}
    assert open_tables == NOT_TENANTS


@pytest.mark.parametrize(
    ("owner", "role"), [("platform_owner", "isthmus_app"), ("bridge_owner", "isthmus_bridge_app")]
)
def test_an_application_owns_nothing_and_cannot_pass_row_level_security(
    owner: str, role: str, request: pytest.FixtureRequest
) -> None:
    connection: Connection = request.getfixturevalue(owner)
    rights = connection.execute(
        text("SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = :role"),
        {"role": role},
    ).one()
    assert not any(rights)
    owned = connection.scalars(
        text(
            "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = :role"
            " UNION ALL SELECT proname FROM pg_proc WHERE pg_get_userbyid(proowner) = :role"
            " UNION ALL SELECT nspname FROM pg_namespace WHERE pg_get_userbyid(nspowner) = :role"
        ),
        {"role": role},
    ).all()
    assert owned == []
    may_create = connection.scalar(
        text("SELECT has_schema_privilege(:role, 'public', 'CREATE')"), {"role": role}
    )
    assert not may_create


def test_the_platforms_owner_is_held_by_row_level_security_too(platform_owner: Connection) -> None:
    """A function or view that runs as its owner would be a way around; there is none."""
    unsafe = platform_owner.scalars(
        text(
            "SELECT proname FROM pg_proc"
            " WHERE prosecdef AND pronamespace = 'public'::regnamespace"
            " UNION ALL SELECT relname FROM pg_class"
            " WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
        )
    ).all()
    assert unsafe == []
