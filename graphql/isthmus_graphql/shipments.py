"""Shipments: reading them with what belongs to them, and making one."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import crossings, documents, nodes
from isthmus_graphql.booked_shipments import Booked
from isthmus_graphql.context import Context, Info
from isthmus_graphql.crossings import CrossingConnection
from isthmus_graphql.declarations import Declaration, of_shipment
from isthmus_graphql.documents import DocumentConnection
from isthmus_graphql.emissions import Emitting
from isthmus_graphql.freight import FreightMessage, messages_of_shipment
from isthmus_graphql.grants import keep_shipments
from isthmus_graphql.journeys import ExceptionCode, Tracked
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.papers import Compared, shown_by
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime, Decimal
from isthmus_graphql.tracking import Status, TimelineEntryConnection
from isthmus_graphql.values import Money, Place
from isthmus_platform import declarations, freight, parties, places, shipments, tracking
from isthmus_platform.errors import NotFound
from isthmus_platform.shipments import Shipment as Row
from isthmus_platform.shipments import ShipmentFilter as Wanted


class Equipment(graphene.ObjectType):
    """A container."""

    reference = graphene.String(required=True, description="Container number (ISO 6346).")
    iso_code = graphene.String(description="Size and type code (ISO 6346), `22G1`.")


class GoodsItem(graphene.ObjectType):
    """Goods of one kind in a shipment."""

    sequence = graphene.Int(required=True, description="Place in the list, from 1.")
    description = graphene.String(required=True, description="What they are, in trade terms.")
    hs_code = graphene.String(required=True, description="Harmonized System code, 6 to 10 digits.")
    gross_mass_kg = Decimal(required=True, description="Gross mass in kilograms.")
    net_mass_kg = Decimal(required=True, description="Net mass in kilograms.")
    packages = graphene.Int(required=True, description="Number of packages.")
    package_type = graphene.String(required=True, description="UNECE Recommendation 21 code.")
    origin_country = graphene.String(required=True, description="Country of origin, ISO 3166-1 alpha-2.")
    value = graphene.Field(Money, required=True, description="Statistical value.")

    @staticmethod
    def resolve_value(item: shipments.GoodsItem, _info: Info) -> dict[str, Any]:
        """Put amount and currency together."""
        return {"amount_minor": item.value_minor, "currency": item.currency}


class Consignee(graphene.ObjectType):
    """To whom the goods go."""

    name = graphene.String(required=True, description="Legal name.")
    country = graphene.String(description="ISO 3166-1 alpha-2 code.")


class Shipment(Tracked, Compared, Emitting, Booked):
    """A consignment on its way from a place to another."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (Row,)

    reference = graphene.String(required=True, description="The owner's reference, unique with the owner.")
    ucr = graphene.String(required=True, description="Unique consignment reference (WCO).")
    owner = graphene.Field(Party, required=True, description="Whose shipment it is.")
    forwarder = graphene.Field(Party, description="The agent that handles it.")
    carrier = graphene.Field(Party, description="The carrier whose events count for it.")
    consignee = graphene.Field(Consignee, description="To whom the goods go.")
    origin = graphene.Field(Place, required=True, description="Where it begins.")
    destination = graphene.Field(Place, required=True, description="Where it ends.")
    transhipments = graphene.List(
        graphene.NonNull(Place), required=True, description="Ports on the way, in order of call."
    )
    booking_reference = graphene.String(description="The carrier's booking number.")
    bill_of_lading = graphene.String(description="Number of the transport document.")
    booked_at = DateTime(required=True, description="When it was booked, in UTC; no event is older.")
    vessel = graphene.String(description="Name of the vessel it was booked on.")
    incoterm = graphene.String(description="Incoterms 2020 rule, three letters.")
    status = graphene.Field(Status, required=True, description="How far it has come, by its events.")
    eta = DateTime(description="When it is expected at its destination, in UTC; null once it is there.")
    equipment = graphene.List(graphene.NonNull(Equipment), required=True, description="Its containers.")
    goods = graphene.List(graphene.NonNull(GoodsItem), required=True, description="What is in them.")
    timeline = listed(
        TimelineEntryConnection,
        "What happened and is expected, the carriers', customs' and authorities' word, latest first.",
    )
    documents = listed(DocumentConnection, "Its documents that you may read, newest first.")
    declaration = graphene.Field(
        Declaration, description="Its newest export declaration, for its owner and agents."
    )
    crossings = listed(CrossingConnection, "What crossed the bridge about it, newest first.")
    freight_messages = graphene.List(
        graphene.NonNull(FreightMessage),
        required=True,
        description="What authorities wrote on its freight data, newest first, at most 100; for its owner"
        " and agents.",
    )
    created_at = DateTime(required=True, description="When it was made here, in UTC.")

    @staticmethod
    def resolve_owner(row: Row, info: Info) -> parties.Party | None:
        """Return the owner."""
        return party_of(info.context, row.party_id)

    @staticmethod
    def resolve_forwarder(row: Row, info: Info) -> parties.Party | None:
        """Return the forwarder."""
        return party_of(info.context, row.forwarder_id)

    @staticmethod
    def resolve_carrier(row: Row, info: Info) -> parties.Party | None:
        """Return the carrier."""
        return party_of(info.context, row.carrier_id)

    @staticmethod
    def resolve_consignee(row: Row, _info: Info) -> dict[str, Any] | None:
        """Put name and country together."""
        if row.consignee_name is None:
            return None
        return {"name": row.consignee_name, "country": row.consignee_country}

    @staticmethod
    def resolve_origin(row: Row, _info: Info) -> places.Place:
        """Look the place up."""
        return places.find(row.origin)

    @staticmethod
    def resolve_destination(row: Row, _info: Info) -> places.Place:
        """Look the place up."""
        return places.find(row.destination)

    @staticmethod
    def resolve_transhipments(row: Row, _info: Info) -> list[places.Place]:
        """Look the places up."""
        return [places.find(code) for code in row.transhipments]

    @staticmethod
    def resolve_status(row: Row, info: Info) -> tracking.Status:
        """Derive the status."""
        return _progress(info.context, row).status

    @staticmethod
    def resolve_eta(row: Row, info: Info) -> datetime | None:
        """Derive the expected arrival."""
        return _progress(info.context, row).eta

    @staticmethod
    def resolve_timeline(
        row: Row, info: Info, first: int | None, after: str | None = None
    ) -> Page[tracking.TimelineEntry]:
        """Return a page of the timeline."""
        context = info.context
        asked = paging(info, "timeline", first, after)
        behind = asked.place(datetime.fromisoformat, UUID)
        entries = context.loader.load("shipment", row.id, "timeline", lambda ids: _timelines(context, ids))
        newest_first = sorted(entries or (), key=_moment, reverse=True)
        return asked.part(newest_first, lambda entry: behind is None or _moment(entry) < behind, _moment)

    @staticmethod
    def resolve_documents(row: Row, info: Info, first: int | None, after: str | None = None) -> Page[Any]:
        """Return a page of the documents."""
        loader = info.context.loader

        def shown(of: UUID) -> Page[Any]:
            read = partial(documents.of_shipments, info.context)
            return _children(of, info, "document", first, after, read)

        found, kind = shown(row.id), shown_by(info.path.as_list())
        if found.edges and len(loader.company(kind, found.edges[0].node.id)) == 1:
            together = [shown(one) for one in loader.company("shipment", row.id)]
            loader.together(kind, (edge.node.id for each in together for edge in each.edges))
        return found

    @staticmethod
    def resolve_declaration(row: Row, info: Info) -> declarations.Declaration | None:
        """Return the newest declaration."""
        return of_shipment(info.context, row.id)

    @staticmethod
    def resolve_crossings(row: Row, info: Info, first: int | None, after: str | None = None) -> Page[Any]:
        """Return a page of the crossings."""
        return _children(
            row.id, info, "crossing", first, after, lambda ids: crossings.of_shipments(info.context, ids)
        )

    @staticmethod
    def resolve_freight_messages(row: Row, info: Info) -> Sequence[freight.FreightMessage]:
        """Return the messages."""
        return messages_of_shipment(info.context, row.id)


ShipmentConnection = connection(Shipment)


def _children(of: UUID, info: Info, kind: str, first: int | None, after: str | None, read: Any) -> Page[Any]:
    """Return a page of a shipment's children, which are sorted by id, newest first."""
    asked = paging(info, kind, first, after)
    behind = asked.behind
    rows = info.context.loader.load("shipment", of, kind, read)
    return asked.part(rows or (), lambda child: behind is None or child.id < behind)


def _progress(context: Context, row: Row) -> tracking.Progress:
    def read(ids: Sequence[UUID]) -> dict[UUID, tracking.Progress]:
        return tracking.progress(context.reading, context.loader.kept("shipment", ids))

    found = context.loader.load("shipment", row.id, "progress", read)
    if found is None:
        raise LookupError(f"shipment {row.id} was not kept")
    return found


def _timelines(context: Context, ids: Sequence[UUID]) -> dict[UUID, list[tracking.TimelineEntry]]:
    return tracking.merge(
        tracking.timeline(context.reading, ids),
        declarations.timeline(context.reading, ids),
        freight.timeline(context.reading, ids),
    )


def _moment(entry: tracking.TimelineEntry) -> tuple[datetime, UUID]:
    return entry.at, entry.id


class ShipmentFilter(graphene.InputObjectType):
    """Which shipments; all that is given must hold."""

    reference = graphene.String(description="The owner's reference, exactly.")
    ucr = graphene.String(description="Unique consignment reference, exactly.")
    booking_reference = graphene.String(description="The carrier's booking number, exactly.")
    bill_of_lading = graphene.String(description="Number of the transport document, exactly.")
    equipment_reference = graphene.String(description="A container number (ISO 6346).")
    origin = graphene.String(description="UN/LOCODE.")
    destination = graphene.String(description="UN/LOCODE.")
    owner = graphene.String(description="The owner's name.")
    carrier = graphene.String(description="The carrier's name.")
    mrn = graphene.String(description="Movement reference number of its declaration, for owner and agents.")
    any_reference = graphene.String(
        description="Reference, UCR, booking, transport document (of a leg too), container or MRN, exactly."
    )
    place = graphene.String(description="UN/LOCODE on its route, or where it was last.")
    status = graphene.String(description="A status code, such as `LOADED`.")
    eta_from = DateTime(description="Expected at its destination at this time or later.")
    eta_until = DateTime(description="Expected at its destination before this time.")
    exception = graphene.Field(ExceptionCode, description="An exception that stands.")


class ShipmentQuery(graphene.ObjectType):
    """Reading shipments."""

    shipment = graphene.Field(
        Shipment,
        reference=graphene.String(required=True, description="The owner's reference."),
        description="The shipment with this reference, your own first; null where there is none to see.",
    )
    shipments = listed(
        ShipmentConnection,
        "Shipments that you own, handle, carry or were granted, newest first.",
        filter=graphene.Argument(ShipmentFilter, description="Which ones; all by default."),
    )

    @staticmethod
    def resolve_shipment(_root: Any, info: Info, reference: str) -> Row | None:
        """Return a shipment."""
        try:
            found = shipments.by_reference(info.context.reading, reference)
        except NotFound:
            return None
        keep_shipments(info.context, [found])
        return found

    @staticmethod
    def resolve_shipments(
        _root: Any,
        info: Info,
        first: int | None,
        after: str | None = None,
        filter: dict[str, Any] | None = None,  # noqa: A002 (the argument's name in the schema)
    ) -> Page[Row]:
        """Return a page of shipments."""
        asked, context = paging(info, "shipment", first, after), info.context
        wanted = dict(filter or {})
        if wanted.get("exception") is not None:
            wanted["exception"] = wanted["exception"].value
        rows = shipments.page(context.reading, Wanted(**wanted), after=asked.behind, first=asked.count + 1)
        keep_shipments(context, rows[: asked.count])
        return asked.page(rows)


def one(context: Context, shipment_id: UUID) -> Row:
    """Return the shipment with this id, or raise :class:`NotFound`."""
    found = shipments.get(context.reading, shipment_id)
    keep_shipments(context, [found])
    return found


nodes.readable("Shipment", one)
