"""The log's promises of the bridge's decisions, and what both sides sign that commits to them."""

from collections.abc import Sequence

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from isthmus_bridge import log
from isthmus_bridge.exchanges import AnyExchange
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import Bridge
from isthmus_protocol.acknowledgements import open_acknowledgement, originator_of
from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import MalformedJson, digest, parse, parse_object
from isthmus_protocol.chains import UNCHAINED, Place
from isthmus_protocol.keys import SignatureError, UntrustedKey
from isthmus_protocol.promises import Promise, sign_promise
from isthmus_protocol.receipts import Receipt
from isthmus_protocol.records import LogRecord, read_record
from isthmus_protocol.shapes import MalformedMessage
from isthmus_protocol.statements import signer, unverified


def give(session: Session, bridge: Bridge, exchanges: Sequence[AnyExchange]) -> None:
    """Promise each exchange, unless that was done, the leaf that holds the decision on it.

    What is promised may be what this transaction appended; nobody may hear of it before it has committed.
    Where the key of an earlier promise is revoked, the same is promised anew, as the log holds it; that is
    told and not kept, so that nobody waits here for whoever works on the exchange.
    """
    lacking = {
        exchange.decision_index: exchange
        for exchange in exchanges
        if exchange.decision_index is not None and not _stands(bridge, exchange.promise)
    }
    if not lacking:
        return
    records = log.written(session)
    for index, exchange in lacking.items():
        record = records.get(index) or read_record(parse(log.entry(session, index).encode()))
        if not isinstance(record, LogRecord):
            continue
        promise = Promise(bridge.origin, record.exchange, index, record.leaf_hash, record.chain or UNCHAINED)
        token = sign_promise(bridge.log_key, promise)
        if exchange.promise is None:
            exchange.promise = token
        else:
            set_committed_value(exchange, "promise", token)


def _stands(bridge: Bridge, token: str | None) -> bool:
    if token is None:
        return False
    try:
        return signer(token, bridge.keyring).in_force(bridge.clock())
    except UntrustedKey:
        return False


def check_receipt(exchange: Exchange, receipt: Receipt) -> None:
    """Raise :class:`SignatureError` unless ``receipt`` is for this exchange, payload and place in the log."""
    if receipt.exchange != str(exchange.id):
        raise SignatureError("the receipt is for another exchange")
    if receipt.payload_digest != exchange.payload_digest:
        raise SignatureError("the receipt is for another payload")
    if receipt.place != _promised(exchange):
        raise SignatureError("the receipt does not commit to the promised place in the log")


def checked_acknowledgement(bridge: Bridge, exchange: Exchange, body: bytes) -> str:
    """Return the originator's acknowledgement in ``body``, or raise :class:`SignatureError`.

    It must be of this end of this exchange, of the very receipt that it was shown, and of the promised place.
    """
    try:
        token = parse_object(body).get("acknowledgement")
    except MalformedJson as error:
        raise SignatureError(f"the answer is not JSON: {error}") from error
    if not isinstance(token, str):
        raise SignatureError("the answer holds no acknowledgement")
    said = open_acknowledgement(
        token, bridge.keyring, originator_of(Direction(exchange.direction)), bridge.clock()
    )
    shown = exchange.receipt if exchange.state == "DELIVERED" else None
    wanted = (str(exchange.id), exchange.state, None if shown is None else digest(shown.encode()))
    if (said.exchange, said.state.value, said.receipt_digest) != wanted:
        raise SignatureError("the acknowledgement is of something else")
    if said.place != _promised(exchange):
        raise SignatureError("the acknowledgement does not commit to the promised place in the log")
    return token


def _promised(exchange: Exchange) -> Place:
    """Return the place that was promised. It is our own word out of our own database, and not verified."""
    if exchange.promise is None:
        raise SignatureError("nothing was promised")
    try:
        return Promise.from_json(unverified(exchange.promise)).place
    except MalformedMessage as error:
        raise SignatureError(f"what was promised is no promise: {error}") from error
