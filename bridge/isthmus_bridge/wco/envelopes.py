"""Envelopes that carry a declaration as WCO XML, not JSON: put in after the gate, taken out at the window.

The envelope's digest stays that of the JSON body, which the XML holds exactly: whoever takes the XML out can
check that it is what the gate let through, and the receipt is the same in both forms.
"""

import structlog

from isthmus_bridge.service import Unspeakable
from isthmus_bridge.wco import exchange, exports
from isthmus_bridge.wco.elements import NotInModel
from isthmus_bridge.wco.exchange import NotValid
from isthmus_bridge.wco.exports import NotMappable
from isthmus_bridge.wco.schemas import Schemas
from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.shapes import MalformedMessage
from isthmus_protocol.xml import MalformedXml

events = structlog.get_logger(__name__)

PROFILE = "WCO-DEC-DMS-2"
MESSAGE = "EXPORT_DECLARATION"


def as_xml(envelope: JsonObject, schemas: Schemas) -> JsonObject:
    """Return the envelope of an export declaration with its body as WCO XML; any other as it is.

    Raises :class:`~isthmus_bridge.service.Unspeakable` for a body that XML cannot hold whole.
    """
    body, number = envelope.get("body"), envelope.get("exchange")
    if envelope.get("message") != MESSAGE or not isinstance(body, dict) or not isinstance(number, str):
        return envelope
    try:
        document = exports.to_declaration(body, number.replace("-", ""))
        text = exchange.write_declaration(document, schemas).decode()
    except (NotMappable, NotValid) as error:
        raise Unspeakable(f"no {PROFILE}: {error}") from error
    return envelope | {"body": {"profile": PROFILE, "xml": text}}


def as_json(envelope: JsonValue, schemas: Schemas) -> JsonValue:
    """Return the envelope with the JSON body that its WCO XML holds; one with a JSON body as it is.

    Raises :class:`~isthmus_protocol.shapes.MalformedMessage` for XML that is not, exactly, such a body.
    """
    body = envelope.get("body") if isinstance(envelope, dict) else None
    if not isinstance(envelope, dict) or not isinstance(body, dict) or body.get("profile") != PROFILE:
        return envelope
    text = body.get("xml")
    if set(body) != {"profile", "xml"} or not isinstance(text, str):
        raise MalformedMessage("/body/xml", "not_a_document")
    try:
        document = exchange.read_declaration(text.encode(), schemas)
        understood = envelope | {"body": exports.to_body(document)}
    except MalformedXml as error:
        raise MalformedMessage("/body/xml", error.rule) from error
    except (NotValid, NotInModel) as error:
        raise MalformedMessage("/body/xml", "not_valid") from error
    except NotMappable as error:
        raise MalformedMessage("/body/xml", "not_mappable") from error
    events.info("wco.understood", profile=PROFILE, exchange=envelope.get("exchange"))
    return understood
