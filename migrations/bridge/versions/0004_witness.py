"""The newest checkpoint that the witness cosigned, and how it stands with asking for the next."""

import sqlalchemy as sa
from alembic import op

revision = "0004_witness"
down_revision = "0003_chains"
branch_labels = None
depends_on = None

ROLE = "isthmus_bridge_app"


def upgrade() -> None:
    op.create_table(
        "cosigned_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_cosigned_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cosigned_head")),
    )
    op.execute("INSERT INTO cosigned_head (id, size) VALUES (1, 0)")
    op.execute(f"GRANT SELECT, UPDATE (size, note, asked_at, problem) ON cosigned_head TO {ROLE}")
    # What the witness has cosigned stays so: neither a slow worker nor the owner goes back behind it.
    op.execute(
        "CREATE TRIGGER grows_only BEFORE UPDATE ON cosigned_head FOR EACH ROW"
        " WHEN (NEW.size < OLD.size) EXECUTE FUNCTION refuse_rewriting()"
    )
    op.execute(
        "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON cosigned_head"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
    )


def downgrade() -> None:
    op.drop_table("cosigned_head")
