"""Delivery: what was agreed is handed over, in order for each subject and direction, once in effect.

A receiver knows an exchange by its id, so that sending twice delivers once. Each receiver has senders of its
own: a slow one delays only itself. What is due to it at the same time goes in parcels; what was tried before
goes by itself, since whatever kept it may keep all that travels with it.
"""

import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from isthmus_bridge import claiming
from isthmus_bridge.claiming import LEASE
from isthmus_bridge.lanes import SENDERS, Lane
from isthmus_bridge.sending import Sender
from isthmus_bridge.service import Bridge
from isthmus_bridge.settling import settle
from isthmus_bridge.verdicts import Answered
from isthmus_protocol.receipts import Receiver

__all__ = ["SENDERS", "Deliverer", "deliver_due"]

LOOK_AGAIN = 0.2
"""Seconds after which senders are found for what has become due while others wait for an answer."""


class Deliverer:
    """Keeps connections and threads from one delivery to the next; one thread at a time may deliver with it.

    It claims, judges and settles in that thread: the others do nothing but wait for answers.
    """

    def __init__(self, bridge: Bridge, sender: Sender | None = None) -> None:
        self._bridge = bridge
        self._sender = sender or Sender(bridge.signing_key, bridge.clock, bridge.patience)
        self._lanes = {receiver: Lane(bridge, self._sender, receiver) for receiver in Receiver}
        self._under_way: set[Future[list[Answered]]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wait for what is under way, and give connections and threads back."""
        for lane in self._lanes.values():
            lane.close()
        self._sender.close()

    def deliver(self, limit: int = 100, *, seconds: float = 20, pace: float = 0) -> int:
        """Deal with what is due, envelopes and notices of delivery, and return how many.

        It goes on while one thing leads to the next, claims at most ``limit`` of what is due, and begins
        nothing new after ``seconds``. When all is answered it looks again, but not within ``pace`` seconds of
        the last time: what comes meanwhile goes in one parcel. Any number of processes may do this side by
        side.
        """
        done = claimed = 0
        end = time.monotonic() + seconds
        while True:
            looked_at = time.monotonic()
            look = self._look(limit - claimed if looked_at <= end else 0)
            claimed += look.claimed
            done += look.ended
            if not look.more and (not self._under_way or looked_at > end + LEASE.total_seconds()):
                return done  # an answer that comes as late is settled the next time
            done += self._settle(looked_at + (0 if look.more else LOOK_AGAIN), end)
            if not look.more and not self._under_way:
                time.sleep(max(0, looked_at + pace - time.monotonic()))

    def _look(self, most: int) -> "_Look":
        """Claim what is due, as far as there are senders for it, and have it sent."""
        look = _Look()
        for receiver, kind in sorted(claiming.due(self._bridge)) if most > 0 else ():
            lane = self._lanes[receiver]
            room, left = lane.room, most - look.claimed
            if room <= 0 or left <= 0:
                continue
            found = claiming.claim(self._bridge, receiver, kind, min(left, lane.most), alone=room)
            self._under_way.update(lane.start(found.claims))
            look.claimed += len(found.claims) + found.ended
            look.ended += found.ended
            look.more |= found.ended > 0 or (found.full and bool(found.claims))
        return look

    def _settle(self, until: float, end: float) -> int:
        """Settle what is answered until all is, or until it is time to look again; return how much it was."""
        done = 0
        while self._under_way:
            left = max(0, until - time.monotonic())
            finished, self._under_way = wait(self._under_way, timeout=left, return_when=FIRST_COMPLETED)
            if not finished:
                break
            answered = [each for future in finished for each in future.result()]
            telling = [receiver for receiver, lane in self._lanes.items() if lane.room > 0]
            told = settle(self._bridge, answered, telling if time.monotonic() <= end else ())
            for receiver, lane in self._lanes.items():
                self._under_way.update(lane.start([each for each in told if each.receiver is receiver]))
            done += len(answered)
        return done


@dataclass
class _Look:
    """What was found due: how much was claimed, how much of it ended by that, and whether there is more."""

    claimed: int = 0
    ended: int = 0
    more: bool = False


def deliver_due(bridge: Bridge, limit: int = 100, *, seconds: float = 20) -> int:
    """Deal once with what is due; see :meth:`Deliverer.deliver`."""
    with Deliverer(bridge) as deliverer:
        return deliverer.deliver(limit, seconds=seconds)
