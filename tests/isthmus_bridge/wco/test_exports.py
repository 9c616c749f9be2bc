"""What the gate let through becomes a WCO declaration, and comes back as it was."""

import copy
import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import cds
from isthmus_bridge.wco import exchange, exports
from isthmus_bridge.wco.declaration import MetaData
from isthmus_bridge.wco.exchange import NotValid
from isthmus_bridge.wco.exports import NotMappable
from isthmus_bridge.wco.schemas import Schemas

pytestmark = cds.needed

SCHEMAS = Schemas(cds.SCHEMAS)
BODY: dict[str, Any] = {
    "ucr": "6GB123456789000-IST0001",
    "type": "EX",
    "exporter": {"name": "Trader Ltd", "country": "GB"},
    "consignee": {"name": "Importateur SA", "country": "CA"},
    "declarant": {"name": "Forwarder Ltd", "country": "GB"},
    "transport": {
        "loadingPlace": "GBFXT", "dischargePlace": "CAMTR", "billOfLading": "MAEU1234567", "vessel": "EMMA",
    },
    "equipment": [{"reference": "MSKU9070323"}, {"reference": "CSQU3054383"}],
    "goods": [
        {
            "sequence": 1, "description": "Straw envelopes", "hsCode": "46021910", "grossMassKg": "12480.5",
            "netMassKg": "12000", "packages": 40, "packageType": "PK", "originCountry": "GB",
            "statisticalValueMinor": 1_234_567, "currency": "GBP",
        }
    ],
    "invoice": {"incoterm": "FOB"},
}  # fmt: skip

texts = st.text(string.ascii_letters + string.digits + "-/.&<>é", min_size=1, max_size=35)
countries = st.sampled_from(["GB", "CA", "US", "KW", "JP"])
parties = st.fixed_dictionaries({}, optional={"name": texts, "country": countries}).filter(bool)
masses = st.from_regex(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,5}[1-9])?", fullmatch=True)
values = st.fixed_dictionaries(
    {
        "statisticalValueMinor": st.integers(0, 10**11),
        "currency": st.sampled_from(["GBP", "EUR", "JPY", "KWD"]),
    }
)
goods = st.builds(
    lambda known, value: known | value,
    st.fixed_dictionaries(
        {"sequence": st.integers(1, 99_999)},
        optional={
            "description": texts, "hsCode": st.from_regex(r"[0-9]{6,10}", fullmatch=True),
            "grossMassKg": masses, "netMassKg": masses, "packages": st.integers(0, 10**7),
            "packageType": st.sampled_from(["PK", "CT"]), "originCountry": countries,
        },
    ),
    values | st.just({}),
)  # fmt: skip
bodies = st.fixed_dictionaries(
    {},
    optional={
        "ucr": texts, "type": st.just("EX"), "exporter": parties, "consignee": parties, "declarant": parties,
        "transport": st.fixed_dictionaries(
            {},
            optional={
                "loadingPlace": st.just("GBFXT"), "dischargePlace": st.just("CAMTR"),
                "billOfLading": texts, "vessel": texts,
            },
        ).filter(bool),
        "equipment": st.lists(
            st.fixed_dictionaries({"reference": st.just("MSKU9070323")}), min_size=1, max_size=3
        ),
        "goods": st.lists(goods, min_size=1, max_size=3),
        "invoice": st.just({"incoterm": "FOB"}),
    },
)  # fmt: skip


def crossed(body: dict[str, Any]) -> dict[str, Any]:
    """Return ``body`` after it went to the other side as XML."""
    written = exchange.write_declaration(exports.to_declaration(body, "REF-1"), SCHEMAS)
    assert cds.judge("declaration").validate(etree.fromstring(written))
    return dict(exports.to_body(exchange.read_declaration(written, SCHEMAS)))


def test_the_body_goes_out_as_valid_xml_and_comes_back_as_it_was() -> None:
    assert crossed(BODY) == BODY


@settings(max_examples=200, deadline=None)
@given(body=bodies)
def test_any_part_of_a_body_comes_back_as_it_was(body: dict[str, Any]) -> None:
    assert crossed(body) == body


def test_nothing_is_in_the_xml_that_is_not_in_the_body() -> None:
    bare: dict[str, Any] = {"type": "EX", "ucr": "U1"}
    written = exchange.write_declaration(exports.to_declaration(bare), SCHEMAS)
    held = {text.strip() for text in map(str, etree.fromstring(written).itertext())} - {""}
    assert held == {"3.6", "DEC", "9", "EXA", "0", "U1"}


@pytest.mark.parametrize(
    ("pointer", "member"),
    [("/invoice/number", ("invoice", "number")), ("/goods/0/price", ("goods", 0, "price")),
     ("/secret", ("secret",)), ("/transport/route", ("transport", "route"))],
)  # fmt: skip
def test_a_member_without_a_place_is_named_and_nothing_is_made(
    pointer: str, member: tuple[str | int, ...]
) -> None:
    body = copy.deepcopy(BODY)
    holder: Any = body
    for step in member[:-1]:
        holder = holder[step]
    holder[member[-1]] = "x"
    with pytest.raises(NotMappable) as caught:
        exports.to_declaration(body)
    assert caught.value.field == pointer


def test_a_value_that_would_change_on_the_way_is_refused() -> None:
    for name, value in (
        ("grossMassKg", "012"),
        ("grossMassKg", "1e3"),
        ("packages", True),
        ("sequence", 1.5),
    ):
        body = json.loads(json.dumps(BODY))
        body["goods"][0][name] = value
        with pytest.raises(NotMappable):
            exports.to_declaration(body)


def test_what_the_schemas_refuse_is_not_written() -> None:
    with pytest.raises(NotValid, match="Name"):
        exchange.write_declaration(
            exports.to_declaration(BODY | {"exporter": {"name": "x" * 71, "country": "GB"}}), SCHEMAS
        )


def test_a_declaration_that_says_more_than_a_body_is_refused() -> None:
    document: MetaData = exchange.read_declaration(cds.declarations()[0].read_bytes(), SCHEMAS)
    with pytest.raises(NotMappable):
        exports.to_body(document)
