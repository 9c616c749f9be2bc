"""Logistics: releases of cargo with what holds them, delivery orders, freight quotes and bookings.

Only the parties of a release see it. The duty ``cargo-release`` locks and moves a release for whoever makes a
step, and sees of a declaration that and since when it is released; it can lock a declaration, not change it.
A request for quotes is seen by who asked and who was asked; a quote or booking by its two sides.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
ACTS = "party_id = ANY ((SELECT principals())::uuid[])"
RELEASE = "duty() = 'cargo-release'"
OF_A_RELEASE = "EXISTS (SELECT FROM cargo_release WHERE cargo_release.id = {table}.release_id)"


def upgrade() -> None:
    _releases()
    _holds()
    _orders()
    _secure_releases()
    _quotes()
    _secure_quotes()
    _bookings()


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, TIME, nullable=nullable)


def _to(table: str, target: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column in columns
    ]


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _releases() -> None:
    table = "cargo_release"
    op.create_table(
        table,
        _id(),
        _id("party_id"),
        _id("shipment_id"),
        _id("carrier_id"),
        _id("consignee_id"),
        _id("terminal_id", nullable=True),
        _text("document"),
        _text("state"),
        _time("freight_paid_at", nullable=True),
        _text("freight_reference", nullable=True),
        _time("freight_stated_at"),
        _time("opened_at"),
        _time("changed_at"),
        *_to(table, "party", "party_id", "carrier_id", "consignee_id", "terminal_id"),
        *_to(table, "shipment", "shipment_id"),
        _key(table),
        _unique(table, "shipment_id"),
        _check(table, "document", "document IN ('BILL_OF_LADING', 'SEA_WAYBILL')"),
        _check(table, "state", "state IN ('OPEN', 'ORDERED', 'PICKED_UP')"),
    )
    op.create_index("ix_cargo_release_party_id_id", table, ["party_id", "id"])
    op.create_index("ix_cargo_release_carrier_id_id", table, ["carrier_id", "id"])


def _holds() -> None:
    table = "release_hold"
    op.create_table(
        table,
        _id(),
        _id("release_id"),
        _id("party_id"),
        _text("kind"),
        _text("reason"),
        _text("legal_basis", nullable=True),
        _time("placed_at"),
        _time("lifted_at", nullable=True),
        *_to(table, "cargo_release", "release_id"),
        *_to(table, "party", "party_id"),
        _key(table),
        _check(table, "kind", "kind IN ('CUSTOMS', 'CARRIER', 'TERMINAL')"),
        _check(table, "basis", "kind <> 'CUSTOMS' OR legal_basis IS NOT NULL"),
    )
    op.create_index(
        "uq_release_hold_standing",
        table,
        ["release_id", "party_id"],
        unique=True,
        postgresql_where="lifted_at IS NULL",
    )


def _orders() -> None:
    table = "delivery_order"
    op.create_table(
        table,
        _id(),
        _id("release_id"),
        _id("issuer_id"),
        _id("release_to"),
        _text("number"),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        _text("state"),
        _time("issued_at"),
        _time("expires_at"),
        _time("ended_at", nullable=True),
        _text("end_reason", nullable=True),
        *_to(table, "cargo_release", "release_id"),
        *_to(table, "party", "issuer_id", "release_to"),
        _key(table),
        _unique(table, "number"),
        _check(table, "state", "state IN ('ISSUED', 'REVOKED', 'EXPIRED', 'USED')"),
        _check(table, "expiry", "expires_at > issued_at"),
    )
    op.create_index(
        "uq_delivery_order_live", table, ["release_id"], unique=True, postgresql_where="state = 'ISSUED'"
    )
    op.create_index("ix_delivery_order_release_id_id", table, ["release_id", "id"])


def _secure(table: str, *, read: str, add: str, change: str | None, columns: str | None) -> None:
    """Force row-level security; only ``columns`` can be changed, of rows where ``change`` holds."""
    changed = (
        f"CREATE POLICY changed ON {table} FOR UPDATE USING ({change}) WITH CHECK ({change})",
        f"GRANT UPDATE ({columns}) ON {table} TO isthmus_app",
    )
    for statement in (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY visible ON {table} FOR SELECT USING ({read})",
        f"CREATE POLICY added ON {table} FOR INSERT WITH CHECK ({add})",
        f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app",
        *(changed if change is not None else ()),
    ):
        op.execute(statement)


def _secure_releases() -> None:
    _secure(
        "cargo_release",
        read=f"{ACTS} OR acting_party() IN (carrier_id, consignee_id, terminal_id) OR {RELEASE}",
        add="carrier_id = acting_party() AND acts_as('CARRIER') AND state = 'OPEN' AND EXISTS"
        " (SELECT FROM shipment WHERE shipment.id = cargo_release.shipment_id"
        " AND shipment.party_id = cargo_release.party_id AND shipment.carrier_id = acting_party())",
        change=RELEASE,
        columns="consignee_id, terminal_id, document, state, freight_paid_at, freight_reference,"
        " freight_stated_at, changed_at",
    )
    _secure(
        "release_hold",
        read=f"party_id = acting_party() OR {OF_A_RELEASE.format(table='release_hold')}",
        add="party_id = acting_party() AND lifted_at IS NULL"
        " AND (kind = 'CUSTOMS' AND acts_as('AUTHORITY') OR EXISTS (SELECT FROM cargo_release"
        " WHERE cargo_release.id = release_id AND acting_party() = CASE kind WHEN 'CARRIER' THEN carrier_id"
        " WHEN 'TERMINAL' THEN terminal_id END))",
        change="party_id = acting_party()",
        columns="lifted_at",
    )
    _secure(
        "delivery_order",
        read=f"release_to = acting_party() OR {OF_A_RELEASE.format(table='delivery_order')}",
        add="issuer_id = acting_party() AND state = 'ISSUED' AND EXISTS (SELECT FROM cargo_release"
        " WHERE cargo_release.id = release_id AND carrier_id = acting_party()"
        " AND consignee_id = release_to)",
        change=RELEASE,
        columns="state, ended_at, end_reason",
    )
    op.execute(f"CREATE POLICY judged ON declaration FOR SELECT USING ({RELEASE})")
    op.execute(f"CREATE POLICY locked ON declaration FOR UPDATE USING ({RELEASE}) WITH CHECK (false)")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _quotes() -> None:
    table = "freight_request"
    op.create_table(
        table,
        _id(),
        _id("party_id"),
        _text("origin", 5),
        _text("destination", 5),
        _text("goods"),
        _text("equipment_type", 4),
        _number("units"),
        sa.Column("wanted_charges", postgresql.ARRAY(sa.String()), nullable=False),
        _text("state"),
        _time("closes_at"),
        _time("asked_at"),
        *_to(table, "party", "party_id"),
        _key(table),
        _check(table, "state", "state IN ('OPEN', 'AWARDED')"),
    )
    op.create_index("ix_freight_request_party_id_id", table, ["party_id", "id"])
    table = "freight_invitation"
    op.create_table(
        table,
        _id("request_id"),
        _id("party_id"),
        _id("asker_id"),
        *_to(table, "freight_request", "request_id"),
        *_to(table, "party", "party_id", "asker_id"),
        _key(table, "request_id", "party_id"),
    )
    op.create_index("ix_freight_invitation_party_id", table, ["party_id"])
    table = "freight_quote"
    op.create_table(
        table,
        _id(),
        _id("request_id"),
        _id("party_id"),
        _id("asker_id"),
        sa.Column("charges", postgresql.JSONB(), nullable=False),
        _number("transit_days"),
        _text("state"),
        _time("valid_until"),
        _time("quoted_at"),
        _time("ended_at", nullable=True),
        *_to(table, "freight_request", "request_id"),
        *_to(table, "party", "party_id", "asker_id"),
        _key(table),
        _check(table, "state", "state IN ('OFFERED', 'WITHDRAWN', 'ACCEPTED')"),
        _check(table, "validity", "valid_until > quoted_at"),
    )
    for name, columns, state in (
        ("uq_freight_quote_offered", ["request_id", "party_id"], "OFFERED"),
        ("uq_freight_quote_accepted", ["request_id"], "ACCEPTED"),
    ):
        op.create_index(name, table, columns, unique=True, postgresql_where=f"state = '{state}'")
    op.create_index("ix_freight_quote_party_id_id", table, ["party_id", "id"])


def _secure_quotes() -> None:
    asks = "(acts_as('TRADER') OR acts_as('FORWARDER'))"
    _secure(
        "freight_invitation",
        read="acting_party() IN (party_id, asker_id)",
        add="asker_id = acting_party()",
        change=None,
        columns=None,
    )
    _secure(
        "freight_request",
        read="party_id = acting_party() OR EXISTS (SELECT FROM freight_invitation"
        " WHERE freight_invitation.request_id = freight_request.id"
        " AND freight_invitation.party_id = acting_party())",
        add=f"party_id = acting_party() AND state = 'OPEN' AND {asks}",
        change="party_id = acting_party()",
        columns="state",
    )
    _secure(
        "freight_quote",
        read="acting_party() IN (party_id, asker_id)",
        add="party_id = acting_party() AND state = 'OFFERED' AND EXISTS (SELECT FROM freight_invitation"
        " WHERE freight_invitation.request_id = freight_quote.request_id"
        " AND freight_invitation.party_id = acting_party()"
        " AND freight_invitation.asker_id = freight_quote.asker_id)",
        change="acting_party() IN (party_id, asker_id)",
        columns="state, ended_at",
    )


def _bookings() -> None:
    table = "booking"
    op.create_table(
        table,
        _id(),
        _id("party_id"),
        _id("carrier_id"),
        _id("quote_id"),
        _number("units"),
        _text("state"),
        _text("reason", nullable=True),
        _text("reference", 35, nullable=True),
        _time("documentation_cut_off", nullable=True),
        _time("vgm_cut_off", nullable=True),
        _time("cargo_cut_off", nullable=True),
        _id("instructed_by", nullable=True),
        _time("instructed_at", nullable=True),
        _time("delivered_at", nullable=True),
        _time("booked_at"),
        _time("changed_at"),
        *_to(table, "party", "party_id", "carrier_id"),
        *_to(table, "freight_quote", "quote_id"),
        *_to(table, "document", "instructed_by"),
        _key(table),
        _unique(table, "quote_id"),
        _unique(table, "carrier_id", "reference"),
    )
    for columns in (["party_id", "id"], ["carrier_id", "id"]):
        op.create_index(f"ix_booking_{'_'.join(columns)}", table, columns)
    sides = "acting_party() IN (party_id, carrier_id)"
    _secure(
        table,
        read=sides,
        add="party_id = acting_party() AND state = 'RECEIVED' AND EXISTS (SELECT FROM freight_quote"
        " WHERE freight_quote.id = quote_id AND freight_quote.asker_id = acting_party()"
        " AND freight_quote.party_id = carrier_id AND freight_quote.state = 'ACCEPTED')",
        change=sides,
        columns="state, reason, reference, documentation_cut_off, vgm_cut_off, cargo_cut_off, instructed_by,"
        " instructed_at, delivered_at, changed_at",
    )
    table = "verified_gross_mass"
    op.create_table(
        table,
        _id(),
        _id("booking_id"),
        _id("party_id"),
        _text("equipment", 11),
        sa.Column("mass_kg", sa.Numeric(9, 3), nullable=False),
        _text("method"),
        _text("responsible"),
        _time("weighed_at"),
        _time("submitted_at"),
        *_to(table, "booking", "booking_id"),
        *_to(table, "party", "party_id"),
        _key(table),
        _check(table, "method", "method IN ('SM1', 'SM2')"),
        _check(table, "mass", "mass_kg > 0"),
    )
    op.create_index("ix_verified_gross_mass_booking_id_id", table, ["booking_id", "id"])
    of_a_booking = "EXISTS (SELECT FROM booking WHERE booking.id = booking_id"
    _secure(
        table,
        read=f"{of_a_booking})",
        add=f"party_id = acting_party() AND {of_a_booking} AND booking.party_id = acting_party())",
        change=None,
        columns=None,
    )


def downgrade() -> None:
    op.drop_table("verified_gross_mass")
    op.drop_table("booking")
    op.drop_table("freight_quote")
    op.execute("DROP POLICY visible ON freight_request")  # it speaks of freight_invitation
    op.drop_table("freight_invitation")
    op.drop_table("freight_request")
    for policy in ("judged", "locked"):
        op.execute(f"DROP POLICY {policy} ON declaration")
    for table in ("delivery_order", "release_hold", "cargo_release"):
        op.drop_table(table)
