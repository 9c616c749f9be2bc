"""Stripe's wire on the loopback: the stand-in behind real HTTP, for the official client to call."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from isthmus_billing.payments_standin import Standin
from isthmus_billing.stripe_payments import API_VERSION

KEY = "sk_test_a_key_that_must_stay_secret"
WRONG_KEY = "sk_test_wrong_and_secret_too"


@dataclass
class Wire:
    """A server that answers as Stripe; ``mishaps`` are what happens to the next requests instead.

    A number is answered with that status; ``"lost"`` is carried out, but the reply never arrives.
    """

    standin: Standin
    address: str = ""
    requests: list[str] = field(default_factory=list)
    mishaps: deque[int | str] = field(default_factory=deque)


@contextmanager
def serving(standin: Standin) -> Iterator[Wire]:
    """Serve the stand-in on a free port of the loopback."""
    wire = Wire(standin)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(wire))
    wire.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(wire: Wire) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            wire.requests.append(f"{self.command} {self.path}")
            mishap = wire.mishaps.popleft() if wire.mishaps else None
            if isinstance(mishap, int):
                return self._reply(mishap, {"error": {"type": "api_error", "message": "mishap"}})
            if self.headers.get("Authorization") != f"Bearer {KEY}":
                return self._reply(401, {"error": {"type": "invalid_request_error", "message": "no key"}})
            assert self.headers.get("Stripe-Version") == API_VERSION
            key = self.headers.get("Idempotency-Key")
            status, body = wire.standin.answer(self.command, self.path, form, key)
            if mishap == "lost":
                self.close_connection = True
                return None
            return self._reply(status, body)

        def _reply(self, status: int, body: object) -> None:
            encoded = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler
