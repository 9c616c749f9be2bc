"""What docs/growing.md tells who installs Isthmus to run does what the page says."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql

from isthmus import cli
from isthmus.home import home_of
from isthmus.keys import KeyFolder, make_missing
from isthmus.settings import Process
from isthmus_protocol.keys import Holder
from pages import Command, Page

PAGE = Page("docs/growing.md")


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyFolder:
    """Return the keys of a home of the test's own."""
    home = home_of(tmp_path / "home")
    home.prepare()
    monkeypatch.setenv("ISTHMUS_HOME", str(home.path))
    return make_missing(home)


def run(command: Command, **meant: str) -> Result:
    return CliRunner().invoke(cli.isthmus, [meant.get(word.strip("[]"), word) for word in command.words])


@pytest.fixture
def names() -> dict[str, str]:
    """Return what the page's roles and database are called here: the server is not the test's alone."""
    mark = uuid4().hex[:12]
    return {name: f"{name}_{mark}" for name in ("isthmus_owner", "isthmus_app", "isthmus")}


@pytest.fixture
def made(postgres: str, names: dict[str, str]) -> Iterator[str]:
    """Yield the address of the server after all that the page says was done on it."""
    database, *roles = (sql.Identifier(names[name]) for name in ("isthmus", "isthmus_app", "isthmus_owner"))
    with closing(psycopg.connect(postgres, autocommit=True)) as connection:
        try:
            for number, statement in enumerate(PAGE.block("sql").splitlines()):
                renamed = re.sub(r"\bisthmus\w*", lambda found: names[found[0]], statement)
                connection.execute(renamed.replace("'...'", f"'secret-{number}'").encode())
            yield postgres
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
            for role in roles:
                connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))


def test_the_statements_make_an_owner_that_migrates_and_a_role_that_row_level_security_binds(
    made: str, names: dict[str, str]
) -> None:
    owner, application, database = names["isthmus_owner"], names["isthmus_app"], names["isthmus"]
    with closing(psycopg.connect(made)) as server:
        asked = "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = ANY (%s)"
        roles = server.execute(asked, [[owner, application]]).fetchall()
        assert sorted(roles) == sorted((name, True, False, False) for name in (owner, application))
        asked = "SELECT has_database_privilege(%s, %s, 'CONNECT')"
        reached = [server.execute(asked, [role, database]).fetchone() for role in (application, "public")]
        assert reached == [(True,), (False,)]
        asked = "SELECT has_database_privilege(%s, %s, 'CREATE'), pg_has_role(%s, %s, 'USAGE')"
        for role, own in ((owner, True), (application, False)):
            assert server.execute(asked, [role, database, role, application]).fetchone() == (own, True)


def test_the_command_migrates_both_databases(
    keys: KeyFolder, platform_url: str, bridge_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (migrate,) = PAGE.commands("migrate")
    for variable in migrate.variables:
        monkeypatch.setenv(variable, bridge_url if variable.startswith("BRIDGE") else platform_url)
    done = run(migrate)
    assert done.exit_code == 0, done.output
    assert re.findall(r"present +(\w+)", done.output) == ["platform", "bridge"]


def test_a_key_is_announced_signs_and_the_old_one_is_revoked(keys: KeyFolder) -> None:
    listing, announce, rotate, revoke = PAGE.commands("key")
    old = keys.signing_key(Holder.BRIDGE).kid
    assert old in run(listing).output
    assert run(announce).exit_code == 0
    assert keys.signing_key(Holder.BRIDGE).kid == old
    assert run(rotate).exit_code == 0
    assert keys.signing_key(Holder.BRIDGE).kid != old
    later = {"KID": old, "--at": "--at", "TIME": "2026-06-01T09:00:00Z"}
    assert run(revoke, **later).exit_code == 0
    known = keys.trust().get(old)
    assert known is not None
    assert known.revoked_at is not None


def test_production_starts_on_no_default_and_lists_all_that_is_missing(tmp_path: Path) -> None:
    # A process of its own: whatever serves sets up the logs of all that runs with it.
    (web,) = PAGE.commands("web")
    known = {"PATH": os.environ["PATH"], "ISTHMUS_HOME": str(tmp_path), **web.variables}
    refused = subprocess.run(
        [sys.executable, "-m", "isthmus", *web.words], env=known, capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 2
    said = re.findall(r"^  - (\w+):", refused.stderr, re.MULTILINE)
    assert sorted(said) == ["DATABASE_URL", "ISTHMUS_BRIDGE_URL", "ISTHMUS_SECRET_KEY", "REDIS_URL"]


def test_the_table_has_each_process_and_no_other() -> None:
    assert re.findall(r"^\| `isthmus ([\w-]+)` \|", PAGE.text, re.MULTILINE) == [
        process.value for process in Process
    ]
