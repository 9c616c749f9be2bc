"""The window's eFTI gate: platforms announce identifiers to it, and it says which datasets bear one."""

import re
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, request
from lxml import etree
from sqlalchemy.orm import Session

from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.identifiers import EDELIVERY, MalformedQuery, read_query
from isthmus_protocol.messages import payload_digest
from isthmus_protocol.promises import Promise
from isthmus_protocol.receipts import Receipt, Receiver, sign_receipt
from isthmus_protocol.shapes import NAME
from isthmus_protocol.xml import MalformedXml, parse
from isthmus_window import freight, service
from isthmus_window.database import Exchange, keep_promise, reading, writing
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
        receipt = _keep(window, dataset_id, body, named)
        return jsonify({} if receipt is None else {"receipt": receipt})

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


def _keep(window: Window, dataset_id: str, body: bytes, named: _Named | None) -> str | None:
    """Keep what is announced; return our receipt where the caller named its exchange.

    What came in an exchange is written down as that, once: whoever asks for it later, or brings it again,
    gets the receipt and takes nothing back that was announced since.
    """
    held: JsonObject = {"datasetId": dataset_id, "consignment": body.decode(errors="replace")}
    try:
        with writing(window.engine) as session:
            receipt = None
            if named is not None:
                digest = payload_digest(named.salt, held)
                given = service.receipt_given(window, session, named.exchange, digest)
                if given is not None:
                    return given
                receipt = _take(window, session, named, held, digest)
            freight.announce(session, dataset_id, body, window.clock())
            return receipt
    except freight.NotAnnounceable as error:
        raise Refused(400, "not_announceable", str(error)) from error


def _take(window: Window, session: Session, named: _Named, held: JsonObject, digest: str) -> str:
    """Write down the exchange that the caller named, and return our receipt for it."""
    service.demand_not_barred(session, named.exchange)
    keep_promise(session, named.exchange, named.token)
    now = window.clock()
    said = Receipt(named.exchange, digest, Receiver.WINDOW, now, named.promise.place)
    receipt = sign_receipt(window.signing_key, said)
    session.add(
        Exchange(
            id=named.exchange,
            message="EFTI_IDENTIFIERS",
            party="",  # the gate's API names none
            owner="",
            payload_digest=digest,
            log_index=named.promise.log_index,
            body=held,
            receipt=receipt,
            request_id=request.headers.get("X-Request-Id", "-"),
            received_at=now,
        )
    )
    return receipt


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
