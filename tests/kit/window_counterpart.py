"""The bridge's side of the window, for tests: a real server that takes what the window sends.

It is what the window meets over HTTP: signatures are verified, nonces used once, and a repeated idempotency
key gets the first answer. It can be told to fail.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import Flask, Response, jsonify, request

import counterparts
from isthmus_protocol.agreements import Direction, Role
from isthmus_protocol.canonical import canonical, digest, parse
from isthmus_protocol.chains import Chain, Link
from isthmus_protocol.envelopes import Envelope
from isthmus_protocol.http_signatures import sign_request, verify_request
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.messages import (
    AgreementName,
    AgreementReference,
    ExchangeAnswer,
    ExchangeRequest,
    ExchangeState,
    Reason,
    payload_digest,
)
from isthmus_protocol.promises import Promise, sign_promise


@dataclass
class Counterpart:
    """The keys of both sides, and the bridge's memory of what the window sent."""

    clock: Callable[[], datetime]
    bridge_key: SigningKey = field(default_factory=lambda: SigningKey.generate(Holder.BRIDGE))
    window_key: SigningKey = field(default_factory=lambda: SigningKey.generate(Holder.WINDOW))
    platform_key: SigningKey = field(default_factory=lambda: SigningKey.generate(Holder.PLATFORM))
    log_key: SigningKey = field(default_factory=lambda: SigningKey.generate(Holder.LOG))
    url: str = ""
    received: list[ExchangeRequest] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    request_ids: set[str] = field(default_factory=set)
    failures: list[int] = field(default_factory=list)
    lose_answers: int = 0
    refuse: Reason | None = None
    _answers: dict[str, ExchangeAnswer] = field(default_factory=dict)
    _nonces: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def keyring(self) -> Keyring:
        keys = (self.bridge_key, self.window_key, self.platform_key, self.log_key)
        return Keyring(key.public for key in keys)

    def promise(self, exchange: str, log_index: int) -> str:
        """Return the log's promise of ``exchange``: the first of its party, the third of its subject."""
        chain = Chain(Link(1, None), Link(3, 2))
        return sign_promise(self.log_key, Promise("log.test", exchange, log_index, b"h" * 32, chain))

    def statuses(self, exchange: str) -> list[str]:
        """Return the statuses that were taken about ``exchange``, in the order in which they came."""
        return [
            str(sent.payload["status"])
            for sent in self.received
            if sent.in_reply_to == exchange and sent.message == "DECLARATION_STATUS"
        ]

    def envelope(
        self,
        body: dict[str, Any],
        *,
        message: str = "EXPORT_DECLARATION",
        purpose: str = "CUSTOMS_EXPORT_CLEARANCE",
        exchange: str | None = None,
    ) -> Envelope:
        """Return an envelope with ``body``, as the bridge makes it."""
        salt = "ab" * 32
        exchange = exchange or str(uuid4())
        return Envelope(
            exchange=exchange,
            message=message,
            direction=Direction.TO_WINDOW,
            purpose=purpose,
            agreement=AgreementReference("an-agreement", 1, digest(b"its text")),
            party="forwarder",
            role=Role.FORWARDER,
            owner="trader",
            in_reply_to=None,
            sent_at=self.clock(),
            salt=salt,
            payload_digest=payload_digest(salt, body),
            log_index=7,
            promise=self.promise(exchange, 7),
            body=body,
        )

    def signed(
        self, method: str, url: str, value: Any, *, key: SigningKey | None = None, now: datetime | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of a request to the window."""
        body = canonical(value)
        headers = sign_request(key or self.bridge_key, method, url, body, now=now or self.clock())
        return body, {**headers, "Content-Type": "application/json", "X-Request-Id": "request-1"}

    def take(self) -> Response | tuple[str, int]:
        """Answer a request of the window, as told."""
        with self._lock:
            body = request.get_data()
            caller = verify_request(
                self.keyring, request.method, request.url, dict(request.headers), body, now=self.clock()
            )
            assert caller.holder is Holder.WINDOW
            assert caller.nonce not in self._nonces
            self._nonces.add(caller.nonce)
            asked = ExchangeRequest.from_json(parse(body))
            self.attempts.append(asked.idempotency_key)
            self.request_ids.add(request.headers["X-Request-Id"])
            if self.failures:
                return "told to fail", self.failures.pop(0)
            if asked.idempotency_key not in self._answers:
                self._answers[asked.idempotency_key] = self._decide()
                if self.refuse is None:
                    self.received.append(asked)
            if self.lose_answers:
                self.lose_answers -= 1
                return "the answer is lost", 502
            return jsonify(self._answers[asked.idempotency_key].to_json())

    def _decide(self) -> ExchangeAnswer:
        named, exchange = AgreementName("an-agreement", 1), str(uuid4())
        state = ExchangeState.AGREED if self.refuse is None else ExchangeState.REFUSED
        return ExchangeAnswer(exchange, state, self.refuse, None, named, 8, self.promise(exchange, 8))


@contextmanager
def serving(counterpart: Counterpart) -> Iterator[Counterpart]:
    """Serve ``counterpart`` on a free port."""
    app = Flask("counterpart")
    app.add_url_rule("/v1/exchanges", "take", counterpart.take, methods=["POST"])
    with counterparts.serving(app) as counterpart.url:
        yield counterpart


def declaration(**changes: Any) -> dict[str, Any]:
    """Return an export declaration of machine tools, as it crosses; ``changes`` replace whole members."""
    return {
        "ucr": f"6TW24536806-{uuid4().hex[:12]}",
        "type": "EX",
        "exporter": {"name": "Formosa Precision Machinery", "country": "TW"},
        "consignee": {"name": "Hanseatische Werkzeugmaschinen GmbH", "country": "DE"},
        "declarant": {"name": "Strait Forwarding", "country": "TW"},
        "transport": {
            "loadingPlace": "TWKHH",
            "dischargePlace": "DEHAM",
            "billOfLading": "MCLKHH2611042",
            "vessel": "Meridian Aurora",
        },
        "equipment": [{"reference": "MCLU4200170"}],
        "goods": [goods_item(), goods_item(sequence=2, hsCode="845811", statisticalValueMinor=9_720_000)],
        "invoice": {"incoterm": "CIF"},
    } | changes


def goods_item(**changes: Any) -> dict[str, Any]:
    """Return one goods item of a declaration; ``changes`` replace members."""
    return {
        "sequence": 1,
        "description": "Vertical machining centre",
        "hsCode": "845710",
        "grossMassKg": "18450",
        "netMassKg": "17200",
        "packages": 2,
        "packageType": "CR",
        "originCountry": "TW",
        "statisticalValueMinor": 18_650_000,
        "currency": "USD",
    } | changes
