"""The GraphQL over HTTP audits of npm's ``graphql-http``, against the whole web.

They want Node 18 or newer and the two packages that ``audits/package-lock.json`` pins by their hashes; npm
fetches them into pytest's cache. Where that cannot be, the tests are skipped.
"""

import hashlib
import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from whole_web import WholeWeb, whole_web

pytestmark = pytest.mark.xdist_group("audits")

AUDITS = Path(__file__).with_name("audits")
COUNT = 61
BY_GET = {"5A70", "D6D5", "6A70"}  # each says "MAY": production answers known operations alone by GET
BY_INTROSPECTION = {"2EA1", "28B9"}  # they ask ``__type`` to see that variables are taken


@pytest.fixture(scope="session")
def audits(pytestconfig: pytest.Config) -> Path:
    """Return the folder that the audits are installed in."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("graphql-http's audits need node and npm, which are not on this machine")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < 18:
        pytest.skip(f"graphql-http's audits need node 18 or newer; this machine has {version.strip()}")
    assert pytestconfig.cache is not None
    pinned = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(AUDITS.iterdir())))
    folder = pytestconfig.cache.mkdir("graphql-http-audits") / pinned.hexdigest()[:16]
    if not folder.exists():
        _install(npm, folder)
    return folder


def _install(npm: str, folder: Path) -> None:
    """Make ``folder`` whole or not at all, whoever else is making it."""
    with TemporaryDirectory(dir=folder.parent) as draft:
        made = shutil.copytree(AUDITS, Path(draft) / "audits")
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            pytest.skip(f"npm cannot install graphql-http's audits here: {done.stderr.strip()[-300:]}")
        with suppress(OSError):
            made.rename(folder)
    assert folder.exists()


def audited(web: WholeWeb, folder: Path) -> dict[str, tuple[str, str]]:
    """Return the name of each audit and what was found, by its id."""
    token = web.bearer("trader")["Authorization"].removeprefix("Bearer ")
    command = ["node", "run.mjs", f"{web.address}/graphql", token]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return {
        each["id"]: (each["status"], f"{each['name']}: {each.get('reason')}")
        for each in json.loads(done.stdout)
    }


def test_all_audits_pass(audits: Path, platform_url: str, redis_url: str, tmp_path: Path) -> None:
    with whole_web(platform_url, tmp_path, redis_url, env="development") as web:
        found = audited(web, audits)
    assert {key: each for key, each in found.items() if each[0] != "ok"} == {}
    assert len(found) == COUNT


def test_in_production_those_alone_fail_that_ask_for_the_schema_or_send_a_new_query_by_get(
    audits: Path, platform_url: str, redis_url: str, tmp_path: Path
) -> None:
    with whole_web(platform_url, tmp_path, redis_url) as web:
        found = audited(web, audits)
    assert {key for key, (status, _) in found.items() if status != "ok"} == BY_GET | BY_INTROSPECTION
    assert len(found) == COUNT
