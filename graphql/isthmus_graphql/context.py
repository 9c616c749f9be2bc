"""One GraphQL request: who asks, the transactions it uses, and what it has loaded."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLResolveInfo

from isthmus_graphql.loading import Loader
from isthmus_platform import deadline
from isthmus_platform.crossings import BridgeClient
from isthmus_platform.database import Actor, Platform, Work
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.papers.signing import Desk
from isthmus_platform.webhook_signing import SigningSecrets

# Seconds that one request may take at most, wherever it comes from.
LONGEST = 10.0


@dataclass
class Context:
    """What resolvers stand on; found as ``info.context``.

    Reads of a request share one transaction, opened by the first of them. A mutation has its own; what was
    open for reading is closed before it, so that a request never holds two connections.
    """

    platform: Platform
    actor: Actor
    request_id: str
    bridge: BridgeClient | None = None
    push: tuple[Outgoing, SigningSecrets] | None = None
    desk: Desk | None = None
    loader: Loader = field(default_factory=Loader)
    _open: ExitStack = field(default_factory=ExitStack)
    _bounded: ExitStack = field(default_factory=ExitStack)
    _reading: Work | None = None

    @property
    def reading(self) -> Work:
        """The transaction for reading as the acting party."""
        if self._reading is None:
            self._reading = self._open.enter_context(self._begin())
        return self._reading

    @contextmanager
    def writing(self) -> Iterator[Work]:
        """Open the transaction of one mutation: committed at the end, rolled back when anything is raised."""
        self.close()
        with self._begin() as work:
            yield work

    def close(self) -> None:
        """End the transaction for reading and forget what was loaded."""
        self._end(None, None, None)

    def __enter__(self) -> "Context":
        self._bounded.enter_context(deadline.within(LONGEST))
        return self

    def __exit__(self, *raised: Any) -> None:
        """End the transaction for reading: what it wrote is kept unless something was raised."""
        with self._bounded:
            self._end(*raised)

    def _end(self, *raised: Any) -> None:
        self._reading = None
        self.loader.forget()
        self._open.__exit__(*raised)

    @contextmanager
    def _begin(self) -> Iterator[Work]:
        with self.platform.begin(self.actor, request_id=self.request_id) as work:
            yield work


class Info(GraphQLResolveInfo):
    """What a resolver is given, with our context."""

    context: Context
