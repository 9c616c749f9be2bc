"""A declaration under a cover is adjusted by its insured; each adjustment is kept, and never changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TABLE = "cover_adjustment"
ADJUSTED = (
    "insured_minor, premium_minor, deductible_minor, conveyance, document_id, agreed_arrival, decides_by"
)
AMOUNTS = (
    *("insured_before_minor", "insured_minor", "premium_before_minor", "premium_minor"),
    "deductible_minor",
)
TARGETS = {
    "declaration_id": "cover_declaration",
    "insurer_id": "party",
    "insured_id": "party",
    "revoked_id": "document",
    "document_id": "document",
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in TARGETS),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        *(sa.Column(name, postgresql.JSONB(), nullable=False) for name in ("terms_before", "terms", "lines")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in AMOUNTS),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{TABLE}_{column}_{target}"))
            for column, target in TARGETS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("declaration_id", "number", name=op.f(f"uq_{TABLE}_declaration_id_number")),
        sa.CheckConstraint("insured_minor > 0 AND premium_minor >= 0", name=op.f(f"ck_{TABLE}_amounts")),
    )
    declared = (
        "EXISTS (SELECT FROM cover_declaration WHERE cover_declaration.id = cover_adjustment.declaration_id"
        " AND cover_declaration.insurer_id = cover_adjustment.insurer_id"
        " AND cover_declaration.insured_id = cover_adjustment.insured_id)"
    )
    both = "insurer_id = acting_party() OR insured_id = acting_party() OR duty() = 'insurance'"
    for statement in protect(TABLE, read=both, add=f"insured_id = acting_party() AND {declared}"):
        op.execute(statement)
    op.execute(f"REVOKE UPDATE, DELETE ON {TABLE} FROM isthmus_app")
    op.execute(f"GRANT UPDATE ({ADJUSTED}) ON cover_declaration TO isthmus_app")


def downgrade() -> None:
    op.execute(f"REVOKE UPDATE ({ADJUSTED}) ON cover_declaration FROM isthmus_app")
    op.drop_table(TABLE)
