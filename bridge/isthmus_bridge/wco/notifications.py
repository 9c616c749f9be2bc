"""DMS notifications: what the declaration management system says, as the bridge's DECLARATION_STATUS.

The published samples name no namespaces and hold elements without content, which the schemas refuse. So the
reading is a step of its own: it mends what it must, says what it assumed, and refuses what it does not know.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from lxml import etree

from isthmus_bridge.wco.schemas import DECLARATION, META_DATA, RESPONSE, RESPONSE_TYPES, Kind, Schemas
from isthmus_bridge.wco.values import Amount, Instant
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.shapes import format_time
from isthmus_protocol.xml import parse


@dataclass(frozen=True)
class Meaning:
    """What a function code stands for; ``status`` is None where DECLARATION_STATUS has no word for it."""

    name: str
    status: str | None = None
    channel: str | None = None


FUNCTIONS = {
    "01": Meaning("DMSACC", "ACCEPTED"),
    "02": Meaning("DMSRCV"),
    "03": Meaning("DMSREJ", "REJECTED"),
    "05": Meaning("DMSCTL", "CHANNEL_ASSIGNED", "RED"),
    "06": Meaning("DMSDOC", "CHANNEL_ASSIGNED", "YELLOW"),
    "07": Meaning("DMSRES"),
    "08": Meaning("DMSROG", "RELEASED"),
    "09": Meaning("DMSCLE", "RELEASED"),
    "10": Meaning("DMSINV"),
    "11": Meaning("DMSREQ"),
    "13": Meaning("DMSTAX", "DUTY_ASSESSED"),
    "14": Meaning("DMSCPI"),
    "15": Meaning("DMSCPR"),
    "16": Meaning("DMSEOG"),
    "18": Meaning("DMSGER"),
}
"""Response/FunctionCode, as HMRC's example DMS notifications use and explain it (Example_DMS_notifications).

05 "intends to physically inspect goods", 06 asks for documents, 08 "the goods can be released", 09 "clearance
... and therefore also about the release of the goods"; 18 is what the example named 17_DMSGER holds.
"""


class NotANotification(Exception):
    """A document that is no DMS notification, or one that says what is not known; ``path`` says where."""

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        super().__init__(f"{path}: {problem}")


@dataclass(frozen=True)
class Problem:
    """Why a declaration is rejected: a code, the place in the declaration (WCO pointers), and in words."""

    code: str
    field: str | None = None
    message: str | None = None

    def body(self) -> JsonObject:
        """Return the problem as an error of DECLARATION_STATUS."""
        said = {"code": self.code, "field": self.field, "message": self.message}
        return {name: text for name, text in said.items() if text is not None}


@dataclass(frozen=True)
class Notification:
    """One notification. ``reference`` is the trader's own (LRN), ``duty`` the sum assessed."""

    function: str
    at: datetime
    mrn: str | None = None
    reference: str | None = None
    duty: Amount | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """Return the notification's name: ``DMSACC``."""
        return FUNCTIONS[self.function].name

    def body(self) -> JsonObject | None:
        """Return the body of a DECLARATION_STATUS, or None where that message has no word for it."""
        meaning = FUNCTIONS[self.function]
        if meaning.status is None:
            return None
        body: JsonObject = {"status": meaning.status, "at": format_time(self.at)}
        if self.mrn is not None:
            body["mrn"] = self.mrn
        if meaning.channel is not None:
            body["channel"] = meaning.channel
        if meaning.status == "DUTY_ASSESSED" and self.duty is not None and self.duty.currency is not None:
            body["duty"] = {"amountMinor": self.duty.minor, "currency": self.duty.currency}
        if self.problems:
            body["errors"] = [each.body() for each in self.problems]
        return body


@dataclass(frozen=True)
class Reading:
    """The notifications of a document, and what was assumed to read them (nothing where it is valid)."""

    notifications: tuple[Notification, ...]
    assumed: tuple[str, ...] = ()


def read_notifications(data: bytes, schemas: Schemas) -> Reading:
    """Return what the document says.

    Raises :class:`~isthmus_protocol.xml.MalformedXml` and :class:`NotANotification`.
    """
    root = parse(data)
    schema = schemas.of(Kind.NOTIFICATION)
    assumed: list[str] = []
    if schema.faults(root):
        assumed += _mend(root)
        assumed += [f"line {each.line}: {each.rule}: {each.message}" for each in schema.faults(root)]
    if root.tag != f"{{{META_DATA}}}MetaData":
        raise NotANotification("/", f"{etree.QName(root).localname} is not MetaData of the WCO Data Model")
    responses = root.findall(f"{{{RESPONSE}}}Response")
    if not responses:
        raise NotANotification("MetaData", "there is no Response")
    return Reading(tuple(_notification(each) for each in responses), tuple(assumed))


def _mend(root: etree._Element) -> Iterator[str]:
    """Put the namespaces where none is named, take out what is empty; say so."""
    if not any(str(each.tag).startswith("{") for each in root.iter()):
        yield "no namespace is named: those of the published schemas are meant"
        for response in root.findall("Response"):
            for number, declaration in enumerate(response.findall("Declaration")):
                if number:  # the first is the one spoken of, a second one says what customs amended
                    _put(declaration.iter(), DECLARATION)
            _put(response.iter(), RESPONSE)
        _put(root.iter(), META_DATA)
    empty = [
        each for each in root.iter() if not len(each) and not each.attrib and not (each.text or "").strip()
    ]
    if empty:
        names = sorted({etree.QName(each).localname for each in empty})
        yield f"elements without content say nothing: {', '.join(names)}"
    for each in empty:
        parent = each.getparent()
        if parent is not None:
            parent.remove(each)


def _put(found: Iterable[etree._Element], namespace: str) -> None:
    for element in list(found):
        if not str(element.tag).startswith("{"):
            space = RESPONSE_TYPES if element.tag == "DateTimeString" else namespace
            element.tag = f"{{{space}}}{element.tag!s}"


def _notification(response: etree._Element) -> Notification:
    function = _text(response, "FunctionCode")
    if function not in FUNCTIONS:
        raise NotANotification("Response/FunctionCode", f"{function!r} is not known")
    declaration = response.find(f"{{{RESPONSE}}}Declaration")
    found = Notification(function, _issued(response), problems=tuple(_problems(response)))
    if declaration is None:
        return found
    return replace(
        found,
        mrn=_text(declaration, "ID"),
        reference=_text(declaration, "FunctionalReferenceID"),
        duty=_duty(declaration),
    )


def _issued(response: etree._Element) -> datetime:
    path = f"{{{RESPONSE}}}IssueDateTime/{{{RESPONSE_TYPES}}}DateTimeString"
    given = response.find(path)
    try:
        if given is None:
            raise ValueError("it is missing")
        return Instant(given.text or "", str(given.get("formatCode"))).at
    except ValueError as error:
        raise NotANotification("Response/IssueDateTime", str(error)) from error


def _duty(declaration: etree._Element) -> Amount | None:
    """Return the sum assessed on the items, or on the whole where no item names one."""
    fee = f"{{{RESPONSE}}}DutyTaxFee/{{{RESPONSE}}}Payment/{{{RESPONSE}}}TaxAssessedAmount"
    item = (
        f"{{{RESPONSE}}}GoodsShipment/{{{RESPONSE}}}GovernmentAgencyGoodsItem/{{{RESPONSE}}}Commodity/{fee}"
    )
    amounts = declaration.findall(item) or declaration.findall(fee)
    currencies = {str(each.get("currencyID", "")) for each in amounts}
    if not amounts:
        return None
    try:
        (currency,) = currencies
        total = Amount(sum((Decimal((each.text or "").strip()) for each in amounts), Decimal()), currency)
        _ = total.minor
    except (ValueError, InvalidOperation) as error:
        raise NotANotification("TaxAssessedAmount", "no amounts of one currency") from error
    return total


def _problems(response: etree._Element) -> Iterator[Problem]:
    for error in response.findall(f"{{{RESPONSE}}}Error"):
        places = [_place(each) for each in error.findall(f"{{{RESPONSE}}}Pointer")]
        field = "/" + "/".join(place for place in places if place) if any(places) else None
        yield Problem(_text(error, "ValidationCode") or "UNKNOWN", field, _text(error, "Description"))


def _place(pointer: etree._Element) -> str:
    """Return ``68A/2`` for the second class 68A, with the data element behind it where one is named."""
    parts = [_text(pointer, name) for name in ("DocumentSectionCode", "SequenceNumeric", "TagID")]
    return "/".join(part for part in parts if part)


def _text(element: etree._Element, name: str) -> str | None:
    found = element.find(f"{{{RESPONSE}}}{name}")
    text = None if found is None else (found.text or "").strip()
    return text or None
