"""A page of 50 shipments and a single one, by the planner, by the ordinary executor, and by hand-written SQL.

``ISTHMUS_BENCHMARK_SHIPMENTS`` says how many shipments there are (10,000; each with two containers and ten
events), ``ISTHMUS_BENCHMARK_DATABASE`` names a database that holds them already. Row-level security is on.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.load import Measured, family, measure, post
from benchmarks.serving import ROOT, database
from benchmarks.trade_at_scale import Scale, Trade, write_places
from isthmus import embedded
from isthmus_platform.database import new_id
from isthmus_platform.tokens import TokenIssuer

ROUNDS = int(os.environ.get("ISTHMUS_BENCHMARK_ROUNDS", "5"))
SECONDS, CLIENTS = 3.0, (1, 8)
SHIPMENTS = int(os.environ.get("ISTHMUS_BENCHMARK_SHIPMENTS", "10000"))
PARTY = "trader-7"
SHIPMENT = """reference ucr bookingReference billOfLading bookedAt owner { name } forwarder { name }
  carrier { name } origin { code name country } destination { code name country }
  transhipments { code name country } status { code description at place { code name country } } eta
  equipment { reference isoCode } timeline(first: 10) { edges { node { at kind code classifier
    place { code name country } equipmentReference } } }"""
PAGE = f"query Page($first: Int!) {{ shipments(first: $first) {{ edges {{ node {{ {SHIPMENT} }} }} }} }}"
SINGLE = f"query Single($reference: String!) {{ shipment(reference: $reference) {{ {SHIPMENT} }} }}"
ASKED = {
    "page": {"query": PAGE, "variables": {"first": 50}},
    "single": {"query": SINGLE, "variables": {"reference": "S-0000147"}},
}
SERVED = {
    "isthmus": "benchmarks.graphql_served:isthmus",
    "executor": "benchmarks.graphql_served:executor",
    "handwritten_sql": "benchmarks.graphql_served:handwritten",
}


@dataclass(frozen=True)
class Stand:
    """Where the trade is, and what a client of one party sends."""

    address: str
    party: str
    token: str
    key: Path


@contextmanager
def _trade() -> Iterator[str]:
    """Yield the address of a database with the trade, as its owner reaches it."""
    named = os.environ.get("ISTHMUS_BENCHMARK_DATABASE")
    if named is not None:
        yield named
        return
    with database() as (addresses, _):
        Trade(Scale(SHIPMENTS)).write(addresses["DATABASE_OWNER_URL"])
        write_places(addresses["DATABASE_OWNER_URL"])
        yield addresses["DATABASE_OWNER_URL"]


def _stand(address: str, folder: Path) -> Stand:
    """Give the party an API client and a token."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = folder / "token.pem"
    key.write_bytes(pem)
    client = new_id()
    with psycopg.connect(address) as connection:
        connection.execute("SELECT set_config('isthmus.duty', 'onboarding', true)")
        found = connection.execute("SELECT id FROM party WHERE name = %s", [PARTY]).fetchone()
        if found is None:
            raise RuntimeError(f"there is no {PARTY}")
        connection.execute(
            "INSERT INTO api_client (id, party_id, client_id, public_keys, created_at)"
            " VALUES (%s, %s, %s, '[]', now())",
            [client, found[0], str(client)],
        )
    issuer = TokenIssuer("https://benchmark.invalid", "https://benchmark.invalid", [pem])
    return Stand(address, str(found[0]), issuer.issue(found[0], f"client:{client}"), key)


@contextmanager
def _serving(name: str, stand: Stand) -> Iterator[tuple[psutil.Process, int]]:
    port = embedded.free_port()
    application = SERVED[name]
    command = [
        str(Path(sys.executable).with_name("granian")),
        *("--interface=wsgi", "--workers=2", "--blocking-threads=8", "--no-ws", "--log-level=warning"),
        *(["--factory"] if name != "handwritten_sql" else []),
        *("--host=127.0.0.1", f"--port={port}", application),
    ]
    environment = os.environ | {
        "BENCHMARK_DATABASE_URL": stand.address,
        "BENCHMARK_PARTY": stand.party,
        "BENCHMARK_TOKEN_KEY": str(stand.key),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    }
    with subprocess.Popen(command, env=environment, cwd=ROOT) as server:
        try:
            yield psutil.Process(server.pid), port
        finally:
            server.terminate()


def _answer(port: int, stand: Stand, asked: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {stand.token}"}
    transport = httpx.HTTPTransport(retries=8)  # a server that is starting refuses the connection
    with httpx.Client(transport=transport, timeout=30) as client:
        answer = client.post(f"http://127.0.0.1:{port}/graphql", json=asked, headers=headers)
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(answer.text)
    return answer.json()


def _backends(address: str) -> list[psutil.Process]:
    """Return PostgreSQL's processes that serve the database."""
    with psycopg.connect(address) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [psutil.Process(pid) for (pid,) in rows]


def run() -> dict[str, object]:
    """Measure all on both questions and return medians and ratios."""
    seen: dict[tuple[str, int, str], list[Measured]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="isthmus-benchmark-")))
        stand = _stand(stack.enter_context(_trade()), folder)
        serving = {name: stack.enter_context(_serving(name, stand)) for name in SERVED}
        for asked in ASKED.values():
            answers = [_answer(port, stand, asked) for _, port in serving.values()]
            if any(answer != answers[0] for answer in answers):
                raise RuntimeError("the answers differ")
        for number in range(-1, ROUNDS):  # the first round warms all of them up
            for question, asked in ASKED.items():
                for clients in CLIENTS:
                    for name, (server, port) in serving.items():
                        request = post(port, "/graphql", stand.token, json.dumps(asked).encode())
                        working = [*family(server), *_backends(stand.address)]
                        result = measure(working, port, request, clients=clients, seconds=SECONDS)
                        if number >= 0:
                            seen.setdefault((question, clients, name), []).append(result)
    return _report(seen)


def _report(seen: dict[tuple[str, int, str], list[Measured]]) -> dict[str, object]:
    figures: dict[str, dict[str, float]] = {}
    for (question, clients, name), rounds in seen.items():
        figures[f"{question}, {clients} clients, {name}"] = {
            "requests_per_second": round(statistics.median(each.rate for each in rounds), 1),
            "cpu_ms": round(statistics.median(each.cpu_ms for each in rounds), 3),
            "p99_ms": round(statistics.median(each.p99_ms for each in rounds), 1),
        }
    ratios = {}
    for question in ASKED:
        for peer, word in (("handwritten_sql", "handwritten_sql"), ("executor", "graphene")):
            own, other = (figures[f"{question}, 8 clients, {name}"] for name in ("isthmus", peer))
            ratios[f"{question}_vs_{word}"] = round(
                own["requests_per_second"] / other["requests_per_second"], 2
            )
            ratios[f"{question}_vs_{word}_by_cpu"] = round(other["cpu_ms"] / own["cpu_ms"], 2)
    return {
        "name": "graphql_page",
        "machine": {"cpus": psutil.cpu_count(), "shipments": SHIPMENTS, "rounds": ROUNDS, "seconds": SECONDS},
        "versions": {"python": sys.version.split()[0], "psycopg": psycopg.__version__},
        "figures": figures,
        "ratios": ratios,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
