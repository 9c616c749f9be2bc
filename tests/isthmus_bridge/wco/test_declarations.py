"""A declaration goes from XML to the model and back, and means the same."""

import re
from dataclasses import fields
from decimal import Decimal
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import cds
from isthmus_bridge.wco import elements, exchange
from isthmus_bridge.wco.declaration import Declaration, MetaData
from isthmus_bridge.wco.elements import NotInModel
from isthmus_bridge.wco.exchange import NotValid
from isthmus_bridge.wco.schemas import Schemas
from isthmus_bridge.wco.values import Amount, Instant, Quantity
from isthmus_protocol.xml import parse
from xml_mutants import mutants

pytestmark = cds.needed

SCHEMAS = Schemas(cds.SCHEMAS)
HINTS = [
    "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation",
    "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation",
]
NUMBER = re.compile(
    rb"(?<=>)([+-]?)0*(\d+|(?=\.))(?:\.(\d*))?(?=</\w+:\w+(?:Amount|Measure|Quantity|Numeric)>)"
)


def meaning(document: bytes) -> str:
    """Return the document in canonical form (C14N 2.0), whatever its prefixes, white space and comments."""
    return str(
        etree.canonicalize(
            etree.tostring(parse(document), encoding="unicode"),
            strip_text=True, rewrite_prefixes=True, exclude_attrs=HINTS,
        )
    )  # fmt: skip


def samples() -> dict[str, bytes]:
    """Return each published declaration that can be read: as it is, or from the request that wraps it."""
    found = {each.name: each.read_bytes() for each in cds.declarations()}
    wrapped = cds.EXAMPLES / "TT_EX013b" / "TT_EX013b.xml"
    inner = etree.parse(wrapped).find(".//{*}MetaData")
    assert inner is not None
    return found | {wrapped.name: etree.tostring(inner)}


@pytest.mark.parametrize("name", samples() if cds.SCHEMAS.is_dir() else [])
def test_every_published_declaration_means_the_same_after_the_round_trip(name: str) -> None:
    given = samples()[name]
    document = exchange.read_declaration(given, SCHEMAS)
    written = exchange.write_declaration(document, SCHEMAS)
    assert cds.judge("declaration").validate(etree.fromstring(written))
    assert meaning(written) == meaning(given)
    assert exchange.read_declaration(written, SCHEMAS) == document


def test_the_meaning_sees_every_change() -> None:
    given = samples()["TT_EX001a.xml"]
    assert meaning(given) != meaning(given.replace(b"<ID>333</ID>", b"<ID>334</ID>"))
    assert meaning(given) != meaning(given.replace(b' currencyID="GBP"', b""))


def test_the_model_reads_a_declaration_as_traders_know_it() -> None:
    declaration = exchange.read_declaration(samples()["TT_EX001a.xml"], SCHEMAS).declaration
    assert declaration.type_code == "EXD"
    assert declaration.goods_shipment is not None
    (item,) = declaration.goods_shipment.government_agency_goods_item
    assert item.statistical_value_amount == Amount(Decimal(200), "GBP")
    assert item.statistical_value_amount.minor == 20_000
    assert item.commodity is not None
    assert item.commodity.goods_measure is not None
    assert item.commodity.goods_measure.gross_mass_measure == Quantity(Decimal(10))


VALUES: dict[str, type] = {
    "CodeType": str, "IDType": str, "TextType": str, "NumericType": Decimal, "AmountType": Amount,
    "QuantityType": Quantity, "MeasureType": Quantity,
}  # fmt: skip


def _value(element: Any) -> type:
    """Return the class of the model for a leaf of the schema: that of the unqualified type it restricts."""
    kind = element.type
    while "UnqualifiedDataType" not in (kind.name or ""):
        kind = kind.base_type
    return VALUES[kind.local_name]


def _compare(element: Any, model: type) -> int:
    """Hold a class of the model to the schema's, and return how many elements both have below."""
    children = list(element.type.content.iter_elements())
    hints = get_type_hints(model)
    assert len(children) == len(fields(model)), element.name
    compared = 0
    for child, field in zip(children, fields(model), strict=True):
        hint = hints[field.name]
        kind = next((each for each in get_args(hint) if each not in (type(None), ...)), hint)
        slot = next(each for each in elements._slots(model) if each.field == field.name)
        assert slot.tag == child.name
        assert (get_origin(hint) is tuple) == (child.max_occurs != 1), child.name
        assert slot.required == (child.min_occurs > 0), child.name
        compared += 1
        if not child.type.has_complex_content():
            assert kind is _value(child), child.name
        elif [each.local_name for each in child.type.content.iter_elements()] == ["DateTimeString"]:
            assert kind is Instant, child.name
        else:
            compared += _compare(child, kind)
    return compared


def test_the_model_is_the_whole_schema_in_its_order() -> None:
    schema = cds.second_judge("declaration")
    root = schema.maps.elements["{urn:wco:datamodel:WCO:DEC-DMS:2}Declaration"]
    assert _compare(root, Declaration) > 400


def test_what_the_model_does_not_know_is_named_and_not_dropped() -> None:
    given = samples()["TT_EX001a.xml"]
    listed = given.replace(b"<TypeCode>EXD", b'<TypeCode listID="x">EXD')
    assert cds.judge("declaration").validate(etree.fromstring(listed))
    with pytest.raises(NotInModel) as caught:
        exchange.read_declaration(listed, SCHEMAS)
    assert (caught.value.path, caught.value.name) == ("MetaData/Declaration/TypeCode", "@listID")
    unheard = given.replace(b"<TypeCode>EXD", b"<Unheard/><TypeCode>EXD")
    with pytest.raises(NotInModel, match="Unheard"):
        elements.read(parse(unheard), MetaData)
    with pytest.raises(NotValid, match="Unheard"):
        exchange.read_declaration(unheard, SCHEMAS)


def test_nothing_is_written_that_the_schemas_refuse() -> None:
    with pytest.raises(NotValid) as caught:
        exchange.write_declaration(MetaData(declaration=Declaration(function_code="far too long")), SCHEMAS)
    assert "FunctionCode" in str(caught.value)


def _numbers_alike(document: str) -> bytes:
    """Return the canonical document with each number without sign and zeros that say nothing."""
    return NUMBER.sub(
        lambda found: b"%s%s.%s" % (found[1].strip(b"+"), found[2], (found[3] or b"").rstrip(b"0")),
        document.encode(),
    )


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_changed_declaration_that_is_valid_keeps_its_meaning_or_is_refused(data: st.DataObject) -> None:
    given = data.draw(mutants(data.draw(st.sampled_from(list(samples().values())))))
    try:
        document = exchange.read_declaration(given, SCHEMAS)
    except (NotValid, NotInModel):
        return
    written = exchange.write_declaration(document, SCHEMAS)
    assert _numbers_alike(meaning(written)) == _numbers_alike(meaning(given))


def test_an_instant_is_a_moment_in_utc() -> None:
    assert Instant("20240118150645+01", "304").at.isoformat() == "2024-01-18T14:06:45+00:00"
    assert Instant("20191113172216Z", "304").at.isoformat() == "2019-11-13T17:22:16+00:00"
    assert Instant("20191113", "102").at.isoformat() == "2019-11-13T00:00:00+00:00"
    with pytest.raises(ValueError, match="day is out of range"):
        _ = Instant("20230231", "102").at


def test_money_has_minor_units_only_where_they_are_exact() -> None:
    assert Amount(Decimal("226.40"), "GBP").minor == 22_640
    assert Amount(Decimal(500), "JPY").minor == 500
    assert Amount.of_minor(1234, "KWD") == Amount(Decimal("1.234"), "KWD")
    for broken in (Amount(Decimal("1.005"), "GBP"), Amount(Decimal(1)), Amount(Decimal(1), "ZZZ")):
        with pytest.raises(ValueError, match=r"minor|currency"):
            _ = broken.minor
