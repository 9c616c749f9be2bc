"""What a subscriber to DCSA events asked for, beside the endpoint that is told of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OWN = "party_id = acting_party()"


def upgrade() -> None:
    op.create_table(
        "event_subscription",
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("standard", sa.String(), nullable=False),
        sa.Column("wanted", postgresql.JSONB(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id", "party_id"],
            ["webhook_endpoint.id", "webhook_endpoint.party_id"],
            name=op.f("fk_event_subscription_endpoint_id_webhook_endpoint"),
        ),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("pk_event_subscription")),
    )
    for statement in protect("event_subscription", read=f"{OWN} OR duty() = 'webhooks'", add=OWN, change=OWN):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("event_subscription")
