"""A shipping instruction comes and goes as DCSA eBL 3.0 has it; what breaks a rule is told by its place."""

import json
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum import iso6346

from dcsa_papers import CODED, CONTACTS, KNOWN, PACKED, maybe, measures, texts
from ebl import DCSA, EBL, needs_dcsa
from isthmus_platform.errors import Conflict, InvalidInput
from isthmus_platform.papers import dcsa_ebl, plain
from isthmus_platform.papers.dcsa_ebl import INSTRUCTION, NEW_INSTRUCTION
from isthmus_platform.papers.dcsa_writing import DcsaLacks
from isthmus_platform.papers.kinds import kind_of
from isthmus_platform.papers.parts import Container, Load, Location, Measure, TradeParty
from isthmus_platform.papers.shipping_instruction import ShippingInstruction
from papers_of_trade import AGREED, SHIPPING, SPREAD

BOXES = ("MCLU4200170", "MCLU4200185")
SAMPLES = ("ebl-api-3.0.0-request.json", "ebl-api-3.0.0-negotiable-bl.json")
KILOGRAM = Measure(Decimal(1), "KGM")


def instruction(**changes: Any) -> dict[str, Any]:
    """Return the instruction of the trade as a shipper sends it, with ``changes``."""
    return deepcopy(dcsa_ebl.write(SHIPPING)) | changes


def spread(loads: list[Load]) -> Any:
    """Return goods of one kind in the containers of ``loads``."""
    return replace(
        SPREAD,
        gross_mass=Measure(sum((each.gross_mass.value for each in loads), Decimal(0)), "KGM"),
        net_mass=None,
        volume=None,
        packages=sum(each.packages or 0 for each in loads),
        containers=tuple(each.container for each in loads),
        loads=tuple(loads),
    )


LOADS = st.tuples(
    *(st.builds(Load, st.just(box), measures("KGM"), packages=st.integers(1, 99)) for box in BOXES)
)
OWN = st.builds(
    Container, st.just(BOXES[0]), st.just("22G1"), st.just(("S1",)), st.just(True), measures("KGM")
)
CARRIERS = st.builds(Container, st.just(BOXES[0]), st.none(), st.just(("S1",)), st.just(False))
INSTRUCTIONS = st.builds(
    replace,
    st.just(SHIPPING),
    number=texts(35),
    shipper=KNOWN,
    consignee=KNOWN,
    notify=KNOWN,
    to_order=st.booleans(),
    ucr=maybe(texts(35)),
    booking_reference=texts(35),
    transport_document=maybe(texts(20)),
    shipped_on_board=st.booleans(),
    freight=st.sampled_from(["PREPAID", "COLLECT"]),
    freight_payable_at=maybe(st.just(Location("DEHAM"))),
    place_of_issue=maybe(CODED),
    entry_zone=st.booleans(),
    requested_clauses=st.lists(texts(99), max_size=2).map(tuple),
    contacts=st.lists(CONTACTS, min_size=1, max_size=2).map(tuple),
    goods=st.tuples(
        LOADS.map(list).map(spread), PACKED.map(lambda goods: replace(goods, number="2", net_mass=None))
    ),
    containers=st.tuples(OWN | CARRIERS, st.just(SHIPPING.containers[1])),
)


@needs_dcsa
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(INSTRUCTIONS)
def test_what_goes_out_holds_the_published_schema_and_reads_back_as_the_same(
    paper: ShippingInstruction,
) -> None:
    out = dcsa_ebl.write(paper, DCSA)
    DCSA.check(out, NEW_INSTRUCTION)
    assert dcsa_ebl.read(out, DCSA, "340") == paper
    assert plain.paper("340", plain.to_json(paper)) == paper


@needs_dcsa
def test_what_is_said_stands_where_a_carrier_looks_for_it() -> None:
    out = dcsa_ebl.write(SHIPPING, DCSA)
    assert (out["transportDocumentTypeCode"], out["isToOrder"], out["isElectronic"]) == ("BOL", True, True)
    assert out["references"] == [{"type": "CR", "value": "SI-0417"}]
    assert out["documentParties"]["endorsee"]["partyName"] == "Kaohsiung Export Bank"
    (item,) = out["consignmentItems"]
    assert item["carrierBookingReference"] == "MCL4417001"
    assert [(each["equipmentReference"], each["cargoGrossWeight"]) for each in item["cargoItems"]] == [
        (box, {"value": 9225.25, "unit": "KGM"}) for box in BOXES
    ]
    carriers, own = out["utilizedTransportEquipments"]
    assert carriers == {
        "isShipperOwned": False,
        "equipmentReference": BOXES[0],
        "seals": [{"number": "TW771"}],
    }
    assert own["equipment"] == {
        "equipmentReference": BOXES[1],
        "ISOEquipmentCode": "22G1",
        "tareWeight": {"value": 2200, "unit": "KGM"},
    }
    assert "shippingInstructionsStatus" not in out, "how it stands is the carrier's to say"


@needs_dcsa
@pytest.mark.parametrize("sample", SAMPLES)
def test_a_published_sample_goes_out_as_it_came(sample: str) -> None:
    text = (EBL / sample).read_text()
    for box in ("MSCU998877", "MAEU654321"):
        text = text.replace(box + ("6" if box[0:2] == "MS" else "0"), box + iso6346.calc_check_digit(box))
    document = json.loads(text)
    paper = dcsa_ebl.read(document, DCSA, "340")
    assert isinstance(paper, ShippingInstruction)
    assert paper.number == paper.booking_reference == "{CBR}", "it has no number of its own"
    assert plain.paper("340", plain.to_json(paper)) == paper
    assert dcsa_ebl.write(paper, DCSA) == document


@needs_dcsa
def test_what_a_carrier_gives_back_keeps_how_it_stands() -> None:
    answered = instruction(
        shippingInstructionsReference="e0559d83-00e2-438e-afd9-fdd610c1a008",
        shippingInstructionsStatus="RECEIVED",
        feedbacks=[{"severity": "INFO", "code": "INFORMATIONAL_MESSAGE", "message": "Seen"}],
    )
    paper = dcsa_ebl.read(answered, DCSA, "340")
    assert dcsa_ebl.write(paper, DCSA) == answered
    DCSA.check(answered, INSTRUCTION)
    with pytest.raises(InvalidInput, match="shippingInstructionsStatus"):
        DCSA.check(instruction(), INSTRUCTION)
    with pytest.raises(InvalidInput) as refused:
        dcsa_ebl.write(replace(paper, number="ANOTHER"))
    assert refused.value.code == "contradiction"


@needs_dcsa
@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"consignmentItems": []}, "consignmentItems"),
        ({"isCargoDeliveredInICS2Zone": None}, "isCargoDeliveredInICS2Zone"),
        ({"transportDocumentTypeCode": "AWB"}, "transportDocumentTypeCode"),
        ({"shippingInstructionsStatus": 7}, "shippingInstructionsStatus"),
        (
            {"utilizedTransportEquipments": [{"isShipperOwned": True, "seals": []}]},
            "utilizedTransportEquipments",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_breaks_the_published_schema_is_refused_with_its_place(
    change: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidInput, match=place) as refused:
        dcsa_ebl.read(instruction(**change), DCSA, "340")
    assert refused.value.code == "dcsa_schema"


@needs_dcsa
def test_an_instruction_is_no_transport_document_and_none_is_one() -> None:
    with pytest.raises(InvalidInput) as refused:
        dcsa_ebl.read(instruction(), DCSA)
    assert refused.value.code == "dcsa_schema"
    with pytest.raises(InvalidInput) as refused:
        dcsa_ebl.read(dcsa_ebl.write(AGREED, DCSA), DCSA, "340")
    assert refused.value.code == "dcsa_schema"


def test_a_revoked_instruction_does_not_go_to_a_carrier_as_if_it_stood() -> None:
    with pytest.raises(Conflict) as refused:
        dcsa_ebl.write(SHIPPING, status=dcsa_ebl.VOIDED)
    assert refused.value.code == "instruction_revoked"


def data(**changes: Any) -> dict[str, Any]:
    return {**plain.to_json(SHIPPING), **changes}


def goods(**changes: Any) -> dict[str, Any]:
    return data(goods=[{**plain.to_json(SPREAD), **changes}])


def loads(**changes: Any) -> dict[str, Any]:
    first, second = plain.to_json(SPREAD)["loads"]
    return goods(loads=[first, {**second, **changes}])


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        (data(number=" "), "empty", "number"),
        (data(bookingReference="B" * 36), "too_long", "bookingReference"),
        (data(freight="FREE"), "unknown_code", "freight"),
        (data(transportDocumentType="740"), "unknown_code", "transportDocumentType"),
        (data(transportDocumentType="710"), "waybill_to_order", "toOrder"),
        (
            data(transportDocumentType="710", toOrder=False),
            "waybill_originals",
            "numberOfOriginalsWithCharges",
        ),
        (
            data(numberOfOriginalsWithoutCharges=1),
            "electronic_originals",
            "numberOfOriginalsWithCharges",
        ),
        (data(numberOfCopiesWithoutCharges=3), "electronic_copies", "numberOfCopiesWithoutCharges"),
        (data(carrierCodeListProvider="BIC"), "unknown_code", "carrierCodeListProvider"),
        (data(requestedClauses=["x" * 101]), "too_long", "requestedClauses.0"),
        (data(contacts=[{"name": "D"}] * 100), "too_many", "contacts"),
        (data(containers=[{"reference": "MCLU4200171"}]), "check_digit", "containers.0.reference"),
        (data(containers=[{"reference": BOXES[0]}] * 2), "twice", "containers.1.reference"),
        (data(containers=[{"reference": BOXES[0]}]), "unknown_container", "goods.0.containers.1"),
        (goods(netMass={"value": "18450.6", "unit": "KGM"}, loads=[]), "net_above_gross", "goods.0.netMass"),
        (goods(grossMass={"value": "0", "unit": "KGM"}, loads=[]), "out_of_range", "goods.0.grossMass"),
        (goods(grossMass={"value": "18450.4", "unit": "KGM"}), "contradiction", "goods.0.grossMass"),
        (goods(packages=3), "contradiction", "goods.0.packages"),
        (goods(containers=list(BOXES[:1])), "contradiction", "goods.0.containers"),
        (loads(container=BOXES[0]), "contradiction", "goods.0.containers"),
        (loads(grossMass=None), "missing", "goods.0.loads.1.grossMass"),
        (loads(netMass={"value": "8600.001", "unit": "KGM"}), "contradiction", "goods.0.netMass"),
        (data(shippedOnBoard="yes"), "type", "shippedOnBoard"),
        (data(vessel="Aurora"), "unknown_member", "vessel"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_what_breaks_a_rule_is_refused_by_field_and_rule(said: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        plain.paper("340", said)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_container_of_which_two_loads_tell_is_refused() -> None:
    load = Load(BOXES[0], KILOGRAM)
    with pytest.raises(InvalidInput) as refused:
        spread([load, load])
    assert (refused.value.code, refused.value.field) == ("twice", "loads")


def test_all_that_a_carrier_wants_and_is_not_said_is_told_at_once() -> None:
    bare = ShippingInstruction(number="SI-1", to_order=False, consignee=TradeParty("Hansa GmbH"))
    with pytest.raises(DcsaLacks) as refused:
        dcsa_ebl.write(bare)
    assert set(refused.value.lacking) == {
        "transportDocumentType",
        "shippedOnBoard",
        "freight",
        "electronic",
        "contacts",
        "consignee.address",
        "shipper",
        "entryZone",
        "bookingReference",
        "goods",
        "containers",
    }
    own = replace(
        SHIPPING, goods=(replace(SPREAD, loads=()),), containers=tuple(map(bared, SHIPPING.containers))
    )
    with pytest.raises(DcsaLacks) as refused:
        dcsa_ebl.write(own)
    assert refused.value.lacking == (
        "goods.0.loads",
        "containers.0.tareMass",
        "containers.0.sizeType",
        "containers.1.tareMass",
        "containers.1.sizeType",
    )


def bared(container: Container) -> Container:
    return replace(container, shipper_owned=True, size_type=None, tare_mass=None)


def test_an_instruction_is_the_typed_form_of_type_340() -> None:
    assert kind_of("340") is ShippingInstruction
