"""What the platform told the bridge it has not taken, it takes no more; added to, and never changed."""

import sqlalchemy as sa
from alembic import op

from isthmus_platform.row_security import protect

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

TABLE = "barred_exchange"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("exchange", sa.Uuid(), nullable=False),
        sa.Column("barred_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("exchange", name=op.f(f"pk_{TABLE}")),
    )
    for statement in protect(TABLE, read="duty() = 'bridge-inbox'"):
        op.execute(statement)
    op.execute(f"REVOKE UPDATE, DELETE ON {TABLE} FROM isthmus_app")


def downgrade() -> None:
    op.drop_table(TABLE)
