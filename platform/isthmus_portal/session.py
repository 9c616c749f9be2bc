"""Who is signed in: a signed cookie for eight hours from the sign-in, and nothing carried over a sign-in.

The cookie carries an id, by which the session is ended on the server: a copy of it is worth nothing then.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import g, session

from isthmus_platform.database import Actor
from isthmus_platform.errors import NotAuthenticated
from isthmus_portal.face import Face, Sessions

LASTS = timedelta(hours=8)


def begin(face: Face, actor: Actor) -> None:
    """Begin a session, and end this browser's earlier one: nothing of it is left, not even the form key."""
    end(face)
    session.permanent = True
    session["id"] = secrets.token_urlsafe(24)
    session["subject"] = actor.subject
    session["since"] = face.clock().timestamp()
    g.pop("csrf_token", None)


def end(face: Face) -> None:
    """End the session, here and for whoever has a copy of its cookie."""
    actor: Actor | None = g.get("actor")
    identity, since = session.get("id"), session.get("since")
    if actor is not None and isinstance(identity, str) and isinstance(since, int | float):
        face.sessions.end(actor, identity, datetime.fromtimestamp(since, UTC) + LASTS)
    forget()


def forget() -> None:
    """Have this browser forget the session."""
    session.clear()
    g.pop("csrf_token", None)


def recognise(actor_of: Callable[[str], Actor], sessions: Sessions, now: datetime) -> Actor | None:
    """Return who is signed in; none where nobody is, the session is over, or the user is no longer known."""
    identity, subject, since = (session.get(name) for name in ("id", "subject", "since"))
    if not (isinstance(identity, str) and isinstance(subject, str) and isinstance(since, int | float)):
        return None
    over = not 0 <= now.timestamp() - since < LASTS.total_seconds()
    try:
        if not over and not sessions.ended(identity):
            return actor_of(subject)
    except NotAuthenticated:
        pass
    forget()
    return None
