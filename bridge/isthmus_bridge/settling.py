"""Settling what a receiver answered, or did not: many answers in one transaction."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from isthmus_bridge import claiming, dead_letters, exchanges, in_doubt, log, passages
from isthmus_bridge.claiming import Claim
from isthmus_bridge.gate import Refused
from isthmus_bridge.passages import Passage
from isthmus_bridge.service import Bridge
from isthmus_bridge.verdicts import Answered, Later, NeverTaken, NotTaken, Verdict, judge
from isthmus_protocol.messages import Reason
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.records import Phase

events = structlog.get_logger(__name__)

FIRST_WAIT = timedelta(milliseconds=500)
LONGEST_WAIT = timedelta(minutes=5)

_jitter = random.SystemRandom()


@dataclass(frozen=True)
class _Judged:
    claim: Claim
    verdict: Verdict

    @property
    def concerns_log(self) -> bool:
        """Whether a step of the crossing itself may be taken, which the log has to hold."""
        return self.claim.is_inquiry or not (self.claim.is_notice or isinstance(self.verdict, Later))


def settle(bridge: Bridge, answered: Sequence[Answered], telling: Collection[Receiver] = ()) -> list[Claim]:
    """Write down what became of what was claimed, unless its lease ran out and another has claimed it since.

    Returned are the ends that this came to, claimed to be told to those originators that are in ``telling``:
    it saves looking for them.
    """
    judged = [_Judged(each.claim, judge(bridge, each)) for each in answered]
    with bridge.begin() as session:
        held = _still_claimed(session, judged)
        if any(each.concerns_log for each in held):
            log.lock(session)
        standings = exchanges.Standings(session, bridge, bridge.clock())
        written = [each for each in held if _write(session, standings, each)]
        told = _tell_next(standings, written, telling)
        passages.write(session, [each.claim.passage for each in written])
    for each in judged:
        _report(each)
    return told


def _still_claimed(session: Session, judged: Sequence[_Judged]) -> list[_Judged]:
    """Lock the exchanges and return those whose claims still hold."""
    standing = passages.lock(session, [each.claim.exchange for each in judged])
    held = []
    for each in judged:
        now = standing.get(each.claim.exchange)
        if now is not None and (now.state, now.attempts) == (each.claim.state, each.claim.attempt):
            each.claim.passage.faults = now.faults  # somebody may have resumed it meanwhile
            held.append(each)
    return held


def _write(session: Session, standings: exchanges.Standings, judged: _Judged) -> bool:
    """Take the step that the verdict leads to; say whether it could be, so that one cannot stop the others.

    What could not be settled stays claimed, and is tried again when its lease has run out.
    """
    try:
        _take_step(session, standings, judged.claim, judged.verdict)
    except (ValueError, exchanges.IllegalTransition):
        events.exception("delivery.not_settled", exchange=str(judged.claim.exchange))
        return False
    return True


def _take_step(session: Session, standings: exchanges.Standings, claim: Claim, verdict: Verdict) -> None:
    now, passage = standings.now, claim.passage
    if isinstance(verdict, Later):
        _postpone(standings, claim, verdict)
    elif isinstance(verdict, NeverTaken):
        in_doubt.never_taken(standings, passage, verdict.token)
    elif isinstance(verdict, NotTaken) and claim.is_first:
        exchanges.fail(session, passage, Reason.RECEIVER_REFUSED, verdict.reason, now)
    elif isinstance(verdict, NotTaken):
        # It may have taken what was sent before, and its reply was lost: it is to say so itself.
        in_doubt.give_up(passage, Refused(Reason.RECEIVER_REFUSED), verdict.reason, now)
    elif claim.is_notice:
        exchanges.mark_told(passage, verdict.token, now)
    else:
        _deliver(standings, passage, verdict.token)


def _deliver(standings: exchanges.Standings, passage: Passage, receipt: str) -> None:
    """Ask the gate about what has arrived, and log that it has either way."""
    session, now = standings.session, standings.now
    asked = exchanges.ask_again(standings, passage, Phase.DELIVERED)
    if asked.refused is None:
        exchanges.mark_delivered(session, passage, asked, receipt, now)
        return
    if passage.body is None and passage.reason is not None:
        # Its retention was over before the receiver could be asked: there is nothing to ask the gate about.
        asked = exchanges.Reconsidered(asked.standing, Refused(Reason(passage.reason), passage.field))
    exchanges.terminate(session, passage, asked, Phase.DELIVERED, now, receipt=receipt)


def _tell_next(
    standings: exchanges.Standings, written: Sequence[_Judged], telling: Collection[Receiver]
) -> list[Claim]:
    """Claim the word to the originators of what has just ended, and who do not know it already."""
    return [
        claiming.notice(each.claim.passage, standings.now)
        for each in written
        if each.concerns_log
        and each.claim.passage.state in dead_letters.TO_TELL
        and each.claim.passage.told_at is None
        and each.claim.receiver.other in telling
        and claiming.stands(standings.bridge, each.claim.passage.promise)
    ]


def _postpone(standings: exchanges.Standings, claim: Claim, verdict: Later) -> None:
    """Let the exchange wait, twice as long each time and never in step with others (half of it is chance).

    Where the receiver is at fault once too often it is set aside; or ends, not knowing whether it arrived.
    """
    passage: Passage = claim.passage
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(claim.attempt, 20))
    passage.due_at = standings.now + longest * _jitter.uniform(0.5, 1)
    passage.last_error = verdict.problem[:500]
    if verdict.at_fault and claim.is_inquiry:
        passage.faults += 1
        if passage.faults >= standings.bridge.patience.faults:
            exchanges.fail(standings.session, passage, Reason.UNCONFIRMED, verdict.problem, standings.now)
    elif verdict.at_fault:
        dead_letters.count_fault(passage, verdict.problem, standings.bridge.patience, standings.now)


def _report(judged: _Judged) -> None:
    claim, verdict = judged.claim, judged.verdict
    about = {"exchange": str(claim.exchange), "request_id": claim.request_id, "receiver": claim.receiver}
    if isinstance(verdict, Later):
        events.info("delivery.postponed", attempt=claim.attempt, problem=verdict.problem, **about)
    elif isinstance(verdict, NotTaken):
        events.warning("delivery.failed", reason=verdict.reason, **about)
    elif claim.is_inquiry:
        events.info("delivery.found_out", taken=not isinstance(verdict, NeverTaken), **about)
