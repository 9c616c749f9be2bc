"""The published schemas: HMRC's CDS profile of the WCO Data Model, compiled once from where they are kept.

``DocumentMetaData`` holds its content by a strict ``xs:any``, so the schemas of both are compiled together. A
declaration and a notification are compiled apart: their unqualified data types differ under one name.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from xml.sax.saxutils import quoteattr

from lxml import etree

from isthmus_protocol.xml import Fault, faults

META_DATA = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
DECLARATION = "urn:wco:datamodel:WCO:DEC-DMS:2"
RESPONSE = "urn:wco:datamodel:WCO:RES-DMS:2"
DECLARATION_TYPES = "urn:wco:datamodel:WCO:Declaration_DS:DMS:2"
RESPONSE_TYPES = "urn:wco:datamodel:WCO:Response_DS:DMS:2"
PREFIXES = {
    "md": META_DATA,
    "dec": DECLARATION,
    "res": RESPONSE,
    "dec-ds": DECLARATION_TYPES,
    "res-ds": RESPONSE_TYPES,
}
"""What messages call the namespaces by."""

SETTING = "ISTHMUS_STANDARDS"
WHERE = "hmrc-cds/schemas/wco"
SOURCE = (
    f"Set {SETTING} to a folder that holds {WHERE}/declaration and {WHERE}/notification. HMRC publishes them"
    " as wco-declaration-schemas.zip with its Customs Declarations API 2.0:"
    " https://developer.service.hmrc.gov.uk/api-documentation/docs/api/service/customs-declarations/2.0"
)

FACETS = (
    *("minLength", "maxLength", "totalDigits", "fractionDigits"),
    *("minInclusive", "maxInclusive", "minExclusive", "maxExclusive"),
)


class SchemasMissing(Exception):
    """The published schemas are not where they are looked for; the message says where to get them."""


class Kind(Enum):
    """What a document is, and so the schemas that say what it may hold: namespace to file."""

    DECLARATION = "declaration"
    NOTIFICATION = "notification"

    @property
    def files(self) -> Mapping[str, str]:
        """Return the file of each namespace, below the folder of the schemas."""
        content = {
            Kind.DECLARATION: (DECLARATION, "WCO_DEC_2_DMS.xsd"),
            Kind.NOTIFICATION: (RESPONSE, "WCO_RES_2_DMS.xsd"),
        }[self]
        return {
            META_DATA: f"{self.value}/DocumentMetaData_2_DMS.xsd",
            content[0]: f"{self.value}/{content[1]}",
        }

    @staticmethod
    def of(root: etree._Element) -> "Kind":
        """Return what ``root`` is: a notification where it is or holds a Response, else a declaration."""
        response = f"{{{RESPONSE}}}Response"
        return Kind.NOTIFICATION if response in (root.tag, *(each.tag for each in root)) else Kind.DECLARATION


@dataclass(frozen=True)
class Schema:
    """A compiled schema; threads may share it."""

    compiled: etree.XMLSchema

    def faults(self, root: etree._Element) -> list[Fault]:
        """Return every fault of the document; none means that it is valid.

        Rules are named as in XML Schema part 1, appendix B (``cvc-...``).
        """
        return [
            Fault(each.line, _rule(each.rule), _said(each.message)) for each in faults(self.compiled, root)
        ]


@dataclass(frozen=True)
class Schemas:
    """The folder of the published schemas (``.../hmrc-cds/schemas/wco``)."""

    folder: Path

    def of(self, kind: Kind) -> Schema:
        """Return the compiled schema for ``kind``. Raises :class:`SchemasMissing`."""
        return _compiled(self.folder.resolve(), kind)


def published(environment: Mapping[str, str] = os.environ) -> Schemas:
    """Return the schemas below ``ISTHMUS_STANDARDS``. Raises :class:`SchemasMissing`."""
    standards = environment.get(SETTING)
    if not standards:
        raise SchemasMissing(f"The published schemas are needed, and {SETTING} is not set. {SOURCE}")
    folder = Path(standards) / WHERE
    missing = [file for kind in Kind for file in kind.files.values() if not (folder / file).is_file()]
    if missing:
        raise SchemasMissing(f"{folder} does not hold {missing[0]}. {SOURCE}")
    return Schemas(folder)


@cache
def _compiled(folder: Path, kind: Kind) -> Schema:
    imports = "".join(
        f"<xs:import namespace={quoteattr(namespace)} schemaLocation={quoteattr((folder / file).as_uri())}/>"
        for namespace, file in kind.files.items()
    )
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    try:
        return Schema(etree.XMLSchema(etree.fromstring(text)))
    except etree.XMLSchemaParseError as error:
        raise SchemasMissing(f"The schemas in {folder} cannot be used: {error}. {SOURCE}") from error


def _rule(name: str) -> str:
    """Return ``cvc-maxLength-valid`` for libxml2's SCHEMAV_CVC_MAXLENGTH_VALID."""
    if name == "SCHEMAV_ELEMENT_CONTENT":
        return "cvc-complex-type.2.4"
    words = name.removeprefix("SCHEMAV_").lower().replace("_", "-")
    for facet in FACETS:
        words = words.replace(facet.lower(), facet)
    return re.sub(r"-(?=\d)", ".", words)


def _said(message: str) -> str:
    """Return the message with short names, without control characters, of bounded length."""
    for prefix, namespace in PREFIXES.items():
        message = message.replace(f"{{{namespace}}}", f"{prefix}:")
    printable = "".join(character if character.isprintable() else "?" for character in message)
    return printable if len(printable) <= 400 else f"{printable[:400]} ..."
