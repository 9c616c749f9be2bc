"""Crossings a second through the whole path: gate, signatures, log, commit before the reply, delivery.

The same requests, signed, go to Isthmus's bridge and to a naive one, in interleaved rounds; both deliver to
the same loopback neighbours, and a round ends when the last originator has acknowledged. CPU is that of the
bridge's processes and its database. The AS2 peer signs, parses and receipts the same payload and nothing
else; its cryptography (RSA, S/MIME) differs. Floors are what this machine needs for the parts. The steps are
measured one by one (:mod:`benchmarks.crossing_steps`) and set against the whole path's CPU at 32 clients.
"""

import asyncio
import itertools
import os
import re
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psutil
import psycopg

from benchmarks import bridges, crossing_steps, peers
from benchmarks.bridges import Running
from benchmarks.crossing_steps import Steps
from benchmarks.declarations import declaration
from benchmarks.finding import Finding
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Holder, SigningKey

CLIENTS = (1, 8, 32)
ROUNDS, SECONDS = 3, 4.0
MOST = {"ours": 6000, "naive": 1500}
"""Requests prepared for a round: more than are answered in it."""

_numbers = itertools.count()


@dataclass(frozen=True)
class Round:
    """What was seen in one round: crossings a second to the reply and to the end, and CPU for each in ms."""

    replied: float
    crossed: float
    bridge_ms: float
    database_ms: float
    neighbours_ms: float

    @property
    def cpu_ms(self) -> float:
        """CPU of the bridge and its database for one crossing."""
        return self.bridge_ms + self.database_ms


def _prepared(running: Running, count: int) -> list[bytes]:
    """Return requests as they go on the wire, signed now: a signature is good for a minute."""
    url = f"{running.url}/v1/exchanges"
    requests = []
    for number in itertools.islice(_numbers, count):
        body = declaration(f"benchmark-{os.getpid()}-{number}", number)
        headers = sign_request(running.platform, "POST", url, body, now=datetime.now(UTC)) | {
            "Host": urlsplit(url).netloc,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        requests.append(f"POST /v1/exchanges HTTP/1.1\r\n{head}\r\n".encode() + body)
    return requests


async def _client(port: int, left: list[bytes], until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    done = 0
    while left and time.perf_counter() < until:
        writer.write(left.pop())
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        if b" 201 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError((head + body).decode())
        done += 1
    writer.close()
    return done


def _cpu(processes: Sequence[psutil.Process]) -> float:
    family = [member for process in processes for member in (process, *process.children(recursive=True))]
    return sum(times.user + times.system for times in (member.cpu_times() for member in family))


def _round(running: Running, clients: int, most: int) -> Round:
    left = _prepared(running, most)
    parts = (running.bridge, (running.database,), (running.neighbours,))
    port = urlsplit(running.url).port or 0
    before, ended = [_cpu(part) for part in parts], running.acknowledged()
    began = time.perf_counter()

    async def together() -> int:
        return sum(await asyncio.gather(*(_client(port, left, began + SECONDS) for _ in range(clients))))

    done = asyncio.run(together())
    replied = time.perf_counter() - began
    while running.acknowledged() < ended + done:
        if time.perf_counter() - began > 300:
            raise RuntimeError("what was agreed is not delivered")
        time.sleep(0.05)
    crossed = time.perf_counter() - began
    spent = [(_cpu(part) - was) / done * 1000 for part, was in zip(parts, before, strict=True)]
    return Round(done / replied, done / crossed, *spent)


def _median(rounds: Sequence[Round]) -> Round:
    columns = zip(
        *([getattr(each, name) for name in Round.__dataclass_fields__] for each in rounds), strict=True
    )
    return Round(*(statistics.median(column) for column in columns))


def _fsyncs() -> float:
    """Return how many times a second 4 kB are written and made durable."""
    with TemporaryDirectory() as folder:
        file = os.open(Path(folder) / "file", os.O_CREAT | os.O_WRONLY)
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < 1:
            os.pwrite(file, b"x" * 4096, 0)
            os.fdatasync(file)
            count += 1
        os.close(file)
    return count / (time.perf_counter() - began)


def _signature_us() -> float:
    key = SigningKey.generate(Holder.LOG)
    began = time.process_time()
    for _ in range(2000):
        key.sign(b"x" * 200)
    return (time.process_time() - began) / 2000 * 1e6


def _commits(running: Running, clients: int) -> float:
    """Return what `pgbench` reaches on the bridge's server with a one-row insert and commit."""
    with psycopg.connect(running.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS floor (id bigserial, at timestamptz)")
    with TemporaryDirectory() as folder:
        script = Path(folder) / "insert.sql"
        script.write_text("INSERT INTO floor (at) VALUES (now());\n")
        said = subprocess.run(
            [
                running.binaries / "pgbench",
                "-n",
                "-f",
                script,
                "-c",
                str(clients),
                "-j",
                "2",
                "-T",
                "4",
                running.database_url,
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    found = re.search(r"tps = ([\d.]+)", said)
    if found is None:
        raise RuntimeError(said)
    return float(found[1])


def run() -> Finding:
    """Measure both bridges, the AS2 peer and the floors; return medians and the ratios to them."""
    seen: dict[tuple[str, int], list[Round]] = {}
    commits: list[float] = []
    as2: list[float] = []
    versions: dict[str, str] = {}
    with ExitStack() as stack:
        running = {"ours": stack.enter_context(bridges.ours()), "naive": stack.enter_context(bridges.naive())}
        for name, bridge in running.items():
            _round(bridge, 8, MOST[name])  # warm
        for _ in range(ROUNDS):
            for clients in CLIENTS:
                for name, bridge in running.items():
                    seen.setdefault((name, clients), []).append(_round(bridge, clients, MOST[name]))
            commits.append(_commits(running["ours"], 32))
            found = peers.ask("as2_peer", ("pyas2lib",), "60", str(len(declaration("k", 1))))
            as2.append(found["cpu_ms"])
            versions["pyas2lib"] = found["version"]
    medians = {key: _median(rounds) for key, rounds in seen.items()}
    steps = crossing_steps.measured()
    floors = {
        "fsyncs_per_second": round(_fsyncs()),
        "signature_us": round(_signature_us()),
        "commits_per_second_at_32": round(statistics.median(commits)),
        "as2_cpu_ms": round(statistics.median(as2), 2),
        "signatures_of_a_crossing_us": round(steps.signatures_us),
        "crossings_per_second_if_only_signed": round((os.cpu_count() or 1) / steps.signatures_us * 1e6),
    }
    return _told(medians, steps, floors, versions)


def _shares(steps: Steps, whole_us: float) -> dict[str, Mapping[str, float]]:
    """Return the CPU of each step, and what it is of the whole path's."""
    spent = steps.own_us | {"database": steps.database_us}
    spent["carrying: web server, HTTP, waking, waiting"] = whole_us - sum(spent.values())
    return {
        f"step: {name}": {"cpu_us": round(each), "share": round(each / whole_us, 2)}
        for name, each in spent.items()
    }


def _told(
    medians: dict[tuple[str, int], Round], steps: Steps, floors: dict[str, float], versions: dict[str, str]
) -> Finding:
    figures: dict[str, Mapping[str, float]] = {
        f"{name}_at_{clients}": {
            "replied_per_second": round(each.replied),
            "crossed_per_second": round(each.crossed),
            "bridge_cpu_ms": round(each.bridge_ms, 2),
            "database_cpu_ms": round(each.database_ms, 2),
            "neighbours_cpu_ms": round(each.neighbours_ms, 2),
        }
        for (name, clients), each in medians.items()
    }
    ours = medians["ours", 32]
    return Finding(
        figures=figures | _shares(steps, ours.cpu_ms * 1000) | {"floors": floors},
        ratios={
            "crossing_vs_as2": round(floors["as2_cpu_ms"] / ours.cpu_ms, 2),
            "crossing_vs_naive": round(medians["ours", 8].crossed / medians["naive", 8].crossed, 2),
            "crossing_vs_commit": round(ours.crossed / floors["commits_per_second_at_32"], 3),
        },
        scale={"rounds": ROUNDS, "seconds": SECONDS},
        peers=versions,
    )
