"""Banks that finance a consignment are asked before its cargo goes.

Of a presentation is kept which consignments its documents are of. A bank's consent to the release of one is
its own to see; the duty ``cargo-release`` judges by it, and locks it while it does. Documents that were
presented before are sealed, and bound to no consignment.

Webhooks are told of credits, titles and registered financings: each party by a row of its own.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ME = "acting_party()"
RELEASE = "duty() = 'cargo-release'"
PRESENTED = (
    "SELECT FROM credit_presentation p JOIN credit c ON c.id = p.credit_id WHERE p.id = presentation_id"
)


TOLD = ("credit_id", "title_id", "financing_id")


def upgrade() -> None:
    _presented()
    _consents()
    _told()


def _presented() -> None:
    table = "presented_shipment"
    op.create_table(
        table,
        sa.Column("presentation_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["presentation_id"],
            ["credit_presentation.id"],
            name=op.f("fk_presented_shipment_presentation_id_credit_presentation"),
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipment.id"], name=op.f("fk_presented_shipment_shipment_id_shipment")
        ),
        sa.PrimaryKeyConstraint("presentation_id", "shipment_id", name=op.f("pk_presented_shipment")),
    )
    op.create_index("ix_presented_shipment_shipment_id", table, ["shipment_id"])
    # Of which consignments of the applicant there are, a beneficiary learns nothing.
    statements = protect(
        table, read="duty() = 'credit'", add=f"EXISTS ({PRESENTED} AND c.beneficiary_id = {ME})"
    )
    for statement in (*statements, f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app"):
        op.execute(statement)


def _consents() -> None:
    table = "release_consent"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("ucr", sa.String(), nullable=False),
        sa.Column("covers", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipment.id"], name=op.f("fk_release_consent_shipment_id_shipment")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_release_consent_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_consent")),
        sa.CheckConstraint("cardinality(covers) > 0", name=op.f("ck_release_consent_covers")),
    )
    op.create_index(
        "uq_release_consent_standing",
        table,
        ["shipment_id", "party_id"],
        unique=True,
        postgresql_where="withdrawn_at IS NULL",
    )
    op.create_index("ix_release_consent_party_id_id", table, ["party_id", "id"])
    statements = protect(
        table,
        read=f"party_id = {ME} OR {RELEASE}",
        add=f"party_id = {ME} AND acts_as('BANK') AND withdrawn_at IS NULL",
        change=f"party_id = {ME}",
    )
    for statement in statements:
        op.execute(statement)
    op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app")
    op.execute(f"GRANT UPDATE (withdrawn_at) ON {table} TO isthmus_app")
    op.execute(f"CREATE POLICY locked ON {table} FOR UPDATE USING ({RELEASE}) WITH CHECK (false)")


def _told() -> None:
    for column in TOLD:
        op.add_column("change", sa.Column(column, sa.Uuid(), nullable=True))
    op.execute(
        f"CREATE POLICY steps_told ON change FOR SELECT USING (num_nonnulls({', '.join(TOLD)}) > 0"
        f" AND party_id = {ME})"
    )


def downgrade() -> None:
    op.execute("DROP POLICY steps_told ON change")
    for column in TOLD:
        op.drop_column("change", column)
    op.drop_table("release_consent")
    op.drop_table("presented_shipment")
