"""Freight information for authorities (eFTI): what was published, and what authorities wrote of it.

Both are only ever added; messages by the bridge alone.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from isthmus_platform.row_security import protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ACTS = "party_id = ANY ((SELECT principals())::uuid[])"
BRIDGE = "duty() = 'bridge-inbox'"


def upgrade() -> None:
    op.create_table(
        "freight_publication",
        _id(),
        _id("party_id"),
        _id("shipment_id"),
        _id("crossing_id"),
        _id("requester_id"),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("dangerous_goods", sa.Boolean(), nullable=False),
        sa.Column("means", sa.String(), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("equipment_country", sa.String(2), nullable=True),
        _time("created_at"),
        _to("freight_publication", "party_id", "party"),
        _to("freight_publication", "shipment_id", "shipment"),
        _to("freight_publication", "crossing_id", "crossing"),
        _to("freight_publication", "requester_id", "party"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freight_publication")),
        sa.UniqueConstraint("crossing_id", name=op.f("uq_freight_publication_crossing_id")),
    )
    op.create_table(
        "freight_message",
        _id(),
        _id("party_id"),
        _id("shipment_id"),
        _id("exchange"),
        sa.Column("text", sa.String(), nullable=False),
        _time("received_at"),
        _to("freight_message", "party_id", "party"),
        _to("freight_message", "shipment_id", "shipment"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freight_message")),
        sa.UniqueConstraint("exchange", name=op.f("uq_freight_message_exchange")),
    )
    _secure("freight_publication", read=ACTS, add=f"{ACTS} AND requester_id = acting_party()")
    _secure("freight_message", read=f"{ACTS} OR {BRIDGE}", add=BRIDGE)


def _id(name: str = "id") -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _time(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def _secure(table: str, *, read: str, add: str) -> None:
    op.create_index(f"ix_{table}_shipment_id_id", table, ["shipment_id", "id"])
    for statement in protect(table, read=read, add=add):
        op.execute(statement)
    op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app")


def downgrade() -> None:
    op.drop_table("freight_message")
    op.drop_table("freight_publication")
