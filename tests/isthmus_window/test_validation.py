"""A bad declaration is rejected with a code and the place of each fault."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_window import risk, tariff
from isthmus_window.risk import Channel
from isthmus_window.validation import faults
from window_counterpart import declaration, goods_item


def found(body: dict[str, Any]) -> set[tuple[str, str]]:
    return {(fault.code, fault.field) for fault in faults(body)}


def party(**changes: Any) -> dict[str, Any]:
    return {"name": "Someone", "country": "TW"} | changes


def transport(**changes: Any) -> dict[str, Any]:
    return {"loadingPlace": "TWKHH", "dischargePlace": "DEHAM"} | changes


def test_a_declaration_of_machine_tools_has_no_fault() -> None:
    assert faults(declaration()) == []


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"ucr": None}, "UCR_MISSING", "/ucr"),
        ({"ucr": "  "}, "UCR_MISSING", "/ucr"),
        ({"ucr": ["x"]}, "UCR_MISSING", "/ucr"),
        ({"ucr": "x" * 36}, "UCR_TOO_LONG", "/ucr"),
        ({"type": "IM"}, "TYPE_UNKNOWN", "/type"),
        ({"exporter": None}, "PARTY_MISSING", "/exporter/name"),
        ({"consignee": "someone"}, "PARTY_MISSING", "/consignee/name"),
        ({"declarant": party(name="")}, "PARTY_MISSING", "/declarant/name"),
        ({"exporter": party(country="XX")}, "COUNTRY_UNKNOWN", "/exporter/country"),
        ({"consignee": party(country="Germany")}, "COUNTRY_UNKNOWN", "/consignee/country"),
        ({"consignee": party(country=None)}, "COUNTRY_UNKNOWN", "/consignee/country"),
        ({"transport": None}, "PLACE_MISSING", "/transport/loadingPlace"),
        ({"transport": transport(dischargePlace="Hamburg")}, "PLACE_MALFORMED", "/transport/dischargePlace"),
        ({"transport": transport(loadingPlace="XXKHH")}, "PLACE_MALFORMED", "/transport/loadingPlace"),
        ({"transport": transport(loadingPlace="TWKH1")}, "PLACE_MALFORMED", "/transport/loadingPlace"),
        ({"equipment": [{"reference": "MCLU4200171"}]}, "EQUIPMENT_MALFORMED", "/equipment/0/reference"),
        ({"equipment": ["MCLU4200170"]}, "EQUIPMENT_MALFORMED", "/equipment/0/reference"),
        ({"goods": []}, "GOODS_MISSING", "/goods"),
        ({"goods": None}, "GOODS_MISSING", "/goods"),
        ({"goods": "machines"}, "GOODS_MISSING", "/goods"),
        ({"goods": [goods_item(), "machines"]}, "GOODS_MALFORMED", "/goods/1"),
        (
            {"goods": [goods_item(), goods_item(currency="EUR")]},
            "CURRENCY_MIXED",
            "/goods",
        ),
    ],
)
def test_a_fault_is_named_by_its_place(changes: dict[str, Any], code: str, field: str) -> None:
    assert (code, field) in found(declaration(**changes))


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"description": ""}, "DESCRIPTION_MISSING", "description"),
        ({"hsCode": None}, "HS_CODE_MISSING", "hsCode"),
        ({"hsCode": 845710}, "HS_CODE_MISSING", "hsCode"),
        ({"hsCode": "84571"}, "HS_CODE_MALFORMED", "hsCode"),
        ({"hsCode": "84571012345"}, "HS_CODE_MALFORMED", "hsCode"),
        ({"hsCode": "8457.10"}, "HS_CODE_MALFORMED", "hsCode"),
        ({"hsCode": "٨٤٥٧١٠"}, "HS_CODE_MALFORMED", "hsCode"),
        ({"hsCode": "001234"}, "HS_CODE_MALFORMED", "hsCode"),
        ({"hsCode": "770000"}, "HS_CODE_MALFORMED", "hsCode"),
        ({"hsCode": "981234"}, "HS_CODE_MALFORMED", "hsCode"),
        ({"originCountry": "ZZ"}, "COUNTRY_UNKNOWN", "originCountry"),
        ({"grossMassKg": None}, "MASS_MALFORMED", "grossMassKg"),
        ({"grossMassKg": "12,5"}, "MASS_MALFORMED", "grossMassKg"),
        ({"grossMassKg": "-3"}, "MASS_MALFORMED", "grossMassKg"),
        ({"grossMassKg": "1e3"}, "MASS_MALFORMED", "grossMassKg"),
        ({"grossMassKg": "0"}, "MASS_NOT_POSITIVE", "grossMassKg"),
        ({"netMassKg": "0.000"}, "MASS_NOT_POSITIVE", "netMassKg"),
        ({"grossMassKg": "10", "netMassKg": "10.001"}, "NET_OVER_GROSS", "netMassKg"),
        ({"packages": 0}, "PACKAGES_NOT_POSITIVE", "packages"),
        ({"packages": True}, "PACKAGES_NOT_POSITIVE", "packages"),
        ({"packages": "2"}, "PACKAGES_NOT_POSITIVE", "packages"),
        ({"statisticalValueMinor": 0}, "VALUE_NOT_POSITIVE", "statisticalValueMinor"),
        ({"statisticalValueMinor": None}, "VALUE_NOT_POSITIVE", "statisticalValueMinor"),
        ({"currency": "XYZ"}, "CURRENCY_UNKNOWN", "currency"),
        ({"currency": None}, "CURRENCY_UNKNOWN", "currency"),
    ],
)
def test_a_fault_of_an_item_is_named_by_the_item(changes: dict[str, Any], code: str, field: str) -> None:
    only = found(declaration(goods=[goods_item(), goods_item(**changes)])) - {("CURRENCY_MIXED", "/goods")}
    assert only == {(code, f"/goods/1/{field}")}


def test_all_faults_are_named_at_once() -> None:
    body = declaration(type="IM", goods=[goods_item(hsCode="1", packages=0)])
    assert {code for code, _ in found(body)} == {"TYPE_UNKNOWN", "HS_CODE_MALFORMED", "PACKAGES_NOT_POSITIVE"}


@pytest.mark.parametrize("changes", [{"declarant": None}, {"equipment": []}, {"equipment": None}])
def test_what_may_be_left_out_may_be_left_out(changes: dict[str, Any]) -> None:
    assert faults(declaration(**changes)) == []


def test_an_item_without_net_mass_is_taken() -> None:
    assert faults(declaration(goods=[goods_item(netMassKg=None)])) == []


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["TW", "845710", "USD"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_whatever_crosses_is_judged_and_what_is_accepted_can_be_cleared(data: st.DataObject) -> None:
    item = goods_item()
    for name in data.draw(st.sets(st.sampled_from(sorted(item)), max_size=2)):
        item[name] = data.draw(ANYTHING)
    body = declaration(goods=[item, *data.draw(st.lists(ANYTHING, max_size=1))])
    for name in data.draw(st.sets(st.sampled_from(sorted(body)), max_size=2)):
        body[name] = data.draw(ANYTHING)
    if not faults(body):
        assert risk.select(body).channel in Channel
        assert tariff.assess(body).amount_minor >= 0


def channel(*hs_codes: str, country: str = "DE", value: int = 1000) -> tuple[str, str]:
    goods = [goods_item(hsCode=code, statisticalValueMinor=value) for code in hs_codes]
    selection = risk.select(declaration(goods=goods, consignee=party(country=country)))
    return selection.channel, selection.rule


def test_the_strictest_rule_that_applies_decides() -> None:
    assert channel("845710") == ("GREEN", "NONE")
    assert channel("845811") == ("GREEN", "NONE")
    assert channel("030389") == ("YELLOW", "SANITARY")
    assert channel("845710", "030389") == ("YELLOW", "SANITARY")
    assert channel("845710", "030389", "930320") == ("RED", "ARMS")
    assert channel("845710", value=100_000_000) == ("YELLOW", "HIGH_VALUE")
    assert channel("845710", country="KP") == ("RED", "EMBARGO")
    assert channel("845710", country="BY") == ("YELLOW", "WATCHED_DESTINATION")
    assert channel("710239", value=99_999_999) == ("GREEN", "NONE")
    assert channel("710239", value=100_000_000) == ("RED", "PRECIOUS")


@pytest.mark.parametrize(
    ("code", "value", "due"),
    [
        ("845710", 18_650_000, 7460),
        ("845710", 1249, 0),
        ("845710", 1250, 1),  # half a minor unit goes up
        ("260111", 10_000, 500),
        ("410120", 10_000, 1000),
        ("845710", 2**53 - 1, 3602879701896),
    ],
)
def test_duty_is_by_chapter_in_whole_minor_units(code: str, value: int, due: int) -> None:
    duty = tariff.assess(declaration(goods=[goods_item(hsCode=code, statisticalValueMinor=value)]))
    assert (duty.amount_minor, duty.currency) == (due, "USD")
