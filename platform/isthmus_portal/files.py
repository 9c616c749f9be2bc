"""What the services give out as files, to a browser as to a machine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from flask import Response

from isthmus_platform.database import Actor
from isthmus_platform.errors import NotFound

Given: TypeAlias = Callable[[Actor, UUID], Response]
"""Answers whoever is signed in with the file of that id, or raises :class:`PlatformError`."""


def _nothing(_actor: Actor, _key: UUID) -> Response:
    raise NotFound("There is no such file here.")


@dataclass(frozen=True)
class Files:
    """A field for each kind of file; a kind that is not given answers that there is none."""

    document: Given = _nothing
    """A document's contents."""
    pages: Given = _nothing
    """A document as PDF."""
    evidence: Given = _nothing
    """The evidence of a crossing, by its exchange."""
    title: Given = _nothing
    """A title with its chain."""
    access_log: Callable[[Actor], Response] | None = None
    """A party's access log, in the ``format`` that the address names; none where it is not taken along."""


NO_FILES = Files()
