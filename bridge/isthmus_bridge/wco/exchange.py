"""Declarations as documents: read from XML that holds to the schemas, written as XML that does."""

from lxml import etree

from isthmus_bridge.wco import elements
from isthmus_bridge.wco.declaration import MetaData
from isthmus_bridge.wco.schemas import META_DATA, Kind, Schemas
from isthmus_protocol.xml import Fault, parse

ROOT = f"{{{META_DATA}}}MetaData"


class NotValid(Exception):
    """A document that breaks the published schemas; ``faults`` say where and how."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        first = faults[0]
        super().__init__(f"line {first.line}: {first.rule}: {first.message}")


def read_declaration(data: bytes, schemas: Schemas) -> MetaData:
    """Return the declaration that ``data`` is.

    Raises :class:`~isthmus_protocol.xml.MalformedXml`, :class:`NotValid`, and
    :class:`~isthmus_bridge.wco.elements.NotInModel` for what the schemas allow and the model does not know.
    """
    root = parse(data)
    if root.tag != ROOT:
        raise NotValid([Fault(1, "cvc-elt.1", f"A declaration is sent as MetaData, not as {root.tag!s}.")])
    _hold(root, schemas)
    return elements.read(root, MetaData)


def write_declaration(document: MetaData, schemas: Schemas) -> bytes:
    """Return ``document`` as XML in UTF-8 that is valid. Raises :class:`NotValid`: nothing else is sent."""
    root = elements.write(document, "MetaData")
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    _hold(parse(data), schemas)
    return data


def _hold(root: etree._Element, schemas: Schemas) -> None:
    faults = schemas.of(Kind.DECLARATION).faults(root)
    if faults:
        raise NotValid(faults)
