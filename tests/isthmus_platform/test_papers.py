"""Papers are typed: what is written reads back the same, and what breaks a rule is refused with its place."""

from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers import plain, ubl
from isthmus_platform.papers.kinds import CommercialInvoice, ForwardingInstruction, Paper, code_of
from isthmus_platform.papers.ubl_forms import BILL_OF_LADING
from isthmus_protocol.xml import canonical_xml, parse
from papers_of_trade import ALL, BILL, IN_UBL, INSURANCE, INVOICE, SCHEMAS, UBL, needs_ubl

EXAMPLES = UBL / "examples"


def json_of(paper: Paper, **changes: Any) -> dict[str, Any]:
    return {**plain.to_json(paper), **changes}


@pytest.mark.parametrize("name", ALL)
def test_a_paper_reads_back_from_its_json(name: str) -> None:
    assert plain.paper(code_of(ALL[name]), plain.to_json(ALL[name])) == ALL[name]


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        (json_of(INVOICE, sellr={}), "unknown_member", "sellr"),
        (json_of(INVOICE, number=None), "missing", "number"),
        (json_of(INVOICE, number=7), "type", "number"),
        (json_of(INVOICE, number=" "), "empty", "number"),
        (json_of(INVOICE, number="a\x01"), "character", "number"),
        (json_of(INVOICE, lines=[]), "empty", "lines"),
        (json_of(INVOICE, lines={}), "type", "lines"),
        (json_of(INVOICE, currency="XXY"), "unknown_currency", "currency"),
        (json_of(INVOICE, incoterm="DAF"), "unknown_incoterm", "incoterm"),
        (json_of(INVOICE, issuedOn="2026-02-30"), "format", "issuedOn"),
        (json_of(INVOICE, total={"value": 5.0, "currency": "USD"}), "format", "total.value"),
        (json_of(INVOICE, total={"value": "1e9", "currency": "USD"}), "format", "total.value"),
        (json_of(INVOICE, total={"value": "5", "currency": "usd"}), "unknown_currency", "total.currency"),
        (
            json_of(INVOICE, seller={"name": "F", "address": {"country": "XX"}}),
            "unknown_country",
            "seller.address.country",
        ),
        (json_of(INVOICE, incotermPlace={"code": "DEZZ9"}), "unknown_place", "incotermPlace.code"),
        ([], "type", "data"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_an_invoice_that_breaks_a_rule_is_refused_with_its_place(data: Any, code: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        plain.paper("380", data)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_container_is_refused_by_its_check_digit() -> None:
    data = json_of(BILL, containers=[{"reference": "MCLU4200171"}])
    with pytest.raises(InvalidInput) as refused:
        plain.paper("705", data)
    assert (refused.value.code, refused.value.field) == ("check_digit", "containers.0.reference")


def test_a_sea_waybill_is_not_to_order() -> None:
    with pytest.raises(InvalidInput, match="names its consignee"):
        plain.paper("710", json_of(BILL, type="710"))


def test_a_type_without_typed_data_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        plain.paper("105", {})
    assert refused.value.code == "no_typed_data"


@needs_ubl
@pytest.mark.parametrize("name", IN_UBL)
def test_a_paper_reads_back_from_valid_ubl(name: str) -> None:
    written = ubl.write(IN_UBL[name])
    assert ubl.read(written, SCHEMAS) == IN_UBL[name]


@needs_ubl
@pytest.mark.parametrize(
    "sample", ["UBL-Invoice-2.1-Example.xml", "UBL-ForwardingInstructions-2.0-Example-International.xml"]
)
def test_a_published_sample_is_written_as_it_was_read_by_canonical_xml(sample: str) -> None:
    given = (EXAMPLES / sample).read_bytes()
    paper = ubl.read(given, SCHEMAS)
    again = plain.paper(code_of(paper), plain.to_json(paper))
    assert ubl.write(again) == canonical_xml(parse(given))


@needs_ubl
def test_the_published_samples_are_read_as_what_they_say() -> None:
    invoice = ubl.read((EXAMPLES / "UBL-Invoice-2.1-Example.xml").read_bytes(), SCHEMAS)
    assert isinstance(invoice, CommercialInvoice)
    assert (invoice.number, invoice.seller.name, str(invoice.total.value)) == (
        "TOSL108",
        "Salescompany ltd.",
        "729",
    )
    assert [str(line.amount.value) for line in invoice.lines][:2] == ["1273", "-3.96"]
    sample = EXAMPLES / "UBL-ForwardingInstructions-2.0-Example-International.xml"
    instruction = ubl.read(sample.read_bytes(), SCHEMAS)
    assert isinstance(instruction, ForwardingInstruction)
    assert instruction.forwarder is not None
    assert (instruction.forwarder.name, instruction.ucr) == ("One-Stop Forwarders", "CONS-0001")


@needs_ubl
def test_a_paper_may_not_say_otherwise_than_the_ubl_it_came_from() -> None:
    paper = ubl.read((EXAMPLES / "UBL-Invoice-2.1-Example.xml").read_bytes(), SCHEMAS)
    with pytest.raises(InvalidInput) as refused:
        ubl.write(replace(paper, number="TOSL109"))
    assert (refused.value.code, refused.value.field) == ("contradiction", "beyond")


@needs_ubl
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda xml: xml.replace(b"</cbc:ID>", b"</cbc:Identity>", 1), "xml_not_well_formed"),
        (lambda xml: xml.replace(b"2026-05-08", b"yesterday", 1), "ubl_schema"),
        (lambda xml: xml.replace(b">380<", b">380<!--", 1) + b"-->", "xml_not_well_formed"),
        (lambda xml: b'<!DOCTYPE a [<!ENTITY x "y">]>' + xml, "xml_doctype"),
        (lambda xml: xml.replace(b"Invoice-2", b"Invoice-3"), "ubl_kind"),
        (lambda xml: xml.replace(b'currencyID="USD"', b'currencyID="ZZZ"', 1), "unknown_currency"),
        (lambda xml: b"", "xml_not_well_formed"),
    ],
    ids=["tag", "date", "comment", "doctype", "namespace", "currency", "nothing"],
)
def test_ubl_that_breaks_a_rule_is_refused_by_name(change: Any, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ubl.read(change(ubl.write(INVOICE)), SCHEMAS)
    assert refused.value.code == code


def test_ubl_has_no_insurance_certificate() -> None:
    with pytest.raises(InvalidInput) as refused:
        ubl.write(INSURANCE)
    assert refused.value.code == "no_ubl"


@needs_ubl
def test_what_ubl_says_of_a_bill_is_where_others_look_for_it() -> None:
    root = etree.fromstring(ubl.write(BILL))
    prefixes = {name: space for name, space in BILL_OF_LADING.prefixes.items() if name}
    assert (
        root.findtext("cac:Shipment/cac:ShipmentStage/cac:LoadingPortLocation/cbc:ID", None, prefixes)
        == "TWKHH"
    )
    assert root.findtext("cbc:CarrierAssignedID", None, prefixes) == "MCL4417001"
