"""The embedded PostgreSQL and Redis: real servers from wheels, started here where no address is configured.

They listen on 127.0.0.1 only, demand passwords (kept in the home, for its owner only), run as an unprivileged
user, and end with the process that started them.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from isthmus import broker, roles, tether
from isthmus.errors import CannotRun
from isthmus.home import Home, local_secrets, read_json, write_json, write_private
from isthmus.lodging import Lodging

READY_WITHIN = 60.0  # seconds: recovery after a crash may have write-ahead log to replay
STOP_WITHIN = 20.0


def free_port(preferred: int | None = None) -> int:
    """Return ``preferred`` if nothing listens there, else a port that the kernel says is free."""
    for wanted in (preferred, 0):
        if wanted is not None:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", wanted))
                except OSError:
                    continue
                return int(probe.getsockname()[1])
    raise CannotRun("This machine has no free port on 127.0.0.1.")


def launch(
    command: list[str], lodging: Lodging, log: Path, *, dies_by: signal.Signals
) -> "subprocess.Popen[bytes]":
    """Start ``command`` as the lodging's user, so that it gets ``dies_by`` when this process ends."""
    account = lodging.account
    tied = [
        *(sys.executable, "-I", "-S", str(Path(tether.__file__))),
        *(str(os.getpid()), str(int(dies_by)), str(account.uid), str(account.gid)),
        *command,
    ]
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 (our own arguments)
            tied,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=lodging.data,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,
        )


def last_lines(log: Path, count: int = 4) -> str:
    """Return the end of ``log``, indented, to be shown to a person."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()[-count:]
    except FileNotFoundError:
        lines = []
    return "\n".join(f"    {line}" for line in lines)


@dataclass
class Server:
    """One embedded server: what it is called, where it listens, and its process while it runs."""

    name: str
    port: int
    lodging: Lodging
    log: Path
    command: list[str]
    dies_by: signal.Signals
    answers: Callable[[], bool]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it and wait until it answers; raise :class:`CannotRun` with its last words if it does not."""
        self.process = launch(self.command, self.lodging, self.log, dies_by=self.dies_by)
        try:
            self._await_answer(self.process, time.monotonic() + READY_WITHIN)
        except BaseException:
            self.stop()
            raise

    def _await_answer(self, process: "subprocess.Popen[bytes]", deadline: float) -> None:
        while not self.answers():
            if process.poll() is not None:
                if not self._comes_back_later() or time.monotonic() > deadline:
                    raise CannotRun(self._why())
                time.sleep(0.5)
                self.process = process = launch(self.command, self.lodging, self.log, dies_by=self.dies_by)
            if time.monotonic() > deadline:
                raise CannotRun(
                    f"{self.name} does not answer after {READY_WITHIN:.0f} s:\n{last_lines(self.log)}"
                )
            time.sleep(0.03)

    def stop(self) -> None:
        """Stop it in order, by force when it does not."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.dies_by)
            try:
                self.process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self.process = None

    def _comes_back_later(self) -> bool:
        """Whether it only waits for processes of a killed predecessor to go."""
        return b"pre-existing shared memory block" in self.log.read_bytes()

    def _why(self) -> str:
        words = self.log.read_bytes()
        if b"No space left on device" in words:
            return f"{self.name} cannot start: the disk of {self.lodging.data} is full. Free some space."
        if b"ddress already in use" in words:
            return f"{self.name} cannot start: port {self.port} was taken meanwhile. Start again."
        return f"{self.name} does not start; its log {self.log} ends with:\n{last_lines(self.log)}"


@dataclass
class Servers:
    """PostgreSQL and Redis of one home."""

    postgres: Server
    redis: Server
    secrets: dict[str, str] = field(repr=False)

    def start(self) -> None:
        """Start both; roles and databases are there afterwards."""
        self.postgres.start()
        roles.prepare(postgres_url(self.secrets, "postgres", self.postgres.port, "postgres"), self.secrets)
        self.redis.start()

    def stop(self) -> None:
        """Stop both."""
        self.redis.stop()
        self.postgres.stop()

    def addresses(self) -> dict[str, str]:
        """Return the environment variables that lead to them."""
        return addresses(self.secrets, self.postgres.port, self.redis.port)


def postgres_url(secrets: dict[str, str], role: str, port: int, database: str) -> str:
    """Return the address of ``database`` for ``role``."""
    return f"postgresql://{role}:{secrets[role]}@127.0.0.1:{port}/{database}"


def addresses(secrets: dict[str, str], postgres_port: int, redis_port: int) -> dict[str, str]:
    """Return the environment variables that lead to embedded servers at these ports."""

    def at(role: str, database: str) -> str:
        return postgres_url(secrets, role, postgres_port, database)

    at_redis = f"redis://:{secrets['redis']}@127.0.0.1:{redis_port}"
    return {
        "DATABASE_URL": at("isthmus_app", "isthmus"),
        "DATABASE_OWNER_URL": at("isthmus_owner", "isthmus"),
        "BRIDGE_DATABASE_URL": at("isthmus_bridge_app", "isthmus_bridge"),
        "BRIDGE_DATABASE_OWNER_URL": at("isthmus_bridge_owner", "isthmus_bridge"),
        "REDIS_URL": f"{at_redis}/0",
        "BRIDGE_REDIS_URL": f"{at_redis}/1",
    }


def prepare(home: Home, lodging: Lodging, *, durable: bool = True) -> Servers:
    """Return the servers of ``home``, ready to start: cluster made, ports chosen, leftovers ended.

    ``durable=False`` is for tests: nothing is forced to disk.
    """
    secrets = local_secrets(home)
    remembered = read_json(home.run / "ports.json")
    ports = {name: free_port(remembered.get(name)) for name in ("postgres", "redis")}
    write_json(home.run / "ports.json", ports)
    _make_cluster(home, lodging, secrets["postgres"])
    return Servers(
        _postgres(home, lodging, secrets, ports["postgres"], durable=durable),
        _redis(home, lodging, secrets, ports["redis"], durable=durable),
        secrets,
    )


def _make_cluster(home: Home, lodging: Lodging, password: str) -> None:
    """Run ``initdb`` once, beside the final place, so that a half-made cluster is never taken for one."""
    cluster = lodging.data / "postgres"
    if cluster.exists():
        _check_version(cluster, lodging)
        _end_predecessor(cluster)
        return
    draft = lodging.data / "postgres.draft"
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    password_file = lodging.data / "initial-password"
    write_private(password_file, password.encode())
    for path in (draft, password_file):
        lodging.account.owns(path)
    log = home.logs / "initdb.log"
    command = [
        *(str(lodging.postgres_programs / "initdb"), "-D", str(draft), "-U", "postgres", "--encoding=UTF8"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
        *("--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync"),
    ]
    try:
        if launch(command, lodging, log, dies_by=signal.SIGTERM).wait() != 0:
            full = b"No space left on device" in log.read_bytes()
            said = f"The disk of {lodging.data} is full." if full else f"It said:\n{last_lines(log)}"
            raise CannotRun(f"PostgreSQL's initdb failed in {lodging.data}. {said}")
    finally:
        password_file.unlink()
    os.sync()
    draft.rename(cluster)


def _check_version(cluster: Path, lodging: Lodging) -> None:
    made_by = (cluster / "PG_VERSION").read_text().strip()
    said = subprocess.run(  # noqa: S603
        [str(lodging.postgres_programs / "postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout.split()[-1]
    if said.split(".")[0] != made_by:
        raise CannotRun(
            f"{cluster} was made by PostgreSQL {made_by}, the embedded server is {said}:"
            " dump it with the old one and load it here, or choose another ISTHMUS_HOME."
        )


def _end_predecessor(cluster: Path) -> None:
    """End a server that outlived its supervisor, and remove the pid file that a killed machine left."""
    pid_file = cluster / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    try:
        process = psutil.Process(pid)
        ours = str(cluster) in process.cmdline()
    except psutil.NoSuchProcess:
        ours = False
    if ours:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_WITHIN)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_WITHIN)
    else:
        pid_file.unlink(missing_ok=True)


def _postgres(home: Home, lodging: Lodging, secrets: dict[str, str], port: int, *, durable: bool) -> Server:
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_statement": "none",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command = [
        str(lodging.postgres_programs / "postgres"),
        "-D",
        str(lodging.data / "postgres"),
        "-p",
        str(port),
    ]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    url = postgres_url(secrets, "postgres", port, "postgres")

    def answers() -> bool:
        try:
            with psycopg.connect(url, connect_timeout=2):
                return True
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise CannotRun(
                    f"The data in {lodging.data} has another password than {home.secrets} says:"
                    " bring back the file that belongs to it, or choose another ISTHMUS_HOME."
                ) from None
            return False

    log = home.logs / "postgres.log"
    return Server("PostgreSQL", port, lodging, log, command, signal.SIGINT, answers)


def _redis(home: Home, lodging: Lodging, secrets: dict[str, str], port: int, *, durable: bool) -> Server:
    folder = lodging.data / "redis"
    folder.mkdir(mode=0o700, exist_ok=True)
    configuration = folder / "redis.conf"
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {secrets['redis']}",
        f'dir "{folder}"',
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        'save ""',
        "daemonize no",
        "set-proc-title no",
    ]
    write_private(configuration, "\n".join(lines).encode() + b"\n")
    for path in (folder, configuration):
        lodging.account.owns(path)
    url = addresses(secrets, 0, port)["REDIS_URL"]

    def answers() -> bool:
        try:
            broker.look(url)
        except broker.Silent:
            return False
        return True

    command = [str(lodging.redis_program), str(configuration)]
    return Server("Redis", port, lodging, home.logs / "redis.log", command, signal.SIGTERM, answers)
