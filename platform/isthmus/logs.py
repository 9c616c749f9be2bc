"""Structured logs: one JSON object a line, on standard output, with the request's id wherever it is known."""

import logging
import logging.config
import sys

import orjson
import structlog
import structlog.tracebacks
from structlog.typing import EventDict, Processor, WrappedLogger

QUIET = (
    "amqp",
    "celery.app.trace",
    "celery.beat",
    "celery.redirected",
    "celery.worker.strategy",
    "httpcore",
    "httpx",
    "kombu",
    "stripe",
    "urllib3",
)


TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
"""Where it failed, without the values of variables: there may be a token or a key among them."""


def configure(process: str) -> None:
    """Send structlog's and the standard library's logs to standard output, marked with ``process``."""

    def mark(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.setdefault("process", process)
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mark,
    ]
    # Our own lines are written at once: there is one with every request.
    structlog.configure(
        processors=[
            *shared,
            TRACEBACKS,
            structlog.processors.JSONRenderer(serializer=_to_bytes),
        ],
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            TRACEBACKS,
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _to_bytes(event: EventDict, **_: object) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)


def _to_json(event: EventDict, **_: object) -> str:
    return _to_bytes(event).decode()
