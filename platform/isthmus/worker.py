"""The platform's worker: it drains the outbox, a topic at a time, woken by tasks and by a steady sweep."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import structlog
from celery import Celery

from isthmus import broker
from isthmus_platform import outbox
from isthmus_platform.database import Platform
from isthmus_platform.outbox import Message

log = structlog.get_logger(__name__)

Handler = Callable[[Message], None]
DRAIN = "isthmus.drain"
CHORE = "isthmus.chore"
QUEUE = "isthmus"
AT_ONCE = 20  # messages a task takes on, so that it ends well before its time limit
SLOW = {"webhook": 4}  # topics whose messages may each wait for somebody else's server


@dataclass(frozen=True)
class Chore:
    """What is done every so many seconds, whatever happened: ``run`` may be repeated, and cut off."""

    every: float
    run: Callable[[Platform], object]


def create_worker(
    url: str,
    topics: tuple[str, ...],
    connect: Callable[[], tuple[Platform, Mapping[str, Handler]]],
    chores: Mapping[str, Chore] = MappingProxyType({}),
) -> Celery:
    """Return the Celery application of worker and beat.

    ``connect`` opens the platform and says who handles each of ``topics``; it is called once in each working
    process, after the fork, since connections must not be shared. ``chores`` are done by their clock.
    """
    app = broker.create_celery(QUEUE, url)
    connected = functools.cache(connect)

    @app.task(name=DRAIN, shared=False)
    def drain(topic: str) -> None:
        platform, handlers = connected()
        outbox.drain(platform, topic, _with_request_id(handlers[topic]), limit=SLOW.get(topic, AT_ONCE))

    @app.task(name=CHORE, shared=False)
    def chore(name: str) -> None:
        platform, _ = connected()
        log.info("chore.done", chore=name, done=chores[name].run(platform))

    app.conf.beat_schedule = {
        f"sweep {topic}": _scheduled(DRAIN, topic, broker.SWEEP_EVERY) for topic in topics
    } | {f"chore {name}": _scheduled(CHORE, name, each.every) for name, each in chores.items()}
    return app


def _scheduled(task: str, argument: str, every: float) -> dict[str, Any]:
    return {"task": task, "schedule": every, "args": (argument,), "options": {"expires": 2 * every}}


def waker(url: str) -> Callable[[str], None]:
    """Return the function that wakes a worker for a topic after a commit."""
    return broker.waker(QUEUE, url, DRAIN)


def _with_request_id(handle: Handler) -> Handler:
    """Let what is logged while a message is handled carry the id of the request that caused it."""

    def handle_logged(message: Message) -> None:
        with structlog.contextvars.bound_contextvars(request_id=message.request_id):
            handle(message)
            log.info("handled", topic=message.topic, message_id=str(message.id), attempts=message.attempts)

    return handle_logged
