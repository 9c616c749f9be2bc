"""Documentary credit: its terms, amendments, presentations and history; banks' own rules and holidays.

The applicant and the issuing bank see a credit; the advising bank from its issue, the beneficiary from its
advice, and nobody else. What hangs on a credit is seen by whoever sees that. Its balance never goes below
zero, and its history is only ever added to.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from isthmus_platform.row_security import protect

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
ME = "acting_party()"
SEEN = (
    f"party_id = {ME} OR issuing_id = {ME}"
    f" OR advising_id = {ME} AND issued_at IS NOT NULL"
    f" OR beneficiary_id = {ME} AND advised_at IS NOT NULL"
)
OF_CREDIT = "EXISTS (SELECT FROM credit WHERE credit.id = {table}.credit_id)"
OF_BENEFICIARY = f"EXISTS (SELECT FROM credit WHERE credit.id = credit_id AND credit.beneficiary_id = {ME})"
OF_ISSUER = f"EXISTS (SELECT FROM credit WHERE credit.id = credit_id AND credit.issuing_id = {ME})"


def upgrade() -> None:
    _credit()
    _amendment()
    _presentation()
    _entry()
    _bank()
    _secure()


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[UUID]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, TIME, nullable=nullable)


def _minor(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _to(table: str, target: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column in columns
    ]


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _credit() -> None:
    op.create_table(
        "credit",
        _id(),
        _id("party_id"),
        _id("issuing_id"),
        _id("advising_id"),
        _id("beneficiary_id"),
        _text("reference"),
        _text("state"),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        _text("currency"),
        _minor("limit_minor"),
        _minor("drawn_minor"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        _time("applied_at"),
        _time("issued_at", nullable=True),
        _time("advised_at", nullable=True),
        _time("closed_at", nullable=True),
        *_to("credit", "party", "party_id", "issuing_id", "advising_id", "beneficiary_id"),
        _key("credit"),
        _unique("credit", "party_id", "reference"),
        sa.CheckConstraint("drawn_minor >= 0 AND drawn_minor <= limit_minor", name=op.f("ck_credit_balance")),
        sa.CheckConstraint("party_id <> beneficiary_id", name=op.f("ck_credit_two_traders")),
    )
    for column in ("issuing_id", "advising_id", "beneficiary_id"):
        op.create_index(f"ix_credit_{column}", "credit", [column])
    op.create_index(
        "uq_credit_issued",
        "credit",
        ["issuing_id", "reference"],
        unique=True,
        postgresql_where="issued_at IS NOT NULL",
    )


def _amendment() -> None:
    op.create_table(
        "credit_amendment",
        _id(),
        _id("credit_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("state"),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        _time("proposed_at"),
        _time("answered_at", nullable=True),
        *_to("credit_amendment", "credit", "credit_id"),
        _key("credit_amendment"),
        _unique("credit_amendment", "credit_id", "number"),
    )
    op.create_index(
        "uq_credit_amendment_open",
        "credit_amendment",
        ["credit_id"],
        unique=True,
        postgresql_where="state = 'PROPOSED'",
    )


def _presentation() -> None:
    op.create_table(
        "credit_presentation",
        _id(),
        _id("credit_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("reference"),
        _text("state"),
        _minor("claimed_minor"),
        _minor("drawn_minor"),
        _time("presented_at"),
        sa.Column("presented_on", sa.Date(), nullable=False),
        sa.Column("examine_by", sa.Date(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("findings", sa.LargeBinary(), nullable=True),
        _id("examined_by", nullable=True),
        _time("examined_at", nullable=True),
        sa.Column("precluded", sa.Boolean(), nullable=False),
        _text("disposal", nullable=True),
        sa.Column("shipped_on", sa.Date(), nullable=True),
        sa.Column("matures_on", sa.Date(), nullable=True),
        _id("paid_by", nullable=True),
        *_to("credit_presentation", "credit", "credit_id"),
        *_to("credit_presentation", "party", "examined_by", "paid_by"),
        _key("credit_presentation"),
        _unique("credit_presentation", "credit_id", "number"),
        _unique("credit_presentation", "credit_id", "reference"),
        sa.CheckConstraint(
            "claimed_minor > 0 AND drawn_minor >= 0 AND drawn_minor <= claimed_minor",
            name=op.f("ck_credit_presentation_drawn"),
        ),
    )


def _entry() -> None:
    op.create_table(
        "credit_entry",
        _id("credit_id"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        _text("action"),
        _id("actor_id"),
        _time("at"),
        _id("presentation_id", nullable=True),
        _minor("drawn_minor"),
        _minor("balance_minor"),
        *_to("credit_entry", "credit", "credit_id"),
        *_to("credit_entry", "party", "actor_id"),
        *_to("credit_entry", "credit_presentation", "presentation_id"),
        _key("credit_entry", "credit_id", "sequence"),
    )


def _bank() -> None:
    op.create_table(
        "examination_rule",
        _id(),
        _id("party_id"),
        _text("code"),
        _text("article"),
        _text("says"),
        _text("condition"),
        _text("state"),
        _time("written_at"),
        _time("tried_at", nullable=True),
        *_to("examination_rule", "party", "party_id"),
        _key("examination_rule"),
        _unique("examination_rule", "party_id", "code"),
    )
    op.create_table(
        "bank_holiday",
        _id("party_id"),
        sa.Column("day", sa.Date(), nullable=False),
        _text("name"),
        *_to("bank_holiday", "party", "party_id"),
        _key("bank_holiday", "party_id", "day"),
    )


def _secure() -> None:
    own_bank = f"party_id = {ME} AND acts_as('BANK')"
    rules: dict[str, tuple[str, str, str | None]] = {
        "credit": (SEEN, f"party_id = {ME} AND state = 'APPLIED' AND drawn_minor = 0", SEEN),
        "credit_amendment": (
            OF_CREDIT.format(table="credit_amendment"),
            OF_ISSUER,
            OF_CREDIT.format(table="credit_amendment"),
        ),
        "credit_presentation": (
            OF_CREDIT.format(table="credit_presentation"),
            OF_BENEFICIARY,
            OF_CREDIT.format(table="credit_presentation"),
        ),
        "credit_entry": (
            OF_CREDIT.format(table="credit_entry"),
            f"actor_id = {ME} AND " + OF_CREDIT.format(table="credit_entry"),
            None,
        ),
        "examination_rule": (f"party_id = {ME}", own_bank, own_bank),
        # When a bank is closed hangs on its door.
        "bank_holiday": ("true", own_bank, None),
    }
    for table, (read, add, change) in rules.items():
        for statement in protect(table, read=read, add=add, change=change):
            op.execute(statement)
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM isthmus_app")
    changes = {
        "credit": "state, terms, limit_minor, drawn_minor, sequence, issued_at, advised_at, closed_at",
        "credit_amendment": "state, answered_at",
        "credit_presentation": "state, drawn_minor, findings, examined_by, examined_at, precluded, disposal,"
        " matures_on, paid_by",
        "examination_rule": "article, says, condition, state, written_at, tried_at",
    }
    for table, columns in changes.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO isthmus_app")


def downgrade() -> None:
    for table in (
        "bank_holiday",
        "examination_rule",
        "credit_entry",
        "credit_presentation",
        "credit_amendment",
        "credit",
    ):
        op.drop_table(table)
