"""What an exchange holds beyond the log is kept as long as its agreement says, and no longer.

The gate's release leaves the bridge with its delivery. What goes here, ``retentionDays`` after it was asked:
the salt, with which somebody could try out what was said, the terms and the questions put. One that is still
under way by then ends; where it was sent, it loses its contents, and ends as soon as its receiver has said
whether it has it. The row stays, to lead to its leaf of the log, to the receipt, the agreement and the
consents: evidence can be had as before, and a request that is repeated is answered as before.

A consignment deposited for the gates of eFTI ends the longest ``retentionDays`` of the agreements about such
after it was deposited last; what a party had evaluated ends when its budget no longer counts it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from isthmus_bridge import exchanges, in_doubt, log
from isthmus_bridge.efti import crossing
from isthmus_bridge.financing import budget
from isthmus_bridge.gate import Refused
from isthmus_bridge.models import AgreementVersion, EvaluationMade, Exchange, FreightDataset, QuestionAsked
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Agreement
from isthmus_protocol.asked import asked_by
from isthmus_protocol.canonical import parse
from isthmus_protocol.messages import ExchangeState, Reason

events = structlog.get_logger(__name__)

UNSPOKEN_FOR = 30
"""Days that a request is kept that no agreement spoke for."""
AT_ONCE = 500
ABOUT_FREIGHT = frozenset({crossing.CONSIGNMENT, crossing.IDENTIFIERS, crossing.FOLLOW_UP})
UNDER_WAY = (ExchangeState.AGREED.value, ExchangeState.SENT.value)


@dataclass(frozen=True)
class Kept:
    """How long exchanges under one version of an agreement are kept; None where none spoke for them."""

    agreement: str | None
    version: int | None
    days: int


def purge_due(bridge: Bridge) -> int:
    """Purge every exchange whose time is over, a few in a transaction; return how many there were."""
    with bridge.begin() as session:
        terms = [*_kept(session)]
    return sum(_purge_all(bridge, each) for each in terms)


def purge_all(bridge: Bridge) -> int:
    """Purge whatever has had its time at the bridge; return how many exchanges there were."""
    total = purge_due(bridge)
    purge_deposits(bridge)
    purge_evaluations(bridge)
    return total


def purge_deposits(bridge: Bridge) -> int:
    """Let each consignment go that no agreement about freight information keeps; return how many there were.

    A gate that asks for one afterwards is told that there is none, and the log has its question.
    """
    with bridge.begin() as session:
        days = [kept for each in session.scalars(select(AgreementVersion)) if (kept := _freight_days(each))]
        kept_for = timedelta(days=max(days, default=UNSPOKEN_FOR))
        gone = session.scalars(
            delete(FreightDataset)
            .where(FreightDataset.deposited_at <= bridge.clock() - kept_for)
            .returning(FreightDataset.id)
        ).all()
    if gone:
        events.info("retention.deposits_purged", days=kept_for.days, datasets=len(gone))
    return len(gone)


def _freight_days(version: AgreementVersion) -> int | None:
    agreement = Agreement.from_json(parse(version.document.encode()))
    return agreement.retention_days if agreement.message in ABOUT_FREIGHT else None


def purge_evaluations(bridge: Bridge) -> int:
    """Forget evaluations that no party's budget counts any more; return how many entries there were."""
    with bridge.begin() as session:
        over = delete(EvaluationMade).where(EvaluationMade.at <= bridge.clock() - budget.WINDOW)
        gone = session.scalars(over.returning(EvaluationMade.id)).all()
    if gone:
        events.info("retention.evaluations_purged", entries=len(gone))
    return len(gone)


def _kept(session: Session) -> Iterator[Kept]:
    yield Kept(None, None, UNSPOKEN_FOR)
    for version in session.scalars(select(AgreementVersion)):
        days = Agreement.from_json(parse(version.document.encode())).retention_days
        yield Kept(version.id, version.version, days)


def _purge_all(bridge: Bridge, kept: Kept) -> int:
    total = 0
    while True:
        now = bridge.clock()
        with bridge.begin() as session:
            due = _due(session, kept, now)
            if any(exchange.state in UNDER_WAY for exchange in due):
                log.lock(session)  # after the rows, as whoever settles does: they end by an entry of the log
            for exchange in due:
                _purge(session, exchange, now)
            questions = [exchange.id for exchange in due]
            session.execute(delete(QuestionAsked).where(QuestionAsked.exchange_id.in_(questions)))
        total += len(due)
        if due:
            events.info(
                "retention.purged",
                agreement=kept.agreement,
                version=kept.version,
                days=kept.days,
                exchanges=len(due),
            )
        if len(due) < AT_ONCE:
            return total


def _due(session: Session, kept: Kept, now: datetime) -> list[Exchange]:
    """Return exchanges whose time is over, oldest first; one that somebody works on is left for later."""
    query = (
        select(Exchange)
        .where(
            Exchange.agreement_id.is_not_distinct_from(kept.agreement),
            Exchange.agreement_version.is_not_distinct_from(kept.version),
            Exchange.created_at <= now - timedelta(days=kept.days),
            Exchange.purged_at.is_(None),
        )
        .order_by(Exchange.created_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return [*session.scalars(query)]


def _purge(session: Session, exchange: Exchange, now: datetime) -> None:
    over = "its agreement's retention is over"
    if exchange.state == ExchangeState.AGREED.value:
        exchanges.fail(session, exchange, Reason.TIMED_OUT, over, now)
    elif exchange.state == ExchangeState.SENT.value:
        in_doubt.give_up(exchange, Refused(Reason.TIMED_OUT), over, now)
        exchange.body = None
    if exchange.salt is not None:
        asked = asked_by(exchanges.terms_of(exchange), exchange.salt.hex())
        exchange.asked = None if asked is None else asked.to_json()
    exchange.salt = None
    exchange.terms = []
    exchange.purged_at = now
