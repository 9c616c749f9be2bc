"""What an exchange holds beyond the log goes when its agreement's retention is over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007_retention"
down_revision = "0006_dead_letters"
branch_labels = None
depends_on = None

ROLE = "isthmus_bridge_app"


def upgrade() -> None:
    op.add_column("exchange", sa.Column("asked", postgresql.JSONB(), nullable=True))
    op.add_column("exchange", sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_exchange_to_purge",
        "exchange",
        ["agreement_id", "agreement_version", "created_at"],
        postgresql_where="purged_at IS NULL",
    )
    op.execute(f"GRANT UPDATE (asked, purged_at) ON exchange TO {ROLE}")
    op.execute(f"GRANT DELETE ON question_asked TO {ROLE}")


def downgrade() -> None:
    op.execute(f"REVOKE DELETE ON question_asked FROM {ROLE}")
    op.drop_index("ix_exchange_to_purge", "exchange")
    for column in ("purged_at", "asked"):
        op.drop_column("exchange", column)
