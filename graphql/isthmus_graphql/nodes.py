"""Things with a global id, and finding one by it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import graphene
from graphene import relay

from isthmus_graphql import identity
from isthmus_graphql.context import Context, Info
from isthmus_platform.errors import NotFound

Reader = Callable[[Context, UUID], Any]

_readers: dict[str, Reader] = {}


class Node(relay.Node):
    """A thing with a global id."""

    class Meta:
        name = "Node"


def readable(kind: str, read: Reader) -> None:
    """Let ``node(id:)`` find things of ``kind``; ``read`` raises NotFound where the actor sees none."""
    _readers[kind] = read


def found(context: Context, given: str, kind: str | None = None) -> Any | None:
    """Return the thing with this global id, of ``kind`` if given; None where there is none to see."""
    try:
        named, key = identity.kind_and_key(given)
        if named not in _readers or (kind is not None and kind != named):
            return None
        return _readers[named](context, key)
    except NotFound:
        return None


def one_by_id(kind: type[Any], description: str) -> graphene.Field:
    """Return a field that finds one ``kind`` by its global id, or nothing."""

    def resolve(_root: Any, info: Info, id: str) -> Any:  # noqa: A002 (the argument's name in the schema)
        return found(info.context, id, kind._meta.name)  # noqa: SLF001 (graphene's own name for it)

    argument = graphene.ID(required=True, description="A global id.")
    return graphene.Field(kind, id=argument, description=description, resolver=resolve)


class NodeQuery(graphene.ObjectType):
    """Finding any thing by its global id."""

    node = graphene.Field(
        Node,
        id=graphene.ID(required=True, description="A global id."),
        description="The thing with this id; null where there is none that you may see.",
    )

    @staticmethod
    def resolve_node(_root: Any, info: Info, id: str) -> Any | None:  # noqa: A002
        """Find a thing."""
        return found(info.context, id)
