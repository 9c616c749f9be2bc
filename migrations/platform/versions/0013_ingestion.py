"""What adds many events at once says whose they are, and no trigger looks it up for each.

The duty ``matching`` finds the shipment of every event, so it knows the owner, and is believed. Whoever else
adds an event, and a row that came without its owner, still has it noted by the trigger of 0008.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CONCERNED = "NEW.shipment_id IS NOT NULL OR NEW.owner_id IS NOT NULL"
UNKNOWN = "NEW.owner_id IS NULL OR duty() IS DISTINCT FROM 'matching'"


def _note_owner(when: str) -> None:
    op.execute(
        "CREATE OR REPLACE TRIGGER owner_at_insert BEFORE INSERT ON tracking_event FOR EACH ROW"
        f" WHEN ({when}) EXECUTE FUNCTION note_owner()"
    )


def upgrade() -> None:
    _note_owner(f"({CONCERNED}) AND ({UNKNOWN})")


def downgrade() -> None:
    _note_owner(CONCERNED)
