"""A document is offered to banks once at a time: what finds its earlier offers, and its copies."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_receivable_document_id", "receivable", ["document_id"])
    op.create_index("ix_document_version_party_id_sha256", "document_version", ["party_id", "sha256"])


def downgrade() -> None:
    op.drop_index("ix_document_version_party_id_sha256", "document_version")
    op.drop_index("ix_receivable_document_id", "receivable")
