"""Receivables: invoices offered to chosen banks, how each offer stands, its history, notices.

A seller sees what it offers. A bank sees its own offer, which says no more than it may know, and the invoice
once it accepted. The duty ``receivables`` compares the offers of one invoice, opens the invoice to the bank
that accepts, lets registrations go and does what the clock asks. What is paid out is entered once.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from isthmus_platform.row_security import protect

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
ME = "acting_party()"
DUTY = "duty() = 'receivables'"
TAKEN = "state IN ('ACCEPTED', 'CONFIRMED', 'DISBURSING', 'DISBURSED', 'OVERDUE', 'DEFAULTED', 'REPAID')"
BOTH = f"party_id = {ME} OR bank_id = {ME}"
OF_OFFER = "EXISTS (SELECT FROM receivable_offer WHERE receivable_offer.id = {table}.offer_id)"


def upgrade() -> None:
    _receivable()
    _offer()
    _history()
    _secure()
    _beside()


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, length: int | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, TIME, nullable=nullable)


def _minor(name: str, *, nullable: bool = False) -> sa.Column[int]:
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


def _receivable() -> None:
    op.create_table(
        "receivable",
        _id(),
        _id("party_id"),
        _id("document_id"),
        _id("shipment_id"),
        _text("currency", 3),
        _minor("amount_minor"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _time("offered_at"),
        *_to("receivable", "party", "party_id"),
        *_to("receivable", "document", "document_id"),
        *_to("receivable", "shipment", "shipment_id"),
        _key("receivable"),
        _unique("receivable", "id", "party_id"),
        _holds("receivable", "amount", "amount_minor > 0"),
    )
    op.create_index("ix_receivable_shipment_id", "receivable", ["shipment_id"])
    op.create_index("ix_receivable_party_id_id", "receivable", ["party_id", "id"])


def _offer() -> None:
    table = "receivable_offer"
    op.create_table(
        table,
        _id(),
        _id("receivable_id"),
        _id("party_id"),
        _id("bank_id"),
        _text("state"),
        _text("currency", 3),
        _minor("amount_minor"),
        sa.Column("due_on", sa.Date(), nullable=False),
        _text("seller_country", 2),
        _text("debtor_country", 2),
        _text("debtor_rating"),
        _number("advance_bp", nullable=True),
        _number("discount_bp", nullable=True),
        _minor("fee_minor", nullable=True),
        _number("grace_days", nullable=True),
        _time("valid_until", nullable=True),
        _id("grant_id", nullable=True),
        _id("financing_id", nullable=True),
        _minor("advance_minor", nullable=True),
        _minor("discount_minor", nullable=True),
        _minor("paid_out_minor", nullable=True),
        _minor("repaid_minor"),
        _number("sequence"),
        _time("offered_at"),
        _time("disbursed_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["receivable_id", "party_id"],
            ["receivable.id", "receivable.party_id"],
            name=op.f("fk_receivable_offer_receivable_id_receivable"),
        ),
        *_to(table, "party", "party_id", "bank_id"),
        *_to(table, "access_grant", "grant_id"),
        *_to(table, "financing", "financing_id"),
        _key(table),
        _unique(table, "receivable_id", "bank_id"),
        _holds(table, "two_parties", "party_id <> bank_id"),
        _holds(table, "repaid", "repaid_minor >= 0 AND repaid_minor <= coalesce(advance_minor, 0)"),
        _holds(table, "paid_out", "paid_out_minor > 0 AND paid_out_minor <= advance_minor"),
    )
    op.create_index(
        "uq_receivable_offer_taken", table, ["receivable_id"], unique=True, postgresql_where=TAKEN
    )
    op.create_index("ix_receivable_offer_bank_id_id", table, ["bank_id", "id"])
    op.create_index("ix_receivable_offer_party_id_id", table, ["party_id", "id"])
    op.create_index("ix_receivable_offer_state_due_on", table, ["state", "due_on"])


def _history() -> None:
    op.create_table(
        "receivable_entry",
        _id("offer_id"),
        _number("sequence"),
        _text("action"),
        _id("actor_id", nullable=True),
        _time("at"),
        _minor("amount_minor"),
        _minor("outstanding_minor"),
        *_to("receivable_entry", "receivable_offer", "offer_id"),
        *_to("receivable_entry", "party", "actor_id"),
        _key("receivable_entry", "offer_id", "sequence"),
    )
    op.create_index(
        "uq_receivable_entry_paid_out",
        "receivable_entry",
        ["offer_id"],
        unique=True,
        postgresql_where="action = 'PAY_OUT'",
    )
    op.create_table(
        "receivable_notice",
        _id(),
        _id("offer_id"),
        _number("sequence"),
        _id("party_id"),
        _text("action"),
        _time("at"),
        sa.ForeignKeyConstraint(
            ["offer_id", "sequence"],
            ["receivable_entry.offer_id", "receivable_entry.sequence"],
            name=op.f("fk_receivable_notice_offer_id_receivable_entry"),
        ),
        *_to("receivable_notice", "party", "party_id"),
        _key("receivable_notice"),
        _unique("receivable_notice", "offer_id", "sequence", "party_id"),
    )
    op.create_index("ix_receivable_notice_party_id_id", "receivable_notice", ["party_id", "id"])


def _secure() -> None:
    accepted = (
        "EXISTS (SELECT FROM receivable_offer WHERE receivable_offer.receivable_id = receivable.id"
        f" AND receivable_offer.bank_id = {ME} AND receivable_offer.{TAKEN})"
    )
    own = f"party_id = {ME} AND acts_as('TRADER')"
    of_offer = OF_OFFER.format(table="receivable_entry")
    rules: dict[str, tuple[str, str, str | None]] = {
        "receivable": (f"party_id = {ME} OR {DUTY} OR {accepted}", own, None),
        "receivable_offer": (
            f"{BOTH} OR {DUTY}",
            f"{own} AND state = 'OFFERED' AND repaid_minor = 0",
            f"{BOTH} OR {DUTY}",
        ),
        "receivable_entry": (of_offer, f"(actor_id IS NULL OR actor_id = {ME}) AND {of_offer}", None),
        "receivable_notice": (f"party_id = {ME} OR {DUTY}", DUTY, None),
    }
    for table, (read, add, change) in rules.items():
        for statement in protect(table, read=read, add=add, change=change):
            op.execute(statement)
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app")
    op.execute(
        "GRANT UPDATE (state, advance_bp, discount_bp, fee_minor, grace_days, valid_until, grant_id,"
        " financing_id, advance_minor, discount_minor, paid_out_minor, repaid_minor, sequence, disbursed_at)"
        " ON receivable_offer TO isthmus_app"
    )


ACCEPTING = (
    f"reader_id = {ME} AND created_by = {ME} AND parent_id IS NULL AND shipment_id IS NULL"
    " AND EXISTS (SELECT FROM receivable_offer WHERE receivable_offer.party_id = access_grant.party_id"
    f" AND receivable_offer.bank_id = {ME} AND receivable_offer.state = 'QUOTED')"
)
OFFERED = (
    "EXISTS (SELECT FROM receivable JOIN receivable_offer ON receivable.id = receivable_id"
    f" WHERE receivable.document_id = granted_document.document_id AND bank_id = {ME})"
)
OF_OTHERS = {
    "access_grant": (
        f"CREATE POLICY receivables_seen ON access_grant FOR SELECT USING ({DUTY})",
        # The seller consented when it offered the invoice to this bank.
        f"CREATE POLICY receivables_opened ON access_grant FOR INSERT WITH CHECK ({DUTY} AND {ACCEPTING})",
        f"CREATE POLICY receivables_ended ON access_grant FOR UPDATE USING ({DUTY}) WITH CHECK ({DUTY})",
    ),
    "granted_document": (
        f"CREATE POLICY receivables_opened ON granted_document FOR INSERT WITH CHECK ({DUTY} AND {OFFERED})",
    ),
    # What a declaration is worth that a bank asks the balance of.
    "goods_item": (f"CREATE POLICY receivables_seen ON goods_item FOR SELECT USING ({DUTY})",),
    "financing": (
        f"CREATE POLICY receivables_seen ON financing FOR SELECT USING ({DUTY})",
        f"CREATE POLICY receivables_ended ON financing FOR UPDATE USING ({DUTY}) WITH CHECK ({DUTY})",
    ),
    "financing_mark": (
        f"CREATE POLICY receivables_seen ON financing_mark FOR SELECT USING ({DUTY})",
        f"CREATE POLICY receivables_ended ON financing_mark FOR UPDATE USING ({DUTY}) WITH CHECK ({DUTY})",
    ),
}


def _beside() -> None:
    for statements in OF_OTHERS.values():
        for statement in statements:
            op.execute(statement)


def downgrade() -> None:
    for table, statements in OF_OTHERS.items():
        for statement in statements:
            name = statement.split()[2]
            op.execute(f"DROP POLICY {name} ON {table}")
    for table in ("receivable_notice", "receivable_entry", "receivable_offer", "receivable"):
        op.drop_table(table)
