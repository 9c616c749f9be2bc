"""Which subset may see which element of a consignment: read off the published schemas, never listed here.

Every element that the schemas declare says in its own annotation which subsets may see it. A declaration
belongs to the type it stands in, so that an element of one name may be seen in one place and not in another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lxml import etree

from isthmus_protocol.xml import Fault, faults, parse

XSD = "{http://www.w3.org/2001/XMLSchema}"
COMMON = "http://efti.eu/v1/consignment/common"
IDENTIFIERS = "http://efti.eu/v1/consignment/identifier"
FILES: Mapping[str, str] = {COMMON: "consignment-common.xsd", IDENTIFIERS: "consignment-identifier.xsd"}
"""The schema of each namespace in which a consignment is written."""


class SchemasMissing(Exception):
    """The published schemas are not where they were said to be."""


class UnreadableSchema(Exception):
    """A schema uses what this reading of it does not cover: rather than guess, nothing is shown."""


class NotAConsignment(Exception):
    """The document is no consignment of the published schemas, or no valid one."""

    def __init__(self, message: str, found: list[Fault] | None = None) -> None:
        super().__init__(message)
        self.faults = tuple(found or ())


class SubsetRefused(Exception):
    """No subset is asked for, or one that the schema does not know; ``code`` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Declaration:
    """An element as its parent's type declares it: who may see it, and the type of what it holds.

    ``type`` is None where it holds no elements.
    """

    subsets: frozenset[str]
    type: str | None


@dataclass(frozen=True)
class ConsignmentSchema:
    """One of the schemas: ``types`` maps a type's name to the elements in it, by their local names."""

    namespace: str
    root: str
    types: Mapping[str, Mapping[str, Declaration]]
    subsets: frozenset[str]
    validator: etree.XMLSchema

    def check(self, consignment: etree._Element) -> None:
        """Raise :class:`NotAConsignment` unless ``consignment`` is valid."""
        found = faults(self.validator, consignment)
        if found:
            raise NotAConsignment("The consignment is not valid against the published schema.", found)

    def check_subsets(self, subsets: frozenset[str]) -> None:
        """Raise :class:`SubsetRefused` unless at least one is asked for and all are known."""
        if not subsets:
            raise SubsetRefused("no_subset", "Name at least one subset: without one, nothing may be seen.")
        unknown = sorted(subsets - self.subsets)
        if unknown:
            raise SubsetRefused("unknown_subset", f"The schema knows no subset {', '.join(unknown)}.")


def filtered(schemas: Path, document: bytes, subsets: frozenset[str]) -> bytes:
    """Return ``document``, a consignment, with only what one of ``subsets`` may see, as UTF-8 XML.

    An element stays if its own declaration lists one of ``subsets`` and the element around it stays. Comments
    and processing instructions, which no declaration speaks of, go. Raises
    :class:`~isthmus_protocol.xml.MalformedXml`, :class:`NotAConsignment`, :class:`SubsetRefused`,
    :class:`SchemasMissing`.
    """
    root = parse(document)
    schema = schema_of(schemas, root)
    schema.check_subsets(subsets)
    schema.check(root)
    _reduce(root, schema.types[schema.root], schema, subsets)
    schema.check(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _reduce(
    element: etree._Element,
    declared: Mapping[str, Declaration],
    schema: ConsignmentSchema,
    subsets: frozenset[str],
) -> None:
    for child in list(element):
        declaration = None
        if isinstance(child.tag, str):
            declaration = declared.get(child.tag.removeprefix(f"{{{schema.namespace}}}"))
        if declaration is None or not declaration.subsets & subsets:
            _remove(child)
        else:
            below = {} if declaration.type is None else schema.types[declaration.type]
            _reduce(child, below, schema, subsets)


def _remove(element: etree._Element) -> None:
    """Take ``element`` out and leave the text behind it, which is not its own."""
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        raise ValueError("a document keeps its root")
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def schema_of(schemas: Path, root: etree._Element) -> ConsignmentSchema:
    """Return the schema in the folder ``schemas`` that ``root`` is written in.

    Raises :class:`NotAConsignment` where it is none of them, and :class:`SchemasMissing`.
    """
    name = etree.QName(root)
    if name.localname != "consignment" or name.namespace not in FILES:
        raise NotAConsignment(f"The document is a {name.text}, and no consignment of eFTI.")
    return load(schemas, name.namespace)


@cache
def load(schemas: Path, namespace: str) -> ConsignmentSchema:
    """Return the schema of ``namespace``, read once from the folder ``schemas`` of the published XSDs.

    Raises :class:`SchemasMissing` and :class:`UnreadableSchema`.
    """
    file = schemas / FILES[namespace]
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        tree = etree.parse(str(file), parser)
        validator = etree.XMLSchema(tree)
    except (OSError, etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
        raise SchemasMissing(f"The published schema {file} cannot be read: {error}") from error
    return _read(tree.getroot(), namespace, validator)


def _read(schema: etree._Element, namespace: str, validator: etree.XMLSchema) -> ConsignmentSchema:
    if schema.get("targetNamespace") != namespace or schema.get("elementFormDefault") != "qualified":
        raise UnreadableSchema(f"not the schema of {namespace}, or its elements are not qualified")
    types = {
        _needed(each, "name"): _elements_of(each, namespace) for each in schema.findall(f"{XSD}complexType")
    }
    roots = {_needed(each, "name"): _type_of(each, namespace) for each in schema.findall(f"{XSD}element")}
    root = roots.get("consignment")
    if root is None:
        raise UnreadableSchema("the schema declares no consignment")
    held = {each.type for declared in types.values() for each in declared.values()} | {root}
    if not held - {None} <= types.keys():
        raise UnreadableSchema("an element's type is not declared")
    return ConsignmentSchema(
        namespace=namespace,
        root=root,
        types=types,
        subsets=frozenset(
            subset for declared in types.values() for each in declared.values() for subset in each.subsets
        ),
        validator=validator,
    )


def _elements_of(type_: etree._Element, namespace: str) -> dict[str, Declaration]:
    """Return the elements of a complex type, which must be a plain sequence of them."""
    elements: dict[str, Declaration] = {}
    for part in type_.iterchildren(f"{XSD}*"):
        if part.tag == f"{XSD}annotation":
            continue
        if part.tag != f"{XSD}sequence":
            raise UnreadableSchema(f"{type_.get('name')} is more than a sequence")
        for element in part.iterchildren(f"{XSD}*"):
            if element.tag != f"{XSD}element" or element.find(f"{XSD}complexType") is not None:
                raise UnreadableSchema(f"{type_.get('name')} holds more than plain elements")
            name = _needed(element, "name")
            if name in elements:
                raise UnreadableSchema(f"{type_.get('name')} declares {name} twice")
            listed = element.iterfind(f"{XSD}annotation/{XSD}appinfo/efti/subset")
            subsets = frozenset(_needed(subset, "id") for subset in listed)
            elements[name] = Declaration(subsets, _type_of(element, namespace))
    return elements


def _type_of(element: etree._Element, namespace: str) -> str | None:
    """Return the name of an element's type in this schema, or None for a simple one of another."""
    prefix, _, name = _needed(element, "type").rpartition(":")
    return name if element.nsmap.get(prefix or None) == namespace else None


def _needed(element: etree._Element, attribute: str) -> str:
    value = element.get(attribute)
    if value is None:
        raise UnreadableSchema(f"line {element.sourceline}: {attribute} is missing")
    return value
