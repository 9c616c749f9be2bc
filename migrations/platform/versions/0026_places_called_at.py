"""Which shipments lead by a place or are there, found by index for whoever may see them.

The places of a shipment's route stand in three columns, one of them a list, and where it was last stands in
another table: no index leads to all of them beneath row-level security, which keeps comparisons with lists
from indexes. So the route is noted place by place, by a trigger, since a shipment's route never changes.
``shipments_at`` follows each way in which a shipment may be visible by itself; PostgreSQL puts its text
into the query that asks it, and row-level security is asked of all it finds.
"""

import sqlalchemy as sa
from alembic import op

from isthmus_platform.row_security import protect

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ACTS = "party_id = ANY ((SELECT principals())::uuid[])"
OWN = (
    "EXISTS (SELECT FROM shipment WHERE shipment.id = shipment_call.shipment_id"
    " AND shipment.party_id = shipment_call.party_id)"
)
CALLS = """
INSERT INTO shipment_call (shipment_id, place, party_id, carrier_id)
SELECT DISTINCT shipment.id, called, shipment.party_id, shipment.carrier_id
FROM {table} shipment
CROSS JOIN LATERAL unnest(ARRAY[shipment.origin, shipment.destination] || shipment.transhipments) called
"""
NOTE = f"""
CREATE FUNCTION note_calls() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {CALLS.format(table="added")};
    RETURN NULL;
END $$
"""
TRIGGER = (
    "CREATE TRIGGER calls_at_insert AFTER INSERT ON shipment REFERENCING NEW TABLE AS added"
    " FOR EACH STATEMENT EXECUTE FUNCTION note_calls()"
)
WAYS = (
    ACTS,
    "carrier_id = (SELECT acting_party())",
    "shipment_id IN (SELECT shipment_id FROM access_grant WHERE reader_id = acting_party())",
)
FOUND = " UNION ALL ".join(
    f"SELECT shipment_id FROM {table} WHERE {column} = wanted AND {way}"
    for table, column in (("shipment_call", "place"), ("shipment_tracking", "status_place"))
    for way in WAYS
)
SHIPMENTS_AT = (
    "CREATE FUNCTION shipments_at(wanted text) RETURNS TABLE (found uuid) LANGUAGE sql STABLE PARALLEL SAFE"
    f" ROWS 100 AS $$ {FOUND} $$"
)
READERS = ("party_id", "carrier_id")


def upgrade() -> None:
    op.create_table(
        "shipment_call",
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.String(length=5), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipment.id"], name=op.f("fk_shipment_call_shipment_id_shipment")
        ),
        sa.PrimaryKeyConstraint("shipment_id", "place", name=op.f("pk_shipment_call")),
    )
    op.execute("ALTER TABLE shipment NO FORCE ROW LEVEL SECURITY")
    op.execute(CALLS.format(table="shipment"))
    op.execute("ALTER TABLE shipment FORCE ROW LEVEL SECURITY")
    for table, place in (("shipment_call", "place"), ("shipment_tracking", "status_place")):
        for reader in READERS:
            op.create_index(f"ix_{table}_{reader}_{place}_shipment_id", table, [reader, place, "shipment_id"])
    seen = f"{ACTS} OR EXISTS (SELECT FROM shipment WHERE shipment.id = shipment_call.shipment_id)"
    for statement in protect("shipment_call", read=seen, add=f"{ACTS} AND {OWN}"):
        op.execute(statement)
    for statement in (NOTE, TRIGGER, SHIPMENTS_AT):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION shipments_at(text)")
    op.execute("DROP TRIGGER calls_at_insert ON shipment")
    op.execute("DROP FUNCTION note_calls()")
    for reader in READERS:
        op.drop_index(f"ix_shipment_tracking_{reader}_status_place_shipment_id", "shipment_tracking")
    op.drop_table("shipment_call")
