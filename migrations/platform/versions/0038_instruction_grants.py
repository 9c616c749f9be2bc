"""A grant that submitting a shipping instruction made ends with the booking, whichever side gives that up.

The carrier that declines a booking owns none of the documents that were opened to it: the duty
``instruction-ends`` lets either side of the booking end such a grant, and no other one.
"""

import sqlalchemy as sa
from alembic import op

from isthmus_platform.row_security import protect

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLE = "instruction_grant"
DUTY = "duty() = 'instruction-ends'"
OF_A_BOOKING = "EXISTS (SELECT FROM booking WHERE booking.id = booking_id{more})"
TO_ITS_CARRIER = (
    " AND booking.party_id = acting_party() AND booking.state = 'CONFIRMED'"
    " AND EXISTS (SELECT FROM access_grant WHERE access_grant.id = grant_id"
    " AND access_grant.reader_id = booking.carrier_id"
    " AND acts_for(access_grant.party_id))"
)
ENDS = (
    f"{DUTY} AND EXISTS (SELECT FROM {TABLE} JOIN booking ON booking.id = booking_id"
    " WHERE grant_id = access_grant.id)"
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f(f"fk_{TABLE}_booking_id_booking")),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["access_grant.id"], name=op.f(f"fk_{TABLE}_grant_id_access_grant")
        ),
        sa.PrimaryKeyConstraint("booking_id", "grant_id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_grant_id", TABLE, ["grant_id"])
    either_side = OF_A_BOOKING.format(more="")
    for statement in protect(
        TABLE,
        read=f"{DUTY} OR {either_side}",
        add=f"ended_at IS NULL AND {OF_A_BOOKING.format(more=TO_ITS_CARRIER)}",
        change=either_side,
    ):
        op.execute(statement)
    op.execute(f"REVOKE UPDATE, DELETE ON {TABLE} FROM isthmus_app")
    op.execute(f"GRANT UPDATE (ended_at) ON {TABLE} TO isthmus_app")
    op.execute(f"CREATE POLICY instructed ON access_grant FOR SELECT USING ({DUTY})")
    op.execute(
        f"CREATE POLICY instruction_ends ON access_grant FOR UPDATE USING ({ENDS}) WITH CHECK ({ENDS})"
    )
    _remember_what_was_opened()


def _remember_what_was_opened() -> None:
    """Tie the grants that submitting made, which are of the same instant, to bookings that stand."""
    tables = ("booking", "access_grant", "granted_document", TABLE)
    for table in tables:  # the owner of the tables sees rows only while they are not forced
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        f"INSERT INTO {TABLE} (booking_id, grant_id, opened_at)"
        " SELECT booking.id, access_grant.id, access_grant.created_at FROM booking"
        " JOIN granted_document ON document_id = booking.instructed_by"
        " JOIN access_grant ON access_grant.id = grant_id AND reader_id = booking.carrier_id"
        " AND created_by = booking.party_id AND created_at = booking.instructed_at"
        " WHERE booking.state NOT IN ('REJECTED', 'DECLINED', 'CANCELLED') AND revoked_at IS NULL"
    )
    for table in tables:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP POLICY instruction_ends ON access_grant")
    op.execute("DROP POLICY instructed ON access_grant")
    op.drop_table(TABLE)
