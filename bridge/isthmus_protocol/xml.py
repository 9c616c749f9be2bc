"""XML as both sides of the bridge read it: from strangers, so with neither entities nor anything fetched.

A document is refused, by a rule with a name, before a tree is built of it: what it holds is seen while it
streams by, and a document type declaration ends that at its first word, so that no entity is ever declared.
"""

import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from threading import Lock
from typing import Any
from xml.parsers import expat

from lxml import etree

XINCLUDE = "http://www.w3.org/2001/XInclude"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
HINTS = (f"{{{XSI}}}schemaLocation", f"{{{XSI}}}noNamespaceSchemaLocation")

_ONE_AT_A_TIME = Lock()
_DECLARED = re.compile(
    r"<\?xml\s+version\s*=\s*(?:\"[^\"]*\"|'[^']*')\s+encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]*)[\"']",
    re.ASCII,
)
_WITHOUT_MARK = {"utf-8": "utf-8", "us-ascii": "ascii", "iso-8859-1": "iso-8859-1"}
_MARKS = (
    (b"\xff\xfe\x00\x00", None),
    (b"\x00\x00\xfe\xff", None),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


class MalformedXml(ValueError):
    """The bytes are not the XML we take; ``rule`` says which rule they break, ``line`` (from 1) where."""

    def __init__(self, rule: str, line: int | None = None, detail: str = "") -> None:
        where = f" at line {line}" if line else ""
        super().__init__(f"{rule}{where}" + (f": {detail}" if detail else ""))
        self.rule = rule
        self.line = line
        self.detail = detail or rule


@dataclass(frozen=True)
class Limits:
    """How much a document may hold: bytes in all, elements in all and within each other, attributes."""

    document: int = 10 * 1024 * 1024
    depth: int = 100
    elements: int = 200_000
    attributes: int = 100
    """Attributes of one element."""
    attribute: int = 65_536
    """Characters of one attribute."""


@dataclass(frozen=True)
class Fault:
    """Where a document breaks its schema: the line (from 1), the schema's rule, and what is wrong."""

    line: int
    rule: str
    message: str


ORDINARY = Limits()


def parse(data: bytes, limits: Limits = ORDINARY) -> etree._Element:
    """Return the root element of the XML 1.0 document ``data``, or raise :class:`MalformedXml`.

    Comments and processing instructions are left out: they say nothing, and must not part a value. Refused
    beyond bad syntax (and unbound prefixes): a document type declaration, so every entity but the five of
    XML; XInclude; more than ``limits`` allow; an encoding other than UTF-8, UTF-16 with its mark,
    US-ASCII or ISO-8859-1, or that the bytes do not bear out.
    """
    if len(data) > limits.document:
        raise MalformedXml("too_large", detail=f"a document has at most {limits.document} bytes")
    plain = _decode(data).encode()
    _Watch(limits).over(plain)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(plain, parser)
    except etree.XMLSyntaxError as error:
        raise MalformedXml("not_well_formed", error.lineno, error.msg or "") from error


def _decode(data: bytes) -> str:
    """Return the text of ``data`` by its mark and its declaration, which must agree with each other."""
    if b"\x00" in data[:4] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise MalformedXml("encoding", 1, "UTF-16 begins with its mark")
    for mark, codec in _MARKS:
        if data.startswith(mark):
            if codec is None:
                raise MalformedXml("encoding", 1, "UTF-32 is not taken")
            text = _strictly(data[len(mark) :], codec)
            declared = _declared(text)
            if declared is not None and not codec.startswith(declared):
                raise MalformedXml("encoding", 1, f"it says {declared}, and its mark says {codec}")
            return text
    declared = _declared(data.partition(b"?>")[0].decode("latin-1")) or "utf-8"
    if declared not in _WITHOUT_MARK:
        raise MalformedXml("encoding", 1, f"{declared} is not taken, or not without its mark")
    return _strictly(data, _WITHOUT_MARK[declared])


def _declared(text: str) -> str | None:
    found = _DECLARED.match(text)
    return None if found is None else found[1].lower()


def _strictly(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MalformedXml("encoding", line, f"byte {error.start} is not {codec}") from error


class _Watch:
    """Looks at a document as it streams by, and ends it at the first thing that is not allowed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._depth = 0
        self._elements = 0
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.ordered_attributes = True
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def over(self, document: bytes) -> None:
        """Raise :class:`MalformedXml` for the first thing in ``document`` (UTF-8) that is not allowed."""
        try:
            self._parser.Parse(document, True)  # noqa: FBT003 (positional only)
        except expat.ExpatError as error:
            raise MalformedXml("not_well_formed", error.lineno, expat.ErrorString(error.code)) from error

    def _refuse(self, rule: str, detail: str = "") -> MalformedXml:
        return MalformedXml(rule, self._parser.CurrentLineNumber, detail)

    def _declaration(self, version: str, _encoding: str | None, _standalone: int) -> None:
        if version != "1.0":
            raise self._refuse("version", "only XML 1.0 is taken")

    def _doctype(self, _name: str, _system: str | None, _public: str | None, _internal: int) -> None:
        raise self._refuse("doctype", "a document type declaration is not taken")

    def _start(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > self._limits.depth:
            raise self._refuse("too_deep", f"elements nest at most {self._limits.depth} deep")
        if self._elements > self._limits.elements:
            raise self._refuse("too_many_elements", f"a document has at most {self._limits.elements}")
        if len(attributes) > 2 * self._limits.attributes:
            raise self._refuse("too_many_attributes", f"an element has at most {self._limits.attributes}")
        if any(len(value) > self._limits.attribute for value in attributes[1::2]):
            raise self._refuse("attribute_too_long", f"it has at most {self._limits.attribute} characters")
        if name.startswith(XINCLUDE + " "):
            raise self._refuse("xinclude", "nothing is included")

    def _end(self, _name: str) -> None:
        self._depth -= 1


def faults(schema: etree.XMLSchema, root: etree._Element) -> list[Fault]:
    """Return where the document of ``root`` breaks ``schema``, in the document's order; none if it is valid.

    The validator would open what a document's hints at schemas name, so it is shown the document without.
    """
    shown = deepcopy(root)
    for element in shown.iter("*"):
        for hint in HINTS:
            element.attrib.pop(hint, "")
    with _ONE_AT_A_TIME:  # the schema keeps the errors of its last document
        if schema.validate(etree.ElementTree(shown)):
            return []
        errors: Iterable[Any] = schema.error_log  # type: ignore[assignment]  # its stub knows no iteration
        found = [Fault(error.line, error.type_name, error.message) for error in errors]
    return found or [Fault(1, "SCHEMA", "the document is not valid")]


def canonical_xml(root: etree._Element) -> bytes:
    """Return the Canonical XML 2.0 of ``root``: equal for two documents that say the same."""
    return etree.tostring(root, method="c14n2")
