"""The bridge: agreements, exchanges, and a log that can only grow.

The role that the bridge runs as owns nothing. What has been agreed, suspended or logged it may add to and
read; no grant lets it change or remove any of that, and a trigger holds the owner to the same.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROLE = "isthmus_bridge_app"
EMPTY_ROOT = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of nothing (RFC 9162, 2.1.1)
)

ADDED_TO_ONLY = ("agreement", "agreement_signature", "suspension", "log_entry", "log_node")

# What the exchange is about never changes; only how far it has come does.
PROGRESS = (
    "agreement_id, agreement_version, agreement_digest, terms, salt, payload_digest, body, state, reason,"
    " field, decision_index, receipt, sent_at, told_at, due_at, attempts, last_error"
)


def upgrade() -> None:
    # Roles are the whole server's: another database may be making this one at the same moment.
    op.execute(
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN"
        f" CREATE ROLE {ROLE} NOLOGIN NOBYPASSRLS; END IF;"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute(
        f"DO $$ BEGIN IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN"
        f" GRANT {ROLE} TO CURRENT_USER; END IF; END $$"
    )
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    op.execute(f"GRANT SELECT ON alembic_version TO {ROLE}")  # a process tells whether it fits the schema
    _create_agreements()
    _create_exchanges()
    _create_log()
    op.execute(
        "CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$"
    )
    for table in ADDED_TO_ONLY:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {ROLE}")
        op.execute(
            f"CREATE TRIGGER added_to_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ({PROGRESS}) ON exchange TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON seen_nonce TO {ROLE}")
    op.execute(f"GRANT SELECT, UPDATE (size, root) ON log_head TO {ROLE}")
    op.execute(
        "CREATE FUNCTION refuse_shrinking() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root)"
        " THEN RAISE EXCEPTION 'the log only grows'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER grows_only BEFORE UPDATE ON log_head FOR EACH ROW EXECUTE FUNCTION refuse_shrinking()"
    )
    op.execute(
        "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON log_head"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
    )


def _create_agreements() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_agreement")),
    )
    op.create_index(
        op.f("ix_agreement_message_direction_purpose"), "agreement", ["message", "direction", "purpose"]
    )
    op.create_table(
        "agreement_signature",
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("holder IN ('OPERATOR', 'AUTHORITY')", name=op.f("ck_agreement_signature_holder")),
        sa.ForeignKeyConstraint(
            ["agreement_id", "version"],
            ["agreement.id", "agreement.version"],
            name=op.f("fk_agreement_signature_agreement_id_agreement"),
        ),
        sa.PrimaryKeyConstraint("agreement_id", "version", "holder", name=op.f("pk_agreement_signature")),
    )
    op.create_table(
        "suspension",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_suspension")),
    )
    op.create_index(op.f("ix_suspension_agreement_id"), "suspension", ["agreement_id"])


def _create_exchanges() -> None:
    op.create_table(
        "exchange",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("body_digest", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("in_reply_to", sa.Uuid(), nullable=True),
        sa.Column("consents", postgresql.JSONB(), nullable=False),
        sa.Column("agreement_id", sa.String(), nullable=True),
        sa.Column("agreement_version", sa.Integer(), nullable=True),
        sa.Column("agreement_digest", sa.String(), nullable=True),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("payload_digest", sa.String(), nullable=True),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("decision_index", sa.BigInteger(), nullable=True),
        sa.Column("receipt", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('REQUESTED', 'AGREED', 'SENT', 'DELIVERED', 'ACKNOWLEDGED', 'REFUSED', 'FAILED',"
            " 'TERMINATED')",
            name=op.f("ck_exchange_state"),
        ),
        sa.CheckConstraint(
            "body IS NULL OR state IN ('AGREED', 'SENT')", name=op.f("ck_exchange_body_kept_no_longer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange")),
        sa.UniqueConstraint("caller", "idempotency_key", name=op.f("uq_exchange_caller_idempotency_key")),
    )
    under_way = "state IN ('AGREED', 'SENT')"
    op.create_index("ix_exchange_to_deliver", "exchange", ["direction", "due_at"], postgresql_where=under_way)
    op.create_index(
        "ix_exchange_in_order",
        "exchange",
        ["subject", "direction", "decision_index"],
        postgresql_where=under_way,
    )
    op.create_index(
        "ix_exchange_to_tell",
        "exchange",
        ["direction", "due_at"],
        postgresql_where="told_at IS NULL AND state IN ('DELIVERED', 'FAILED', 'TERMINATED')",
    )
    op.create_index(
        "ix_exchange_rate", "exchange", ["agreement_id", "created_at"], postgresql_where="state <> 'REFUSED'"
    )
    op.create_table(
        "seen_nonce",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kid", "nonce", name=op.f("pk_seen_nonce")),
    )
    op.create_index(op.f("ix_seen_nonce_expires_at"), "seen_nonce", ["expires_at"])


def _create_log() -> None:
    op.create_table(
        "log_entry",
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_log_entry")),
    )
    op.create_table(
        "log_node",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_log_node")),
    )
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_log_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_head")),
    )
    op.execute(f"INSERT INTO log_head (id, size, root) VALUES (1, 0, '\\x{EMPTY_ROOT}')")


def downgrade() -> None:
    for table in (
        "log_head",
        "log_node",
        "log_entry",
        "seen_nonce",
        "exchange",
        "suspension",
        "agreement_signature",
        "agreement",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_shrinking()")
    op.execute("DROP FUNCTION refuse_rewriting()")
