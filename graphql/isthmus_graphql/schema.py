"""The schema, put together from a module a service."""

import graphene
from graphql import GraphQLSchema, print_schema

from isthmus_graphql import nodes, parties


class Query(nodes.NodeQuery, parties.PartyQuery):
    """Reading, as the party that asks: what it may not see is as if it were not there."""


class Mutation(parties.PartyMutation):
    """Changes: each in a transaction of its own, in the order written."""


def build() -> GraphQLSchema:
    """Return the schema."""
    built: GraphQLSchema = graphene.Schema(query=Query, mutation=Mutation).graphql_schema
    return built


def sdl() -> str:
    """Return the schema in its definition language, as ``graphql/schema.graphql`` holds it."""
    return print_schema(build()) + "\n"
