"""What happened to a shipment: status, timeline, and recording carriers' events."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql.context import Info
from isthmus_graphql.grants import shipment_of
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.pagination import connection
from isthmus_graphql.scalars import JSON, DateTime
from isthmus_graphql.values import Place
from isthmus_platform import dcsa, places, tracking
from isthmus_platform.database import Work
from isthmus_platform.shipments import Shipment

STANDARDS = {
    dcsa.Standard.DCSA_2_2: "DCSA Track & Trace 2.2.",
    dcsa.Standard.DCSA_3_0: "DCSA Track & Trace 3.0.",
}
OUTCOMES = {
    tracking.Outcome.RECORDED: "Kept, and matched to a shipment.",
    tracking.Outcome.DUPLICATE: "Known already; nothing was added.",
    tracking.Outcome.CORRECTED: "Kept; it replaces an earlier version.",
    tracking.Outcome.STALE: "Kept beneath a newer version that came first.",
    tracking.Outcome.UNMATCHED: "Kept; it attaches when a shipment with its references is made.",
}

TrackingOutcome = graphene.Enum.from_enum(
    tracking.Outcome,
    name="TrackingOutcome",
    description=lambda value: OUTCOMES[value] if value else "What became of an event.",
)
TrackingStandard = graphene.Enum.from_enum(
    dcsa.Standard,
    name="TrackingStandard",
    description=lambda value: (
        STANDARDS[value] if value else "The standard and version that carriers' events follow."
    ),
)


class Status(graphene.ObjectType):
    """How far a shipment has come, derived from its events."""

    code = graphene.String(
        required=True,
        description="CANCELLED, BOOKED, EMPTY_PICKED_UP, GATED_IN, LOADED, DEPARTED, AT_TRANSHIPMENT,"
        " TRANSHIPPED, ARRIVED, DISCHARGED, GATED_OUT, DELIVERED or EMPTY_RETURNED.",
    )
    description = graphene.String(required=True, description="The same in a short English sentence.")
    at = DateTime(description="Since when, in UTC; null before anything has happened.")
    place = graphene.Field(Place, description="Where, if the event says so.")

    @staticmethod
    def resolve_place(status: tracking.Status, _info: Info) -> places.Place | None:
        """Look the place up."""
        return places.known(status.place) if status.place else None


class TimelineEntry(graphene.ObjectType):
    """Something that happened to a shipment, or is expected to."""

    id = graphene.ID(required=True, description="Stable within the timeline.")
    at = DateTime(required=True, description="When it happened or is expected to, in UTC.")
    kind = graphene.String(
        required=True,
        description="TRANSPORT, EQUIPMENT, SHIPMENT, IOT or REEFER (DCSA Track & Trace), CUSTOMS or FREIGHT.",
    )
    code = graphene.String(
        required=True,
        description="DCSA event type code (`DEPA`, `LOAD` ...); for CUSTOMS, what it said; for"
        " FREIGHT, FOLLOW_UP: an authority wrote.",
    )
    classifier = graphene.String(
        required=True, description="ACTUAL, ESTIMATED or PLANNED (DCSA: ACT, EST, PLN)."
    )
    title = graphene.String(required=True, description="What happened in one English line.")
    place = graphene.Field(Place, description="Where, if the source says so.")
    equipment_reference = graphene.String(description="The container concerned (ISO 6346).")
    source = graphene.String(required=True, description="The name of the party that said so.")
    source_event_id = graphene.String(required=True, description="Its id at the source.")
    correction = graphene.Boolean(required=True, description="Whether it corrects an earlier version.")
    received_at = DateTime(required=True, description="When the platform got it, in UTC.")

    @staticmethod
    def resolve_classifier(entry: tracking.TimelineEntry, _info: Info) -> str:
        """Spell it out."""
        return CLASSIFIERS.get(entry.classifier, entry.classifier)


CLASSIFIERS = {"ACT": "ACTUAL", "EST": "ESTIMATED", "PLN": "PLANNED"}

TimelineEntryConnection = connection(TimelineEntry)


class EventOutcome(graphene.ObjectType):
    """What became of an event that was sent."""

    event_id = graphene.String(required=True, description="The event's id at its source.")
    outcome = graphene.Field(TrackingOutcome, required=True, description="What became of it.")
    shipment = graphene.Field(
        "isthmus_graphql.shipments.Shipment", description="The shipment it was matched to, if any."
    )
    code = graphene.String(description="A stable code that says why, where the outcome needs one.")
    message = graphene.String(description="The same in English.")

    @staticmethod
    def resolve_shipment(row: tracking.EventOutcome, info: Info) -> Shipment | None:
        """Return the shipment."""
        return shipment_of(info.context, row.shipment_id)


class RecordEventsInput(Change):
    """Events of a carrier, all kept or none."""

    standard = TrackingStandard(
        required=True, description="The version of DCSA Track & Trace that they follow."
    )
    events = graphene.List(
        graphene.NonNull(JSON),
        required=True,
        description="The events as the standard writes them, at most 1,000.",
    )


class RecordEventsPayload(Changed):
    """What became of each event, or why none was kept."""

    outcomes = graphene.List(graphene.NonNull(EventOutcome), description="In the order of the events.")


def record_events(_root: Any, info: Info, input: Any) -> RecordEventsPayload:  # noqa: A002
    """Keep a carrier's events."""

    def write(work: Work) -> dict[str, Any]:
        standard = dcsa.Standard(input.standard.value)
        events = dcsa.parse(standard, input.events, work.now)
        outcomes = tracking.record(work, standard, events)
        return {
            "outcomes": [[each.event_id, each.outcome.value, _text(each.shipment_id)] for each in outcomes]
        }

    def answer(_work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        told = [
            (event, tracking.Outcome(outcome), key and UUID(key)) for event, outcome, key in ids["outcomes"]
        ]
        info.context.loader.together("shipment reference", (key for _, _, key in told))
        return {"outcomes": [tracking.EventOutcome(*each) for each in told]}

    return perform(RecordEventsPayload, info, input, Operation("recordEvents", write, answer))


def _text(key: UUID | None) -> str | None:
    return None if key is None else str(key)


class TrackingMutation(graphene.ObjectType):
    """Sending events."""

    record_events = change(
        RecordEventsPayload,
        RecordEventsInput,
        record_events,
        "Record events of shipments that the acting carrier moves.",
    )
