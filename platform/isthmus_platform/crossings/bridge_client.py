"""Speaking to the bridge: signed requests, with deadlines, never inside a database transaction."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import structlog

from isthmus_platform.clock import Clock, utc_now
from isthmus_platform.errors import InvalidInput, NotFound, PlatformError
from isthmus_protocol.agreements import Agreement, Direction, SignedAgreement, signed_at
from isthmus_protocol.canonical import JsonObject, JsonValue, MalformedJson, canonical, parse
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Keyring, SignatureError, SigningKey
from isthmus_protocol.messages import ExchangeAnswer
from isthmus_protocol.promises import promise_of
from isthmus_protocol.shapes import MalformedMessage

log = structlog.get_logger(__name__)

DEADLINE = httpx.Timeout(10, connect=3)
AGREEMENT_KEPT = timedelta(seconds=10)
PASSING = (
    httpx.codes.UNAUTHORIZED,
    httpx.codes.REQUEST_TIMEOUT,
    httpx.codes.TOO_EARLY,
    httpx.codes.TOO_MANY_REQUESTS,
)
"""Client errors that mean: later. A signature is made anew each time, and a new key may not be known yet."""
LONGEST_ANSWER = 8 * 1024 * 1024


class BridgeUnavailable(PlatformError):
    """The bridge did not answer, or said that it cannot now; ``said`` is its code for why, if it gave one."""

    code = "bridge_unavailable"
    status = 503

    def __init__(self, message: str, *, said: str | None = None) -> None:
        super().__init__(message)
        self.said = said


class QuestionsSpent(PlatformError):
    """The bridge evaluates no more for this party today."""

    code = "evaluation_budget"
    status = 429


class BridgeRefused(PlatformError):
    """The bridge took the request for wrong (4xx), with its code and field; it will not change its mind."""

    code = "bridge_refused"
    status = 502


@dataclass(frozen=True)
class LogEntry:
    """An entry of the bridge's log, as the bridge gives it."""

    index: int
    record: dict[str, Any]


@dataclass(frozen=True)
class LogPage:
    """Entries of the bridge's log, newest first; ``size`` is how many the whole log has."""

    size: int
    entries: tuple[LogEntry, ...]


@dataclass(frozen=True)
class BridgeClient:
    """The bridge at ``base_url``; requests are signed with the platform's key (holder ``PLATFORM``).

    Every method raises :class:`BridgeUnavailable` or :class:`BridgeRefused`, and makes one call or a few.
    """

    base_url: str
    signing_key: SigningKey
    keyring: Keyring
    clock: Clock = utc_now
    http: httpx.Client = field(
        default_factory=lambda: httpx.Client(timeout=DEADLINE, trust_env=False), repr=False
    )
    _agreements: dict[tuple[str, str, str], tuple[datetime, Agreement | None]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def submit(self, request: JsonObject, *, request_id: str = "-") -> ExchangeAnswer:
        """Hand an exchange request over and return the bridge's decision; repeating it repeats the answer.

        An answer without the log's promise to keep the decision is none.
        """
        answer = self._call("POST", "/v1/exchanges", body=canonical(request), request_id=request_id)
        try:
            decided = ExchangeAnswer.from_json(_json(answer))
            promise_of(decided.promise, self.keyring, decided.exchange, decided.log_index, self.clock())
        except (MalformedMessage, SignatureError) as error:
            raise BridgeUnavailable(f"The bridge's answer is not understood: {error}") from error
        return decided

    def deposit(self, dataset: UUID, depositor: dict[str, str], document: bytes, *, request_id: str) -> None:
        """Leave a freight dataset (eFTI) with the bridge; ``depositor`` names ``party, role, owner``."""
        path = f"/v1/efti/consignments/{dataset}"
        self._call("PUT", path, depositor, body=document, media="application/xml", request_id=request_id)

    def announce(self, dataset: UUID, key: str, *, request_id: str) -> ExchangeAnswer:
        """Let the identifiers of a dataset cross; the same ``key`` again repeats the answer."""
        path = f"/v1/efti/consignments/{dataset}/announcement"
        answer = self._call("POST", path, body=canonical({"idempotencyKey": key}), request_id=request_id)
        given = _json(answer)
        try:
            return ExchangeAnswer.from_json(given.get("answer") if isinstance(given, dict) else None)
        except MalformedMessage as error:
            raise BridgeUnavailable(f"The bridge's answer is not understood: {error}") from error

    def evaluate(self, party: str, blinded: list[str], *, request_id: str = "-") -> JsonValue:
        """Return the bridge's evaluation of a bank's blinded elements, as the bank is to check it.

        Raises :class:`QuestionsSpent` where the party has asked as much as it may, and :class:`InvalidInput`
        for what is no element.
        """
        body = canonical({"party": party, "blinded": list(blinded)})
        try:
            return _json(self._call("POST", "/v1/evaluations", body=body, request_id=request_id))
        except BridgeUnavailable as error:
            if error.said == "evaluation_budget":
                raise QuestionsSpent("You have asked as much as one may in a day.", field="blinded") from None
            raise
        except BridgeRefused as error:
            raise InvalidInput(error.message, field=error.field, code=error.code) from None

    def active_agreement(self, message: str, direction: str, purpose: str) -> Agreement | None:
        """Return the agreement under which ``message`` crosses now, or None; both signatures are checked.

        An answer is kept for ten seconds: whether something may cross is the bridge's to judge anyway.
        """
        wanted = (message, direction, purpose)
        now = self.clock()
        kept = self._agreements.get(wanted)
        if kept is None or now - kept[0] >= AGREEMENT_KEPT:
            kept = (now, self._fetch_agreement(*wanted))
            self._agreements[wanted] = kept
        return kept[1]

    def _fetch_agreement(self, message: str, direction: str, purpose: str) -> Agreement | None:
        query = {"message": message, "direction": Direction(direction).value, "purpose": purpose}
        try:
            given = _json(self._call("GET", "/v1/agreements/active", query))
        except NotFound:
            return None
        try:
            signed = SignedAgreement.from_json(_only(given, "document", "signatures"))
            # When they came is the bridge's word; it weighs only for a key that was revoked since.
            signed.verify(self.keyring, signed_at(given))
        except (MalformedMessage, SignatureError) as error:
            log.warning("bridge.agreement_not_believed", message=message, error=str(error))
            return None
        return signed.agreement

    def entries(self, *, before: int | None = None, limit: int = 50) -> LogPage:
        """Return up to ``limit`` entries of the log below the index ``before`` (the end), newest first."""
        end = before
        if end is None:
            end = self._log(start=0, limit=1).size
        if end <= 0:
            return LogPage(0, ())
        start = max(0, end - limit)
        page = self._log(start=start, limit=end - start)
        below = (entry for entry in page.entries if entry.index < end)
        return LogPage(page.size, tuple(sorted(below, key=_index, reverse=True)))

    def _log(self, *, start: int, limit: int) -> LogPage:
        given = _json(self._call("GET", "/v1/log/entries", {"start": str(start), "limit": str(limit)}))
        try:
            entries: Any = given
            found = tuple(LogEntry(int(each["index"]), dict(each["record"])) for each in entries["entries"])
            return LogPage(int(entries["size"]), found)
        except (KeyError, TypeError, ValueError) as error:
            raise BridgeUnavailable("The bridge's log is not understood.") from error

    def evidence(self, exchange: UUID, *, request_id: str = "-") -> bytes:
        """Return the evidence bundle of an exchange byte for byte; raises :class:`NotFound`."""
        return self._call("GET", f"/v1/exchanges/{exchange}/evidence", request_id=request_id)

    def _call(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        *,
        body: bytes = b"",
        media: str = "application/json",
        request_id: str = "-",
    ) -> bytes:
        headers = {"X-Request-Id": request_id}
        if body:
            headers["Content-Type"] = media
        request = self.http.build_request(
            method, f"{self.base_url}{path}", params=query, content=body, headers=headers
        )
        request.headers.update(
            sign_request(self.signing_key, method, str(request.url), body, now=self.clock())
        )
        try:
            answer = self.http.send(request)
        except httpx.HTTPError as error:
            raise BridgeUnavailable(f"The bridge cannot be reached ({type(error).__name__}).") from error
        return _accepted(answer)


def _accepted(answer: httpx.Response) -> bytes:
    """Return the body of a good answer, or raise what it says."""
    if answer.is_success:
        return answer.content
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise NotFound("The bridge does not know it.")
    try:
        problem = answer.json()
        code, at, detail = problem.get("code"), problem.get("field"), problem.get("detail")
    except (ValueError, AttributeError):
        code = at = detail = None
    if answer.is_server_error or answer.status_code in PASSING:
        raise BridgeUnavailable(
            f"The bridge answered {answer.status_code}: {detail or code or 'no reason given'}.",
            said=code if isinstance(code, str) else None,
        )
    raise BridgeRefused(
        f"The bridge answered {answer.status_code}: {detail or code or 'no reason given'}.",
        field=at if isinstance(at, str) else None,
        code=code if isinstance(code, str) else None,
    )


def _json(body: bytes) -> JsonValue:
    try:
        return parse(body, max_bytes=LONGEST_ANSWER)
    except MalformedJson as error:
        raise BridgeUnavailable(f"The bridge's answer is not JSON: {error}") from error


def _only(value: JsonValue, *names: str) -> JsonValue:
    """Return the members ``names`` of an object, so that others may be added to the answer later."""
    if not isinstance(value, dict):
        return value
    return {name: value[name] for name in names if name in value}


def _index(entry: LogEntry) -> int:
    return entry.index
