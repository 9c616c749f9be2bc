"""Screening: versions of lists with their entries, what is screened, runs over it, hits and their history.

Which lists there are everybody may know; what they say, the operator whose they are. A hit is seen by the
party whose people review it and by nobody else: not by the party that it is about, nor by the operator where
it is about a member's shipment. The duty ``screening`` sees all of this, and of members' data nothing: what a
shipment says it reads as the shipment's owner.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
OWN = "party_id = acting_party()"
DUTY = "duty() = 'screening'"
ASK_FOR_WHAT_EXISTS = """
INSERT INTO outbox (id, topic, party_id, payload, request_id, created_at, due_at, attempts)
SELECT gen_random_uuid(), 'screening', {owner}, jsonb_build_object('kind', '{kind}', 'thing', {thing}), '-',
    now(), now(), 0
FROM {table}
"""


def upgrade() -> None:
    _lists()
    _subjects()
    _hits()
    _secure_all()
    op.execute("SELECT set_config('isthmus.duty', 'screening', true)")
    for kind, table, thing, owner in (
        ("MEMBER", "party", "id", "id"),
        ("SHIPMENT", "shipment", "id", "party_id"),
        ("DOCUMENT", "issued_paper", "document_id", "party_id"),
    ):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(ASK_FOR_WHAT_EXISTS.format(kind=kind, table=table, thing=thing, owner=owner))
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("SELECT set_config('isthmus.duty', '', true)")


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, TIME, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), nullable=False)


def _to(table: str, target: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column in columns
    ]


def _key(table: str, column: str = "id") -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _lists() -> None:
    table = "screening_list"
    op.create_table(
        table,
        _id(),
        _id("party_id"),
        _text("code"),
        _number("version"),
        _text("title"),
        _text("sha256"),
        _json("thresholds"),
        _time("effective_from"),
        _number("entries"),
        _number("added"),
        _number("changed"),
        _number("removed"),
        _text("loaded_by"),
        _time("loaded_at"),
        _text("signature"),
        _time("began_at", nullable=True),
        *_to(table, "party", "party_id"),
        _key(table),
        _unique(table, "party_id", "code", "version"),
    )
    table = "screening_entry"
    op.create_table(
        table,
        _id(),
        _id("party_id"),
        _text("code"),
        _text("reference"),
        _text("digest"),
        _json("content"),
        _number("added_in"),
        _number("ended_in", nullable=True),
        *_to(table, "party", "party_id"),
        _key(table),
        _unique(table, "party_id", "code", "reference", "added_in"),
    )
    op.create_index("ix_screening_entry_party_id_code_added_in", table, ["party_id", "code", "added_in"])


def _subjects() -> None:
    table = "screening_subject"
    op.create_table(
        table,
        _id(),
        _id("party_id"),
        _text("kind"),
        _id("thing_id"),
        _id("shipment_id", nullable=True),
        _text("digest"),
        _json("against"),
        _time("screened_at"),
        *_to(table, "party", "party_id"),
        *_to(table, "shipment", "shipment_id"),
        _key(table),
        _unique(table, "kind", "thing_id"),
    )
    op.create_index("ix_screening_subject_shipment_id", table, ["shipment_id"])
    table = "screening_run"
    op.create_table(
        table,
        _id("list_id"),
        _id("party_id"),
        _id("cursor", nullable=True),
        _number("done"),
        _number("opened"),
        _time("started_at"),
        _time("changed_at"),
        _time("finished_at", nullable=True),
        *_to(table, "screening_list", "list_id"),
        *_to(table, "party", "party_id"),
        _key(table, "list_id"),
    )


def _hits() -> None:
    table = "screening_hit"
    op.create_table(
        table,
        _id(),
        _id("party_id"),
        _text("kind"),
        _id("thing_id"),
        _id("shipment_id", nullable=True),
        _id("about_id", nullable=True),
        _text("place"),
        _text("value_digest"),
        _id("list_party_id"),
        _text("list_code"),
        _number("list_version"),
        _text("reference"),
        _text("entry_digest"),
        _number("score"),
        _number("threshold"),
        _json("explanation"),
        _text("state"),
        _text("decision", nullable=True),
        _text("reason", nullable=True),
        _text("proposed_by", nullable=True),
        _time("proposed_at", nullable=True),
        _text("decided_by", nullable=True),
        _time("decided_at", nullable=True),
        _number("steps"),
        _time("opened_at"),
        _time("changed_at"),
        *_to(table, "party", "party_id", "about_id", "list_party_id"),
        *_to(table, "shipment", "shipment_id"),
        _key(table),
        sa.UniqueConstraint(
            *("kind", "thing_id", "place", "value_digest", "list_party_id", "list_code", "reference"),
            name=op.f("uq_screening_hit_match"),
        ),
        sa.CheckConstraint(
            "state IN ('OPEN', 'PROPOSED', 'RELEASED', 'CONFIRMED', 'LAPSED')",
            name=op.f("ck_screening_hit_state"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by", name=op.f("ck_screening_hit_four_eyes")
        ),
        sa.CheckConstraint(
            "(state IN ('RELEASED', 'CONFIRMED')) = (decided_by IS NOT NULL AND proposed_by IS NOT NULL)",
            name=op.f("ck_screening_hit_decided"),
        ),
    )
    op.create_index("ix_screening_hit_party_id_id", table, ["party_id", "id"])
    op.create_index("ix_screening_hit_shipment_id", table, ["shipment_id"])
    op.create_index(
        "ix_screening_hit_waiting",
        table,
        ["party_id", "id"],
        postgresql_where=sa.text("state IN ('OPEN', 'PROPOSED')"),
    )
    table = "screening_step"
    op.create_table(
        table,
        _id(),
        _id("hit_id"),
        _id("party_id"),
        _number("sequence"),
        _text("action"),
        _text("by"),
        _text("decision", nullable=True),
        _text("reason", nullable=True),
        _number("list_version"),
        _text("entry_digest"),
        _number("score"),
        _time("at"),
        *_to(table, "screening_hit", "hit_id"),
        *_to(table, "party", "party_id"),
        _key(table),
        _unique(table, "hit_id", "sequence"),
    )


def _secure(table: str, *, read: str, add: str, change: str | None = None, columns: str = "") -> None:
    """Force row-level security; only ``columns`` can be changed, of rows where ``change`` holds."""
    changed = (
        f"CREATE POLICY changed ON {table} FOR UPDATE USING ({change}) WITH CHECK ({change})",
        f"GRANT UPDATE ({columns}) ON {table} TO isthmus_app",
    )
    for statement in (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY visible ON {table} FOR SELECT USING ({read})",
        f"CREATE POLICY added ON {table} FOR INSERT WITH CHECK ({add})",
        f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app",
        *(changed if change is not None else ()),
    ):
        op.execute(statement)


def _secure_all() -> None:
    operators = f"{OWN} AND acts_as('OPERATOR')"
    _secure("screening_list", read="true", add=operators, change=DUTY, columns="began_at")
    _secure("screening_entry", read=f"{OWN} OR {DUTY}", add=operators, change=operators, columns="ended_in")
    _secure(
        "screening_subject",
        read=f"{OWN} OR {DUTY}",
        add=DUTY,
        change=DUTY,
        columns="shipment_id, digest, against, screened_at",
    )
    _secure(
        "screening_run",
        read=f"{OWN} OR {DUTY}",
        add=DUTY,
        change=DUTY,
        columns="cursor, done, opened, changed_at, finished_at",
    )
    _secure(
        "screening_hit",
        read=f"{OWN} OR {DUTY}",
        add=f"{DUTY} AND state = 'OPEN'",
        change=f"{OWN} OR {DUTY}",
        columns="list_version, entry_digest, score, threshold, explanation, state, decision, reason,"
        " proposed_by, proposed_at, decided_by, decided_at, steps, changed_at",
    )
    _secure(
        "screening_step",
        read="EXISTS (SELECT FROM screening_hit WHERE screening_hit.id = screening_step.hit_id)",
        add=f"({OWN} OR {DUTY}) AND EXISTS (SELECT FROM screening_hit WHERE screening_hit.id = hit_id"
        " AND screening_hit.party_id = screening_step.party_id)",
    )


def downgrade() -> None:
    for table in (
        *("screening_step", "screening_hit", "screening_run", "screening_subject"),
        *("screening_entry", "screening_list"),
    ):
        op.drop_table(table)
