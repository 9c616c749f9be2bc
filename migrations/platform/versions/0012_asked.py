"""What a crossing asks of the window beside whether there is a declaration: questions of yes or no."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crossing", sa.Column("asked", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("crossing", "asked")
