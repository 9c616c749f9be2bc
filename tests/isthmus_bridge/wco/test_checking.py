"""`isthmus wco check` holds a document to the published schemas, exactly, and never fails to say why not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

import cds
from isthmus_bridge.wco import checking
from isthmus_bridge.wco.schemas import Kind, Schemas, SchemasMissing, published
from pages import Page
from standards import STANDARDS
from xml_mutants import mutants

pytestmark = cds.needed


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas(cds.SCHEMAS)


def isthmus(*arguments: object, standards: Path | None = STANDARDS) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "ISTHMUS_STANDARDS"}
    if standards is not None:
        environment["ISTHMUS_STANDARDS"] = str(standards)
    return subprocess.run(
        [sys.executable, "-m", "isthmus", "wco", "check", *map(str, arguments)],
        capture_output=True, text=True, env=environment, timeout=60, check=False,
    )  # fmt: skip


def test_there_are_samples_of_each_kind() -> None:
    assert len(cds.declarations()) == 15
    assert len(cds.NOTIFICATIONS) == 30


@pytest.mark.parametrize("sample", cds.SAMPLES, ids=lambda path: path.name)
def test_every_published_sample_is_judged_as_the_schemas_judge_it(sample: Path, schemas: Schemas) -> None:
    found = checking.faults(sample.read_bytes(), schemas)
    assert (not found) == (cds.holds(sample) or cds.holds(sample, "notification"))
    assert all(fault.rule and fault.message for fault in found)


def test_published_notifications_that_name_no_namespace_are_not_repaired(schemas: Schemas) -> None:
    for sample in cds.NOTIFICATIONS:
        (fault,) = checking.faults(sample.read_bytes(), schemas)
        assert fault.rule == "cvc-elt.1"


def _agree(document: bytes, kind: str, schemas: Schemas) -> None:
    found = checking.faults(document, schemas)
    parsed = etree.fromstring(document)
    assert (not found) == cds.judge(kind).validate(parsed), found


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_changed_declaration_holds_exactly_where_the_schemas_do(
    schemas: Schemas, data: st.DataObject
) -> None:
    sample = data.draw(st.sampled_from(cds.declarations()))
    _agree(data.draw(mutants(sample.read_bytes())), "declaration", schemas)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_changed_notification_holds_exactly_where_the_schemas_do(
    schemas: Schemas, data: st.DataObject
) -> None:
    sample = data.draw(st.sampled_from(cds.NOTIFICATIONS))
    _agree(data.draw(mutants(cds.mended(sample))), "notification", schemas)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_another_implementation_of_xml_schema_agrees(schemas: Schemas, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["declaration", "notification"]))
    samples = (
        [each.read_bytes() for each in cds.declarations()]
        if kind == "declaration"
        else [cds.mended(each) for each in cds.NOTIFICATIONS]
    )
    document = data.draw(mutants(data.draw(st.sampled_from(samples))))
    text = "".join(map(str, etree.fromstring(document).itertext()))
    assume(not {"\u0085", "\u00a0"} & set(text))  # it strips them as if they were XML's white space
    found = checking.faults(document, schemas)
    assert (not found) == cds.second_judgement(document, kind), found


def test_the_command_of_the_page_says_valid_and_exits_0(tmp_path: Path) -> None:
    ((group, command, name),) = (given.words for given in Page("docs/wco.md").commands())
    assert (group, command) == ("wco", "check")
    (tmp_path / name).write_bytes(cds.declarations()[0].read_bytes())
    answer = isthmus(tmp_path / name)
    assert answer.returncode == 0
    assert "valid" in answer.stdout


def test_the_command_says_line_and_rule(tmp_path: Path) -> None:
    text = cds.declarations()[0].read_text().replace("<CountryCode>US</CountryCode>", "<CountryCode/>", 1)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "<CountryCode/>" in each)
    (tmp_path / "changed.xml").write_text(text)
    answer = isthmus(tmp_path / "changed.xml")
    assert answer.returncode == 1
    assert f"changed.xml:{line}: cvc-" in answer.stderr
    assert "CountryCode" in answer.stderr


BOMB = (
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>'
)
UNREADABLE = {
    "empty": b"",
    "blank": b" \n ",
    "garbage": b"not xml at all",
    "binary": bytes(range(256)) * 64,
    "cut": b"<md:MetaData xmlns:md='urn:wco:datamodel:WCO:DocumentMetaData-DMS:2'><md:WCO",
    "bomb": BOMB,
    "external": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    "nested": b"<a>" * 5000 + b"</a>" * 5000,
    "attributes": b"<a " + b" ".join(b'a%d=""' % each for each in range(5000)) + b"/>",
    "attribute": b'<a b="' + b"x" * 1_000_000 + b'"/>',
    "latin": '<?xml version="1.0" encoding="ISO-8859-1"?><a>\u00e9</a>'.encode("latin-1"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_the_command_refuses_what_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "given.xml").write_bytes(UNREADABLE[name])
    answer = isthmus(tmp_path / "given.xml")
    assert answer.returncode == 1
    assert answer.stderr.strip()
    assert "Traceback" not in answer.stdout + answer.stderr


def test_the_command_refuses_a_file_of_100_mb_without_reading_it(tmp_path: Path) -> None:
    with (tmp_path / "large.xml").open("wb") as large:
        large.truncate(100_000_000)
    answer = isthmus(tmp_path / "large.xml")
    assert answer.returncode == 1
    assert "too_large" in answer.stderr


def test_the_command_names_a_file_whose_name_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "\udcff.xml").write_bytes(b"garbage")
    answer = isthmus(tmp_path / "\udcff.xml")
    assert answer.returncode == 1
    assert "not_well_formed" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("path", ["", "absent.xml", "\udcff"])
def test_the_command_refuses_what_is_no_file(path: str, tmp_path: Path) -> None:
    answer = isthmus(tmp_path / path)
    assert answer.returncode == 1
    assert answer.stderr.strip()
    assert "Traceback" not in answer.stderr


def test_without_the_schemas_the_command_says_where_to_get_them(tmp_path: Path) -> None:
    for standards in (None, tmp_path):
        answer = isthmus(cds.declarations()[0], standards=standards)
        assert answer.returncode == 2
        assert "ISTHMUS_STANDARDS" in answer.stderr
        assert "developer.service.hmrc.gov.uk" in answer.stderr
        assert "Traceback" not in answer.stderr


def test_schemas_that_are_broken_are_said_to_be(tmp_path: Path) -> None:
    folder = tmp_path / "hmrc-cds/schemas/wco"
    for kind in Kind:
        for file in kind.files.values():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text("<broken")
    with pytest.raises(SchemasMissing):
        published({"ISTHMUS_STANDARDS": str(tmp_path)}).of(Kind.DECLARATION)


def test_the_schemas_may_lie_in_a_folder_with_an_odd_name(tmp_path: Path) -> None:
    (tmp_path / "a & b ü").symlink_to(STANDARDS)
    schemas = published({"ISTHMUS_STANDARDS": str(tmp_path / "a & b ü")})
    assert checking.faults(cds.declarations()[0].read_bytes(), Schemas(schemas.folder)) == []
