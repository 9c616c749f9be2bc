"""Machine clients: what they may do, tokens bound to their keys, proofs that are good once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_client", sa.Column("scopes", postgresql.ARRAY(sa.String()), nullable=True))
    op.add_column(
        "api_client", sa.Column("demands_proof", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.alter_column("api_client", "demands_proof", server_default=None)
    op.create_table(
        "used_proof",
        sa.Column("thumbprint", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_used_proof_party_id_party")),
        sa.PrimaryKeyConstraint("thumbprint", "digest", name=op.f("pk_used_proof")),
    )
    op.create_index("ix_used_proof_expires_at", "used_proof", ["expires_at"])
    for statement in protect("used_proof", read="duty() = 'sign-in'"):
        op.execute(statement)
    op.execute(
        "CREATE POLICY forgotten ON used_proof FOR DELETE"
        " USING (duty() = 'sign-in' AND expires_at < acting_now())"
    )


def downgrade() -> None:
    op.drop_table("used_proof")
    op.drop_column("api_client", "demands_proof")
    op.drop_column("api_client", "scopes")
