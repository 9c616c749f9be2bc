"""``isthmus screening`` on a real database: the samples are loaded, shown, compared; a bad one is not."""

import json
from importlib import resources
from pathlib import Path

import jsonschema
import psycopg
import pytest
from click.testing import CliRunner, Result

from graphql_client import register_cast
from isthmus import cli
from isthmus.errors import CannotRun
from isthmus.home import home_of
from isthmus.keys import KeyFolder, make_missing
from isthmus_platform.database import Platform
from pages import Page

SAMPLES = resources.files("isthmus.demo").joinpath("screening")


@pytest.fixture
def lists(platform: Platform, platform_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the sample lists, for commands that go to a database with parties."""
    register_cast(platform)
    monkeypatch.setenv("DATABASE_URL", platform_url)
    monkeypatch.setenv("ISTHMUS_HOME", str(tmp_path / "home"))
    home = home_of(tmp_path / "home")
    home.prepare()
    make_missing(home)
    for name in ("watch.json", "dual-use.csv"):
        (tmp_path / name).write_bytes(SAMPLES.joinpath(name).read_bytes())
    return tmp_path


def run(*words: str) -> str:
    done: Result = CliRunner().invoke(cli.isthmus, ["screening", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def load_csv(file: Path) -> str:
    header = ("--list", "dual-use", "--title", "Sample of dual-use goods")
    return run("load", str(file), "--by", "Ada", *header, "--effective-from", "2026-01-01T00:00:00Z")


def test_the_sample_lists_are_loaded_signed_for_and_shown(lists: Path) -> None:
    told = run("load", str(lists / "watch.json"), "--by", "Ada Byron")
    assert "sample-watch version 1, 6 entries: 6 added, 0 changed, 0 removed" in told
    assert "dual-use version 1, 5 entries" in load_csv(lists / "dual-use.csv")
    assert [line.split()[:3] for line in run("show").splitlines()] == [
        ["dual-use", "1", "5"],
        ["sample-watch", "1", "6"],
    ]
    shown = run("show", "sample-watch")
    assert "by Ada Byron: signed by the operator's key." in shown
    assert "W-005                VESSEL  Black Petrel, Ocean Petrel, IMO 9074729, CM" in shown


def test_what_is_kept_of_a_list_is_what_was_signed(lists: Path, platform_url: str) -> None:
    run("load", str(lists / "watch.json"), "--by", "Ada Byron")
    with psycopg.connect(platform_url) as connection:
        connection.execute("UPDATE screening_list SET loaded_by = 'Charles'")
    assert "THE SIGNATURE IS OF ANOTHER" in run("show", "sample-watch")


def test_two_versions_are_compared(lists: Path) -> None:
    file = lists / "watch.json"
    run("load", str(file), "--by", "Ada")
    said = json.loads(file.read_text())
    said["entries"][1]["names"].append("Umbra Port Logistics")
    del said["entries"][2]
    said["entries"].append({"reference": "W-007", "kind": "PARTY", "names": ["Quiet Quay Brokers"]})
    file.write_text(json.dumps(said))
    assert "6 entries: 1 added, 1 changed, 1 removed" in run("load", str(file), "--by", "Ada")
    first, *rest = run("diff", "sample-watch").splitlines()
    assert first == "sample-watch: version 1 to 2"
    assert [line[:7] for line in rest] == ["- W-003", "+ W-007", "~ W-002", "       "]


def test_a_bad_list_is_told_line_by_line_and_changes_nothing(lists: Path) -> None:
    file = lists / "dual-use.csv"
    load_csv(file)
    before = run("show", "dual-use")
    file.write_text(file.read_text() + "D-9,GOODS,84x,,,\nD-2B201,GOODS,8457,,,\n")
    with pytest.raises(CannotRun) as caught:
        load_csv(file)
    assert "Line 7, hsPrefixes" in str(caught.value)
    assert "(format)" in str(caught.value)
    assert "Line 8, reference: D-2B201 is there already. (repeated)" in str(caught.value)
    assert run("show", "dual-use") == before


def test_the_sample_fits_the_schema_that_is_published(lists: Path) -> None:
    published = json.loads(run("schema"))
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(json.loads((lists / "watch.json").read_text()), published)


def test_a_key_of_another_does_not_sign_for_the_operator(lists: Path) -> None:
    key = str(KeyFolder(home_of(lists / "home").keys).path / "authority.pem")
    with pytest.raises(CannotRun, match="it cannot sign for the operator"):
        run("load", str(lists / "watch.json"), "--by", "Ada", "--key", key)


def test_the_commands_of_the_page_work(lists: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lists)
    watch, goods, show, diff, schema = (each.words[1:] for each in Page("docs/screening.md").commands())
    watching = json.loads((lists / "watch.json").read_text()) | {"list": "watch"}
    (lists / "watch.json").write_text(json.dumps(watching))
    assert "watch version 1" in run(*watch)
    assert "dual-use version 1" in run(*goods)
    assert [line.split()[0] for line in run(*show).splitlines()] == ["dual-use", "watch"]
    assert "by Ada Byron: signed by the operator's key." in run(*show, "watch")
    del watching["entries"][0]
    (lists / "watch.json").write_text(json.dumps(watching))
    run(*watch)
    assert run(*diff).startswith("watch: version 1 to 2\n- W-001")
    jsonschema.validate(watching, json.loads(run(*schema)))
