"""XML from outside, read without trust: no document type, entities, inclusions or network; bounded work."""

import re
from typing import NoReturn

from lxml import etree

LARGEST = 10 * 1024 * 1024
"""Bytes of a document; a CDS declaration with all 99 items it may have is below 1 MB."""

DEEPEST = 64
MOST_NODES = 100_000
"""Elements and attributes together; a declaration of 99 items holds some 15,000."""

MOST_ATTRIBUTES = 64
LONGEST_ATTRIBUTE = 65_536
PIECE = 65_536

XINCLUDE = "{http://www.w3.org/2001/XInclude}"

_DECLARED = re.compile(r"<\?xml\s[^>]*?\sencoding\s*=\s*[\"']([^\"'>]*)[\"']")
_SPACE = re.compile(r"[ \t\r\n]*")
_SKIPPED = (("<!--", "-->"), ("<?", "?>"))
"""What may stand before a document type or the root."""


class XmlRefused(Exception):
    """A document that is not read. ``rule`` is a stable name, ``line`` counts from 1 (0: the whole)."""

    def __init__(self, rule: str, message: str, line: int = 0) -> None:
        self.rule = rule
        self.line = line
        self.message = message
        super().__init__(f"line {line}: {rule}: {message}" if line else f"{rule}: {message}")


def parse(data: bytes) -> etree._Element:
    """Return the root of the document, without comments and processing instructions.

    UTF-8 is taken, and UTF-16 with a byte order mark (XML 1.0, 4.3.3), each only where the document declares
    no other. Raises :class:`XmlRefused`.
    """
    if len(data) > LARGEST:
        raise XmlRefused("size", f"The document is larger than {LARGEST} bytes.")
    _refuse_document_type(_decoded(data))
    parser = etree.XMLPullParser(
        events=("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    bounds = _Bounds()
    try:
        for start in range(0, len(data), PIECE):
            parser.feed(data[start : start + PIECE])
            bounds.hold(parser)
        root: etree._Element = parser.close()
        bounds.hold(parser)
    except etree.XMLSyntaxError as error:
        _refuse_syntax(error)
    return root


class _Bounds:
    """What a document may hold, counted while it is read, so that nothing large is built first."""

    def __init__(self) -> None:
        self.depth = 0
        self.nodes = 0

    def hold(self, parser: etree.XMLPullParser) -> None:
        for event, element in parser.read_events():
            if event == "end":
                self.depth -= 1
            elif isinstance(element, etree._Element):  # noqa: SLF001  # so lxml names the type
                self.depth += 1
                self._hold_element(element, _line_of(element))

    def _hold_element(self, element: etree._Element, line: int) -> None:
        self.nodes += 1 + len(element.attrib)
        if self.depth > DEEPEST:
            raise XmlRefused("depth", f"Elements are nested more than {DEEPEST} deep.", line)
        if self.nodes > MOST_NODES:
            raise XmlRefused("nodes", f"There are more than {MOST_NODES} elements and attributes.", line)
        if len(element.attrib) > MOST_ATTRIBUTES:
            raise XmlRefused("attributes", f"An element has more than {MOST_ATTRIBUTES} attributes.", line)
        if any(len(value) > LONGEST_ATTRIBUTE for value in element.attrib.values()):
            raise XmlRefused("attribute", f"An attribute is longer than {LONGEST_ATTRIBUTE}.", line)
        if str(element.tag).startswith(XINCLUDE):
            raise XmlRefused("xinclude", "Inclusions are not followed.", line)


def _line_of(element: etree._Element) -> int:
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def _decoded(data: bytes) -> str:
    """Return the text; refuse bytes that are not what the document is, or says it is, encoded in."""
    if not data.strip():
        raise XmlRefused("empty", "The document is empty.")
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = 0 if wide else data.count(b"\n", 0, error.start) + 1
        name = "UTF-16" if wide else "UTF-8"
        raise XmlRefused("encoding", f"The bytes are not {name} (at byte {error.start}).", line) from error
    declared = _DECLARED.match(text)
    known = ("utf-16",) if wide else ("utf-8", "us-ascii", "ascii") if text.isascii() else ("utf-8",)
    if declared is not None and declared[1].lower() not in known:
        raise XmlRefused(
            "encoding", f"The document declares {declared[1][:40]!r}, and is not read as that.", 1
        )
    return text


def _refuse_document_type(text: str) -> None:
    here = _after_prolog(text)
    if text.startswith("<!", here):
        line = text.count("\n", 0, here) + 1
        raise XmlRefused("document-type", "A document type (DTD, entities) is not read.", line)


def _after_prolog(text: str) -> int:
    """Return where white space, comments and processing instructions end; a scan, so that it is linear."""
    here = 0
    while True:
        here = _SPACE.match(text, here).end()  # type: ignore[union-attr]  # it matches nothing, too
        skipped = next((pair for pair in _SKIPPED if text.startswith(pair[0], here)), None)
        if skipped is None:
            return here
        begin, end = skipped
        found = text.find(end, here + len(begin))
        if found < 0:
            return here
        here = found + len(end)


def _refuse_syntax(error: etree.XMLSyntaxError) -> NoReturn:
    message = (error.msg or "not well-formed").split(", line ")[0]
    raise XmlRefused("well-formed", message, error.lineno or 0) from error
