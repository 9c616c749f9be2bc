"""XML from strangers: what could do harm is refused by a rule with a name, before anything is made of it."""

import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from isthmus_protocol.xml import Fault, Limits, MalformedXml, canonical_xml, faults, parse

SMALL = Limits(document=1000, depth=5, elements=10, attributes=3, attribute=20)


def refused(document: bytes, limits: Limits = SMALL) -> MalformedXml:
    with pytest.raises(MalformedXml) as found:
        parse(document, limits)
    return found.value


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """Listen on the loopback; whoever fetches something from there is in the list."""
    visits: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        stopped = False

        def listen() -> None:
            while not stopped:
                with suppress(TimeoutError):
                    connection, _ = server.accept()
                    visits.append(b"somebody came")
                    connection.close()

        thread = Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x.xsd", visits
        stopped = True
        thread.join()


def test_a_plain_document_is_read() -> None:
    root = parse("<?xml version='1.0'?><a b='1'>é<c xmlns='urn:x'/></a>".encode())
    assert canonical_xml(root) == '<a b="1">é<c xmlns="urn:x"></c></a>'.encode()


def test_an_entity_bomb_never_goes_off() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "ha">{entities}]><a>&e11;</a>'.encode()
    tracemalloc.start()
    began = time.process_time()
    assert refused(bomb, Limits()).rule == "doctype"
    assert time.process_time() - began < 1
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_quadratic_bomb_is_refused() -> None:
    bomb = f'<!DOCTYPE a [<!ENTITY e "{"x" * 50_000}">]><a>{"&e;" * 10_000}</a>'.encode()
    assert refused(bomb, Limits()).rule == "doctype"


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE a [<!ENTITY e SYSTEM "{file}">]>',
        '<!DOCTYPE a [<!ENTITY % e SYSTEM "{file}"> %e;]>',
        '<!DOCTYPE a SYSTEM "{file}">',
        '<!DOCTYPE a PUBLIC "-//A//B" "{file}">',
        "<!DOCTYPE a>",
        "<?xml version='1.0'?>\n<!-- > --><?x ?>\n<!DOCTYPE a [<!ENTITY e SYSTEM '{file}'>]>",
        "\ufeff<!DOCTYPE a SYSTEM '{file}'>",
    ],
)
def test_no_external_entity_and_no_dtd_is_opened(
    tmp_path: Path, listener: tuple[str, list[bytes]], declared: str
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    address, visits = listener
    for place in (secret.as_uri(), address):
        error = refused((declared.format(file=place) + "<a>&e;</a>").encode(), Limits())
        assert error.rule == "doctype"
        assert "SECRET" not in str(error)
    time.sleep(0.2)
    assert visits == []


def test_a_document_type_in_a_wide_encoding_is_refused() -> None:
    assert refused("<!DOCTYPE a><a/>".encode("utf-16")).rule == "doctype"


def test_what_only_looks_like_a_document_type_is_read() -> None:
    root = parse(b"<!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE a>]]></a>")
    assert root.text == "<!DOCTYPE a>"


def test_a_comment_does_not_part_a_value() -> None:
    root = parse(b"<a>one<!-- and --><?or x?>two</a>")
    assert root.text == "onetwo"
    assert len(root) == 0


def test_an_entity_that_nobody_declared_is_refused() -> None:
    assert refused(b"<a>&secret;</a>").rule == "not_well_formed"


def test_the_five_entities_of_xml_and_character_references_are_read() -> None:
    assert parse(b"<a>&lt;&gt;&amp;&apos;&quot;&#233;&#xe9;</a>").text == "<>&'\"éé"


def test_nothing_is_included(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text("<secret/>")
    for prefix in ("xi:", ""):
        colon = ":xi" if prefix else ""
        included = f'xmlns{colon}="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}"'
        document = f"<a><{prefix}include {included}/></a>"
        assert refused(document.encode(), Limits()).rule == "xinclude"


def test_a_document_of_200_megabytes_in_one_attribute_costs_nothing() -> None:
    document = b'<a b="' + b"x" * 200_000_000 + b'"/>'
    tracemalloc.start()
    began = time.process_time()
    assert refused(document, Limits()).rule == "too_large"
    assert time.process_time() - began < 0.5
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_long_attribute_is_refused_and_one_at_the_limit_is_not() -> None:
    assert refused(b'<a b="' + b"x" * 21 + b'"/>').rule == "attribute_too_long"
    assert parse(b'<a b="' + b"x" * 20 + b'"/>', SMALL).get("b") == "x" * 20


def test_many_attributes_are_refused() -> None:
    assert refused(b'<a b="1" c="2" d="3" e="4"/>').rule == "too_many_attributes"
    assert len(parse(b'<a b="1" c="2" d="3"/>', SMALL).attrib) == 3


def test_elements_nest_no_deeper_than_allowed() -> None:
    assert refused(b"<a>" * 6 + b"</a>" * 6).rule == "too_deep"
    assert len(list(parse(b"<a>" * 5 + b"</a>" * 5, SMALL).iter())) == 5
    assert refused(b"<a>" * 1_000_000, Limits()).rule == "too_deep"


def test_elements_are_counted() -> None:
    assert refused(b"<a>" + b"<b/>" * 10 + b"</a>").rule == "too_many_elements"
    assert len(parse(b"<a>" + b"<b/>" * 9 + b"</a>", SMALL)) == 9


def test_the_size_is_limited() -> None:
    assert refused(b"<a>" + b" " * 1000 + b"</a>").rule == "too_large"


def test_ordinary_documents_are_limited_too() -> None:
    most = Limits()
    assert refused(b"<a>" + b"x" * most.document + b"</a>", most).rule == "too_large"
    assert refused(b"<a>" * (most.depth + 1) + b"</a>" * (most.depth + 1), most).rule == "too_deep"
    assert refused(b"<a>" + b"<b/>" * most.elements + b"</a>", most).rule == "too_many_elements"
    many = b" ".join(b'a%d=""' % each for each in range(most.attributes + 1))
    assert refused(b"<a " + many + b"/>", most).rule == "too_many_attributes"
    long = b'<a b="' + b"x" * (most.attribute + 1) + b'"/>'
    assert refused(long, most).rule == "attribute_too_long"


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("<a>é</a>".encode(), "é"),
        (b"\xef\xbb\xbf" + "<?xml version='1.0' encoding='UTF-8'?><a>é</a>".encode(), "é"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".encode("latin-1"), "é"),
        ("<?xml version='1.0' encoding='UTF-16'?><a>é</a>".encode("utf-16"), "é"),
        ("<a>é</a>".encode("utf-8-sig"), "é"),
        ("<a>é</a>".encode("utf-16"), "é"),
        (b"\xfe\xff" + "<a>é</a>".encode("utf-16-be"), "é"),
        (b"<?xml version='1.0' encoding='us-ascii'?><a>e</a>", "e"),
    ],
)
def test_a_document_in_the_encoding_that_it_says_is_read(document: bytes, text: str) -> None:
    assert parse(document).text == text


@pytest.mark.parametrize(
    "document",
    [
        "<a>é</a>".encode("latin-1"),
        "<?xml version='1.0' encoding='UTF-8'?><a>é</a>".encode("latin-1"),
        "<?xml version='1.0' encoding='us-ascii'?><a>é</a>".encode(),
        "<?xml version='1.0' encoding='UTF-16'?><a>é</a>".encode(),
        "<?xml version='1.0' encoding='UTF-8'?><a/>".encode("utf-16"),
        b"<?xml version='1.0' encoding='UTF-16'?><a/>",
        b"<?xml version='1.0' encoding='UTF-7'?><a>+ADw-</a>",
        "<a>é</a>".encode("utf-16-be"),
        "<a>é</a>".encode("utf-16-le"),
        "<a>é</a>".encode("utf-32"),
        b"\xef\xbb\xbf" + "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".encode(),
        "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".encode("utf-16"),
        "\ufeff<?xml version='1.0' encoding='UTF-8'?><a>é</a>".encode("utf-16-le"),
        b"<?xml version='1.0' encoding='UTF-7'?><a>+AGE-</a>",
        b"<?xml version='1.0' encoding='EBCDIC-CP-US'?><a/>",
        b"<?xml version='1.0' encoding='nonsense'?><a/>",
        b"<?xml version='1.0'" + b" " * 5000 + b"encoding='nonsense'?><a/>",
        b"<a>\xed\xa0\x80</a>",
        b"<a>\xc0\xbc</a>",
        b"\xff\xfe<\x00a\x00\x00\xd8",
    ],
)
def test_a_wrong_encoding_is_refused(document: bytes) -> None:
    assert refused(document, Limits()).rule == "encoding"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b" ",
        b"text",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a b='1' b='2'/>",
        b"<a x:b='1'/>",
        b"<x:a/>",
        b"<a>\x01</a>",
        b"<a>\x00</a>",
        b"<a>&#0;</a>",
        b"<a><![CDATA[</a>",
        b" <?xml version='1.0'?><a/>",
    ],
)
def test_what_is_not_well_formed_is_refused(document: bytes) -> None:
    assert refused(document).rule in {"not_well_formed", "encoding"}


def test_xml_1_1_is_refused() -> None:
    assert refused(b"<?xml version='1.1'?><a/>").rule in {"version", "not_well_formed"}


def test_the_line_is_named() -> None:
    assert refused(b"<a>\n\n<b></c></a>").line == 3


@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: f"<a>{text}</a>".encode())
    | st.text(alphabet="<>!-?&;[]ab'\" =/x#0", max_size=60).map(str.encode)
)
def test_any_bytes_give_a_document_or_a_refusal(document: bytes) -> None:
    with suppress(MalformedXml):
        assert isinstance(parse(document).tag, str)


SCHEMA = etree.XMLSchema(
    etree.fromstring(
        b"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='a' type='xs:integer'/>"
        b"</xs:schema>"
    )
)


def test_faults_are_named_with_line_and_rule() -> None:
    assert faults(SCHEMA, parse(b"<a>1</a>")) == []
    (fault,) = faults(SCHEMA, parse(b"\n\n<a>one</a>"))
    assert isinstance(fault, Fault)
    assert fault.line == 3
    assert fault.rule == "SCHEMAV_CVC_DATATYPE_VALID_1_2_1"
    assert "'one'" in fault.message


def test_no_schema_that_a_document_hints_at_is_opened(
    tmp_path: Path, listener: tuple[str, list[bytes]]
) -> None:
    address, visits = listener
    hints = (
        f'xsi:noNamespaceSchemaLocation="{address}"',
        f'xsi:schemaLocation="urn:x {address}"',
        f'xsi:schemaLocation="urn:x {(tmp_path / "x.xsd").as_uri()}"',
    )
    for hint in hints:
        document = f'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {hint}>1</a>'.encode()
        root = parse(document)
        assert faults(SCHEMA, root) == []
        assert len(root.attrib) == 1, "the document itself stays as it is"
    time.sleep(0.2)
    assert visits == []
