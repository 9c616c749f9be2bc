"""Signed requests from the bridge to its neighbours, with an end to how long and how much is read."""

import functools
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

import httpx

from isthmus_bridge.service import PATIENCE, Patience
from isthmus_protocol.canonical import MalformedJson, parse_object
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import SigningKey

LONGEST_ANSWER = 65_536
CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")


@functools.cache
def _authorities() -> ssl.SSLContext:
    """Return whom TLS trusts: read once, since reading them takes longer than a delivery."""
    return httpx.create_ssl_context(trust_env=False)


class NoAnswer(Exception):
    """The neighbour was not reached or did not answer in time; it may have taken the message all the same."""


@dataclass(frozen=True)
class Answer:
    """What the neighbour answered."""

    status: int
    body: bytes

    @property
    def reason(self) -> str:
        """The status and, where the body is a problem (RFC 9457), its code: never more of the body."""
        try:
            code = parse_object(self.body).get("code")
        except MalformedJson:
            code = None
        known = isinstance(code, str) and CODE.fullmatch(code)
        return f"HTTP {self.status} {code}" if known else f"HTTP {self.status}"


class Sender:
    """Sends requests signed with the bridge's key; many threads may share one."""

    def __init__(self, key: SigningKey, clock: Callable[[], datetime], patience: Patience = PATIENCE) -> None:
        self._key = key
        self._clock = clock
        self._patience = patience
        self._client = httpx.Client(
            verify=_authorities(), timeout=patience.step, trust_env=False, follow_redirects=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def post(self, url: str, body: bytes, *, request_id: str) -> Answer:
        """Return the answer to ``body``. Raises :class:`NoAnswer`."""
        headers = {
            **sign_request(self._key, "POST", url, body, now=self._clock()),
            "Content-Type": "application/json",
            "X-Request-Id": request_id,
        }
        deadline = time.monotonic() + self._patience.answer
        try:
            with self._client.stream("POST", url, content=body, headers=headers) as response:
                received = b""
                for piece in response.iter_bytes():
                    received += piece
                    if len(received) > LONGEST_ANSWER:
                        raise NoAnswer("the answer is too long")
                    if time.monotonic() > deadline:
                        raise NoAnswer("the answer takes too long")
                return Answer(response.status_code, received)
        except httpx.HTTPError as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error
