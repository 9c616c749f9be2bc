"""Copies of an XML document that differ from it by a few small changes."""

import copy
from collections.abc import Callable

from hypothesis import strategies as st
from lxml import etree

ODD_TEXTS = [
    "", " ", "0", "-1", "9.", "1e3", "NaN", "1234567890123456789", "0.0000001", "12345678901.12", "EX",
    "en GB", "x" * 36, "x" * 257, " padded ", "a\tb", "a\nb", "é" * 35, "\u0660\u0661", "20240231120000Z",
    "20240101", "GB", "true", "TRUE", "+1.0", "00000009", ".5", "\u00a0", "20240101000000+01", "<&>",
]  # fmt: skip
TEXTS = st.sampled_from(ODD_TEXTS) | st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cs", "Cc"]), max_size=40
)
NAMES = st.sampled_from(["ID", "Name", "FunctionCode", "Seal", "Address", "Unheard", "TypeCode", "MetaData"])
ATTRIBUTES = st.sampled_from(
    ["unitCode", "currencyID", "formatCode", "listID", "schemeAgencyID", "languageID", "unheard",
     "{http://www.w3.org/2001/XMLSchema-instance}type", "{http://www.w3.org/2001/XMLSchema-instance}nil",
     "{http://www.w3.org/XML/1998/namespace}lang"]
)  # fmt: skip
VALUES = st.sampled_from(["GBP", "gbp", "KGM", "304", "102", "6", "en", "true", "1", "", "x" * 9]) | TEXTS

Change = Callable[[etree._Element, st.DataObject], None]


@st.composite
def mutants(draw: st.DrawFn, document: bytes) -> bytes:
    """Return copies of ``document`` with one to three changes."""
    data = draw(st.data())
    root = etree.fromstring(document)
    for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=3)):
        elements = list(root.iter(etree.Element))
        change(elements[draw(st.integers(0, len(elements) - 1))], data)
    encoding = draw(st.sampled_from(["UTF-8", "US-ASCII", "UTF-16"]))
    return bytes(etree.tostring(root, encoding=encoding, with_tail=False))  # type: ignore[arg-type]


def drop(element: etree._Element, data: st.DataObject) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def repeat(element: etree._Element, data: st.DataObject) -> None:
    if element.getparent() is not None:
        element.addnext(copy.deepcopy(element))


def swap(element: etree._Element, data: st.DataObject) -> None:
    following = element.getnext()
    if following is not None and element.getparent() is not None:
        following.addnext(element)


def rename(element: etree._Element, data: st.DataObject) -> None:
    element.tag = _named(etree.QName(element).namespace, data.draw(NAMES))


def move_to_another_namespace(element: etree._Element, data: st.DataObject) -> None:
    namespace = data.draw(st.sampled_from([None, "urn:other", "urn:wco:datamodel:WCO:DEC-DMS:2"]))
    element.tag = _named(namespace, etree.QName(element).localname)


def say_something_else(element: etree._Element, data: st.DataObject) -> None:
    while len(element) and isinstance(element[0].tag, str):
        element = element[0]
    element.text = data.draw(TEXTS)


def add_text(element: etree._Element, data: st.DataObject) -> None:
    element.tail = data.draw(st.sampled_from([" ", "\n\n", "stray"]))


def interrupt(element: etree._Element, data: st.DataObject) -> None:
    element.insert(0, data.draw(st.sampled_from([etree.Comment("between"), etree.PI("between", "x")])))
    element[0].tail = data.draw(TEXTS)


def add_attribute(element: etree._Element, data: st.DataObject) -> None:
    element.set(data.draw(ATTRIBUTES), data.draw(VALUES))


def drop_attributes(element: etree._Element, data: st.DataObject) -> None:
    for each in element.iter(etree.Element):
        if each.attrib:
            each.attrib.clear()
            return


def add_child(element: etree._Element, data: st.DataObject) -> None:
    child = etree.SubElement(element, _named(etree.QName(element).namespace, data.draw(NAMES)))
    child.text = data.draw(TEXTS)


def _named(namespace: str | None, name: str) -> str:
    return name if namespace is None else f"{{{namespace}}}{name}"


CHANGES: list[Change] = [
    drop, repeat, swap, rename, move_to_another_namespace, say_something_else, say_something_else, add_text,
    interrupt, add_attribute, add_attribute, drop_attributes, add_child,
]  # fmt: skip
