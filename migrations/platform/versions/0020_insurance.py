"""Insurance: open covers, tables of rates, quotes, declarations, claims, their signed steps, arrivals told.

A row is for its insurer and its insured and nobody else; a source sees its own word of an arrival. The duty
``insurance`` reads an insurer's table to quote by it, finds the declarations that a source may tell of,
settles what sources told, and lets claims lapse. A certificate is a document, and read by grant like any.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
DUTY = "duty() = 'insurance'"
INSURER = "insurer_id = acting_party()"
BOTH = f"{INSURER} OR insured_id = acting_party()"
TABLES = (
    "arrival_report",
    "insurance_step",
    "insurance_claim",
    "cover_declaration",
    "insurance_quote",
    "insurance_tariff",
    "open_cover",
)
SEEN = """
duty() = 'webhooks' OR (NOT private OR party_id = ANY ((SELECT principals())::uuid[])) AND CASE
    WHEN shipment_id IS NOT NULL THEN EXISTS (SELECT FROM shipment WHERE shipment.id = change.shipment_id)
    WHEN document_id IS NOT NULL THEN EXISTS (SELECT FROM document WHERE document.id = change.document_id)
    WHEN crossing_id IS NOT NULL THEN EXISTS (SELECT FROM crossing WHERE crossing.id = change.crossing_id)
    WHEN grant_id IS NOT NULL THEN EXISTS (
        SELECT FROM access_grant WHERE access_grant.id = change.grant_id AND (change.kind = 'grant.revoked'
        OR access_grant.revoked_at IS NULL AND access_grant.valid_until > acting_now()))
    {insurance}ELSE false END
"""
INSURANCE = (
    "WHEN insurance_id IS NOT NULL THEN acting_party() = party_id OR acting_party() = ANY (concerned)\n    "
)


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, TIME, nullable=nullable)


def _amount(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _to(table: str, target: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column in columns
    ]


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _holds(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    _covers()
    _quotes()
    _declarations()
    _claims()
    _secure()
    op.add_column("change", _id("insurance_id", nullable=True))
    op.execute(f"ALTER POLICY visible ON change USING ({SEEN.format(insurance=INSURANCE)})")


def _covers() -> None:
    op.create_table(
        "open_cover",
        _id(),
        _id("insurer_id"),
        _id("insured_id"),
        _text("number", 35),
        _text("currency", 3),
        _amount("limit_minor"),
        _amount("per_conveyance_minor"),
        _amount("per_location_minor"),
        sa.Column("clauses", postgresql.ARRAY(sa.String()), nullable=False),
        _number("uplift_bp"),
        _number("notice_days"),
        _number("documents_days"),
        _number("cancellation_days"),
        _time("valid_from"),
        _time("valid_until"),
        _text("state"),
        _amount("declared_minor"),
        _number("declarations"),
        _time("offered_at"),
        *_to("open_cover", "party", "insurer_id", "insured_id"),
        _key("open_cover"),
        _unique("open_cover", "insurer_id", "number"),
        _holds("open_cover", "balance", "declared_minor >= 0 AND declared_minor <= limit_minor"),
        _holds("open_cover", "two_parties", "insurer_id <> insured_id"),
    )
    op.create_index("ix_open_cover_insured_id_id", "open_cover", ["insured_id", "id"])
    op.create_table(
        "insurance_tariff",
        _id(),
        _id("insurer_id"),
        _text("currency", 3),
        _time("effective_from"),
        _number("quotes_hold_days"),
        sa.Column("rates", postgresql.JSONB(), nullable=False),
        _time("published_at"),
        *_to("insurance_tariff", "party", "insurer_id"),
        _key("insurance_tariff"),
        _unique("insurance_tariff", "insurer_id", "currency", "effective_from"),
    )


def _both(table: str) -> None:
    for who in ("insurer_id", "insured_id"):
        op.create_index(f"ix_{table}_{who}_id", table, [who, "id"])


def _quotes() -> None:
    op.create_table(
        "insurance_quote",
        _id(),
        _id("cover_id"),
        _id("insurer_id"),
        _id("insured_id"),
        _id("shipment_id"),
        _id("tariff_id", nullable=True),
        _text("state"),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        _amount("insured_minor"),
        _text("currency", 3),
        _amount("premium_minor", nullable=True),
        _amount("deductible_minor", nullable=True),
        sa.Column("lines", postgresql.JSONB(), nullable=True),
        _time("valid_until", nullable=True),
        _time("requested_at"),
        *_to("insurance_quote", "open_cover", "cover_id"),
        *_to("insurance_quote", "party", "insurer_id", "insured_id"),
        *_to("insurance_quote", "shipment", "shipment_id"),
        *_to("insurance_quote", "insurance_tariff", "tariff_id"),
        _key("insurance_quote"),
    )
    _both("insurance_quote")


def _declarations() -> None:
    table = "cover_declaration"
    op.create_table(
        table,
        _id(),
        _id("cover_id"),
        _id("insurer_id"),
        _id("insured_id"),
        _id("quote_id"),
        _id("shipment_id"),
        _id("document_id"),
        _number("number"),
        _text("ucr"),
        _text("conveyance"),
        _text("loading", 5),
        _text("discharge", 5),
        _text("currency", 3),
        _amount("insured_minor"),
        _amount("premium_minor"),
        _amount("deductible_minor"),
        _text("state"),
        _time("declared_at"),
        _time("cancelled_at", nullable=True),
        _id("carrier_id", nullable=True),
        _id("terminal_id", nullable=True),
        _id("customs_id", nullable=True),
        _time("agreed_arrival", nullable=True),
        _number("after_days", nullable=True),
        _amount("per_day_minor", nullable=True),
        _number("most_days", nullable=True),
        _time("decides_by", nullable=True),
        _number("delay_days", nullable=True),
        _time("delay_decided_at", nullable=True),
        *_to(table, "open_cover", "cover_id"),
        *_to(table, "party", "insurer_id", "insured_id", "carrier_id", "terminal_id", "customs_id"),
        *_to(table, "insurance_quote", "quote_id"),
        *_to(table, "shipment", "shipment_id"),
        *_to(table, "document", "document_id"),
        _key(table),
        _unique(table, "quote_id"),
        _unique(table, "cover_id", "number"),
        _holds(table, "amounts", "insured_minor > 0 AND premium_minor >= 0"),
        _holds(
            table,
            "independent",
            "agreed_arrival IS NULL OR carrier_id <> terminal_id AND terminal_id <> customs_id"
            " AND carrier_id <> customs_id",
        ),
    )
    op.create_index(
        "uq_cover_declaration_live",
        table,
        ["cover_id", "shipment_id"],
        unique=True,
        postgresql_where="state = 'DECLARED'",
    )
    op.create_index("ix_cover_declaration_cover_id_conveyance", table, ["cover_id", "conveyance"])
    op.create_index("ix_cover_declaration_ucr", table, ["ucr"], postgresql_where="agreed_arrival IS NOT NULL")
    _both(table)


def _claims() -> None:
    op.create_table(
        "insurance_claim",
        _id(),
        _id("declaration_id"),
        _id("insurer_id"),
        _id("insured_id"),
        _text("kind"),
        _text("state"),
        _text("description"),
        _time("occurred_at"),
        _text("currency", 3),
        _amount("claimed_minor"),
        _amount("assessed_minor", nullable=True),
        _amount("payable_minor", nullable=True),
        _amount("paid_minor", nullable=True),
        _text("reason", nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        _time("notified_at"),
        _time("documents_due"),
        _time("settled_at", nullable=True),
        *_to("insurance_claim", "cover_declaration", "declaration_id"),
        *_to("insurance_claim", "party", "insurer_id", "insured_id"),
        _key("insurance_claim"),
        _holds("insurance_claim", "paid_once", "(paid_minor IS NULL) = (settled_at IS NULL)"),
    )
    where = {"unique": True, "postgresql_where": "kind = 'DELAY'"}
    op.create_index("uq_insurance_claim_delay", "insurance_claim", ["declaration_id"], **where)
    op.create_index("ix_insurance_claim_declaration_id", "insurance_claim", ["declaration_id"])
    op.create_index(
        "ix_insurance_claim_due", "insurance_claim", ["documents_due"], postgresql_where="state = 'NOTIFIED'"
    )
    _both("insurance_claim")
    op.create_table(
        "insurance_step",
        _id("subject_id"),
        _number("sequence"),
        _id("insurer_id"),
        _id("insured_id"),
        _id("actor_id", nullable=True),
        _text("code"),
        sa.Column("about", postgresql.JSONB(), nullable=False),
        _time("at"),
        _text("previous", nullable=True),
        _text("digest"),
        _text("token", nullable=True),
        _text("kid", nullable=True),
        _text("x", nullable=True),
        *_to("insurance_step", "party", "insurer_id", "insured_id", "actor_id"),
        _key("insurance_step", "subject_id", "sequence"),
    )
    op.create_table(
        "arrival_report",
        _id(),
        _id("declaration_id"),
        _id("source_id"),
        _text("role"),
        _time("arrived_at"),
        _time("told_at"),
        _text("digest"),
        _text("token"),
        _text("kid"),
        _text("x"),
        *_to("arrival_report", "cover_declaration", "declaration_id"),
        *_to("arrival_report", "party", "source_id"),
        _key("arrival_report"),
    )
    op.create_index("ix_arrival_report_declaration_id_id", "arrival_report", ["declaration_id", "id"])


def _table(table: str, *, read: str, add: str, change: str | None = None, columns: str = "") -> None:
    for statement in protect(table, read=read, add=add, change=change):
        op.execute(statement)
    op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app")
    if columns:
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO isthmus_app")


def _secure() -> None:
    seen = f"{BOTH} OR {DUTY}"
    _table(
        "open_cover",
        read=seen,
        add=f"{INSURER} AND acts_as('INSURER') AND state = 'OFFERED' AND declared_minor = 0",
        change=BOTH,
        columns="limit_minor, per_conveyance_minor, per_location_minor, valid_until, state,"
        " declared_minor, declarations",
    )
    _table("insurance_tariff", read=f"{INSURER} OR {DUTY}", add=f"{INSURER} AND acts_as('INSURER')")
    covered = (
        "EXISTS (SELECT FROM open_cover WHERE open_cover.id = {table}.cover_id"
        " AND open_cover.insurer_id = {table}.insurer_id AND open_cover.insured_id = {table}.insured_id)"
    )
    _table(
        "insurance_quote",
        read=seen,
        add=f"insured_id = acting_party() AND {covered.format(table='insurance_quote')}",
        change=BOTH,
        columns="state, premium_minor, deductible_minor, lines, valid_until",
    )
    _table(
        "cover_declaration",
        read=seen,
        add=f"insured_id = acting_party() AND {covered.format(table='cover_declaration')}",
        change=seen,
        columns="state, cancelled_at, delay_days, delay_decided_at",
    )
    declared = (
        "EXISTS (SELECT FROM cover_declaration WHERE cover_declaration.id = insurance_claim.declaration_id"
        " AND cover_declaration.insurer_id = insurance_claim.insurer_id"
        " AND cover_declaration.insured_id = insurance_claim.insured_id)"
    )
    _table(
        "insurance_claim",
        read=seen,
        add=f"(insured_id = acting_party() OR {DUTY}) AND {declared}",
        change=seen,
        columns="state, assessed_minor, payable_minor, paid_minor, reason, settled_at",
    )
    _table(
        "insurance_step",
        read=seen,
        add=f"({BOTH} OR {DUTY}) AND (actor_id IS NULL OR actor_id = acting_party())",
    )
    _table(
        "arrival_report",
        read=f"source_id = acting_party() OR {DUTY}"
        " OR EXISTS (SELECT FROM cover_declaration WHERE cover_declaration.id = declaration_id)",
        add="source_id = acting_party()",
    )


def downgrade() -> None:
    op.execute(f"ALTER POLICY visible ON change USING ({SEEN.format(insurance='')})")
    op.drop_column("change", "insurance_id")
    for table in TABLES:
        op.drop_table(table)
