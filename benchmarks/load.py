"""A bounded load on this machine: kept connections, each asking again as soon as it is answered."""

import asyncio
import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Measured:
    """One round: requests a second, the servers' CPU time for each in ms, and the 99th percentile in ms."""

    rate: float
    cpu_ms: float
    p99_ms: float


def get(port: int, path: str) -> bytes:
    """Return a request for ``path``."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


def post(port: int, path: str, token: str, body: bytes) -> bytes:
    """Return a request that sends JSON with a bearer token."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _ask(port: int, request: bytes, until: float, taken: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while (began := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise RuntimeError(head.decode())
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            await reader.readexactly(length)
            taken.append(time.perf_counter() - began)
    finally:
        writer.close()


async def _round(port: int, request: bytes, clients: int, seconds: float) -> list[float]:
    taken: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(_ask(port, request, until, taken) for _ in range(clients)))
    return taken


def _cpu(processes: Iterable[psutil.Process]) -> dict[int, float]:
    """Return the CPU time of each process that is there, in seconds."""
    found = {}
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            found[process.pid] = times.user + times.system
    return found


def family(server: psutil.Process) -> list[psutil.Process]:
    """Return a server and what it started."""
    return [server, *server.children(recursive=True)]


def measure(
    working: Iterable[psutil.Process], port: int, request: bytes, *, clients: int, seconds: float
) -> Measured:
    """Send ``request`` for ``seconds`` over ``clients`` connections; CPU is counted of those ``working``."""
    counted = list(working)
    before = _cpu(counted)
    taken = sorted(asyncio.run(_round(port, request, clients, seconds)))
    spent = sum(now - before[pid] for pid, now in _cpu(counted).items())
    return Measured(len(taken) / seconds, spent / len(taken) * 1000, taken[int(len(taken) * 0.99)] * 1000)
