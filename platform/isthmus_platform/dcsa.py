"""DCSA Track & Trace 2.2.0 and 3.0.0: from a carrier's JSON to events, checked for meaning too."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from isthmus_platform import dcsa_shapes, shapes
from isthmus_platform.matching import Names
from isthmus_platform.milestones import TrackingEvent
from isthmus_platform.shapes import as_instant, as_object, as_text, wrong

UNNAMED = Names()
CODES_2 = {kind: f"{kind.lower()}EventTypeCode" for kind in dcsa_shapes.EVENTS_2}
KIND_2 = shapes.code(dcsa_shapes.EVENTS_2)
NOTHING: dict[str, Any] = {}


class Standard(StrEnum):
    """The version of the standard that a message follows."""

    DCSA_2_2 = "DCSA_2_2"
    DCSA_3_0 = "DCSA_3_0"


class ReceivedEvent(NamedTuple):
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
    KIND_2(content.get("eventType", ""), f"{path}.eventType")
    kind: str = content["eventType"]
    dcsa_shapes.EVENTS_2[kind](content, path)
    there, call = content.get("eventLocation", NOTHING), content.get("transportCall", NOTHING)
    called = call.get("location", NOTHING)
    documents = [
        (reference["documentReferenceType"], reference["documentReferenceValue"])
        for reference in content.get("documentReferences", ())
    ]
    if kind == "SHIPMENT":
        documents.insert(0, (content["documentTypeCode"], content["documentID"]))
    units = [
        each["referenceValue"] for each in content.get("references", ()) if each["referenceType"] == "EQ"
    ]
    names = _names(documents)
    event = TrackingEvent(
        source_event_id=content["eventID"],
        version_at=as_instant(content["eventCreatedDateTime"], f"{path}.eventCreatedDateTime"),
        at=as_instant(content["eventDateTime"], f"{path}.eventDateTime"),
        kind=kind,
        code=content[CODES_2[kind]],
        classifier=content["eventClassifierCode"],
        place=there.get("UNLocationCode") or call.get("UNLocationCode") or called.get("UNLocationCode"),
        location=there.get("locationName") or call.get("otherFacility") or called.get("locationName"),
        equipment_reference=content.get("equipmentReference") or _first(units),
        booking_reference=_first(names.bookings),
        transport_document=_first(names.documents),
        transport_mode=call.get("modeOfTransport"),
        empty=_empty(content),
        document_type=content.get("documentTypeCode"),
    )
    vessel = call.get("vessel", NOTHING).get("vesselIMONumber")
    voyage = call.get("exportVoyageNumber") or call.get("carrierVoyageNumber")
    return ReceivedEvent(event, content, names, _conveyance(vessel, voyage))


def _read_3_0(message: object, path: str, received_at: datetime) -> ReceivedEvent:
    content = as_object(message, path)
    if content.get("isRetracted") is True:
        return _retraction(content, path, received_at)
    dcsa_shapes.EVENT_3(content, path)
    classification = content["eventClassification"]
    kind: str = classification["eventTypeCode"]
    details = content.get("shipmentDetails", NOTHING)
    primary = details.get("documentReference")
    names = _names(
        [
            (reference["typeCode"], reference["reference"])
            for reference in [
                *([primary] if primary else ()),
                *details.get("additionalDocumentReferences", ()),
            ]
        ]
    )
    unit = content.get("equipmentDetails", NOTHING)
    units = [each["reference"] for each in details.get("shipmentReferences", ()) if each["typeCode"] == "EQ"]
    location = content.get("eventLocation", NOTHING)
    call = content.get("transportDetails", NOTHING).get("transportCall", NOTHING)
    event = TrackingEvent(
        source_event_id=content["eventID"],
        version_at=as_instant(content["eventUpdatedDateTime"], f"{path}.eventUpdatedDateTime"),
        at=as_instant(content["eventDateTime"], f"{path}.eventDateTime"),
        kind=kind,
        code=_type_code(classification, kind, f"{path}.eventClassification"),
        classifier=classification["eventClassifierCode"],
        place=location.get("UNLocationCode"),
        location=location.get("locationName"),
        equipment_reference=unit.get("equipmentReference") or _first(units),
        booking_reference=_first(names.bookings),
        transport_document=_first(names.documents),
        transport_mode=call.get("modeOfTransport"),
        empty=_empty(unit),
        document_type=primary["typeCode"] if primary else None,
    )
    vessel = call.get("vesselTransport", NOTHING).get("vesselIMONumber")
    voyage = call.get("exportVoyageNumberOrReference", NOTHING).get("carrierVoyageNumber")
    return ReceivedEvent(event, content, names, _conveyance(vessel, voyage))


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
    if not documents:
        return UNNAMED
    return Names(
        tuple(dict.fromkeys(reference for type_code, reference in documents if type_code == "BKG")),
        tuple(dict.fromkeys(reference for type_code, reference in documents if type_code == "TRD")),
    )


def _conveyance(vessel: str | None, voyage: str | None) -> str | None:
    """Return IMO number and export voyage as one word; None where the event names neither."""
    return f"{vessel} {voyage}" if vessel and voyage else vessel or voyage


def _first(values: Sequence[str]) -> str | None:
    return values[0] if values else None
