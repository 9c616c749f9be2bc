"""Legs, more sources of events, where each shipment stands, its exceptions; one event for several shipments.

Standing and exceptions are derived; only the duties ``matching`` (from events) and ``bridge-inbox`` (from
what customs said) write them. Shipments that exist are handed to the worker, which derives where they stand.
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ACTS = "party_id = ANY ((SELECT principals())::uuid[])"
TIME = sa.DateTime(timezone=True)
DERIVING = "duty() IN ('matching', 'bridge-inbox')"
GRANTED = (
    "EXISTS (SELECT FROM access_grant WHERE access_grant.shipment_id = {table}.shipment_id"
    " AND access_grant.reader_id = acting_party() AND access_grant.party_id = {table}.party_id"
    " AND access_grant.revoked_at IS NULL AND access_grant.valid_until > acting_now())"
)
DERIVE_WHAT_EXISTS = """
INSERT INTO outbox (id, topic, party_id, payload, request_id, created_at, due_at, attempts)
SELECT gen_random_uuid(), 'tracking', party_id, jsonb_build_object('shipment', id), '-', now(), now(), 0
FROM shipment
"""


def upgrade() -> None:
    _events()
    _ways()
    _standing()
    _references()
    _imports()
    op.execute("SELECT set_config('isthmus.duty', 'matching', true)")
    op.execute(DERIVE_WHAT_EXISTS)
    op.execute("SELECT set_config('isthmus.duty', '', true)")


def _secure(table: str, *, read: str, add: str, change: str | None = None) -> None:
    for statement in protect(table, read=read, add=add, change=change):
        op.execute(statement)


def _id(name: str, *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _to(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{referred}.id"], name=op.f(f"fk_{table}_{column}_{referred}"))


def _events() -> None:
    """One row for each consignment that an event names; the parts of an event are numbered."""
    op.add_column("tracking_event", sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("tracking_event", _text("conveyance"))
    op.drop_constraint("uq_tracking_event_party_id_source_event_id_version_at", "tracking_event")
    op.create_unique_constraint(
        op.f("uq_tracking_event_party_id_source_event_id_version_at_part"),
        "tracking_event",
        ["party_id", "source_event_id", "version_at", "part"],
    )
    op.execute("DROP POLICY added ON tracking_event")
    # The sub-selects are evaluated once a statement, not once a row.
    op.execute(
        "CREATE POLICY added ON tracking_event FOR INSERT WITH CHECK ((SELECT duty()) = 'matching' OR"
        " (party_id = (SELECT acting_party()) AND (SELECT acts_as('CARRIER') OR acts_as('TERMINAL'))))"
    )


def _ways() -> None:
    op.create_table(
        "shipment_leg",
        _id("id"),
        _id("party_id"),
        _id("shipment_id"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        _text("mode", nullable=False),
        sa.Column("origin", sa.String(length=5), nullable=False),
        sa.Column("destination", sa.String(length=5), nullable=False),
        _id("carrier_id", nullable=True),
        _text("booking_reference"),
        _text("transport_document"),
        _text("conveyance"),
        sa.Column("planned_departure", TIME, nullable=True),
        sa.Column("planned_arrival", TIME, nullable=True),
        _to("shipment_leg", "shipment_id", "shipment"),
        _to("shipment_leg", "carrier_id", "party"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_leg")),
        sa.UniqueConstraint("shipment_id", "sequence", name=op.f("uq_shipment_leg_shipment_id_sequence")),
    )
    op.create_table(
        "shipment_source",
        _id("shipment_id"),
        _id("source_id"),
        _id("party_id"),
        _text("kind", nullable=False),
        _to("shipment_source", "shipment_id", "shipment"),
        _to("shipment_source", "source_id", "party"),
        sa.PrimaryKeyConstraint("shipment_id", "source_id", name=op.f("pk_shipment_source")),
    )
    op.create_index(
        "ix_shipment_source_source_id_shipment_id", "shipment_source", ["source_id", "shipment_id"]
    )
    for table in ("shipment_leg", "shipment_source"):
        _secure(
            table,
            read=f"EXISTS (SELECT FROM shipment WHERE shipment.id = {table}.shipment_id)",
            add=f"{ACTS} AND EXISTS (SELECT FROM shipment WHERE shipment.id = {table}.shipment_id"
            f" AND shipment.party_id = {table}.party_id)",
        )


def _standing() -> None:
    op.create_table(
        "shipment_tracking",
        _id("shipment_id"),
        _id("party_id"),
        _id("carrier_id", nullable=True),
        _text("status", nullable=False),
        sa.Column("status_at", TIME, nullable=True),
        _text("status_place"),
        sa.Column("eta", TIME, nullable=True),
        _text("eta_source"),
        _text("eta_source_kind"),
        sa.Column("eta_told_at", TIME, nullable=True),
        sa.Column("delay_hours", sa.Integer(), nullable=True),
        sa.Column("updated_at", TIME, nullable=False),
        _to("shipment_tracking", "shipment_id", "shipment"),
        sa.PrimaryKeyConstraint("shipment_id", name=op.f("pk_shipment_tracking")),
    )
    op.create_table(
        "shipment_exception",
        _id("shipment_id"),
        sa.Column("private", sa.Boolean(), nullable=False),
        _text("key", nullable=False),
        _id("party_id"),
        _id("carrier_id", nullable=True),
        _text("code", nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=True),
        sa.Column("hours", sa.Integer(), nullable=True),
        _text("place"),
        _text("equipment_reference"),
        _text("description", nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        _to("shipment_exception", "shipment_id", "shipment"),
        sa.PrimaryKeyConstraint("shipment_id", "private", "key", name=op.f("pk_shipment_exception")),
    )
    for reader in ("party_id", "carrier_id"):
        op.create_index(
            f"ix_shipment_tracking_{reader}_status_shipment_id",
            "shipment_tracking",
            [reader, "status", "shipment_id"],
        )
        op.create_index(f"ix_shipment_tracking_{reader}_eta", "shipment_tracking", [reader, "eta"])
        op.create_index(
            f"ix_shipment_exception_{reader}_code_shipment_id",
            "shipment_exception",
            [reader, "code", "shipment_id"],
            postgresql_where="until IS NULL",
        )
    for table, shown in (("shipment_tracking", ""), ("shipment_exception", " AND NOT private")):
        _secure(
            table,
            read=f"{ACTS} OR (carrier_id = acting_party(){shown}) OR {DERIVING}",
            add=DERIVING,
            change=DERIVING,
        )
        granted = GRANTED.format(table=table) + shown
        op.execute(f"CREATE POLICY granted ON {table} FOR SELECT USING ({granted})")


def _references() -> None:
    """What a shipment may be searched by beside its reference and UCR."""
    for table, column in (
        ("shipment", "booking_reference"),
        ("shipment", "bill_of_lading"),
        ("shipment_leg", "booking_reference"),
        ("shipment_leg", "transport_document"),
        ("declaration", "mrn"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _imports() -> None:
    """Files of shipments and their rows; the duty ``import`` reads for whom it works."""
    op.create_table(
        "shipment_import",
        _id("id"),
        _id("party_id"),
        _text("upload_id", nullable=False),
        _text("digest", nullable=False),
        _text("subject", nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_import")),
    )
    op.create_index(
        "ix_shipment_import_party_id_upload_id", "shipment_import", ["party_id", "upload_id"], unique=True
    )
    op.create_table(
        "shipment_import_row",
        _id("import_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _id("party_id"),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        _text("outcome", nullable=False),
        _id("shipment_id", nullable=True),
        _text("code"),
        _text("field"),
        _text("message"),
        sa.Column("updated_at", TIME, nullable=False),
        _to("shipment_import_row", "import_id", "shipment_import"),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_shipment_import_row")),
    )
    own = "party_id = acting_party()"
    _secure("shipment_import", read=f"{own} OR duty() = 'import'", add=own, change=own)
    _secure("shipment_import_row", read=own, add=own, change=own)


def downgrade() -> None:
    for table in (
        "shipment_import_row",
        "shipment_import",
    ):
        op.drop_table(table)
    for table in ("shipment_exception", "shipment_tracking", "shipment_source", "shipment_leg"):
        op.drop_table(table)
    for table, column in (
        ("shipment", "booking_reference"),
        ("shipment", "bill_of_lading"),
        ("declaration", "mrn"),
    ):
        op.drop_index(f"ix_{table}_{column}")
    op.execute("ALTER TABLE tracking_event NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM tracking_event WHERE part > 0")
    op.execute("ALTER TABLE tracking_event FORCE ROW LEVEL SECURITY")
    op.drop_constraint("uq_tracking_event_party_id_source_event_id_version_at_part", "tracking_event")
    op.create_unique_constraint(
        op.f("uq_tracking_event_party_id_source_event_id_version_at"),
        "tracking_event",
        ["party_id", "source_event_id", "version_at"],
    )
    for column in ("conveyance", "part"):
        op.drop_column("tracking_event", column)
    op.execute("DROP POLICY added ON tracking_event")
    op.execute(
        "CREATE POLICY added ON tracking_event FOR INSERT"
        " WITH CHECK (party_id = acting_party() AND acts_as('CARRIER'))"
    )
