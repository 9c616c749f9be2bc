"""Delivery: what was agreed is handed over, in order for each subject and direction, once in effect.

A receiver knows an exchange by its id, so that sending twice delivers once. Each receiver has senders of its
own: a slow one delays only itself.
"""

import time
from collections import Counter
from concurrent.futures import ALL_COMPLETED, Future, ThreadPoolExecutor, wait

import structlog

from isthmus_bridge.claiming import Claim, claim
from isthmus_bridge.sending import NoAnswer, Sender
from isthmus_bridge.service import Bridge
from isthmus_bridge.settling import settle
from isthmus_protocol.receipts import Receiver

events = structlog.get_logger(__name__)

SENDERS = 8
"""How many exchanges are under way to one receiver at a time, in one process."""

LOOK_AGAIN = 0.2
"""Seconds after which senders are found for what has become due while others wait for an answer."""


def deliver_due(bridge: Bridge, limit: int = 100, *, seconds: float = 20) -> int:
    """Deal with what is due, envelopes and notices of delivery, and return how many (at most ``limit``).

    It goes on while one thing leads to the next, a receipt to its notice, and begins nothing new after
    ``seconds``. Any number of processes may do this side by side.
    """
    done = 0
    end = time.monotonic() + seconds
    busy: dict[Future[None], Receiver] = {}
    quiet = True
    with (
        Sender(bridge.signing_key, bridge.clock, bridge.patience) as sender,
        ThreadPoolExecutor(SENDERS * len(Receiver)) as pool,
    ):
        while True:
            ended = 0
            for receiver, room in _room(Counter(busy.values()), quiet=quiet).items():
                most = min(room, limit - done - ended - len(busy))
                if most <= 0 or time.monotonic() > end:
                    continue
                claimed = claim(bridge, receiver, most)
                ended += claimed.ended
                busy |= {pool.submit(_send, bridge, sender, each): receiver for each in claimed.claims}
            done += ended
            if not busy and not ended:
                return done
            finished, _ = wait(busy, timeout=LOOK_AGAIN, return_when=ALL_COMPLETED)
            quiet = not finished
            for future in finished:
                del busy[future]
                future.result()
            done += len(finished)


def _room(busy: Counter[Receiver], *, quiet: bool) -> dict[Receiver, int]:
    """Return how many more each receiver may be sent: many at once, or the few left when all is quiet."""
    free = {receiver: SENDERS - busy[receiver] for receiver in Receiver}
    return {receiver: room for receiver, room in free.items() if quiet or 2 * room >= SENDERS}


def _send(bridge: Bridge, sender: Sender, claimed: Claim) -> None:
    """Send what was claimed and settle what comes back."""
    about = {"request_id": claimed.request_id, "exchange": str(claimed.exchange)}
    with structlog.contextvars.bound_contextvars(**about):
        try:
            answer = sender.post(claimed.url, claimed.body, request_id=claimed.request_id)
        except NoAnswer as silence:
            settle(bridge, claimed, silence)
        else:
            events.info("delivery.answered", receiver=claimed.receiver.value, status=answer.status)
            settle(bridge, claimed, answer)
