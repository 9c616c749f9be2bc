"""Who is signed in: a signed cookie for eight hours from the sign-in, and nothing carried over a sign-in."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import g, session

from isthmus_platform.database import Actor
from isthmus_platform.errors import NotAuthenticated

LASTS = timedelta(hours=8)


def begin(actor: Actor, now: datetime) -> None:
    """Begin a session: all that an earlier visitor of this browser left is dropped, the form key included."""
    session.clear()
    session.permanent = True
    session["subject"] = actor.subject
    session["since"] = now.timestamp()
    g.pop("csrf_token", None)


def end() -> None:
    """End the session."""
    session.clear()
    g.pop("csrf_token", None)


def recognise(actor_of: Callable[[str], Actor], now: datetime) -> Actor | None:
    """Return who is signed in; none where nobody is, the session is over, or the user is no longer known."""
    subject, since = session.get("subject"), session.get("since")
    if not isinstance(subject, str) or not isinstance(since, int | float):
        return None
    if not 0 <= now.timestamp() - since < LASTS.total_seconds():
        end()
        return None
    try:
        return actor_of(subject)
    except NotAuthenticated:
        end()
        return None
