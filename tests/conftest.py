"""What every test stands on: real servers, started here where no address is given."""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import hypothesis
import psycopg
import pytest

import servers
from databases import Databases
from installation import Installation, running
from isthmus import migrations
from isthmus_platform.database import Platform, create_platform_engine
from standing import StandingClock

FOLDER = pytest.StashKey[Path]()
ENDED_WELL = pytest.StashKey[bool]()
STARTED = pytest.StashKey[servers.TestServers]()

hypothesis.settings.register_profile("isthmus", print_blob=True, deadline=None)
hypothesis.settings.load_profile("isthmus")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the run's seed and folder, and start servers where none are given: once, for all workers."""
    seed = os.environ.setdefault("ISTHMUS_TEST_SEED", str(random.SystemRandom().randrange(2**32)))
    if hypothesis.core.global_force_seed is None:
        hypothesis.core.global_force_seed = int(seed)  # type: ignore[assignment]  # typed as always None
    here = not hasattr(config, "workerinput") and not config.option.collectonly and not config.option.help
    if not here:
        return
    # A folder of the run's own: another run of pytest closes the one that all runs share to other users.
    folder = config.stash[FOLDER] = Path(tempfile.mkdtemp(prefix="isthmus-tests-"))
    folder.chmod(0o711)
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(folder)
    if not {"TEST_POSTGRES_URL", "TEST_REDIS_URL"} <= os.environ.keys():
        started = config.stash[STARTED] = servers.start(folder)
        os.environ.setdefault("TEST_POSTGRES_URL", started.postgres_url)
        os.environ.setdefault("TEST_REDIS_URL", started.redis_url)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[ENDED_WELL] = exitstatus == pytest.ExitCode.OK


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started; the folder stays after a failure, to be looked at."""
    if STARTED in config.stash:
        config.stash[STARTED].stop()
    if FOLDER in config.stash and config.stash.get(ENDED_WELL, None):
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


def pytest_report_header() -> str:
    return f"seed: {os.environ['ISTHMUS_TEST_SEED']} (set ISTHMUS_TEST_SEED to repeat it)"


@pytest.fixture(autouse=True)
def seeded(request: pytest.FixtureRequest) -> None:
    """Seed the random numbers of each test from the run's seed and the test's name."""
    random.seed(f"{os.environ['ISTHMUS_TEST_SEED']} {request.node.nodeid}")


@pytest.fixture(scope="session")
def postgres() -> str:
    """Return the address of a PostgreSQL server on which databases may be made (``TEST_POSTGRES_URL``)."""
    return os.environ["TEST_POSTGRES_URL"]


@pytest.fixture(scope="session")
def redis_url() -> str:
    """Return the address of a Redis that tests may fill (``TEST_REDIS_URL``)."""
    return os.environ["TEST_REDIS_URL"]


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


def _database(server: str, name: str) -> str:
    return server.rsplit("/", 1)[0] + "/" + name


@pytest.fixture(scope="session")
def platform_template(postgres: str) -> str:
    """Return the name of a migrated platform database, to be cloned for each test."""
    name = f"template_platform_{uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    migrations.upgrade("platform", _database(postgres, name))
    return name


@pytest.fixture(scope="session")
def platform_databases(postgres: str, platform_template: str) -> Iterator[Databases]:
    """Yield the platform databases of this worker."""
    with closing(Databases(postgres, platform_template)) as databases:
        yield databases


@pytest.fixture
def platform_url(platform_databases: Databases) -> Iterator[str]:
    """Yield the address of a fresh platform database."""
    with platform_databases.one() as url:
        yield url


@pytest.fixture
def platform(platform_url: str, clock: StandingClock) -> Iterator[Platform]:
    """Yield a platform on a fresh database, at a standing time."""
    engine = create_platform_engine(platform_url, pool_size=4)
    yield Platform(engine, clock)
    engine.dispose()


@pytest.fixture(scope="session")
def isthmus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Yield a whole running Isthmus on which the story has been played.

    Tests that use it are in the xdist group ``isthmus``, so that one installation serves them all.
    """
    with running(tmp_path_factory.mktemp("isthmus") / "home") as installation:
        played = installation.command("demo")
        assert played.returncode == 0, played.stdout + played.stderr
        yield installation


@pytest.fixture(scope="session")
def bridge_template(postgres: str) -> Iterator[str]:
    """Yield the name of a migrated bridge database, to be cloned for each test."""
    name = f"template_bridge_{uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        migrations.upgrade("bridge", _database(postgres, name))
        yield name
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def bridge_databases(postgres: str, bridge_template: str) -> Iterator[Databases]:
    """Yield the bridge databases of this worker."""
    with closing(Databases(postgres, bridge_template)) as databases:
        yield databases


@pytest.fixture
def bridge_url(bridge_databases: Databases) -> Iterator[str]:
    """Yield the address of a fresh bridge database."""
    with bridge_databases.one() as url:
        yield url
