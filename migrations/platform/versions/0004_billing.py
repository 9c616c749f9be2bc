"""Billing: metered usage, tariffs, invoices with gap-free numbers, a ledger that balances, payments.

What is finalised cannot be changed: nobody has the right to update or delete an invoice, its lines, a credit
note or a ledger entry, and of a usage event only the line that bills it may be set, once.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)

# Sub-selects are evaluated once a statement, not once a row.
OWN = "party_id = (SELECT acting_party())"
OPERATOR = "(SELECT acts_as('OPERATOR'))"
AUTHORITY = "(SELECT acts_as('AUTHORITY'))"
BILLING = "(SELECT duty()) = 'billing'"
METERING = "(SELECT duty()) = 'metering'"
SOMEBODY = "(SELECT acting_party()) IS NOT NULL OR (SELECT duty()) IS NOT NULL"

INVOICE_ADDS_UP = """
CREATE FUNCTION invoice_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wanted invoice;
BEGIN
    IF TG_TABLE_NAME = 'invoice' THEN
        wanted := NEW;
    ELSE
        SELECT * INTO wanted FROM invoice WHERE id = NEW.invoice_id;
    END IF;
    IF (SELECT count(*) <> wanted.line_count OR COALESCE(sum(amount), 0) <> wanted.total
        FROM invoice_line WHERE invoice_id = wanted.id) THEN
        RAISE EXCEPTION 'the lines of invoice % are not what was finalised', wanted.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_adds_up';
    END IF;
    RETURN NULL;
END $$
"""
LEDGER_BALANCES = """
CREATE FUNCTION ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_entry WHERE transaction_id = NEW.transaction_id
               GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'ledger transaction % does not balance', NEW.transaction_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balances';
    END IF;
    RETURN NULL;
END $$
"""
AT_COMMIT = "AFTER INSERT ON {0} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {1}()"


def upgrade() -> None:
    _tariffs()
    _invoices()
    _usage()
    _ledger()
    _payments()


def _secure(
    table: str, *, read: str, add: str, change: str | None = None, columns: str | None = None
) -> None:
    """Protect ``table``; only ``columns`` may be updated (all when ``change`` is given without them)."""
    for statement in protect(table, read=read, add=add, change=change):
        op.execute(statement)
    op.execute(f"REVOKE DELETE ON {table} FROM isthmus_app")
    if columns is not None or change is None:
        op.execute(f"REVOKE UPDATE ON {table} FROM isthmus_app")
    if columns is not None:
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO isthmus_app")


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _string(name: str, length: int | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, TIME, nullable=nullable)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _tariffs() -> None:
    op.create_table(
        "tariff",
        _id(),
        sa.Column("version", sa.Integer(), nullable=False),
        _string("currency", 3),
        sa.Column("concession_basis_points", sa.Integer(), nullable=False),
        _time("effective_from"),
        _id("proposed_by"),
        _time("proposed_at"),
        _id("approved_by", nullable=True),
        _time("approved_at", nullable=True),
        _time("in_force_from", nullable=True),
        _to("tariff", "proposed_by", "party"),
        _to("tariff", "approved_by", "party"),
        _key("tariff", "id"),
        _unique("tariff", "version"),
        _check("tariff", "concession_basis_points", "concession_basis_points BETWEEN 0 AND 10000"),
    )
    _secure(
        "tariff",
        read=SOMEBODY,
        add=f"{OPERATOR} AND proposed_by = acting_party() AND approved_by IS NULL AND approved_at IS NULL"
        " AND in_force_from IS NULL",
    )
    # Approved once, by the authority, now; and in force no earlier than that.
    op.execute(
        f"CREATE POLICY changed ON tariff FOR UPDATE USING (approved_at IS NULL AND {AUTHORITY})"
        " WITH CHECK (approved_by = acting_party() AND approved_at = acting_now()"
        " AND in_force_from = greatest(effective_from, acting_now()))"
    )
    op.execute("GRANT UPDATE (approved_by, approved_at, in_force_from) ON tariff TO isthmus_app")
    op.create_table(
        "tariff_price",
        _id("tariff_id"),
        _string("meter"),
        _count("unit_price"),
        _count("free_allowance"),
        _to("tariff_price", "tariff_id", "tariff"),
        _key("tariff_price", "tariff_id", "meter"),
        _check("tariff_price", "unit_price", "unit_price >= 0"),
        _check("tariff_price", "free_allowance", "free_allowance >= 0"),
    )
    _secure(
        "tariff_price",
        read=SOMEBODY,
        add=f"{OPERATOR} AND EXISTS (SELECT FROM tariff WHERE tariff.id = tariff_price.tariff_id"
        " AND approved_at IS NULL)",
    )


def _invoices() -> None:
    op.create_table(
        "billing_period",
        _string("period", 7),
        _id("closed_by"),
        _time("closed_at"),
        _to("billing_period", "closed_by", "party"),
        _key("billing_period", "period"),
    )
    _secure("billing_period", read=OPERATOR, add=OPERATOR)
    op.create_table(
        "number_counter",
        _string("series"),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        _key("number_counter", "series", "year"),
    )
    _secure("number_counter", read=OPERATOR, add=OPERATOR, change=OPERATOR, columns="last")
    op.create_table(
        "invoice",
        _id(),
        _string("number"),
        _id("party_id"),
        _id("operator_id"),
        _string("period", 7),
        _string("currency", 3),
        _count("total"),
        _count("concession_fee"),
        sa.Column("line_count", sa.Integer(), nullable=False),
        _time("finalised_at"),
        _to("invoice", "party_id", "party"),
        _to("invoice", "operator_id", "party"),
        _key("invoice", "id"),
        _unique("invoice", "number"),
        _unique("invoice", "party_id", "period"),
        _check("invoice", "total", "total >= 0 AND concession_fee BETWEEN 0 AND total"),
    )
    op.create_index("ix_invoice_period", "invoice", ["period"])
    op.create_table(
        "invoice_line",
        _id(),
        _id("invoice_id"),
        _id("party_id"),
        sa.Column("position", sa.Integer(), nullable=False),
        _string("meter"),
        _string("month", 7),
        _id("tariff_id"),
        _count("quantity"),
        _count("free_quantity"),
        _count("unit_price"),
        _count("amount"),
        _to("invoice_line", "invoice_id", "invoice"),
        _to("invoice_line", "party_id", "party"),
        _to("invoice_line", "tariff_id", "tariff"),
        _key("invoice_line", "id"),
        _unique("invoice_line", "invoice_id", "position"),
        _check("invoice_line", "amount", "amount = (quantity - free_quantity) * unit_price"),
        _check("invoice_line", "free_quantity", "free_quantity BETWEEN 0 AND quantity"),
    )
    op.create_index("ix_invoice_line_party_id_month", "invoice_line", ["party_id", "month"])
    op.create_table(
        "credit_note",
        _id(),
        _string("number"),
        _id("invoice_id"),
        _id("party_id"),
        _count("amount"),
        _count("concession_fee"),
        _string("reason"),
        _time("issued_at"),
        _to("credit_note", "invoice_id", "invoice"),
        _to("credit_note", "party_id", "party"),
        _key("credit_note", "id"),
        _unique("credit_note", "number"),
        _check("credit_note", "amount", "amount > 0"),
    )
    op.create_index("ix_credit_note_invoice_id", "credit_note", ["invoice_id"])
    for table in ("invoice", "invoice_line", "credit_note"):
        _secure(table, read=f"{OWN} OR {OPERATOR} OR {BILLING}", add=OPERATOR)
    op.execute(INVOICE_ADDS_UP)
    for table in ("invoice", "invoice_line"):
        op.execute(f"CREATE CONSTRAINT TRIGGER adds_up {AT_COMMIT.format(table, 'invoice_adds_up')}")


def _usage() -> None:
    op.create_table(
        "usage_event",
        _id(),
        _id("party_id"),
        _string("source"),
        _string("source_id"),
        _string("name"),
        sa.Column("meter", sa.String(), nullable=True),
        _count("quantity"),
        _time("at"),
        sa.Column("about", postgresql.JSONB(), nullable=False),
        _time("recorded_at"),
        _id("invoice_line_id", nullable=True),
        _to("usage_event", "party_id", "party"),
        # Deferred: events are claimed for a line before it is rated and added.
        sa.ForeignKeyConstraint(
            ["invoice_line_id"],
            ["invoice_line.id"],
            name=op.f("fk_usage_event_invoice_line_id_invoice_line"),
            deferrable=True,
            initially="DEFERRED",
        ),
        _key("usage_event", "id"),
        _unique("usage_event", "source", "source_id"),
        _check("usage_event", "quantity", "quantity > 0"),
    )
    op.create_index("ix_usage_event_party_id_at", "usage_event", ["party_id", "at"])
    op.create_index(
        "ix_usage_event_unbilled", "usage_event", ["at"], postgresql_where="invoice_line_id IS NULL"
    )
    op.create_index(
        "ix_usage_event_invoice_line_id_id",
        "usage_event",
        ["invoice_line_id", "id"],
        postgresql_where="invoice_line_id IS NOT NULL",
    )
    _secure("usage_event", read=f"{OWN} OR {OPERATOR} OR {METERING}", add=METERING)
    # Billed once: the line is set where there is none, and never set again.
    op.execute(
        f"CREATE POLICY changed ON usage_event FOR UPDATE USING (invoice_line_id IS NULL AND {OPERATOR})"
        f" WITH CHECK (invoice_line_id IS NOT NULL AND {OPERATOR})"
    )
    op.execute("GRANT UPDATE (invoice_line_id) ON usage_event TO isthmus_app")


def _ledger() -> None:
    op.create_table(
        "ledger_entry",
        _id(),
        _id("transaction_id"),
        _string("cause"),
        _id("invoice_id"),
        _string("number"),
        _string("period", 7),
        _string("account"),
        _id("party_id"),
        _count("amount"),
        sa.Column("base", sa.BigInteger(), nullable=True),
        _string("currency", 3),
        _time("at"),
        _to("ledger_entry", "invoice_id", "invoice"),
        _to("ledger_entry", "party_id", "party"),
        _key("ledger_entry", "id"),
        _unique("ledger_entry", "transaction_id", "account", "party_id"),
        _check("ledger_entry", "amount", "amount <> 0"),
    )
    op.create_index("ix_ledger_entry_invoice_id", "ledger_entry", ["invoice_id"])
    op.create_index("ix_ledger_entry_party_id_period", "ledger_entry", ["party_id", "period"])
    _secure("ledger_entry", read=f"{OWN} OR {OPERATOR} OR {BILLING}", add=f"{OPERATOR} OR {BILLING}")
    op.execute(LEDGER_BALANCES)
    op.execute(f"CREATE CONSTRAINT TRIGGER balances {AT_COMMIT.format('ledger_entry', 'ledger_balances')}")


def _payments() -> None:
    op.create_table(
        "payment_customer",
        _id("party_id"),
        _string("provider"),
        _string("customer"),
        _to("payment_customer", "party_id", "party"),
        _key("payment_customer", "party_id", "provider"),
    )
    _secure("payment_customer", read=BILLING, add=BILLING)
    op.create_table(
        "payment",
        _id(),
        _id("invoice_id"),
        _id("party_id"),
        _string("provider"),
        _string("provider_invoice"),
        _string("status"),
        _count("amount_paid"),
        _time("updated_at"),
        _to("payment", "invoice_id", "invoice"),
        _to("payment", "party_id", "party"),
        _key("payment", "id"),
        _unique("payment", "invoice_id"),
        _unique("payment", "provider", "provider_invoice"),
    )
    _secure(
        "payment",
        read=f"{OWN} OR {OPERATOR} OR {BILLING}",
        add=BILLING,
        change=BILLING,
        columns="status, amount_paid, updated_at",
    )
    op.create_table(
        "payment_event",
        _string("provider"),
        _string("id"),
        _string("kind"),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        _time("received_at"),
        _key("payment_event", "provider", "id"),
    )
    _secure("payment_event", read=BILLING, add=BILLING)


def downgrade() -> None:
    for table in ("payment_event", "payment", "payment_customer", "ledger_entry", "usage_event"):
        op.drop_table(table)
    for table in ("credit_note", "invoice_line", "invoice", "number_counter", "billing_period"):
        op.drop_table(table)
    for function in ("ledger_balances", "invoice_adds_up"):
        op.execute(f"DROP FUNCTION {function}()")
    for table in ("tariff_price", "tariff"):
        op.drop_table(table)
