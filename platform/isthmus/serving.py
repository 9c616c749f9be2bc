"""Serving an application over HTTP with gunicorn (docs/decisions/0002-web-server.md)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from isthmus import ready


@dataclass(frozen=True)
class Place:
    """Where and how widely to serve: ``shared`` lets several instances listen on one port."""

    host: str
    port: int
    processes: int = 1
    threads: int = 8
    shared: bool = False


class JsonLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """Leaves gunicorn's messages to the process's own logging."""

    def setup(self, cfg: Any) -> None:
        """Take part in the root logger's output instead of adding handlers."""
        super().setup(cfg)
        for name in ("gunicorn.error", "gunicorn.access"):
            logger = logging.getLogger(name)
            logger.handlers.clear()
            logger.propagate = True


class Service(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
    """Runs the application that ``create`` returns, made anew in each serving process, after the fork."""

    def __init__(self, create: Callable[[], Flask], place: Place) -> None:
        self.create = create
        self.place = place
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        place = self.place
        for name, value in {
            "bind": f"{place.host}:{place.port}",
            "reuse_port": place.shared,
            "workers": place.processes,
            "worker_class": "gthread",
            "threads": place.threads,
            "timeout": 60,
            "graceful_timeout": 8,
            "keepalive": 30,
            "logger_class": JsonLogger,
            "control_socket_disable": True,
            "post_worker_init": _tell_ready,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application."""
        return self.create()


def _tell_ready(_: object) -> None:
    ready.tell()


def serve(create: Callable[[], Flask], place: Place) -> None:
    """Serve until told to stop."""
    Service(create, place).run()
