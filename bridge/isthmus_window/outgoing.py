"""Sending what the window says over the bridge: in order per exchange, until it is taken, once in effect.

A row is claimed under a lease, sent outside any transaction, and then marked. A window killed between the two
sends it again with the same idempotency key, and the bridge answers as it did.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx
import structlog
from sqlalchemy import exists, select, update
from sqlalchemy.orm import aliased

from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import MalformedJson, canonical, parse
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import SignatureError
from isthmus_protocol.messages import ExchangeAnswer, ExchangeRequest, ExchangeState
from isthmus_protocol.promises import promise_of
from isthmus_protocol.shapes import MalformedMessage
from isthmus_window.database import Outgoing, keep_promise, writing
from isthmus_window.service import DEADLINE, Window

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=DEADLINE + 4)
LONGEST_WAIT = timedelta(minutes=1)
# What may be otherwise when asked again: a clock that differs, too much at once, a bridge that restarts.
PASSING = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True)
class Message:
    """A claimed row, as it is sent."""

    id: int
    request: ExchangeRequest
    request_id: str
    attempts: int


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt: ``WAITING`` for another, ``SENT``, ``REFUSED`` by the gate or ``FAILED``."""

    state: str
    exchange: str | None = None
    reason: str | None = None
    promise: str | None = None


def send_due(window: Window) -> int:
    """Send what is due, the oldest first, and return how many attempts were made."""
    attempts = 0
    while (message := _claim(window)) is not None:
        outcome = _send(window, message)
        _settle(window, message, outcome)
        attempts += 1
        log.info(
            "window.sent",
            message=message.request.message,
            in_reply_to=message.request.in_reply_to,
            state=outcome.state,
            exchange=outcome.exchange,
            reason=outcome.reason,
            request_id=message.request_id,
        )
    return attempts


def resume(window: Window) -> None:
    """Make due what was being sent when the window stopped; sent twice, it has its effect once."""
    with writing(window.engine) as session:
        session.execute(update(Outgoing).where(Outgoing.state == "WAITING").values(due_at=window.clock()))


def _claim(window: Window) -> Message | None:
    """Lease the oldest due row before which nothing of the same exchange waits."""
    now = window.clock()
    before = aliased(Outgoing)
    with writing(window.engine) as session:
        row = session.scalars(
            select(Outgoing)
            .where(Outgoing.state == "WAITING", Outgoing.due_at <= now)
            .where(
                ~exists().where(
                    before.in_reply_to == Outgoing.in_reply_to,
                    before.id < Outgoing.id,
                    before.state == "WAITING",
                )
            )
            .order_by(Outgoing.id)
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        row.due_at = now + LEASE
        row.attempts += 1
        return Message(row.id, _request(row), row.request_id, row.attempts)


def _request(row: Outgoing) -> ExchangeRequest:
    return ExchangeRequest(
        idempotency_key=row.idempotency_key,
        message=row.message,
        direction=Direction.FROM_WINDOW,
        purpose=row.purpose,
        party=None,
        role=None,
        owner=None,
        subject=None,
        in_reply_to=row.in_reply_to,
        consents=(),
        fields=tuple(row.fields),
        payload=row.payload,
    )


def _send(window: Window, message: Message) -> Outcome:
    url = f"{window.bridge_url.rstrip('/')}/v1/exchanges"
    body = canonical(window.speak(message.request.to_json()))
    headers = sign_request(window.signing_key, "POST", url, body, now=window.clock())
    headers |= {"Content-Type": "application/json", "X-Request-Id": message.request_id}
    try:
        response = window.client.post(url, content=body, headers=headers)
    except httpx.HTTPError as error:
        return Outcome("WAITING", reason=f"{type(error).__name__}: {error}")
    if response.is_success:
        return _read_answer(window, response.content)
    reason = f"{response.status_code}: {response.text[:400]}"
    passing = response.status_code >= 500 or response.status_code in PASSING
    return Outcome("WAITING" if passing else "FAILED", reason=reason)


def _read_answer(window: Window, content: bytes) -> Outcome:
    try:
        answer = ExchangeAnswer.from_json(parse(content))
        promise_of(answer.promise, window.keyring, answer.exchange, answer.log_index, window.clock())
    except (MalformedJson, MalformedMessage, SignatureError) as error:
        return Outcome("WAITING", reason=f"the bridge's answer cannot be read: {error}")
    if answer.state is ExchangeState.REFUSED:
        reason = f"{answer.reason}{f' {answer.field}' if answer.field else ''}"
        return Outcome("REFUSED", answer.exchange, reason, answer.promise)
    return Outcome("SENT", answer.exchange, promise=answer.promise)


def _settle(window: Window, message: Message, outcome: Outcome) -> None:
    values: dict[str, Any] = {"state": outcome.state, "exchange": outcome.exchange, "reason": outcome.reason}
    if outcome.state == "WAITING":
        values["due_at"] = later(window.clock(), message.attempts)
    with writing(window.engine) as session:
        session.execute(update(Outgoing).where(Outgoing.id == message.id).values(**values))
        if outcome.exchange is not None and outcome.promise is not None:
            keep_promise(session, outcome.exchange, outcome.promise)


def later(now: datetime, attempts: int) -> datetime:
    """Return when to try again after ``attempts``: the wait doubles, up to a minute."""
    return now + min(LONGEST_WAIT, timedelta(seconds=0.25 * 2 ** min(attempts, 10)))
