"""Serving an application over HTTP with granian (docs/decisions/0002-web-server.md)."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from wsgiref.types import WSGIApplication

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from isthmus import logs, ready, tether
from isthmus.settings import Process, Settings
from isthmus.settling import settling

Create = Callable[[Settings], WSGIApplication]
LONGEST_STOP = 8  # seconds that requests under way have when the server is told to stop


@dataclass(frozen=True)
class Place:
    """Where and how widely to serve; several instances may listen on one port."""

    host: str
    port: int
    processes: int = 1
    threads: int = 8


def serve(process: Process, create: Create, settings: Settings, place: Place) -> None:
    """Serve what ``create(settings)`` returns until told to stop, made anew in each serving process."""
    server = Granian(
        process.value,
        address=place.host,
        port=place.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=place.processes,
        blocking_threads=place.threads,
        # More than the threads can take at once waits in the kernel, where another process may take it.
        backpressure=place.threads,
        respawn_failed_workers=True,
        workers_kill_timeout=LONGEST_STOP,
        log_dictconfig={"handlers": {}, "formatters": {}, "loggers": {"_granian": {"propagate": True}}},
    )
    server.serve(target_loader=partial(_load, process, create, settings), wrap_loader=False)


def _load(process: Process, create: Create, settings: Settings) -> Any:
    """Make the application in a serving process, which ends with the process that started it."""
    tether.die_with(os.getppid(), signal.SIGTERM)
    logs.configure(process.value)
    with settling():
        app = create(settings)
    ready.tell()
    return app
