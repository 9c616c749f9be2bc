"""A member's rules: written, simulated, activated, retired. A change of what a rule says is a new version.

A rule catches a consignment where its condition holds. One that has no answer catches it too, and says so:
unknown is not harmless, and the simulation shows how often it happens before anything is activated.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select

from isthmus_platform.conditions import ConditionFailed
from isthmus_platform.database import PartyRole, Work, new_id
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.parts import check_text
from isthmus_platform.risk import vocabulary
from isthmus_platform.risk.errors import NoSuchRisk, NotSimulated, TooManyRules
from isthmus_platform.risk.records import RiskRule, RiskSimulation
from isthmus_platform.risk.states import RULE_STEPS, RuleState, stepped
from isthmus_platform.risk.vocabulary import Profile

CODE = re.compile(r"[A-Z][A-Z0-9_]{2,39}")
MOST_RULES = 100
"""Versions of a member's that are not retired."""
MEMBERS = tuple(role for role in PartyRole if role not in (PartyRole.OPERATOR, PartyRole.AUTHORITY))
"""Who may have rules. Operator and authority see no consignments here, and have none."""


class About(StrEnum):
    """What a finding of a rule is about."""

    SHIPMENT = "SHIPMENT"
    DOCUMENT = "DOCUMENT"
    OWNER = "OWNER"
    CARRIER = "CARRIER"
    FORWARDER = "FORWARDER"


class Category(StrEnum):
    """Why, in the one word that the party a finding is about is told."""

    PRICE = "PRICE"
    ROUTE = "ROUTE"
    NEW_PARTY = "NEW_PARTY"
    INVOICES = "INVOICES"
    WEIGHTS = "WEIGHTS"
    MONEY = "MONEY"
    OTHER = "OTHER"


@dataclass(frozen=True)
class RuleDraft:
    """A rule as it is written: ``says`` is what it holds in words, ``condition`` is CEL."""

    code: str
    about: About
    category: Category
    says: str
    condition: str


def write(work: Work, draft: RuleDraft) -> RiskRule:
    """Write a rule, or the next version of the one with the same code; it is a draft.

    Raises :class:`InvalidInput` naming the member, :class:`NotPermitted` (``role_required``) and
    :class:`TooManyRules`.
    """
    work.actor.require(*MEMBERS)
    if not CODE.fullmatch(draft.code):
        raise InvalidInput("3 to 40 capitals, digits and underscores.", field="code", code="format")
    check_text(draft.says, "says", 200)
    check_text(draft.condition, "condition")
    vocabulary.condition(draft.condition)
    _one_at_a_time(work)
    mine = RiskRule.party_id == work.actor.party_id
    standing = select(func.count()).where(mine, RiskRule.state != RuleState.RETIRED)
    if (work.session.scalar(standing) or 0) >= MOST_RULES:
        raise TooManyRules(f"There are {MOST_RULES} rules that are not retired.", field="code")
    last = work.session.scalar(select(func.max(RiskRule.version)).where(mine, RiskRule.code == draft.code))
    rule = RiskRule(
        id=new_id(),
        party_id=work.actor.party_id,
        code=draft.code,
        version=(last or 0) + 1,
        about=draft.about.value,
        category=draft.category.value,
        says=draft.says,
        condition=draft.condition,
        state=RULE_STEPS["write"].after.value,
        written_at=work.now,
    )
    work.session.add(rule)
    work.session.flush()
    return rule


def activate(work: Work, rule_id: UUID) -> RiskRule:
    """Turn a simulated version on; the version that was active retires in the same transaction.

    Raises :class:`NoSuchRisk`, :class:`NotSimulated` for a draft, :class:`WrongState`.
    """
    _one_at_a_time(work)
    rule = get(work, rule_id, lock=True)
    if rule.state == RuleState.DRAFT:
        raise NotSimulated("Run this version in simulation first.", field="rule")
    after = stepped(RULE_STEPS, "activate", rule.state, "rule")
    ran = select(RiskSimulation.id).where(
        RiskSimulation.rule_id == rule.id, RiskSimulation.finished_at.is_not(None)
    )
    if work.session.scalar(ran.limit(1)) is None:
        raise NotSimulated("Run this version in simulation first.", field="rule")
    for other in active(work):
        if other.code == rule.code:
            _retire(work, other)
    rule.state, rule.activated_at = after.value, work.now
    work.session.flush()
    return rule


def retire(work: Work, rule_id: UUID) -> RiskRule:
    """Turn a version off for good; what it found stays. Raises :class:`NoSuchRisk`, :class:`WrongState`."""
    _one_at_a_time(work)
    rule = get(work, rule_id, lock=True)
    _retire(work, rule)
    return rule


def _retire(work: Work, rule: RiskRule) -> None:
    rule.state = stepped(RULE_STEPS, "retire", rule.state, "rule").value
    rule.retired_at = work.now
    work.session.flush()


def get(work: Work, rule_id: UUID, *, lock: bool = False) -> RiskRule:
    """Return a rule of the acting member's; raise :class:`NoSuchRisk`."""
    query = select(RiskRule).where(RiskRule.id == rule_id, RiskRule.party_id == work.actor.party_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = work.session.scalar(query)
    if found is None:
        raise NoSuchRisk("There is no such rule of yours.", field="rule")
    return found


def get_many(work: Work, rule_ids: Collection[UUID]) -> dict[UUID, RiskRule]:
    """Return those of the rules that are the acting member's, by id."""
    query = select(RiskRule).where(RiskRule.id.in_(rule_ids), RiskRule.party_id == work.actor.party_id)
    return {rule.id: rule for rule in work.session.scalars(query)}


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[RiskRule]:
    """Return the acting member's rules, the newest version first."""
    query = select(RiskRule).where(RiskRule.party_id == work.actor.party_id).order_by(RiskRule.id.desc())
    return work.session.scalars(
        (query if after is None else query.where(RiskRule.id < after)).limit(first)
    ).all()


def active(work: Work) -> Sequence[RiskRule]:
    """Return the acting member's active rules by id, which stay so until the transaction ends."""
    query = select(RiskRule).where(
        RiskRule.party_id == work.actor.party_id, RiskRule.state == RuleState.ACTIVE.value
    )
    return work.session.scalars(query.order_by(RiskRule.id).with_for_update(read=True)).all()


def judged(rule: RiskRule, profile: Profile) -> tuple[str, bool] | None:
    """Return what ``rule`` catches, in words, and whether it had an answer; None where it catches nothing."""
    try:
        held = vocabulary.condition(rule.condition).holds(profile.facts)
    except ConditionFailed as failed:
        return f"{rule.says}: no answer, {failed.message}"[:500], False
    return (rule.says, True) if held else None


def _one_at_a_time(work: Work) -> None:
    """Let who else changes the member's rules wait."""
    key = work.actor.party_id.int & (2**63 - 1)
    work.session.execute(select(func.pg_advisory_xact_lock(key)))
