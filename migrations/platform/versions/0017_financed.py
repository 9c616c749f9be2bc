"""The register of financed invoices: marks that say nothing, of which one is open at a time.

A bank sees its own rows. The duty ``financing-register`` sees all marks, and what it says is yes or no. A
dispute is seen by who raised it, and by the bank whose financing it is about.
"""

import sqlalchemy as sa
from alembic import op

from isthmus_platform.row_security import protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
OWN = "party_id = acting_party()"
REGISTER = "duty() = 'financing-register'"
CHANGES = {"financing": "released_at", "financing_mark": "released_at", "financing_dispute": "withdrawn_at"}


def upgrade() -> None:
    op.create_table(
        "financing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("registered_at", TIME, nullable=False),
        sa.Column("released_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_financing_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_financing")),
        sa.UniqueConstraint("id", "party_id", name=op.f("uq_financing_id_party_id")),
    )
    op.create_index("ix_financing_party_id_id", "financing", ["party_id", "id"])
    op.create_table(
        "financing_mark",
        sa.Column("financing_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("released_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["financing_id", "party_id"],
            ["financing.id", "financing.party_id"],
            name=op.f("fk_financing_mark_financing_id_financing"),
        ),
        sa.PrimaryKeyConstraint("financing_id", "mark", name=op.f("pk_financing_mark")),
    )
    op.create_index(
        "uq_financing_mark_open",
        "financing_mark",
        ["mark"],
        unique=True,
        postgresql_where="released_at IS NULL",
    )
    op.create_table(
        "financing_dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("financing_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["financing_id"], ["financing.id"], name=op.f("fk_financing_dispute_financing_id_financing")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_financing_dispute_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_financing_dispute")),
    )
    op.create_index("ix_financing_dispute_financing_id", "financing_dispute", ["financing_id"])
    op.create_index("ix_financing_dispute_party_id_id", "financing_dispute", ["party_id", "id"])
    _secure()


def _secure() -> None:
    seen = {
        "financing": OWN,
        "financing_mark": f"{OWN} OR {REGISTER}",
        "financing_dispute": f"{OWN} OR EXISTS (SELECT FROM financing WHERE financing.id = financing_id)",
    }
    for table, read in seen.items():
        for statement in protect(table, read=read, add=f"{OWN} AND acts_as('BANK')", change=OWN):
            op.execute(statement)
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app")
        op.execute(f"GRANT UPDATE ({CHANGES[table]}) ON {table} TO isthmus_app")


def downgrade() -> None:
    for table in ("financing_dispute", "financing_mark", "financing"):
        op.drop_table(table)
