"""The one view of a shipment: milestones, conflicts between sources, exceptions, dwell, legs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql.context import Context, Info
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime
from isthmus_graphql.values import Place
from isthmus_platform import declarations, journeys, parties, places, sources, tracking
from isthmus_platform.irregularities import Code
from isthmus_platform.shipments import Shipment as Row
from isthmus_platform.tracking_records import ShipmentException as ExceptionRow
from isthmus_platform.tracking_records import ShipmentLeg as LegRow

KINDS = {
    sources.SourceKind.CARRIER: "The carrier.",
    sources.SourceKind.TERMINAL: "A port or inland terminal.",
    sources.SourceKind.ROAD: "Whoever drives a road leg.",
    sources.SourceKind.RAIL: "Whoever runs a rail leg.",
    sources.SourceKind.AIR: "Whoever flies an air leg.",
    sources.SourceKind.CUSTOMS: "Customs, through the bridge.",
    sources.SourceKind.CONSIGNEE: "Whoever receives the goods.",
}
REASONS = {
    sources.Reason.NEAREST_SOURCE: "The source stands nearer to what happened.",
    sources.Reason.LATEST_WORD: "The source said so last.",
}
CODES = {
    Code.CANCELLED: "The booking was cancelled.",
    Code.ROLLED: "It did not leave as it was to, and leaves later, on another vessel.",
    Code.CUSTOMS_HOLD: "Customs holds it.",
    Code.CUSTOMS_REJECTED: "Customs rejected its declaration.",
    Code.ETA_SLIPPED: "It is expected at least 12 hours later than first told.",
    Code.DELAYED: "It is, or came, at least 24 hours behind its plan.",
    Code.LONG_DWELL: "A container lay at one place for 7 days or more.",
    Code.SOURCES_DIFFER: "Two sources differ; see `conflicts`.",
}

SourceKind = graphene.Enum.from_enum(
    sources.SourceKind,
    name="SourceKind",
    description=lambda value: KINDS[value] if value else "What a source is to the shipment.",
)
ConflictReason = graphene.Enum.from_enum(
    sources.Reason,
    name="ConflictReason",
    description=lambda value: REASONS[value] if value else "Why one word is followed and not the other.",
)
ExceptionCode = graphene.Enum.from_enum(
    Code,
    name="ExceptionCode",
    description=lambda value: CODES[value] if value else "What goes otherwise than it should.",
)
CLASSIFIERS = {"ACT": "ACTUAL", "EST": "ESTIMATED", "PLN": "PLANNED"}


def hours(span: timedelta | None) -> int | None:
    """Return whole hours, towards zero."""
    return None if span is None else int(span / timedelta(hours=1))


def place_of(code: str | None) -> places.Place | None:
    """Return the place with this UN/LOCODE, or None."""
    return places.known(code) if code else None


class TrackingSource(graphene.ObjectType):
    """Who said something of a shipment."""

    name = graphene.String(required=True, description="The party's name; `single window` for customs.")
    kind = graphene.Field(SourceKind, required=True, description="What it is to the shipment.")


class MilestoneTime(graphene.ObjectType):
    """A time, by whom, and when that was told."""

    at = DateTime(required=True, description="When, in UTC.")
    source = graphene.Field(TrackingSource, required=True, description="Who says so.")
    told_at = DateTime(required=True, description="When the source last changed its word, in UTC.")


class Milestone(graphene.ObjectType):
    """A point of the journey: planned, estimated, actual."""

    code = graphene.String(
        required=True, description="A status code, or `CUSTOMS_` and what customs said (`CUSTOMS_RELEASED`)."
    )
    event_code = graphene.String(required=True, description="DCSA event type code (`LOAD`, `ARRI` ...).")
    place = graphene.Field(Place, description="Where, if told.")
    equipment_reference = graphene.String(description="The container; null for the whole shipment.")
    planned = graphene.Field(MilestoneTime, description="When it is planned.")
    estimated = graphene.Field(MilestoneTime, description="When it is expected.")
    actual = graphene.Field(MilestoneTime, description="When it came about.")
    delay_hours = graphene.Int(
        description="Whole hours behind its plan, negative if early; null without plan."
    )

    @staticmethod
    def resolve_code(milestone: journeys.Milestone, _info: Info) -> str:
        """Return the code of its subject."""
        return milestone.subject.code

    @staticmethod
    def resolve_event_code(milestone: journeys.Milestone, _info: Info) -> str:
        """Return the event code of its subject."""
        return milestone.subject.event_code

    @staticmethod
    def resolve_place(milestone: journeys.Milestone, _info: Info) -> places.Place | None:
        """Look the place up."""
        return place_of(milestone.subject.place)

    @staticmethod
    def resolve_equipment_reference(milestone: journeys.Milestone, _info: Info) -> str | None:
        """Return the container of its subject."""
        return milestone.subject.equipment_reference

    @staticmethod
    def resolve_delay_hours(milestone: journeys.Milestone, _info: Info) -> int | None:
        """Return the delay in hours."""
        return hours(milestone.delay)


class TrackingConflict(graphene.ObjectType):
    """Two sources differ; which one counts and why."""

    code = graphene.String(required=True, description="The milestone they differ about.")
    event_code = graphene.String(required=True, description="DCSA event type code.")
    classifier = graphene.String(required=True, description="ACTUAL, ESTIMATED or PLANNED.")
    place = graphene.Field(Place, description="Where, by the word that counts.")
    other_place = graphene.Field(Place, description="Where by the other, if elsewhere.")
    equipment_reference = graphene.String(description="The container concerned.")
    follows = graphene.Field(MilestoneTime, required=True, description="The word that status and ETA follow.")
    instead_of = graphene.Field(MilestoneTime, required=True, description="The word that is not followed.")
    hours_apart = graphene.Int(required=True, description="Whole hours between the two.")
    reason = graphene.Field(ConflictReason, required=True, description="Why.")
    explanation = graphene.String(required=True, description="The same in English.")

    @staticmethod
    def resolve_code(conflict: sources.Conflict, _info: Info) -> str:
        """Return the code of its subject."""
        return conflict.subject.code

    @staticmethod
    def resolve_event_code(conflict: sources.Conflict, _info: Info) -> str:
        """Return the event code of its subject."""
        return conflict.subject.event_code

    @staticmethod
    def resolve_classifier(conflict: sources.Conflict, _info: Info) -> str:
        """Spell it out."""
        return CLASSIFIERS.get(conflict.classifier, conflict.classifier)

    @staticmethod
    def resolve_place(conflict: sources.Conflict, _info: Info) -> places.Place | None:
        """Look the place up."""
        return place_of(conflict.subject.place)

    @staticmethod
    def resolve_other_place(conflict: sources.Conflict, _info: Info) -> places.Place | None:
        """Look the place up."""
        return place_of(conflict.other_place)

    @staticmethod
    def resolve_equipment_reference(conflict: sources.Conflict, _info: Info) -> str | None:
        """Return the container of its subject."""
        return conflict.subject.equipment_reference

    @staticmethod
    def resolve_hours_apart(conflict: sources.Conflict, _info: Info) -> int | None:
        """Return the difference in hours."""
        return hours(conflict.apart)


class ShipmentException(graphene.ObjectType):
    """What goes, or went, otherwise than it should."""

    code = graphene.Field(ExceptionCode, required=True, description="What it is.")
    description = graphene.String(required=True, description="The same in English: `ETA slipped 36 h`.")
    since = DateTime(required=True, description="Since when, in UTC.")
    until = DateTime(description="When it was over, in UTC; null while it stands.")
    hours = graphene.Int(description="By how many whole hours, where that is what it is about.")
    place = graphene.Field(Place, description="Where.")
    equipment_reference = graphene.String(description="The container concerned.")

    @staticmethod
    def resolve_code(row: ExceptionRow, _info: Info) -> Code:
        """Return the code."""
        return Code(row.code)

    @staticmethod
    def resolve_place(row: ExceptionRow, _info: Info) -> places.Place | None:
        """Look the place up."""
        return place_of(row.place)


class Dwell(graphene.ObjectType):
    """How long a laden container lay at a place."""

    place = graphene.Field(Place, description="Where.")
    equipment_reference = graphene.String(required=True, description="The container (ISO 6346).")
    since = DateTime(required=True, description="When it came in, in UTC.")
    until = DateTime(description="When it left, in UTC; null while it lies there.")
    hours = graphene.Int(required=True, description="Whole hours, until now while it lies there.")

    @staticmethod
    def resolve_place(stay: journeys.Stay, _info: Info) -> places.Place | None:
        """Look the place up."""
        return place_of(stay.place)

    @staticmethod
    def resolve_hours(stay: journeys.Stay, info: Info) -> int | None:
        """Return how long it was, or is so far."""
        return hours(stay.lasted(info.context.reading.now))


class ShipmentLeg(graphene.ObjectType):
    """One means of transport, from a place to the next."""

    sequence = graphene.Int(required=True, description="Place in the list, from 1.")
    mode = graphene.String(required=True, description="VESSEL, BARGE, RAIL, TRUCK or AIR.")
    origin = graphene.Field(Place, required=True, description="Where it begins.")
    destination = graphene.Field(Place, required=True, description="Where it ends.")
    carrier = graphene.Field(Party, description="Who carries; its events count for the shipment.")
    booking_reference = graphene.String(description="Booking, transport order or flight booking.")
    transport_document = graphene.String(description="B/L, air waybill, consignment note.")
    conveyance = graphene.String(description="Vessel, flight, train or licence plate.")
    planned_departure = DateTime(description="When it is to leave, in UTC.")
    planned_arrival = DateTime(description="When it is to arrive, in UTC.")

    @staticmethod
    def resolve_origin(row: LegRow, _info: Info) -> places.Place:
        """Look the place up."""
        return places.find(row.origin)

    @staticmethod
    def resolve_destination(row: LegRow, _info: Info) -> places.Place:
        """Look the place up."""
        return places.find(row.destination)

    @staticmethod
    def resolve_carrier(row: LegRow, info: Info) -> parties.Party | None:
        """Return the carrier."""
        return party_of(info.context, row.carrier_id)


class Tracked(graphene.ObjectType):
    """What the one view of all sources adds to a shipment."""

    expected_arrival = graphene.Field(
        MilestoneTime, description="`eta` with who said so and when; null once it is there."
    )
    delay_hours = graphene.Int(
        description="Whole hours behind its plan at the destination; null without one."
    )
    milestones = graphene.List(
        graphene.NonNull(Milestone),
        required=True,
        description="Planned, estimated, actual; in order of time.",
    )
    conflicts = graphene.List(
        graphene.NonNull(TrackingConflict), required=True, description="Where sources differ, and who counts."
    )
    exceptions = graphene.List(
        graphene.NonNull(ShipmentException), required=True, description="Those that stand first."
    )
    dwells = graphene.List(
        graphene.NonNull(Dwell), required=True, description="How long its containers lay where, in time."
    )
    legs = graphene.List(
        graphene.NonNull(ShipmentLeg), required=True, description="By which means it goes, where told."
    )

    @staticmethod
    def resolve_expected_arrival(row: Row, info: Info) -> sources.Word | None:
        """Return the last word."""
        return _journey(info.context, row).eta

    @staticmethod
    def resolve_delay_hours(row: Row, info: Info) -> int | None:
        """Return the delay in hours."""
        return hours(_journey(info.context, row).delay)

    @staticmethod
    def resolve_milestones(row: Row, info: Info) -> Sequence[journeys.Milestone]:
        """Return the milestones."""
        return _journey(info.context, row).milestones

    @staticmethod
    def resolve_conflicts(row: Row, info: Info) -> Sequence[sources.Conflict]:
        """Return the conflicts."""
        return _journey(info.context, row).conflicts

    @staticmethod
    def resolve_dwells(row: Row, info: Info) -> Sequence[journeys.Stay]:
        """Return the stays."""
        return _journey(info.context, row).stays

    @staticmethod
    def resolve_exceptions(row: Row, info: Info) -> Any:
        """Return the exceptions."""
        context = info.context
        return context.loader.load(
            "shipment", row.id, "exceptions", lambda ids: tracking.exceptions_of(context.reading, ids)
        )

    @staticmethod
    def resolve_legs(row: Row, info: Info) -> Any:
        """Return the legs."""
        return info.context.loader.load("shipment", row.id, "legs", lambda ids: _legs(info.context, ids))


def _journey(context: Context, row: Row) -> journeys.Journey:
    def read(ids: Sequence[UUID]) -> dict[UUID, journeys.Journey]:
        said = declarations.reports(context.reading, ids)
        return tracking.journeys_of(context.reading, ids, said)

    found = context.loader.load("shipment", row.id, "journey", read)
    if found is None:
        raise LookupError(f"shipment {row.id} is not visible")
    return found


def _legs(context: Context, ids: Sequence[UUID]) -> dict[UUID, list[LegRow]]:
    found = tracking.legs_of(context.reading, ids)
    context.loader.together("party", (leg.carrier_id for legs in found.values() for leg in legs))
    return found
