"""Follow-up messages of the gates wait here until the platform has fetched them and given its receipt."""

from uuid import UUID

from sqlalchemy import select

from isthmus_bridge import exchanges, log, promises
from isthmus_bridge.delivery import envelope
from isthmus_bridge.efti.crossing import FOLLOW_UP
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import Bridge
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.keys import SignatureError
from isthmus_protocol.messages import ExchangeState
from isthmus_protocol.receipts import Receiver, open_receipt
from isthmus_protocol.records import Phase

PAGE = 20


def waiting(bridge: Bridge) -> list[JsonObject]:
    """Return the envelopes of the oldest messages without a receipt, at most 20."""
    with bridge.begin() as session:
        found = session.scalars(
            select(Exchange)
            .where(Exchange.message == FOLLOW_UP, Exchange.state == ExchangeState.SENT.value)
            .order_by(Exchange.decision_index)
            .limit(PAGE)
        ).all()
        promises.give(session, bridge, found)
        return [envelope(exchange).to_json() for exchange in found]


def settle(bridge: Bridge, token: str) -> ExchangeState:
    """Record the platform's receipt for a message; again changes nothing.

    Returns the state of its exchange. Raises :class:`SignatureError` for a receipt of nothing that waits.
    """
    receipt = open_receipt(token, bridge.keyring, Receiver.PLATFORM)
    now = bridge.clock()
    with bridge.begin() as session:
        exchange = session.get(Exchange, _uuid(receipt.exchange), with_for_update=True)
        if exchange is None or exchange.message != FOLLOW_UP:
            raise SignatureError("the receipt is for nothing that waits")
        promises.check_receipt(bridge, exchange, receipt)
        if exchange.state == ExchangeState.SENT.value:
            log.lock(session)
            asked = exchanges.ask_again(session, bridge, exchange, Phase.DELIVERED, now)
            if asked.refused is None:
                exchanges.mark_delivered(session, exchange, asked, token, now)
            else:
                exchanges.terminate(session, exchange, asked, Phase.DELIVERED, now, receipt=token)
        return ExchangeState(exchange.state)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise SignatureError("the receipt is for no exchange") from error
