"""Celery, on Redis or RabbitMQ: the wake-up. What must be done stands in the databases; a lost task is late.

With Celery's own sweep settings a killed worker's task had not come back after 90 s though its visibility
timeout was 6 s; with interval and throttle at 1 it was redone in 9 s.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import redis
import structlog
from celery import Celery
from kombu import Connection
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger(__name__)

LONGEST_TASK = 60  # seconds; a task that runs longer is ended, what it had not done stays due
VISIBILITY = 75  # seconds until an unacknowledged task is given to another worker
SWEEP_EVERY = 2.0  # seconds
SILENCE_AFTER_FAILURE = 1.0  # seconds without a try after the broker did not answer


class Silent(Exception):
    """The broker does not answer, or not to us."""


def look(url: str) -> None:
    """Raise :class:`Silent` unless the broker at ``url`` answers at once."""
    try:
        if _is_redis(url):
            with redis.Redis.from_url(
                url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
            ) as client:
                client.ping()
        else:
            with Connection(url, connect_timeout=1) as connection:
                connection.ensure_connection(max_retries=1, interval_start=0)
    except (redis.RedisError, OperationalError, OSError) as error:
        raise Silent(str(error)) from error


def _is_redis(url: str) -> bool:
    return url.startswith(("redis://", "rediss://"))


def create_celery(name: str, url: str) -> Celery:
    """Return a Celery application for workers, on the broker at ``url``."""
    app = Celery(name, broker=url, set_as_current=False)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_default_queue=name,
        task_soft_time_limit=LONGEST_TASK - 10,
        task_time_limit=LONGEST_TASK,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=2,
        beat_scheduler="celery.beat:Scheduler",
        beat_max_loop_interval=1,
    )
    if _is_redis(url):
        app.conf.broker_transport_options = {
            "visibility_timeout": VISIBILITY,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "global_keyprefix": f"{name}:",
            "socket_connect_timeout": 2,
        }
    return app


def waker(name: str, url: str, task: str) -> Callable[..., None]:
    """Return a function that sends ``task`` with its arguments and never waits long nor fails.

    When the broker does not answer, the next sweep finds the work; for a second no other try is made, so that
    a dead broker does not slow every request down.
    """
    producer = create_celery(name, url)
    producer.conf.broker_connection_timeout = 0.5
    if _is_redis(url):
        producer.conf.broker_transport_options |= {
            "socket_timeout": 0.5,
            "socket_connect_timeout": 0.5,
            "retry_on_timeout": False,
            "max_retries": 0,
        }
    quiet_until = 0.0
    guard = threading.Lock()

    def wake(*arguments: Any) -> None:
        nonlocal quiet_until
        if time.monotonic() < quiet_until:
            return
        try:
            producer.send_task(task, arguments, retry=False, expires=60)
        except (OperationalError, OSError) as error:
            with guard:
                quiet_until = time.monotonic() + SILENCE_AFTER_FAILURE
            log.warning("broker.silent", error=str(error))

    return wake
