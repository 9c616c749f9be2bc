"""Policies that decide the usual case first, for whoever reads many rows at once.

What belongs to a shipment is visible with it. To look the shipment up for each of a page's rows costs more
than to read them, so a policy asks first whether the reader acts for the owner, who always sees the
shipment. An event is its source's, so it notes the owner of its shipment beside (``owner_id``), by a
trigger, so that no way of attaching an event can forget it. The trigger looks the shipment up on the duty
``matching``: a terminal tells of shipments that it may not see. Until the transaction ends it remembers the
last owner that it found, in a setting, since under row-level security a look-up costs more than to add a row.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ACTS = "{column} = ANY ((SELECT principals())::uuid[])"
SEEN = "EXISTS (SELECT FROM shipment WHERE shipment.id = {table}.shipment_id)"
BELONGING = ("equipment", "goods_item", "shipment_leg")
OWNER = """
CREATE FUNCTION note_owner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known text := current_setting('isthmus.owner', true);
    asked text := COALESCE(NEW.shipment_id::text, '');
    before text := COALESCE(current_setting('isthmus.duty', true), '');
BEGIN
    IF known IS NULL OR split_part(known, ' ', 1) <> asked THEN
        PERFORM set_config('isthmus.duty', 'matching', true);
        known := asked || ' '
            || COALESCE((SELECT party_id FROM shipment WHERE id = NEW.shipment_id)::text, '');
        PERFORM set_config('isthmus.duty', before, true), set_config('isthmus.owner', known, true);
    END IF;
    NEW.owner_id := NULLIF(split_part(known, ' ', 2), '')::uuid;
    RETURN NEW;
END $$
"""


def with_shipment(table: str) -> str:
    return f"{ACTS.format(column='party_id')} OR {SEEN.format(table=table)}"


def event_seen(*, by_owner: bool) -> str:
    owner = f"{ACTS.format(column='owner_id')} OR " if by_owner else ""
    return f"{owner}party_id = acting_party() OR duty() = 'matching' OR {SEEN.format(table='tracking_event')}"


def upgrade() -> None:
    for table in BELONGING:
        op.execute(f"ALTER POLICY visible ON {table} USING ({with_shipment(table)})")
    op.add_column("tracking_event", sa.Column("owner_id", sa.Uuid(), nullable=True))
    tables = ("shipment", "tracking_event")
    for table in tables:  # the owner of the tables sees rows only while they are not forced
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE tracking_event SET owner_id = shipment.party_id FROM shipment"
        " WHERE shipment.id = tracking_event.shipment_id"
    )
    for table in tables:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(OWNER)
    op.execute(
        "CREATE TRIGGER owner_at_insert BEFORE INSERT ON tracking_event FOR EACH ROW"
        " WHEN (NEW.shipment_id IS NOT NULL OR NEW.owner_id IS NOT NULL) EXECUTE FUNCTION note_owner()"
    )
    op.execute(
        "CREATE TRIGGER owner_at_update BEFORE UPDATE OF shipment_id, owner_id ON tracking_event"
        " FOR EACH ROW EXECUTE FUNCTION note_owner()"
    )
    op.execute(f"ALTER POLICY visible ON tracking_event USING ({event_seen(by_owner=True)})")


def downgrade() -> None:
    op.execute(f"ALTER POLICY visible ON tracking_event USING ({event_seen(by_owner=False)})")
    for event in ("insert", "update"):
        op.execute(f"DROP TRIGGER owner_at_{event} ON tracking_event")
    op.execute("DROP FUNCTION note_owner()")
    op.drop_column("tracking_event", "owner_id")
    for table in BELONGING:
        op.execute(f"ALTER POLICY visible ON {table} USING ({SEEN.format(table=table)})")
