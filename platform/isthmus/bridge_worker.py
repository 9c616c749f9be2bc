"""The bridge's worker: it delivers what is due, has the log cosigned and keeps to agreements' retention.

Tasks and its own sweep wake it. It has no part in the platform's beat: the bridge may run on
another party's machine, with its own broker.
"""

import functools
import threading
import time
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.signals import worker_ready

from isthmus import broker
from isthmus_bridge import retention, witnessing
from isthmus_bridge.delivery import Deliverer
from isthmus_bridge.service import Bridge

DELIVER = "isthmus.deliver"
COSIGN = "isthmus.cosign"
PURGE = "isthmus.purge"
QUEUE = "isthmus-bridge"
POOL = "threads"  # one process: what it keeps open serves every task, and none waits for another's lock
AT_ONCE = 100_000  # exchanges a task takes on
TOGETHER = 0.25  # seconds within which what comes goes together; what comes alone goes at once
PURGE_EVERY = 3600.0  # seconds


def create_bridge_worker(url: str, connect: Callable[[], Bridge]) -> Celery:
    """Return the Celery application, for :data:`POOL`; ``connect`` is called once, when first needed."""
    app = broker.create_celery(QUEUE, url)
    # A thread cannot be stopped. What it does goes on without the broker, and has its own limits of time.
    app.conf.worker_cancel_long_running_tasks_on_connection_loss = False
    connected = functools.cache(connect)
    delivering = Delivering(functools.cache(lambda: Deliverer(connected())))

    @app.task(name=DELIVER, shared=False)
    def deliver() -> None:
        delivering.wake()

    @app.task(name=COSIGN, shared=False)
    def cosign() -> None:
        witnessing.cosign_newest(connected())

    @app.task(name=PURGE, shared=False)
    def purge() -> None:
        retention.purge_all(connected())

    @worker_ready.connect(weak=False)
    def sweep(**_: Any) -> None:
        wakes = [broker.waker(QUEUE, url, task) for task in (DELIVER, COSIGN)]
        wake_to_purge = broker.waker(QUEUE, url, PURGE)

        def keep_sweeping() -> None:
            next_purge = time.monotonic()
            while True:
                for wake in wakes:
                    wake()
                if time.monotonic() >= next_purge:
                    next_purge += PURGE_EVERY
                    wake_to_purge()
                threading.Event().wait(broker.SWEEP_EVERY)

        threading.Thread(target=keep_sweeping, name="sweep", daemon=True).start()

    return app


class Delivering:
    """Delivers in the thread of whoever wakes it first; who comes meanwhile need not wait for that."""

    def __init__(self, deliverer: Callable[[], Deliverer]) -> None:
        self._deliverer = deliverer
        self._asked = threading.Event()
        self._turn = threading.Lock()

    def wake(self) -> None:
        """See to it that what is due now is delivered, by this thread or by the one that is at it."""
        self._asked.set()
        while self._asked.is_set() and self._turn.acquire(blocking=False):
            try:
                self._asked.clear()
                self._deliverer().deliver(AT_ONCE, pace=TOGETHER)
            finally:
                self._turn.release()


def waker(url: str) -> Callable[[], None]:
    """Return the function that wakes the bridge's worker after a commit.

    It waits for nothing: a thread sends one task for all who ask within :data:`TOGETHER`.
    """
    send = broker.waker(QUEUE, url, DELIVER)
    asked = threading.Event()

    def keep_sending() -> None:
        while True:
            asked.wait()
            asked.clear()
            send()
            time.sleep(TOGETHER)

    @functools.cache
    def start() -> None:
        # Only now: a thread does not survive the fork of a serving process.
        threading.Thread(target=keep_sending, name="wake", daemon=True).start()

    def wake() -> None:
        start()
        asked.set()

    return wake
