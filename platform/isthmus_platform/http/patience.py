"""How long each entry may take; a client that waits for less says so (``Prefer: wait``, RFC 7240)."""

import re

from flask import Flask, request

from isthmus_platform import deadline

UNHURRIED = frozenset({"documents.store", "documents.store_version", "imports.take"})
"""Entries whose bodies may come slowly."""

WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,4})(?=$|[,;\s])", re.IGNORECASE)


def install(app: Flask, seconds: float) -> None:
    """Give every request of ``app`` ``seconds``, or as long as its client waits if that is less."""

    @app.before_request
    def begin() -> None:
        found = WAIT.search(request.headers.get("Prefer", ""))
        asked = float(found[1]) if found and int(found[1]) > 0 else seconds
        deadline.start(None if request.endpoint in UNHURRIED else min(seconds, asked))

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        deadline.start(None)
