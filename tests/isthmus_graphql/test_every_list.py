"""By the ordinary executor a longer page of any list takes as many statements as one of a single thing.

Every field of what a list shows is asked for, with those of the things that it leads to, and theirs.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from every_service import SCHEMA, EveryService
from graphql_client import Asker
from same_work import listening

pytestmark = pytest.mark.xdist_group("every-service")
assert SCHEMA.query_type is not None
QUERY: GraphQLObjectType = SCHEMA.query_type
LISTS = [name for name, field in QUERY.fields.items() if "after" in field.args]
DEPTH = 3
PARTIES = ("trader", "bank", "carrier", "consignee", "authority")
SEEN = {
    *("titles", "cargoReleases", "truckAppointments", "deliveryProofs", "bookings", "freightRequests"),
    *("credits", "receivables", "receivableOffers", "openCovers", "insuranceQuotes", "coverDeclarations"),
    *("insuranceClaims", "screeningHits", "clients", "webhooks", "webhookDeliveries", "gateSlots"),
}
NEEDED = {"accesses": ", filter: {}", "gateSlots": ', terminal: "terminal"'}
SEVERAL = re.compile(r"IN \((?:[^()]|\(\w+\))*\)(?: AND \(1 != 1\))?")


def fields(kind: GraphQLObjectType, depth: int) -> Iterator[str]:
    """Yield every field that needs no argument, with those of what it leads to."""
    yield "__typename"
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if any(map(is_required_argument, field.args.values())):
            continue
        if is_leaf_type(inner):
            yield name
        elif depth and isinstance(inner, GraphQLObjectType):
            yield f"{name} {{ {' '.join(fields(inner, depth - 1))} }}"


def a_page(name: str, asked: str, first: int, after: str | None = None) -> str:
    """Return the query of a page of a list."""
    where = "" if after is None else f', after: "{after}"'
    return f"{{ {name}(first: {first}{where}{NEEDED.get(name, '')}) {{ edges {{ {asked} }} }} }}"


def shown_to(asker: Asker, name: str, first: int = 9, after: str | None = None) -> list[str]:
    """Return the cursors of what a party is shown."""
    body = asker.ask(a_page(name, "cursor", first, after))
    return [] if "errors" in body else [edge["cursor"] for edge in body["data"][name]["edges"]]


def statements(world: EveryService, asker: Asker, query: str) -> Counter[str]:
    """Return how often each statement is sent, whatever number of things it is sent for."""
    with listening(world.platform) as sent:
        asker.data(query)
    return Counter(SEVERAL.sub("IN (several)", each) for each in sent)


def sent_again(world: EveryService, asker: Asker, name: str, asked: str, cursors: Sequence[str]) -> list[str]:
    """Return the statements of a page that are sent more often than for any one thing of it.

    Some lead further than others: what none of them sends so often alone is sent again for each.
    """
    node = f"node {{ {asked} }}"
    page = statements(world, asker, a_page(name, node, len(cursors)))
    alone: Counter[str] = Counter()
    for after in (None, *cursors[:-1]):
        alone |= statements(world, asker, a_page(name, node, 1, after))
        again = [each for each in page if page[each] > max(1, alone[each])]
        if not again:
            return []
    return again


@pytest.fixture(scope="module")
def lists(world: EveryService) -> dict[str, tuple[str, list[str]]]:
    """Return who is shown more than one thing of a list, and their cursors, by list."""
    found: dict[str, tuple[str, list[str]]] = {}
    for party in PARTIES:
        for name in LISTS:
            if name not in found and len(cursors := shown_to(world[party], name)) > 1:
                found[name] = party, cursors
    return found


def test_a_page_takes_no_more_statements_than_one_thing(
    world: EveryService, lists: dict[str, tuple[str, list[str]]]
) -> None:
    assert lists.keys() >= SEEN
    for name, (party, cursors) in lists.items():
        edge = get_named_type(get_named_type(QUERY.fields[name].type).fields["edges"].type)
        inside = list(fields(get_named_type(edge.fields["node"].type), DEPTH))
        flat = " ".join(each for each in inside if "{" not in each)
        for asked in (flat, *(each for each in inside if "{" in each)):
            assert sent_again(world, world[party], name, asked, cursors) == [], (name, party, asked)


def test_every_list_goes_on_after_the_cursor_of_each_of_its_things(
    world: EveryService, lists: dict[str, tuple[str, list[str]]]
) -> None:
    for name, (party, cursors) in lists.items():
        following = [shown_to(world[party], name, 1, after) for after in cursors[:-1]]
        assert following == [[each] for each in cursors[1:]], name
