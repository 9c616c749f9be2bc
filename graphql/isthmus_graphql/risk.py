"""Risk: a member's rules with their simulations, its findings, and what a party is told of those about it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity, nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.grants import shipment_of
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime
from isthmus_graphql.values import Money
from isthmus_platform import parties, risk
from isthmus_platform.risk import appeals, findings, rules, simulating
from isthmus_platform.risk.records import RiskAppeal as AppealRow
from isthmus_platform.risk.records import RiskCatch as CatchRow
from isthmus_platform.risk.records import RiskFinding as FindingRow
from isthmus_platform.risk.records import RiskNotice as NoticeRow
from isthmus_platform.risk.records import RiskRule as RuleRow
from isthmus_platform.risk.records import RiskSimulation as SimulationRow
from isthmus_platform.shipments import Shipment

ABOUT = {
    risk.About.SHIPMENT: "The shipment.",
    risk.About.DOCUMENT: "Each document that the evidence names; the shipment where it names none.",
    risk.About.OWNER: "The shipment's owner, unless that is you.",
    risk.About.CARRIER: "Its carrier, unless that is you.",
    risk.About.FORWARDER: "Its forwarder, unless that is you.",
}
CATEGORIES = {
    risk.Category.PRICE: "Prices.",
    risk.Category.ROUTE: "The way that goods take.",
    risk.Category.NEW_PARTY: "A party that is new.",
    risk.Category.INVOICES: "Invoices.",
    risk.Category.WEIGHTS: "Masses.",
    risk.Category.MONEY: "What became of financing or of documents presented.",
    risk.Category.OTHER: "Anything else.",
}
RULES = {
    risk.RuleState.DRAFT: "Written.",
    risk.RuleState.SIMULATED: "Run on history; it can be activated.",
    risk.RuleState.ACTIVE: "What it catches is a finding.",
    risk.RuleState.RETIRED: "Off for good.",
}
FOUND = {
    risk.FindingState.OPEN: "Not decided.",
    risk.FindingState.CONFIRMED: "Confirmed; the party that it is about may appeal.",
    risk.FindingState.DISMISSED: "Nothing was the matter.",
    risk.FindingState.WITHDRAWN: "Withdrawn on appeal.",
}
APPEALED = {
    risk.AppealState.LODGED: "It waits for review.",
    risk.AppealState.UPHELD: "The finding stands.",
    risk.AppealState.WITHDRAWN: "The finding was withdrawn.",
}
RiskAbout = graphene.Enum.from_enum(
    risk.About, name="RiskAbout", description=lambda one: ABOUT[one] if one else "What findings are about."
)
RiskCategory = graphene.Enum.from_enum(
    risk.Category,
    name="RiskCategory",
    description=lambda one: CATEGORIES[one] if one else "Why, as the party that a finding is about is told.",
)
RiskRuleState = graphene.Enum.from_enum(
    risk.RuleState,
    name="RiskRuleState",
    description=lambda one: RULES[one] if one else "Where a version of a rule stands.",
)
RiskFindingState = graphene.Enum.from_enum(
    risk.FindingState,
    name="RiskFindingState",
    description=lambda one: FOUND[one] if one else "Where a finding stands.",
)
RiskAppealState = graphene.Enum.from_enum(
    risk.AppealState,
    name="RiskAppealState",
    description=lambda one: APPEALED[one] if one else "Where an appeal stands.",
)


class RiskEvidence(graphene.ObjectType):
    """A value, where it stands, and what it was held against."""

    source = graphene.String(required=True, description="`FIELD`, `DOCUMENT` or `EVENT`.")
    place = graphene.String(required=True, description="The field, such as `goods.1.value`.")
    value = graphene.String(required=True, description="What it says there.")
    against = graphene.String(required=True, description="What that was held against.")
    document = graphene.ID(description="Global id of the document that says so.")
    event = graphene.String(description="Id of the event that says so.")

    @staticmethod
    def resolve_document(row: dict[str, Any], _info: Info) -> str | None:
        """Return the document's global id."""
        return identity.global_id("Document", row["id"]) if row["source"] == "DOCUMENT" else None

    @staticmethod
    def resolve_event(row: dict[str, Any], _info: Info) -> str | None:
        """Return the event's id."""
        return row.get("id") if row["source"] == "EVENT" else None


def evidence_list() -> Any:
    """Return the field that is a list of evidence."""
    return graphene.List(graphene.NonNull(RiskEvidence), required=True, description="Why.")


class RiskCatch(graphene.ObjectType):
    """A shipment that a simulation caught."""

    class Meta:
        possible_types = (CatchRow,)

    shipment = graphene.Field("isthmus_graphql.shipments.Shipment", description="It, if you still see it.")
    says = graphene.String(required=True, description="What the rule holds, or why it had no answer.")
    evidence = evidence_list()
    earlier = graphene.Field(RiskFindingState, description="How a finding about it was decided before.")

    @staticmethod
    def resolve_shipment(row: CatchRow, info: Info) -> Shipment | None:
        """Return the shipment."""
        return shipment_of(info.context, row.shipment_id)


RiskCatchConnection = connection(RiskCatch)


class RiskSimulation(graphene.ObjectType):
    """A run of one version of a rule on your history."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (SimulationRow,)

    total = graphene.Int(
        required=True, description="Shipments to be judged, the newest 1,000 at most. The number."
    )
    done = graphene.Int(required=True, description="Of these, judged. The number.")
    caught = graphene.Int(required=True, description="Of these, caught. The number.")
    share = graphene.Float(description="Caught of judged, from 0 to 1; null before the first. The number.")
    unanswered = graphene.Int(required=True, description="Caught because the rule had no answer. The number.")
    confirmed = graphene.Int(required=True, description="Caught, a finding confirmed before. The number.")
    dismissed = graphene.Int(required=True, description="Caught, a finding dismissed before. The number.")
    review_cost = graphene.Field(Money, required=True, description="What one review costs you.")
    reviews_per_thousand = graphene.Int(required=True, description="Reviews for 1,000 shipments. The number.")
    cost_per_thousand = graphene.Field(Money, required=True, description="What those reviews cost you.")
    cost = graphene.Field(Money, required=True, description="What reviewing those caught would cost you.")
    since = DateTime(description="When the oldest of the shipments was made here, in UTC; null without any.")
    until = DateTime(description="When the newest of the shipments was made here, in UTC; null without any.")
    started_by = graphene.String(
        required=True, description="Who of yours began it: `user:` or `client:` with an id."
    )
    started_at = DateTime(required=True, description="When it began, in UTC.")
    finished_at = DateTime(description="When it ended, in UTC; null while it runs.")
    catches = listed(RiskCatchConnection, "What it caught, the newest shipment first.")

    @staticmethod
    def resolve_share(row: SimulationRow, _info: Info) -> float | None:
        """Return the share."""
        return row.caught / row.done if row.done else None

    @staticmethod
    def resolve_review_cost(row: SimulationRow, _info: Info) -> dict[str, Any]:
        """Return the cost of one."""
        return {"amount_minor": row.review_minor, "currency": row.currency}

    @staticmethod
    def resolve_cost(row: SimulationRow, _info: Info) -> dict[str, Any]:
        """Return the cost of all that were caught."""
        return {"amount_minor": row.caught * row.review_minor, "currency": row.currency}

    @staticmethod
    def resolve_reviews_per_thousand(row: SimulationRow, _info: Info) -> int:
        """Return how many."""
        return simulating.per_thousand(row)

    @staticmethod
    def resolve_cost_per_thousand(row: SimulationRow, _info: Info) -> dict[str, Any]:
        """Return the cost of them."""
        return {"amount_minor": simulating.per_thousand(row, row.review_minor), "currency": row.currency}

    @staticmethod
    def resolve_catches(
        row: SimulationRow, info: Info, first: int | None, after: str | None = None
    ) -> Page[CatchRow]:
        """Return a page of what it caught."""
        asked = paging(info, "risk catch", first, after)
        rows = simulating.catches(info.context.reading, row.id, after=asked.behind, first=asked.count + 1)
        info.context.loader.together("shipment reference", (one.shipment_id for one in rows))
        return asked.page(rows, lambda one: one.shipment_id)


class RiskRule(graphene.ObjectType):
    """One version of a rule of yours; what it says never changes."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (RuleRow,)

    code = graphene.String(required=True, description="Its code, the same for all versions.")
    version = graphene.Int(required=True, description="From 1.")
    about = graphene.Field(RiskAbout, required=True, description="What its findings are about.")
    category = graphene.Field(RiskCategory, required=True, description="Why, in one word.")
    says = graphene.String(required=True, description="What it holds.")
    condition = graphene.String(required=True, description="When it catches, in CEL.")
    state = graphene.Field(RiskRuleState, required=True, description="Where this version stands.")
    written_at = DateTime(required=True, description="When it was written, in UTC.")
    activated_at = DateTime(description="When it was activated, in UTC.")
    retired_at = DateTime(description="When it was retired, in UTC.")
    simulations = graphene.List(
        graphene.NonNull(RiskSimulation), required=True, description="Its runs, the newest first."
    )

    @staticmethod
    def resolve_simulations(row: RuleRow, info: Info) -> list[SimulationRow]:
        """Return its runs, read with those of the whole page."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[SimulationRow]]:
            return simulating.of_rules(context.reading, ids)

        return context.loader.load("risk rule", row.id, "simulations", read) or []


class RiskAppeal(graphene.ObjectType):
    """The appeal of a party against a finding about it."""

    class Meta:
        possible_types = (AppealRow,)

    state = graphene.Field(RiskAppealState, required=True, description="Where it stands.")
    statement = graphene.String(required=True, description="What the party says.")
    lodged_at = DateTime(required=True, description="When, in UTC.")
    reviewed_at = DateTime(description="When somebody else looked again, in UTC.")
    reason = graphene.String(description="Why it was answered so.")


def _appeal(finding_id: UUID, info: Info) -> AppealRow | None:
    context = info.context

    def read(ids: Sequence[UUID]) -> dict[UUID, AppealRow]:
        return appeals.of_findings(context.reading, ids)

    return context.loader.load("risk finding", finding_id, "appeal", read)


class RiskFinding(graphene.ObjectType):
    """What a rule of yours caught."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (FindingRow,)

    rule = graphene.Field(RiskRule, required=True, description="The rule, in the version that caught it.")
    shipment = graphene.Field(
        "isthmus_graphql.shipments.Shipment", description="The shipment, if you still see it."
    )
    document = graphene.ID(description="Global id of the document that it is about, if it is about one.")
    party = graphene.Field(Party, description="The party that it is about, if it is about one.")
    state = graphene.Field(RiskFindingState, required=True, description="Where it stands.")
    says = graphene.String(required=True, description="What the rule holds, or why it had no answer.")
    evidence = evidence_list()
    opened_at = DateTime(required=True, description="When, in UTC.")
    decided_at = DateTime(description="When it was confirmed or dismissed, in UTC.")
    decided_by = graphene.String(description="Who of yours decided: `user:` or `client:` with an id.")
    reason = graphene.String(description="Why it was decided so.")
    appeal = graphene.Field(RiskAppeal, description="The appeal of the party that it is about.")

    @staticmethod
    def resolve_rule(row: FindingRow, info: Info) -> RuleRow | None:
        """Return the rule, read with those of the whole page."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, RuleRow]:
            return rules.get_many(context.reading, ids)

        return context.loader.load("risk rule", row.rule_id, "rule", read)

    @staticmethod
    def resolve_shipment(row: FindingRow, info: Info) -> Shipment | None:
        """Return the shipment."""
        return shipment_of(info.context, row.shipment_id)

    @staticmethod
    def resolve_document(row: FindingRow, _info: Info) -> str | None:
        """Return the document's global id."""
        return None if row.document_id is None else identity.global_id("Document", row.document_id)

    @staticmethod
    def resolve_party(row: FindingRow, info: Info) -> parties.Party | None:
        """Return the party."""
        return party_of(info.context, row.subject_id)

    @staticmethod
    def resolve_appeal(row: FindingRow, info: Info) -> AppealRow | None:
        """Return the appeal."""
        return _appeal(row.id, info)


class RiskNotice(graphene.ObjectType):
    """That there is a finding about you: why in one word, and how it stands. Whose it is you are not told."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (NoticeRow,)

    category = graphene.Field(RiskCategory, required=True, description="Why.")
    state = graphene.Field(RiskFindingState, required=True, description="How it stands.")
    opened_at = DateTime(required=True, description="When it was found, in UTC.")
    changed_at = DateTime(required=True, description="When it last changed, in UTC.")
    appeal = graphene.Field(RiskAppeal, description="Your appeal against it.")

    @staticmethod
    def resolve_appeal(row: NoticeRow, info: Info) -> AppealRow | None:
        """Return the appeal."""
        return _appeal(row.finding_id, info)


RiskRuleConnection = connection(RiskRule)
RiskFindingConnection = connection(RiskFinding)
RiskNoticeConnection = connection(RiskNotice)


def keep_findings(context: Context, rows: Sequence[FindingRow]) -> None:
    """Let what findings lead to be read together."""
    context.loader.keep("risk finding", rows)
    context.loader.together("party", (row.subject_id for row in rows))
    context.loader.together("risk rule", (row.rule_id for row in rows))
    context.loader.together("shipment reference", (row.shipment_id for row in rows))


class RiskQuery(graphene.ObjectType):
    """Reading rules, simulations, findings and notices."""

    risk_rule = nodes.one_by_id(RiskRule, "The version of a rule of yours with this id; null without.")
    risk_simulation = nodes.one_by_id(RiskSimulation, "The simulation of yours with this id; null without.")
    risk_finding = nodes.one_by_id(RiskFinding, "The finding of yours with this id; null without.")
    risk_rules = listed(RiskRuleConnection, "Your rules, the newest version first.")
    risk_findings = listed(
        RiskFindingConnection,
        "Your findings, newest first.",
        state=graphene.Argument(RiskFindingState, description="Only those that stand so."),
    )
    risk_notices = listed(RiskNoticeConnection, "What you are told of others' findings about you.")

    @staticmethod
    def resolve_risk_rules(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[RuleRow]:
        """Return a page of rules."""
        asked = paging(info, "risk rule", first, after)
        rows = rules.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        info.context.loader.keep("risk rule", rows)
        return asked.page(rows)

    @staticmethod
    def resolve_risk_findings(
        _root: Any, info: Info, first: int | None, after: str | None = None, state: Any = None
    ) -> Page[FindingRow]:
        """Return a page of findings."""
        asked = paging(info, "risk finding", first, after)
        wanted = None if state is None else risk.FindingState(state.value)
        rows = findings.page(info.context.reading, state=wanted, after=asked.behind, first=asked.count + 1)
        keep_findings(info.context, rows)
        return asked.page(rows)

    @staticmethod
    def resolve_risk_notices(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[NoticeRow]:
        """Return a page of notices."""
        asked = paging(info, "risk notice", first, after)
        rows = appeals.notices(info.context.reading, after=asked.behind, first=asked.count + 1)
        info.context.loader.together("risk finding", (row.finding_id for row in rows))
        return asked.page(rows, lambda row: row.finding_id)


nodes.readable("RiskRule", lambda context, key: rules.get(context.reading, key))
nodes.readable("RiskSimulation", lambda context, key: simulating.get(context.reading, key))
nodes.readable("RiskFinding", lambda context, key: findings.get(context.reading, key))
nodes.readable("RiskNotice", lambda context, key: appeals.notice_of(context.reading, key))
