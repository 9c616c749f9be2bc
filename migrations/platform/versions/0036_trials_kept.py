"""What came of trying a rule is kept beside it: who tried it, when, over which history, and what it caught.

A bank's trial is a row that never changes. A simulation of risk had its own already and gets the time of its
oldest and newest shipment; of runs made before that is not known.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TABLE = "examination_trial"
HISTORY = ("since", "until")
CHECKS = {
    "counts": "found >= 0 AND found <= tried AND unexamined >= 0",
    "history": "(tried = 0) = (since IS NULL) AND (tried = 0) = (until IS NULL)",
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("id", "party_id", "rule_id")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("condition", "tried_by")),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("tried", "found", "unexamined")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in HISTORY),
        sa.Column("results", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f(f"fk_{TABLE}_party_id_party")),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["examination_rule.id"], name=op.f(f"fk_{TABLE}_rule_id_examination_rule")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        *(sa.CheckConstraint(check, name=op.f(f"ck_{TABLE}_{name}")) for name, check in CHECKS.items()),
    )
    op.create_index(op.f(f"ix_{TABLE}_rule_id_id"), TABLE, ["rule_id", "id"])
    own = "party_id = acting_party()"
    own_rule = f"{own} AND EXISTS (SELECT FROM examination_rule WHERE examination_rule.id = rule_id)"
    for statement in protect(TABLE, read=own, add=f"acts_as('BANK') AND {own_rule}"):
        op.execute(statement)
    op.execute(f"REVOKE UPDATE, DELETE ON {TABLE} FROM isthmus_app")
    for name in HISTORY:
        op.add_column("risk_simulation", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in HISTORY:
        op.drop_column("risk_simulation", name)
    op.drop_table(TABLE)
