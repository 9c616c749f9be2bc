"""An operation answered by the planner and by the ordinary executor, to be compared."""

from dataclasses import dataclass, replace
from typing import Any

import orjson

from isthmus_graphql.execution import GraphQL
from isthmus_platform.database import Actor


@dataclass(frozen=True)
class Told:
    """A response, and what it was read by: ``planner`` or ``executor``, and why."""

    body: dict[str, Any]
    by: str
    why: Any


@dataclass(frozen=True)
class BothWays:
    """One schema served with the planner and without, in development so that it explains itself."""

    graphql: GraphQL

    def planned(self, actor: Actor, query: str, **variables: Any) -> Told:
        """Return the answer as it is served, planned if it can be."""
        explaining = replace(self.graphql, development=True)
        answer = explaining.execute(actor, query, variables, request_id="one", explain=True)
        explained = (answer.extensions or {}).get("explain", {"by": "nobody", "why": "refused"})
        answer.extensions = None
        body = orjson.loads(orjson.dumps(answer.body))
        return Told(body, explained["by"], explained.get("why") or explained.get("sql"))

    def executed(self, actor: Actor, query: str, **variables: Any) -> dict[str, Any]:
        """Return the answer of the ordinary executor."""
        plain = replace(self.graphql, development=True, planner=None)
        body: dict[str, Any] = orjson.loads(
            orjson.dumps(plain.execute(actor, query, variables, request_id="one").body)
        )
        return body

    def same(self, actor: Actor, query: str, **variables: Any) -> Told:
        """Return the planned answer, which must be the executor's, fields in the same order."""
        told = self.planned(actor, query, **variables)
        plain = self.executed(actor, query, **variables)
        assert orjson.dumps(told.body) == orjson.dumps(plain), (query, variables, told, plain)
        return told
