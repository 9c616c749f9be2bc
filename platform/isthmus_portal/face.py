"""What the pages stand on: the schema, the people who sign in, the downloads; all given from outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flask import abort, g

from isthmus_platform.database import Actor, PartyRole
from isthmus_platform.errors import NotAuthenticated, NotFound, PlatformError
from isthmus_platform.papers.signing import Verified
from isthmus_platform.papers.standing import Standing
from isthmus_portal import queries
from isthmus_portal.files import NO_FILES, Files

_STATUS = {"not_authenticated": 401, "not_permitted": 403, "role_required": 403, "not_found": 404}


class Executed(Protocol):
    """What executing a query gives: graphql-core's ``ExecutionResult`` and whatever is shaped like it."""

    @property
    def data(self) -> dict[str, Any] | None:
        """The response's data."""

    @property
    def errors(self) -> Sequence[Any] | None:
        """The response's errors: texts with ``extensions``, and the exception as ``original_error``."""


@dataclass(frozen=True)
class Invitation:
    """A sign-in that development shows on its sign-in page."""

    party: str
    email: str
    password: str
    comes_for: str


class Papers(Protocol):
    """What anybody may ask of a signed document."""

    def standing(self, word: str) -> Standing:
        """Return how the document stands that ``word`` names, or raise :class:`NotFound`."""

    def verify(self, file: bytes) -> Verified:
        """Return whether ``file`` is what was signed, and stands."""


class Sessions(Protocol):
    """Which sessions were ended before their time, by the id in their cookie."""

    def ended(self, session: str) -> bool:
        """Say whether a session was ended."""

    def end(self, actor: Actor, session: str, until: datetime) -> None:
        """End the session of ``actor``, whose cookie is good ``until`` then."""


@dataclass(frozen=True)
class Face:
    """The portal's means. ``execute`` and the others raise :class:`PlatformError` when they refuse."""

    execute: Callable[[Actor, str, dict[str, Any]], Executed]
    sign_in: Callable[[str, str], Actor]
    actor_of: Callable[[str], Actor]
    sessions: Sessions
    clock: Callable[[], datetime]
    files: Files = NO_FILES
    invitations: Callable[[], Sequence[Invitation]] = tuple
    papers: Papers | None = None

    def standing(self, word: str) -> Standing:
        """Return how the document stands that a page's code names."""
        return self._papers().standing(word)

    def verify(self, file: bytes) -> Verified:
        """Return whether a file is what was signed."""
        return self._papers().verify(file)

    def _papers(self) -> Papers:
        if self.papers is None:
            raise NotFound("Documents are not issued here.")
        return self.papers

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of ``query`` for whoever is signed in; a refusal is raised as its HTTP status."""
        if g.get("actor") is None:
            raise NotAuthenticated("Sign in first.")
        result = self.execute(g.actor, query, variables)
        for error in result.errors or ():
            _refuse(error)
        if result.data is None:
            raise RuntimeError("the schema answered with neither data nor errors")
        return result.data

    def change(self, mutation: str, values: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the payload and user errors of a mutation given its ``input``."""
        data = self.ask(mutation, input=values)
        (payload,) = data.values()
        return payload, payload["userErrors"]


def _refuse(error: Any) -> None:
    """Raise an error of the schema as the refusal it is, or as the fault it is."""
    original = getattr(error, "original_error", None)
    if isinstance(original, PlatformError):
        raise original
    code = (getattr(error, "extensions", None) or {}).get("code", "")
    status = _STATUS.get(str(code).lower())
    if status is None:
        raise RuntimeError(f"the schema refused a query of the portal: {error}") from original
    abort(status)


def roles() -> frozenset[PartyRole]:
    """Return the roles of the party that is signed in."""
    actor: Actor | None = g.get("actor")
    return actor.roles if actor else frozenset()


def viewer(face: Face) -> dict[str, Any]:
    """Return who is signed in, asked once a request."""
    if "viewer" not in g:
        g.viewer = face.ask(queries.VIEWER)["viewer"]
    found: dict[str, Any] = g.viewer
    return found


def nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the nodes of a Relay connection."""
    return [edge["node"] for edge in connection["edges"] if edge and edge["node"]]
