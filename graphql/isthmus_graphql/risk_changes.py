"""Writing, simulating and activating rules; assessing; deciding, appealing and reviewing."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.risk import (
    RiskAbout,
    RiskCategory,
    RiskFinding,
    RiskNotice,
    RiskRule,
    RiskSimulation,
    keep_findings,
)
from isthmus_graphql.values import MoneyInput
from isthmus_platform import risk
from isthmus_platform.database import Work
from isthmus_platform.risk import appeals, findings, rules, simulating

REASON = "Why, 1 to 500 characters."


class WriteRiskRuleInput(Change):
    """A rule of yours. With the code of one that is there it is its next version."""

    code = graphene.String(required=True, description="3 to 40 capitals, digits and underscores.")
    about = RiskAbout(required=True, description="What its findings are about.")
    category = RiskCategory(required=True, description="What the party that one is about is told.")
    says = graphene.String(required=True, description="What it holds, 1 to 200 characters.")
    condition = graphene.String(required=True, description="When it catches, in CEL over the known facts.")


class SimulateRiskRuleInput(Change):
    """The version of a rule that is run on your newest shipments."""

    rule = graphene.ID(required=True, description="Global id of the rule's version.")
    review_cost = MoneyInput(required=True, description="What reviewing one shipment costs you.")


class ActivateRiskRuleInput(Change):
    """The simulated version of a rule that is to count; the one that counted retires."""

    rule = graphene.ID(required=True, description="Global id of the rule's version.")


class RetireRiskRuleInput(Change):
    """The version of a rule that is to end."""

    rule = graphene.ID(required=True, description="Global id of the rule's version.")


class AssessShipmentInput(Change):
    """The shipment that your active rules are held against now."""

    shipment = graphene.ID(required=True, description="Global id of the shipment.")


class DecideRiskFindingInput(Change):
    """What you make of an open finding."""

    finding = graphene.ID(required=True, description="Global id of the finding.")
    confirm = graphene.Boolean(required=True, description="Whether it is so; else it is dismissed.")
    reason = graphene.String(required=True, description=REASON)


class AppealRiskFindingInput(Change):
    """What you say to a confirmed finding about you; once."""

    notice = graphene.ID(required=True, description="Global id of the notice.")
    statement = graphene.String(required=True, description="1 to 2,000 characters, for whose finding it is.")


class ReviewRiskAppealInput(Change):
    """What somebody other than who confirmed a finding answers to the appeal against it."""

    finding = graphene.ID(required=True, description="Global id of the finding.")
    uphold = graphene.Boolean(required=True, description="Whether it stands; else it is withdrawn.")
    reason = graphene.String(required=True, description=f"{REASON} The party reads it.")


class RiskRulePayload(Changed):
    """The version of the rule, or why nothing was changed."""

    rule = graphene.Field(RiskRule, description="As it stands.")


class RiskSimulationPayload(Changed):
    """The run, or why it was not begun."""

    simulation = graphene.Field(RiskSimulation, description="As it stands: ask for it again to see it go on.")


class AssessShipmentPayload(Changed):
    """What the assessment found, or why there was none."""

    opened = graphene.List(graphene.NonNull(RiskFinding), description="The findings that are new.")


class RiskFindingPayload(Changed):
    """The finding, or why nothing was changed."""

    finding = graphene.Field(RiskFinding, description="As it stands.")


class RiskNoticePayload(Changed):
    """The notice with the appeal, or why nothing was changed."""

    notice = graphene.Field(RiskNotice, description="As it stands.")


def _rule_id(given: Any) -> UUID:
    return identity.key_of("RiskRule", given.rule, "rule")


def _ruled(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"rule": rules.get(work, UUID(ids["rule"]))}


def _decided(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"finding": findings.get(work, UUID(ids["finding"]))}


def write_risk_rule(_root: Any, info: Info, input: Any) -> RiskRulePayload:  # noqa: A002
    """Write a rule."""

    def write(work: Work) -> dict[str, Any]:
        about, category = risk.About(input.about.value), risk.Category(input.category.value)
        draft = risk.RuleDraft(input.code, about, category, input.says, input.condition)
        return {"rule": str(risk.write_rule(work, draft).id)}

    return perform(RiskRulePayload, info, input, Operation("writeRiskRule", write, _ruled))


def simulate_risk_rule(_root: Any, info: Info, input: Any) -> RiskSimulationPayload:  # noqa: A002
    """Begin a simulation."""

    def write(work: Work) -> dict[str, Any]:
        cost = input.review_cost
        return {"run": str(risk.simulate(work, _rule_id(input), cost.amount_minor, cost.currency).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"simulation": simulating.get(work, UUID(ids["run"]))}

    return perform(RiskSimulationPayload, info, input, Operation("simulateRiskRule", write, answer))


def activate_risk_rule(_root: Any, info: Info, input: Any) -> RiskRulePayload:  # noqa: A002
    """Activate a rule."""

    def write(work: Work) -> dict[str, Any]:
        return {"rule": str(risk.activate(work, _rule_id(input)).id)}

    return perform(RiskRulePayload, info, input, Operation("activateRiskRule", write, _ruled))


def retire_risk_rule(_root: Any, info: Info, input: Any) -> RiskRulePayload:  # noqa: A002
    """Retire a rule."""

    def write(work: Work) -> dict[str, Any]:
        return {"rule": str(risk.retire(work, _rule_id(input)).id)}

    return perform(RiskRulePayload, info, input, Operation("retireRiskRule", write, _ruled))


def assess_shipment(_root: Any, info: Info, input: Any) -> AssessShipmentPayload:  # noqa: A002
    """Assess a shipment now."""
    context = info.context

    def write(work: Work) -> dict[str, Any]:
        vault = None if context.desk is None else context.desk.vault
        shipment = identity.key_of("Shipment", input.shipment, "shipment")
        return {"opened": [str(each) for each in risk.assess(work, vault, shipment)]}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        opened = [findings.get(work, UUID(each)) for each in ids["opened"]]
        keep_findings(context, opened)
        return {"opened": opened}

    return perform(AssessShipmentPayload, info, input, Operation("assessShipment", write, answer))


def decide_risk_finding(_root: Any, info: Info, input: Any) -> RiskFindingPayload:  # noqa: A002
    """Decide a finding."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("RiskFinding", input.finding, "finding")
        return {"finding": str(risk.decide(work, key, confirm=input.confirm, reason=input.reason).id)}

    return perform(RiskFindingPayload, info, input, Operation("decideRiskFinding", write, _decided))


def appeal_risk_finding(_root: Any, info: Info, input: Any) -> RiskNoticePayload:  # noqa: A002
    """Appeal against a finding."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("RiskNotice", input.notice, "notice")
        return {"notice": str(risk.lodge(work, key, input.statement).finding_id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"notice": appeals.notice_of(work, UUID(ids["notice"]))}

    return perform(RiskNoticePayload, info, input, Operation("appealRiskFinding", write, answer))


def review_risk_appeal(_root: Any, info: Info, input: Any) -> RiskFindingPayload:  # noqa: A002
    """Review an appeal."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("RiskFinding", input.finding, "finding")
        return {"finding": str(risk.review(work, key, uphold=input.uphold, reason=input.reason).finding_id)}

    return perform(RiskFindingPayload, info, input, Operation("reviewRiskAppeal", write, _decided))


class RiskMutation(graphene.ObjectType):
    """A member's rules and findings, and appeals."""

    write_risk_rule = change(
        RiskRulePayload,
        WriteRiskRuleInput,
        write_risk_rule,
        "Write a rule, or its next version. It counts once it was simulated and activated.",
    )
    simulate_risk_rule = change(
        RiskSimulationPayload,
        SimulateRiskRuleInput,
        simulate_risk_rule,
        "Run a rule on your history: what it would have caught, and what reviewing that costs you.",
    )
    activate_risk_rule = change(
        RiskRulePayload,
        ActivateRiskRuleInput,
        activate_risk_rule,
        "Let a version count from now on; it must have been simulated to the end.",
    )
    retire_risk_rule = change(
        RiskRulePayload,
        RetireRiskRuleInput,
        retire_risk_rule,
        "End a version of a rule; what it found stays.",
    )
    assess_shipment = change(
        AssessShipmentPayload,
        AssessShipmentInput,
        assess_shipment,
        "Hold your active rules against a shipment now; they are also held when something happens to it.",
    )
    decide_risk_finding = change(
        RiskFindingPayload, DecideRiskFindingInput, decide_risk_finding, "Confirm or dismiss an open finding."
    )
    appeal_risk_finding = change(
        RiskNoticePayload,
        AppealRiskFindingInput,
        appeal_risk_finding,
        "Appeal against a confirmed finding about you.",
    )
    review_risk_appeal = change(
        RiskFindingPayload,
        ReviewRiskAppealInput,
        review_risk_appeal,
        "Answer an appeal, as a person, signed in, who did not confirm the finding.",
    )
