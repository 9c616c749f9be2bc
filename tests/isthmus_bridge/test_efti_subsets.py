"""A subset sees what the published schema lets it see: no element less, and none more."""

import re
from copy import deepcopy
from functools import cached_property
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from isthmus_bridge.efti.subsets import (
    COMMON,
    IDENTIFIERS,
    NotAConsignment,
    SchemasMissing,
    SubsetRefused,
    filtered,
    load,
)
from isthmus_protocol.xml import MalformedXml, canonical_xml, parse
from standards import STANDARDS

EFTI = STANDARDS / "efti"
SCHEMAS = EFTI / "xsd"
XS = "http://www.w3.org/2001/XMLSchema"

pytestmark = pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the published eFTI schemas are not here")


def published(name: str) -> bytes:
    return (EFTI / name).read_bytes()


def consignment(inside: str = "") -> bytes:
    return f'<consignment xmlns="{COMMON}">{inside}</consignment>'.encode()


def subset_ids() -> list[str]:
    """Return every id that the text of the schema names, whatever is made of the schema elsewhere."""
    text = (SCHEMAS / "consignment-common.xsd").read_text() if SCHEMAS.is_dir() else ""
    return sorted(set(re.findall(r'<subset id="([^"]+)"', text)))


class Oracle:
    """The rule once more, by brute force: every path of the schema is walked and asked by itself."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.asked: dict[tuple[str, ...], set[str]] = {}

    @cached_property
    def schema(self) -> etree._ElementTree:
        return etree.parse(str(SCHEMAS / self.file))

    def declaration(self, path: list[str]) -> etree._Element:
        type_ = "SupplyChainConsignment"
        found = None
        for name in path:
            (found,) = self.declared(type_, name)
            type_ = str(found.get("type")).split(":")[1]
        assert found is not None
        return found

    def declared(self, type_: str, name: str) -> list[etree._Element]:
        query = f"{{{XS}}}complexType[@name='{type_}']/{{{XS}}}sequence/{{{XS}}}element[@name='{name}']"
        return self.schema.findall(query)

    def subsets(self, path: list[str]) -> set[str]:
        asked = tuple(path)
        if asked not in self.asked:
            listed = [each for each in self.declaration(path).iter() if each.tag == "subset"]
            self.asked[asked] = {str(each.get("id")) for each in listed}
        return self.asked[asked]

    def sees(self, path: list[str], subset: str) -> bool:
        return all(subset in self.subsets(path[: end + 1]) for end in range(len(path)))


ORACLE = Oracle("consignment-common.xsd")


def spelled(root: etree._Element) -> list[tuple[list[str], str, dict[str, str]]]:
    """Return each element's path, text and attributes, in order."""
    found: list[tuple[list[str], str, dict[str, str]]] = []

    def walk(element: etree._Element, names: list[str]) -> None:
        for child in element:
            way = [*names, etree.QName(child).localname]
            found.append((way, (child.text or "").strip(), {str(k): str(v) for k, v in child.attrib.items()}))
            walk(child, way)

    walk(root, [])
    return found


@pytest.mark.parametrize("subset", ["EU01", "FI01"])
def test_the_published_example_of_a_subset_comes_out(subset: str) -> None:
    result = filtered(SCHEMAS, published("xsd/examples/consignment-common.xml"), frozenset({subset}))
    assert canonical_xml(parse(result)) == canonical_xml(
        parse(published(f"subset-examples/example-{subset}.xml"))
    )


def test_every_element_stays_exactly_where_a_brute_force_reading_of_the_schema_lets_it() -> None:
    document = published("xsd/examples/consignment-common.xml")
    everything = spelled(parse(document))
    ids = subset_ids()
    assert len(ids) > 150
    assert load(SCHEMAS, COMMON).subsets == set(ids)
    seen = {
        tuple(path): {subset for subset in ids if ORACLE.sees(path, subset)}
        for path in {tuple(path): path for path, _, _ in everything}.values()
    }
    for subset in ids:
        result = spelled(parse(filtered(SCHEMAS, document, frozenset({subset}))))
        assert result == [each for each in everything if subset in seen[tuple(each[0])]], subset


def test_each_declaration_shows_its_element_to_the_subsets_that_its_text_lists() -> None:
    """The example does not hold all that a schema declares; here each declaration is asked by itself."""
    schema = load(SCHEMAS, COMMON)
    for type_, elements in schema.types.items():
        for name, declaration in elements.items():
            (found,) = ORACLE.declared(type_, name)
            assert declaration.subsets == set(
                re.findall(r'<subset[^>]* id="([^"]+)"', etree.tostring(found).decode())
            )


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_several_subsets_see_what_at_each_step_of_the_way_one_of_them_may_see(data: st.DataObject) -> None:
    subsets = data.draw(st.frozensets(st.sampled_from(subset_ids()), min_size=1, max_size=6))
    document = published("xsd/examples/consignment-common.xml")
    expected = [
        each
        for each in spelled(parse(document))
        if all(ORACLE.subsets(each[0][: end + 1]) & subsets for end in range(len(each[0])))
    ]
    assert spelled(parse(filtered(SCHEMAS, document, subsets))) == expected


def test_what_a_filtered_document_holds_does_not_depend_on_what_is_hidden() -> None:
    document = published("xsd/examples/consignment-common.xml").decode()
    other = document.replace("<calculationBasisCode>token<", "<calculationBasisCode>SECRET<")
    assert other != document
    wanted = frozenset({"FI01"})
    assert filtered(SCHEMAS, other.encode(), wanted) == filtered(SCHEMAS, document.encode(), wanted)


def test_filtering_twice_changes_nothing_more() -> None:
    once = filtered(SCHEMAS, published("xsd/examples/consignment-common.xml"), frozenset({"FI01"}))
    assert filtered(SCHEMAS, once, frozenset({"FI01"})) == once


def test_comments_and_processing_instructions_do_not_cross() -> None:
    inside = "<!--SECRET--><?secret SECRET?><grossWeight unitId='KGM'>1<!--SECRET--></grossWeight>"
    result = filtered(SCHEMAS, consignment(inside), frozenset({"EU01"}))
    assert b"SECRET" not in result
    assert b"grossWeight" in result


def test_a_comment_beside_the_root_does_not_cross() -> None:
    result = filtered(SCHEMAS, b"<!--SECRET-->" + consignment() + b"<!--SECRET-->", frozenset({"EU01"}))
    assert b"SECRET" not in result


def test_nothing_is_seen_without_a_subset() -> None:
    with pytest.raises(SubsetRefused) as refused:
        filtered(SCHEMAS, consignment(), frozenset())
    assert refused.value.code == "no_subset"


@pytest.mark.parametrize("subset", ["XX99", "eu01", "EU01 ", "", "FI", "*"])
def test_a_subset_that_the_schema_does_not_know_is_refused_beside_one_it_knows(subset: str) -> None:
    with pytest.raises(SubsetRefused) as refused:
        filtered(SCHEMAS, consignment(), frozenset({"EU01", subset}))
    assert refused.value.code == "unknown_subset"


def test_an_invalid_consignment_is_refused_with_line_and_rule() -> None:
    with pytest.raises(NotAConsignment) as refused:
        filtered(SCHEMAS, consignment("\n<bribe>1</bribe>"), frozenset({"EU01"}))
    (fault,) = refused.value.faults
    assert fault.line == 2
    assert "bribe" in fault.message


def test_another_document_is_no_consignment() -> None:
    for document in (b"<consignment/>", f'<other xmlns="{COMMON}"/>'.encode()):
        with pytest.raises(NotAConsignment):
            filtered(SCHEMAS, document, frozenset({"EU01"}))


def test_a_document_with_an_entity_is_refused() -> None:
    with pytest.raises(MalformedXml):
        filtered(SCHEMAS, b'<!DOCTYPE a [<!ENTITY b "c">]>' + consignment(), frozenset({"EU01"}))


def test_identifiers_are_filtered_by_their_own_schema() -> None:
    document = published("xsd/examples/consignment-identifiers-four-legs.xml")
    assert etree.QName(parse(document)).namespace == IDENTIFIERS
    result = filtered(SCHEMAS, document, frozenset({"identifier"}))
    assert spelled(parse(result)) == spelled(_without_comments(parse(document)))


def test_a_subset_whose_document_the_schema_would_refuse_is_refused_whole() -> None:
    document = published("xsd/examples/consignment-identifiers-one-leg.xml")
    schema = load(SCHEMAS, IDENTIFIERS)
    refused = 0
    for subset in sorted(schema.subsets):
        try:
            result = filtered(SCHEMAS, document, frozenset({subset}))
        except NotAConsignment:
            refused += 1
        else:
            schema.check(parse(result))
    assert 0 < refused < len(schema.subsets)


def test_missing_schemas_are_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(SchemasMissing):
        filtered(tmp_path, consignment(), frozenset({"EU01"}))


def _without_comments(root: etree._Element) -> etree._Element:
    copy = deepcopy(root)
    etree.strip_tags(copy, etree.Comment)
    return copy
