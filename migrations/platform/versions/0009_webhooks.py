"""What changed, for those who are told of it; endpoints of webhooks, deliveries, and each attempt at one.

Changes are noted by triggers, so that no way of changing anything can forget it, and read by whoever may see
the thing itself at that moment. The functions say which duty they see with: events come from sources that do
not see whose shipment it is, and who has endpoints is for the duty ``webhooks`` alone.
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ACTS = "party_id = ANY ((SELECT principals())::uuid[])"
OWN = "party_id = acting_party()"
DUTY = "duty() = 'webhooks'"
SOMEBODY = "acting_party() IS NOT NULL OR duty() IS NOT NULL"
TIME = sa.DateTime(timezone=True)

# A grant that ended before its reader was told of it is not told.
SEEN = f"""
{DUTY} OR (NOT private OR {ACTS}) AND CASE
    WHEN shipment_id IS NOT NULL THEN EXISTS (SELECT FROM shipment WHERE shipment.id = change.shipment_id)
    WHEN document_id IS NOT NULL THEN EXISTS (SELECT FROM document WHERE document.id = change.document_id)
    WHEN crossing_id IS NOT NULL THEN EXISTS (SELECT FROM crossing WHERE crossing.id = change.crossing_id)
    WHEN grant_id IS NOT NULL THEN EXISTS (
        SELECT FROM access_grant WHERE access_grant.id = change.grant_id AND (change.kind = 'grant.revoked'
        OR access_grant.revoked_at IS NULL AND access_grant.valid_until > acting_now()))
    ELSE false END
"""

# Once a transaction, and only where somebody waits. A savepoint rolled back undoes the note that it was told.
TELL = """
CREATE FUNCTION tell_change() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    mine text := pg_current_xact_id()::text;
    before text := COALESCE(current_setting('isthmus.duty', true), '');
BEGIN
    IF current_setting('isthmus.told', true) IS NOT DISTINCT FROM mine THEN RETURN; END IF;
    PERFORM set_config('isthmus.told', mine, true), set_config('isthmus.duty', 'webhooks', true);
    IF EXISTS (SELECT FROM webhook_endpoint WHERE ended_at IS NULL) THEN
        INSERT INTO outbox (id, topic, party_id, payload, request_id, created_at, due_at, attempts)
        VALUES (gen_random_uuid(), 'change', '00000000-0000-0000-0000-000000000000',
                jsonb_build_object('transaction', mine::bigint), '-', acting_now(), acting_now(), 0);
    END IF;
    PERFORM set_config('isthmus.duty', before, true);
END $$
"""

NOTE = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    noted boolean;
    before text := COALESCE(current_setting('isthmus.duty', true), '');
BEGIN
    {begin}INSERT INTO change (transaction, kind, party_id, concerned, private, {thing}, about, at)
    {rows};
    noted := FOUND;
    {end}IF noted THEN PERFORM tell_change(); END IF;
    RETURN NULL;
END $$
"""

NOW = "pg_current_xact_id()::text::bigint"
STANDING = "jsonb_build_object('status', n.status, 'at', n.status_at, 'place', n.status_place)"
ETA = "jsonb_build_object('eta', n.eta, 'source', n.eta_source, 'delayHours', n.delay_hours)"
EXCEPTION = (
    "jsonb_build_object('code', n.code, 'since', n.since, 'until', n.until, 'hours', n.hours,"
    " 'place', n.place, 'equipmentReference', n.equipment_reference)"
)
CARRIER = "array_remove(ARRAY[n.carrier_id], NULL)"
GRANT = "jsonb_build_object('purpose', n.purpose, 'validUntil', n.valid_until)"
CROSSING = (
    "jsonb_build_object('exchange', n.exchange, 'message', n.message, 'direction', n.direction,"
    " 'state', n.state, 'reason', n.reason)"
)


def _row(kind: str, concerned: str, thing: str, about: str, source: str, private: str = "false") -> str:
    return (
        f"SELECT {NOW}, '{kind}', n.party_id, {concerned}, {private}, {thing}, {about}, acting_now()"
        f" FROM {source}"
    )


def _as(duty: str | None) -> str:
    """Return the statement that takes a duty up, or gives it back; an owner may not bind it to a function."""
    return f"PERFORM set_config('isthmus.duty', {'before' if duty is None else repr(duty)}, true);\n    "


SAME = "added n JOIN gone o USING (shipment_id)"
SAME_EXCEPTION = "added n JOIN gone o USING (shipment_id, private, key)"
# name, table, when, column of the thing, rows, duty
NOTED = (
    ("shipment", "INSERT", "shipment_id", _row("shipment.created", CARRIER, "n.id", "'{}'", "added n"), ""),
    (
        "shipment_tracking",
        "INSERT",
        "shipment_id",
        _row(
            "shipment.status_changed",
            CARRIER,
            "n.shipment_id",
            STANDING,
            "added n WHERE n.status <> 'BOOKED'",
        )
        + " UNION ALL "
        + _row("shipment.eta_changed", CARRIER, "n.shipment_id", ETA, "added n WHERE n.eta IS NOT NULL"),
        "",
    ),
    (
        "shipment_tracking",
        "UPDATE",
        "shipment_id",
        _row(
            "shipment.status_changed",
            CARRIER,
            "n.shipment_id",
            STANDING,
            f"{SAME} WHERE n.status <> o.status",
        )
        + " UNION ALL "
        + _row(
            "shipment.eta_changed",
            CARRIER,
            "n.shipment_id",
            ETA,
            f"{SAME} WHERE n.eta IS DISTINCT FROM o.eta",
        ),
        "",
    ),
    (
        "shipment_exception",
        "INSERT",
        "shipment_id",
        _row("shipment.exception_raised", CARRIER, "n.shipment_id", EXCEPTION, "added n", "n.private"),
        "",
    ),
    (
        "shipment_exception",
        "UPDATE",
        "shipment_id",
        _row(
            "shipment.exception_ended",
            CARRIER,
            "n.shipment_id",
            EXCEPTION,
            f"{SAME_EXCEPTION} WHERE n.until IS NOT NULL AND o.until IS NULL",
            "n.private",
        ),
        "",
    ),
    (
        "tracking_event",
        "INSERT",
        "shipment_id",
        _row(
            "shipment.events_recorded",
            CARRIER,
            "n.id",
            "jsonb_build_object('events', e.events)",
            "(SELECT shipment_id, count(*) AS events FROM added GROUP BY shipment_id) e"
            " JOIN shipment n ON n.id = e.shipment_id",
        ),
        "matching",
    ),
    (
        "document_version",
        "INSERT",
        "document_id",
        _row(
            "document.stored",
            "'{}'::uuid[]",
            "n.document_id",
            "jsonb_build_object('version', n.number, 'sha256', n.sha256, 'size', n.size)",
            "added n",
        ),
        "",
    ),
    (
        "access_grant",
        "INSERT",
        "grant_id",
        _row("grant.given", "ARRAY[n.reader_id]", "n.id", GRANT, "added n"),
        "",
    ),
    (
        "access_grant",
        "UPDATE",
        "grant_id",
        _row(
            "grant.revoked",
            "ARRAY[n.reader_id]",
            "n.id",
            GRANT,
            "added n JOIN gone o USING (id) WHERE n.revoked_at IS NOT NULL AND o.revoked_at IS NULL",
        ),
        "",
    ),
    (
        "crossing",
        "INSERT",
        "crossing_id",
        _row("crossing.changed", "ARRAY[n.requester_id]", "n.id", CROSSING, "added n"),
        "",
    ),
    (
        "crossing",
        "UPDATE",
        "crossing_id",
        _row(
            "crossing.changed",
            "ARRAY[n.requester_id]",
            "n.id",
            CROSSING,
            "added n JOIN gone o USING (id) WHERE n.state <> o.state",
        ),
        "",
    ),
)


def upgrade() -> None:
    _changes()
    _endpoints()
    _deliveries()
    op.execute(TELL)
    for table, when, thing, rows, duty in NOTED:
        name = f"note_{table}_{when.lower()}"
        begin, end = (_as(duty), _as(None)) if duty else ("", "")
        op.execute(NOTE.format(name=name, thing=thing, rows=rows, begin=begin, end=end))
        old = " OLD TABLE AS gone" if when == "UPDATE" else ""
        op.execute(
            f"CREATE TRIGGER {name} AFTER {when} ON {table} REFERENCING NEW TABLE AS added{old}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


def _secure(table: str, *, read: str, add: str, change: str | None = None) -> None:
    for statement in protect(table, read=read, add=add, change=change):
        op.execute(statement)


def _id(name: str, *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _changes() -> None:
    op.create_table(
        "change",
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        _id("party_id"),
        sa.Column("concerned", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        _id("shipment_id", nullable=True),
        _id("document_id", nullable=True),
        _id("grant_id", nullable=True),
        _id("crossing_id", nullable=True),
        sa.Column("about", postgresql.JSONB(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("transaction", "sequence", name=op.f("pk_change")),
    )
    _secure("change", read=SEEN, add=SOMEBODY)
    op.execute(f"CREATE POLICY forgotten ON change FOR DELETE USING ({DUTY})")
    for table in ("delegation", "access_grant"):
        op.execute(f"CREATE POLICY told ON {table} FOR SELECT USING ({DUTY})")


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoint",
        _id("id"),
        _id("party_id"),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("event_types", postgresql.ARRAY(sa.String()), nullable=False),
        _number("secret_version"),
        sa.Column("old_secret_until", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        _number("failures"),
        sa.Column("rests_until", TIME, nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_webhook_endpoint_party_id_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
        sa.UniqueConstraint("id", "party_id", name=op.f("uq_webhook_endpoint_id_party_id")),
    )
    op.create_index("ix_webhook_endpoint_party_id_id", "webhook_endpoint", ["party_id", "id"])
    _secure("webhook_endpoint", read=f"{OWN} OR {DUTY}", add=OWN, change=f"{OWN} OR {DUTY}")


def _deliveries() -> None:
    op.create_table(
        "webhook_delivery",
        _id("id"),
        _id("party_id"),
        _id("endpoint_id"),
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        _number("attempts"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("settled_at", TIME, nullable=True),
        _number("replays"),
        sa.Column("replay_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id", "party_id"],
            ["webhook_endpoint.id", "webhook_endpoint.party_id"],
            name=op.f("fk_webhook_delivery_endpoint_id_webhook_endpoint"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("id", "party_id", name=op.f("uq_webhook_delivery_id_party_id")),
        sa.UniqueConstraint(
            "endpoint_id",
            "transaction",
            "sequence",
            name=op.f("uq_webhook_delivery_endpoint_id_transaction_sequence"),
        ),
    )
    op.create_index("ix_webhook_delivery_endpoint_id_id", "webhook_delivery", ["endpoint_id", "id"])
    op.create_table(
        "webhook_attempt",
        _id("id"),
        _id("party_id"),
        _id("delivery_id"),
        _number("number"),
        sa.Column("outcome", sa.String(), nullable=False),
        _number("status", nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        _number("milliseconds"),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id", "party_id"],
            ["webhook_delivery.id", "webhook_delivery.party_id"],
            name=op.f("fk_webhook_attempt_delivery_id_webhook_delivery"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempt")),
        sa.UniqueConstraint("delivery_id", "number", name=op.f("uq_webhook_attempt_delivery_id_number")),
    )
    _secure("webhook_delivery", read=f"{OWN} OR {DUTY}", add=DUTY, change=f"{OWN} OR {DUTY}")
    _secure("webhook_attempt", read=f"{OWN} OR {DUTY}", add=DUTY)


def downgrade() -> None:
    for table, when, *_ in NOTED:
        name = f"note_{table}_{when.lower()}"
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
    op.execute("DROP FUNCTION tell_change()")
    for table in ("delegation", "access_grant"):
        op.execute(f"DROP POLICY told ON {table}")
    for table in ("webhook_attempt", "webhook_delivery", "webhook_endpoint", "change"):
        op.drop_table(table)
