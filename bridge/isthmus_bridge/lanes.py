"""The way to one receiver: its senders, and what goes together.

What is tried for the first time goes in parcels. What was tried before goes by itself, and so does everything
for a receiver that knows no parcels, and what came in one that was refused as a whole: nothing in a parcel
may keep what travels with it.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from isthmus_bridge.claiming import LEASE, Claim
from isthmus_bridge.database import new_id
from isthmus_bridge.sending import Answer, NoAnswer, Sender
from isthmus_bridge.service import Bridge
from isthmus_bridge.verdicts import NOT_REFUSED, Answered
from isthmus_protocol import parcels
from isthmus_protocol.canonical import MalformedJson
from isthmus_protocol.parcels import Kind
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.shapes import MalformedMessage

events = structlog.get_logger(__name__)

SENDERS = 8
"""How many requests are under way to one receiver at a time, in one process."""
UNKNOWN = (404, 405, 501)
"""What a receiver that knows no parcels answers to one (RFC 9110, 15.5.5, 15.5.6, 15.6.2)."""
ASK_AGAIN = 600.0
"""Seconds after which such a receiver may have learnt to."""
LONGEST_ANSWER = parcels.LARGEST_BODY

PATHS = {
    Receiver.WINDOW: {
        Kind.ENVELOPE: "/v1/exchanges",
        Kind.NOTICE: "/v1/receipts",
        Kind.INQUIRY: "/v1/inquiries",
    },
    Receiver.PLATFORM: {
        Kind.ENVELOPE: "/bridge/exchanges",
        Kind.NOTICE: "/bridge/receipts",
        Kind.INQUIRY: "/bridge/inquiries",
    },
}
PARCELS = {Receiver.WINDOW: "/v1/parcels", Receiver.PLATFORM: "/bridge/parcels"}


class Lane:
    """Sends to one receiver; the thread that delivers starts it, and threads of its own wait for answers."""

    def __init__(self, bridge: Bridge, sender: Sender, receiver: Receiver) -> None:
        self._sender = sender
        self._receiver = receiver
        self._url = bridge.window_url if receiver is Receiver.WINDOW else bridge.platform_url
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix=f"to-{receiver}")
        self._busy: set[Future[list[Answered]]] = set()
        self._single_until = 0.0

    def close(self) -> None:
        """Wait for what is under way, and end the threads."""
        self._pool.shutdown()

    @property
    def room(self) -> int:
        """How many more requests may be under way."""
        self._busy = {each for each in self._busy if not each.done()}
        return SENDERS - len(self._busy)

    @property
    def most(self) -> int:
        """How much may be claimed at a time, when there is room."""
        return parcels.MOST if self._takes_parcels else self.room

    @property
    def _takes_parcels(self) -> bool:
        return time.monotonic() >= self._single_until

    def start(self, claims: Sequence[Claim]) -> list[Future[list[Answered]]]:
        """Send what was claimed; a future has the answers to what went together."""
        started = [self._pool.submit(self._carry, together) for together in self._packed(claims)]
        self._busy.update(started)
        return started

    def _packed(self, claims: Sequence[Claim]) -> Iterator[list[Claim]]:
        parcel: list[Claim] = []
        size = 0
        for claim in claims:
            if not (claim.is_first and self._takes_parcels):
                yield [claim]
                continue
            size += len(claim.content)
            if parcel and (size > parcels.LARGEST or len(parcel) == parcels.MOST):
                yield parcel
                parcel, size = [], len(claim.content)
            parcel.append(claim)
        if parcel:
            yield parcel

    def _carry(self, claims: Sequence[Claim]) -> list[Answered]:
        """Send what goes together and return what each was answered."""
        answers = self._post_together(claims) if len(claims) > 1 else None
        if answers is None:
            answers = self._post_each(claims)
        return [Answered(claim, answer) for claim, answer in zip(claims, answers, strict=True)]

    def _post_each(self, claims: Sequence[Claim]) -> list[Answer | NoAnswer]:
        """Send one after the other, well within the lease that all of them have."""
        end = time.monotonic() + LEASE.total_seconds() / 3
        late = NoAnswer("it was not sent: others took the time")
        return [self._post(claim) if time.monotonic() < end else late for claim in claims]

    def _post(self, claim: Claim) -> Answer | NoAnswer:
        url = self._url + PATHS[self._receiver][claim.kind]
        try:
            answer = self._sender.post(url, claim.content, request_id=claim.request_id)
        except NoAnswer as silence:
            return silence
        self._report(answer.status, [claim])
        return answer

    def _post_together(self, claims: Sequence[Claim]) -> Sequence[Answer | NoAnswer] | None:
        """Send a parcel and return what each item was answered; None if each has to go by itself."""
        parcel = parcels.pack((each.kind, each.request_id, each.content) for each in claims)
        url = self._url + PARCELS[self._receiver]
        try:
            status, body = self._sender.exchange(
                url, parcel, request_id=str(new_id()), longest=LONGEST_ANSWER
            )
        except NoAnswer as silence:
            return [silence] * len(claims)
        self._report(status, claims)
        if status in UNKNOWN:
            self._single_until = time.monotonic() + ASK_AGAIN
        if status in UNKNOWN or (400 <= status < 500 and status not in NOT_REFUSED):
            return None
        return _results(status, body, len(claims))

    def _report(self, status: int, claims: Sequence[Claim]) -> None:
        events.info(
            "delivery.answered",
            receiver=self._receiver.value,
            status=status,
            exchanges=[str(each.exchange) for each in claims],
            request_ids=list(dict.fromkeys(each.request_id for each in claims)),
        )


def _results(status: int, body: bytes, count: int) -> list[Answer | NoAnswer]:
    """Return the answer to each item; what is no answer to a parcel is none to any of them."""
    if status == 200:
        try:
            return [Answer(each.status, each.body) for each in parcels.read_answer(body, count)]
        except (MalformedJson, MalformedMessage):
            pass
    return [Answer(status, None)] * count
