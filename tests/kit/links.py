"""A link between two servers that can be cut: a TCP proxy on the loopback whose state a test sets."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from urllib.parse import urlsplit

PIECE = 65_536


class State(StrEnum):
    """What a link does with what is sent over it."""

    WHOLE = "passes everything on"
    SLOW = "passes everything on, later"
    DOWN = "closes every connection at once"
    BLACK_HOLE = "takes connections and whatever is sent, and passes nothing on"
    LOSES_ANSWERS = "passes requests on, and closes the connection when the answer comes"
    CUTS_ANSWERS = "passes requests on, and closes the connection after the first byte of the answer"


class Link:
    """Listens on ``url`` and connects each caller to the server at ``target``, as :attr:`state` says."""

    def __init__(self, target: str, delay: float) -> None:
        place = urlsplit(target)
        self._target = (place.hostname, place.port)
        self._delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._state = State.WHOLE
        self.calls = 0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def state(self) -> State:
        """What the link does now."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        """Change it, for open connections too: those that were in a black hole are closed."""
        with self._lock:
            was, self._state = self._state, state
            if was is not state and State.BLACK_HOLE in (was, state):
                self._hang_up()

    def close(self) -> None:
        """Stop listening, and close what is open."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            self._hang_up()

    def _hang_up(self) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            self.calls += 1
            threading.Thread(target=self._carry, args=(caller,), daemon=True).start()

    def _carry(self, caller: socket.socket) -> None:
        with caller, self._known(caller):
            if self._state is State.DOWN:
                return
            if self._state is State.BLACK_HOLE:
                while self._read(caller):
                    pass
                return
            try:
                server = socket.create_connection(self._target, timeout=10)
            except OSError:
                return
            server.settimeout(None)
            with server, self._known(server):
                back = threading.Thread(target=self._answers, args=(server, caller), daemon=True)
                back.start()
                self._requests(caller, server)
                back.join()

    @contextmanager
    def _known(self, each: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(each)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(each)

    def _requests(self, caller: socket.socket, server: socket.socket) -> None:
        while piece := self._read(caller):
            if self._state is State.SLOW:
                self._closed.wait(self._delay)
            if self._state is not State.BLACK_HOLE and not self._write(server, piece):
                break
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _answers(self, server: socket.socket, caller: socket.socket) -> None:
        while piece := self._read(server):
            if self._state is State.CUTS_ANSWERS:
                self._write(caller, piece[:1])
            if self._state in (State.LOSES_ANSWERS, State.CUTS_ANSWERS):
                break
            if self._state is not State.BLACK_HOLE and not self._write(caller, piece):
                break
        for each in (caller, server):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _read(each: socket.socket) -> bytes:
        try:
            return each.recv(PIECE)
        except OSError:
            return b""

    @staticmethod
    def _write(each: socket.socket, piece: bytes) -> bool:
        try:
            each.sendall(piece)
        except OSError:
            return False
        return True


@contextmanager
def link(target: str, *, delay: float = 0.1) -> Iterator[Link]:
    """Put a link before the server at ``target``; ``delay`` are the seconds that a slow one adds."""
    made = Link(target, delay)
    try:
        yield made
    finally:
        made.close()
