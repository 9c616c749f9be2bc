"""HMRC's published CDS samples and schemas, and two judges of their own who say what is valid."""

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from standards import STANDARDS

if TYPE_CHECKING:
    from xmlschema import XMLSchema10

CDS = STANDARDS / "hmrc-cds"
SCHEMAS = CDS / "schemas" / "wco"
EXAMPLES = CDS / "examples"

META_DATA = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
CONTENT = {
    "declaration": ("urn:wco:datamodel:WCO:DEC-DMS:2", "WCO_DEC_2_DMS.xsd"),
    "notification": ("urn:wco:datamodel:WCO:RES-DMS:2", "WCO_RES_2_DMS.xsd"),
}

needed = pytest.mark.skipif(not SCHEMAS.is_dir(), reason=f"the published CDS schemas are not in {STANDARDS}")

SAMPLES = sorted(EXAMPLES.rglob("*.xml"))
NOTIFICATIONS = [each for each in SAMPLES if "otifications" in each.parent.name]


def holds(sample: Path, kind: str = "declaration") -> bool:
    """Say whether libxml2 reads the published file and holds it valid."""
    try:
        return judge(kind).validate(etree.parse(sample))
    except etree.XMLSyntaxError:
        return False


@cache
def declarations() -> list[Path]:
    """Return the published samples that are valid declarations as they are."""
    return [each for each in SAMPLES if holds(each)]


@cache
def judge(kind: str) -> etree.XMLSchema:
    """Return libxml2's reading of the two schemas of ``kind``."""
    namespace, file = CONTENT[kind]
    return etree.XMLSchema(
        etree.fromstring(
            f"""<schema xmlns="http://www.w3.org/2001/XMLSchema">
              <import namespace="{META_DATA}" schemaLocation="{SCHEMAS}/{kind}/DocumentMetaData_2_DMS.xsd"/>
              <import namespace="{namespace}" schemaLocation="{SCHEMAS}/{kind}/{file}"/>
            </schema>"""
        )
    )


@cache
def second_judge(kind: str) -> "XMLSchema10":
    """Return another implementation's reading of the same schemas."""
    from xmlschema import XMLSchema10

    namespace, file = CONTENT[kind]
    return XMLSchema10(
        str(SCHEMAS / kind / "DocumentMetaData_2_DMS.xsd"),
        locations={namespace: str(SCHEMAS / kind / file)},
    )


def second_judgement(document: bytes, kind: str) -> bool:
    """Say whether the other implementation holds the document valid; a type it does not know is not."""
    from xmlschema.exceptions import XMLSchemaException

    try:
        return second_judge(kind).is_valid(io.BytesIO(document))
    except XMLSchemaException:
        return False


def mended(notification: Path) -> bytes:
    """Return a published notification with the namespaces it lacks, and without its empty elements."""
    root = etree.parse(notification).getroot()
    for element in list(root.iter(etree.Element)):
        parent = element.getparent()
        if parent is not None and not len(element) and not (element.text or "").strip():
            parent.remove(element)
    for response in root.iterchildren("Response"):
        _put_into(CONTENT["notification"][0], response)
        for amended in list(response.iterchildren("{*}Declaration"))[1:]:
            _put_into(CONTENT["declaration"][0], amended)
        for instant in response.iter("{*}DateTimeString"):
            instant.tag = "{urn:wco:datamodel:WCO:Response_DS:DMS:2}DateTimeString"
    _put_into(META_DATA, root, *root.iterchildren("{}*"))
    return etree.tostring(root)


def _put_into(namespace: str, *parents: etree._Element) -> None:
    for parent in parents:
        for element in parent.iter(etree.Element) if parent.tag != "MetaData" else [parent]:
            element.tag = f"{{{namespace}}}{etree.QName(element).localname}"
