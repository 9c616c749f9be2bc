"""What a booking asks for holds DCSA's rules and what was quoted; each fault is told by field."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from booking_trade import BookingTrade, open_booking_trade
from isthmus_platform.database import Platform
from isthmus_platform.errors import InvalidInput
from isthmus_platform.logistics import bookings
from isthmus_platform.logistics.booking_machine import BookingAction
from isthmus_platform.logistics.booking_terms import (
    BookingTerms,
    CargoMovement,
    Commodity,
    DangerousGoods,
    ReeferSettings,
    RequestedEquipment,
    ServiceType,
    TemperatureUnit,
    WeightUnit,
    check,
)
from isthmus_platform.logistics.booking_terms_json import from_json, to_json
from isthmus_platform.logistics.quoting import PaymentTerm

TODAY = date(2026, 6, 1)
ACID = DangerousGoods("1830", "Sulphuric acid", "8", packing_group=2, marine_pollutant=True)
CARGO = Commodity("Machine tools", Decimal("18450.5"), WeightUnit.KGM, ("845710", "8458119090"))
DANGEROUS = replace(CARGO, packages=18, dangerous_goods=(ACID,))
DRY = RequestedEquipment("22G1", 2, (CARGO, DANGEROUS))
COLD = ReeferSettings(Decimal("-18.5"), TemperatureUnit.CEL, humidity=Decimal(60), pre_cooling=True)
FROZEN = RequestedEquipment("22R1", 2, (CARGO,), reefer=COLD)
OWNED = replace(DRY, shipper_owned=True, tare_weight=Decimal(2200), tare_unit=WeightUnit.KGM)
TERMS = BookingTerms(
    receipt_type=ServiceType.SD,
    delivery_type=ServiceType.CY,
    movement_at_origin=CargoMovement.FCL,
    movement_at_destination=CargoMovement.LCL,
    equipment=(DRY,),
    freight_payment_term=PaymentTerm.PRE,
    incoterm="FCA",
    service_contract="HHL51800000",
    expected_departure=TODAY,
    export_declaration_required=True,
)


def of(**changes: Any) -> BookingTerms:
    """Return the terms with changes to their one equipment."""
    return replace(TERMS, equipment=(replace(DRY, **changes),))


def cargo(**changes: Any) -> BookingTerms:
    return of(commodities=(replace(DANGEROUS, **changes),))


def goods(**changes: Any) -> BookingTerms:
    return cargo(dangerous_goods=(replace(ACID, **changes),))


def reefer(**changes: Any) -> BookingTerms:
    return replace(TERMS, equipment=(replace(FROZEN, reefer=replace(COLD, **changes)),))


@pytest.mark.parametrize(
    ("terms", "quoted"),
    [
        (TERMS, "22G1"),
        (replace(TERMS, equipment=(FROZEN,)), "22R1"),
        (replace(TERMS, equipment=(OWNED,)), "22G1"),
        (replace(TERMS, equipment=(replace(FROZEN, reefer=None, non_operating_reefer=True),)), "22R1"),
        (replace(TERMS, equipment=2 * (replace(DRY, units=1),)), "22G1"),
        (replace(TERMS, freight_payment_term=None, incoterm=None, expected_departure=None), "22G1"),
    ],
    ids=["dry", "frozen", "owned", "no operation", "two", "least"],
)
def test_what_holds_is_kept_as_it_was_given(terms: BookingTerms, quoted: str) -> None:
    check(terms, quoted, 2, TODAY)
    assert from_json(to_json(terms)) == terms


@pytest.mark.parametrize(
    ("terms", "field", "code"),
    [
        (replace(TERMS, incoterm="DAT"), "incoterm", "unknown_incoterm"),
        (replace(TERMS, service_contract="x" * 31), "serviceContract", "length"),
        (replace(TERMS, service_contract=" HHL1"), "serviceContract", "format"),
        (
            replace(TERMS, expected_departure=TODAY - timedelta(days=1)),
            "expectedDeparture",
            "not_in_future",
        ),
        (replace(TERMS, equipment=()), "equipment", "count"),
        (of(units=3), "equipment", "other_units"),
        (of(units=0), "equipment.0.units", "range"),
        (of(iso_code="42G1"), "equipment.0.isoCode", "other_equipment"),
        (of(iso_code="22g1"), "equipment.0.isoCode", "format"),
        (of(shipper_owned=True), "equipment.0.tareWeight", "tare"),
        (of(tare_weight=Decimal(1)), "equipment.0.tareWeight", "tare"),
        (of(non_operating_reefer=True), "equipment.0.nonOperatingReefer", "no_reefer"),
        (of(reefer=COLD), "equipment.0.reefer", "reefer"),
        (replace(TERMS, equipment=(replace(FROZEN, reefer=None),)), "equipment.0.reefer", "reefer"),
        (reefer(temperature=Decimal("-70.1")), "equipment.0.reefer.temperature", "range"),
        (reefer(temperature=Decimal("NaN")), "equipment.0.reefer.temperature", "range"),
        (reefer(temperature=Decimal("-18.55")), "equipment.0.reefer.temperature", "too_exact"),
        (reefer(co2=Decimal(101)), "equipment.0.reefer.co2", "range"),
        (of(commodities=()), "equipment.0.commodities", "count"),
        (cargo(commodity_type=""), "equipment.0.commodities.0.commodityType", "length"),
        (cargo(gross_weight=Decimal(0)), "equipment.0.commodities.0.grossWeight", "range"),
        (cargo(gross_weight=Decimal(-1)), "equipment.0.commodities.0.grossWeight", "range"),
        (cargo(gross_weight=Decimal("Infinity")), "equipment.0.commodities.0.grossWeight", "range"),
        (cargo(gross_weight=Decimal("1.0001")), "equipment.0.commodities.0.grossWeight", "too_exact"),
        (cargo(hs_codes=("84571",)), "equipment.0.commodities.0.hsCodes.0", "format"),
        (cargo(packages=None), "equipment.0.commodities.0.packages", "required"),
        (cargo(packages=0), "equipment.0.commodities.0.packages", "range"),
        (cargo(dangerous_goods=51 * (ACID,)), "equipment.0.commodities.0.dangerousGoods", "count"),
        (goods(un_number="183"), "equipment.0.commodities.0.dangerousGoods.0.unNumber", "format"),
        (goods(imo_class="10"), "equipment.0.commodities.0.dangerousGoods.0.imoClass", "format"),
        (goods(subsidiary_risk="0"), "equipment.0.commodities.0.dangerousGoods.0.subsidiaryRisk", "format"),
        (goods(packing_group=4), "equipment.0.commodities.0.dangerousGoods.0.packingGroup", "range"),
    ],
    ids=lambda value: value if isinstance(value, str) else "refused",
)
def test_what_breaks_a_rule_is_refused_by_field(terms: BookingTerms, field: str, code: str) -> None:
    quoted = "22R1" if any(each.iso_code == "22R1" for each in terms.equipment) else "22G1"
    with pytest.raises(InvalidInput) as refused:
        check(terms, quoted, 2, TODAY)
    assert (refused.value.field, refused.value.code) == (f"terms.{field}", code)


def test_the_terms_are_kept_under_dcsas_names() -> None:
    said = to_json(replace(TERMS, equipment=(DRY, FROZEN)))
    required = {"receiptTypeAtOrigin", "deliveryTypeAtDestination", "cargoMovementTypeAtOrigin"}
    assert required | {"requestedEquipments", "isExportDeclarationRequired"} <= said.keys()
    dry, frozen = said["requestedEquipments"]
    assert dry["commodities"][1] == {
        "commodityType": "Machine tools",
        "HSCodes": ["845710", "8458119090"],
        "cargoGrossWeight": "18450.5",
        "cargoGrossWeightUnit": "KGM",
        "outerPackaging": {
            "numberOfPackages": 18,
            "dangerousGoods": [
                {
                    "unNumber": "1830",
                    "properShippingName": "Sulphuric acid",
                    "imoClass": "8",
                    "packingGroup": 2,
                    "isMarinePollutant": True,
                    "isLimitedQuantity": False,
                }
            ],
        },
    }
    assert frozen["activeReeferSettings"] == {
        "temperatureSetpoint": "-18.5",
        "temperatureUnit": "CEL",
        "humiditySetpoint": "60",
        "isPreCoolingRequired": True,
    }


@pytest.fixture
def trade(platform: Platform) -> BookingTrade:
    return open_booking_trade(platform)


def test_an_update_brings_other_terms_and_no_other_move_does(trade: BookingTrade) -> None:
    quote = trade.accepted()
    before = trade.rows()
    wrong = replace(TERMS, equipment=(replace(DRY, units=5),))
    with pytest.raises(InvalidInput), trade.platform.begin(trade["trader"]) as work:
        bookings.book(work, quote, wrong)
    assert trade.rows() == before
    with trade.platform.begin(trade["trader"]) as work:
        booking = bookings.book(work, quote, TERMS).id
    other = replace(TERMS, receipt_type=ServiceType.CFS, equipment=(OWNED,))
    for action, terms, field in (("CANCEL", other, "terms"), ("UPDATE", wrong, "terms.equipment")):
        with pytest.raises(InvalidInput) as refused, trade.platform.begin(trade["trader"]) as work:
            bookings.act(work, booking, BookingAction(action), reason="Weather", terms=terms)
        assert refused.value.field == field
    assert kept(trade, booking) == TERMS
    trade.act("trader", booking, "UPDATE", terms=other)
    assert kept(trade, booking, "carrier") == other
    trade.act("carrier", booking, "REQUEST_UPDATE")
    trade.act("trader", booking, "UPDATE")
    assert kept(trade, booking) == other, "an update without terms leaves them"


def kept(trade: BookingTrade, booking: Any, by: str = "trader") -> BookingTerms | None:
    with trade.platform.begin(trade[by]) as work:
        return bookings.terms_of(bookings.get(work, booking))
