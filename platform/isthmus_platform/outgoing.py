"""Calling an address that another party named: the judged address, no redirects, an end to time and size."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote

import certifi

from isthmus_platform.outgoing_addresses import Destination, Outgoing, Resolve

LONGEST_ANSWER = 16 * 1024
"""Bytes read of an answer; more is not waited for."""


class NoAnswer(Exception):
    """The other side was not reached, or did not answer as HTTP within the time."""


@dataclass(frozen=True)
class Reply:
    """What was answered, as far as it matters: the status and how long it took."""

    status: int
    milliseconds: int


def _public_trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


@dataclass(frozen=True)
class Caller:
    """Posts to addresses within ``outgoing``; a call ends after ``patience`` seconds whatever it receives."""

    outgoing: Outgoing
    patience: float = 8.0
    trust: ssl.SSLContext = field(default_factory=_public_trust)
    look_up: Resolve | None = None

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Post ``body`` and return the reply, whatever its status.

        Raises :class:`~isthmus_platform.outgoing_addresses.AddressRefused` and :class:`NoAnswer`.
        """
        began = time.monotonic()
        try:
            destination = self.outgoing.resolve(url, self.look_up)
            connected = self._connect(destination, began + self.patience)
        except OSError as error:  # TLS included
            raise NoAnswer(f"{type(error).__name__}: {error}") from error
        with connected:
            status = self._exchange(connected, destination, body, headers, began + self.patience)
        return Reply(status, round((time.monotonic() - began) * 1000))

    def _connect(self, destination: Destination, end: float) -> socket.socket:
        """Connect to the first judged address that answers, by TLS with the name where it is https."""
        problem: OSError = TimeoutError("no time was left")
        for address in destination.addresses:
            left = end - time.monotonic()
            if left <= 0:
                break
            try:
                plain = socket.create_connection((address, destination.port), timeout=left)
            except OSError as error:
                problem = error
                continue
            if not destination.encrypted:
                return plain
            return self._encrypted(plain, destination.host, end)
        raise problem

    def _encrypted(self, plain: socket.socket, host: str, end: float) -> socket.socket:
        encrypted = self.trust.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        try:
            with _ended_at(encrypted, end):
                encrypted.do_handshake()
        except OSError:
            encrypted.close()
            raise
        return encrypted

    def _exchange(
        self,
        connected: socket.socket,
        destination: Destination,
        body: bytes,
        headers: Mapping[str, str],
        end: float,
    ) -> int:
        connection = http.client.HTTPConnection(_bracketed(destination.host), destination.port)
        connection.sock = connected
        target = quote(destination.target, safe="/?&=%:;,+@!$'()*~-._[]")
        try:
            with _ended_at(connected, end):
                connection.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
                connection.putheader("Host", _authority(destination))
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    connection.putheader(name, value)
                connection.endheaders(body)
                answer = connection.getresponse()
                answer.read(LONGEST_ANSWER)
                return answer.status
        except (OSError, http.client.HTTPException, ValueError) as error:
            if time.monotonic() >= end:
                raise NoAnswer("TimeoutError: the answer took too long") from error
            raise NoAnswer(f"{type(error).__name__}: {error}"[:300]) from error


class _ended_at:  # noqa: N801 (used as a function is)
    """Shuts a socket down at a time, since a timeout per read ends no answer that comes in drips."""

    def __init__(self, connected: socket.socket, end: float) -> None:
        self._connected = connected
        self._timer = threading.Timer(max(0.0, end - time.monotonic()), self._shut)
        self._timer.daemon = True

    def _shut(self) -> None:
        with suppress(OSError):
            # Through the base class: TLS would first say goodbye, and wait for it.
            socket.socket.shutdown(self._connected, socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _authority(destination: Destination) -> str:
    usual = 443 if destination.encrypted else 80
    host = _bracketed(destination.host)
    return host if destination.port == usual else f"{host}:{destination.port}"
