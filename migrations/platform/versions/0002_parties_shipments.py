"""Parties and who acts for whom, users and clients, shipments, tracking events.

A policy speaks of whoever acts for a row's owner through ``party_id = ANY ((SELECT principals())::uuid[])``:
the sub-select is evaluated once a statement and the comparison can use an index. ``acts_for(party)`` asks
the same of one party.
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PRINCIPALS = """
CREATE FUNCTION principals() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ARRAY(
        SELECT acting_party() WHERE acting_party() IS NOT NULL
        UNION
        SELECT party_id FROM delegation
        WHERE agent_id = acting_party() AND revoked_at IS NULL AND valid_until > acting_now()
    );
"""
ACTS_FOR = """
CREATE FUNCTION acts_for(party uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(party = ANY (principals()), false);
"""

ACTS = "party_id = ANY ((SELECT principals())::uuid[])"
TIME = sa.DateTime(timezone=True)
CHILDREN = ("equipment", "goods_item")


def upgrade() -> None:
    _parties()
    _access()
    _shipments()
    _events()


def _secure(table: str, *, read: str, add: str, change: str | None = None) -> None:
    for statement in protect(table, read=read, add=add, change=change):
        op.execute(statement)


def _party(name: str = "party_id", *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _to_party(table: str, column: str = "party_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["party.id"], name=op.f(f"fk_{table}_{column}_party"))


def _parties() -> None:
    _secure("party", read="true", add="duty() = 'onboarding'", change="duty() = 'onboarding'")
    op.create_table(
        "delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        _party(),
        _party("agent_id"),
        sa.Column("valid_until", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        _to_party("delegation"),
        _to_party("delegation", "agent_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index("ix_delegation_agent_id", "delegation", ["agent_id"])
    op.create_index("ix_delegation_party_id", "delegation", ["party_id"])
    own = "party_id = acting_party()"
    _secure("delegation", read=f"{own} OR agent_id = acting_party()", add=own, change=own)
    op.execute(PRINCIPALS)
    op.execute(ACTS_FOR)


def _access() -> None:
    op.create_table(
        "user_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        _party(),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        _to_party("user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
    )
    op.create_index("ix_user_account_party_id", "user_account", ["party_id"])
    op.create_table(
        "api_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        _party(),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("public_keys", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        _to_party("api_client"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client")),
        sa.UniqueConstraint("client_id", name=op.f("uq_api_client_client_id")),
    )
    op.create_index("ix_api_client_party_id", "api_client", ["party_id"])
    op.create_table(
        "client_assertion",
        sa.Column("api_client_id", sa.Uuid(), nullable=False),
        sa.Column("jti", sa.String(), nullable=False),
        _party(),
        sa.Column("expires_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["api_client_id"], ["api_client.id"], name=op.f("fk_client_assertion_api_client_id_api_client")
        ),
        _to_party("client_assertion"),
        sa.PrimaryKeyConstraint("api_client_id", "jti", name=op.f("pk_client_assertion")),
    )
    op.create_index("ix_client_assertion_expires_at", "client_assertion", ["expires_at"])
    for table in ("user_account", "api_client"):
        _secure(
            table,
            read="party_id = acting_party() OR duty() IN ('sign-in', 'onboarding')",
            add="duty() = 'onboarding'",
            change="duty() IN ('sign-in', 'onboarding')",
        )
    _secure("client_assertion", read="duty() = 'sign-in'", add="duty() = 'sign-in'")
    op.execute(
        "CREATE POLICY forgotten ON client_assertion FOR DELETE"
        " USING (duty() = 'sign-in' AND expires_at < acting_now())"
    )


def _shipments() -> None:
    op.create_table(
        "shipment",
        sa.Column("id", sa.Uuid(), nullable=False),
        _party(),
        _party("created_by"),
        _party("forwarder_id", nullable=True),
        _party("carrier_id", nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("ucr", sa.String(), nullable=False),
        sa.Column("origin", sa.String(length=5), nullable=False),
        sa.Column("destination", sa.String(length=5), nullable=False),
        sa.Column("transhipments", postgresql.ARRAY(sa.String(length=5)), nullable=False),
        sa.Column("booking_reference", sa.String(), nullable=True),
        sa.Column("bill_of_lading", sa.String(), nullable=True),
        sa.Column("booked_at", TIME, nullable=False),
        sa.Column("incoterm", sa.String(), nullable=True),
        sa.Column("vessel", sa.String(), nullable=True),
        sa.Column("consignee_name", sa.String(), nullable=True),
        sa.Column("consignee_country", sa.String(length=2), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        *(
            _to_party("shipment", column)
            for column in ("party_id", "created_by", "forwarder_id", "carrier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
        sa.UniqueConstraint("party_id", "reference", name=op.f("uq_shipment_party_id_reference")),
        sa.UniqueConstraint("party_id", "ucr", name=op.f("uq_shipment_party_id_ucr")),
    )
    for columns in (
        ("party_id", "id"),
        ("carrier_id", "id"),
        ("carrier_id", "booking_reference"),
        ("carrier_id", "bill_of_lading"),
        ("reference",),
        ("ucr",),
    ):
        op.create_index(f"ix_shipment_{'_'.join(columns)}", "shipment", list(columns))
    _secure(
        "shipment",
        read=f"{ACTS} OR carrier_id = acting_party() OR duty() IN ('bridge-inbox', 'matching')",
        add=f"{ACTS} AND created_by = acting_party()",
        change=ACTS,
    )
    _goods_and_equipment()
    op.create_table(
        "commercial_terms",
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        _party(),
        sa.Column("invoice_number", sa.String(), nullable=True),
        sa.Column("payment_terms", sa.String(), nullable=True),
        sa.Column("discount_minor", sa.BigInteger(), nullable=True),
        sa.Column("bank_account", sa.String(), nullable=True),
        _to_shipment("commercial_terms"),
        sa.PrimaryKeyConstraint("shipment_id", name=op.f("pk_commercial_terms")),
    )
    _secure("commercial_terms", read=ACTS, add=_own_shipment("commercial_terms"))


def _to_shipment(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["shipment_id"], ["shipment.id"], name=op.f(f"fk_{table}_shipment_id_shipment")
    )


def _own_shipment(table: str) -> str:
    """Return who may add to a shipment: whoever acts for its owner, whose the row is too."""
    return (
        f"{ACTS} AND EXISTS (SELECT FROM shipment WHERE shipment.id = {table}.shipment_id"
        f" AND shipment.party_id = {table}.party_id)"
    )


def _goods_and_equipment() -> None:
    op.create_table(
        "equipment",
        sa.Column("id", sa.Uuid(), nullable=False),
        _party(),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("iso_code", sa.String(), nullable=True),
        _to_shipment("equipment"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment")),
        sa.UniqueConstraint("shipment_id", "reference", name=op.f("uq_equipment_shipment_id_reference")),
    )
    op.create_index("ix_equipment_reference", "equipment", ["reference"])
    op.create_table(
        "goods_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        _party(),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("hs_code", sa.String(), nullable=False),
        sa.Column("gross_mass_kg", sa.Numeric(), nullable=False),
        sa.Column("net_mass_kg", sa.Numeric(), nullable=False),
        sa.Column("packages", sa.Integer(), nullable=False),
        sa.Column("package_type", sa.String(), nullable=False),
        sa.Column("origin_country", sa.String(length=2), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        _to_shipment("goods_item"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_item")),
        sa.UniqueConstraint("shipment_id", "sequence", name=op.f("uq_goods_item_shipment_id_sequence")),
    )
    for table in CHILDREN:
        _secure(
            table,
            read=f"EXISTS (SELECT FROM shipment WHERE shipment.id = {table}.shipment_id)",
            add=_own_shipment(table),
        )


def _events() -> None:
    op.create_table(
        "tracking_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        _party(),
        sa.Column("shipment_id", sa.Uuid(), nullable=True),
        sa.Column("source_event_id", sa.String(), nullable=False),
        sa.Column("version_at", TIME, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("standard", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("classifier", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("location", sa.String(), nullable=True),
        sa.Column("equipment_reference", sa.String(), nullable=True),
        sa.Column("booking_reference", sa.String(), nullable=True),
        sa.Column("transport_document", sa.String(), nullable=True),
        sa.Column("transport_mode", sa.String(), nullable=True),
        sa.Column("empty", sa.Boolean(), nullable=True),
        sa.Column("document_type", sa.String(), nullable=True),
        sa.Column("retracted", sa.Boolean(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("correction", sa.Boolean(), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("superseded_at", TIME, nullable=True),
        _to_party("tracking_event"),
        _to_shipment("tracking_event"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracking_event")),
        sa.UniqueConstraint(
            "party_id",
            "source_event_id",
            "version_at",
            name=op.f("uq_tracking_event_party_id_source_event_id_version_at"),
        ),
    )
    op.create_index(
        "ix_tracking_event_shipment_id_at_id",
        "tracking_event",
        ["shipment_id", sa.text("at DESC"), sa.text("id DESC")],
    )
    for column in ("booking_reference", "transport_document", "equipment_reference"):
        op.create_index(
            f"ix_tracking_event_unmatched_{column}",
            "tracking_event",
            ["party_id", column],
            postgresql_where="shipment_id IS NULL",
        )
    carrier = "party_id = acting_party()"
    _secure(
        "tracking_event",
        read=f"{carrier} OR duty() = 'matching'"
        " OR EXISTS (SELECT FROM shipment WHERE shipment.id = tracking_event.shipment_id)",
        add=f"{carrier} AND acts_as('CARRIER')",
        change=f"{carrier} OR duty() = 'matching'",
    )


def downgrade() -> None:
    for table in (
        "tracking_event",
        "commercial_terms",
        "goods_item",
        "equipment",
        "shipment",
        "client_assertion",
        "api_client",
        "user_account",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION acts_for(uuid)")
    op.execute("DROP FUNCTION principals()")
    op.drop_table("delegation")
    for policy in ("visible", "added", "changed"):
        op.execute(f"DROP POLICY {policy} ON party")
    op.execute("ALTER TABLE party NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE party DISABLE ROW LEVEL SECURITY")
