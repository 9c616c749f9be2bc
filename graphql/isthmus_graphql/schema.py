"""The schema, put together from a module a service."""

from functools import lru_cache

import graphene
from graphql import GraphQLSchema, print_schema

from isthmus_graphql import (
    access_log,
    appointment_changes,
    appointments,
    billing,
    booked_shipments,
    booking_changes,
    bookings,
    clients,
    credit,
    credit_bank,
    credit_changes,
    crossings,
    declarations,
    deliveries,
    documents,
    drafts,
    financeable,
    financed,
    freight,
    grants,
    insurance_changes,
    insurance_claims,
    insurance_declared,
    links,
    nodes,
    papers,
    parties,
    passing_on,
    quote_changes,
    quotes,
    receivable_changes,
    receivables,
    release_changes,
    release_consents,
    releases,
    risk,
    risk_changes,
    risk_parties,
    risk_screen,
    screening,
    screening_changes,
    shipments,
    subscriptions,
    title,
    title_changes,
    tracking,
    webhooks,
)


class Query(
    financeable.FinanceableQuery,
    receivables.ReceivableQuery,
    risk.RiskQuery,
    risk_parties.PartyRiskQuery,
    risk_screen.ScreenQuery,
    deliveries.DeliveryQuery,
    appointments.AppointmentQuery,
    screening.ScreeningQuery,
    bookings.BookingQuery,
    quotes.QuoteQuery,
    insurance_declared.InsuranceQuery,
    releases.ReleaseQuery,
    release_consents.ReleaseConsentQuery,
    title.TitleQuery,
    nodes.NodeQuery,
    parties.PartyQuery,
    shipments.ShipmentQuery,
    documents.DocumentQuery,
    grants.GrantQuery,
    access_log.AccessLogQuery,
    crossings.CrossingQuery,
    billing.BillingQuery,
    webhooks.WebhookQuery,
    financed.FinancingQuery,
    clients.ClientQuery,
    credit.CreditQuery,
):
    """Reading, as the party that asks: what it may not see is as if it were not there."""


class Mutation(
    receivable_changes.ReceivableMutation,
    risk_changes.RiskMutation,
    deliveries.DeliveryMutation,
    appointment_changes.AppointmentMutation,
    booked_shipments.BookedShipmentMutation,
    screening_changes.ScreeningMutation,
    booking_changes.BookingMutation,
    quote_changes.QuoteMutation,
    insurance_claims.CargoMutation,
    insurance_changes.CoverMutation,
    release_changes.ReleaseMutation,
    release_consents.ReleaseConsentMutation,
    title_changes.TitleMutation,
    parties.PartyMutation,
    drafts.ShipmentMutation,
    tracking.TrackingMutation,
    grants.GrantMutation,
    passing_on.PassingMutation,
    papers.PaperMutation,
    links.LinkMutation,
    declarations.DeclarationMutation,
    freight.FreightMutation,
    crossings.CrossingMutation,
    billing.BillingMutation,
    webhooks.WebhookMutation,
    financed.FinancingMutation,
    clients.ClientMutation,
    credit_changes.CreditMutation,
    credit_bank.CreditBankMutation,
):
    """Changes: each in a transaction of its own, in the order written."""


@lru_cache(maxsize=1)
def build() -> GraphQLSchema:
    """Return the schema."""
    built: GraphQLSchema = graphene.Schema(
        query=Query, mutation=Mutation, subscription=subscriptions.Subscription
    ).graphql_schema
    return built


def sdl() -> str:
    """Return the schema in its definition language, as ``graphql/schema.graphql`` holds it."""
    return print_schema(build()) + "\n"
