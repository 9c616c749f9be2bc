"""Deliveries: slots of terminals' gates, lorries' appointments, proofs of delivery, bookings of shipments.

Slots are offered to every party. The duty ``gate`` takes and frees them, moves appointments and proofs for
whoever makes a step, and looks at what they stand on: the containers of a shipment, and a booking.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
GATE = "duty() = 'gate'"
OF_A_RELEASE = "EXISTS (SELECT FROM cargo_release WHERE cargo_release.id = release_id)"
OF_A_BOOKING = "EXISTS (SELECT FROM booking WHERE booking.id = booking_id)"
STANDING = "state IN ('BOOKED', 'ARRIVED', 'COMPLETED')"


def upgrade() -> None:
    _slots()
    _appointments()
    _proofs()
    op.add_column("booking", sa.Column("shipment_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_booking_shipment_id_shipment"), "booking", "shipment", ["shipment_id"], ["id"]
    )
    op.create_index("ix_booking_shipment_id", "booking", ["shipment_id"])
    op.execute("GRANT UPDATE (shipment_id) ON booking TO isthmus_app")
    op.execute(f"CREATE POLICY gate_sees ON booking FOR SELECT USING ({GATE})")
    op.execute(f"CREATE POLICY gate_locks ON booking FOR UPDATE USING ({GATE}) WITH CHECK (false)")
    op.execute(f"CREATE POLICY gate_sees ON equipment FOR SELECT USING ({GATE})")
    op.execute(f"CREATE POLICY gate_sees ON shipment FOR SELECT USING ({GATE})")
    op.execute(f"CREATE POLICY gate_sees ON shipment_source FOR SELECT USING ({GATE})")
    op.execute(f"CREATE POLICY gate_adds ON shipment_source FOR INSERT WITH CHECK ({GATE})")


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, TIME, nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _to(table: str, target: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column in columns
    ]


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _secure(table: str, *, read: str, add: str, change: str, columns: str) -> None:
    """Force row-level security; only ``columns`` can be changed, of rows where ``change`` holds."""
    for statement in (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY visible ON {table} FOR SELECT USING ({read})",
        f"CREATE POLICY added ON {table} FOR INSERT WITH CHECK ({add})",
        f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app",
        f"CREATE POLICY changed ON {table} FOR UPDATE USING ({change}) WITH CHECK ({change})",
        f"GRANT UPDATE ({columns}) ON {table} TO isthmus_app",
    ):
        op.execute(statement)


def _slots() -> None:
    table = "gate_slot"
    op.create_table(
        table,
        _id(),
        _id("terminal_id"),
        _text("place", 5),
        _text("zone"),
        _text("gate"),
        _text("direction"),
        _time("starts_at"),
        _time("ends_at"),
        _number("capacity"),
        _number("taken"),
        _text("state"),
        _time("offered_at"),
        *_to(table, "party", "terminal_id"),
        _key(table),
        sa.UniqueConstraint(
            "terminal_id",
            "gate",
            "direction",
            "starts_at",
            name=op.f("uq_gate_slot_terminal_id_gate_direction_starts_at"),
        ),
        _check(table, "direction", "direction IN ('PICK_UP', 'DROP_OFF')"),
        _check(table, "state", "state IN ('OPEN', 'CLOSED')"),
        _check(table, "taken", "taken >= 0 AND taken <= capacity"),
        _check(table, "times", "ends_at > starts_at"),
    )
    op.create_index("ix_gate_slot_starts_at_id", table, ["starts_at", "id"])
    _secure(
        table,
        read=f"acting_party() IS NOT NULL OR {GATE}",
        add="terminal_id = acting_party() AND acts_as('TERMINAL') AND taken = 0 AND state = 'OPEN'",
        change=GATE,
        columns="taken, state",
    )


def _appointments() -> None:
    table = "truck_appointment"
    op.create_table(
        table,
        _id(),
        _id("slot_id"),
        _id("terminal_id"),
        _id("party_id"),
        _id("haulier_id", nullable=True),
        _id("release_id", nullable=True),
        _id("booking_id", nullable=True),
        _text("equipment", 11),
        _text("vehicle", 15, nullable=True),
        _text("state"),
        _text("reason", nullable=True),
        _time("booked_at"),
        _time("arrived_at", nullable=True),
        _time("changed_at"),
        *_to(table, "gate_slot", "slot_id"),
        *_to(table, "party", "terminal_id", "party_id", "haulier_id"),
        *_to(table, "cargo_release", "release_id"),
        *_to(table, "booking", "booking_id"),
        _key(table),
        _check(table, "about", "(release_id IS NULL) <> (booking_id IS NULL)"),
        _check(
            table,
            "state",
            "state IN ('BOOKED', 'ARRIVED', 'COMPLETED', 'CANCELLED', 'NO_SHOW', 'TURNED_AWAY')",
        ),
    )
    for column in ("release_id", "booking_id"):
        op.create_index(
            f"uq_truck_appointment_{column}_equipment",
            table,
            [column, "equipment"],
            unique=True,
            postgresql_where=f"{column} IS NOT NULL AND {STANDING}",
        )
    op.create_index("ix_truck_appointment_slot_id", table, ["slot_id"])
    for column in ("party_id", "haulier_id", "terminal_id"):
        op.create_index(f"ix_truck_appointment_{column}_id", table, [column, "id"])
    _secure(
        table,
        read=f"acting_party() IN (party_id, haulier_id, terminal_id) OR {OF_A_RELEASE} OR {OF_A_BOOKING}"
        f" OR {GATE}",
        add="party_id = acting_party() AND state = 'BOOKED'",
        change=GATE,
        columns="slot_id, vehicle, state, reason, arrived_at, changed_at",
    )


def _proofs() -> None:
    table = "delivery_proof"
    op.create_table(
        table,
        _id(),
        _id("party_id"),
        _id("shipment_id"),
        _id("release_id"),
        _id("appointment_id", nullable=True),
        _id("recorder_id"),
        _id("recipient_id"),
        sa.Column("equipment", postgresql.ARRAY(sa.String(11)), nullable=False),
        _time("delivered_at"),
        sa.Column("said", postgresql.JSONB(), nullable=False),
        _text("token"),
        _text("key"),
        _text("state"),
        _text("reason", nullable=True),
        _text("answer_token", nullable=True),
        _text("answer_key", nullable=True),
        _time("recorded_at"),
        _time("answered_at", nullable=True),
        *_to(table, "party", "party_id", "recorder_id", "recipient_id"),
        *_to(table, "shipment", "shipment_id"),
        *_to(table, "cargo_release", "release_id"),
        *_to(table, "truck_appointment", "appointment_id"),
        _key(table),
        _check(table, "state", "state IN ('RECORDED', 'CONFIRMED', 'DISPUTED', 'WITHDRAWN')"),
        _check(table, "answered", "(answer_token IS NULL) = (state IN ('RECORDED', 'WITHDRAWN'))"),
    )
    for column in ("release_id", "recorder_id", "recipient_id"):
        op.create_index(f"ix_delivery_proof_{column}_id", table, [column, "id"])
    _secure(
        table,
        read=f"acting_party() IN (recorder_id, recipient_id) OR {OF_A_RELEASE} OR {GATE}",
        add="recorder_id = acting_party() AND state = 'RECORDED'",
        change=GATE,
        columns="state, reason, answer_token, answer_key, answered_at",
    )


def downgrade() -> None:
    for policy, table in (
        ("gate_adds", "shipment_source"),
        ("gate_sees", "shipment_source"),
        ("gate_sees", "shipment"),
        ("gate_sees", "equipment"),
        ("gate_locks", "booking"),
        ("gate_sees", "booking"),
    ):
        op.execute(f"DROP POLICY {policy} ON {table}")
    op.drop_table("delivery_proof")
    op.drop_table("truck_appointment")
    op.drop_table("gate_slot")
    op.drop_index("ix_booking_shipment_id", "booking")
    op.drop_column("booking", "shipment_id")
