"""What an authority asks its gate of a consignment: to see it in subsets, and to tell its platform something.

The messages are those of eFTI's edelivery schemas (``uilQuery``, ``postFollowUpRequest``); the gate asks the
platform, which is the bridge, over the platform's API for gates.
"""

from urllib.parse import quote, urlencode

import httpx
from flask import Blueprint, Response, request
from lxml import etree

from isthmus_protocol.canonical import MalformedJson, parse_object
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.identifiers import EDELIVERY
from isthmus_protocol.shapes import NAME
from isthmus_protocol.xml import MalformedXml, parse
from isthmus_window.efti_gate import GATE_ID, PLATFORM_ID
from isthmus_window.service import Window

ED = f"{{{EDELIVERY}}}"
CONSIGNMENT = "{http://efti.eu/v1/consignment/common}consignment"
PASSED_ON = {400: "400", 403: "400", 404: "404", 429: "503", 503: "503"}
"""The status an authority is answered (edelivery.xsd, ResponseStatus) for the platform's; else 502."""


class NotAnswered(Exception):
    """Why an authority gets no consignment; ``status`` is of ResponseStatus."""

    def __init__(self, status: str, description: str) -> None:
        super().__init__(description)
        self.status = status


def blueprint(window: Window) -> Blueprint:
    """Return ``POST /v0/uil-queries`` and ``POST /v0/follow-ups`` for the authority's side of the gate."""
    web = Blueprint("efti_inquiries", __name__)

    @web.post("/v0/uil-queries")
    def see() -> Response:
        """Answer a uilQuery with the consignment as far as its subsets may see it."""
        request_id = None
        try:
            query = _read("uilQuery")
            request_id = query.get("requestId")
            subsets = [(each.text or "").strip() for each in query.iterfind(f"{ED}subsetId")]
            asked = urlencode([("subsetId", subset) for subset in subsets])
            path = f"/v0/consignments/{_dataset(query)}?{asked}"
            consignment = _consignment(_ask(window, "GET", path).content)
        except NotAnswered as problem:
            return _answer("uilResponse", problem.status, request_id, str(problem))
        return _answer("uilResponse", "200", request_id, consignment=consignment)

    @web.post("/v0/follow-ups")
    def tell() -> Response:
        """Pass a postFollowUpRequest on to the platform."""
        request_id = None
        try:
            told = _read("postFollowUpRequest")
            request_id = told.get("requestId")
            message = told.findtext(f"{ED}message") or ""
            path = f"/v0/consignments/{_dataset(told)}/follow-up"
            _ask(window, "POST", path, message.encode())
        except NotAnswered as problem:
            return _answer("postFollowUpResponse", problem.status, request_id, str(problem))
        return _answer("postFollowUpResponse", "200", request_id)

    return web


def _read(name: str) -> etree._Element:
    try:
        element = parse(request.get_data())
    except MalformedXml as error:
        raise NotAnswered("400", str(error)) from error
    if element.tag != ED + name:
        raise NotAnswered("400", f"That is no {name}.")
    return element


def _dataset(element: etree._Element) -> str:
    """Return the dataset that the UIL names, if it is one of our platform's."""
    named = {name: (element.findtext(f"{ED}uil/{ED}{name}") or "").strip() for name in _UIL}
    if (named["gateId"], named["platformId"]) != (GATE_ID, PLATFORM_ID):
        raise NotAnswered("404", "No such gate and platform are known here.")
    if NAME.fullmatch(named["datasetId"]) is None:
        raise NotAnswered("404", "That is no dataset's id.")
    return quote(named["datasetId"])


_UIL = ("gateId", "platformId", "datasetId")


def _ask(window: Window, method: str, path: str, body: bytes = b"") -> httpx.Response:
    url = f"{window.bridge_url.rstrip('/')}{path}"
    headers = sign_request(window.signing_key, method, url, body, now=window.clock())
    if body:
        headers["Content-Type"] = "text/plain; charset=utf-8"
    try:
        answer = window.client.request(method, url, content=body, headers=headers)
    except httpx.TimeoutException as error:
        raise NotAnswered("504", "The platform did not answer in time.") from error
    except httpx.HTTPError as error:
        raise NotAnswered("503", "The platform cannot be reached.") from error
    if answer.status_code != httpx.codes.OK:
        status = PASSED_ON.get(answer.status_code, "502")
        raise NotAnswered(status, f"The platform answers {answer.status_code} {_reason(answer)}".strip())
    return answer


def _reason(answer: httpx.Response) -> str:
    """Return the code and the field of a problem (RFC 9457)."""
    try:
        problem = parse_object(answer.content)
    except MalformedJson:
        return ""
    return " ".join(str(problem[name]) for name in ("code", "field") if problem.get(name))


def _consignment(document: bytes) -> etree._Element:
    try:
        consignment = parse(document)
    except MalformedXml as error:
        raise NotAnswered("502", f"The platform's answer cannot be read: {error}") from error
    if consignment.tag != CONSIGNMENT:
        raise NotAnswered("502", "The platform's answer is no consignment.")
    return consignment


def _answer(
    name: str,
    status: str,
    request_id: str | None,
    description: str | None = None,
    *,
    consignment: etree._Element | None = None,
) -> Response:
    answer = etree.Element(ED + name, nsmap={"ed": EDELIVERY}, status=status)
    if request_id is not None:
        answer.set("requestId", request_id)
    if description is not None:
        etree.SubElement(answer, f"{ED}description").text = description
    if consignment is not None:
        answer.append(consignment)
    return Response(
        etree.tostring(answer, encoding="UTF-8", xml_declaration=True),
        int(status),
        content_type="application/xml; charset=utf-8",
    )
