"""What was deposited for the gates of eFTI, and what parties had evaluated, ends too; found by its time."""

from alembic import op

revision = "0010_retention_of_the_rest"
down_revision = "0009_agreed_count"
branch_labels = None
depends_on = None

ROLE = "isthmus_bridge_app"
TIMES = (("freight_dataset", "deposited_at"), ("evaluation_made", "at"))


def upgrade() -> None:
    for table, column in TIMES:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.execute(f"GRANT DELETE ON evaluation_made TO {ROLE}")


def downgrade() -> None:
    op.execute(f"REVOKE DELETE ON evaluation_made FROM {ROLE}")
    for table, column in TIMES:
        op.drop_index(f"ix_{table}_{column}", table)
