"""Papers as UBL 2.4 XML (OASIS): read, held to the published schema, and written.

A document may say more than a paper's members do: then the paper keeps all of it (``beyond``), and what is
written is what was read, by Canonical XML 2.0. A paper whose members and ``beyond`` differ is refused.

XML comes from strangers here as at the bridge, so it goes through the protocol's reader: one set of defences
against one kind of attack, tested in one place.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from isthmus_platform.errors import InvalidInput, PlatformError
from isthmus_platform.papers import plain
from isthmus_platform.papers.carriage import Carriage
from isthmus_platform.papers.kinds import Paper, TransportDocument, code_of
from isthmus_platform.papers.ubl_forms import BY_ROOT, FORMS
from isthmus_protocol.xml import Limits, MalformedXml, canonical_xml, faults, parse

LIMITS = Limits(document=2 * 1024 * 1024)
SETTING = "ISTHMUS_STANDARDS"


class SchemasMissing(PlatformError):
    """The published schemas are not where the settings say, so nothing can be held to them."""

    code = "schemas_missing"
    status = 503


@dataclass(frozen=True)
class Schemas:
    """The folder of OASIS' UBL 2.4 schemas (``.../xsd``, in which is ``maindoc``); threads may share it."""

    folder: Path

    def check(self, root: etree._Element) -> None:
        """Raise :class:`InvalidInput` (``ubl_schema``) with line and rule of the first fault."""
        name = etree.QName(root).localname
        found = faults(_compiled(self.folder.resolve(), name), root)
        if found:
            raise InvalidInput(
                f"Line {found[0].line}: {found[0].message} ({found[0].rule})", field="ubl", code="ubl_schema"
            )


@cache
def _compiled(folder: Path, name: str) -> etree.XMLSchema:
    file = folder / "maindoc" / f"UBL-{name}-2.4.xsd"
    if not file.is_file():
        raise SchemasMissing(f"{SETTING} holds no UBL 2.4 schema for {name}.", field="ubl")
    return etree.XMLSchema(etree.parse(file))


def read(data: bytes, schemas: Schemas) -> Paper:
    """Return the paper that a UBL document says.

    Raises :class:`InvalidInput`: ``xml_...`` for what is no XML we take, ``ubl_kind`` for another document,
    ``ubl_schema`` for one that breaks its schema, else the code and place of the member at fault.
    """
    try:
        root = parse(data, LIMITS)
    except MalformedXml as malformed:
        raise InvalidInput(str(malformed), field="ubl", code=f"xml_{malformed.rule}") from None
    name = etree.QName(root)
    code = BY_ROOT.get(name.localname)
    if code is None or FORMS[code].prefixes[None] != name.namespace:
        kinds = ", ".join(sorted(BY_ROOT))
        raise InvalidInput(f"A UBL document of these kinds is taken: {kinds}.", field="ubl", code="ubl_kind")
    schemas.check(root)
    return _of(code, root)


def _of(code: str, root: etree._Element, *, carriage: bool = True) -> Paper:
    members: dict[str, Any] = FORMS[code].read(root, None if carriage else "carriage")
    kind = FORMS[code].kind
    if kind is TransportDocument:
        members["type"] = code
        agreed = {name for name in members if name.startswith("carriage.")}
        if agreed:
            given = {name.removeprefix("carriage."): members.pop(name) for name in agreed}
            members["carriage"] = plain.make_read(Carriage, given, "carriage")
    paper: Paper = plain.make_read(kind, members)
    whole = canonical_xml(root)
    return (
        paper if canonical_xml(FORMS[code].write(paper)) == whole else replace(paper, beyond=whole.decode())
    )


def write(paper: Paper) -> bytes:
    """Return ``paper`` as a UBL document, in canonical form.

    Raises :class:`InvalidInput`: ``no_ubl`` for a kind UBL does not have, ``contradiction`` for a paper that
    says otherwise than the document it came from.
    """
    code = code_of(paper)
    if code not in FORMS:
        raise InvalidInput("UBL 2.4 has no such document.", field="format", code="no_ubl")
    if paper.beyond is None or paper.beyond.startswith("{"):  # it came as JSON
        return canonical_xml(FORMS[code].write(paper))
    try:
        root = parse(paper.beyond.encode(), LIMITS)
    except MalformedXml as malformed:
        raise InvalidInput(str(malformed), field="beyond", code=f"xml_{malformed.rule}") from None
    carriage = getattr(paper, "carriage", None) is not None
    if etree.QName(root).localname != FORMS[code].root or not plain.says_no_other(
        paper, _of(code, root, carriage=carriage)
    ):
        raise InvalidInput(
            "What it came as says otherwise than its members.", field="beyond", code="contradiction"
        )
    return canonical_xml(root)
