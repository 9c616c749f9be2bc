"""Machine clients that a party registers, exchanges the keys of and suspends by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ADDED = "duty() = 'onboarding'"
CHANGED = "duty() IN ('sign-in', 'onboarding')"
OWN = " OR party_id = acting_party()"


def _allow(added: str, changed: str) -> None:
    op.execute("DROP POLICY added ON api_client")
    op.execute("DROP POLICY changed ON api_client")
    op.execute(f"CREATE POLICY added ON api_client FOR INSERT WITH CHECK ({added})")
    op.execute(f"CREATE POLICY changed ON api_client FOR UPDATE USING ({changed}) WITH CHECK ({changed})")


def upgrade() -> None:
    op.add_column("api_client", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("api_client", sa.Column("suspended_by_operator", sa.Boolean(), nullable=True))
    _allow(ADDED + OWN, CHANGED + OWN)


def downgrade() -> None:
    _allow(ADDED, CHANGED)
    op.drop_column("api_client", "suspended_by_operator")
    op.drop_column("api_client", "suspended_at")
