"""The portal speaks the committed schema, within its limits."""

from importlib import import_module
from pkgutil import walk_packages

import pytest
from graphql import GraphQLSchema, parse, validate
from graphql.language import OperationDefinitionNode

import isthmus_portal
from isthmus_graphql import limits
from isthmus_graphql.limits import Limits
from isthmus_portal import queries
from isthmus_portal.pages import PAGES
from isthmus_portal.pages.paging import PAGE
from portal_example import Example, schema

ALL = tuple(dict.fromkeys(query for page in PAGES for query in page.queries))


def name(query: str) -> str:
    (operation,) = [d for d in parse(query).definitions if isinstance(d, OperationDefinitionNode)]
    assert operation.name is not None
    return operation.name.value


@pytest.fixture(scope="module")
def committed() -> GraphQLSchema:
    return schema()


@pytest.mark.parametrize("query", ALL, ids=name)
def test_every_query_is_valid_against_the_committed_schema(query: str, committed: GraphQLSchema) -> None:
    assert validate(committed, parse(query)) == []


@pytest.mark.parametrize("query", ALL, ids=name)
def test_every_query_is_within_what_the_schema_gives_at_a_time(query: str, committed: GraphQLSchema) -> None:
    document = limits.read(query, Limits())
    limits.check_reach(committed, document, {"first": PAGE}, Limits())


def test_every_query_that_pages_can_send_is_in_the_list_that_is_checked() -> None:
    names = [module.name for module in walk_packages(isthmus_portal.__path__, "isthmus_portal.")]
    written = {
        value
        for module in map(import_module, names)
        for value in vars(module).values()
        if isinstance(value, str) and value.lstrip().startswith(("query ", "mutation "))
    }
    assert queries.SHIPMENT in written
    assert written == set(ALL)


def test_what_no_query_of_the_portal_asks_for_is_never_on_a_page(example: Example) -> None:
    asked = " ".join(ALL)
    for secret in ("paymentTerms", "discountMinor", "bankAccount"):
        assert secret not in asked
