"""The access log narrowed by a filter, through GraphQL."""

from datetime import timedelta
from uuid import uuid4

from graphql_relay import to_global_id

from graphql_client import Asker
from graphql_trade import ship, upload
from isthmus_platform.database import Platform

ACCESSES = """query ($f: AccessFilter!, $n: Int, $a: String) { accesses(filter: $f, first: $n, after: $a) {
  edges { node { outcome reader { name } } } pageInfo { hasNextPage endCursor } } }"""


def test_an_owner_asks_who_read_what_and_when(
    platform: Platform, trader: Asker, bank: Asker, rival: Asker
) -> None:
    shipment = ship(trader)["id"]
    document = to_global_id("Document", str(upload(platform, trader)))
    look = "query ($id: ID!) { document(id: $id) { id } }"
    assert bank.data(look, id=document)["document"] is None
    until = (platform.clock() + timedelta(days=1)).isoformat()
    granted = trader.done(
        "grantAccess",
        "grant { id }",
        reader="bank",
        documents=[document],
        purpose="TRADE_FINANCE",
        validUntil=until,
    )["grant"]["id"]
    for _ in range(2):
        assert bank.data(look, id=document)["document"] == {"id": document}

    def outcomes(**wanted: object) -> list[str]:
        edges = trader.data(ACCESSES, f=wanted)["accesses"]["edges"]
        return [edge["node"]["outcome"] for edge in edges]

    both = ["ALLOWED", "ALLOWED", "REFUSED"]
    assert outcomes() == both
    for wanted, found in (
        ({"reader": "bank"}, both),
        ({"reader": "rival"}, []),
        ({"outcome": "REFUSED"}, ["REFUSED"]),
        ({"action": "CONTENT"}, []),
        ({"document": document, "action": "METADATA"}, both),
        ({"document": to_global_id("Document", str(uuid4()))}, []),
        ({"shipment": shipment}, both),
        ({"grant": granted}, ["ALLOWED", "ALLOWED"]),
        ({"since": until}, []),
        ({"until": until}, both),
    ):
        assert outcomes(**wanted) == found, wanted
    page = trader.data(ACCESSES, f={"reader": "bank"}, n=2)["accesses"]
    assert page["pageInfo"]["hasNextPage"]
    rest = trader.data(ACCESSES, f={"reader": "bank"}, a=page["pageInfo"]["endCursor"])["accesses"]
    assert [edge["node"]["outcome"] for edge in rest["edges"]] == ["REFUSED"]
    assert rival.data(ACCESSES, f={"document": document})["accesses"]["edges"] == []
    assert trader.codes(ACCESSES, f={"reader": "none-such"}) == ["unknown_party"]
