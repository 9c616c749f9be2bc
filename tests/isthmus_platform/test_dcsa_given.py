"""A transport document that did not come as DCSA goes out as DCSA eBL 3.0, and nothing of it is guessed."""

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcsa_papers import DOCUMENTS
from ebl import DCSA, needs_dcsa, transport_document
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers import dcsa_ebl, plain, ubl
from isthmus_platform.papers.carriage import Carriage
from isthmus_platform.papers.dcsa_writing import DcsaLacks
from isthmus_platform.papers.kinds import TransportDocument
from isthmus_platform.papers.parts import Measure
from papers_of_trade import AGREED, BILL, CARRIAGE, GOODS, HAM, KHH, SCHEMAS, SPREAD, UCR, WAYBILL, needs_ubl


def waybill(paper: TransportDocument) -> TransportDocument:
    return replace(paper, type="710", to_order=False)


def received(paper: TransportDocument) -> TransportDocument:
    carriage = replace(paper.carriage or Carriage(), received_on=paper.shipped_on)
    return replace(paper, shipped_on=None, carriage=carriage)


def as_it_is(paper: TransportDocument) -> TransportDocument:
    return paper


@needs_dcsa
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS, st.sampled_from([as_it_is, waybill, received]))
def test_what_goes_out_is_valid_and_reads_back_as_the_same_paper(
    said: TransportDocument, turned: Callable[[TransportDocument], TransportDocument]
) -> None:
    paper = turned(said)
    out = dcsa_ebl.write(paper, DCSA)
    assert dcsa_ebl.read(out, DCSA) == paper
    assert out["isShippedOnBoardType"] is (paper.shipped_on is not None)


@needs_dcsa
@needs_ubl
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS, st.sampled_from([waybill, received]))
def test_what_came_as_ubl_goes_out_as_dcsa_with_all_that_ubl_says(
    said: TransportDocument, turned: Callable[[TransportDocument], TransportDocument]
) -> None:
    paper = ubl.read(ubl.write(turned(said)), SCHEMAS)
    assert isinstance(paper, TransportDocument)
    again = dcsa_ebl.read(dcsa_ebl.write(paper, DCSA), DCSA)
    to_order = False if paper.type == "710" else paper.to_order  # UBL's waybill does not say it of itself
    assert again == replace(paper, to_order=to_order)
    assert replace(turned(said), carriage=None, to_order=to_order) == replace(again, carriage=None)


@needs_dcsa
def test_a_bill_of_the_trade_goes_out_where_dcsa_looks_for_it() -> None:
    out = dcsa_ebl.write(AGREED, DCSA)
    assert dcsa_ebl.read(out, DCSA) == AGREED
    parties = out["documentParties"]
    assert (parties["endorsee"]["partyName"], "consignee" in parties) == ("Kaohsiung Export Bank", False)
    assert out["customsReferences"] == [{"type": "UCR", "countryCode": "TW", "values": [UCR]}]
    assert out["transports"]["placeOfDelivery"] == {"UNLocationCode": "DELBC", "locationName": "Lübeck"}
    assert (out["carrierCode"], out["invoicePayableAt"]) == ("MCLX", {"UNLocationCode": "DEHAM"})
    item, _ = out["consignmentItems"]
    assert item["descriptionOfGoods"] == ["Vertical machining centre", "VMC-850 & tools <set>"]
    assert item["cargoItems"][0]["cargoGrossWeight"] == {"value": 9225.25, "unit": "KGM"}


def test_all_that_dcsa_wants_and_is_not_said_is_told_at_once() -> None:
    with pytest.raises(DcsaLacks) as refused:
        dcsa_ebl.write(replace(BILL, voyage=None))
    assert (refused.value.code, refused.value.field) == ("dcsa_lacks", "carriage.electronic")
    assert set(refused.value.lacking) == {
        "carriage.electronic",
        "carriage.termsAndConditions",
        "carriage.receiptTypeAtOrigin",
        "carriage.deliveryTypeAtDestination",
        "carriage.cargoMovementTypeAtOrigin",
        "carriage.cargoMovementTypeAtDestination",
        "carriage.carrierCode",
        "carriage.carrierCodeListProvider",
        "carriage.plannedDepartureOn",
        "carriage.plannedArrivalOn",
        "carriage.freightPayableAt",
        "carriage.contacts",
        "voyage",
        "carrier.address",
        "shipper.codeListProvider",
        "consignee.identifier",
        "consignee.address.street",
        "notify.address.street",
        "goods.0.loads",
        "goods.0.packageDescription",
        "containers.0.shipperOwned",
        "containers.1.shipperOwned",
        "containers.1.seals",
    }
    assert all(name in refused.value.message for name in refused.value.lacking)


UNWANTED = [
    "ucr freight shipper.address shipper.identifier carriage.place_of_receipt carriage.place_of_delivery",
    "carriage.service_contract carriage.carrier_clauses goods.0.net_mass goods.0.volume",
    "goods.0.package_type containers.0.size_type carrier.address.country",
]
WANTED = [
    "issued_on shipper carrier consignee.identifier consignee.code_list_provider notify to_order shipped_on",
    "booking_reference vessel voyage loading discharge goods containers",
    "carriage.terms_and_conditions carriage.carrier_code carriage.carrier_code_list_provider",
    "carriage.electronic carriage.receipt_type_at_origin carriage.delivery_type_at_destination",
    "carriage.cargo_movement_type_at_origin carriage.cargo_movement_type_at_destination",
    "carriage.planned_departure_on carriage.planned_arrival_on carriage.freight_payable_at carriage.contacts",
    "goods.0.gross_mass goods.0.hs_code goods.0.containers goods.0.packages goods.0.package_description",
    "containers.0.seals containers.0.shipper_owned",
    "carrier.address carrier.address.street carrier.address.city",
]


def without(value: Any, path: str) -> Any:
    """Return ``value`` without the member at ``path``."""
    first, _, rest = path.partition(".")
    if first.isdigit():
        index = int(first)
        return (*value[:index], without(value[index], rest), *value[index + 1 :])
    inner = getattr(value, first)
    empty: Any = () if isinstance(inner, tuple) else None
    return replace(value, **{first: without(inner, rest) if rest else empty})


@pytest.mark.parametrize("path", " ".join(WANTED).split())
def test_what_dcsa_requires_is_missed_by_its_name(path: str) -> None:
    with pytest.raises(DcsaLacks) as refused:
        dcsa_ebl.write(without(AGREED, path))
    assert refused.value.lacking == (".".join(map(plain.spelt, path.split("."))),)


@needs_dcsa
@pytest.mark.parametrize("path", " ".join(UNWANTED).split())
def test_what_dcsa_does_not_require_may_be_left_out(path: str) -> None:
    paper = without(AGREED, path)
    if path == "shipper.identifier":
        paper = without(paper, "shipper.code_list_provider")
    assert dcsa_ebl.read(dcsa_ebl.write(paper, DCSA), DCSA) == paper


@needs_dcsa
def test_a_bill_to_order_without_a_name_is_endorsed_in_blank() -> None:
    paper = replace(AGREED, consignee=None)
    out = dcsa_ebl.write(paper, DCSA)
    assert not {"consignee", "endorsee"} & out["documentParties"].keys()
    assert dcsa_ebl.read(out, DCSA) == paper
    with pytest.raises(DcsaLacks, match="consignee"):
        dcsa_ebl.write(replace(paper, to_order=False))


@needs_dcsa
def test_tonnes_and_litres_go_out_in_units_that_dcsa_has() -> None:
    goods = replace(
        AGREED.goods[0], gross_mass=Measure(Decimal("18.4505"), "TNE"), volume=Measure(Decimal(750), "LTR")
    )
    (item,) = dcsa_ebl.write(replace(AGREED, goods=(goods,)), DCSA)["consignmentItems"]
    assert item["cargoItems"][0]["cargoGrossWeight"] == {"value": 18450.5, "unit": "KGM"}
    assert item["cargoItems"][0]["cargoGrossVolume"] == {"value": 0.75, "unit": "MTQ"}


@pytest.mark.parametrize(
    ("mass", "field", "code"),
    [
        (Measure(Decimal(2), "C62"), "goods.0.grossMass.unit", "unknown_code"),
        (Measure(Decimal("999999999999.123456789"), "KGM"), "goods.0.grossMass.value", "out_of_range"),
    ],
    ids=["unit", "digits"],
)
def test_a_mass_that_dcsa_cannot_say_is_refused(mass: Measure, field: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        dcsa_ebl.write(replace(AGREED, goods=(replace(AGREED.goods[0], gross_mass=mass),)))
    assert (refused.value.field, refused.value.code) == (field, code)


@needs_dcsa
@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"number": "N" * 21}, "transportDocumentReference"),
        ({"vessel": "V" * 51}, "transports.vesselVoyages.0.vesselName"),
    ],
    ids=["number", "vessel"],
)
def test_what_is_longer_than_dcsa_takes_does_not_leave(change: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(place)) as refused:
        dcsa_ebl.write(replace(AGREED, **change), DCSA)
    assert refused.value.code == "dcsa_schema"


@needs_dcsa
def test_a_long_description_is_wrapped_and_loses_no_word() -> None:
    goods = replace(AGREED.goods[0], description=f"{GOODS[0].description}\n\nwith {'x' * 80}")
    out = dcsa_ebl.write(replace(AGREED, goods=(goods,)), DCSA)
    lines = out["consignmentItems"][0]["descriptionOfGoods"]
    assert max(map(len, lines)) <= 35
    assert "".join("".join(lines).split()) == "".join(goods.description.split())


@needs_dcsa
def test_less_than_a_kilogram_weighs_something_and_nothing_does_not() -> None:
    document = transport_document()
    weight = document["consignmentItems"][0]["cargoItems"][0]["cargoGrossWeight"]
    weight["value"] = 0.4
    DCSA.check(document)
    weight["value"] = 0
    with pytest.raises(InvalidInput, match="cargoGrossWeight"):
        DCSA.check(document)


@needs_dcsa
def test_only_what_says_more_than_the_members_is_kept_whole() -> None:
    out = dcsa_ebl.write(AGREED, DCSA)
    assert dcsa_ebl.read(out, DCSA).beyond is None
    more = {**out, "transportDocumentStatus": "DRAFT"}
    kept = dcsa_ebl.read(more, DCSA)
    assert dcsa_ebl.is_kept(kept)
    assert dcsa_ebl.write(kept, DCSA) == more


@needs_dcsa
@pytest.mark.parametrize(
    "more",
    [
        {"carrierClauses": ["x" * 20_000] * 3},
        {"termsAndConditions": ""},
        {"cargoMovementTypeAtOrigin": "BB"},
        {"receivedForShipmentDate": "2026-05-18"},
    ],
    ids=["clauses", "no terms", "movement", "received"],
)
def test_what_dcsa_takes_and_a_paper_does_not_is_kept_and_goes_out_as_it_came(more: dict[str, Any]) -> None:
    document = {**dcsa_ebl.write(AGREED, DCSA), **more}
    assert dcsa_ebl.write(dcsa_ebl.read(document, DCSA), DCSA) == document


@needs_dcsa
def test_goods_in_two_containers_go_out_as_what_each_carries_and_read_back_as_one_kind() -> None:
    paper = replace(AGREED, goods=(SPREAD,))
    (item,) = dcsa_ebl.write(paper)["consignmentItems"]
    assert [
        (each["equipmentReference"], each["cargoGrossWeight"]["value"], each["outerPackaging"])
        for each in item["cargoItems"]
    ] == [
        (box, 9225.25, {"packageCode": "CR", "numberOfPackages": 1, "description": "Crates"}) for box in BOTH
    ]
    assert dcsa_ebl.read(dcsa_ebl.write(paper, DCSA), DCSA) == paper


BOTH = ("MCLU4200170", "MCLU4200185")


@needs_dcsa
@pytest.mark.parametrize(
    "other",
    [
        {"outerPackaging": {"numberOfPackages": 1, "description": "Pallets"}},
        {"equipmentReference": "MCLU4200170"},
        {"cargoGrossWeight": {"value": 7, "unit": "LBR"}},
        {"cargoNetWeight": {"value": 7, "unit": "KGM"}},
    ],
    ids=["package", "same container", "unit", "net weight of one"],
)
def test_cargo_items_that_are_unlike_each_other_stay_apart_and_go_out_as_they_came(
    other: dict[str, Any],
) -> None:
    document = transport_document()
    cargoes = document["consignmentItems"][0]["cargoItems"]
    cargoes.append({**cargoes[0], "equipmentReference": "MCLU4200185", **other})
    paper = dcsa_ebl.read(document, DCSA)
    assert isinstance(paper, TransportDocument)
    assert [(each.number, each.loads) for each in paper.goods] == [("1", ()), ("2", ())]
    assert dcsa_ebl.write(paper, DCSA) == document


@needs_dcsa
def test_a_paper_issued_when_each_cargo_item_was_a_kind_of_goods_goes_out_as_it_came() -> None:
    document = transport_document()
    (first,) = document["consignmentItems"][0]["cargoItems"]
    document["consignmentItems"][0]["cargoItems"] = [{**first, "equipmentReference": box} for box in BOTH]
    now = dcsa_ebl.read(document, DCSA)
    assert isinstance(now, TransportDocument)
    assert [(each.packages, len(each.loads)) for each in now.goods] == [(4, 2)]
    apart = tuple(
        replace(
            now.goods[0],
            number=str(number),
            gross_mass=load.gross_mass,
            volume=load.volume,
            packages=2,
            containers=(load.container,),
            loads=(),
        )
        for number, load in enumerate(now.goods[0].loads, 1)
    )
    before = replace(now, goods=apart, beyond=plain_json(document))
    assert dcsa_ebl.write(before, DCSA) == document
    with pytest.raises(InvalidInput):
        dcsa_ebl.write(replace(before, goods=apart[:1]))


def as_before(value: Any) -> Any:
    """Return a paper as it was issued before the terms of carriage were read of it."""
    if isinstance(value, tuple):
        return tuple(map(as_before, value))
    if not is_dataclass(value) or isinstance(value, type):
        return value
    old = {
        each.name: None if each.name in plain.LATER else as_before(getattr(value, each.name))
        for each in fields(value)
    }
    return replace(value, **old)


@needs_dcsa
def test_a_paper_issued_before_the_carriage_was_read_goes_out_as_it_came() -> None:
    document = transport_document(
        invoicePayableAt={"UNLocationCode": "TWQQQ"}  # no such place; nobody looked at it then
    )
    fine = dcsa_ebl.read(transport_document(), DCSA)
    old = replace(as_before(fine), beyond=plain_json(document))
    assert dcsa_ebl.write(old, DCSA) == document
    with pytest.raises(InvalidInput):
        dcsa_ebl.write(replace(old, carriage=CARRIAGE))


@needs_ubl
def test_a_paper_issued_before_the_carriage_was_read_goes_out_as_the_ubl_it_came_as() -> None:
    whole = ubl.write(AGREED)
    old = replace(as_before(AGREED), beyond=whole.decode())
    assert ubl.write(old) == whole
    with pytest.raises(InvalidInput) as refused:
        ubl.write(replace(old, carriage=replace(CARRIAGE, carrier_code="XXX")))
    assert refused.value.code == "contradiction"


def plain_json(document: dict[str, Any]) -> str:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()


@needs_ubl
def test_ubl_says_where_goods_are_taken_over_and_a_waybill_where_it_was_issued() -> None:
    paper = replace(
        WAYBILL,
        carriage=Carriage(
            cargo_movement_type_at_origin="LCL",
            place_of_issue=KHH,
            place_of_receipt=HAM,
            received_on=date(2026, 5, 19),
        ),
    )
    assert ubl.read(ubl.write(paper), SCHEMAS) == paper


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ({"receiptTypeAtOrigin": "RAMP"}, "unknown_code", "carriage.receiptTypeAtOrigin"),
        ({"cargoMovementTypeAtOrigin": "FTL"}, "unknown_code", "carriage.cargoMovementTypeAtOrigin"),
        ({"carrierCodeListProvider": "BIC"}, "unknown_code", "carriage.carrierCodeListProvider"),
        ({"carrierClauses": ["x" * 20_000] * 3}, "too_long", "carriage.carrierClauses"),
        ({"carrierCode": "MERIDIAN"}, "too_long", "carriage.carrierCode"),
        ({"placeOfReceipt": {"code": "TWQQQ"}}, "unknown_place", "carriage.placeOfReceipt.code"),
        ({"contacts": [{"phone": "1"}]}, "missing", "carriage.contacts.0.name"),
        ({"contacts": [{"name": "D", "email": "docs"}]}, "format", "carriage.contacts.0.email"),
        ({"contacts": [{"name": "D"}] * 100}, "too_many", "carriage.contacts"),
        ({"numberOfOriginalsWithCharges": -1}, "out_of_range", "carriage.numberOfOriginalsWithCharges"),
        ({"electronic": "yes"}, "type", "carriage.electronic"),
        ({"terms": "x"}, "unknown_member", "carriage.terms"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_terms_that_break_a_rule_are_refused_with_their_place(
    data: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        plain.paper("705", {"number": "1", "carriage": data})
    assert (refused.value.code, refused.value.field) == (code, field)
