"""``isthmus run``: everything on one machine, started in order, watched, and stopped in order."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType

import httpx
import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from isthmus import addresses, children, embedded, keys, lodging, migrations, ports
from isthmus.children import Child
from isthmus.embedded import Server, Servers
from isthmus.errors import CannotRun
from isthmus.home import Home, home_of, sole_use
from isthmus.settings import Process, Settings, check_production

log = structlog.get_logger(__name__)

READY_WITHIN = 60.0
WATCH_EVERY = 0.1
MOST_CRASHES = 3  # before a process was ever ready
DOUBLED = frozenset({Process.WEB, Process.WORKER, Process.BRIDGE, Process.BRIDGE_WORKER})
STOPPING = (
    frozenset({Process.WEB, Process.BEAT}),
    frozenset({Process.WORKER, Process.BRIDGE, Process.BRIDGE_WORKER, Process.WINDOW, Process.WITNESS}),
)
STEPS = 4 + len(Process)


class Stopped(BaseException):
    """Somebody asked the supervisor to stop."""


@dataclass
class Supervisor:
    """What runs on one home."""

    settings: Settings
    home: Home
    console: Console
    progress: Progress
    servers: Servers | None = None
    children: list[Child] = field(default_factory=list)
    story: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start everything; raise :class:`CannotRun` with the reason when something does not come up."""
        task = self.progress.add_task("starting", total=STEPS)
        left = children.end_leftovers(self.home)
        if left:
            self.console.print(f"Ended what an earlier run left behind: {', '.join(left)}.")
        demanded = {p.value: port for p in Process if (port := self.settings.port_of(p)) is not None}
        ports.demand_free(self.settings.host, demanded)
        self._record()
        with self._step(task, "PostgreSQL and Redis"):
            self._start_servers()
        with self._step(task, "keys"):
            self._prepare_keys()
        with self._step(task, "database of the platform"):
            migrations.upgrade("platform", str(self.settings.database_owner_url))
        with self._step(task, "database of the bridge"):
            migrations.upgrade("bridge", str(self.settings.bridge_database_owner_url))
        addresses.publish(self.home, self.settings)
        for process in Process:
            for number in range(1, self.settings.instances + 1 if process in DOUBLED else 2):
                self._start_child(process, number)
        for process in Process:
            with self._step(task, process.value):
                self._await_ready(process)

    def watch(self) -> None:
        """Restart what crashes, until stopped."""
        while True:
            self._revive()
            if self.story is not None and self.story.poll() is not None:
                self.story = None
            time.sleep(WATCH_EVERY)

    def tell_story(self) -> None:
        """Play the demonstration against what runs, as the command that a person would type."""
        environment = addresses.environment_for(Process.WEB, self.home, self.settings)
        self.story = subprocess.Popen(  # noqa: S603 (our own arguments)
            children.tied_command([sys.executable, "-m", "isthmus", "demo"]),
            env=environment,
            start_new_session=True,
        )

    def stop(self) -> None:
        """Stop everything in order: what takes requests, what works on them, the servers under both."""
        if self.story is not None:
            self.story.kill()
            self.story.wait()
        for group in STOPPING:
            children.stop([child for child in self.children if child.process in group])
        if self.servers is not None:
            self.servers.stop()
        (self.home.run / "addresses.json").unlink(missing_ok=True)
        (self.home.run / "processes.json").unlink(missing_ok=True)

    def _start_servers(self) -> None:
        unset = [
            name
            for name in ("database_url", "bridge_database_url", "redis_url")
            if getattr(self.settings, name) is None
        ]
        if unset:
            lodged = lodging.find(self.home, self.settings.data)
            if lodged.notice:
                self.console.print(lodged.notice)
            self.servers = embedded.prepare(self.home, lodged)
            self.servers.start()
            self._record()
        found = self.servers.addresses() if self.servers else None
        self.settings = addresses.completed(self.settings, found)

    def _prepare_keys(self) -> None:
        if not self.settings.production:
            keys.make_missing(self.home)
        problems = keys.KeyFolder(self.home.keys).problems(*Process)
        if problems:
            raise CannotRun(
                f"The keys in {self.home.keys} are not in order:\n"
                + "\n".join(f"  - {each}" for each in problems)
            )

    def _start_child(self, process: Process, number: int) -> None:
        name = process.value if number == 1 else f"{process.value}-{number}"
        child = Child(
            name,
            process,
            addresses.environment_for(process, self.home, self.settings),
            self.home.logs / f"{name}.log",
            self.home.run / f"{name}.ready",
        )
        self.children.append(child)
        child.start()
        self._record()

    def _await_ready(self, process: Process) -> None:
        deadline = time.monotonic() + READY_WITHIN
        waiting = [child for child in self.children if child.process is process]
        while waiting:
            self._revive()
            for child in waiting:
                if child.crashes >= MOST_CRASHES:
                    raise CannotRun(
                        f"{child.name} ended {child.crashes} times while starting; its log ends with:\n"
                        f"{embedded.last_lines(child.log, 6)}"
                    )
            waiting = [child for child in waiting if not self._is_ready(child)]
            if waiting and time.monotonic() > deadline:
                raise CannotRun(
                    f"{waiting[0].name} is not ready after {READY_WITHIN:.0f} s; its log ends with:\n"
                    f"{embedded.last_lines(waiting[0].log, 6)}"
                )
            if waiting:
                time.sleep(0.05)

    def _is_ready(self, child: Child) -> bool:
        port = self.settings.port_of(child.process)
        if not child.ready_file.exists():
            return False
        if port is None:
            return True
        try:
            host = "127.0.0.1" if self.settings.host == "0.0.0.0" else self.settings.host  # noqa: S104
            return httpx.get(f"http://{host}:{port}/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _servers(self) -> list[Server]:
        return [self.servers.postgres, self.servers.redis] if self.servers else []

    def _revive(self) -> None:
        """Start again what ended: servers first, for everything else needs them."""
        for server in self._servers():
            self._revive_server(server)
        for child in self.children:
            self._revive_child(child)

    def _revive_server(self, server: Server) -> None:
        if server.process is not None and server.process.poll() is None:
            return
        self.console.print(f"{server.name} ended unexpectedly; starting it again.")
        try:
            server.start()
        except CannotRun as reason:
            self.console.print(f"[red]{reason}")
            time.sleep(1)
        else:
            self._record()

    def _revive_child(self, child: Child) -> None:
        if child.running:
            return
        if child.popen is not None:
            code = child.popen.returncode
            pause = child.note_crash()
            child.popen = None
            after = f" in {pause:.1f} s" if pause else ""
            self.console.print(f"{child.name} ended unexpectedly ({code}); starting it again{after}.")
        if time.monotonic() >= child.restart_at:
            child.start()
            self._record()

    def _record(self) -> None:
        pids = {child.name: child.popen.pid for child in self.children if child.popen is not None}
        pids |= {server.name: server.process.pid for server in self._servers() if server.process is not None}
        children.record(self.home, {"supervisor": os.getpid(), **pids})

    @contextlib.contextmanager
    def _step(self, task: TaskID, what: str) -> Iterator[None]:
        began = time.monotonic()
        self.progress.update(task, description=what, refresh=True)
        yield
        self.progress.console.print(f"  [green]ready[/]  {what}  [dim]{time.monotonic() - began:.1f} s")
        self.progress.update(task, advance=1, refresh=True)


def run(settings: Settings, console: Console, *, demo: bool = False) -> None:
    """Run everything until Ctrl-C, SIGTERM or SIGHUP; nothing is left running, however it ends.

    Raises :class:`CannotRun` when it does not come up.
    """
    check_production(settings, *Process, demo=demo)
    home = home_of(settings.home)
    home.prepare()
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # a query that Ctrl-C cut short is no news
    with sole_use(home):
        # No refreshing thread: children are forked from here.
        bar = Progress(
            SpinnerColumn(),
            BarColumn(24),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            auto_refresh=False,
            disable=not console.is_terminal,
        )
        supervisor = Supervisor(settings, home, console, bar)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _raise_stopped)
        try:
            with bar:
                supervisor.start()
            _announce(settings, home, console, demo=demo)
            if demo:
                supervisor.tell_story()
            supervisor.watch()
        except Stopped:
            console.print("Stopping ...")
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            supervisor.stop()
            console.print("Everything is stopped.")


def _raise_stopped(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def _announce(settings: Settings, home: Home, console: Console, *, demo: bool) -> None:
    console.print()
    console.print(f"Isthmus is up: [bold]{settings.web_address}[/]")
    console.print(f"  bridge         {settings.bridge_address}")
    console.print(f"  single window  {settings.window_address}")
    console.print(f"  witness        {settings.witness_address}")
    console.print(f"  state and logs {home.path}")
    told = "" if demo else " Next, in another terminal: [bold]isthmus demo[/] plays the story."
    console.print(f"Ctrl-C stops everything.{told}")
