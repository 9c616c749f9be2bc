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


class _Client(asyncio.BufferedProtocol):
    """One connection. What it costs weighs on fast servers: it reads into one place, and only heads."""

    def __init__(self, request: bytes, until: float, taken: list[float]) -> None:
        self._request, self._until, self._taken = request, until, taken
        self._place = bytearray(1 << 18)
        self._lacking = 0  # bytes of the answer that comes
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._began = time.perf_counter()
        if self._began < self._until:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 (how it is called)
        return self._place

    def buffer_updated(self, nbytes: int) -> None:
        self._lacking = (self._lacking or self._length(bytes(self._place[:nbytes]))) - nbytes
        if self._lacking == 0:
            self._taken.append(time.perf_counter() - self._began)
            self._ask()

    def _length(self, begun: bytes) -> int:
        """Return how many bytes an answer has of which the head came, and maybe more."""
        head, end, _ = begun.partition(b"\r\n\r\n")
        status, *lines = head.lower().split(b"\r\n")
        if not end or b" 200 " not in status:
            raise RuntimeError(begun.decode())
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
        return len(head) + len(end) + length

    def connection_lost(self, exc: Exception | None) -> None:
        failed = exc or (RuntimeError("the server ended the connection") if self._lacking else None)
        if failed is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(failed)


async def _round(port: int, request: bytes, clients: int, seconds: float) -> list[float]:
    taken: list[float] = []
    until = time.perf_counter() + seconds
    loop = asyncio.get_running_loop()
    asking = [
        await loop.create_connection(lambda: _Client(request, until, taken), "127.0.0.1", port)
        for _ in range(clients)
    ]
    await asyncio.gather(*(client.done for _, client in asking))
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
