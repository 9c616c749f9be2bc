"""What each party had evaluated by the key behind the marks of invoices; only ever added to."""

import sqlalchemy as sa
from alembic import op

revision = "0008_evaluations"
down_revision = "0007_retention"
branch_labels = None
depends_on = None

ROLE = "isthmus_bridge_app"


def upgrade() -> None:
    op.create_table(
        "evaluation_made",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("elements", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("elements > 0", name=op.f("ck_evaluation_made_elements")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_made")),
    )
    op.create_index("ix_evaluation_made_party_at", "evaluation_made", ["party", "at"])
    op.execute(f"GRANT SELECT, INSERT ON evaluation_made TO {ROLE}")


def downgrade() -> None:
    op.drop_table("evaluation_made")
