"""``isthmus efti filter`` prints the document or says in words why not; it never ends in a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from isthmus_protocol.xml import canonical_xml, parse
from pages import Page
from standards import STANDARDS

EFTI = STANDARDS / "efti"
EXAMPLE = EFTI / "xsd" / "examples" / "consignment-common.xml"

pytestmark = pytest.mark.skipif(not EXAMPLE.exists(), reason="the published eFTI schemas are not here")


def run(*arguments: str | Path, standards: Path | None = STANDARDS) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if name != "ISTHMUS_STANDARDS"}
    if standards is not None:
        environment["ISTHMUS_STANDARDS"] = str(standards)
    command = [sys.executable, "-m", "isthmus", "efti", "filter", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)


def assert_refused(result: subprocess.CompletedProcess[bytes], code: int, *words: str) -> None:
    said = result.stderr.decode()
    assert result.returncode == code, said
    assert result.stdout == b""
    assert "Traceback" not in said
    for word in words:
        assert word in said


def test_the_filtered_document_is_printed() -> None:
    result = run("--subset", "EU01", EXAMPLE)
    assert result.returncode == 0, result.stderr
    expected = parse((EFTI / "subset-examples" / "example-EU01.xml").read_bytes())
    assert canonical_xml(parse(result.stdout)) == canonical_xml(expected)


def test_several_subsets_may_be_asked_for_as_the_page_shows(tmp_path: Path) -> None:
    ((group, command, *subsets, name),) = (given.words for given in Page("docs/efti.md").commands())
    assert (group, command, subsets) == ("efti", "filter", ["--subset", "EU01", "--subset", "FI01"])
    (tmp_path / name).write_bytes(EXAMPLE.read_bytes())
    result = run(*subsets, tmp_path / name)
    assert result.returncode == 0, result.stderr
    assert b"applicableServiceCharge" in result.stdout
    assert b"departmentName" in result.stdout


def test_without_a_subset_nothing_is_printed() -> None:
    assert_refused(run(EXAMPLE), 2, "--subset")


def test_an_unknown_subset_is_named() -> None:
    assert_refused(run("--subset", "EU01", "--subset", "XX99", EXAMPLE), 2, "XX99")


def test_without_the_schemas_it_is_said_where_to_get_them(tmp_path: Path) -> None:
    for standards in (None, tmp_path):
        assert_refused(
            run("--subset", "EU01", EXAMPLE, standards=standards), 2, "ISTHMUS_STANDARDS", "EFTI4EU"
        )


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    assert_refused(run("--subset", "EU01", tmp_path / "absent.xml"), 2, "absent.xml")
    assert_refused(run("--subset", "EU01", tmp_path), 2)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", ["not_well_formed"]),
        (b"<consignment", ["not_well_formed"]),
        (b"<consignment/>", ["no consignment"]),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', ["doctype"]),
        (b"\xff\xfe\xff", ["encoding"]),
        (
            b'<consignment xmlns="http://efti.eu/v1/consignment/common">\n<bribe/></consignment>',
            [":2:", "bribe"],
        ),
    ],
)
def test_a_document_that_is_refused_is_explained(tmp_path: Path, document: bytes, words: list[str]) -> None:
    file = tmp_path / "given.xml"
    file.write_bytes(document)
    assert_refused(run("--subset", "EU01", file), 1, "given.xml", *words)
