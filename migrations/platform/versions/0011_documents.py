"""Documents with typed data: who signed which, grants of some fields that may be passed on, breaking glass.

What a document says is in its contents, encrypted; here is only that it was issued, by which key, and whether
it was revoked. A party's key is sealed under the party's own. An authority that breaks the glass reads one
shipment's documents until a time, on a legal basis that the owner sees; such an access is never changed.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ACTS = "party_id = ANY ((SELECT principals())::uuid[])"
TIME = sa.DateTime(timezone=True)
PASSING = "duty() = 'grant-passing'"
OPENED = (
    "EXISTS (SELECT FROM emergency_access WHERE emergency_access.{column} = {table}.{column}"
    " AND emergency_access.reader_id = acting_party() AND emergency_access.valid_until > acting_now())"
)


def upgrade() -> None:
    _issued()
    _narrower_grants()
    _emergencies()


def _secure(table: str, *, read: str, add: str, change: str | None = None) -> None:
    for statement in protect(table, read=read, add=add, change=change):
        op.execute(statement)
    op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app")


def _issued() -> None:
    op.create_table(
        "party_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_party_key_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_key")),
        sa.UniqueConstraint("party_id", "kid", name=op.f("uq_party_key_party_id_kid")),
    )
    _secure("party_key", read="party_id = acting_party()", add="party_id = acting_party()")
    op.create_table(
        "issued_paper",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("status_index", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id", "party_id"],
            ["document_version.id", "document_version.party_id"],
            name=op.f("fk_issued_paper_version_id_document_version"),
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["party.id"], name=op.f("fk_issued_paper_issuer_id_party")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_issued_paper")),
        sa.UniqueConstraint("status_index", name=op.f("uq_issued_paper_status_index")),
    )
    op.create_index("ix_issued_paper_document_id_number", "issued_paper", ["document_id", "number"])
    op.create_index(
        "ix_issued_paper_revoked", "issued_paper", ["status_index"], postgresql_where="revoked_at IS NOT NULL"
    )
    _secure(
        "issued_paper",
        read="EXISTS (SELECT FROM document WHERE document.id = issued_paper.document_id)"
        " OR duty() = 'document-status'",
        add=f"{ACTS} AND issuer_id = acting_party()",
        change=ACTS,
    )
    op.execute("GRANT UPDATE (revoked_at) ON issued_paper TO isthmus_app")
    op.execute("CREATE SEQUENCE document_status MINVALUE 0 START 0")
    op.execute("GRANT USAGE ON SEQUENCE document_status TO isthmus_app")


def _narrower_grants() -> None:
    op.add_column("access_grant", sa.Column("fields", postgresql.ARRAY(sa.String()), nullable=True))
    op.add_column("access_grant", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_access_grant_parent_id_access_grant"),
        "access_grant",
        "access_grant",
        ["parent_id", "party_id"],
        ["id", "party_id"],
    )
    op.create_index("ix_access_grant_parent_id", "access_grant", ["parent_id"])
    # Whether what is passed on is narrower is judged by the service; a reader never adds a grant otherwise.
    op.execute(
        "CREATE POLICY passed_on ON access_grant FOR INSERT WITH CHECK"
        f" ({PASSING} AND parent_id IS NOT NULL AND created_by = acting_party() AND NOT EXISTS"
        " (SELECT FROM party WHERE party.id = reader_id"
        " AND party.roles && ARRAY['OPERATOR', 'AUTHORITY']::varchar[]))"
    )
    op.execute(
        f"CREATE POLICY passing ON access_grant FOR SELECT USING ({PASSING} OR created_by = acting_party())"
    )
    op.execute(
        f"CREATE POLICY taken_back ON access_grant FOR UPDATE USING ({PASSING} AND parent_id IS NOT NULL)"
        f" WITH CHECK ({PASSING} AND parent_id IS NOT NULL)"
    )
    op.execute(f"CREATE POLICY passed_on ON granted_document FOR INSERT WITH CHECK ({PASSING})")


def _emergencies() -> None:
    op.create_table(
        "emergency_access",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("legal_basis", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("valid_until", TIME, nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{target}.id"], name=op.f(f"fk_emergency_access_{column}_{target}")
            )
            for column, target in (("party_id", "party"), ("reader_id", "party"), ("shipment_id", "shipment"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_access")),
    )
    op.create_index(
        "ix_emergency_access_reader_id_shipment_id", "emergency_access", ["reader_id", "shipment_id"]
    )
    op.create_index("ix_emergency_access_party_id_id", "emergency_access", ["party_id", "id"])
    _secure(
        "emergency_access",
        read=f"{ACTS} OR reader_id = acting_party()",
        add="reader_id = acting_party() AND acts_as('AUTHORITY') AND legal_basis <> ''",
    )
    for table, column in (("document", "shipment_id"), ("owner_key", "party_id")):
        condition = OPENED.format(table=table, column=column)
        op.execute(f"CREATE POLICY emergency ON {table} FOR SELECT USING ({condition})")


def downgrade() -> None:
    for table in ("document", "owner_key"):
        op.execute(f"DROP POLICY emergency ON {table}")
    op.drop_table("emergency_access")
    op.execute("DROP POLICY passed_on ON granted_document")
    for policy in ("taken_back", "passing", "passed_on"):
        op.execute(f"DROP POLICY {policy} ON access_grant")
    op.drop_column("access_grant", "parent_id")
    op.drop_column("access_grant", "fields")
    op.execute("DROP SEQUENCE document_status")
    op.drop_table("issued_paper")
    op.drop_table("party_key")
