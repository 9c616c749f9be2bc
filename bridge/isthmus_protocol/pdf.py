"""Taking the signed document out of a PDF that carries it (ISO 32000-1, 7.11.4; PDF/A-3, ISO 19005-3).

Only as much of the format as that takes: an embedded file is a stream, streams stand in a PDF as they are
even where other objects are compressed, and so they are found without reading the rest of a file from
strangers. What the pages show is not looked at: it is the attachment that was signed.
"""

import re
import zlib
from collections.abc import Iterator

from isthmus_protocol.documents import LONGEST, is_signed_document
from isthmus_protocol.shapes import MalformedMessage

HEADER = b"%PDF-"
EMBEDDED = re.compile(rb"/Type\s*/EmbeddedFile\b")
STREAM = re.compile(rb"\bstream\r?\n")
LENGTH = re.compile(rb"/Length\s+([0-9]{1,9})\b(?!\s+[0-9]+\s+R)")
DICTIONARY = 2_048
"""Bytes within which an embedded file's dictionary begins and ends, before its stream."""
MOST = 32
"""Embedded files that are looked at."""


def is_pdf(data: bytes) -> bool:
    """Return whether ``data`` is a PDF: its header is within the first 1,024 bytes."""
    return HEADER in data[:1024]


def signed_document(data: bytes) -> bytes:
    """Return the one signed document that the PDF carries.

    Raises :class:`MalformedMessage`: ``no_document`` where it carries none, ``several_documents`` where it is
    not plain which of them is meant.
    """
    found = {each for each in _embedded(data) if is_signed_document(each)}
    if len(found) != 1:
        raise MalformedMessage("/", "several_documents" if found else "no_document")
    return found.pop()


def _embedded(data: bytes) -> Iterator[bytes]:
    """Yield the contents of each embedded file; what cannot be unpacked is passed over."""
    for number, match in enumerate(EMBEDDED.finditer(data)):
        if number >= MOST:
            return
        begins = STREAM.search(data, match.end(), match.end() + DICTIONARY)
        if begins is None:
            continue
        first = max(data.rfind(b"obj", 0, match.start()), match.start() - DICTIONARY, 0)
        contents = _unpacked(data[first : begins.start()], data, begins.end())
        if contents is not None:
            yield contents


def _unpacked(dictionary: bytes, data: bytes, start: int) -> bytes | None:
    if b"/FlateDecode" in dictionary:
        unpacking = zlib.decompressobj()
        try:
            contents = unpacking.decompress(data[start : start + LONGEST], LONGEST)
        except zlib.error:
            return None
        return contents if unpacking.eof else None
    length = LENGTH.search(dictionary)
    if b"/Filter" in dictionary or length is None:
        return None
    return data[start : start + int(length[1])]
