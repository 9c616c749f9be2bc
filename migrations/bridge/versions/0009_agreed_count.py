"""An agreement's rate is told by running totals, not by counting the exchanges of an hour."""

import sqlalchemy as sa
from alembic import op

revision = "0009_agreed_count"
down_revision = "0008_evaluations"
branch_labels = None
depends_on = None

ROLE = "isthmus_bridge_app"


def upgrade() -> None:
    op.create_table(
        "agreed_count",
        sa.Column("agreement_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agreement_id", "at", name=op.f("pk_agreed_count")),
    )
    op.execute(
        "INSERT INTO agreed_count (agreement_id, at, total)"
        " SELECT agreement_id, created_at,"
        " sum(count(*)) OVER (PARTITION BY agreement_id ORDER BY created_at)"
        " FROM exchange WHERE agreement_id IS NOT NULL AND state <> 'REFUSED'"
        " AND created_at > now() - interval '1 hour' GROUP BY agreement_id, created_at"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON agreed_count TO {ROLE}")
    op.drop_index("ix_exchange_rate", "exchange")


def downgrade() -> None:
    op.create_index(
        "ix_exchange_rate",
        "exchange",
        ["agreement_id", "created_at"],
        postgresql_where="state <> 'REFUSED'",
    )
    op.drop_table("agreed_count")
