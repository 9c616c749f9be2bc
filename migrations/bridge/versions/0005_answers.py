"""Questions that were put, and how many bits were answered to whom about what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005_answers"
down_revision = "0004_witness"
branch_labels = None
depends_on = None

ROLE = "isthmus_bridge_app"


def upgrade() -> None:
    op.create_table(
        "question_asked",
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("asks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchange.id"], name=op.f("fk_question_asked_exchange_id_exchange")
        ),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_question_asked")),
    )
    op.create_table(
        "answered",
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("asker", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("bits", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("bits > 0", name=op.f("ck_answered_bits")),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchange.id"], name=op.f("fk_answered_exchange_id_exchange")
        ),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_answered")),
    )
    op.create_index(op.f("ix_answered_asker_subject_at"), "answered", ["asker", "subject", "at"])
    # What was answered cannot be unsaid: the budget's account is only ever added to.
    for table in ("question_asked", "answered"):
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {ROLE}")


def downgrade() -> None:
    op.drop_table("answered")
    op.drop_table("question_asked")
