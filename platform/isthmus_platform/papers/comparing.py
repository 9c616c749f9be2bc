"""What papers of one consignment say of the same thing, and where they differ; a mismatch cites both.

Masses are compared in kilograms and volumes in cubic metres, whatever their unit; names and codes without
regard to case, spacing and punctuation. What a paper does not say differs from nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from isthmus_platform.papers.kinds import (
    CommercialInvoice,
    DocumentaryCredit,
    ExportDeclaration,
    InsuranceCertificate,
    PackingList,
    TransportDocument,
)
from isthmus_platform.papers.parts import Amount, Location, Measure, TradeParty
from isthmus_platform.papers.shipping_instruction import ShippingInstruction

IN_KILOGRAMS = {
    "KGM": Decimal(1),
    "TNE": Decimal(1000),
    "GRM": Decimal("0.001"),
    "LBR": Decimal("0.45359237"),
}
IN_CUBIC_METRES = {
    "MTQ": Decimal(1),
    "LTR": Decimal("0.001"),
    "DMQ": Decimal("0.001"),
    "FTQ": Decimal("0.0283168466"),
}
ROUNDING = Decimal("0.001")
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Declared:
    """What the declaration says that papers say too; a place in it is a member of the shipment."""

    ucr: str | None = None
    exporter: TradeParty | None = None
    consignee: TradeParty | None = None
    incoterm: str | None = None
    transport_document: str | None = None
    vessel: str | None = None
    loading: Location | None = None
    discharge: Location | None = None
    gross_mass: Measure | None = None
    packages: int | None = None
    containers: tuple[str, ...] = ()
    hs_codes: tuple[str, ...] = ()
    value: Amount | None = None


@dataclass(frozen=True)
class Source:
    """A paper to be compared and what it is called when it is cited: a document's id, or ``declaration``."""

    name: str
    paper: Any


@dataclass(frozen=True)
class Citation:
    """Where something is said: the source, the member's place in it, and its words."""

    source: str
    path: str
    value: str


@dataclass(frozen=True)
class Discrepancy:
    """Two places that say different things of one ``field`` (``grossMass``, ``consignee``)."""

    field: str
    one: Citation
    other: Citation


@dataclass(frozen=True)
class _Said:
    path: str
    words: str
    meaning: object


def discrepancies(sources: Sequence[Source]) -> list[Discrepancy]:
    """Return each mismatch between ``sources``, by field, in their order.

    Every source is held against the first that says the field, so that three papers of which one is wrong
    give one or two mismatches and not three.
    """
    found: list[Discrepancy] = []
    for field, look in FIELDS.items():
        said = [(source, one) for source in sources for one in look(source.paper)]
        for source, other in said[1:]:
            first_source, first = said[0]
            if source is not first_source and first.meaning != other.meaning:
                found.append(
                    Discrepancy(
                        field,
                        Citation(first_source.name, first.path, first.words),
                        Citation(source.name, other.path, other.words),
                    )
                )
    return found


def same_word(text: str) -> str:
    """Return the words of a text without regard to case, spacing and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(WORD.findall(folded))


def _text(path: str, value: str | None) -> Iterator[_Said]:
    if value is not None:
        yield _Said(path, value, same_word(value))


def _name(path: str, party: TradeParty | None) -> Iterator[_Said]:
    if party is not None:
        yield _Said(f"{path}.name", party.name, same_word(party.name))


def _place(path: str, place: Location | None) -> Iterator[_Said]:
    if place is not None and place.code is not None:
        yield _Said(f"{path}.code", place.code, place.code)


def _measure(path: str, measure: Measure | None, units: dict[str, Decimal]) -> Iterator[_Said]:
    if measure is not None and measure.unit in units:
        base = (measure.value * units[measure.unit]).quantize(ROUNDING)
        yield _Said(path, f"{measure.value:f} {measure.unit}", base)


def _amount(path: str, amount: Amount | None) -> Iterator[_Said]:
    if amount is not None:
        yield _Said(path, _words(amount), (amount.value.normalize(), amount.currency))


def _set(path: str, values: Iterable[str]) -> Iterator[_Said]:
    listed = sorted(set(values))
    if listed:
        yield _Said(path, ", ".join(listed), tuple(listed))


def _count(path: str, number: int | None) -> Iterator[_Said]:
    if number is not None:
        yield _Said(path, str(number), number)


def _gross_mass(paper: Any) -> Iterator[_Said]:
    yield from _totalled(paper, "gross_mass", "grossMass", IN_KILOGRAMS)


def _net_mass(paper: Any) -> Iterator[_Said]:
    yield from _totalled(paper, "net_mass", "netMass", IN_KILOGRAMS)


def _volume(paper: Any) -> Iterator[_Said]:
    yield from _totalled(paper, "volume", "volume", IN_CUBIC_METRES)


def _totalled(paper: Any, member: str, path: str, units: dict[str, Decimal]) -> Iterator[_Said]:
    """Return the total a paper says, or else that of its goods if each of them says it in one unit."""
    total = getattr(paper, member, None)
    goods = getattr(paper, "goods", ())
    each = [getattr(one, member) for one in goods]
    if total is None and each and None not in each and len({one.unit for one in each}) == 1:
        summed = Measure(sum((one.value for one in each), Decimal(0)), each[0].unit)
        yield from _measure(f"goods.{path}", summed, units)
    else:
        yield from _measure(path, total, units)


def _packages(paper: Any) -> Iterator[_Said]:
    total = getattr(paper, "packages", None)
    each = [one.packages for one in getattr(paper, "goods", ())]
    if total is None and each and None not in each:
        yield from _count("goods.packages", sum(each))
    else:
        yield from _count("packages", total)


def _containers(paper: Any) -> Iterator[_Said]:
    listed = getattr(paper, "containers", ())
    yield from _set("containers", (getattr(one, "reference", one) for one in listed))


def _hs_codes(paper: Any) -> Iterator[_Said]:
    """Return the first six digits, which are the same in every country, if every line has them."""
    if isinstance(paper, Declared):
        yield from _set("goods.hsCode", (code[:6] for code in paper.hs_codes))
        return
    member = "lines" if isinstance(paper, CommercialInvoice) else "goods"
    codes = [one.hs_code for one in getattr(paper, member, ())]
    if codes and None not in codes:
        yield from _set(f"{member}.hsCode", (code[:6] for code in codes))


def _origins(paper: Any) -> Iterator[_Said]:
    member = "lines" if isinstance(paper, CommercialInvoice) else "goods"
    countries = [one.origin_country for one in getattr(paper, member, ())]
    if countries and None not in countries:
        yield from _set(f"{member}.originCountry", countries)


def _shipper(paper: Any) -> Iterator[_Said]:
    for member in ("seller", "shipper", "exporter", "beneficiary"):
        yield from _name(member, getattr(paper, member, None))


def _consignee(paper: Any) -> Iterator[_Said]:
    for member in ("buyer", "consignee", "importer", "applicant"):
        # A bill to order names whom the order is, not who buys.
        if not getattr(paper, "to_order", False):
            yield from _name(member, getattr(paper, member, None))


def _invoice_number(paper: Any) -> Iterator[_Said]:
    if isinstance(paper, CommercialInvoice):
        yield from _text("number", paper.number)
    elif isinstance(paper, PackingList):
        yield from _text("invoiceNumber", paper.invoice_number)


def _transport_document(paper: Any) -> Iterator[_Said]:
    if isinstance(paper, TransportDocument):
        yield from _text("number", paper.number)
    elif isinstance(paper, Declared):
        yield from _text("billOfLading", paper.transport_document)
    elif isinstance(paper, ExportDeclaration | ShippingInstruction):
        yield from _text("transportDocument", paper.transport_document)


def _plain(member: str, path: str | None = None) -> Callable[[Any], Iterator[_Said]]:
    return lambda paper: _text(path or member, getattr(paper, member, None))


def _port(member: str) -> Callable[[Any], Iterator[_Said]]:
    return lambda paper: _place(member, getattr(paper, member, None))


def _currency(paper: Any) -> Iterator[_Said]:
    if isinstance(paper, CommercialInvoice):
        yield from _text("total.currency", paper.total.currency)
    elif isinstance(paper, InsuranceCertificate):
        yield from _text("insuredAmount.currency", paper.insured_amount.currency)
    elif isinstance(paper, DocumentaryCredit):
        yield from _text("creditAmount.currency", paper.credit_amount.currency)


def _value(paper: Any) -> Iterator[_Said]:
    """Return what the goods are worth: as invoiced, and as declared."""
    if isinstance(paper, CommercialInvoice):
        yield from _amount("total", paper.total)
    elif isinstance(paper, Declared):
        yield from _amount("goods.value", paper.value)
    elif isinstance(paper, ExportDeclaration):
        yield from _amount("customsValue", paper.customs_value)


FIELDS: dict[str, Callable[[Any], Iterator[_Said]]] = {
    "ucr": _plain("ucr"),
    "shipper": _shipper,
    "consignee": _consignee,
    "invoiceNumber": _invoice_number,
    "transportDocument": _transport_document,
    "bookingReference": _plain("booking_reference", "bookingReference"),
    "incoterm": _plain("incoterm"),
    "currency": _currency,
    "value": _value,
    "vessel": _plain("vessel"),
    "voyage": _plain("voyage"),
    "loading": _port("loading"),
    "discharge": _port("discharge"),
    "containers": _containers,
    "packages": _packages,
    "grossMass": _gross_mass,
    "netMass": _net_mass,
    "volume": _volume,
    "hsCode": _hs_codes,
    "originCountry": _origins,
}
"""The fields that are compared, each with where a paper says it."""


def short_of_invoice(sources: Sequence[Source]) -> list[Discrepancy]:
    """Return each insurance certificate for less than an invoice of the same currency asks for.

    UCP 600 article 28 (f)(ii) wants 110 % of the value; less than the value itself insures nobody whole.
    """
    invoices = [each for each in sources if isinstance(each.paper, CommercialInvoice)]
    covers = [each for each in sources if isinstance(each.paper, InsuranceCertificate)]
    return [
        Discrepancy(
            "insuredAmount",
            _cited(invoice.name, "total", invoice.paper.total),
            _cited(cover.name, "insuredAmount", cover.paper.insured_amount),
        )
        for invoice in invoices
        for cover in covers
        if invoice.paper.total.currency == cover.paper.insured_amount.currency
        and invoice.paper.total.value > cover.paper.insured_amount.value
    ]


def beyond_credit(sources: Sequence[Source]) -> list[Discrepancy]:
    """Return where papers go beyond a documentary credit, by which a bank would refuse them (UCP 600).

    An invoice for more than its amount (article 18 (b)), goods shipped after its latest day (article 20 (a)),
    a transport document issued after it expired (article 6 (e)).
    """
    found: list[Discrepancy] = []
    for credit in sources:
        if not isinstance(credit.paper, DocumentaryCredit):
            continue
        for source in sources:
            found += [
                Discrepancy(field, Citation(credit.name, place, limit), Citation(source.name, path, said))
                for field, place, limit, path, said in _beyond(credit.paper, source.paper)
            ]
    return found


def _beyond(credit: DocumentaryCredit, paper: Any) -> Iterator[tuple[str, str, str, str, str]]:
    if isinstance(paper, CommercialInvoice):
        allowed, asked = credit.credit_amount, paper.total
        if allowed.currency == asked.currency and asked.value > allowed.value:
            yield "creditAmount", "creditAmount", _words(allowed), "total", _words(asked)
    if isinstance(paper, TransportDocument):
        latest, shipped, issued = credit.latest_shipment_on, paper.shipped_on, paper.issued_on
        if latest is not None and shipped is not None and shipped > latest:
            yield "latestShipmentOn", "latestShipmentOn", str(latest), "shippedOn", str(shipped)
        if issued is not None and issued > credit.expires_on:
            yield "expiresOn", "expiresOn", str(credit.expires_on), "issuedOn", str(issued)


def _words(amount: Amount) -> str:
    return f"{amount.value:f} {amount.currency}"


def _cited(source: str, path: str, amount: Amount) -> Citation:
    return Citation(source, path, _words(amount))
