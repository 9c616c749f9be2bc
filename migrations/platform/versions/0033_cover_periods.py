"""An open cover has a limit for each policy period, and a declaration the period in which it was declared.

Covers that were given before agreed no such limit: their periods are years, and what was declared under them
counts to the year of the cover in which it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

TABLES = ("open_cover", "cover_declaration")
YEAR = (
    "UPDATE cover_declaration SET period = 1 + extract(year FROM age("
    "cover_declaration.declared_at AT TIME ZONE 'UTC', open_cover.valid_from AT TIME ZONE 'UTC'))::int"
    " FROM open_cover WHERE open_cover.id = cover_declaration.cover_id"
)


def upgrade() -> None:
    op.add_column("open_cover", sa.Column("per_period_minor", sa.BigInteger(), nullable=True))
    op.add_column("open_cover", sa.Column("period_months", sa.Integer(), nullable=True))
    op.add_column("cover_declaration", sa.Column("period", sa.Integer(), nullable=True))
    for table in TABLES:  # the owner of the tables sees rows only while they are not forced
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE open_cover SET period_months = 12")
    op.execute(YEAR)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.alter_column("open_cover", "period_months", nullable=False)
    op.alter_column("cover_declaration", "period", nullable=False)
    op.create_check_constraint(
        op.f("ck_open_cover_period"), "open_cover", "period_months > 0 AND per_period_minor > 0"
    )
    op.execute("GRANT UPDATE (per_period_minor) ON open_cover TO isthmus_app")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (per_period_minor) ON open_cover FROM isthmus_app")
    op.drop_constraint(op.f("ck_open_cover_period"), "open_cover")
    op.drop_column("cover_declaration", "period")
    op.drop_column("open_cover", "period_months")
    op.drop_column("open_cover", "per_period_minor")
