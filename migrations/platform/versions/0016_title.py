"""Title: transferable records, their signed steps, who may see them, liens and holds, suspensions.

A title's row is changed by its possessor or its issuer alone, and only from one sequence number to the next;
its steps are only ever added. The duty ``title-register`` looks at the row to lock it, at what blocks it and
at who is suspended, and adds who may see it.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ACTS = "party_id = ANY ((SELECT principals())::uuid[])"
TIME = sa.DateTime(timezone=True)
REGISTER = "duty() = 'title-register'"
LIVE = "phase IN ('HELD', 'DELIVERY_REQUESTED', 'AMENDMENT_REQUESTED')"
# Documents are judged by their own policy: by the owner, its agents, and by grants in force.
SEEN = (
    "EXISTS (SELECT FROM title_party WHERE title_party.title_id = title.id"
    " AND title_party.party_id = acting_party())"
    f" OR {ACTS}"
    " OR EXISTS (SELECT FROM access_grant WHERE access_grant.shipment_id = title.shipment_id"
    " AND access_grant.party_id = title.party_id AND access_grant.reader_id = acting_party()"
    " AND access_grant.revoked_at IS NULL AND access_grant.valid_until > acting_now())"
    " OR EXISTS (SELECT FROM document WHERE document.shipment_id = title.shipment_id"
    " AND document.party_id = title.party_id AND document.type = '705')"
)
IN_CONTROL = "possessor_id = acting_party() OR issuer_id = acting_party()"
OF_A_TITLE_IN_CONTROL = (
    "EXISTS (SELECT FROM title WHERE title.id = {table}.title_id"
    " AND (title.possessor_id = acting_party() OR title.issuer_id = acting_party()))"
)
STEPPED = """
CREATE FUNCTION title_stepped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sequence <> OLD.sequence + 1 OR OLD.phase IN ('SURRENDERED', 'VOID', 'PAPER') THEN
        RAISE EXCEPTION 'a title moves step by step, and while it lives'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    _title()
    _steps()
    _blocks()
    _suspensions()
    _policies()


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


def _title() -> None:
    holders = ("party_id", "issuer_id", "shipper_id", "possessor_id", "named_id", "surrendered_by")
    op.create_table(
        "title",
        _id(),
        _id("party_id"),
        _id("shipment_id"),
        _id("issuer_id"),
        _text("number", 35),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("document_digest"),
        _text("form"),
        _id("replaces_id", nullable=True),
        _id("shipper_id"),
        _id("possessor_id"),
        _id("named_id", nullable=True),
        sa.Column("to_order", sa.Boolean(), nullable=False),
        _text("phase"),
        _id("surrendered_by", nullable=True),
        _text("reason", nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        _text("head"),
        _time("issued_at"),
        _time("stepped_at"),
        *_to("title", "party", *holders),
        *_to("title", "shipment", "shipment_id"),
        *_to("title", "title", "replaces_id"),
        _key("title"),
        _unique("title", "issuer_id", "number", "version"),
        _unique("title", "replaces_id"),
        sa.CheckConstraint("version > 0 AND sequence > 0", name=op.f("ck_title_counted")),
        sa.CheckConstraint("form = 'NEGOTIABLE' OR named_id IS NOT NULL", name=op.f("ck_title_consignee")),
    )
    op.create_index("uq_title_live", "title", ["shipment_id"], unique=True, postgresql_where=LIVE)
    op.create_index("ix_title_shipment_id_id", "title", ["shipment_id", "id"])
    op.execute(STEPPED)
    op.execute("CREATE TRIGGER stepped BEFORE UPDATE ON title FOR EACH ROW EXECUTE FUNCTION title_stepped()")
    op.create_table(
        "title_party",
        _id("title_id"),
        _id("party_id"),
        _time("since"),
        *_to("title_party", "title", "title_id"),
        *_to("title_party", "party", "party_id"),
        _key("title_party", "title_id", "party_id"),
    )
    op.create_index("ix_title_party_party_id_title_id", "title_party", ["party_id", "title_id"])


def _steps() -> None:
    op.create_table(
        "title_step",
        _id("title_id"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        _id("actor_id"),
        _id("recipient_id", nullable=True),
        _text("action"),
        _text("reason", nullable=True),
        _time("at"),
        _text("token"),
        _text("digest"),
        _text("kid"),
        _text("x"),
        *_to("title_step", "title", "title_id"),
        *_to("title_step", "party", "actor_id", "recipient_id"),
        _key("title_step", "title_id", "sequence"),
        _unique("title_step", "digest"),
    )


def _blocks() -> None:
    op.create_table(
        "title_block",
        _id(),
        _id("title_id"),
        _text("kind"),
        _id("party_id"),
        _id("placed_by"),
        _text("reason"),
        _text("legal_basis", nullable=True),
        _time("placed_at"),
        _time("released_at", nullable=True),
        *_to("title_block", "title", "title_id"),
        *_to("title_block", "party", "party_id", "placed_by"),
        _key("title_block"),
        sa.CheckConstraint("kind IN ('LIEN', 'HOLD')", name=op.f("ck_title_block_kind")),
    )
    op.create_index(
        "uq_title_block_standing",
        "title_block",
        ["title_id", "party_id"],
        unique=True,
        postgresql_where="released_at IS NULL",
    )


def _suspensions() -> None:
    op.create_table(
        "title_suspension",
        _id(),
        _id("party_id"),
        _id("placed_by"),
        _text("reason"),
        _time("suspended_at"),
        _time("lifted_at", nullable=True),
        *_to("title_suspension", "party", "party_id", "placed_by"),
        _key("title_suspension"),
    )
    op.create_index(
        "uq_title_suspension_standing",
        "title_suspension",
        ["party_id", "placed_by"],
        unique=True,
        postgresql_where="lifted_at IS NULL",
    )


def _secure(table: str, *, read: str, add: str, change: str | None = None, to: str = "true") -> None:
    """Force row-level security; ``change`` says which rows may be changed, ``to`` what they may become."""
    for statement in (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY visible ON {table} FOR SELECT USING ({read})",
        f"CREATE POLICY added ON {table} FOR INSERT WITH CHECK ({add})",
        f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app",
    ):
        op.execute(statement)
    if change is not None:
        op.execute(f"CREATE POLICY changed ON {table} FOR UPDATE USING ({change}) WITH CHECK ({to})")


def _policies() -> None:
    _secure("title_party", read=f"party_id = acting_party() OR {REGISTER}", add=REGISTER)
    _secure(
        "title",
        read=f"{SEEN} OR {IN_CONTROL} OR {REGISTER}",
        add="issuer_id = acting_party() AND acts_as('CARRIER') AND sequence = 1 AND EXISTS"
        " (SELECT FROM shipment WHERE shipment.id = title.shipment_id"
        " AND shipment.party_id = title.party_id AND shipment.carrier_id = acting_party())",
        change=f"{IN_CONTROL} OR {REGISTER}",
        # The register's duty locks rows of others; only a party in control changes one.
        to=f"NOT COALESCE({REGISTER}, false)",
    )
    op.execute(
        "GRANT UPDATE (possessor_id, named_id, to_order, phase, surrendered_by, reason, sequence, head,"
        " stepped_at) ON title TO isthmus_app"
    )
    _secure(
        "title_step",
        read="actor_id = acting_party() OR recipient_id = acting_party() OR "
        + OF_A_TITLE_IN_CONTROL.format(table="title_step"),
        add="actor_id = acting_party()",
    )
    _secure(
        "title_block",
        read="party_id = acting_party() OR placed_by = acting_party() OR "
        + OF_A_TITLE_IN_CONTROL.format(table="title_block")
        + f" OR {REGISTER}",
        add="placed_by = acting_party() AND released_at IS NULL AND (kind = 'HOLD' AND party_id = placed_by"
        " AND acts_as('AUTHORITY') OR kind = 'LIEN' AND EXISTS (SELECT FROM title"
        " WHERE title.id = title_block.title_id AND title.possessor_id = acting_party()))",
        change="party_id = acting_party()",
    )
    op.execute("GRANT UPDATE (released_at) ON title_block TO isthmus_app")
    _secure(
        "title_suspension",
        read=f"party_id = acting_party() OR placed_by = acting_party() OR {REGISTER}",
        add="placed_by = acting_party() AND (acts_as('OPERATOR') OR acts_as('AUTHORITY'))",
        change="placed_by = acting_party()",
    )
    op.execute("GRANT UPDATE (lifted_at) ON title_suspension TO isthmus_app")


def downgrade() -> None:
    for table in ("title_suspension", "title_block", "title_step"):
        op.drop_table(table)
    op.execute("DROP POLICY visible ON title")  # it speaks of title_party
    op.drop_table("title_party")
    op.drop_table("title")
    op.execute("DROP FUNCTION title_stepped()")
