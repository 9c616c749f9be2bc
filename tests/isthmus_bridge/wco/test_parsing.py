"""XML from outside is read without trust."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_bridge.wco import parsing
from isthmus_bridge.wco.parsing import XmlRefused, parse


def refused(document: bytes) -> str:
    with pytest.raises(XmlRefused) as caught:
        parse(document)
    return caught.value.rule


@pytest.mark.parametrize(
    "document",
    [
        b"<!DOCTYPE a><a/>",
        b"<?xml version='1.0'?>\n<!-- > --><?x ?>\n<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        b"<!DOCTYPE a SYSTEM 'http://localhost/a.dtd'><a/>",
        b"<!DOCTYPE a PUBLIC 'x' 'file:///etc/passwd'><a/>",
        "<!DOCTYPE a><a/>".encode("utf-16"),
        b"\xef\xbb\xbf<!DOCTYPE a><a/>",
    ],
)
def test_a_document_type_is_refused_wherever_it_stands(document: bytes) -> None:
    assert refused(document) == "document-type"


def test_what_only_looks_like_a_document_type_is_read() -> None:
    assert parse(b"<!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE a>]]></a>").text == "<!DOCTYPE a>"


@pytest.mark.parametrize(
    "document",
    [
        "<a>é</a>".encode("latin-1"),
        "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".encode("latin-1"),
        b"<?xml version='1.0' encoding='UTF-16'?><a/>",
        b"<?xml version='1.0' encoding='UTF-7'?><a>+ADw-</a>",
        "<?xml version='1.0' encoding='UTF-8'?><a/>".encode("utf-16"),
        "<a/>".encode("utf-32"),
        "<a/>".encode("utf-16-le"),
        b"<a>\xed\xa0\x80</a>",
        b"<a>\xc0\xbc</a>",
        "<?xml version='1.0' encoding='US-ASCII'?><a>é</a>".encode(),
    ],
)
def test_bytes_that_are_not_what_they_are_said_to_be_are_refused(document: bytes) -> None:
    assert refused(document) in {"encoding", "well-formed"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_marked_utf_16_are_read(encoding: str) -> None:
    assert parse("<a>é</a>".encode(encoding)).text == "é"


def test_an_inclusion_is_refused() -> None:
    assert (
        refused(b'<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="/etc/passwd"/></a>')
        == "xinclude"
    )


def test_size_depth_and_number_are_bounded() -> None:
    assert refused(b"<a>" + b"x" * parsing.LARGEST + b"</a>") == "size"
    assert refused(b"<a>" * 65 + b"</a>" * 65) == "depth"
    assert refused(b"<a>" + b"<b/>" * parsing.MOST_NODES + b"</a>") == "nodes"
    assert refused(b"<a " + b" ".join(b'a%d=""' % each for each in range(65)) + b"/>") == "attributes"
    assert refused(b'<a b="' + b"x" * 65_537 + b'"/>') == "attribute"


def test_a_comment_does_not_part_a_value() -> None:
    assert parse(b"<a>one<!-- and --><?or x?>two</a>").text == "onetwo"


@given(st.binary(max_size=200) | st.text(alphabet="<>!-?&;[]ab'\" =/x#0", max_size=60).map(str.encode))
def test_anything_is_read_or_refused(document: bytes) -> None:
    with contextlib.suppress(XmlRefused):
        parse(document)
