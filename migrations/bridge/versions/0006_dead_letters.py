"""Exchanges that do not get through are set aside, with what is wrong, until they are resumed."""

import sqlalchemy as sa
from alembic import op

revision = "0006_dead_letters"
down_revision = "0005_answers"
branch_labels = None
depends_on = None

ROLE = "isthmus_bridge_app"


def upgrade() -> None:
    op.add_column("exchange", sa.Column("detail", sa.String(), nullable=True))
    op.add_column("exchange", sa.Column("faults", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("exchange", "faults", server_default=None)
    op.add_column("exchange", sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_exchange_set_aside",
        "exchange",
        ["decision_index"],
        postgresql_where="set_aside_at IS NOT NULL",
    )
    op.execute(f"GRANT UPDATE (detail, faults, set_aside_at) ON exchange TO {ROLE}")


def downgrade() -> None:
    op.drop_index("ix_exchange_set_aside", "exchange")
    for column in ("set_aside_at", "faults", "detail"):
        op.drop_column("exchange", column)
