"""Announcing a dataset's identifiers to the gate: ``PUT /v0/consignments/{datasetId}`` of the gate's API."""

from uuid import UUID

import httpx
import structlog
from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from isthmus_bridge import exchanges, log, promises
from isthmus_bridge.efti.crossing import Crossed
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import Bridge
from isthmus_protocol.canonical import MalformedJson, parse_object
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import SignatureError
from isthmus_protocol.messages import ExchangeState
from isthmus_protocol.receipts import Receiver, open_receipt
from isthmus_protocol.records import Phase

EXCHANGE, SALT, PROMISE = "Isthmus-Exchange", "Isthmus-Salt", "Isthmus-Promise"
"""Headers from which a gate that knows us can make its receipt; others may ignore them."""

events = structlog.get_logger(__name__)


def announce(bridge: Bridge, crossed: Crossed, request_id: str) -> bool:
    """Announce what has crossed and say whether the gate has given its receipt.

    Where it has not, ordinary delivery brings the announcement, in order: an announcement does not overtake
    an earlier one of its dataset.
    """
    if _behind_another(bridge, crossed.exchange):
        return False
    url = f"{bridge.window_url}/v0/consignments/{crossed.body['datasetId']}"
    body = str(crossed.body["consignment"]).encode()
    headers = {
        **sign_request(bridge.signing_key, "PUT", url, body, now=bridge.clock()),
        "Content-Type": "application/xml",
        "X-Request-Id": request_id,
        EXCHANGE: str(crossed.exchange),
        SALT: crossed.salt,
        PROMISE: crossed.answer.promise,
    }
    try:
        with httpx.Client(timeout=bridge.patience.step, trust_env=False) as client:
            answer = client.put(url, content=body, headers=headers)
        token = _receipt(bridge, crossed, answer)
    except (httpx.HTTPError, SignatureError, MalformedJson) as error:
        events.info("efti.not_announced", exchange=str(crossed.exchange), problem=str(error))
        return False
    return _settle(bridge, crossed.exchange, token)


def _behind_another(bridge: Bridge, exchange_id: UUID) -> bool:
    before, this = aliased(Exchange), aliased(Exchange)
    with bridge.begin() as session:
        return bool(
            session.scalar(
                select(
                    exists().where(
                        this.id == exchange_id,
                        before.subject == this.subject,
                        before.message == this.message,
                        before.state.in_([state.value for state in exchanges.UNDER_WAY]),
                        before.decision_index < this.decision_index,
                    )
                )
            )
        )


def _receipt(bridge: Bridge, crossed: Crossed, answer: httpx.Response) -> str:
    """Return the gate's receipt for this very payload; raises :class:`SignatureError`."""
    token = parse_object(answer.content).get("receipt") if answer.status_code == httpx.codes.OK else None
    if not isinstance(token, str):
        raise SignatureError(f"HTTP {answer.status_code} without a receipt")
    receipt = open_receipt(token, bridge.keyring, Receiver.WINDOW, bridge.clock())
    with bridge.begin() as session:
        promises.check_receipt(session.get_one(Exchange, crossed.exchange), receipt)
    return token


def _settle(bridge: Bridge, exchange_id: UUID, receipt: str) -> bool:
    """Record the receipt, unless ordinary delivery has already; False where the gate then stops it."""
    now = bridge.clock()
    with bridge.begin() as session:
        exchange = session.get_one(Exchange, exchange_id, with_for_update=True)
        if exchange.state != ExchangeState.SENT.value:
            return exchange.state in (ExchangeState.DELIVERED.value, ExchangeState.ACKNOWLEDGED.value)
        log.lock(session)
        asked = exchanges.ask_again(exchanges.Standings(session, bridge, now), exchange, Phase.DELIVERED)
        if asked.refused is not None:
            exchanges.terminate(session, exchange, asked, Phase.DELIVERED, now, receipt=receipt)
            return False
        exchanges.mark_delivered(session, exchange, asked, receipt, now)
        return True
