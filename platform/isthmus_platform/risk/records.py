"""What is kept of risk: rules by version, simulations and what they caught, findings, notices, appeals.

``party_id`` is whose the row is: of a notice and a finding the member that found, of an appeal the party that
appeals. Who may see and change what is in the migration.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Base


class RiskRule(Base):
    """One version of a member's rule; what it says never changes, a change is the next version."""

    __tablename__ = "risk_rule"
    __table_args__ = (
        UniqueConstraint("party_id", "code", "version"),
        Index(
            "uq_risk_rule_active", "party_id", "code", unique=True, postgresql_where=text("state = 'ACTIVE'")
        ),
        CheckConstraint("state IN ('DRAFT', 'SIMULATED', 'ACTIVE', 'RETIRED')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    code: Mapped[str]
    version: Mapped[int]
    about: Mapped[str]
    category: Mapped[str]
    says: Mapped[str]
    condition: Mapped[str]
    state: Mapped[str]
    written_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class RiskSimulation(Base):
    """A run of a rule on history: of ``total`` shipments ``done`` are judged, up to ``last_id``.

    ``unanswered`` are those caught because the rule had no answer. ``confirmed`` and ``dismissed`` are those
    caught with a finding that was decided so before. The cost of one review is the member's own. ``since``
    and ``until`` are when the oldest and the newest of the shipments were made here; None where there are
    none, and of runs before this was kept.
    """

    __tablename__ = "risk_simulation"
    __table_args__ = (
        Index(
            "uq_risk_simulation_running", "rule_id", unique=True, postgresql_where=text("finished_at IS NULL")
        ),
        Index(None, "party_id", "id"),
        CheckConstraint("caught <= done AND done <= total AND unanswered <= caught", name="counts"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("risk_rule.id"), index=True)
    started_by: Mapped[str]
    total: Mapped[int]
    done: Mapped[int]
    caught: Mapped[int]
    unanswered: Mapped[int]
    confirmed: Mapped[int]
    dismissed: Mapped[int]
    first_id: Mapped[UUID | None]
    last_id: Mapped[UUID | None]
    end_id: Mapped[UUID | None]
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    review_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class RiskCatch(Base):
    """A shipment that a simulation caught, and why; ``earlier`` is how a finding about it was decided."""

    __tablename__ = "risk_catch"

    simulation_id: Mapped[UUID] = mapped_column(ForeignKey("risk_simulation.id"), primary_key=True)
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    says: Mapped[str]
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    earlier: Mapped[str | None]


class RiskAssessment(Base):
    """That a member's active rules were held against a shipment, first and last."""

    __tablename__ = "risk_assessment"

    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), primary_key=True)
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class RiskFinding(Base):
    """That a version of a rule caught a shipment, a document of it, or a party to it.

    ``thing_id`` is what it is about, once a version; ``subject_id`` the party, if it is about one.
    """

    __tablename__ = "risk_finding"
    __table_args__ = (
        UniqueConstraint("party_id", "rule_id", "shipment_id", "thing_id"),
        Index(None, "party_id", "id"),
        Index(None, "party_id", "shipment_id"),
        CheckConstraint("state IN ('OPEN', 'CONFIRMED', 'DISMISSED', 'WITHDRAWN')", name="state"),
        CheckConstraint("subject_id <> party_id", name="another_party"),
        CheckConstraint("(state = 'OPEN') = (decided_at IS NULL)", name="decided"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("risk_rule.id"))
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    thing_id: Mapped[UUID]
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"))
    subject_id: Mapped[UUID | None] = mapped_column(ForeignKey("party.id"))
    state: Mapped[str]
    says: Mapped[str]
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    reason: Mapped[str | None]


class RiskNotice(Base):
    """What ``subject_id`` is told of a finding about it: that it exists, its category, how it stands."""

    __tablename__ = "risk_notice"
    __table_args__ = (Index(None, "subject_id", "finding_id"),)

    finding_id: Mapped[UUID] = mapped_column(ForeignKey("risk_finding.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    subject_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    category: Mapped[str]
    state: Mapped[str]
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    @property
    def id(self) -> UUID:
        """That of the finding: there is one notice of it."""
        return self.finding_id


class RiskAppeal(Base):
    """The appeal of ``party_id`` against the finding that ``member_id`` confirmed about it; one a finding."""

    __tablename__ = "risk_appeal"
    __table_args__ = (
        Index(None, "member_id", "finding_id"),
        CheckConstraint("state IN ('LODGED', 'UPHELD', 'WITHDRAWN')", name="state"),
        CheckConstraint("(state = 'LODGED') = (reviewed_at IS NULL)", name="reviewed"),
    )

    finding_id: Mapped[UUID] = mapped_column(ForeignKey("risk_notice.finding_id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    statement: Mapped[str]
    state: Mapped[str]
    lodged_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None]
    reason: Mapped[str | None]
