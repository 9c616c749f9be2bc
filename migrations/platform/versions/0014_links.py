"""Download links: used once, by their reader, within a minute.

A reader adds its own and marks them used; nobody changes anything else of one. What ended is forgotten by its
reader; the duty that tells owners of refusals sees which document a link was for.
"""

import sqlalchemy as sa
from alembic import op

from isthmus_platform.row_security import protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
OWN = "reader_id = acting_party()"


def upgrade() -> None:
    op.create_table(
        "download_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id", "party_id"],
            ["document.id", "document.party_id"],
            name=op.f("fk_download_link_document_id_document"),
        ),
        sa.ForeignKeyConstraint(["reader_id"], ["party.id"], name=op.f("fk_download_link_reader_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download_link")),
    )
    op.create_index("ix_download_link_reader_id_expires_at", "download_link", ["reader_id", "expires_at"])
    for statement in protect("download_link", read=f"{OWN} OR duty() = 'refusal'", add=OWN):
        op.execute(statement)
    # A link is marked used once: the row as it was is unused, as it becomes it is not.
    op.execute(
        f"CREATE POLICY changed ON download_link FOR UPDATE USING ({OWN} AND used_at IS NULL)"
        f" WITH CHECK ({OWN} AND used_at IS NOT NULL)"
    )
    op.execute(
        f"CREATE POLICY forgotten ON download_link FOR DELETE USING ({OWN} AND expires_at < acting_now())"
    )
    op.execute("REVOKE UPDATE ON download_link FROM isthmus_app")
    op.execute("GRANT UPDATE (used_at) ON download_link TO isthmus_app")


def downgrade() -> None:
    op.drop_table("download_link")
