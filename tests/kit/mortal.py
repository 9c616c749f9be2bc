"""A bridge in a process of its own that can be killed at any point where its world changes.

Points are the edges of every transaction that has written, of every piece of a request that goes out, of
every piece of an answer that comes in, and the moment before a reply goes out. They are found in the database
driver and in the sockets, so that they are there however the code between them is written. The process is
armed with a number: at that point it sends itself SIGKILL.

This module is run as a script too: it loads the bridge once and forks a process for each life.
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import httpx
import psycopg
from flask import Flask, Response, request
from psycopg.pq import TransactionStatus
from werkzeug.serving import make_server

from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_protocol.keys import Holder, Keyring, SigningKey


@dataclass
class Death:
    """Counts points, and kills this process at the one it is armed with."""

    at: int = 0
    passed: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def arm(self, at: int) -> None:
        """Kill at the ``at``-th point from now; 0 is never."""
        with self._lock:
            self.at, self.passed = at, 0

    def point(self, name: str) -> None:
        """Pass a point, or end here."""
        with self._lock:
            self.passed += 1
            if self.passed == self.at:
                _say({"killed": name})
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()


TOLD = 3
"""The descriptor on which a life tells the tests of itself; what the bridge logs goes nowhere."""


def _say(what: dict[str, Any]) -> None:
    os.write(TOLD, json.dumps(what).encode() + b"\n")


def watch_transactions(death: Death) -> None:
    """Make points before and after the commit of whatever has written."""
    commit = psycopg.Connection.commit

    def watched(connection: "psycopg.Connection[Any]") -> None:
        wrote = False
        if connection.info.transaction_status == TransactionStatus.INTRANS:
            answer = connection.pgconn.exec_(b"SELECT pg_current_xact_id_if_assigned()")
            wrote = answer.get_value(0, 0) is not None
        if wrote:
            death.point("before a commit")
        commit(connection)
        if wrote:
            death.point("after a commit")

    patched: Any = psycopg.Connection
    patched.commit = watched


def _watch_sockets(death: Death) -> None:
    """Make points around whatever goes out over a socket that this process has connected, and comes in."""
    outgoing: set[int] = set()
    connect, close = socket.socket.connect, socket.socket.close
    send, sendall, recv_into = socket.socket.send, socket.socket.sendall, socket.socket.recv_into

    def watched_connect(self: socket.socket, address: Any) -> None:
        death.point("before connecting")
        connect(self, address)
        outgoing.add(id(self))

    def watched_send(self: socket.socket, data: Any, *flags: int) -> int:
        if id(self) in outgoing:
            death.point("before sending")
        return send(self, data, *flags)

    def watched_sendall(self: socket.socket, data: Any, *flags: int) -> None:
        if id(self) in outgoing:
            death.point("before sending")
        sendall(self, data, *flags)

    def watched_recv_into(self: socket.socket, *arguments: Any) -> int:
        received = recv_into(self, *arguments)
        if received and id(self) in outgoing:
            death.point("after receiving")
        return received

    def watched_close(self: socket.socket) -> None:
        outgoing.discard(id(self))
        close(self)

    patched: Any = socket.socket
    patched.connect, patched.close = watched_connect, watched_close
    patched.send, patched.sendall, patched.recv_into = watched_send, watched_sendall, watched_recv_into


def _live(setting: dict[str, Any], now: str) -> None:
    """Be a bridge until killed."""
    death = Death()
    watch_transactions(death)
    _watch_sockets(death)
    keys = {
        Holder(holder): SigningKey.from_pem(Holder(holder), pem.encode()) for holder, pem in setting["keys"]
    }
    at = [datetime.fromisoformat(now)]
    bridge = Bridge(
        engine=create_bridge_engine(setting["database"]),
        keyring=Keyring.from_json(setting["keyring"]),
        signing_key=keys[Holder.BRIDGE],
        log_key=keys[Holder.LOG],
        subject_key=b"s" * 32,
        window_url=setting["window"],
        platform_url=setting["platform"],
        origin="bridge.test/log",
        clock=lambda: at[0],
    )
    app = create_app(bridge)
    app.add_url_rule("/deliver", "deliver", lambda: {"done": deliver_due(bridge)}, methods=["POST"])
    app.add_url_rule("/arm", "arm", lambda: _armed(death), methods=["POST"])
    app.add_url_rule("/clock", "clock", lambda: _set(at), methods=["POST"])
    server = make_server("127.0.0.1", 0, _watched(app, death), threaded=True)
    _say({"port": server.server_port})
    server.serve_forever()


def _armed(death: Death) -> Response:
    death.arm(int(request.get_data()))
    return Response(status=204)


def _set(at: list[datetime]) -> Response:
    at[0] = datetime.fromisoformat(request.get_data(as_text=True))
    return Response(status=204)


def _watched(app: Flask, death: Death) -> Callable[..., Iterable[bytes]]:
    def serve(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        answer = app(environ, start)
        if environ["PATH_INFO"].startswith("/v1/"):
            death.point("before replying")
        return answer

    return serve


def main() -> None:
    """Fork a life for every line that comes in, and say how it ended."""
    os.dup2(1, TOLD)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    setting = json.loads(sys.stdin.readline())
    while line := sys.stdin.readline():
        life = os.fork()
        if life == 0:
            _live(setting, json.loads(line)["now"])
        _, status = os.waitpid(life, 0)
        _say({"ended": os.waitstatus_to_exitcode(status)})


class Died(Exception):
    """The bridge was killed before it answered."""


class Mortal:
    """The tests' side: the launcher, and the bridge that is alive."""

    def __init__(self, launcher: "subprocess.Popen[bytes]") -> None:
        self._launcher = launcher
        self._http = httpx.Client(trust_env=False, timeout=30)
        self.url = ""

    def begin(self, now: datetime) -> None:
        """Start a life, with a clock that stands at ``now``."""
        self._tell({"now": now.isoformat()})
        self.url = f"http://127.0.0.1:{self._hear('port')}"

    def arm(self, at: int) -> None:
        """Have the bridge killed at the ``at``-th point from now; 0 is never."""
        self._http.post(f"{self.url}/arm", content=str(at)).raise_for_status()

    def set_clock(self, now: datetime) -> None:
        """Let the clock of the bridge that is alive stand at ``now``."""
        self._http.post(f"{self.url}/clock", content=now.isoformat()).raise_for_status()

    def post(self, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> httpx.Response:
        """Return the bridge's answer. Raises :class:`Died`."""
        try:
            return self._http.post(f"{self.url}{path}", content=body, headers=headers)
        except httpx.TransportError as error:
            raise Died from error

    def death(self) -> str:
        """Return the point at which the bridge was killed, once its process is gone."""
        point = str(self._hear("killed"))
        assert self._hear("ended") == -signal.SIGKILL
        return point

    def close(self) -> None:
        """End the launcher, and the bridge with it."""
        self._http.close()
        if self._launcher.poll() is None:
            os.killpg(self._launcher.pid, signal.SIGKILL)
        self._launcher.wait()
        for stream in (self._launcher.stdin, self._launcher.stdout):
            if stream is not None:
                stream.close()

    def _tell(self, what: dict[str, Any]) -> None:
        stdin = self._launcher.stdin
        assert stdin is not None
        stdin.write(json.dumps(what).encode() + b"\n")
        stdin.flush()

    def _hear(self, name: str) -> Any:
        stdout = self._launcher.stdout
        assert stdout is not None
        line = stdout.readline()
        assert line, "the launcher is gone"
        return cast(dict[str, Any], json.loads(line))[name]


@contextmanager
def mortal(
    database: str, window: str, platform: str, keys: dict[Holder, SigningKey], keyring: Keyring
) -> Iterator[Mortal]:
    """Start a launcher of bridges on ``database``, between the two neighbours."""
    launcher = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    bridge = Mortal(launcher)
    setting = {
        "database": database,
        "window": window,
        "platform": platform,
        "keys": [(holder.value, key.to_pem().decode()) for holder, key in keys.items()],
        "keyring": keyring.to_json(),
    }
    try:
        bridge._tell(setting)
        yield bridge
    finally:
        bridge.close()


if __name__ == "__main__":
    main()
