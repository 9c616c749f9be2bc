"""DCSA Track & Trace 2.2.0 and 3.0.0: from a carrier's JSON to events, checked for meaning too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from isthmus_platform import dcsa_shapes, shapes
from isthmus_platform.matching import Names
from isthmus_platform.milestones import TrackingEvent
from isthmus_platform.shapes import as_instant, as_object, as_text, wrong

UNNAMED = Names()


class Standard(StrEnum):
    """The version of the standard that a message follows."""

    DCSA_2_2 = "DCSA_2_2"
    DCSA_3_0 = "DCSA_3_0"


@dataclass(frozen=True)
class ReceivedEvent:
    """An event as understood, everything it names, the vessel and voyage it speaks of, and as it came."""

    event: TrackingEvent
    content: dict[str, Any]
    names: Names = UNNAMED
    conveyance: str | None = None


def events_in(standard: Standard, body: object) -> list[Any]:
    """Return the events of a request's body: a list in 2.2, ``{"events": [...]}`` in 3.0."""
    if standard is Standard.DCSA_3_0:
        dcsa_shapes.REQUEST_3(body, "")
        body = as_object(body, "")["events"]
    if not isinstance(body, list):
        raise wrong("events", "type", "a list of events")
    return body


def parse(standard: Standard, messages: Sequence[object], received_at: datetime) -> list[ReceivedEvent]:
    """Return ``messages`` as events.

    Raises :class:`InvalidInput` for the first that is wrong, naming its path (``events[2].eventDateTime``)
    and rule (``unknown_field``, ``required``, ``type``, ``unknown_code``, ``no_offset`` ...).
    """
    if standard is Standard.DCSA_2_2:
        return [_read_2_2(message, f"events[{index}]") for index, message in enumerate(messages)]
    return [_read_3_0(message, f"events[{index}]", received_at) for index, message in enumerate(messages)]


def _read_2_2(message: object, path: str) -> ReceivedEvent:
    content = as_object(message, path)
    shapes.code(dcsa_shapes.EVENTS_2)(content.get("eventType", ""), f"{path}.eventType")
    kind: str = content["eventType"]
    dcsa_shapes.EVENTS_2[kind](content, path)
    call = content.get("transportCall", {})
    locations = [content.get("eventLocation", {}), call, call.get("location", {})]
    documents = [
        (reference["documentReferenceType"], reference["documentReferenceValue"])
        for reference in content.get("documentReferences", [])
    ]
    if kind == "SHIPMENT":
        documents.insert(0, (content["documentTypeCode"], content["documentID"]))
    containers = [content.get("equipmentReference")] + [
        reference["referenceValue"]
        for reference in content.get("references", [])
        if reference["referenceType"] == "EQ"
    ]
    event = TrackingEvent(
        source_event_id=content["eventID"],
        version_at=as_instant(content["eventCreatedDateTime"], f"{path}.eventCreatedDateTime"),
        at=as_instant(content["eventDateTime"], f"{path}.eventDateTime"),
        kind=kind,
        code=content[f"{kind.lower()}EventTypeCode"],
        classifier=content["eventClassifierCode"],
        place=_first(location.get("UNLocationCode") for location in locations),
        location=_first(
            location.get("locationName") or location.get("otherFacility") for location in locations
        ),
        equipment_reference=_first(containers),
        booking_reference=_of_type("BKG", documents),
        transport_document=_of_type("TRD", documents),
        transport_mode=call.get("modeOfTransport"),
        empty=_empty(content),
        document_type=content.get("documentTypeCode"),
    )
    vessel = call.get("vessel", {}).get("vesselIMONumber")
    voyage = call.get("exportVoyageNumber") or call.get("carrierVoyageNumber")
    return ReceivedEvent(event, content, _names(documents), _conveyance(vessel, voyage))


def _read_3_0(message: object, path: str, received_at: datetime) -> ReceivedEvent:
    content = as_object(message, path)
    if content.get("isRetracted") is True:
        return _retraction(content, path, received_at)
    dcsa_shapes.EVENT_3(content, path)
    classification = content["eventClassification"]
    kind: str = classification["eventTypeCode"]
    details = content.get("shipmentDetails", {})
    primary = details.get("documentReference")
    documents = [
        (reference["typeCode"], reference["reference"])
        for reference in [*([primary] if primary else []), *details.get("additionalDocumentReferences", [])]
    ]
    unit = content.get("equipmentDetails", {})
    containers = [unit.get("equipmentReference")] + [
        reference["reference"]
        for reference in details.get("shipmentReferences", [])
        if reference["typeCode"] == "EQ"
    ]
    location = content.get("eventLocation", {})
    event = TrackingEvent(
        source_event_id=content["eventID"],
        version_at=as_instant(content["eventUpdatedDateTime"], f"{path}.eventUpdatedDateTime"),
        at=as_instant(content["eventDateTime"], f"{path}.eventDateTime"),
        kind=kind,
        code=_type_code(classification, kind, f"{path}.eventClassification"),
        classifier=classification["eventClassifierCode"],
        place=location.get("UNLocationCode"),
        location=location.get("locationName"),
        equipment_reference=_first(containers),
        booking_reference=_of_type("BKG", documents),
        transport_document=_of_type("TRD", documents),
        transport_mode=content.get("transportDetails", {}).get("transportCall", {}).get("modeOfTransport"),
        empty=_empty(unit),
        document_type=primary["typeCode"] if primary else None,
    )
    call = content.get("transportDetails", {}).get("transportCall", {})
    vessel = call.get("vesselTransport", {}).get("vesselIMONumber")
    voyage = call.get("exportVoyageNumberOrReference", {}).get("carrierVoyageNumber")
    return ReceivedEvent(event, content, _names(documents), _conveyance(vessel, voyage))


def _retraction(content: dict[str, Any], path: str, received_at: datetime) -> ReceivedEvent:
    """Return a retraction: any data other than its id and time is irrelevant (3.0.0, ``isRetracted``)."""
    shapes.text(500)(content.get("eventID"), f"{path}.eventID")
    told = content.get("eventUpdatedDateTime")
    at = as_instant(told, f"{path}.eventUpdatedDateTime") if told is not None else received_at
    event = TrackingEvent(
        source_event_id=content["eventID"],
        version_at=at,
        at=at,
        kind="RETRACTION",
        code="RETR",
        classifier="ACT",
        retracted=True,
    )
    kept = ("eventID", "isRetracted", "eventUpdatedDateTime")
    return ReceivedEvent(event, {name: content[name] for name in kept if name in content})


def _type_code(classification: dict[str, Any], kind: str, path: str) -> str:
    """Return the code that belongs to the event's type; a code of another type contradicts it."""
    for of_kind, (name, _) in dcsa_shapes.TYPE_CODES_3.items():
        if of_kind == kind and name not in classification:
            raise wrong(f"{path}.{name}", "required", f"the code of an event of type {kind}")
        if of_kind != kind and name in classification:
            raise wrong(f"{path}.{name}", "contradiction", f"no such code in an event of type {kind}")
    return as_text(classification[dcsa_shapes.TYPE_CODES_3[kind][0]], path)


def _empty(unit: dict[str, Any]) -> bool | None:
    indicator = unit.get("emptyIndicatorCode")
    return None if indicator is None else indicator == "EMPTY"


def _names(documents: Sequence[tuple[str, str]]) -> Names:
    """Return every booking and transport document among ``documents``, each once."""
    return Names(
        tuple(dict.fromkeys(reference for type_code, reference in documents if type_code == "BKG")),
        tuple(dict.fromkeys(reference for type_code, reference in documents if type_code == "TRD")),
    )


def _conveyance(vessel: str | None, voyage: str | None) -> str | None:
    """Return IMO number and export voyage as one word; None where the event names neither."""
    return " ".join(filter(None, (vessel, voyage))) or None


def _of_type(wanted: str, documents: Iterable[tuple[str, str]]) -> str | None:
    return _first(reference for type_code, reference in documents if type_code == wanted)


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)
