"""The ground: who acts, the settings that row-level security reads, parties, outbox, idempotency.

A policy speaks of the acting party through ``acting_party()``, of a task of the platform itself through
``duty()``, of the present through ``acting_now()``, and of a role of the acting party through ``acts_as()``.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Made here where the owner may; where it may not, whoever runs the server has made the role and granted it.
# Databases of one server may migrate at the same moment, and roles are the server's: hence the exceptions.
APPLICATION_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'isthmus_app') THEN
        BEGIN
            CREATE ROLE isthmus_app NOLOGIN NOBYPASSRLS;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    BEGIN
        GRANT isthmus_app TO CURRENT_USER;
    EXCEPTION WHEN insufficient_privilege OR unique_violation THEN NULL;
    END;
END $$
"""

FUNCTIONS = """
CREATE FUNCTION acting_party() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('isthmus.party', true), '')::uuid;

CREATE FUNCTION duty() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('isthmus.duty', true), '');

CREATE FUNCTION acting_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(NULLIF(current_setting('isthmus.now', true), '')::timestamptz, now());
"""

ACTS_AS = """
CREATE FUNCTION acts_as(wanted text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (SELECT 1 FROM party WHERE id = acting_party() AND wanted = ANY (roles));
"""


def upgrade() -> None:
    op.execute(APPLICATION_ROLE)
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO isthmus_app")
    op.execute("GRANT SELECT ON alembic_version TO isthmus_app")  # a process tells whether it fits the schema
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO isthmus_app"
    )
    for statement in FUNCTIONS.split(";\n"):
        if statement.strip():
            op.execute(statement)

    op.create_table(
        "party",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("legal_name", sa.String(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
        sa.UniqueConstraint("name", name=op.f("uq_party_name")),
    )
    op.execute(ACTS_AS)

    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_due", "outbox", ["topic", "due_at"], postgresql_where="done_at IS NULL")
    for statement in protect(
        "outbox",
        read="duty() = 'outbox'",
        add="acting_party() IS NOT NULL OR duty() IS NOT NULL",
        change="duty() = 'outbox'",
    ):
        op.execute(statement)

    op.create_table(
        "idempotency_record",
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("input_digest", sa.String(), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("party_id", "key", name=op.f("pk_idempotency_record")),
    )
    own = "party_id = acting_party()"
    for statement in protect("idempotency_record", read=own, change=own):
        op.execute(statement)


def downgrade() -> None:
    for table in ("idempotency_record", "outbox"):
        op.drop_table(table)
    op.execute("DROP FUNCTION acts_as(text)")
    op.drop_table("party")
    for function in ("acting_now()", "duty()", "acting_party()"):
        op.execute(f"DROP FUNCTION {function}")
