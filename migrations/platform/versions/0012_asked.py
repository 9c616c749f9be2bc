"""Questions of yes or no that a crossing puts to the window, and browser sessions that were ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crossing", sa.Column("asked", postgresql.JSONB(), nullable=True))
    op.create_table(
        "ended_session",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_ended_session_party_id_party")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_ended_session")),
    )
    op.create_index("ix_ended_session_expires_at", "ended_session", ["expires_at"])
    for statement in protect("ended_session", read="duty() = 'sign-in'"):
        op.execute(statement)
    op.execute(
        "CREATE POLICY forgotten ON ended_session FOR DELETE"
        " USING (duty() = 'sign-in' AND expires_at < acting_now())"
    )


def downgrade() -> None:
    op.drop_table("ended_session")
    op.drop_column("crossing", "asked")
