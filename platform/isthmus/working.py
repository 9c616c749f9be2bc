"""Running Celery's worker and beat in this process."""

import os
import warnings
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_ready

from isthmus import ready

CONCURRENCY = 2  # processes of one worker, or threads; run more workers for more


def work(app: Celery, pool: str = "prefork") -> None:
    """Take tasks until told to stop; a task under way is finished. ``pool`` is Celery's name for its kind."""
    _keep_own_logging()

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
