"""Running Celery's worker and beat in this process."""

import os
import signal
import warnings
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_process_init, worker_ready, worker_shutting_down

from isthmus import ready, tether

CONCURRENCY = 2  # processes of one worker, or threads; run more workers for more
LONGEST_STOP = 8  # seconds that tasks under way have when the worker is told to stop


def work(app: Celery, pool: str = "prefork", longest_stop: int = LONGEST_STOP) -> None:
    """Take tasks until told to stop. ``pool`` is Celery's name for its kind.

    A task under way may end within ``longest_stop`` seconds, and is done again otherwise: a task whose result
    came when nobody took results any more holds Celery's own end up for half a minute.
    """
    _keep_own_logging()

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
