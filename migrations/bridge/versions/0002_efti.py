"""Consignments that the platform deposits for the gates of eFTI."""

import sqlalchemy as sa
from alembic import op

revision = "0002_efti"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLE = "isthmus_bridge_app"


def upgrade() -> None:
    op.create_table(
        "freight_dataset",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("deposited_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freight_dataset")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON freight_dataset TO {ROLE}")


def downgrade() -> None:
    op.drop_table("freight_dataset")
