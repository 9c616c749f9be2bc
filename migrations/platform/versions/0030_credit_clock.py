"""The clock ends the five banking days of a bank that does not examine (UCP 600 articles 14 b and 16 f).

The duty ``credit`` sees credits, and so what hangs on them. It may take a presentation that nobody examined
to where it can no longer be refused, and change nothing else of one; the entry that it adds names no actor.
Documents are sealed, and it has no key.

A presentation keeps the terms under which documents came, a holiday when it was given, and what a bank says
of its weeks when it said so: a rule is tried on what was known then. Of presentations made before, the terms
as they stand are the best known.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

DUTY = "duty() = 'credit'"
OF_CREDIT = "EXISTS (SELECT FROM credit WHERE credit.id = {table}.credit_id)"
A_PARTY = "duty() IS DISTINCT FROM 'credit' AND "
HANGING = ("credit_presentation", "credit_amendment")
POLICIES = {
    "clock_sees": f"ON credit FOR SELECT USING ({DUTY})",
    "clock_draws": f"ON credit FOR UPDATE USING ({DUTY}) WITH CHECK ({DUTY})",
    "clock_precludes": (
        f"ON credit_presentation FOR UPDATE USING ({DUTY} AND state = 'PRESENTED')"
        f" WITH CHECK ({DUTY} AND precluded AND state IN ('COMPLYING', 'DISCREPANT'))"
    ),
    "clock_enters": (
        f"ON credit_entry FOR INSERT WITH CHECK ({DUTY} AND actor_id IS NULL AND action = 'PRECLUDE')"
    ),
}


def upgrade() -> None:
    op.alter_column("credit_entry", "actor_id", existing_type=sa.Uuid(), nullable=True)
    op.create_index(
        "ix_credit_presentation_unexamined",
        "credit_presentation",
        ["examine_by", "id"],
        postgresql_where="state = 'PRESENTED'",
    )
    op.add_column("bank_holiday", sa.Column("added_at", sa.DateTime(timezone=True), nullable=True))
    _add_weeks()
    _keep_terms()
    for name, policy in POLICIES.items():
        op.execute(f"CREATE POLICY {name} {policy}")
    _change(A_PARTY)


def _add_weeks() -> None:
    op.create_table(
        "bank_week",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("rest", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_bank_week_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_week")),
    )
    op.create_index("ix_bank_week_party_id", "bank_week", ["party_id"])
    # When a bank is closed hangs on its door.
    own_bank = "party_id = acting_party() AND acts_as('BANK')"
    for statement in protect("bank_week", read="true", add=own_bank):
        op.execute(statement)
    op.execute("REVOKE UPDATE, DELETE ON bank_week FROM isthmus_app")


def _keep_terms() -> None:
    op.add_column("credit_presentation", sa.Column("terms", postgresql.JSONB(), nullable=True))
    tables = ("credit", "credit_presentation")
    for table in tables:  # the owner of the tables sees rows only while they are not forced
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE credit_presentation SET terms = credit.terms FROM credit"
        " WHERE credit.id = credit_presentation.credit_id"
    )
    for table in tables:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.alter_column("credit_presentation", "terms", nullable=False)


def _change(who: str) -> None:
    """Let ``who`` change what hangs on a credit that it sees."""
    for table in HANGING:
        rows = who + OF_CREDIT.format(table=table)
        op.execute(f"ALTER POLICY changed ON {table} USING ({rows}) WITH CHECK ({rows})")


def downgrade() -> None:
    _change("")
    for name, policy in POLICIES.items():
        op.execute(f"DROP POLICY {name} ON {policy.split()[1]}")
    op.drop_table("bank_week")
    op.drop_column("credit_presentation", "terms")
    op.drop_column("bank_holiday", "added_at")
    op.drop_index("ix_credit_presentation_unexamined", "credit_presentation")
    op.alter_column("credit_entry", "actor_id", existing_type=sa.Uuid(), nullable=False)
