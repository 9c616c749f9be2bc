"""The reference single window: what it holds, and how it takes what the bridge delivers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, delete, exists, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from isthmus_protocol.acknowledgements import acknowledge, check_notice
from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.envelopes import DeliveryNotice, Envelope
from isthmus_protocol.http_signatures import Caller, verify_request
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, UntrustedKey
from isthmus_protocol.predicates import read_asks
from isthmus_protocol.promises import Promise, promise_of
from isthmus_protocol.receipts import Receipt, Receiver, renewed, sign_receipt
from isthmus_protocol.shapes import MalformedMessage
from isthmus_window import freight, processing
from isthmus_window.database import (
    Barred,
    Exchange,
    Nonce,
    Notice,
    Outgoing,
    keep_promise,
    open_database,
    writing,
)

DEADLINE = 8.0
"""How long, in seconds, the bridge may take to answer."""


class Refused(Exception):
    """A request that is not taken; ``code`` is stable, ``status`` HTTP's, ``field`` a JSON pointer."""

    def __init__(self, status: int, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field


def as_it_is(envelope: JsonValue) -> JsonValue:
    """Return the envelope unchanged: JSON is what is understood by default."""
    return envelope


def in_json(request: JsonObject) -> JsonObject:
    """Return the request unchanged: JSON is what is spoken by default."""
    return request


@dataclass(frozen=True)
class Window:
    """A single window: ``keyring`` is whom it trusts, ``pace`` the wait between a declaration's steps.

    ``understand`` turns an envelope in another form into the JSON one; it raises MalformedMessage. ``speak``
    puts a request as the bridge is to hear it.
    """

    database_path: Path
    signing_key: SigningKey
    keyring: Keyring
    bridge_url: str
    clock: Callable[[], datetime]
    pace: timedelta = timedelta(seconds=0.3)
    understand: Callable[[JsonValue], JsonValue] = as_it_is
    speak: Callable[[JsonObject], JsonObject] = in_json

    @cached_property
    def engine(self) -> Engine:
        """The database, opened when first needed (after a server's fork)."""
        return open_database(Path(self.database_path))

    @cached_property
    def client(self) -> httpx.Client:
        """The connections to the bridge, which is reached directly: no proxy of the environment is asked."""
        return httpx.Client(timeout=DEADLINE, trust_env=False)

    def close(self) -> None:
        """Give back what was opened; what was committed stays."""
        for name in ("engine", "client"):
            opened = self.__dict__.pop(name, None)
            if isinstance(opened, Engine):
                opened.dispose()
            elif isinstance(opened, httpx.Client):
                opened.close()


def authenticate(window: Window, method: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raise :class:`Refused` unless the bridge signed this request, and it comes for the first time."""
    now = window.clock()
    try:
        caller = verify_request(window.keyring, method, url, headers, body, now=now)
    except SignatureError as error:
        raise Refused(401, "signature_refused", str(error)) from error
    if caller.holder is not Holder.BRIDGE:
        raise Refused(403, "caller_not_permitted", f"The {caller.holder} may not call the window.")
    _use_once(window, caller, now)


def _use_once(window: Window, caller: Caller, now: datetime) -> None:
    with writing(window.engine) as session:
        session.execute(delete(Nonce).where(Nonce.expires_at <= now))
        kept = session.execute(
            insert(Nonce)
            .values(kid=caller.kid, nonce=caller.nonce, expires_at=caller.expires)
            .on_conflict_do_nothing()
            .returning(Nonce.nonce)
        ).one_or_none()
    if kept is None:
        raise Refused(401, "replayed", "This signed request was received before.")


def promised(
    window: Window, token: str, exchange: str, log_index: int | None = None, *, where: str = "/promise"
) -> Promise:
    """Return the log's promise on ``exchange`` that came in ``token``, or raise :class:`Refused`.

    By a key that we do not know, yet or any more, it may be given anew (401); any other is wrong (422).
    """
    try:
        return promise_of(token, window.keyring, exchange, log_index, window.clock())
    except UntrustedKey as error:
        raise Refused(401, "promise_refused", str(error), where) from error
    except SignatureError as error:
        raise Refused(422, "promise_refused", str(error), where) from error


def receive(window: Window, session: Session, envelope: Envelope, request_id: str) -> str:
    """Take what the bridge delivers and return the signed receipt; once delivered, the same receipt again.

    Receipt, declaration and answer are one transaction. Raises :class:`Refused` for another payload under a
    known exchange, for what this window does not take or said that it never takes, and for what the log has
    not promised to keep.
    """
    now = window.clock()
    promise = promised(window, envelope.promise, envelope.exchange, envelope.log_index)
    given = receipt_given(window, session, envelope.exchange, envelope.payload_digest)
    if given is not None:
        return given
    demand_not_barred(session, envelope.exchange)
    take = _TAKES.get(envelope.message)
    if take is None or envelope.direction is not Direction.TO_WINDOW:
        raise Refused(422, "unknown_message", "This window does not take that message.", "/message")
    keep_promise(session, envelope.exchange, envelope.promise)
    held = Receipt(envelope.exchange, envelope.payload_digest, Receiver.WINDOW, now, promise.place)
    receipt = sign_receipt(window.signing_key, held)
    exchange = Exchange(
        id=envelope.exchange,
        message=envelope.message,
        party=envelope.party,
        owner=envelope.owner,
        payload_digest=envelope.payload_digest,
        log_index=envelope.log_index,
        body=envelope.body,
        receipt=receipt,
        request_id=request_id,
        received_at=now,
    )
    session.add(exchange)
    session.flush()
    take(Arrival(session, exchange, envelope.purpose, now, window.pace))
    return receipt


def receipt_given(window: Window, session: Session, exchange: str, payload_digest: str) -> str | None:
    """Return our receipt for what was taken in ``exchange``, None where nothing was.

    Raises :class:`Refused` where that was another payload.
    """
    known = session.get(Exchange, exchange)
    if known is None:
        return None
    if known.payload_digest != payload_digest:
        raise Refused(409, "exchange_reused", "This exchange was received with another payload.")
    return renewed(known.receipt, window.signing_key, window.keyring, window.clock())


def demand_not_barred(session: Session, exchange: str) -> None:
    """Raise :class:`Refused` for an exchange that we told the bridge we never take."""
    if session.get(Barred, exchange) is not None:
        raise Refused(409, "exchange_barred", "We told the bridge that we never take this exchange.")


@dataclass(frozen=True)
class Arrival:
    """An exchange as it comes in, within the transaction that takes it."""

    session: Session
    exchange: Exchange
    purpose: str
    now: datetime
    pace: timedelta


def _take_declaration(arrival: Arrival) -> None:
    processing.receive(arrival.session, arrival.exchange, arrival.now, arrival.pace)


def _answer_query(arrival: Arrival) -> None:
    """Answer whether a declaration of the UCR stands and is released, if it is the consenting owner's.

    Another's is none to the asker: anybody can write a UCR down, and consent for itself alone. The window's
    record says more, and the payload shows it; asked to cross are the two answers alone, and the bridge does
    not look at the rest. Of what else the bank asked about, the bridge tells yes or no, and the window only
    that it was asked.
    """
    ucr = arrival.exchange.body.get("ucr")
    if not isinstance(ucr, str):
        raise Refused(422, "ucr_missing", "A query names its consignment by a UCR.", "/body/ucr")
    standing = processing.standing(arrival.session, ucr, owner=arrival.exchange.owner)
    payload: dict[str, Any] = {"exists": standing is not None, "released": False}
    if standing is not None:
        payload["released"] = standing.status == processing.Status.RELEASED
        payload |= {"mrn": standing.mrn, "channel": standing.channel, "duty": standing.duty_minor}
        payload |= processing.declared_value(arrival.session, standing)
    arrival.session.add(
        Outgoing(
            in_reply_to=arrival.exchange.id,
            idempotency_key=f"{arrival.exchange.id}:answer",
            message="DECLARATION_ANSWER",
            purpose=arrival.purpose,
            fields=["/exists", "/released", *_asked_about(arrival.exchange.body)],
            payload=payload,
            request_id=arrival.exchange.request_id,
            state="WAITING",
            due_at=arrival.now,
            attempts=0,
        )
    )


def _asked_about(body: JsonObject) -> list[str]:
    """Return the leaves that a question is about, of those that this window has an answer to."""
    try:
        asks = read_asks(body)
    except MalformedMessage as error:
        raise Refused(422, "question_malformed", str(error), f"/body{error.field}") from error
    return [ask.field for ask in asks if ask.field in processing.ASKED_ABOUT]


_TAKES: Mapping[str, Callable[[Arrival], None]] = {
    "EXPORT_DECLARATION": _take_declaration,
    "DECLARATION_QUERY": _answer_query,
    "EFTI_IDENTIFIERS": lambda arrival: freight.take(arrival.session, arrival.exchange, arrival.now),
    "EFTI_CONSIGNMENT": lambda _: None,  # the gate has passed it on; what is left is to keep the exchange
}


def note(window: Window, session: Session, notice: DeliveryNotice) -> str:
    """Keep how a message of ours ended on the other side and return our signed acknowledgement.

    Hearing it again changes nothing. Raises :class:`Refused` when the receipt is not the platform's for that
    exchange, or not for the place in the log that we were promised.
    """
    promise = promised(window, notice.promise, notice.exchange)
    try:
        check_notice(notice, promise, window.keyring, Receiver.WINDOW)
    except SignatureError as error:
        raise Refused(422, "receipt_refused", str(error), "/receipt") from error
    if keep_promise(session, notice.exchange, notice.promise) != notice.promise:
        raise Refused(422, "promise_refused", "The log promised us otherwise before.", "/promise")
    session.execute(
        insert(Notice)
        .values(
            exchange=notice.exchange,
            state=notice.state,
            reason=notice.reason,
            receipt=notice.receipt,
            at=window.clock(),
        )
        .on_conflict_do_nothing()
    )
    heard = session.get_one(Notice, notice.exchange)
    if (heard.state, heard.receipt) != (notice.state.value, notice.receipt):
        raise Refused(409, "other_end", "We were told of another end before.", "/state")
    return acknowledge(window.signing_key, notice, promise, Receiver.WINDOW, heard.at)


def check_ready(window: Window) -> None:
    """Raise :class:`Refused` unless the database can be written to."""
    try:
        with writing(window.engine) as session:
            session.execute(select(exists().where(Exchange.id == "")))
    except SQLAlchemyError as error:
        raise Refused(503, "database_unavailable", "The window's database cannot be written to.") from error
