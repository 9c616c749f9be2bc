"""A party's own system, from outside: it holds a key, obtains tokens, speaks GraphQL and plain HTTP."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import jwt

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PATIENCE = 60.0
PASSING = ("UNAVAILABLE", "bridge_unavailable")  # codes that say: try again
Found = TypeVar("Found")


class UnexpectedAnswer(Exception):
    """The platform answered something else than the story says."""


class Unready(Exception):
    """The platform cannot answer at present; the same request may be sent again."""


def obtain_token(http: httpx.Client, base_url: str, client_id: str, private_key: bytes, kid: str) -> str:
    """Return an access token for ``client_id``, by ``private_key_jwt`` (RFC 7523, section 2.2)."""
    address = f"{base_url}/oauth/token"
    now = datetime.now(UTC)
    assertion = jwt.encode(
        {
            "iss": client_id,
            "sub": client_id,
            "aud": address,
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + timedelta(minutes=1),
        },
        private_key.decode(),
        algorithm="EdDSA",
        headers={"kid": kid},
    )
    answer = http.post(
        address,
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        },
    )
    if answer.is_server_error:
        raise Unready(f"{answer.status_code} {answer.text[:500]}")
    if answer.status_code != httpx.codes.OK:
        raise UnexpectedAnswer(f"no token for {client_id}: {answer.status_code} {answer.text}")
    token: str = answer.json()["access_token"]
    return token


@dataclass(frozen=True)
class Member:
    """A party's client at ``base_url``; every call carries a bearer token of the party's own."""

    name: str
    base_url: str
    private_key: bytes
    kid: str
    http: httpx.Client = field(repr=False)
    _tokens: list[str] = field(default_factory=list, repr=False)

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request as this party, renewing a token that has run out.

        A cut connection or a server that is not ready is tried again for :data:`PATIENCE` seconds: every
        write of the story is idempotent, so that what was done before the cut is not done twice.
        """
        headers: Mapping[str, str] = request.pop("headers", {})
        end = time.monotonic() + PATIENCE
        while True:
            fresh = not self._tokens
            try:
                answer = self._send_once(method, path, headers, request)
            except (httpx.TransportError, Unready) as cut:
                if time.monotonic() > end:
                    raise UnexpectedAnswer(f"{self.name}: {method} {path}: {cut!r}") from cut
                time.sleep(0.5)
                continue
            if answer.status_code != httpx.codes.UNAUTHORIZED or fresh:
                return answer
            self._tokens.clear()

    def _send_once(
        self, method: str, path: str, headers: Mapping[str, str], request: Mapping[str, Any]
    ) -> httpx.Response:
        if not self._tokens:
            self._tokens.append(obtain_token(self.http, self.base_url, self.name, self.private_key, self.kid))
        authorization = {"Authorization": f"Bearer {self._tokens[0]}"}
        answer = self.http.request(
            method, f"{self.base_url}{path}", headers={**headers, **authorization}, **request
        )
        if answer.is_server_error or _unavailable(answer):
            raise Unready(f"{answer.status_code} {answer.text[:500]}")
        return answer

    def query(self, text: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a GraphQL operation; any error in the answer raises."""
        answer = self.send("POST", "/graphql", json={"query": text, "variables": variables})
        body = answer.json()
        if answer.status_code != httpx.codes.OK or body.get("errors"):
            raise UnexpectedAnswer(f"{self.name}: {answer.status_code} {body}")
        data: dict[str, Any] = body["data"]
        return data

    def write(self, mutation: str, selection: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return the payload of ``mutation``, user errors included."""
        type_name = mutation[0].upper() + mutation[1:] + "Input"
        text = (
            f"mutation ($input: {type_name}!) {{ {mutation}(input: $input)"
            f" {{ {selection} userErrors {{ code field message }} }} }}"
        )
        payload: dict[str, Any] = self.query(text, input=given)[mutation]
        return payload

    def done(self, mutation: str, selection: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return the payload of ``mutation``, which must succeed."""
        payload = self.write(mutation, selection, given)
        if payload["userErrors"]:
            raise UnexpectedAnswer(f"{self.name}, {mutation}: {payload['userErrors']}")
        return payload


def nodes(connection: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the nodes of a Relay connection."""
    return [edge["node"] for edge in connection["edges"]]


def until(look: Callable[[], Found | None], what: str, *, seconds: float = 60) -> Found:
    """Look until something is found and return it; raise with ``what`` was awaited after ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(0.2)
    raise UnexpectedAnswer(f"waited {seconds:.0f} s in vain: {what}")


def expect(held: bool, what: str) -> None:  # noqa: FBT001
    """Raise :class:`UnexpectedAnswer` with ``what`` unless it held."""
    if not held:
        raise UnexpectedAnswer(what)


def until_metered(period: str, *used: tuple[Member, str, int]) -> None:
    """Wait until what each member used of a meter has reached it, and so is on the bill of ``period``."""
    query = "query ($period: String!) { usage(period: $period) { lines { meter quantity } } }"

    def look() -> bool | None:
        for member, meter, quantity in used:
            lines = member.query(query, period=period)["usage"]["lines"]
            if sum(line["quantity"] for line in lines if line["meter"] == meter) < quantity:
                return None
        return True

    until(look, f"the metering of {', '.join(meter for _, meter, _ in used)}")


def _unavailable(answer: httpx.Response) -> bool:
    """Tell whether a GraphQL answer says to try again: its status is 200 whatever became of the operation."""
    if answer.headers.get("Content-Type", "").partition(";")[0] != "application/json":
        return False
    body = answer.json()
    errors = body.get("errors") or () if isinstance(body, dict) else ()
    return any(error.get("extensions", {}).get("code") in PASSING for error in errors)
