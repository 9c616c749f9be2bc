"""Usage and invoices."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_billing import invoices, statements
from isthmus_billing.invoices import InvoiceView, LineView
from isthmus_billing.metering import UsageEvent as EventRow
from isthmus_billing.statements import UsageStatement
from isthmus_graphql import nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.identity import global_id
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import JSON, DateTime, Long
from isthmus_graphql.values import Money
from isthmus_platform import parties
from isthmus_platform.database import Work


class UsageLine(graphene.ObjectType):
    """What a party used of a meter at one price."""

    meter = graphene.String(required=True, description="The name of the metered domain event.")
    title = graphene.String(required=True, description="The meter's name on a bill.")
    party = graphene.Field(Party, required=True, description="Who used it.")
    quantity = Long(required=True, description="Units.")
    free_quantity = Long(required=True, description="How many of them cost nothing.")
    unit_price = graphene.Field(Money, required=True, description="Price of one unit.")
    amount = graphene.Field(Money, required=True, description="What the line costs.")

    @staticmethod
    def resolve_party(line: statements.UsageLine, info: Info) -> parties.Party | None:
        """Return the party."""
        return party_of(info.context, line.party_id)


class Usage(graphene.ObjectType):
    """What was used in a month: your own; to the operator, every party's."""

    period = graphene.String(required=True, description="The month in UTC, `2026-06`.")
    total = graphene.Field(Money, required=True, description="What all lines cost.")
    lines = graphene.List(graphene.NonNull(UsageLine), required=True, description="By party and meter.")


class UsageEvent(graphene.ObjectType):
    """Something that was used, once."""

    id = graphene.ID(required=True, description="Global id.")
    name = graphene.String(required=True, description="The domain event.")
    at = DateTime(required=True, description="When, in UTC.")
    quantity = Long(required=True, description="Units.")
    about = JSON(required=True, description="Ids and codes that lead back to the thing.")

    @staticmethod
    def resolve_id(row: EventRow, _info: Info) -> str:
        """Return the global id."""
        return global_id("UsageEvent", row.id)


UsageEventConnection = connection(UsageEvent)


class InvoiceLine(graphene.ObjectType):
    """One meter, in one month, at one price."""

    title = graphene.String(required=True, description="The meter's name.")
    meter = graphene.String(required=True, description="The name of the metered domain event.")
    month = graphene.String(required=True, description="The month it was used in; earlier for late usage.")
    quantity = Long(required=True, description="Units.")
    free_quantity = Long(required=True, description="How many of them cost nothing.")
    unit_price = graphene.Field(Money, required=True, description="Price of one unit.")
    amount = graphene.Field(Money, required=True, description="What the line costs.")
    usage_events = listed(UsageEventConnection, "What it bills, oldest first.")

    @staticmethod
    def resolve_usage_events(
        line: LineView, info: Info, first: int | None, after: str | None = None
    ) -> Page[EventRow]:
        """Return a page of what the line bills."""
        asked, context = paging(info, "usage", first, after), info.context
        behind = asked.behind
        rows: Sequence[EventRow] | None
        if behind is None:
            rows = context.loader.load(
                "invoice line",
                line.id,
                ("usage events", asked.count),
                lambda ids: invoices.first_usage_events(context.reading, ids, asked.count + 1),
            )
        else:
            rows = invoices.usage_events(context.reading, line.id, behind, asked.count + 1)
        return asked.page(rows or [])


class Invoice(graphene.ObjectType):
    """A finalised invoice for a month; it never changes."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (InvoiceView,)

    number = graphene.String(required=True, description="Its number; the series has no gap.")
    party = graphene.Field(Party, required=True, description="Who owes it.")
    period = graphene.String(required=True, description="The month in UTC, `2026-06`.")
    status = graphene.String(required=True, description="FINALISED, PAID or CREDITED.")
    currency = graphene.String(required=True, description="ISO 4217 code of all its amounts.")
    total = graphene.Field(Money, required=True, description="The sum of its lines.")
    concession_fee = graphene.Field(Money, required=True, description="The authority's share of the total.")
    outstanding = graphene.Field(Money, required=True, description="What is still owed.")
    finalised_at = DateTime(required=True, description="When it was finalised, in UTC.")
    lines = graphene.List(graphene.NonNull(InvoiceLine), required=True, description="Its lines, in order.")

    @staticmethod
    def resolve_party(row: InvoiceView, info: Info) -> parties.Party | None:
        """Return the party."""
        return party_of(info.context, row.party_id)

    @staticmethod
    def resolve_status(row: InvoiceView, _info: Info) -> str:
        """Return the status."""
        return row.status.value

    @staticmethod
    def resolve_lines(row: InvoiceView, info: Info) -> Sequence[LineView]:
        """Return the lines."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[LineView]]:
            found = dict(invoices.lines(context.reading, ids))
            context.loader.together("invoice line", [line.id for lines in found.values() for line in lines])
            return found

        return context.loader.load("invoice", row.id, "lines", read) or []


InvoiceConnection = connection(Invoice)


def _keep(context: Context, rows: Sequence[InvoiceView]) -> Sequence[InvoiceView]:
    context.loader.together("invoice", (row.id for row in rows))
    context.loader.together("party", (row.party_id for row in rows))
    return rows


def _one(context: Context, key: UUID) -> InvoiceView:
    return _keep(context, [invoices.get(context.reading, key)])[0]


class BillingQuery(graphene.ObjectType):
    """Reading usage and invoices."""

    usage = graphene.Field(
        Usage,
        period=graphene.String(required=True, description="A month in UTC, `2026-06`."),
        description="What was used in a month, billed or not yet.",
    )
    invoices = listed(InvoiceConnection, "Your invoices; to the operator, all. Newest first.")

    @staticmethod
    def resolve_usage(_root: Any, info: Info, period: str) -> UsageStatement:
        """Return the statement."""
        statement = statements.usage(info.context.reading, period)
        info.context.loader.together("party", (line.party_id for line in statement.lines))
        return statement

    @staticmethod
    def resolve_invoices(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[InvoiceView]:
        """Return a page of invoices."""
        asked = paging(info, "invoice", first, after)
        rows = invoices.page(info.context.reading, asked.behind, asked.count + 1)
        return asked.page(_keep(info.context, rows))


class CloseBillingPeriodInput(Change):
    """Which month is closed."""

    period = graphene.String(required=True, description="A month in UTC that is not ahead, `2026-06`.")


class CloseBillingPeriodPayload(Changed):
    """The month's invoices, or why there are none."""

    invoices = graphene.List(graphene.NonNull(Invoice), description="In the order of their numbers.")


def close_billing_period(_root: Any, info: Info, input: Any) -> CloseBillingPeriodPayload:  # noqa: A002
    """Bill every party for a month."""

    def write(work: Work) -> dict[str, Any]:
        return {"period": input.period, "closed": len(invoices.close_period(work, input.period))}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        # Closing a month that is closed changes nothing and returns what was made.
        return {"invoices": _keep(info.context, invoices.close_period(work, ids["period"]))}

    return perform(CloseBillingPeriodPayload, info, input, Operation("closeBillingPeriod", write, answer))


class BillingMutation(graphene.ObjectType):
    """Closing months."""

    close_billing_period = change(
        CloseBillingPeriodPayload,
        CloseBillingPeriodInput,
        close_billing_period,
        "Close a month and finalise its invoices; for the operator. Closing again changes nothing.",
    )


nodes.readable("Invoice", _one)
