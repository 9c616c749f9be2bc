"""By the ordinary executor a longer page of any list takes as many statements as one of a single thing.

Every field of what a list shows is asked for, with those of the things that it leads to.
"""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from every_service import SCHEMA, EveryService
from graphql_client import Asker
from same_work import listening

pytestmark = pytest.mark.xdist_group("every-service")
assert SCHEMA.query_type is not None
QUERY: GraphQLObjectType = SCHEMA.query_type


AT_ONCE = 12
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


def shown_to(asker: Asker, name: str) -> int:
    """Return how many a party is shown."""
    body = asker.ask(f"{{ {name}(first: 9{NEEDED.get(name, '')}) {{ edges {{ cursor }} }} }}")
    return 0 if "errors" in body else len(body["data"][name]["edges"])


def statements(world: EveryService, asker: Asker, query: str) -> Counter[str]:
    """Return how often each statement is sent, whatever number of things it is sent for."""
    with listening(world.platform) as sent:
        asker.data(query)
    return Counter(SEVERAL.sub("IN (several)", each) for each in sent)


def test_a_page_takes_no_more_statements_than_one_thing(world: EveryService) -> None:
    looked_at = set()
    for name in (name for name, field in QUERY.fields.items() if "after" in field.args):
        count = shown_to(world["trader"], name)
        if count < 2:
            continue
        looked_at.add(name)
        edge = get_named_type(get_named_type(QUERY.fields[name].type).fields["edges"].type)
        inside = list(fields(get_named_type(edge.fields["node"].type), 1))
        for first in range(0, len(inside), AT_ONCE):
            asked = " ".join(inside[first : first + AT_ONCE])
            query = f"{{ {name}(first: %d{NEEDED.get(name, '')}) {{ edges {{ node {{ {asked} }} }} }} }}"
            one, more = (statements(world, world["trader"], query % size) for size in (1, count))
            again = [each for each in more if more[each] > max(1, one[each])]
            assert again == [], (name, asked)
    assert looked_at >= SEEN
