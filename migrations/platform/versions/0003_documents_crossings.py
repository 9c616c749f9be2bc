"""Documents, grants, the access log, crossings and declarations.

Who sees a document: whoever acts for its owner, and a reader with a grant in force, judged here at each
statement. Carriers, operator and authority have no path. Versions, chunks, log entries and customs events are
only ever added: the application's role has no right to change or delete them.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ACTS = "party_id = ANY ((SELECT principals())::uuid[])"
TIME = sa.DateTime(timezone=True)
BRIDGE = "duty() = 'bridge-inbox'"

GRANT_IN_FORCE = (
    "access_grant.reader_id = acting_party() AND access_grant.party_id = {table}.party_id"
    " AND access_grant.revoked_at IS NULL AND access_grant.valid_until > acting_now()"
)
BY_DOCUMENT_GRANT = (
    "EXISTS (SELECT FROM granted_document JOIN access_grant ON access_grant.id = granted_document.grant_id"
    " WHERE granted_document.document_id = document.id AND " + GRANT_IN_FORCE.format(table="document") + ")"
)


def by_shipment_grant(table: str, column: str) -> str:
    return (
        f"EXISTS (SELECT FROM access_grant WHERE access_grant.shipment_id = {table}.{column}"
        f" AND {GRANT_IN_FORCE.format(table=table)})"
    )


# A trigger, so that no way of adding a shipment or document can forget whose it is.
CUSTODY = """
CREATE FUNCTION note_custodian() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO custodian (object_id, kind, party_id, shipment_id, ucr)
    VALUES (NEW.id, upper(TG_TABLE_NAME), NEW.party_id,
            CASE TG_TABLE_NAME WHEN 'shipment' THEN NEW.id ELSE (to_jsonb(NEW) ->> 'shipment_id')::uuid END,
            NEW.ucr)
    ON CONFLICT (object_id) DO UPDATE SET ucr = EXCLUDED.ucr;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    _documents()
    _grants()
    _who_sees_documents()
    _access_log()
    _crossings()
    _declarations()


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, TIME, nullable=nullable)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def _to_parties(table: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [_to(table, column, "party") for column in columns]


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _of_owner(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return a reference to a row of the same owner, and of no other."""
    return sa.ForeignKeyConstraint(
        [column, "party_id"],
        [f"{target}.id", f"{target}.party_id"],
        name=op.f(f"fk_{table}_{column}_{target}"),
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _secure(table: str, *, read: str, add: str, change: str | None = None) -> None:
    for statement in protect(table, read=read, add=add, change=change):
        op.execute(statement)


def _only_added(*tables: str) -> None:
    for table in tables:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app")


def _documents() -> None:
    op.create_table(
        "owner_key",
        _id("party_id"),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        _time("created_at"),
        *_to_parties("owner_key", "party_id"),
        _key("owner_key", "party_id"),
    )
    op.create_table(
        "document",
        _id(),
        _id("party_id"),
        _id("shipment_id"),
        _text("shipment_reference"),
        _text("ucr"),
        _text("type", 3),
        _text("title"),
        _id("created_by"),
        _time("created_at"),
        *_to_parties("document", "party_id", "created_by"),
        _to("document", "shipment_id", "shipment"),
        _key("document"),
        _unique("document", "id", "party_id"),
    )
    _index("document", "shipment_id", "id")
    _index("document", "party_id", "id")
    _index("document", "ucr")
    op.create_table(
        "document_version",
        _id(),
        _id("party_id"),
        _id("document_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("sha256", 64),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _text("media_type"),
        sa.Column("chunks", sa.Integer(), nullable=False),
        _id("created_by"),
        _time("created_at"),
        *_to_parties("document_version", "created_by"),
        _of_owner("document_version", "document_id", "document"),
        _key("document_version"),
        _unique("document_version", "document_id", "number"),
        _unique("document_version", "id", "party_id"),
    )
    op.create_table(
        "document_chunk",
        _id("version_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _id("party_id"),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        _of_owner("document_chunk", "version_id", "document_version"),
        _key("document_chunk", "version_id", "number"),
    )
    # Ciphertext does not compress: do not try.
    op.execute("ALTER TABLE document_chunk ALTER COLUMN ciphertext SET STORAGE EXTERNAL")
    _only_added("owner_key", "document", "document_version", "document_chunk")


def _grants() -> None:
    op.create_table(
        "access_grant",
        _id(),
        _id("party_id"),
        _id("reader_id"),
        _id("shipment_id", nullable=True),
        _text("purpose"),
        _time("valid_until"),
        _id("created_by"),
        _time("created_at"),
        _time("revoked_at", nullable=True),
        *_to_parties("access_grant", "party_id", "reader_id", "created_by"),
        _to("access_grant", "shipment_id", "shipment"),
        _key("access_grant"),
        _unique("access_grant", "id", "party_id"),
    )
    _index("access_grant", "party_id")
    _index("access_grant", "shipment_id")
    _index("access_grant", "reader_id", "party_id")
    op.create_table(
        "granted_document",
        _id("grant_id"),
        _id("document_id"),
        _id("party_id"),
        _of_owner("granted_document", "grant_id", "access_grant"),
        _of_owner("granted_document", "document_id", "document"),
        _key("granted_document", "grant_id", "document_id"),
    )
    _index("granted_document", "document_id")
    _secure(
        "access_grant",
        read=f"{ACTS} OR reader_id = acting_party() OR duty() IN ('refusal', 'bridge-inbox')",
        add=f"{ACTS} AND created_by = acting_party() AND NOT EXISTS (SELECT FROM party"
        " WHERE party.id = reader_id AND party.roles && ARRAY['OPERATOR', 'AUTHORITY']::varchar[])",
        change=ACTS,
    )
    _secure(
        "granted_document",
        read="EXISTS (SELECT FROM access_grant WHERE access_grant.id = granted_document.grant_id)",
        add=ACTS,
    )
    _only_added("access_grant", "granted_document")
    op.execute("GRANT UPDATE (revoked_at) ON access_grant TO isthmus_app")


def _who_sees_documents() -> None:
    _secure(
        "document",
        read=f"{ACTS} OR {BY_DOCUMENT_GRANT} OR {by_shipment_grant('document', 'shipment_id')}",
        add=f"{ACTS} AND created_by = acting_party() AND EXISTS (SELECT FROM shipment"
        " WHERE shipment.id = document.shipment_id AND shipment.party_id = document.party_id)",
    )
    _secure(
        "document_version",
        read="EXISTS (SELECT FROM document WHERE document.id = document_version.document_id)",
        add=ACTS,
    )
    _secure(
        "document_chunk",
        read="EXISTS (SELECT FROM document_version WHERE document_version.id = document_chunk.version_id)",
        add=ACTS,
    )
    _secure(
        "owner_key",
        read=f"{ACTS} OR EXISTS (SELECT FROM access_grant WHERE {GRANT_IN_FORCE.format(table='owner_key')})",
        add=ACTS,
    )
    op.execute(f"CREATE POLICY granted ON shipment FOR SELECT USING ({by_shipment_grant('shipment', 'id')})")


def _access_log() -> None:
    op.create_table(
        "custodian",
        _id("object_id"),
        _text("kind"),
        _id("party_id"),
        _id("shipment_id"),
        _text("ucr"),
        *_to_parties("custodian", "party_id"),
        _key("custodian", "object_id"),
    )
    _index("custodian", "ucr", "kind")
    _secure(
        "custodian",
        read=f"{ACTS} OR duty() IN ('refusal', 'bridge-inbox')",
        add=ACTS,
        change=ACTS,
    )
    op.execute("REVOKE UPDATE, DELETE ON custodian FROM isthmus_app")
    op.execute("GRANT UPDATE (ucr) ON custodian TO isthmus_app")
    op.execute(CUSTODY)
    op.execute(
        "CREATE TRIGGER custody AFTER INSERT OR UPDATE OF ucr ON shipment"
        " FOR EACH ROW EXECUTE FUNCTION note_custodian()"
    )
    op.execute(
        "CREATE TRIGGER custody AFTER INSERT ON document FOR EACH ROW EXECUTE FUNCTION note_custodian()"
    )
    op.create_table(
        "access_log_entry",
        _id(),
        _id("party_id"),
        _id("reader_id"),
        _time("at"),
        _text("action"),
        _text("outcome"),
        _text("reason", nullable=True),
        _text("purpose", nullable=True),
        _id("document_id", nullable=True),
        sa.Column("document_version", sa.Integer(), nullable=True),
        _id("shipment_id", nullable=True),
        _id("grant_id", nullable=True),
        _id("crossing_id", nullable=True),
        _text("ucr", nullable=True),
        _text("request_id"),
        *_to_parties("access_log_entry", "party_id", "reader_id"),
        _key("access_log_entry"),
    )
    _index("access_log_entry", "party_id", "id")
    _secure(
        "access_log_entry",
        read="party_id = acting_party()",
        add="reader_id = acting_party() OR duty() IN ('refusal', 'bridge-inbox')",
    )
    _only_added("access_log_entry")


def _crossings() -> None:
    op.create_table(
        "crossing",
        _id(),
        _id("exchange", nullable=True),
        _id("in_reply_to", nullable=True),
        _id("party_id"),
        _id("requester_id"),
        _id("shipment_id", nullable=True),
        _text("subject"),
        _text("direction"),
        _text("message"),
        _text("purpose"),
        _text("legal_basis", nullable=True),
        sa.Column("consents", postgresql.JSONB(), nullable=False),
        sa.Column("additional_fields", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("request", postgresql.JSONB(), nullable=True),
        _text("state"),
        _text("reason", nullable=True),
        _text("field", nullable=True),
        _text("agreement_id", nullable=True),
        sa.Column("agreement_version", sa.Integer(), nullable=True),
        sa.Column("log_index", sa.BigInteger(), nullable=True),
        sa.Column("answer", postgresql.JSONB(), nullable=True),
        _text("receipt", nullable=True),
        _time("created_at"),
        _time("updated_at"),
        *_to_parties("crossing", "party_id", "requester_id"),
        _to("crossing", "shipment_id", "shipment"),
        _key("crossing"),
        _unique("crossing", "exchange"),
    )
    for column in ("party_id", "requester_id", "shipment_id", "subject"):
        _index("crossing", column, "id")
    op.create_index("ix_crossing_undecided", "crossing", ["id"], postgresql_where="state = 'REQUESTED'")
    _secure(
        "crossing",
        read=f"{ACTS} OR requester_id = acting_party() OR {BRIDGE}",
        add=f"{BRIDGE} OR requester_id = acting_party() AND {ACTS}",
        change=BRIDGE,
    )
    op.execute("REVOKE DELETE ON crossing FROM isthmus_app")
    op.create_table(
        "bridge_nonce",
        _text("kid"),
        _text("nonce"),
        _time("expires_at"),
        _key("bridge_nonce", "kid", "nonce"),
    )
    _index("bridge_nonce", "expires_at")
    _secure("bridge_nonce", read=BRIDGE, add=BRIDGE)
    op.execute(
        f"CREATE POLICY forgotten ON bridge_nonce FOR DELETE USING ({BRIDGE} AND expires_at < acting_now())"
    )


def _declarations() -> None:
    op.create_table(
        "declaration",
        _id(),
        _id("party_id"),
        _id("shipment_id"),
        _id("crossing_id"),
        _id("requester_id"),
        _text("status"),
        _text("mrn", nullable=True),
        _text("channel", nullable=True),
        sa.Column("duty_minor", sa.BigInteger(), nullable=True),
        _text("duty_currency", 3, nullable=True),
        _time("released_at", nullable=True),
        _time("created_at"),
        _time("updated_at"),
        *_to_parties("declaration", "party_id", "requester_id"),
        _to("declaration", "shipment_id", "shipment"),
        _to("declaration", "crossing_id", "crossing"),
        _key("declaration"),
        _unique("declaration", "crossing_id"),
    )
    op.create_index(
        "ix_declaration_live",
        "declaration",
        ["shipment_id"],
        unique=True,
        postgresql_where="status NOT IN ('REJECTED', 'REFUSED', 'FAILED')",
    )
    _index("declaration", "shipment_id", "id")
    _secure(
        "declaration",
        read=f"{ACTS} OR {BRIDGE}",
        add=f"{ACTS} AND requester_id = acting_party()",
        change=BRIDGE,
    )
    op.execute("REVOKE DELETE ON declaration FROM isthmus_app")
    op.create_table(
        "customs_event",
        _id(),
        _id("party_id"),
        _id("declaration_id"),
        _id("shipment_id"),
        _id("exchange"),
        _text("status"),
        _time("at"),
        _time("received_at"),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        *_to_parties("customs_event", "party_id"),
        _to("customs_event", "declaration_id", "declaration"),
        _to("customs_event", "shipment_id", "shipment"),
        _key("customs_event"),
        _unique("customs_event", "exchange"),
    )
    _index("customs_event", "declaration_id")
    _index("customs_event", "shipment_id", "at", "id")
    _secure("customs_event", read=f"{ACTS} OR {BRIDGE}", add=BRIDGE)
    _only_added("customs_event")


def downgrade() -> None:
    op.execute("DROP POLICY granted ON shipment")
    op.execute("DROP TRIGGER custody ON shipment")
    for table in (
        "customs_event",
        "declaration",
        "bridge_nonce",
        "crossing",
        "access_log_entry",
    ):
        op.drop_table(table)
    for policy in ("visible", "added"):
        for table in ("document_chunk", "document_version", "owner_key", "document"):
            op.execute(f"DROP POLICY {policy} ON {table}")
    for table in ("granted_document", "access_grant", "document_chunk", "document_version", "document"):
        op.drop_table(table)
    op.drop_table("owner_key")
    op.drop_table("custodian")
    op.execute("DROP FUNCTION note_custodian()")
