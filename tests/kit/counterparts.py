"""The bridge's counterparts: who signs requests to it, and the servers that it delivers to."""

import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from threading import Condition, Lock, Thread
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse
from werkzeug.wsgi import ClosingIterator

from isthmus_protocol.acknowledgements import acknowledge, check_notice
from isthmus_protocol.agreements import Agreement, SignedAgreement, sign_agreement
from isthmus_protocol.canonical import JsonObject, JsonValue, canonical, parse_object
from isthmus_protocol.envelopes import DeliveryNotice, Envelope
from isthmus_protocol.http_signatures import sign_request, verify_request
from isthmus_protocol.inquiries import Inquiry, NonReceipt, sign_non_receipt
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.parcels import Kind, Result, answer, open_parcel
from isthmus_protocol.promises import promise_of
from isthmus_protocol.receipts import Receipt, Receiver, sign_receipt
from isthmus_protocol.shapes import format_time

KEYS = {holder: SigningKey.generate(holder) for holder in Holder}
KEYRING = Keyring(key.public for holder, key in KEYS.items() if holder is not Holder.WITNESS)
"""The keys of an installation without a witness."""
WITNESSED = Keyring(key.public for key in KEYS.values())
"""The keys of one that has one: its evidence must be cosigned."""

UCR = "6TW12345678-2026-0001"


def agreement(**changes: Any) -> Agreement:
    """Return an agreement on export declarations, with ``changes`` to its document."""
    document: dict[str, Any] = {
        "id": "export-declaration",
        "version": 1,
        "title": "Export declarations",
        "message": "EXPORT_DECLARATION",
        "direction": "TO_WINDOW",
        "purpose": "CUSTOMS_EXPORT_CLEARANCE",
        "legalBasis": {"citation": "Customs Act, art. 17", "text": "Exports are declared."},
        "audience": ["TRADER", "FORWARDER"],
        "fields": [
            {"path": "/ucr", "transform": "keep"},
            {"path": "/goods/hsCode", "transform": "keep"},
            {"path": "/goods/statisticalValueMinor", "transform": "round", "argument": 100},
        ],
        "consentRequired": False,
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2027-01-01T00:00:00Z",
        "ratePerHour": 1000,
        "retentionDays": 365,
    }
    return Agreement.from_json(document | changes)


def status_agreement(**changes: Any) -> Agreement:
    """Return the agreement on what the window answers to declarations."""
    return agreement(
        **{
            "id": "declaration-status",
            "message": "DECLARATION_STATUS",
            "direction": "FROM_WINDOW",
            "fields": [{"path": "/status", "transform": "keep"}, {"path": "/mrn", "transform": "keep"}],
        }
        | changes
    )


def signed(document: Agreement, *holders: Holder, keys: dict[Holder, SigningKey] = KEYS) -> SignedAgreement:
    """Return ``document`` signed by ``holders``, by operator and authority when none is named."""
    parties = holders or (Holder.OPERATOR, Holder.AUTHORITY)
    return SignedAgreement(document, tuple(sign_agreement(keys[holder], document) for holder in parties))


def declaration(key: str = "key-1", **changes: Any) -> dict[str, Any]:
    """Return the body of a request to let a declaration cross; its payload holds more than may cross."""
    return {
        "idempotencyKey": key,
        "message": "EXPORT_DECLARATION",
        "direction": "TO_WINDOW",
        "purpose": "CUSTOMS_EXPORT_CLEARANCE",
        "party": "forwarder",
        "role": "FORWARDER",
        "owner": "trader",
        "subject": UCR,
        "inReplyTo": None,
        "consents": [],
        "fields": ["/ucr", "/goods/hsCode", "/goods/statisticalValueMinor"],
        "payload": {
            "ucr": UCR,
            "goods": [{"hsCode": "845811", "statisticalValueMinor": 12_345, "margin": "SECRET-MARGIN"}],
            "invoice": {"bankAccount": "SECRET-ACCOUNT", "discountMinor": 5},
        },
    } | changes


def reply(to: str, key: str = "reply-1", **changes: Any) -> dict[str, Any]:
    """Return the body of the window's request to let a status cross, in reply to the exchange ``to``."""
    return {
        "idempotencyKey": key,
        "message": "DECLARATION_STATUS",
        "direction": "FROM_WINDOW",
        "purpose": "CUSTOMS_EXPORT_CLEARANCE",
        "party": None,
        "role": None,
        "owner": None,
        "subject": None,
        "inReplyTo": to,
        "consents": [],
        "fields": ["/status", "/mrn"],
        "payload": {"status": "ACCEPTED", "mrn": "26TW000000001", "risk": "SECRET-RISK"},
    } | changes


class Signer:
    """Calls the bridge's application with requests signed by one key."""

    def __init__(self, client: FlaskClient, key: SigningKey, clock: Callable[[], datetime]) -> None:
        self.client = client
        self.key = key
        self.clock = clock

    def post(self, path: str, value: JsonValue | dict[str, Any]) -> TestResponse:
        return self.send("POST", path, canonical(value), {"Content-Type": "application/json"})

    def get(self, path: str) -> TestResponse:
        return self.send("GET", path, b"", {})

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> TestResponse:
        return self.client.open(
            path, method=method, data=body, headers=self.sign(method, path, body) | headers
        )

    def sign(self, method: str, path: str, body: bytes, *, nonce: str | None = None) -> dict[str, str]:
        return sign_request(self.key, method, f"http://localhost{path}", body, now=self.clock(), nonce=nonce)


class Neighbour:
    """A small server that takes envelopes and notices; what it does next is read from ``script``.

    ``ok``, a status code, ``drop`` (take it, then cut the connection), ``forge`` (a receipt for another
    payload) or a number of seconds to wait first; when it is at its end, ``acts`` says it of an exchange.
    ``arrivals`` counts every request, ``received`` the exchanges that it holds: once each, however often they
    arrive. How it answers the next notices is read from ``answers``: ``ok``, ``nothing`` (no
    acknowledgement), ``elsewhere`` (of another place in the log); ``note_script`` has statuses to refuse
    notices with.Asked whether it has an exchange it says the truth, unless ``inquiry_script`` has a status,
    ``drop`` (say it, then cut the connection) or ``forge`` (of another payload); what it denies it takes no
    more, and has in ``barred``. ``parcels`` are the sizes of those that came, and ``parcel_script`` has
    statuses to refuse the next as a whole with, or what to say instead of results.
    """

    def __init__(self, side: Receiver, clock: Callable[[], datetime]) -> None:
        self.side = side
        self.clock = clock
        self.keyring = KEYRING
        self.script: deque[str | int | float] = deque()
        self.acts: Callable[[str], str | int | float] = lambda _: "ok"
        self.answers: deque[str] = deque()
        self.note_script: deque[int] = deque()
        self.inquiry_script: deque[str | int] = deque()
        self.inquiries: list[str] = []
        self.barred: dict[str, str] = {}
        self.received: dict[str, Envelope] = {}
        self.arrivals: list[str] = []
        self.notices: list[JsonObject] = []
        self.request_ids: list[str] = []
        self.knows_parcels = True
        self.parcels: list[int] = []
        self.parcel_script: deque[int | bytes] = deque()
        self._lock = Lock()

    @property
    def bodies(self) -> list[JsonObject]:
        """What it was given, in the order of arrival."""
        return [envelope.body for envelope in self.received.values()]

    def app(self) -> Flask:
        app = Flask(f"neighbour-{self.side}", static_folder=None)
        for path in ("/v1/exchanges", "/bridge/exchanges"):
            app.add_url_rule(path, path, lambda: self._alone(self._take), methods=["POST"])
        for path in ("/v1/receipts", "/bridge/receipts"):
            app.add_url_rule(path, path, lambda: self._alone(self._note), methods=["POST"])
        for path in ("/v1/inquiries", "/bridge/inquiries"):
            app.add_url_rule(path, path, lambda: self._alone(self._tell), methods=["POST"])
        if self.knows_parcels:
            for path in ("/v1/parcels", "/bridge/parcels"):
                app.add_url_rule(path, path, self._open, methods=["POST"])
        return app

    def _verified(self) -> bytes:
        body = request.get_data()
        headers = dict(request.headers.items())
        caller = verify_request(self.keyring, request.method, request.url, headers, body, now=self.clock())
        assert caller.holder is Holder.BRIDGE
        return body

    def _alone(self, treat: Callable[[JsonValue], Result]) -> Response:
        content = parse_object(self._verified())
        self.request_ids.append(request.headers["X-Request-Id"])
        return self._answer(treat(content))

    def _open(self) -> Response:
        items = open_parcel(self._verified())
        self.parcels.append(len(items))
        if self.parcel_script:
            act = self.parcel_script.popleft()
            return Response(act if isinstance(act, bytes) else b"{}", 200 if isinstance(act, bytes) else act)
        results = []
        for item in items:
            self.request_ids.append(item.request_id)
            treat = {Kind.ENVELOPE: self._take, Kind.NOTICE: self._note, Kind.INQUIRY: self._tell}[item.kind]
            results.append(treat(item.content))
        return Response(answer(results), content_type="application/json")

    def _answer(self, result: Result) -> Response:
        kind = "application/json" if result.status < 400 else "application/problem+json"
        return Response(canonical(result.body), result.status, content_type=kind)

    def _note(self, notice: JsonValue) -> Result:
        told = DeliveryNotice.from_json(notice)
        promise = promise_of(told.promise, self.keyring, told.exchange)
        check_notice(told, promise, self.keyring, self.side)
        with self._lock:
            if self.note_script:
                return Result(self.note_script.popleft(), {})
            self.notices.append(told.to_json())
            act = self.answers.popleft() if self.answers else "ok"
        if act == "nothing":
            return Result(204, {})
        if act == "elsewhere":
            promise = replace(promise, log_index=promise.log_index + 1)
        key = KEYS[self.side.holder]
        token = acknowledge(key, told, promise, self.side, datetime(2026, 6, 1, 9, 0, tzinfo=UTC))
        return Result(200, {"acknowledgement": token})

    def _take(self, content: JsonValue) -> Result:
        envelope = Envelope.from_json(content)
        envelope.check_digest()
        with self._lock:
            self.arrivals.append(envelope.exchange)
            act = self.script.popleft() if self.script else self.acts(envelope.exchange)
        if isinstance(act, float):
            time.sleep(act)
        if isinstance(act, int):
            return Result(act, {"code": "not_today"})
        with self._lock:
            if envelope.exchange in self.barred:
                return Result(409, {"code": "exchange_barred"})
            self.received.setdefault(envelope.exchange, envelope)
        if act == "drop":
            _cut()
        return Result(200, {"receipt": self._receipt(envelope, forged=act == "forge")})

    def _tell(self, content: JsonValue) -> Result:
        """Say whether the exchange was taken, and if not bar it."""
        asked = Inquiry.from_json(content)
        promise = promise_of(asked.promise, self.keyring, asked.exchange)
        with self._lock:
            self.inquiries.append(asked.exchange)
            act = self.inquiry_script.popleft() if self.inquiry_script else "ok"
            held = self.received.get(asked.exchange)
            if isinstance(act, int):
                return Result(act, {"code": "not_today"})
            named = "sha-256:" + "0" * 64 if act == "forge" else asked.payload_digest
            said = NonReceipt(asked.exchange, named, self.side, promise.place, self.clock())
            if held is None:
                self.barred[asked.exchange] = sign_non_receipt(KEYS[self.side.holder], said)
        if act == "drop":
            _cut()
        if held is None:
            return Result(200, {"nonReceipt": self.barred[asked.exchange]})
        return Result(200, {"receipt": self._receipt(held, forged=act == "forge")})

    def _receipt(self, envelope: Envelope, *, forged: bool) -> str:
        held = "sha-256:" + "0" * 64 if forged else envelope.payload_digest
        at = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
        promise = promise_of(envelope.promise, self.keyring, envelope.exchange, envelope.log_index)
        return sign_receipt(
            KEYS[self.side.holder], Receipt(envelope.exchange, held, self.side, at, promise.place)
        )


def _cut() -> None:
    """Cut the connection that the present request came over, unless it is cut already."""
    with suppress(OSError):
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


class _UnderWay:
    """A WSGI application that knows how many of its requests are not done with yet."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._count = 0
        self._changed = Condition()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._add(1)
        try:
            return ClosingIterator(self._app(environ, start_response), lambda: self._add(-1))
        except BaseException:
            self._add(-1)
            raise

    def _add(self, more: int) -> None:
        with self._changed:
            self._count += more
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until none is, or until only those can be left that would go on for ever."""
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0, seconds)


@contextmanager
def serving(app: WSGIApplication, patience: float = 10) -> Iterator[str]:
    """Serve ``app`` on a port of its own and yield its address.

    Nothing that a client gave up on is still at work afterwards, with a connection to a database that is
    taken away: it is waited for, up to ``patience`` seconds. What has no database needs little.
    """
    under_way = _UnderWay(app)
    server = make_server("127.0.0.1", 0, under_way, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        under_way.wait(patience)
        server.server_close()
        thread.join()


def at(moment: datetime) -> str:
    """Return ``moment`` as messages write it."""
    return format_time(moment)
