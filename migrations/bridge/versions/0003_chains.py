"""Chains through the log, the log's promises, and what originators acknowledge.

Leaves that are already in the log stay as they are, in no chain; the next ones begin the chains.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003_chains"
down_revision = "0002_efti"
branch_labels = None
depends_on = None

ROLE = "isthmus_bridge_app"
KEPT = ("promise", "acknowledgement")


def upgrade() -> None:
    op.create_table(
        "log_chain",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_index", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('PARTY', 'SUBJECT')", name=op.f("ck_log_chain_kind")),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_log_chain")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE (count, last_index) ON log_chain TO {ROLE}")
    for column in KEPT:
        op.add_column("exchange", sa.Column(column, sa.String(), nullable=True))
    op.execute(f"GRANT UPDATE ({', '.join(KEPT)}) ON exchange TO {ROLE}")


def downgrade() -> None:
    for column in KEPT:
        op.drop_column("exchange", column)
    op.drop_table("log_chain")
