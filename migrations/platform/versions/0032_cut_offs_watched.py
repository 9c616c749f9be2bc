"""The clock watches cut-offs of bookings and tells both sides once; insured learn that a claim will lapse.

When a carrier confirms, what the clock will have to look at is put down: each cut-off, a day before it and at
its instant. The duty ``cut-offs`` sees and locks bookings and changes none of them; it marks these rows.

Webhooks are told of logistics by rows of one party each. That of the owner of a shipment is for its agents
too, except for those who have one of their own.

A booking keeps the terms that were asked for (DCSA Booking).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
DUTY = "duty() = 'cut-offs'"
NOTICE = "cut_off_notice"
OF_A_BOOKING = "EXISTS (SELECT FROM booking WHERE booking.id = booking_id{more})"
TOLD = (
    "logistics_id IS NOT NULL"
    " AND (party_id = acting_party() OR private AND party_id = ANY ((SELECT principals())::uuid[])"
    " AND acting_party() <> ALL (concerned))"
)
CUT_OFFS = {"DCO": "documentation_cut_off", "VCO": "vgm_cut_off", "FCO": "cargo_cut_off"}
DUE = {"AT_RISK": "{at} - interval '24 hours'", "MISSED": "{at}"}


def upgrade() -> None:
    op.add_column("change", sa.Column("logistics_id", sa.Uuid(), nullable=True))
    op.execute(f"CREATE POLICY logistics_told ON change FOR SELECT USING ({TOLD})")
    op.execute(f"CREATE POLICY clock_sees ON booking FOR SELECT USING ({DUTY})")
    op.execute(f"CREATE POLICY clock_locks ON booking FOR UPDATE USING ({DUTY}) WITH CHECK (false)")
    op.add_column("booking", sa.Column("terms", postgresql.JSONB(), nullable=True))
    op.execute("GRANT UPDATE (terms) ON booking TO isthmus_app")
    _notices()
    _put_down_what_stands()
    op.add_column("insurance_claim", sa.Column("reminded_at", TIME, nullable=True))
    op.execute("GRANT UPDATE (reminded_at) ON insurance_claim TO isthmus_app")


def _notices() -> None:
    op.create_table(
        NOTICE,
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("cut_off", TIME, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("looked_at", TIME, nullable=True),
        sa.Column("told_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f(f"fk_{NOTICE}_booking_id_booking")),
        sa.PrimaryKeyConstraint("booking_id", "code", "cut_off", "status", name=op.f(f"pk_{NOTICE}")),
        sa.CheckConstraint("code IN ('DCO', 'VCO', 'FCO')", name=op.f(f"ck_{NOTICE}_code")),
        sa.CheckConstraint("status IN ('AT_RISK', 'MISSED')", name=op.f(f"ck_{NOTICE}_status")),
        sa.CheckConstraint("told_at IS NULL OR told_at = looked_at", name=op.f(f"ck_{NOTICE}_told")),
    )
    op.create_index(f"ix_{NOTICE}_due_at", NOTICE, ["due_at"], postgresql_where="looked_at IS NULL")
    carriers = OF_A_BOOKING.format(more=" AND booking.carrier_id = acting_party()")
    for statement in protect(
        NOTICE,
        read=OF_A_BOOKING.format(more=""),
        add=f"looked_at IS NULL AND told_at IS NULL AND {carriers}",
        change=DUTY,
    ):
        op.execute(statement)
    op.execute(f"REVOKE UPDATE, DELETE ON {NOTICE} FROM isthmus_app")
    op.execute(f"GRANT UPDATE (looked_at, told_at) ON {NOTICE} TO isthmus_app")


def _put_down_what_stands() -> None:
    """Watch the cut-offs of bookings that are confirmed already, those alone that are not over."""
    tables = ("booking", NOTICE)
    for table in tables:  # the owner of the tables sees rows only while they are not forced
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for code, column in CUT_OFFS.items():
        for status, due in DUE.items():
            op.execute(
                f"INSERT INTO {NOTICE} (booking_id, code, cut_off, status, due_at)"
                f" SELECT id, '{code}', {column}, '{status}', {due.format(at=column)} FROM booking"
                f" WHERE state IN ('CONFIRMED', 'PENDING_AMENDMENT') AND {column} > now()"
            )
    for table in tables:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_column("insurance_claim", "reminded_at")
    op.drop_table(NOTICE)
    op.drop_column("booking", "terms")
    op.execute("DROP POLICY clock_locks ON booking")
    op.execute("DROP POLICY clock_sees ON booking")
    op.execute("DROP POLICY logistics_told ON change")
    op.drop_column("change", "logistics_id")
