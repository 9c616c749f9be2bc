"""A bounded load on this machine: kept connections, each asking again as soon as it is answered."""

import asyncio
import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Measured:
    """One round: requests a second, the server's CPU time for each in ms, and the 99th percentile in ms."""

    rate: float
    cpu_ms: float
    p99_ms: float


async def _ask(port: int, path: str, until: float, taken: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
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


async def _round(port: int, path: str, clients: int, seconds: float) -> list[float]:
    taken: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(_ask(port, path, until, taken) for _ in range(clients)))
    return taken


def _cpu(server: psutil.Process) -> float:
    family = [server, *server.children(recursive=True)]
    return sum(process.cpu_times().user + process.cpu_times().system for process in family)


def measure(server: psutil.Process, port: int, path: str, *, clients: int, seconds: float) -> Measured:
    """Ask ``path`` for ``seconds`` with ``clients`` connections and return what was seen."""
    before = _cpu(server)
    taken = sorted(asyncio.run(_round(port, path, clients, seconds)))
    spent = _cpu(server) - before
    return Measured(len(taken) / seconds, spent / len(taken) * 1000, taken[int(len(taken) * 0.99)] * 1000)
