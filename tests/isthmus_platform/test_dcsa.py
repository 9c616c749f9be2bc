"""A message is read for its meaning: what is wrong is named by path and rule, and nothing of it is taken."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from isthmus_platform import dcsa, dcsa_shapes
from isthmus_platform.dcsa import Standard
from isthmus_platform.errors import InvalidInput
from standards import STANDARDS

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TNT = STANDARDS / "dcsa" / "tnt"
published = pytest.mark.skipif(not TNT.is_dir(), reason=f"the published DCSA files are not in {STANDARDS}")

TRANSPORT_2: dict[str, Any] = {
    "eventID": "3cecb101-7a1a-43a4-9d62-e88a131651e2",
    "eventCreatedDateTime": "2021-01-23T12:34:56Z",
    "eventType": "TRANSPORT",
    "eventClassifierCode": "ACT",
    "eventDateTime": "2021-01-09T14:12:56+01:00",
    "transportEventTypeCode": "ARRI",
    "transportCall": {
        "transportCallID": "1",
        "modeOfTransport": "VESSEL",
        "UNLocationCode": "DEHAM",
        "vessel": {"vesselIMONumber": "9321483"},
    },
    "documentReferences": [{"documentReferenceType": "TRD", "documentReferenceValue": "BILL1"}],
    "references": [{"referenceType": "EQ", "referenceValue": "APZU4812090"}],
}
EQUIPMENT_3: dict[str, Any] = {
    "eventID": "evt-1",
    "eventDateTime": "2026-01-17T13:45:00Z",
    "eventUpdatedDateTime": "2026-01-17T14:45:00.250Z",
    "eventLocation": {"UNLocationCode": "FRPAR"},
    "eventClassification": {
        "eventTypeCode": "EQUIPMENT",
        "eventClassifierCode": "ACT",
        "equipmentEventTypeCode": "GTIN",
    },
    "equipmentDetails": {"equipmentReference": "APZU4812090", "emptyIndicatorCode": "EMPTY"},
}


def read(standard: Standard, *messages: object) -> list[dcsa.ReceivedEvent]:
    return dcsa.parse(standard, messages, NOW)


def changed(message: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy with ``path`` set to ``value``, or taken out where that is None."""
    copy = deepcopy(message)
    *above, last = path.split(".")
    at: Any = copy
    for name in above:
        at = at[int(name)] if isinstance(at, list) else at[name]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return copy


def test_a_transport_event_of_2_2_is_understood() -> None:
    (received,) = read(Standard.DCSA_2_2, TRANSPORT_2)
    event = received.event
    assert (event.kind, event.code, event.classifier, event.place) == ("TRANSPORT", "ARRI", "ACT", "DEHAM")
    assert event.at == datetime(2021, 1, 9, 13, 12, 56, tzinfo=UTC)
    assert (event.transport_document, event.equipment_reference) == ("BILL1", "APZU4812090")
    assert received.content is TRANSPORT_2


def test_an_equipment_event_of_3_0_is_understood() -> None:
    ((event),) = (received.event for received in read(Standard.DCSA_3_0, EQUIPMENT_3))
    assert (event.kind, event.code, event.place, event.empty) == ("EQUIPMENT", "GTIN", "FRPAR", True)
    assert event.version_at.microsecond == 250_000


@pytest.mark.parametrize(
    ("path", "value", "field", "code"),
    [
        ("eventDateTime", "2021-01-09T14:12:56", "eventDateTime", "no_offset"),
        ("eventDateTime", "2021-02-30T14:12:56Z", "eventDateTime", "date_time"),
        ("eventDateTime", "2021-01-09", "eventDateTime", "date_time"),
        ("eventDateTime", "0001-01-01T00:00:00+10:00", "eventDateTime", "date_time"),
        ("eventDateTime", None, "eventDateTime", "required"),
        ("eventType", "VOYAGE", "eventType", "unknown_code"),
        ("eventType", 7, "eventType", "type"),
        ("eventClassifierCode", "REQ", "eventClassifierCode", "unknown_code"),
        ("transportEventTypeCode", "LOAD", "transportEventTypeCode", "unknown_code"),
        ("transportCall", None, "transportCall", "required"),
        ("transportCall.UNLocationCode", "XXZZZ", "transportCall.UNLocationCode", "unknown_place"),
        ("transportCall.modeOfTransport", "AIR", "transportCall.modeOfTransport", "unknown_code"),
        ("transportCall.vessel.vesselIMONumber", "IMO1", "transportCall.vessel.vesselIMONumber", "format"),
        ("transportCall.vessel.colour", "red", "transportCall.vessel.colour", "unknown_field"),
        ("equipmentReference", "APZU4812090", "equipmentReference", "unknown_field"),
        ("references.0.referenceType", "XX", "references[0].referenceType", "unknown_code"),
        ("changeRemark", "x" * 251, "changeRemark", "too_long"),
        ("changeRemark", "a\0b", "changeRemark", "format"),
        ("changeRemark", "\ud800", "changeRemark", "format"),
        ("references", {}, "references", "type"),
    ],
)
def test_what_is_wrong_in_2_2_is_named(path: str, value: object, field: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(Standard.DCSA_2_2, TRANSPORT_2, changed(TRANSPORT_2, path, value))
    assert (refused.value.field, refused.value.code) == (f"events[1].{field}", code)


@pytest.mark.parametrize(
    ("path", "value", "field", "code"),
    [
        ("equipmentDetails.equipmentReference", "APZU4812091", "equipmentReference", "check_digit"),
        ("equipmentDetails.emptyIndicatorCode", "FULL", "emptyIndicatorCode", "unknown_code"),
        ("eventClassification.equipmentEventTypeCode", None, "equipmentEventTypeCode", "required"),
        ("eventClassification.transportEventTypeCode", "ARRI", "transportEventTypeCode", "contradiction"),
        ("eventUpdatedDateTime", None, "eventUpdatedDateTime", "required"),
        ("eventLocation.geoCoordinate", {"latitude": "1e3", "longitude": "1"}, "latitude", "format"),
        ("reeferDetails", {"ambientMeasuredTemperature": True}, "ambientMeasuredTemperature", "type"),
        ("metadata", {}, "metadata", "unknown_field"),
    ],
)
def test_what_is_wrong_in_3_0_is_named(path: str, value: object, field: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(Standard.DCSA_3_0, changed(EQUIPMENT_3, path, value))
    assert (str(refused.value.field).split(".")[-1], refused.value.code) == (field, code)


def test_a_body_of_the_other_standard_is_refused() -> None:
    for standard, body in (
        (Standard.DCSA_2_2, {"events": []}),
        (Standard.DCSA_3_0, []),
        (Standard.DCSA_3_0, {"events": {}}),
        (Standard.DCSA_3_0, {"events": [], "more": 1}),
    ):
        with pytest.raises(InvalidInput):
            dcsa.events_in(standard, body)


def refusal(standard: Standard, message: object) -> str | None:
    """Return the field for which ``message`` is refused; none when it is taken."""
    try:
        read(standard, message)
    except InvalidInput as refused:
        return refused.field
    return None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(JSON)
def test_no_value_breaks_the_reader_other_than_by_a_named_refusal(value: object) -> None:
    tries: list[tuple[Standard, object]] = [(Standard.DCSA_2_2, value), (Standard.DCSA_3_0, value)]
    if value is not None:
        tries += [(Standard.DCSA_2_2, changed(TRANSPORT_2, path, value)) for path in TRANSPORT_2]
        tries += [(Standard.DCSA_3_0, changed(EQUIPMENT_3, path, value)) for path in EQUIPMENT_3]
        tries += [(Standard.DCSA_3_0, {"isRetracted": True, "eventID": value})]
    for standard, message in tries:
        assert (refusal(standard, message) or "events[0]").startswith("events[0]")


@published
def test_the_code_lists_are_those_of_the_published_2_2() -> None:
    declared = yaml.safe_load((TNT / "TNT_v2.2.0-resolved.yaml").read_text())["components"]["schemas"]
    for ours, theirs in (
        (dcsa_shapes.EQUIPMENT_CODES_2, "equipmentEventTypeCode"),
        (dcsa_shapes.SHIPMENT_CODES_2, "shipmentEventTypeCode"),
        (dcsa_shapes.DOCUMENT_CODES_2, "documentTypeCode"),
        (dcsa_shapes.TRANSPORT_CODES, "transportEventTypeCode"),
    ):
        assert sorted(ours.split()) == sorted(declared[theirs]["enum"])


@published
def test_the_code_lists_are_those_of_the_published_3_0() -> None:
    declared = yaml.safe_load((TNT / "TNT_v3.0.0.yaml").read_text())["components"]["schemas"]
    for ours, schema, member in (
        (dcsa_shapes.EQUIPMENT_CODES_3, "EventClassification", "equipmentEventTypeCode"),
        (dcsa_shapes.SHIPMENT_CODES_3, "EventClassification", "shipmentEventTypeCode"),
        (dcsa_shapes.DOCUMENT_CODES_3, "DocumentReference", "typeCode"),
    ):
        described = declared[schema]["properties"][member]["description"]
        assert set(ours.split()) == {line.split("`")[1] for line in described.splitlines() if "- `" in line}


@published
@pytest.mark.parametrize(
    ("standard", "name"),
    [(Standard.DCSA_2_2, "tnt-220-response.json"), (Standard.DCSA_3_0, "tnt-300-response.json")],
)
def test_the_published_samples_are_understood(standard: Standard, name: str) -> None:
    events = dcsa.events_in(standard, json.loads(Path(TNT / name).read_text()))
    assert [received.content for received in read(standard, *events)] == events
