"""An auditor installs the protocol and nothing else of ours, and checks a bundle with it."""

import ast
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import isthmus_protocol
from agreed import KEYRING, agreement, bundle, receipt, record
from isthmus_protocol import wheel
from isthmus_protocol.canonical import canonical
from pages import Page

ROOT = Path(__file__).parents[2]
PACKAGE = Path(isthmus_protocol.__file__).parent
FOREIGN = ("flask", "sqlalchemy", "celery", "graphene", "httpx", "psycopg", "z3", "structlog")
OURS = (
    "isthmus",
    "isthmus_platform",
    "isthmus_bridge",
    "isthmus_window",
    "isthmus_graphql",
    "isthmus_billing",
)

DOCUMENT = agreement("/ucr", "/goods/hsCode")
RECORD = record(DOCUMENT)
BUNDLE = bundle(RECORD, DOCUMENT, receipt(RECORD)).to_bytes()


def needed(*names: str) -> dict[str, importlib.metadata.Distribution]:
    """Return the distributions ``names``, and those that they require, as they are installed here."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop().lower()
        if name in found:
            continue
        found[name] = importlib.metadata.distribution(name)
        for text in found[name].requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def copy(distribution: importlib.metadata.Distribution, to: Path) -> None:
    """Copy the files of an installed distribution: what it brought into ``site-packages``, no commands."""
    for file in distribution.files or ():
        if ".." in file.parts or file.suffix == ".pyc":
            continue
        target = to.joinpath(*file.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(str(distribution.locate_file(file))), target)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Return how to run the Python of an environment with the protocol's wheel and what that requires."""
    home = tmp_path_factory.mktemp("auditor") / "environment"
    venv.create(home, with_pip=True, symlinks=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)}))
    for distribution in needed(*(Requirement(text).name for text in wheel.REQUIRES)).values():
        copy(distribution, site)
    built = wheel.build(home)
    run = [str(home / "bin" / "python"), "-I"]
    install = [*run, "-m", "pip", "install", "--no-index", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*install, str(built)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    yield run
    shutil.rmtree(home)


def call(python: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [*python, *arguments], capture_output=True, text=True, check=False, env=environment, cwd="/"
    )


def test_a_bundle_is_verified_where_only_the_protocol_is_installed(python: list[str], tmp_path: Path) -> None:
    evidence, trust = tmp_path / "evidence.json", tmp_path / "trust.json"
    evidence.write_bytes(BUNDLE)
    trust.write_bytes(canonical(KEYRING.to_json()))
    done = call(python, "-m", "isthmus_protocol.verify", str(evidence), "--trust", str(trust))
    assert done.returncode == 0, done.stderr
    assert "VERIFIED against the trusted keys" in done.stdout
    evidence.write_bytes(BUNDLE.replace(b'"trader"', b'"trades"'))
    altered = call(python, "-m", "isthmus_protocol.verify", str(evidence), "--trust", str(trust))
    assert altered.returncode == 1
    assert "NOT VERIFIED" in altered.stdout


@pytest.mark.parametrize("name", [*FOREIGN, *OURS])
def test_nothing_else_can_be_imported_there(python: list[str], name: str) -> None:
    assert call(python, "-c", "import isthmus_protocol.evidence, isthmus_protocol.xml").returncode == 0
    done = call(python, "-c", f"import {name}")
    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr


def test_all_that_the_wheel_requires_is_there_and_enough_for_every_module(python: list[str]) -> None:
    checked = call(python, "-m", "pip", "check", "--disable-pip-version-check")
    assert checked.returncode == 0, checked.stdout
    modules = ",".join(f"isthmus_protocol.{file.stem}" for file in sorted(PACKAGE.glob("[a-z]*.py")))
    assert call(python, "-c", f"import {modules}").returncode == 0


def test_the_wheel_names_what_is_imported_and_bounds_it_as_the_project_does() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    plain = {re.sub(r"\[.*?\]", "", text) for text in project["dependencies"]}
    assert set(wheel.REQUIRES) <= plain
    assert project["version"] == wheel.VERSION
    modules = {
        name.split(".")[0]
        for file in PACKAGE.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    foreign = modules - set(sys.stdlib_module_names) - {"isthmus_protocol"}
    known = importlib.metadata.packages_distributions()
    distributions = {known[name][0].lower() for name in foreign}
    assert distributions == {Requirement(text).name for text in wheel.REQUIRES}


def test_whoever_builds_the_wheel_gets_the_same_bytes(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(PACKAGE, checkout / "isthmus_protocol")
    program = (
        f"import sys; sys.path.insert(0, {str(checkout)!r});"
        " from isthmus_protocol.wheel import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-I", "-S", "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (tmp_path / "again").mkdir()
    again = hashlib.sha256(wheel.build(tmp_path / "again").read_bytes()).hexdigest()
    assert done.stdout.split()[-1] == again


def test_the_commands_of_the_page_build_install_and_verify(python: list[str], tmp_path: Path) -> None:
    (build, install), (verify,) = (
        [line.split("&&") for line in block.splitlines()] for block in Page("docs/auditing.md").blocks("sh")
    )
    folder, make = (each.split() for each in build)
    built = subprocess.run(
        [sys.executable, *make[1:-1], str(tmp_path)], cwd=ROOT / folder[1], capture_output=True, check=False
    )
    assert built.returncode == 0, built.stderr
    made, installed = (each.split() for each in install)
    assert [f"{make[-1]}/{file.name}" for file in tmp_path.iterdir()] == installed[-1:]
    environment = Path(made[-1]) / "bin"
    assert installed[:2] == [str(environment / "pip"), "install"]
    (tmp_path / "evidence.json").write_bytes(BUNDLE)
    (tmp_path / "trust.json").write_bytes(canonical(KEYRING.to_json()))
    (words,) = (each.split() for each in verify)
    assert words[0] == str(environment / "python")
    given = [str(tmp_path / word) if word.endswith(".json") else word for word in words[1:]]
    done = call(python, *given)
    assert done.returncode == 0, done.stdout + done.stderr
