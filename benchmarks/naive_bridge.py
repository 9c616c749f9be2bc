"""The bridge as one would write it first: row by row, a transaction and a lock on the head for each step.

It checks and promises as much as ours: signatures both ways, the agreement's two signatures, a schema, a
projection, canonical JSON, a Merkle tree, a receipt and word to the originator. Only it does one thing after
the other, with `jsonschema`, `rfc8785`, `http-message-signatures` and the ORM.
"""

import hashlib
import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.util import request_uri

import httpx
import jsonschema
import rfc8785
from flask import Flask, Response, request
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from sqlalchemy import BigInteger, LargeBinary, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from benchmarks.declarations import FIELDS, agreement
from isthmus.keys import KeyFolder
from isthmus_protocol.agreements import SignedAgreement, sign_agreement
from isthmus_protocol.chains import UNCHAINED
from isthmus_protocol.http_signatures import COVERED, TAG
from isthmus_protocol.keys import Holder
from isthmus_protocol.promises import Promise, sign_promise
from isthmus_protocol.receipts import Receiver, open_receipt

keys = KeyFolder(Path(os.environ["BENCHMARK_KEYS"]))
trust = keys.trust()
bridge, log = keys.signing_key(Holder.BRIDGE), keys.signing_key(Holder.LOG)
engine = create_engine(os.environ["BENCHMARK_DATABASE_URL"].replace("://", "+psycopg://", 1), pool_size=40)
neighbour = os.environ["ISTHMUS_WINDOW_URL"]
app = Flask(__name__, static_folder=None)

SCHEMA = {
    "type": "object",
    "required": ["idempotencyKey", "message", "purpose", "party", "fields", "payload"],
    "properties": {
        "idempotencyKey": {"type": "string", "maxLength": 200},
        "message": {"const": "EXPORT_DECLARATION"},
        "purpose": {"type": "string"},
        "party": {"type": "string"},
        "fields": {"type": "array", "items": {"type": "string"}},
        "payload": {"type": "object"},
    },
}


class Base(DeclarativeBase):
    pass


class Head(Base):
    __tablename__ = "naive_head"
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)


class Node(Base):
    __tablename__ = "naive_node"
    level: Mapped[int] = mapped_column(primary_key=True)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Entry(Base):
    __tablename__ = "naive_entry"
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    record: Mapped[str]


class Exchange(Base):
    __tablename__ = "naive_exchange"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    body: Mapped[str]
    digest: Mapped[str]
    promise: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    receipt: Mapped[str | None]


class Nonce(Base):
    __tablename__ = "naive_nonce"
    nonce: Mapped[str] = mapped_column(primary_key=True)


class Keys(HTTPSignatureKeyResolver):
    def resolve_private_key(self, key_id: str) -> Any:  # noqa: ARG002 (the library's)
        return bridge.private_key

    def resolve_public_key(self, key_id: str) -> Any:
        found = trust.get(key_id)
        return None if found is None else found.public_key


class Message:
    def __init__(self, method: str, url: str, headers: dict[str, str]) -> None:
        self.method, self.url, self.headers = method, url, headers


def append(session: Session, record: dict[str, Any]) -> tuple[int, bytes]:
    head = session.scalars(select(Head).with_for_update()).one()
    text = rfc8785.dumps(record)
    leaf = hash_ = hashlib.sha256(b"\0" + text).digest()
    index = level_index = head.size
    session.add(Entry(index=index, record=text.decode()))
    session.add(Node(level=0, index=index, hash=hash_))
    level = 0
    while level_index & 1:
        left = session.get_one(Node, (level, level_index - 1))
        hash_ = hashlib.sha256(b"\1" + left.hash + hash_).digest()
        level, level_index = level + 1, level_index >> 1
        session.add(Node(level=level, index=level_index, hash=hash_))
    head.size += 1
    return index, leaf


def project(paths: list[str], payload: Any) -> Any:
    found: dict[str, Any] = {}
    for path in paths:
        copy(path.split("/")[1:], payload, found)
    return found


def copy(names: list[str], value: Any, found: dict[str, Any]) -> None:
    name, *rest = names
    if name not in value:
        return
    if not rest:
        found[name] = value[name]
    elif isinstance(value[name], list):
        below = found.setdefault(name, [{} for _ in value[name]])
        for item, copied in zip(value[name], below, strict=True):
            copy(rest, item, copied)
    else:
        copy(rest, value[name], found.setdefault(name, {}))


AGREED = agreement()
SIGNED = SignedAgreement(
    AGREED, tuple(sign_agreement(keys.signing_key(h), AGREED) for h in (Holder.OPERATOR, Holder.AUTHORITY))
)


@app.get("/readyz")
def readyz() -> Response:
    return Response(status=200)


@app.post("/v1/exchanges")
def ask() -> Response:
    body = request.get_data()
    message = Message(request.method, request_uri(request.environ), dict(request.headers.items()))
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    [result] = verifier.verify(
        message, max_age=timedelta(seconds=60), expect_tag=TAG, require_components=COVERED, body=body
    )
    with Session(engine) as session, session.begin():
        session.add(Nonce(nonce=str(result.parameters["nonce"])))
    asked = json.loads(body)
    jsonschema.validate(asked, SCHEMA)
    SIGNED.verify(trust)
    if set(asked["fields"]) - set(FIELDS):
        return Response(status=403)
    projection = project(asked["fields"], asked["payload"])
    salt = os.urandom(32)
    digest = "sha-256:" + hashlib.sha256(salt + rfc8785.dumps(projection)).hexdigest()
    with Session(engine) as session, session.begin():
        if session.scalars(select(Exchange).where(Exchange.key == asked["idempotencyKey"])).one_or_none():
            return Response(status=200)
        exchange = Exchange(
            key=asked["idempotencyKey"], body="", digest=digest, promise="", state="AGREED", receipt=None
        )
        session.add(exchange)
        session.flush()
        index, leaf = append(session, record(asked, exchange, "AGREED"))
        place = Promise(os.environ["ISTHMUS_LOG_ORIGIN"], f"exchange-{exchange.id}", index, leaf, UNCHAINED)
        exchange.promise = sign_promise(log, place)
        exchange.body = rfc8785.dumps(envelope(asked, exchange, index, salt, projection)).decode()
    wake.set()
    return Response(b"{}", 201, content_type="application/json")


def record(asked: dict[str, Any], exchange: Exchange, phase: str) -> dict[str, Any]:
    return {
        "exchange": f"exchange-{exchange.id}",
        "phase": phase,
        "message": asked["message"],
        "purpose": asked["purpose"],
        "party": asked["party"],
        "fields": asked["fields"],
        "payloadDigest": exchange.digest,
        "at": datetime.now(UTC).isoformat(),
    }


def envelope(
    asked: dict[str, Any], exchange: Exchange, index: int, salt: bytes, projection: Any
) -> dict[str, Any]:
    return {
        "exchange": f"exchange-{exchange.id}",
        "message": asked["message"],
        "direction": "TO_WINDOW",
        "purpose": asked["purpose"],
        "agreement": {"id": AGREED.id, "version": AGREED.version, "digest": AGREED.digest},
        "party": asked["party"],
        "role": asked["role"],
        "owner": asked["owner"],
        "inReplyTo": None,
        "sentAt": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "salt": salt.hex(),
        "payloadDigest": exchange.digest,
        "logIndex": index,
        "promise": exchange.promise,
        "body": projection,
    }


def post(http: httpx.Client, url: str, body: bytes) -> httpx.Response:
    message = Message("POST", url, {})
    now = datetime.now(UTC).replace(microsecond=0)
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=Keys()).sign(
        message,
        key_id=bridge.kid,
        created=now,
        expires=now + timedelta(seconds=60),
        nonce=os.urandom(12).hex(),
        label="isthmus",
        tag=TAG,
        covered_component_ids=COVERED[:-1],
        body=body,
    )
    return http.post(url, content=body, headers=message.headers)


def deliver(http: httpx.Client, id_: int) -> None:
    with Session(engine) as session, session.begin():
        exchange = session.get_one(Exchange, id_, with_for_update=True)
        asked = json.loads(exchange.body) | {"fields": FIELDS}
        SIGNED.verify(trust)
        exchange.state = "SENT"
        append(session, record(asked, exchange, "SENT"))
        content, promise = exchange.body.encode(), exchange.promise
    receipt = post(http, f"{neighbour}/v1/exchanges", content).json()["receipt"]
    open_receipt(receipt, trust, Receiver.WINDOW)
    with Session(engine) as session, session.begin():
        exchange = session.get_one(Exchange, id_, with_for_update=True)
        SIGNED.verify(trust)
        exchange.state, exchange.receipt = "DELIVERED", receipt
        append(session, record(asked, exchange, "DELIVERED"))
    notice = {
        "exchange": f"exchange-{id_}",
        "state": "DELIVERED",
        "reason": None,
        "receipt": receipt,
        "promise": promise,
    }
    post(http, f"{neighbour}/bridge/receipts", rfc8785.dumps(notice)).raise_for_status()
    with Session(engine) as session, session.begin():
        session.get_one(Exchange, id_).state = "ACKNOWLEDGED"


wake = threading.Event()


def keep_delivering() -> None:
    with httpx.Client(timeout=10) as http:
        while True:
            with Session(engine) as session:
                due = session.scalars(select(Exchange.id).where(Exchange.state == "AGREED").limit(50)).all()
            for id_ in due:
                deliver(http, id_)
            if not due:
                wake.wait(0.05)
                wake.clear()


def begin() -> None:
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        if session.get(Head, 1) is None:
            session.add(Head(id=1, size=0))
    threading.Thread(target=keep_delivering, daemon=True).start()
    time.sleep(0)


begin()
