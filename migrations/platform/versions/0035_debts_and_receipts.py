"""What an applicant owes the bank that paid under its credit is kept until the bank has it back.

Applicant and issuing bank see it; the duty ``credit`` does, since a bank that has its money back is not asked
before cargo goes. For what was paid or reimbursed before, a debt is open: its bank has said nothing of it.

A presentation keeps the consignment that its beneficiary named beside the documents.

Of a shipment a warehouse receipt may stand as title beside the bill of lading: issued by its forwarder, and
not seen by who may see the bill of lading alone.
"""

import sqlalchemy as sa
from alembic import op

from isthmus_platform.row_security import protect

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TABLE = "credit_debt"
ME = "acting_party()"
OWN_CREDIT = (
    "EXISTS (SELECT FROM credit_presentation p JOIN credit c ON c.id = p.credit_id"
    f" WHERE p.id = presentation_id AND c.issuing_id = {ME} AND c.party_id = credit_debt.party_id)"
)
CONTROL = "possessor_id = acting_party() OR issuer_id = acting_party() OR duty() = 'title-register'"
LIVE = "phase IN ('HELD', 'DELIVERY_REQUESTED', 'AMENDMENT_REQUESTED')"
SEEN = (
    "EXISTS (SELECT FROM title_party WHERE title_party.title_id = title.id"
    " AND title_party.party_id = acting_party())"
    " OR party_id = ANY ((SELECT principals())::uuid[])"
    " OR EXISTS (SELECT FROM access_grant WHERE access_grant.shipment_id = title.shipment_id"
    " AND access_grant.party_id = title.party_id AND access_grant.reader_id = acting_party()"
    " AND access_grant.revoked_at IS NULL AND access_grant.valid_until > acting_now())"
    " OR {bill}EXISTS (SELECT FROM document WHERE document.shipment_id = title.shipment_id"
    f" AND document.party_id = title.party_id AND document.type = '705') OR {CONTROL}"
)
OF_SHIPMENT = (
    "issuer_id = acting_party() AND sequence = 1 AND EXISTS (SELECT FROM shipment"
    " WHERE shipment.id = title.shipment_id AND shipment.party_id = title.party_id AND ({whose}))"
)
CARRIED = "acts_as('CARRIER') AND shipment.carrier_id = acting_party()"
STORED = "acts_as('FORWARDER') AND shipment.forwarder_id = acting_party()"
OF_KIND = f"kind = 'BILL_OF_LADING' AND {CARRIED} OR kind = 'WAREHOUSE_RECEIPT' AND {STORED}"
HELD = ("credit", "credit_presentation", "credit_entry")
OPEN = """
    INSERT INTO credit_debt (presentation_id, party_id, bank_id, currency, amount_minor, owed_at)
    SELECT p.id, c.party_id, c.issuing_id, c.currency, p.drawn_minor, max(e.at)
    FROM credit_presentation p JOIN credit c ON c.id = p.credit_id
    JOIN credit_entry e ON e.presentation_id = p.id AND e.actor_id = c.issuing_id
        AND e.action IN ('PAY', 'REIMBURSE')
    WHERE p.state = 'REIMBURSED' OR (p.state = 'PAID' AND p.paid_by = c.issuing_id)
    GROUP BY p.id, c.id
"""


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("presentation_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("owed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repaid_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["presentation_id"],
            ["credit_presentation.id"],
            name=op.f("fk_credit_debt_presentation_id_credit_presentation"),
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_credit_debt_party_id_party")),
        sa.ForeignKeyConstraint(["bank_id"], ["party.id"], name=op.f("fk_credit_debt_bank_id_party")),
        sa.PrimaryKeyConstraint("presentation_id", name=op.f("pk_credit_debt")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_credit_debt_amount")),
    )
    for column in ("party_id", "bank_id"):
        op.create_index(f"ix_{TABLE}_{column}", TABLE, [column])
    op.add_column("credit_presentation", sa.Column("ucr", sa.String(), nullable=True))
    _open()
    statements = protect(
        TABLE,
        read=f"party_id = {ME} OR bank_id = {ME} OR duty() = 'credit'",
        add=f"bank_id = {ME} AND repaid_at IS NULL AND {OWN_CREDIT}",
        change=f"bank_id = {ME}",
    )
    for statement in (*statements, f"REVOKE UPDATE, DELETE ON {TABLE} FROM isthmus_app"):
        op.execute(statement)
    _receipts()
    op.execute(f"GRANT UPDATE (repaid_at) ON {TABLE} TO isthmus_app")


def _open() -> None:
    for table in HELD:  # the owner of the tables sees rows only while they are not forced
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(OPEN)
    for table in HELD:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _receipts() -> None:
    op.add_column("title", sa.Column("kind", sa.String(), server_default="BILL_OF_LADING", nullable=False))
    _live("shipment_id", "kind")
    _policies("title.kind = 'BILL_OF_LADING' AND ", OF_KIND)


def _live(*columns: str) -> None:
    op.drop_index("uq_title_live", "title")
    op.create_index("uq_title_live", "title", [*columns], unique=True, postgresql_where=LIVE)


def _policies(bill: str, whose: str) -> None:
    op.execute(f"ALTER POLICY visible ON title USING ({SEEN.format(bill=bill)})")
    op.execute(f"ALTER POLICY added ON title WITH CHECK ({OF_SHIPMENT.format(whose=whose)})")


def downgrade() -> None:
    _policies("", CARRIED)
    _live("shipment_id")
    op.drop_column("title", "kind")
    op.drop_column("credit_presentation", "ucr")
    op.drop_table(TABLE)
