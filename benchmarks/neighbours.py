"""The loopback window and platform of the crossing benchmark: they check what they get and sign for it."""

import os
from datetime import UTC, datetime
from pathlib import Path
from wsgiref.util import request_uri

from flask import Flask, Response, request

from isthmus.keys import KeyFolder
from isthmus_protocol.acknowledgements import acknowledge, check_notice
from isthmus_protocol.canonical import JsonObject, canonical, parse_object
from isthmus_protocol.http_signatures import verify_request
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import DeliveryNotice, Envelope
from isthmus_protocol.promises import promise_of
from isthmus_protocol.receipts import Receipt, Receiver, sign_receipt

app = Flask(__name__, static_folder=None)
keys = KeyFolder(Path(os.environ["BENCHMARK_KEYS"]))
trust = keys.trust()
window, platform = keys.signing_key(Holder.WINDOW), keys.signing_key(Holder.PLATFORM)
seen: set[str] = set()


def _verified() -> JsonObject:
    body = request.get_data()
    headers = dict(request.headers.items())
    verify_request(trust, request.method, request_uri(request.environ), headers, body, now=datetime.now(UTC))
    return parse_object(body)


def _json(value: JsonObject) -> Response:
    return Response(canonical(value), content_type="application/json")


@app.post("/v1/exchanges")
def take() -> Response:
    """Take an envelope, as the window does, and sign a receipt for it."""
    envelope = Envelope.from_json(_verified())
    envelope.check_digest()
    promise = promise_of(envelope.promise, trust, envelope.exchange, envelope.log_index)
    now = datetime.now(UTC)
    receipt = Receipt(envelope.exchange, envelope.payload_digest, Receiver.WINDOW, now, promise.place)
    return _json({"receipt": sign_receipt(window, receipt)})


@app.post("/bridge/receipts")
def note() -> Response:
    """Take the word that an exchange was delivered, as the platform does, and acknowledge it."""
    notice = DeliveryNotice.from_json(_verified())
    promise = promise_of(notice.promise, trust, notice.exchange)
    check_notice(notice, promise, trust, Receiver.PLATFORM)
    seen.add(notice.exchange)
    token = acknowledge(platform, notice, promise, Receiver.PLATFORM, datetime.now(UTC))
    return _json({"acknowledgement": token})


@app.get("/count")
def count() -> dict[str, int]:
    """Return how many exchanges have come to their end."""
    return {"acknowledged": len(seen)}
