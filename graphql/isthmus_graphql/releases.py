"""Releases of cargo: the verdict, what holds the cargo, and its delivery orders."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.grants import shipment_of
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime
from isthmus_platform import parties
from isthmus_platform.database import Work
from isthmus_platform.logistics import holds, release, tokens
from isthmus_platform.logistics.machine import OrderState, State
from isthmus_platform.logistics.records import CargoRelease as ReleaseRow
from isthmus_platform.logistics.records import DeliveryOrder as OrderRow
from isthmus_platform.logistics.records import ReleaseHold as HoldRow
from isthmus_platform.logistics.verdict import Condition, Finding, TransportDocument, Verdict
from isthmus_platform.shipments import Shipment

CONDITIONS = {
    Condition.TITLE_SURRENDERED: "The title is surrendered by the party that the cargo is for.",
    Condition.CUSTOMS_RELEASED: "Customs released the goods for export, by the newest declaration filed.",
    Condition.FREIGHT_PAID: "The carrier says that freight is paid.",
    Condition.BANK_CONSENT: "No bank has a lien on the title, and each that finances the cargo consents.",
    Condition.NO_HOLDS: "Neither customs, the carrier nor the terminal holds the cargo.",
}
STATES = {
    State.OPEN: "No delivery order is live.",
    State.ORDERED: "A delivery order was issued; it ends with its time, by revocation, or by pick-up.",
    State.PICKED_UP: "The cargo was handed out.",
}
ORDERS = {
    OrderState.ISSUED: "Live: the cargo goes to whoever brings its token.",
    OrderState.REVOKED: "Revoked before pick-up.",
    OrderState.EXPIRED: "Its time was over before pick-up.",
    OrderState.USED: "The cargo was handed out on it.",
}
DOCUMENTS = {
    TransportDocument.BILL_OF_LADING: "A title is surrendered for the cargo.",
    TransportDocument.SEA_WAYBILL: "Nothing is surrendered.",
}

ReleaseCondition = graphene.Enum.from_enum(
    Condition,
    name="ReleaseCondition",
    description=lambda value: CONDITIONS[value] if value else "What must hold before cargo is let go.",
)
CargoReleaseState = graphene.Enum.from_enum(
    State,
    name="CargoReleaseState",
    description=lambda value: STATES[value] if value else "Where a release of cargo stands.",
)
DeliveryOrderState = graphene.Enum.from_enum(
    OrderState,
    name="DeliveryOrderState",
    description=lambda value: ORDERS[value] if value else "Where a delivery order stands.",
)
ReleaseDocument = graphene.Enum.from_enum(
    TransportDocument,
    name="ReleaseDocument",
    description=lambda value: DOCUMENTS[value] if value else "Under which document cargo is carried.",
)


class ReleaseFinding(graphene.ObjectType):
    """Whether one condition holds."""

    class Meta:
        possible_types = (Finding,)

    condition = graphene.Field(ReleaseCondition, required=True, description="Which one.")
    holds = graphene.Boolean(required=True, description="Whether it holds.")
    says = graphene.String(required=True, description="How it stands, in a sentence.")
    cleared_by = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="Names of those who can clear it; empty where it holds or where you are not told.",
    )
    since = DateTime(description="Since when it stands so, in UTC; null where nothing ever stood against it.")
    source = graphene.String(required=True, description="Who says so.")


class ReleaseVerdict(graphene.ObjectType):
    """Whether cargo may be let go now, condition by condition."""

    class Meta:
        possible_types = (Verdict,)

    releasable = graphene.Boolean(required=True, description="Whether every condition holds.")
    findings = graphene.List(
        graphene.NonNull(ReleaseFinding), required=True, description="All conditions, always."
    )


class ReleaseHold(graphene.ObjectType):
    """A hold on cargo."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (HoldRow,)

    kind = graphene.String(required=True, description="`CUSTOMS`, `CARRIER` or `TERMINAL`.")
    by = graphene.Field(Party, required=True, description="Who placed it and alone can lift it.")
    reason = graphene.String(required=True, description="Why.")
    legal_basis = graphene.String(description="The law, of a hold of customs.")
    placed_at = DateTime(required=True, description="Since when, in UTC.")
    lifted_at = DateTime(description="Until when, in UTC; null while it stands.")

    @staticmethod
    def resolve_by(row: HoldRow, info: Info) -> parties.Party | None:
        """Return who placed it."""
        return party_of(info.context, row.party_id)


class DeliveryOrder(graphene.ObjectType):
    """The carrier's order to let cargo go."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (OrderRow,)

    number = graphene.String(required=True, description="By which it is named.")
    state = graphene.Field(DeliveryOrderState, required=True, description="Where it stands now.")
    release_to = graphene.Field(Party, required=True, description="To whom the cargo goes.")
    issued_at = DateTime(required=True, description="When it was issued, in UTC.")
    expires_at = DateTime(required=True, description="Until when it is good, in UTC.")
    ended_at = DateTime(description="When it was revoked or used, in UTC.")
    end_reason = graphene.String(description="Why it was revoked.")
    token = graphene.String(
        description="What is shown at the gate; for its issuer and the party it is for, while it is live."
    )

    @staticmethod
    def resolve_state(row: OrderRow, info: Info) -> OrderState:
        """Return where it stands by the clock."""
        return release.standing(row, info.context.reading.now)

    @staticmethod
    def resolve_release_to(row: OrderRow, info: Info) -> parties.Party | None:
        """Return to whom."""
        return party_of(info.context, row.release_to)

    @staticmethod
    def resolve_token(row: OrderRow, info: Info) -> str | None:
        """Return the token, to those who may have it."""
        context = info.context
        live = release.standing(row, context.reading.now) is OrderState.ISSUED
        if not live or context.desk is None or context.actor.party_id not in (row.release_to, row.issuer_id):
            return None
        return tokens.token(context.desk.vault, row.id)


class CargoRelease(graphene.ObjectType):
    """The release of a shipment's cargo by its carrier."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (ReleaseRow,)

    shipment = graphene.Field(
        "isthmus_graphql.shipments.Shipment", description="The shipment, if you may see it."
    )
    carrier = graphene.Field(Party, required=True, description="Who lets the cargo go.")
    consignee = graphene.Field(Party, required=True, description="To whom.")
    terminal = graphene.Field(Party, description="Where; null where the carrier hands it out itself.")
    document = graphene.Field(ReleaseDocument, required=True, description="Under which it is carried.")
    state = graphene.Field(CargoReleaseState, required=True, description="Where it stands.")
    freight_paid_at = DateTime(description="When the carrier said that freight is paid, in UTC.")
    freight_reference = graphene.String(description="What the carrier said of the payment.")
    verdict = graphene.Field(ReleaseVerdict, required=True, description="As it stands now.")
    holds = graphene.List(
        graphene.NonNull(ReleaseHold), required=True, description="All there were, oldest first."
    )
    orders = graphene.List(
        graphene.NonNull(DeliveryOrder), required=True, description="All there were, newest first."
    )
    opened_at = DateTime(required=True, description="When it was opened, in UTC.")
    changed_at = DateTime(required=True, description="When it last changed, in UTC.")

    @staticmethod
    def resolve_shipment(row: ReleaseRow, info: Info) -> Shipment | None:
        """Return the shipment."""
        return shipment_of(info.context, row.shipment_id)

    @staticmethod
    def resolve_carrier(row: ReleaseRow, info: Info) -> parties.Party | None:
        """Return the carrier."""
        return party_of(info.context, row.carrier_id)

    @staticmethod
    def resolve_consignee(row: ReleaseRow, info: Info) -> parties.Party | None:
        """Return to whom."""
        return party_of(info.context, row.consignee_id)

    @staticmethod
    def resolve_terminal(row: ReleaseRow, info: Info) -> parties.Party | None:
        """Return where."""
        return party_of(info.context, row.terminal_id)

    @staticmethod
    def resolve_verdict(row: ReleaseRow, info: Info) -> Verdict:
        """Judge it now, with those of the whole page."""
        context = info.context

        def judge(ids: Sequence[UUID]) -> dict[UUID, Verdict]:
            return release.verdicts(context.reading, ids)

        return context.loader.load("release", row.id, "verdict", judge) or release.verdict(
            context.reading, row.id
        )

    @staticmethod
    def resolve_holds(row: ReleaseRow, info: Info) -> list[HoldRow]:
        """Return the holds, read with those of the whole page."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[HoldRow]]:
            found = holds.of_releases(context.reading, ids)
            context.loader.together("party", [one.party_id for rows in found.values() for one in rows])
            return found

        return context.loader.load("release", row.id, "holds", read) or []

    @staticmethod
    def resolve_orders(row: ReleaseRow, info: Info) -> list[OrderRow]:
        """Return the orders, read with those of the whole page."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[OrderRow]]:
            found = release.orders(context.reading, ids)
            context.loader.together("party", [one.release_to for rows in found.values() for one in rows])
            return found

        return context.loader.load("release", row.id, "orders", read) or []


CargoReleaseConnection = connection(CargoRelease)


def keep(context: Context, rows: Sequence[ReleaseRow]) -> None:
    """Note that these were read together."""
    context.loader.keep("release", rows)
    about = [one for row in rows for one in (row.carrier_id, row.consignee_id, row.terminal_id)]
    context.loader.together("party", about)
    context.loader.together("shipment reference", (row.shipment_id for row in rows))


def one_release(context: Context, work: Work, release_id: UUID) -> ReleaseRow:
    """Return a release that the actor is a party to; raise NotFound."""
    found = release.get(work, release_id)
    keep(context, [found])
    return found


class ReleaseQuery(graphene.ObjectType):
    """Reading releases of cargo."""

    cargo_release = nodes.one_by_id(
        CargoRelease, "The release with this id; null where there is none that you are a party to."
    )
    cargo_releases = listed(
        CargoReleaseConnection, "Releases of cargo that you are a party to, newest first."
    )
    cargo_holds = listed(
        connection(ReleaseHold), "Holds that you placed, newest first, those that you lifted too."
    )

    @staticmethod
    def resolve_cargo_holds(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[HoldRow]:
        """Return a page of your own holds."""
        asked = paging(info, "hold", first, after)
        rows = holds.placed(info.context.reading, after=asked.behind, first=asked.count + 1)
        info.context.loader.together("party", [row.party_id for row in rows])
        return asked.page(rows)

    @staticmethod
    def resolve_cargo_releases(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[ReleaseRow]:
        """Return a page of releases."""
        asked = paging(info, "release", first, after)
        rows = release.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        keep(info.context, rows[: asked.count])
        return asked.page(rows)


nodes.readable("CargoRelease", lambda context, key: one_release(context, context.reading, key))
nodes.readable("DeliveryOrder", lambda context, key: release.order_of(context.reading, key))
nodes.readable("ReleaseHold", lambda context, key: holds.get(context.reading, key))
