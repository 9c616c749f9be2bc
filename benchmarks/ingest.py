"""Carriers' events over HTTP, deduplicated and committed: the platform against the ORM row by row.

Both serve the same kind of batches of DCSA 2.2 events through the same server, with tokens checked, row-level
security on, and what was sent before recognised. The peer does what an ordinary service does: for each event
it asks whether it is known, finds its shipment, and adds an object to the session; one commit a request.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import psutil

from benchmarks import ingest_ground as ground
from benchmarks.finding import Finding
from benchmarks.serving import database, serving

ROUNDS, CLIENTS, BATCH = 3, 8, 500  # as many clients as ask for the page: two leave cores idle
WARM = 3
"""Rounds before the first that counts: every connection of the pool prepares its statements on its own."""
BATCHES = {"isthmus": 40, "orm": 6}  # of each client in one round, so that both last about as long


@dataclass(frozen=True)
class Measured:
    """One round: events a second, and CPU time of server and database for each event in microseconds."""

    rate: float
    cpu_us: float


async def _post(port: int, path: str, token: str, bodies: Sequence[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for body in bodies:
            head = (
                f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            answered = await reader.readuntil(b"\r\n\r\n")
            lines = answered.lower().split(b"\r\n")
            length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
            answer = await reader.readexactly(length)
            if b" 200 " not in answered.split(b"\r\n", 1)[0]:
                raise RuntimeError(answer.decode())
            if answer.count(b'"RECORDED"') != BATCH:
                raise RuntimeError(f"not all of a batch were recorded: {answer[:200].decode()}")
    finally:
        writer.close()


def _cpu(processes: Sequence[psutil.Process]) -> float:
    family = {each for root in processes for each in (root, *root.children(recursive=True))}
    return sum(each.cpu_times().user + each.cpu_times().system for each in family)


async def _round(port: int, name: str, number: int, spent: Sequence[psutil.Process]) -> Measured:
    every = [
        [
            orjson.dumps(ground.batch(name, client, number * BATCHES[name] + index, BATCH))
            for index in range(BATCHES[name])
        ]
        for client in range(CLIENTS)
    ]
    before, began = _cpu(spent), time.perf_counter()
    await asyncio.gather(
        *(
            _post(port, ground.PATHS[name], ground.carrier(client), bodies)
            for client, bodies in enumerate(every)
        )
    )
    took, events = time.perf_counter() - began, CLIENTS * BATCHES[name] * BATCH
    return Measured(events / took, (_cpu(spent) - before) / events * 1e6)


def run() -> Finding:
    """Measure both in interleaved rounds; return medians, and the ratio of their rates."""
    seen: dict[str, list[Measured]] = {name: [] for name in BATCHES}
    with database() as (addresses, postgres):
        url = addresses["DATABASE_URL"]
        ground.prepare(url, CLIENTS)
        with serving("benchmarks.ingest_ground:app", url) as (server, port):
            for number in range(WARM + ROUNDS):
                for name in BATCHES:
                    measured = asyncio.run(_round(port, name, number, [server, postgres]))
                    if number >= WARM:
                        seen[name].append(measured)
        found = {name: _median(rounds) for name, rounds in seen.items()}
    ours, peer = found["isthmus"], found["orm"]
    return Finding(
        figures=found,
        ratios={
            "ingest_vs_orm": round(ours["events_per_second"] / peer["events_per_second"], 2),
            "ingest_vs_orm_by_cpu": round(peer["cpu_us_per_event"] / ours["cpu_us_per_event"], 2),
        },
        scale={"rounds": ROUNDS, "clients": CLIENTS, "batch": BATCH},
    )


def _median(rounds: Sequence[Measured]) -> dict[str, float]:
    return {
        "events_per_second": round(statistics.median(each.rate for each in rounds)),
        "cpu_us_per_event": round(statistics.median(each.cpu_us for each in rounds), 1),
    }
