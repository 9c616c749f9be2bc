"""A signed document is taken out of the PDF that carries it, and out of nothing else."""

import zlib

import pytest

from isthmus_protocol.pdf import is_pdf, signed_document
from isthmus_protocol.shapes import MalformedMessage

DOCUMENT = b'{"format":"isthmus-document/1"}'


def pdf(*files: bytes, packed: bool = True) -> bytes:
    parts = [b"%PDF-1.7\n"]
    for number, file in enumerate(files, 1):
        body = zlib.compress(file) if packed else file
        way = b"/Filter /FlateDecode " if packed else b""
        parts.append(
            b"%d 0 obj\n<< /Type /EmbeddedFile %s/Length %d /Params << /Size 3 >> >>\n"
            % (number, way, len(body))
        )
        parts.append(b"stream\r\n%s\nendstream endobj\n" % body)
    return b"".join([*parts, b"%%EOF"])


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
def test_the_document_is_taken_out(packed: bool) -> None:
    file = pdf(b"something else", DOCUMENT, packed=packed)
    assert is_pdf(file)
    assert signed_document(file) == DOCUMENT


def test_a_pdf_may_be_shifted() -> None:
    assert is_pdf(b"junk\n" + pdf())
    assert not is_pdf(b" " * 2000 + pdf())
    assert not is_pdf(DOCUMENT)


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (pdf(), "no_document"),
        (pdf(b"{}"), "no_document"),
        (pdf(DOCUMENT)[:90], "no_document"),
        (pdf(DOCUMENT).replace(b"x\x9c", b"xx"), "no_document"),
        (pdf(DOCUMENT).replace(b"FlateDecode", b"LZWDecode__"), "no_document"),
        (b"%PDF-1.7\n" + b"1 0 obj << /Type /EmbeddedFile >>\n" * 50, "no_document"),
        (pdf(DOCUMENT, b'{"format":"isthmus-document/1","a":1}'), "several_documents"),
    ],
    ids=["none", "other", "cut", "broken", "unknown filter", "hollow", "two"],
)
def test_what_carries_no_one_document_is_refused(file: bytes, code: str) -> None:
    with pytest.raises(MalformedMessage, match=code):
        signed_document(file)


def test_the_same_document_twice_is_one() -> None:
    assert signed_document(pdf(DOCUMENT, DOCUMENT)) == DOCUMENT


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(64 * 1_048_576), 9)
    file = b"%PDF-1.7\n1 0 obj << /Type /EmbeddedFile /Filter /FlateDecode >> stream\n" + bomb
    with pytest.raises(MalformedMessage, match="no_document"):
        signed_document(file)
