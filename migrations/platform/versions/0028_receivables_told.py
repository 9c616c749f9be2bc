"""Webhooks are told how the offer of a receivable stands: seller and bank each by a row of its own.

A row is for the party that it names and nobody else, so that a bank which does not know yet whose invoice it
is finds nothing there that says so.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("change", sa.Column("receivable_offer_id", sa.Uuid(), nullable=True))
    op.execute(
        "CREATE POLICY receivables_told ON change FOR SELECT"
        " USING (receivable_offer_id IS NOT NULL AND party_id = acting_party())"
    )


def downgrade() -> None:
    op.execute("DROP POLICY receivables_told ON change")
    op.drop_column("change", "receivable_offer_id")
