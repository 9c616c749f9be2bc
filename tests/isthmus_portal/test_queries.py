"""The portal speaks the committed schema, within its limits."""

import pytest
from graphql import GraphQLSchema, parse, validate
from graphql.language import OperationDefinitionNode

from isthmus_graphql import limits
from isthmus_graphql.limits import Limits
from isthmus_portal import queries
from isthmus_portal.pages.paging import PAGE
from portal_example import Example, schema


def name(query: str) -> str:
    (operation,) = [d for d in parse(query).definitions if isinstance(d, OperationDefinitionNode)]
    assert operation.name is not None
    return operation.name.value


@pytest.fixture(scope="module")
def committed() -> GraphQLSchema:
    return schema()


@pytest.mark.parametrize("query", queries.ALL, ids=name)
def test_every_query_is_valid_against_the_committed_schema(query: str, committed: GraphQLSchema) -> None:
    assert validate(committed, parse(query)) == []


@pytest.mark.parametrize("query", queries.ALL, ids=name)
def test_every_query_is_within_what_the_schema_gives_at_a_time(query: str, committed: GraphQLSchema) -> None:
    document = limits.read(query, Limits())
    limits.check_words(document, Limits())
    limits.check_reach(committed, document, {"first": PAGE}, Limits())


def test_every_query_that_pages_can_send_is_in_the_list_that_is_checked() -> None:
    written = {value for key, value in vars(queries).items() if key.isupper() and isinstance(value, str)}
    hidden = {value for key, value in vars(queries).items() if key.startswith("_") and key.isupper()}
    assert written - hidden == set(queries.ALL)


def test_what_no_query_of_the_portal_asks_for_is_never_on_a_page(example: Example) -> None:
    asked = " ".join(queries.ALL)
    for secret in ("paymentTerms", "discountMinor", "bankAccount"):
        assert secret not in asked
