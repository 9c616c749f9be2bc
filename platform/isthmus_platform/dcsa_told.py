"""Events told on in DCSA Track & Trace 2.2 or 3.0: as they came, or carried over from the other version.

What the other version cannot say is left out: 2.2 knows neither measurements (``IOT``, ``REEFER``) nor
retractions, and some of 3.0's codes.
"""

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from isthmus_platform.dcsa import Standard
from isthmus_platform.dcsa_shapes import DOCUMENT_CODES_2, EQUIPMENT_CODES_2, SHIPMENT_CODES_2
from isthmus_platform.milestones import TrackingEvent

KINDS_2 = {
    "SHIPMENT": frozenset(SHIPMENT_CODES_2.split()),
    "TRANSPORT": frozenset({"ARRI", "DEPA"}),
    "EQUIPMENT": frozenset(EQUIPMENT_CODES_2.split()),
}
DOCUMENTS_2 = frozenset(DOCUMENT_CODES_2.split())
TO_3 = {"CUS": "CUC", "SRM": "CRO"}
TO_2 = {"CUC": "CUS", "CRO": "SRM"}
MODES_2 = frozenset({"VESSEL", "RAIL", "TRUCK", "BARGE"})


def told(standard: Standard, came_as: Standard, event: TrackingEvent, content: dict[str, Any]) -> Any:
    """Return ``event`` as a message of ``standard``, or None where that version cannot say it."""
    if standard is came_as:
        return content
    return _in_3_0(event, content) if standard is Standard.DCSA_3_0 else _in_2_2(event, content)


def _in_3_0(event: TrackingEvent, content: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "eventID": event.source_event_id,
        "eventDateTime": content["eventDateTime"],
        "eventUpdatedDateTime": content["eventCreatedDateTime"],
        "eventClassification": {
            "eventTypeCode": event.kind,
            "eventClassifierCode": event.classifier,
            f"{event.kind.lower()}EventTypeCode": event.code,
        },
        "eventLocation": _given(UNLocationCode=event.place, locationName=event.location),
        "shipmentDetails": _shipment_3(content),
    }
    if event.kind == "TRANSPORT":
        message["transportDetails"] = {"transportCall": _call_3(content["transportCall"])}
    if event.kind == "EQUIPMENT":
        message["equipmentDetails"] = _given(
            equipmentReference=event.equipment_reference,
            ISOEquipmentCode=content.get("ISOEquipmentCode"),
            emptyIndicatorCode=content.get("emptyIndicatorCode"),
        )
    return {name: value for name, value in message.items() if value != {}}


def _shipment_3(content: dict[str, Any]) -> dict[str, Any]:
    named = [
        {"typeCode": each["documentReferenceType"], "reference": each["documentReferenceValue"]}
        for each in content.get("documentReferences", [])
    ]
    if "documentID" in content:
        code = content["documentTypeCode"]
        named.insert(0, {"typeCode": TO_3.get(code, code), "reference": content["documentID"]})
    details: dict[str, Any] = {}
    if named:
        details["documentReference"] = named[0]
    if named[1:]:
        details["additionalDocumentReferences"] = named[1:]
    units = [
        {"typeCode": "EQ", "reference": each["referenceValue"]}
        for each in content.get("references", [])
        if each["referenceType"] == "EQ"
    ]
    return details | ({"shipmentReferences": units} if units else {})


def _call_3(call: dict[str, Any]) -> dict[str, Any]:
    vessel = call.get("vessel", {})
    voyage = call.get("exportVoyageNumber") or call.get("carrierVoyageNumber")
    found = _given(
        transportCallReference=call.get("transportCallID"), modeOfTransport=call.get("modeOfTransport")
    )
    if voyage:
        found["exportVoyageNumberOrReference"] = {"carrierVoyageNumber": voyage}
    if vessel:
        found["vesselTransport"] = _given(
            vesselIMONumber=vessel.get("vesselIMONumber"), vesselName=vessel.get("vesselName")
        )
    return found


def _in_2_2(event: TrackingEvent, content: dict[str, Any]) -> dict[str, Any] | None:
    if event.retracted or event.code not in KINDS_2.get(event.kind, ()):
        return None
    message = {
        "eventID": _uuid(event.source_event_id),
        "eventCreatedDateTime": content["eventUpdatedDateTime"],
        "eventType": event.kind,
        "eventClassifierCode": event.classifier,
        "eventDateTime": content["eventDateTime"],
        f"{event.kind.lower()}EventTypeCode": event.code,
    }
    own = {"TRANSPORT": _transport_2, "SHIPMENT": _shipment_2, "EQUIPMENT": _equipment_2}[event.kind]
    details = own(event, content)
    return None if details is None else message | details


def _transport_2(event: TrackingEvent, content: dict[str, Any]) -> dict[str, Any] | None:
    call = content.get("transportDetails", {}).get("transportCall", {})
    mode = call.get("modeOfTransport")
    if mode not in MODES_2:
        return None
    vessel = call.get("vesselTransport", {})
    told_of = _given(
        transportCallID=call.get("transportCallReference") or f"{event.place or '-'} {event.code}",
        modeOfTransport=mode,
        UNLocationCode=event.place,
        exportVoyageNumber=call.get("exportVoyageNumberOrReference", {}).get("carrierVoyageNumber"),
    )
    if "vesselIMONumber" in vessel:
        told_of["vessel"] = _given(
            vesselIMONumber=vessel["vesselIMONumber"],
            vesselName=(vessel.get("vesselName") or "")[:35] or None,
        )
    return {"transportCall": told_of, **_documents_2(content)}


def _shipment_2(event: TrackingEvent, content: dict[str, Any]) -> dict[str, Any] | None:
    document = content.get("shipmentDetails", {}).get("documentReference")
    code = TO_2.get(event.document_type or "", event.document_type)
    if document is None or code not in DOCUMENTS_2:
        return None
    return {"documentID": document["reference"], "documentTypeCode": code}


def _equipment_2(event: TrackingEvent, content: dict[str, Any]) -> dict[str, Any] | None:
    if event.empty is None:
        return None
    return {
        **_given(
            equipmentReference=event.equipment_reference,
            ISOEquipmentCode=content.get("equipmentDetails", {}).get("ISOEquipmentCode"),
        ),
        "emptyIndicatorCode": "EMPTY" if event.empty else "LADEN",
        "eventLocation": _given(UNLocationCode=event.place, locationName=event.location),
        **_documents_2(content),
    }


def _documents_2(content: dict[str, Any]) -> dict[str, Any]:
    details = content.get("shipmentDetails", {})
    named = [details.get("documentReference"), *details.get("additionalDocumentReferences", [])]
    references = [
        {"documentReferenceType": each["typeCode"], "documentReferenceValue": each["reference"]}
        for each in named
        if each is not None and each["typeCode"] in ("BKG", "TRD")
    ]
    return {"documentReferences": references} if references else {}


def _uuid(event_id: str) -> str:
    """Return the id as 2.2 wants it: a UUID, made of the source's own where that is none."""
    try:
        return str(UUID(event_id))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, event_id))


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
