"""The log's promise of each crossing, kept to be held against it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crossing", sa.Column("promise", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("crossing", "promise")
