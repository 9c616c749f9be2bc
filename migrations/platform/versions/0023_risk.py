"""Risk: members' rules by version, simulations, findings, and what the party a finding is about is told.

A member's rules, runs and findings are its own. A rule's text never changes, and it becomes active only once
a simulation of that version is finished. The party that a finding is about sees the notice of it, never the
finding, and appeals once it is confirmed; the review is not by who confirmed it. The duty ``risk-watch``
sees who has active rules and who may see another's shipment, to have them evaluated when something happens.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
OWN = "party_id = acting_party()"
WATCH = "duty() = 'risk-watch'"


def upgrade() -> None:
    _rules()
    _simulations()
    _findings()
    _appeals()
    for table in ("delegation", "access_grant"):
        op.execute(f"CREATE POLICY risk_watched ON {table} FOR SELECT USING ({WATCH})")


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, TIME, nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _evidence() -> sa.Column[object]:
    return sa.Column("evidence", postgresql.JSONB(), nullable=False)


def _to(table: str, target: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column in columns
    ]


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _secure(
    table: str, *, read: str, add: str, change: str | None = None, becomes: str = "true", columns: str = ""
) -> None:
    """Force row-level security; only ``columns`` can be changed, where ``change``, then ``becomes`` hold."""
    changed = (
        f"CREATE POLICY changed ON {table} FOR UPDATE USING ({change}) WITH CHECK (({change}) AND {becomes})",
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


def _rules() -> None:
    table = "risk_rule"
    op.create_table(
        table,
        _id(),
        _id("party_id"),
        _text("code"),
        _number("version"),
        _text("about"),
        _text("category"),
        _text("says"),
        _text("condition"),
        _text("state"),
        _time("written_at"),
        _time("activated_at", nullable=True),
        _time("retired_at", nullable=True),
        *_to(table, "party", "party_id"),
        _key(table),
        sa.UniqueConstraint("party_id", "code", "version", name=op.f("uq_risk_rule_party_id_code_version")),
        _check(table, "state", "state IN ('DRAFT', 'SIMULATED', 'ACTIVE', 'RETIRED')"),
    )
    op.create_index(
        "uq_risk_rule_active",
        table,
        ["party_id", "code"],
        unique=True,
        postgresql_where="state = 'ACTIVE'",
    )


def _simulations() -> None:
    table = "risk_simulation"
    op.create_table(
        table,
        _id(),
        _id("party_id"),
        _id("rule_id"),
        _text("started_by"),
        *(_number(name) for name in ("total", "done", "caught", "unanswered", "confirmed", "dismissed")),
        _id("first_id", nullable=True),
        _id("last_id", nullable=True),
        _id("end_id", nullable=True),
        sa.Column("review_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        _time("started_at"),
        _time("finished_at", nullable=True),
        *_to(table, "party", "party_id"),
        *_to(table, "risk_rule", "rule_id"),
        _key(table),
        _check(table, "counts", "caught <= done AND done <= total AND unanswered <= caught"),
    )
    op.create_index(
        "uq_risk_simulation_running", table, ["rule_id"], unique=True, postgresql_where="finished_at IS NULL"
    )
    _index(table, "party_id", "id")
    _index(table, "rule_id")
    of_rule = (
        "EXISTS (SELECT FROM risk_rule WHERE risk_rule.id = rule_id AND risk_rule.party_id = acting_party())"
    )
    _secure(
        table,
        read=OWN,
        add=f"{OWN} AND {of_rule} AND finished_at IS NULL",
        change=OWN,
        columns="total, done, caught, unanswered, confirmed, dismissed, last_id, finished_at",
    )
    _secure(
        "risk_rule",
        read=f"{OWN} OR {WATCH}",
        add=f"{OWN} AND state = 'DRAFT'",
        change=OWN,
        becomes="(state <> 'ACTIVE' OR EXISTS (SELECT FROM risk_simulation"
        " WHERE risk_simulation.rule_id = risk_rule.id AND risk_simulation.finished_at IS NOT NULL))",
        columns="state, activated_at, retired_at",
    )
    table = "risk_catch"
    op.create_table(
        table,
        _id("simulation_id"),
        _id("shipment_id"),
        _id("party_id"),
        _text("says"),
        _evidence(),
        _text("earlier", nullable=True),
        *_to(table, "risk_simulation", "simulation_id"),
        *_to(table, "shipment", "shipment_id"),
        *_to(table, "party", "party_id"),
        _key(table, "simulation_id", "shipment_id"),
    )
    _secure(
        table,
        read=OWN,
        add=f"{OWN} AND EXISTS (SELECT FROM risk_simulation WHERE risk_simulation.id = simulation_id"
        " AND risk_simulation.party_id = acting_party())",
    )


def _findings() -> None:
    table = "risk_assessment"
    op.create_table(
        table,
        _id("party_id"),
        _id("shipment_id"),
        _time("first_at"),
        _time("last_at"),
        *_to(table, "party", "party_id"),
        *_to(table, "shipment", "shipment_id"),
        _key(table, "party_id", "shipment_id"),
    )
    _secure(table, read=OWN, add=OWN, change=OWN, columns="last_at")
    table = "risk_finding"
    op.create_table(
        table,
        _id(),
        _id("party_id"),
        _id("rule_id"),
        _id("shipment_id"),
        _id("thing_id"),
        _id("document_id", nullable=True),
        _id("subject_id", nullable=True),
        _text("state"),
        _text("says"),
        _evidence(),
        _time("opened_at"),
        _time("decided_at", nullable=True),
        _text("decided_by", nullable=True),
        _text("reason", nullable=True),
        *_to(table, "party", "party_id", "subject_id"),
        *_to(table, "risk_rule", "rule_id"),
        *_to(table, "shipment", "shipment_id"),
        *_to(table, "document", "document_id"),
        _key(table),
        sa.UniqueConstraint(
            "party_id",
            "rule_id",
            "shipment_id",
            "thing_id",
            name=op.f("uq_risk_finding_party_id_rule_id_shipment_id_thing_id"),
        ),
        _check(table, "state", "state IN ('OPEN', 'CONFIRMED', 'DISMISSED', 'WITHDRAWN')"),
        _check(table, "another_party", "subject_id <> party_id"),
        _check(table, "decided", "(state = 'OPEN') = (decided_at IS NULL)"),
    )
    _index(table, "party_id", "id")
    _index(table, "party_id", "shipment_id")
    _secure(
        table,
        read=OWN,
        add=f"{OWN} AND state = 'OPEN' AND EXISTS (SELECT FROM risk_rule WHERE risk_rule.id = rule_id"
        " AND risk_rule.party_id = acting_party() AND risk_rule.state = 'ACTIVE')",
        change=OWN,
        columns="state, decided_at, decided_by, reason",
    )


def _appeals() -> None:
    table = "risk_notice"
    op.create_table(
        table,
        _id("finding_id"),
        _id("party_id"),
        _id("subject_id"),
        _text("category"),
        _text("state"),
        _time("opened_at"),
        _time("changed_at"),
        *_to(table, "risk_finding", "finding_id"),
        *_to(table, "party", "party_id", "subject_id"),
        _key(table, "finding_id"),
    )
    _index(table, "subject_id", "finding_id")
    _secure(
        table,
        read=f"{OWN} OR subject_id = acting_party()",
        add=f"{OWN} AND EXISTS (SELECT FROM risk_finding WHERE risk_finding.id = finding_id"
        " AND risk_finding.party_id = acting_party() AND risk_finding.subject_id = risk_notice.subject_id)",
        change=OWN,
        columns="state, changed_at",
    )
    table = "risk_appeal"
    op.create_table(
        table,
        _id("finding_id"),
        _id("party_id"),
        _id("member_id"),
        _text("statement"),
        _text("state"),
        _time("lodged_at"),
        _time("reviewed_at", nullable=True),
        _text("reviewed_by", nullable=True),
        _text("reason", nullable=True),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["risk_notice.finding_id"], name=op.f("fk_risk_appeal_finding_id_risk_notice")
        ),
        *_to(table, "party", "party_id", "member_id"),
        _key(table, "finding_id"),
        _check(table, "state", "state IN ('LODGED', 'UPHELD', 'WITHDRAWN')"),
        _check(table, "reviewed", "(state = 'LODGED') = (reviewed_at IS NULL)"),
    )
    _index(table, "member_id", "finding_id")
    _secure(
        table,
        read=f"{OWN} OR member_id = acting_party()",
        add=f"{OWN} AND state = 'LODGED' AND EXISTS (SELECT FROM risk_notice"
        " WHERE risk_notice.finding_id = risk_appeal.finding_id AND risk_notice.subject_id = acting_party()"
        " AND risk_notice.party_id = member_id AND risk_notice.state = 'CONFIRMED')",
        change="member_id = acting_party()",
        becomes="EXISTS (SELECT FROM risk_finding"
        " WHERE risk_finding.id = finding_id AND risk_finding.decided_by <> reviewed_by)",
        columns="state, reviewed_at, reviewed_by, reason",
    )


def downgrade() -> None:
    for table in ("delegation", "access_grant"):
        op.execute(f"DROP POLICY risk_watched ON {table}")
    op.execute("DROP POLICY changed ON risk_rule")  # it speaks of risk_simulation
    for table in ("risk_appeal", "risk_notice", "risk_finding", "risk_assessment", "risk_catch"):
        op.drop_table(table)
    op.drop_table("risk_simulation")
    op.drop_table("risk_rule")
