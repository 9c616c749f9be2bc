"""Documentary credit: reading credits, their history, presentations and findings, and a bank's own rules."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import graphene

from isthmus_graphql import nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.credit_states import (
    CreditAmendmentState,
    CreditDebtType,
    CreditState,
    PresentationState,
    debt_of,
    money,
)
from isthmus_graphql.examination_trials import rule_trials
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.papers import desk_of
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import JSON, DateTime
from isthmus_graphql.values import Money
from isthmus_platform import parties
from isthmus_platform.credit import calendars, own_rules, presenting, reading, register
from isthmus_platform.credit.case import documents_json
from isthmus_platform.credit.days import Weekday as Day
from isthmus_platform.credit.examining import RULES
from isthmus_platform.credit.findings import Finding, Rule
from isthmus_platform.credit.records import (
    BankHoliday,
    CreditAmendment,
    CreditDebt,
    CreditEntry,
    CreditPresentation,
    ExaminationRule,
)
from isthmus_platform.credit.records import Credit as CreditRow

T = TypeVar("T")
Weekday = graphene.Enum.from_enum(
    Day, name="Weekday", description=lambda value: f"{value.title()}." if value else "A day of the week."
)


def listing(kind: Any, description: str) -> Any:
    """Return a field that is a whole list of ``kind``."""
    return graphene.List(graphene.NonNull(kind), required=True, description=description)


def _together(
    name: str, read: Callable[[Any, Sequence[UUID]], dict[UUID, list[T]]]
) -> Callable[[CreditRow, Info], Sequence[T]]:
    """Return a resolver that reads a list of every credit of the page in one statement."""

    def resolve(row: CreditRow, info: Info) -> Sequence[T]:
        context = info.context
        found = context.loader.load("credit", row.id, name, lambda ids: read(context.reading, ids))
        return found or []

    return resolve


def _credit_of(info: Info, credit_id: UUID) -> CreditRow:
    # Of a page the credits are at hand, and asked for no more.
    work = info.context.reading
    return work.session.get(CreditRow, credit_id) or register.get(work, credit_id)


class CreditEntryType(graphene.ObjectType):
    """A step in the history of a credit."""

    class Meta:
        name = "CreditHistoryEntry"

    sequence = graphene.Int(required=True, description="From 1, the application.")
    action = graphene.String(
        required=True,
        description="What was done, such as `ISSUE`, `EXAMINE`, `PAY`; by the clock `PRECLUDE`.",
    )
    actor = graphene.Field(Party, description="Who did it; null for the clock.")
    at = DateTime(required=True, description="When, in UTC.")
    drawn = graphene.Field(Money, required=True, description="What it drew on the credit.")
    balance = graphene.Field(Money, required=True, description="What was left after it.")

    @staticmethod
    def resolve_actor(row: CreditEntry, info: Info) -> parties.Party | None:
        """Return who did it."""
        return party_of(info.context, row.actor_id)

    @staticmethod
    def resolve_drawn(row: CreditEntry, info: Info) -> dict[str, Any]:
        """Return what it drew."""
        return money(row.drawn_minor, _credit_of(info, row.credit_id).currency)

    @staticmethod
    def resolve_balance(row: CreditEntry, info: Info) -> dict[str, Any]:
        """Return what was left."""
        return money(row.balance_minor, _credit_of(info, row.credit_id).currency)


class CreditAmendmentType(graphene.ObjectType):
    """A change of terms that the issuing bank proposed."""

    class Meta:
        name = "CreditAmendment"
        interfaces = (nodes.Node,)
        possible_types = (CreditAmendment,)

    number = graphene.Int(required=True, description="From 1.")
    state = graphene.Field(CreditAmendmentState, required=True, description="Where it stands.")
    changes = JSON(required=True, description="What changes, spelt as in `proposeCreditAmendment`.")
    proposed_at = DateTime(required=True, description="When it was proposed, in UTC.")
    answered_at = DateTime(description="When the beneficiary answered, in UTC.")
    mt707 = graphene.String(required=True, description="It as SWIFT MT 707.")

    @staticmethod
    def resolve_mt707(row: CreditAmendment, info: Info) -> str:
        """Return the message."""
        return reading.mt707(_credit_of(info, row.credit_id), row)


class ExaminationFinding(graphene.ObjectType):
    """A discrepancy that the examination found."""

    rule = graphene.String(required=True, description="Code of the rule.")
    article = graphene.String(required=True, description="Article of UCP 600, or paragraph of ISBP 821.")
    document = graphene.String(required=True, description="Type and number, such as `705 MCLKHH2611042`.")
    field = graphene.String(required=True, description="The field in it.")
    found = graphene.String(required=True, description="What it says there.")
    expected = graphene.String(required=True, description="What it should say.")
    against = graphene.String(required=True, description="By what: `credit`, or another document.")


class PresentationType(graphene.ObjectType):
    """Documents presented under a credit."""

    class Meta:
        name = "Presentation"
        interfaces = (nodes.Node,)
        possible_types = (CreditPresentation,)

    number = graphene.Int(required=True, description="From 1.")
    reference = graphene.String(required=True, description="The beneficiary's reference.")
    state = graphene.Field(PresentationState, required=True, description="Where it stands.")
    ucr = graphene.String(description="The consignment that the beneficiary named beside the documents.")
    claimed = graphene.Field(Money, required=True, description="What is claimed.")
    drawn = graphene.Field(Money, required=True, description="What it drew on the credit.")
    presented_at = DateTime(required=True, description="When it was made, in UTC.")
    presented_on = graphene.String(required=True, description="The banking day that counts, ISO 8601.")
    examine_by = graphene.String(required=True, description="The fifth banking day after that, ISO 8601.")
    examined_at = DateTime(description="When it was examined, in UTC.")
    precluded = graphene.Boolean(
        required=True,
        description="Whether it was not examined in time, and cannot be refused (UCP 600 article 16 f).",
    )
    matures_on = graphene.String(description="When an accepted one is due, ISO 8601.")
    paid_by = graphene.Field(Party, description="The bank that paid.")
    debt = graphene.Field(
        CreditDebtType,
        description="What the applicant owes for it, to applicant and issuing bank; null to others, and"
        " before that bank paid or reimbursed.",
    )
    documents = JSON(required=True, description="The documents, each of `type`, `data` and `face`.")
    findings = listing(ExaminationFinding, "What the examination found; empty before it.")
    mt734 = graphene.String(description="The notice of refusal as SWIFT MT 734; null where there is none.")

    @staticmethod
    def resolve_claimed(row: CreditPresentation, info: Info) -> dict[str, Any]:
        """Return what is claimed."""
        return money(row.claimed_minor, _credit_of(info, row.credit_id).currency)

    @staticmethod
    def resolve_drawn(row: CreditPresentation, info: Info) -> dict[str, Any]:
        """Return what was drawn."""
        return money(row.drawn_minor, _credit_of(info, row.credit_id).currency)

    @staticmethod
    def resolve_paid_by(row: CreditPresentation, info: Info) -> parties.Party | None:
        """Return who paid."""
        return party_of(info.context, row.paid_by)

    @staticmethod
    def resolve_debt(row: CreditPresentation, info: Info) -> CreditDebt | None:
        """Return what is owed for it."""
        return debt_of(row, info)

    @staticmethod
    def resolve_documents(row: CreditPresentation, info: Info) -> Any:
        """Return the documents."""
        return documents_json(presenting.documents_of(desk_of(info.context).vault, row))

    @staticmethod
    def resolve_findings(row: CreditPresentation, info: Info) -> Sequence[Finding]:
        """Return the findings."""
        return presenting.findings_of(desk_of(info.context).vault, row)

    @staticmethod
    def resolve_mt734(row: CreditPresentation, info: Info) -> str | None:
        """Return the notice."""
        return reading.mt734(desk_of(info.context).vault, _credit_of(info, row.credit_id), row)


class Credit(graphene.ObjectType):
    """A documentary credit under UCP 600."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (CreditRow,)

    reference = graphene.String(required=True, description="The credit's number (field 20).")
    state = graphene.Field(CreditState, required=True, description="Where it stands.")
    terms = JSON(required=True, description="Its terms with accepted amendments, as in `applyForCredit`.")
    applicant = graphene.Field(Party, required=True, description="Who asked for it.")
    issuing_bank = graphene.Field(Party, required=True, description="Who undertakes to pay.")
    advising_bank = graphene.Field(Party, required=True, description="Who advises it to the beneficiary.")
    beneficiary = graphene.Field(Party, required=True, description="In whose favour it is.")
    limit = graphene.Field(Money, required=True, description="What may be drawn in all, with tolerance.")
    drawn = graphene.Field(Money, required=True, description="What was drawn.")
    balance = graphene.Field(Money, required=True, description="What is left.")
    applied_at = DateTime(required=True, description="When it was asked for, in UTC.")
    issued_at = DateTime(description="When it was issued, in UTC.")
    advised_at = DateTime(description="When it was advised, in UTC.")
    closed_at = DateTime(description="When it was closed, in UTC.")
    history = listing(CreditEntryType, "Every step, with drawings and balances.")
    amendments = listing(CreditAmendmentType, "Its amendments, in their order.")
    presentations = listing(PresentationType, "The presentations under it, in their order.")
    mt700 = graphene.String(description="It as SWIFT MT 700, with accepted amendments; null before issue.")

    resolve_history = _together("history", reading.entries)
    resolve_amendments = _together("amendments", reading.amendments)

    @staticmethod
    def resolve_presentations(row: CreditRow, info: Info) -> Sequence[CreditPresentation]:
        """Return the presentations under it; of those of a page, what is owed is read together."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[CreditPresentation]]:
            found = reading.presentations(context.reading, ids)
            context.loader.together("presentation", (one.id for rows in found.values() for one in rows))
            return found

        return context.loader.load("credit", row.id, "presentations", read) or []

    @staticmethod
    def resolve_applicant(row: CreditRow, info: Info) -> parties.Party | None:
        """Return the applicant."""
        return party_of(info.context, row.party_id)

    @staticmethod
    def resolve_issuing_bank(row: CreditRow, info: Info) -> parties.Party | None:
        """Return the issuing bank."""
        return party_of(info.context, row.issuing_id)

    @staticmethod
    def resolve_advising_bank(row: CreditRow, info: Info) -> parties.Party | None:
        """Return the advising bank."""
        return party_of(info.context, row.advising_id)

    @staticmethod
    def resolve_beneficiary(row: CreditRow, info: Info) -> parties.Party | None:
        """Return the beneficiary."""
        return party_of(info.context, row.beneficiary_id)

    @staticmethod
    def resolve_limit(row: CreditRow, _info: Info) -> dict[str, Any]:
        """Return what may be drawn."""
        return money(row.limit_minor, row.currency)

    @staticmethod
    def resolve_drawn(row: CreditRow, _info: Info) -> dict[str, Any]:
        """Return what was drawn."""
        return money(row.drawn_minor, row.currency)

    @staticmethod
    def resolve_balance(row: CreditRow, _info: Info) -> dict[str, Any]:
        """Return what is left."""
        return money(row.limit_minor - row.drawn_minor, row.currency)

    @staticmethod
    def resolve_mt700(row: CreditRow, _info: Info) -> str | None:
        """Return the message."""
        return reading.mt700(row)


class ExaminationRuleType(graphene.ObjectType):
    """A rule that a bank added to its examination."""

    class Meta:
        name = "ExaminationRule"
        interfaces = (nodes.Node,)
        possible_types = (ExaminationRule,)

    code = graphene.String(required=True, description="Its code, by which a finding names it.")
    article = graphene.String(required=True, description="What it rests on, in the bank's words.")
    says = graphene.String(required=True, description="What it holds.")
    condition = graphene.String(required=True, description="When there is a discrepancy, in CEL.")
    state = graphene.String(required=True, description="`DRAFT`, `ON` or `OFF`.")
    tried_at = DateTime(description="When it was tried as it is written, in UTC.")
    trials = rule_trials()


class StandingRule(graphene.ObjectType):
    """A rule of UCP 600 or ISBP 821 that every examination holds."""

    code = graphene.String(required=True, description="Its code.")
    article = graphene.String(required=True, description="The article or paragraph.")
    documents = listing(graphene.String, "UNTDID 1001 codes; none where it looks at the whole presentation.")
    says = graphene.String(required=True, description="What it holds.")


class BankHolidayType(graphene.ObjectType):
    """A day on which your bank is closed."""

    class Meta:
        name = "BankHoliday"

    day = graphene.String(required=True, description="ISO 8601.")
    name = graphene.String(required=True, description="Its name.")


CreditConnection = connection(Credit)


def keep(context: Context, rows: Sequence[CreditRow]) -> None:
    """Let the lists of these credits and their parties be read together."""
    context.loader.keep("credit", rows)
    about = [
        id_ for row in rows for id_ in (row.party_id, row.issuing_id, row.advising_id, row.beneficiary_id)
    ]
    context.loader.together("party", about)


def _one(context: Context, key: UUID) -> CreditRow:
    found = register.get(context.reading, key)
    keep(context, [found])
    return found


class CreditQuery(graphene.ObjectType):
    """Reading credits and rules of examination."""

    credit = nodes.one_by_id(Credit, "The credit with this id; null where there is none that you may see.")
    presentation = nodes.one_by_id(
        PresentationType, "The presentation with this id; null where there is none that you may see."
    )
    credits = listed(CreditConnection, "Credits to which you are a party, newest first.")
    examination_rules = listing(ExaminationRuleType, "Your bank's own rules, by code.")
    standing_rules = listing(StandingRule, "The rules that every examination holds.")
    bank_holidays = listing(BankHolidayType, "When your bank is closed beside its days of rest of each week.")
    bank_rest_days = listing(Weekday, "The days of the week on which your bank rests, Monday first.")

    @staticmethod
    def resolve_credits(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[CreditRow]:
        """Return a page of credits."""
        asked = paging(info, "credit", first, after)
        rows = reading.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        keep(info.context, rows)
        return asked.page(rows)

    @staticmethod
    def resolve_examination_rules(_root: Any, info: Info) -> Sequence[ExaminationRule]:
        """Return the bank's rules."""
        rows = own_rules.of_bank(info.context.reading)
        info.context.loader.keep("examination rule", rows)
        return rows

    @staticmethod
    def resolve_standing_rules(_root: Any, _info: Info) -> Sequence[Rule]:
        """Return the rules that are always held."""
        return RULES

    @staticmethod
    def resolve_bank_holidays(_root: Any, info: Info) -> Sequence[BankHoliday]:
        """Return the holidays."""
        return calendars.holidays(info.context.reading)

    @staticmethod
    def resolve_bank_rest_days(_root: Any, info: Info) -> Sequence[Day]:
        """Return the days of rest."""
        return calendars.rest_days(info.context.reading)


nodes.readable("Credit", _one)
nodes.readable("CreditAmendment", lambda context, key: register.amendment_of(context.reading, key))
nodes.readable("Presentation", lambda context, key: presenting.presentation_of(context.reading, key))
nodes.readable("ExaminationRule", lambda context, key: own_rules.get(context.reading, key))
