"""The command ``isthmus``. A command imports what it needs when it runs: ``isthmus --help`` is quick."""

import errno
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from isthmus import __version__
from isthmus.agreement import agreement
from isthmus.client import client
from isthmus.efti import efti
from isthmus.errors import CannotRun
from isthmus.exchange import exchange
from isthmus.home import home_of
from isthmus.key import key
from isthmus.log import log
from isthmus.screening import screening
from isthmus.settings import Process, Settings, check_production, load
from isthmus.settling import settling
from isthmus.wco import wco
from isthmus.witness_restore import restore

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

said = Console(highlight=False, soft_wrap=True)
noted = Console(stderr=True, highlight=False, soft_wrap=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="isthmus")
def isthmus() -> None:
    """Run a private trade platform, joined to the government's single window by a provable bridge.

    State is in ISTHMUS_HOME (.isthmus). The web is on ISTHMUS_PORT (8080); bridge, window and witness are on
    the next three.
    """


@isthmus.command()
@click.option("--demo", is_flag=True, help="Then play the demonstration's story.")
@click.option("--twice", is_flag=True, help="Two of web, worker, bridge and bridge-worker, side by side.")
def run(*, demo: bool, twice: bool) -> None:
    """Start everything on this machine, and keep it running until Ctrl-C.

    Where DATABASE_URL, BRIDGE_DATABASE_URL or REDIS_URL is not set, PostgreSQL and Redis are started
    here too.
    """
    from isthmus import supervisor

    supervisor.run(load(instances=2) if twice else load(), said, demo=demo)


@isthmus.command()
def web() -> None:
    """Serve the platform over HTTP (one process of the platform)."""
    from isthmus.apps import create_web

    _serve(Process.WEB, create_web)


@isthmus.command()
def bridge() -> None:
    """Serve the bridge over HTTP (on the bridge's machine)."""
    from isthmus.apps import create_bridge

    _serve(Process.BRIDGE, create_bridge)


@isthmus.command()
def window() -> None:
    """Serve the reference single window."""
    from isthmus.apps import create_window

    _serve(Process.WINDOW, create_window)


@isthmus.group(invoke_without_command=True)
@click.pass_context
def witness(context: click.Context) -> None:
    """Cosign the bridge's log as long as it only grows (on the authority's machine)."""
    from isthmus.witness import create_witness

    if context.invoked_subcommand is None:
        _serve(Process.WITNESS, create_witness)


@isthmus.command()
def worker() -> None:
    """Work through the platform's outbox."""
    with settling():
        from isthmus.apps import create_worker
        from isthmus.working import work

        app = create_worker(_prepared(Process.WORKER))
    work(app)


@isthmus.command("bridge-worker")
def bridge_worker() -> None:
    """Deliver what the bridge agreed to (on the bridge's machine)."""
    with settling():
        from isthmus.apps import create_bridge_worker
        from isthmus.bridge_worker import POOL
        from isthmus.working import work

        app = create_bridge_worker(_prepared(Process.BRIDGE_WORKER))
    work(app, POOL)


@isthmus.command()
def beat() -> None:
    """Wake the workers steadily, so that nothing waits for a lost message. One is enough."""
    with settling():
        from isthmus.apps import create_worker
        from isthmus.working import keep_time

        app = create_worker(_prepared(Process.BEAT))
    keep_time(app)


@isthmus.command()
def demo() -> None:
    """Load the demonstration's parties and play its story against the running platform."""
    from isthmus import addresses
    from isthmus.demo.play import play

    settings = load()
    check_production(settings, demo=True)
    play(addresses.located(home_of(settings.home), settings), said)


@isthmus.command()
@click.option("--party", required=True, metavar="NAME", help="A demonstration party, for example bank.")
def token(party: str) -> None:
    """Print an access token for a demonstration party, valid for 15 minutes.

    TOKEN=$(isthmus token --party bank)
    """
    from isthmus import tokens

    settings = load()
    click.echo(tokens.obtain(home_of(settings.home), settings, party))
    noted.print(f"[dim]Next: curl -H 'Authorization: Bearer ...' {settings.web_address}/graphql")


@isthmus.command(context_settings={"ignore_unknown_options": True})
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), metavar="FILE", help="The keys you trust.")
@click.option("--later", type=click.Path(path_type=Path), metavar="FILE", help="A later checkpoint.")
def verify(bundle: Path, trust: Path | None, later: Path | None) -> None:
    """Check an evidence bundle, or a proof of fraud, offline; exit 0 when it proves what it says, else 1."""
    from isthmus_protocol.verify import main as verify_bundle

    arguments = [str(bundle)] + (["--trust", str(trust)] if trust else [])
    sys.exit(verify_bundle(arguments + (["--later", str(later)] if later else [])))


@isthmus.command("doctor")
def examine() -> None:
    """Check each component and say what to do; exit 1 when something is wrong."""
    from isthmus import doctor

    sys.exit(0 if doctor.examine(load(), said) else 1)


@isthmus.command()
def migrate() -> None:
    """Bring both databases to the present schema, as their owners (`isthmus run` does it by itself)."""
    from isthmus import addresses, migrations

    settings = load()
    settings = addresses.located(home_of(settings.home), settings)
    known = {
        "platform": settings.database_owner_url,
        "bridge": settings.bridge_database_owner_url,
    }
    if not any(known.values()):
        addresses.needed(None, "DATABASE_OWNER_URL")
    for database, url in known.items():
        if url is None:
            said.print(f"  skipped  {database}: no address is set")
            continue
        migrations.upgrade(database, url)  # type: ignore[arg-type]  # the two names above
        said.print(f"  [green]present[/]  {database}")
    said.print("Next: isthmus run, or the single processes (isthmus --help).")


witness.add_command(restore)
for _group in (agreement, client, efti, exchange, key, log, screening, wco):
    isthmus.add_command(_group)


def _prepared(process: Process) -> Settings:
    from isthmus import logs

    logs.configure(process.value)
    return load()


def _serve(process: Process, create: "Callable[[Settings], WSGIApplication]") -> None:
    from isthmus import serving

    settings = _prepared(process)
    check_production(settings, process)
    # The single window keeps a SQLite file and a clerk's thread, the witness one small file.
    processes = 1 if process in {Process.WINDOW, Process.WITNESS} else settings.processes
    # At the bridge requests wait together for one commit: the more of them there are, the less each costs. An
    # open subscription keeps a thread of the web, beside those that answer requests.
    threads = settings.bridge_threads if process is Process.BRIDGE else settings.threads
    threads += settings.streams if process is Process.WEB else 0
    place = serving.Place(settings.host, settings.port_of(process) or settings.port, processes, threads)
    serving.serve(process, create, settings, place)


def main() -> None:
    """Run the command; an expected failure is one clear message on standard error and an exit code."""
    try:
        isthmus(prog_name="isthmus")
    except CannotRun as reason:
        noted.print(f"[red]isthmus:[/] {_plain(reason)}")
        sys.exit(reason.exit_code)
    except OSError as error:
        noted.print(f"[red]isthmus:[/] {_plain(_explained(error))}")
        sys.exit(1)


def _explained(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk is full{where}: free some space, or choose another ISTHMUS_HOME."
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"Permission denied{where}: it may belong to another user, who ran Isthmus here before."
            " Run as that user, or choose another ISTHMUS_HOME."
        )
    if error.errno == errno.EROFS:
        return f"The file system is read-only{where}: choose another ISTHMUS_HOME."
    return f"{error.strerror or error}{where}"


def _plain(message: object) -> str:
    return str(message).replace("[", "\\[")
