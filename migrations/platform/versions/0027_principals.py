"""For whom a party acts is found once in a transaction that only reads, and kept in a setting.

Every policy asks ``principals()``, and to look a party's delegations up costs more than to read a few rows.
A transaction that may change delegations keeps nothing, and finds them each time. The setting is as good as
``isthmus.party``: whoever may say who asks may say for whom.
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

FOUND = """ARRAY(
        SELECT acting_party() WHERE acting_party() IS NOT NULL
        UNION
        SELECT party_id FROM delegation
        WHERE agent_id = acting_party() AND revoked_at IS NULL AND valid_until > acting_now()
    )"""


def upgrade() -> None:
    op.execute(
        f"CREATE FUNCTION found_principals() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE RETURN {FOUND}"
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION principals() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE RETURN"
        " COALESCE(NULLIF(current_setting('isthmus.principals', true), '')::uuid[], found_principals())"
    )


def downgrade() -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION principals() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE"
        f" RETURN {FOUND}"
    )
    op.execute("DROP FUNCTION found_principals()")
