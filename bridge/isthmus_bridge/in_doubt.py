"""What was sent and is given up: in doubt, until the receiver itself says whether it has it.

The receiver may have committed and its reply been lost. So once an envelope has left, neither a time limit
nor the gate ends the exchange: the bridge sends it no more, and asks. A receipt then counts as delivered,
late; a non-receipt ends the exchange for the reason it was given up for, and bars the receiver from taking a
copy that is still on its way. A receiver that cannot be reached is asked until it can. Of one that answers,
and keeps saying neither, nothing is known: that is its own reason, ``UNCONFIRMED``; so it is of what a gate
was given in an answer (:mod:`isthmus_bridge.efti.crossing`), and took no envelope of.

In doubt is an exchange that is ``SENT`` and has a reason. Nothing else is kept for it, since nothing is
decided: the log has it as sent.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, update

from isthmus_bridge import exchanges
from isthmus_bridge.exchanges import Agreed, Reconsidered, Standings
from isthmus_bridge.gate import Refused, Standing
from isthmus_bridge.models import Exchange
from isthmus_bridge.passages import Passage
from isthmus_protocol.inquiries import Inquiry
from isthmus_protocol.messages import NOT_DELIVERED, ExchangeState, Reason
from isthmus_protocol.records import Phase


def are() -> ColumnElement[bool]:
    """Say which exchanges are in doubt."""
    return and_(Exchange.state == ExchangeState.SENT.value, Exchange.reason.is_not(None))


def is_in_doubt(exchange: Agreed) -> bool:
    """Say of one exchange what :func:`are` says of all."""
    return exchange.state == ExchangeState.SENT.value and exchange.reason is not None


def give_up(exchange: Agreed, refused: Refused, detail: str | None, now: datetime) -> None:
    """Send a sent exchange no more, and have its receiver asked at once; the first reason stands.

    ``detail`` is for whoever looks into it, and not in the log.
    """
    if exchange.state != ExchangeState.SENT.value:
        raise ValueError("what was not sent is not in doubt")
    if exchange.reason is None:
        exchange.reason = refused.reason.value
        exchange.field = refused.field
        exchange.detail = None if detail is None else detail[:500]
        exchange.set_aside_at = None
        exchange.faults = 0
    exchange.due_at = now


def inquiry(passage: Passage) -> Inquiry:
    """Return what the receiver is asked; raises :class:`RuntimeError` where nothing was agreed."""
    if passage.payload_digest is None or passage.promise is None:
        raise RuntimeError("an exchange that was not agreed cannot be asked for")
    return Inquiry(str(passage.id), passage.payload_digest, passage.promise)


def never_taken(standings: Standings, passage: Passage, token: str) -> None:
    """End an exchange for the reason it was given up for: its receiver signed that it never takes it."""
    session, now = standings.session, standings.now
    if passage.reason is None:
        raise ValueError("only what was given up ends so")
    refused = Refused(Reason(passage.reason), passage.field)
    if passage.told_at is not None and refused.reason is Reason.TIMED_OUT:
        # Its receiver asked for it, and was given it in the answer: it took no envelope, and may have read.
        refused = Refused(Reason.UNCONFIRMED)
    if refused.reason in NOT_DELIVERED:
        exchanges.fail(session, passage, refused.reason, passage.detail or "", now, non_receipt=token)
    else:
        asked = Reconsidered(_standing(standings, passage), refused)
        exchanges.terminate(session, passage, asked, Phase.SENT, now, non_receipt=token)
    session.execute(update(Exchange).where(Exchange.id == passage.id).values(non_receipt=token))


def _standing(standings: Standings, passage: Passage) -> Standing | None:
    if passage.agreement_id is None or passage.agreement_version is None:
        return None
    return standings.of(passage.agreement_id, passage.agreement_version)
