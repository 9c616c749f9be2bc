"""Signed requests from the bridge to its neighbours, with an end to how long and how much is read."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

import certifi
import urllib3

from isthmus_bridge.service import PATIENCE, Patience
from isthmus_protocol.canonical import JsonObject, MalformedJson, parse_object
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import SigningKey

LONGEST_ANSWER = 65_536
CONNECTIONS = 16
"""Connections kept to one neighbour."""
CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")


class NoAnswer(Exception):
    """The neighbour was not reached or did not answer in time; it may have taken the message all the same."""


@dataclass(frozen=True)
class Answer:
    """What the neighbour answered; None where that is no JSON object."""

    status: int
    said: JsonObject | None

    @property
    def reason(self) -> str:
        """The status and, where the body is a problem (RFC 9457), its code: never more of the body."""
        code = None if self.said is None else self.said.get("code")
        known = isinstance(code, str) and CODE.fullmatch(code)
        return f"HTTP {self.status} {code}" if known else f"HTTP {self.status}"


class Sender:
    """Sends requests signed with the bridge's key; many threads may share one."""

    def __init__(self, key: SigningKey, clock: Callable[[], datetime], patience: Patience = PATIENCE) -> None:
        self._key = key
        self._clock = clock
        self._patience = patience
        # urllib3 takes a third of the time of httpx, and a delivery is little more than its two requests.
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS,
            timeout=urllib3.Timeout(connect=patience.step, read=patience.step),
            retries=False,
            ca_certs=certifi.where(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def post(self, url: str, body: bytes, *, request_id: str) -> Answer:
        """Return the answer to ``body``. Raises :class:`NoAnswer`."""
        status, received = self.exchange(url, body, request_id=request_id)
        try:
            return Answer(status, parse_object(received))
        except MalformedJson:
            return Answer(status, None)

    def exchange(
        self, url: str, body: bytes, *, request_id: str, longest: int = LONGEST_ANSWER
    ) -> tuple[int, bytes]:
        """Return the status and the body that ``body`` is answered with. Raises :class:`NoAnswer`."""
        headers = {
            **sign_request(self._key, "POST", url, body, now=self._clock()),
            "Content-Type": "application/json",
            "X-Request-Id": request_id,
        }
        deadline = time.monotonic() + self._patience.answer
        try:
            response = self._pool.request(
                "POST", url, body=body, headers=headers, redirect=False, preload_content=False
            )
            try:
                received = _read(response, deadline, longest)
            except BaseException:
                response.close()  # what is left unread must not answer the next request
                raise
            response.release_conn()
            return response.status, received
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error


def _read(response: urllib3.BaseHTTPResponse, deadline: float, longest: int) -> bytes:
    received = b""
    while piece := response.read1(longest):
        received += piece
        if len(received) > longest:
            raise NoAnswer("the answer is too long")
        if time.monotonic() > deadline:
            raise NoAnswer("the answer takes too long")
    return received
