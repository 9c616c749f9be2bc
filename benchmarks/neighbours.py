"""The loopback window and platform of the crossing benchmark: they check what they get and sign for it.

Single messages and parcels are treated alike, as real receivers do: every signature is verified, each payload
held to its digest, and each receipt signed by itself.
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from wsgiref.util import request_uri

from flask import Flask, Response, request

from isthmus.keys import KeyFolder
from isthmus_protocol import parcels
from isthmus_protocol.acknowledgements import acknowledge, check_notice
from isthmus_protocol.canonical import JsonObject, JsonValue, MalformedJson, canonical, parse
from isthmus_protocol.envelopes import DeliveryNotice, Envelope
from isthmus_protocol.http_signatures import verify_request
from isthmus_protocol.keys import Holder, SignatureError
from isthmus_protocol.parcels import Kind
from isthmus_protocol.promises import promise_of
from isthmus_protocol.receipts import Receipt, Receiver, sign_receipt
from isthmus_protocol.shapes import MalformedMessage

app = Flask(__name__, static_folder=None)
keys = KeyFolder(Path(os.environ["BENCHMARK_KEYS"]))
trust = keys.trust()
window, platform = keys.signing_key(Holder.WINDOW), keys.signing_key(Holder.PLATFORM)
seen: set[str] = set()


def _verified() -> bytes:
    body = request.get_data()
    headers = dict(request.headers.items())
    verify_request(trust, request.method, request_uri(request.environ), headers, body, now=datetime.now(UTC))
    return body


def _json(value: JsonObject) -> Response:
    return Response(canonical(value), content_type="application/json")


def take(content: JsonValue) -> JsonObject:
    """Take an envelope, as the window does, and sign a receipt for it."""
    envelope = Envelope.from_json(content)
    envelope.check_digest()
    promise = promise_of(envelope.promise, trust, envelope.exchange, envelope.log_index)
    now = datetime.now(UTC)
    receipt = Receipt(envelope.exchange, envelope.payload_digest, Receiver.WINDOW, now, promise.place)
    return {"receipt": sign_receipt(window, receipt)}


def note(content: JsonValue) -> JsonObject:
    """Take the word that an exchange was delivered, as the platform does, and acknowledge it."""
    notice = DeliveryNotice.from_json(content)
    promise = promise_of(notice.promise, trust, notice.exchange)
    check_notice(notice, promise, trust, Receiver.PLATFORM)
    seen.add(notice.exchange)
    return {"acknowledgement": acknowledge(platform, notice, promise, Receiver.PLATFORM, datetime.now(UTC))}


TREAT: Mapping[Kind, Callable[[JsonValue], JsonObject]] = {Kind.ENVELOPE: take, Kind.NOTICE: note}


def _result(item: parcels.Item) -> parcels.Result:
    try:
        return parcels.Result(200, TREAT[item.kind](item.content))
    except (MalformedJson, MalformedMessage, SignatureError) as error:
        return parcels.Result(422, {"code": "refused", "detail": str(error)})


@app.post("/v1/exchanges")
def one_envelope() -> Response:
    """Take one envelope."""
    return _json(take(parse(_verified())))


@app.post("/bridge/receipts")
def one_notice() -> Response:
    """Take one notice."""
    return _json(note(parse(_verified())))


@app.post("/v1/parcels", endpoint="to-window")
@app.post("/bridge/parcels", endpoint="to-platform")
def parcel() -> Response:
    """Take each item of a parcel."""
    results = [_result(item) for item in parcels.open_parcel(_verified())]
    return Response(parcels.answer(results), content_type="application/json")


@app.get("/count")
def count() -> dict[str, int]:
    """Return how many exchanges have come to their end."""
    return {"acknowledged": len(seen)}
