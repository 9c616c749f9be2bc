"""The platform's worker: it drains the outbox, a topic at a time, woken by tasks and by a steady sweep."""

import functools
from collections.abc import Callable, Mapping

import structlog
from celery import Celery

from isthmus import broker
from isthmus_platform import outbox
from isthmus_platform.database import Platform
from isthmus_platform.outbox import Message

log = structlog.get_logger(__name__)

Handler = Callable[[Message], None]
DRAIN = "isthmus.drain"
QUEUE = "isthmus"
AT_ONCE = 20  # messages a task takes on, so that it ends well before its time limit
SLOW = {"webhook": 4}  # topics whose messages may each wait for somebody else's server


def create_worker(
    url: str, topics: tuple[str, ...], connect: Callable[[], tuple[Platform, Mapping[str, Handler]]]
) -> Celery:
    """Return the Celery application of worker and beat.

    ``connect`` opens the platform and says who handles each of ``topics``; it is called once in each working
    process, after the fork, since connections must not be shared.
    """
    app = broker.create_celery(QUEUE, url)
    connected = functools.cache(connect)

    @app.task(name=DRAIN)
    def drain(topic: str) -> None:
        platform, handlers = connected()
        outbox.drain(platform, topic, _with_request_id(handlers[topic]), limit=SLOW.get(topic, AT_ONCE))

    app.conf.beat_schedule = {
        f"sweep {topic}": {
            "task": DRAIN,
            "schedule": broker.SWEEP_EVERY,
            "args": (topic,),
            "options": {"expires": 2 * broker.SWEEP_EVERY},
        }
        for topic in topics
    }
    return app


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
