"""The log's promises of the bridge's decisions, and what both sides sign that commits to them."""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from isthmus_bridge import log
from isthmus_bridge.exchanges import Agreed, AnyExchange
from isthmus_bridge.service import Bridge
from isthmus_protocol.canonical import parse
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
    records = log.linked(session)
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


def check_receipt(exchange: Agreed, receipt: Receipt) -> None:
    """Raise :class:`SignatureError` unless ``receipt`` is for this exchange, payload and place in the log."""
    if receipt.exchange != str(exchange.id):
        raise SignatureError("the receipt is for another exchange")
    if receipt.payload_digest != exchange.payload_digest:
        raise SignatureError("the receipt is for another payload")
    if receipt.place != promised(exchange):
        raise SignatureError("the receipt does not commit to the promised place in the log")


def promised(exchange: Agreed) -> Place:
    """Return the place that was promised; raises :class:`SignatureError` where none was."""
    if exchange.promise is None:
        raise SignatureError("nothing was promised")
    return _place_in(exchange.promise)


@lru_cache(maxsize=4096)
def _place_in(promise: str) -> Place:
    """Return the place that was promised. It is our own word out of our own database, and not verified."""
    try:
        return Promise.from_json(unverified(promise)).place
    except MalformedMessage as error:
        raise SignatureError(f"what was promised is no promise: {error}") from error
