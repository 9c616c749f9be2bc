"""What a receiver signs that has not taken what was sent, and never will, is kept with the exchange."""

import sqlalchemy as sa
from alembic import op

revision = "0011_in_doubt"
down_revision = "0010_retention_of_the_rest"
branch_labels = None
depends_on = None

ROLE = "isthmus_bridge_app"


def upgrade() -> None:
    op.add_column("exchange", sa.Column("non_receipt", sa.String(), nullable=True))
    op.execute(f"GRANT UPDATE (non_receipt) ON exchange TO {ROLE}")


def downgrade() -> None:
    op.drop_column("exchange", "non_receipt")
