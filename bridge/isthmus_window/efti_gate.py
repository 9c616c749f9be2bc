"""The window's eFTI gate: platforms announce identifiers to it, and it says which datasets bear one."""

import re
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, request
from lxml import etree

from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.identifiers import EDELIVERY, MalformedQuery, read_query
from isthmus_protocol.messages import payload_digest
from isthmus_protocol.promises import Promise
from isthmus_protocol.receipts import Receipt, Receiver, sign_receipt
from isthmus_protocol.shapes import NAME
from isthmus_protocol.xml import MalformedXml, parse
from isthmus_window import freight, service
from isthmus_window.database import keep_promise, reading, writing
from isthmus_window.service import Refused, Window

GATE_ID, PLATFORM_ID = "ISTHMUS", "isthmus"
XML_TYPES = ("application/xml", "text/xml")
ED = f"{{{EDELIVERY}}}"
_SALT = re.compile(r"[0-9a-f]{64}")


def blueprint(window: Window) -> Blueprint:
    """Return the gate's API for platforms (``/v0``) and its answer to an authority's query."""
    web = Blueprint("efti_gate", __name__)

    @web.get("/v0/whoami")
    def whoami() -> Response:
        """Say as whom the caller is known."""
        _signed(window)
        answer = etree.Element("whoamiResponse")
        etree.SubElement(answer, "appId").text = PLATFORM_ID
        etree.SubElement(answer, "role").text = "PLATFORM"
        return _xml(answer, 200)

    @web.put("/v0/consignments/<dataset_id>")
    def announce(dataset_id: str) -> Response:
        """Keep the identifiers of a consignment; a caller that names its exchange gets our receipt."""
        body = _signed(window)
        if request.mimetype not in XML_TYPES:
            raise Refused(415, "wrong_content_type", "The body must be application/xml.")
        if NAME.fullmatch(dataset_id) is None:
            raise Refused(404, "unknown_dataset", "That is no dataset's id.")
        named = _named(window)
        _keep(window, dataset_id, body, named)
        if named is None:
            return jsonify({})
        held: JsonObject = {"datasetId": dataset_id, "consignment": body.decode(errors="replace")}
        return jsonify(receipt=_receipt(window, named, held))

    @web.post("/v0/identifier-queries")
    def ask() -> Response:
        """Answer an identifierQuery (edelivery/gate.xsd) with an identifierResponse."""
        try:
            element = parse(request.get_data())
            if element.tag != f"{ED}identifierQuery":
                raise MalformedQuery("That is no identifierQuery.")
            query = read_query(element)
        except (MalformedXml, MalformedQuery) as error:
            return _xml(_response(400, None, str(error)), 400)
        with reading(window.engine) as session:
            found = freight.find(session, query)
        answer = _response(200, element.get("requestId"))
        for dataset_id, consignment in found:
            answer.append(_answered(dataset_id, consignment))
        return _xml(answer, 200)

    return web


def _signed(window: Window) -> bytes:
    body = request.get_data(cache=False)
    service.authenticate(window, request.method, request.url, dict(request.headers), body)
    return body


@dataclass(frozen=True)
class _Named:
    """The exchange in which a caller sends, the salt of its digest, and the log's promise to keep it."""

    exchange: str
    salt: str
    promise: Promise
    token: str


def _named(window: Window) -> _Named | None:
    """Return the exchange that the caller names; raises :class:`Refused` where the log did not promise it."""
    exchange, salt = request.headers.get("Isthmus-Exchange", ""), request.headers.get("Isthmus-Salt", "")
    if NAME.fullmatch(exchange) is None or _SALT.fullmatch(salt) is None:
        return None
    token = request.headers.get("Isthmus-Promise", "")
    promise = service.promised(window, token, exchange, where="Isthmus-Promise")
    return _Named(exchange, salt, promise, token)


def _keep(window: Window, dataset_id: str, body: bytes, named: _Named | None) -> None:
    """Keep what is announced, and the promise that came with it."""
    try:
        with writing(window.engine) as session:
            if named is not None:
                keep_promise(session, named.exchange, named.token)
            freight.announce(session, dataset_id, body, window.clock())
    except freight.NotAnnounceable as error:
        raise Refused(400, "not_announceable", str(error)) from error


def _receipt(window: Window, named: _Named, held: JsonObject) -> str:
    """Return our receipt for what we hold in the exchange that the caller named, salted as it said."""
    digest = payload_digest(named.salt, held)
    receipt = Receipt(named.exchange, digest, Receiver.WINDOW, window.clock(), named.promise.place)
    return sign_receipt(window.signing_key, receipt)


def _response(status: int, request_id: str | None, description: str | None = None) -> etree._Element:
    answer = etree.Element(f"{ED}identifierResponse", nsmap={"ed": EDELIVERY}, status=str(status))
    if request_id is not None:
        answer.set("requestId", request_id)
    if description is not None:
        etree.SubElement(answer, f"{ED}description").text = description
    return answer


def _answered(dataset_id: str, consignment: etree._Element) -> etree._Element:
    """Return the announced consignment with its UIL, as gate.xsd has it."""
    answered = etree.Element(f"{ED}consignment")
    answered.extend(list(consignment.iterchildren("*")))
    uil = etree.SubElement(answered, f"{ED}uil")
    for name, value in (("gateId", GATE_ID), ("platformId", PLATFORM_ID), ("datasetId", dataset_id)):
        etree.SubElement(uil, ED + name).text = value
    return answered


def _xml(element: etree._Element, status: int) -> Response:
    return Response(
        etree.tostring(element, encoding="UTF-8", xml_declaration=True),
        status,
        content_type="application/xml; charset=utf-8",
    )
