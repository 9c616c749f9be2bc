"""Running Celery's worker and beat in this process."""

import os
import signal
import warnings
from typing import Any

from celery import Celery
from celery.bootsteps import StartStopStep
from celery.signals import beat_init, setup_logging, worker_process_init, worker_ready, worker_shutting_down
from celery.worker import state
from kombu.asynchronous import Hub

from isthmus import ready, tether

CONCURRENCY = 2  # processes of one worker, or threads; run more workers for more
LONGEST_STOP = 8  # seconds that tasks under way have when the worker is told to stop
LOOKS = 3  # seconds in which a task may be held that nobody works on


class Regained(StartStopStep):
    """Connects anew where the broker died while all of a worker was busy.

    Kombu counts a task as held until it is acknowledged, Celery tries that once, and who holds as many as it
    may asks for no more, on no connection of which it could be told that it broke.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def register_with_event_loop(self, consumer: Any, hub: Hub) -> None:
        """Look every second whether more is held than is worked on; to acknowledge takes less than that."""
        qos = getattr(consumer.task_consumer.channel, "qos", None)
        if qos is None:  # RabbitMQ's connection is one for all, and tells
            return
        seen = 0

        def look() -> None:
            nonlocal seen
            held = qos.prefetch_count - qos.can_consume_max_estimate()
            seen = seen + 1 if held > len(state.reserved_requests) else 0
            if seen >= LOOKS:
                raise ConnectionResetError("tasks are held that could not be acknowledged")

        hub.call_repeatedly(1.0, look)


def work(app: Celery, pool: str = "prefork", longest_stop: int = LONGEST_STOP) -> None:
    """Take tasks until told to stop. ``pool`` is Celery's name for its kind.

    A task under way may end within ``longest_stop`` seconds, and is done again otherwise: a task whose result
    came when nobody took results any more holds Celery's own end up for half a minute.
    """
    _keep_own_logging()
    app.steps["consumer"].add(Regained)

    @worker_shutting_down.connect(weak=False)
    def end_in_time(**_: Any) -> None:
        signal.alarm(longest_stop)  # nobody handles it: it ends the process, whatever that waits for

    @worker_process_init.connect(weak=False)
    def end_with_worker(**_: Any) -> None:
        tether.die_with(os.getppid(), signal.SIGKILL)

    @worker_ready.connect(weak=False)
    def tell(**_: Any) -> None:
        ready.tell()

    # Celery warns root; its reason is pickle, which is not accepted here.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    app.Worker(
        hostname=f"{app.main}@{os.uname().nodename}-{os.getpid()}",
        pool=pool,
        concurrency=CONCURRENCY,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    ).start()


def keep_time(app: Celery) -> None:
    """Send the tasks of the schedule until told to stop."""
    _keep_own_logging()

    @beat_init.connect(weak=False)
    def tell(**_: Any) -> None:
        ready.tell()

    app.Beat(quiet=True).run()


def _keep_own_logging() -> None:
    @setup_logging.connect(weak=False)
    def keep(**_: Any) -> None:
        """Celery configures logging only when nobody takes this signal."""
