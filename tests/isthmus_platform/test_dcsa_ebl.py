"""Transport documents come as DCSA eBL 3.0 and go out as they came, held to the published schema."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ebl import DCSA, needs_dcsa, transport_document
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers import dcsa_ebl, plain, ubl
from isthmus_platform.papers.dcsa_ebl import Schema
from isthmus_platform.papers.kinds import TransportDocument
from isthmus_platform.papers.parts import Location, Measure
from isthmus_platform.papers.ubl import SchemasMissing
from papers_of_trade import INVOICE, SCHEMAS, needs_ubl

WAYBILL = {"transportDocumentTypeCode": "SWB", "isToOrder": False}


def read(**changes: Any) -> TransportDocument:
    paper = dcsa_ebl.read(transport_document(**changes), DCSA)
    assert isinstance(paper, TransportDocument)
    return paper


@needs_dcsa
@pytest.mark.parametrize("changes", [{}, WAYBILL], ids=["bill of lading", "sea waybill"])
def test_what_goes_out_is_what_came_in(changes: dict[str, Any]) -> None:
    document = transport_document(**changes)
    out = dcsa_ebl.write(dcsa_ebl.read(deepcopy(document), DCSA))
    assert out == document
    DCSA.check(out)


@needs_dcsa
def test_it_goes_through_the_signed_form_unchanged() -> None:
    paper = read()
    assert plain.paper("705", plain.to_json(paper)) == paper


@needs_dcsa
def test_its_members_are_those_of_any_transport_document() -> None:
    paper = read()
    assert (paper.type, paper.number, paper.to_order) == ("705", "MCLKHH2611042", True)
    assert (paper.shipped_on, paper.issued_on) == (date(2026, 5, 20), date(2026, 5, 21))
    assert (paper.vessel, paper.voyage, paper.freight) == ("Meridian Aurora", "021W", "PREPAID")
    assert (paper.loading, paper.discharge) == (Location("TWKHH", "Kaohsiung"), Location("DEHAM"))
    assert (paper.ucr, paper.booking_reference) == ("6TW24536806-1", "MCL4417001")
    assert paper.consignee is not None
    assert (paper.consignee.name, paper.consignee.identifier) == (
        "Kaohsiung Export Bank",
        "111100T8BM49ADCSAO64",
    )
    assert paper.shipper is not None
    assert paper.shipper.address is not None
    assert paper.shipper.address.street == "Jhongshan Road 12"
    (goods,) = paper.goods
    assert goods.gross_mass == Measure(Decimal("18450.5"), "KGM")
    assert (goods.hs_code, goods.packages, goods.package_type) == ("845710", 2, "CR")
    assert [(box.reference, box.size_type, box.seals) for box in paper.containers] == [
        ("MCLU4200170", "22G1", ("TW771",))
    ]


def changed(path: str, value: Any) -> dict[str, Any]:
    document = transport_document()
    *ways, last = path.split(".")
    inner: Any = document
    for way in ways:
        inner = inner[int(way) if way.isdigit() else way]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return document


@needs_dcsa
@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("termsAndConditions", None, "termsAndConditions"),
        ("transportDocumentTypeCode", "AWB", "transportDocumentTypeCode"),
        ("issueDate", "2026-02-30", "issueDate"),
        ("issueDate", "20260521", "issueDate"),
        ("consignmentItems", [], "consignmentItems"),
        ("consignmentItems.0.cargoItems.0.cargoGrossWeight.unit", "TNE", "consignmentItems.0.cargoItems.0"),
        ("transports.vesselVoyages.0.vesselName", 7, "transports.vesselVoyages.0.vesselName"),
        ("isToOrder", "yes", "isToOrder"),
    ],
)
def test_what_breaks_the_schema_is_refused_with_its_place(path: str, value: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as refused:
        dcsa_ebl.read(changed(path, value), DCSA)
    assert (refused.value.field, refused.value.code) == ("dcsa", "dcsa_schema")


@needs_dcsa
@pytest.mark.parametrize(
    ("path", "value", "field", "code"),
    [
        (
            "utilizedTransportEquipments.0.equipment.equipmentReference",
            "MCLU4200171",
            "utilizedTransportEquipments.0.reference",
            "check_digit",
        ),
        (
            "transports.portOfLoading.UNLocationCode",
            "TWQQQ",
            "transports.portOfLoading.code",
            "unknown_place",
        ),
        (
            "documentParties.shipper.address.countryCode",
            "XY",
            "documentParties.shipper.address.country",
            "unknown_country",
        ),
        ("transportDocumentTypeCode", "SWB", "toOrder", "waybill_to_order"),
    ],
)
def test_what_fits_the_schema_and_is_wrong_is_refused_too(
    path: str, value: str, field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        dcsa_ebl.read(changed(path, value), DCSA)
    assert (refused.value.field, refused.value.code) == (field, code)


@needs_dcsa
@pytest.mark.parametrize(
    "document", [None, [], "BOL", 7, {}], ids=["null", "list", "text", "number", "empty"]
)
def test_what_is_no_transport_document_is_refused(document: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        dcsa_ebl.read(document, DCSA)
    assert refused.value.code == "dcsa_schema"


@needs_dcsa
@pytest.mark.parametrize(
    "change", [{"number": "ANOTHER"}, {"beyond": "{"}, {"beyond": "{}"}], ids=["member", "broken", "empty"]
)
def test_members_and_what_it_came_as_say_the_same(change: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        dcsa_ebl.write(replace(read(), **change))  # type: ignore[arg-type]  # texts all
    assert refused.value.code == "contradiction"


def test_what_is_no_transport_document_has_no_such_form() -> None:
    with pytest.raises(InvalidInput) as refused:
        dcsa_ebl.write(INVOICE)
    assert refused.value.code == "no_dcsa"


@needs_dcsa
@needs_ubl
def test_it_goes_out_as_ubl_too_with_its_members() -> None:
    paper = read()
    again = ubl.read(ubl.write(paper), SCHEMAS)
    assert again == replace(paper, beyond=None)


def test_without_the_schema_nothing_is_read(tmp_path: Path) -> None:
    with pytest.raises(SchemasMissing):
        dcsa_ebl.read({}, Schema(tmp_path))
