"""Statuses of declarations as DMS notifications: put in at the window, taken out before the gate.

A request to let a DECLARATION_STATUS cross may carry the notification's XML in place of the JSON payload. It
must hold to the published schemas, strictly, and is judged by the gate as the JSON that it says. What DMS has
no word for (a green channel, licences of other agencies) goes as JSON.
"""

from datetime import UTC, datetime
from typing import Any

import structlog
from lxml import etree

from isthmus_bridge.wco.notifications import FUNCTIONS, NotANotification, read_notifications
from isthmus_bridge.wco.schemas import META_DATA, RESPONSE, RESPONSE_TYPES, Schemas
from isthmus_bridge.wco.values import Amount
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.shapes import MalformedMessage
from isthmus_protocol.xml import MalformedXml

events = structlog.get_logger(__name__)

PROFILE = "WCO-RES-DMS-2"
MESSAGE = "DECLARATION_STATUS"
LONGEST_DESCRIPTION = 300
"""Characters of Response/Error/Description; the schema has room for 512, a status for fewer."""

_SAYS = {
    (meaning.status, meaning.channel): code
    for code, meaning in reversed(FUNCTIONS.items())
    if meaning.status is not None
}
"""The function code for a status and its channel; of two that release, the first (DMSROG)."""


def as_xml(request: JsonObject, schemas: Schemas) -> JsonObject:
    """Return a request for a status with a notification as its payload; any other request as it is.

    The fields asked for are those that the notification says: of the declaration it names no more than MRN
    and reference (the exchange that brought it), and a time to the second.
    """
    payload, declared = request.get("payload"), request.get("inReplyTo")
    if request.get("message") != MESSAGE or not isinstance(payload, dict) or not isinstance(declared, str):
        return request
    try:
        document = _document(payload, declared.replace("-", ""))
        body = _body(document, schemas)
    except (KeyError, TypeError, ValueError, NotANotification, MalformedMessage):
        return request
    return request | {
        "fields": [*leaf_paths(body)],
        "payload": {"profile": PROFILE, "xml": document.decode()},
    }


def as_json(request: JsonObject, schemas: Schemas) -> JsonObject:
    """Return a request with the payload that its notification says; one with a JSON payload as it is.

    Raises :class:`~isthmus_protocol.shapes.MalformedMessage` for XML that is not one valid notification.
    """
    payload = request.get("payload")
    if request.get("message") != MESSAGE or not isinstance(payload, dict):
        return request
    if payload.get("profile") != PROFILE:
        return request
    text = payload.get("xml")
    if set(payload) != {"profile", "xml"} or not isinstance(text, str):
        raise MalformedMessage("/payload/xml", "not_a_document")
    body = _body(text.encode(), schemas)
    events.info(
        "wco.understood", profile=PROFILE, exchange=request.get("inReplyTo"), status=body.get("status")
    )
    return request | {"payload": body}


def _body(document: bytes, schemas: Schemas) -> JsonObject:
    """Return what the notification says, if it is a valid one of which nothing need be assumed."""
    try:
        reading = read_notifications(document, schemas)
    except MalformedXml as error:
        raise MalformedMessage("/payload/xml", error.rule) from error
    except NotANotification as error:
        raise MalformedMessage("/payload/xml", "not_a_notification") from error
    if reading.assumed:
        raise MalformedMessage("/payload/xml", "not_valid")
    if len(reading.notifications) != 1:
        raise MalformedMessage("/payload/xml", "not_one_notification")
    body = reading.notifications[0].body()
    if body is None:
        raise MalformedMessage("/payload/xml", "no_status")
    return body


def _document(status: dict[str, Any], reference: str) -> bytes:
    """Return the notification; raises KeyError where DMS has no word for the status."""
    named = status["status"]
    channel = status["channel"] if named == "CHANNEL_ASSIGNED" else None
    root = etree.Element(f"{{{META_DATA}}}MetaData", nsmap={"md": META_DATA, "res": RESPONSE})
    _put(root, META_DATA, "WCODataModelVersionCode", "3.6")
    _put(root, META_DATA, "WCOTypeName", "RES")
    response = etree.SubElement(root, f"{{{RESPONSE}}}Response")
    _put(response, RESPONSE, "FunctionCode", _SAYS[named, channel])
    _put_time(response, "IssueDateTime", status["at"])
    for error in status.get("errors", ()):
        said = f"{error['code']} {error['field']}: {error['message']}"
        _put(etree.SubElement(response, f"{{{RESPONSE}}}Error"), RESPONSE, "Description", _short(said))
    declaration = etree.SubElement(response, f"{{{RESPONSE}}}Declaration")
    if named == "ACCEPTED":
        _put_time(declaration, "AcceptanceDateTime", status["at"])
    _put(declaration, RESPONSE, "FunctionalReferenceID", reference)
    if "mrn" in status:
        _put(declaration, RESPONSE, "ID", status["mrn"])
    if named == "REJECTED":
        _put_time(declaration, "RejectionDateTime", status["at"])
    if named == "DUTY_ASSESSED":
        _put_duty(declaration, Amount.of_minor(status["duty"]["amountMinor"], status["duty"]["currency"]))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _put(parent: etree._Element, namespace: str, name: str, text: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{namespace}}}{name}")
    element.text = text
    return element


def _put_time(parent: etree._Element, name: str, at: str) -> None:
    """Put a time in UTC in format 304 of UN/EDIFACT code list 2379."""
    moment = datetime.fromisoformat(at).astimezone(UTC)
    held = etree.SubElement(parent, f"{{{RESPONSE}}}{name}")
    said = _put(held, RESPONSE_TYPES, "DateTimeString", f"{moment:%Y%m%d%H%M%S}Z")
    said.set("formatCode", "304")


def _put_duty(declaration: etree._Element, duty: Amount) -> None:
    fee = etree.SubElement(declaration, f"{{{RESPONSE}}}DutyTaxFee")
    payment = etree.SubElement(fee, f"{{{RESPONSE}}}Payment")
    assessed = _put(payment, RESPONSE, "TaxAssessedAmount", format(duty.value, "f"))
    assessed.set("currencyID", duty.currency or "")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 1]}…"
