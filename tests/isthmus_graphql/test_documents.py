"""Documents, grants and the access log through the schema."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

from graphql_relay import to_global_id

from graphql_client import Asker, nodes
from graphql_trade import add_version, ship, upload
from isthmus_platform.database import Platform
from standing import StandingClock

LATER = "2026-12-01T00:00:00Z"
DOCUMENT = """query ($id: ID!) { document(id: $id) {
  id type typeName title version sha256 size mediaType owner { name } shipmentReference ucr
  createdAt contentUrl versions { version sha256 size mediaType createdAt }
  grants { id reader { name } purpose }
} }"""
GRANT = (
    "grant { id owner { name } reader { name } documents { id title }"
    " shipment { reference } purpose validUntil revokedAt createdAt }"
)
LOG = """{ accessLog { edges { node {
  id at reader { name } action outcome reason purpose version document { title }
  shipment { reference } grant { id }
} } } }"""


def paper(platform: Platform, trader: Asker, **given: Any) -> str:
    """Store a document of the shipment and return its global id."""
    return to_global_id("Document", str(upload(platform, trader, **given)))


def grant(trader: Asker, *document_ids: str, **changes: Any) -> dict[str, Any]:
    given = {
        "reader": "bank",
        "documents": list(document_ids),
        "purpose": "TRADE_FINANCE",
        "validUntil": LATER,
    }
    made: dict[str, Any] = trader.done("grantAccess", GRANT, **{**given, **changes})["grant"]
    return made


def log_of(owner: Asker) -> list[tuple[str, str, str, str | None]]:
    """Return (reader, action, outcome, reason) of each entry, newest first."""
    return [
        (entry["reader"]["name"], entry["action"], entry["outcome"], entry["reason"])
        for entry in nodes(owner.data(LOG)["accessLog"])
    ]


def test_a_document_tells_what_it_is_and_its_versions(platform: Platform, trader: Asker) -> None:
    ship(trader)
    key = upload(platform, trader, body=b"first")
    add_version(platform, trader, key, b"second!")
    seen = trader.data(DOCUMENT, id=to_global_id("Document", str(key)))["document"]
    first, second = (
        {"version": n, "sha256": sha256(body).hexdigest(), "size": len(body), "mediaType": kind}
        for n, body, kind in ((1, b"first", "application/pdf"), (2, b"second!", "text/plain"))
    )
    at = {"createdAt": "2026-06-01T09:00:00Z"}
    assert seen == {
        "id": to_global_id("Document", str(key)),
        "type": "380",
        "typeName": "Commercial invoice",
        "title": "Commercial invoice",
        **second,
        "owner": {"name": "trader"},
        "shipmentReference": "KHH-HAM-1",
        "ucr": "6TW24536806-1",
        **at,
        "contentUrl": f"/documents/{key}/content",
        "versions": [{**second, **at}, {**first, **at}],
        "grants": [],
    }
    listed = trader.data("{ shipments { edges { node { documents { edges { node { id } } } } } } }")
    assert nodes(nodes(listed["shipments"])[0]["documents"]) == [{"id": seen["id"]}]


def test_a_granted_document_is_read_by_its_reader_alone_until_it_is_revoked(
    platform: Platform, trader: Asker, bank: Asker, rival: Asker
) -> None:
    ship(trader)
    invoice, list_ = paper(platform, trader), paper(platform, trader, type_code="271")
    made = grant(trader, invoice)
    assert made == {
        "id": made["id"],
        "owner": {"name": "trader"},
        "reader": {"name": "bank"},
        "documents": [{"id": invoice, "title": "Commercial invoice"}],
        "shipment": None,
        "purpose": "TRADE_FINANCE",
        "validUntil": LATER,
        "revokedAt": None,
        "createdAt": "2026-06-01T09:00:00Z",
    }
    seen = bank.data(DOCUMENT, id=invoice)["document"]
    assert (seen["title"], seen["owner"], seen["grants"]) == ("Commercial invoice", {"name": "trader"}, [])
    assert trader.data(DOCUMENT, id=invoice)["document"]["grants"] == [
        {"id": made["id"], "reader": {"name": "bank"}, "purpose": "TRADE_FINANCE"}
    ]
    assert bank.data(DOCUMENT, id=list_) == {"document": None}
    assert rival.data(DOCUMENT, id=invoice) == {"document": None}
    mine = "{ grants { edges { node { id documents { title sha256 } } } } }"
    assert [each["id"] for each in nodes(bank.data(mine)["grants"])] == [made["id"]]
    assert nodes(rival.data(mine)["grants"]) == []
    assert bank.refused("revokeAccess", "grant { id }", grant=made["id"]) == [("not_found", "grant")]
    ended = trader.done("revokeAccess", "grant { revokedAt }", grant=made["id"])["grant"]
    assert ended == {"revokedAt": "2026-06-01T09:00:00Z"}
    assert bank.data(DOCUMENT, id=invoice) == {"document": None}
    assert log_of(trader) == [
        ("bank", "METADATA", "REFUSED", "revoked"),
        ("rival", "METADATA", "REFUSED", "no_grant"),
        ("bank", "METADATA", "REFUSED", "no_grant"),
        ("bank", "METADATA", "ALLOWED", None),
    ]
    assert log_of(bank) == log_of(rival) == []


def test_the_owner_reads_in_its_log_what_was_read_under_which_grant(
    platform: Platform, trader: Asker, bank: Asker, clock: StandingClock
) -> None:
    ship(trader)
    invoice = paper(platform, trader)
    made = grant(trader, invoice)
    clock.advance(minutes=1)
    bank.data(DOCUMENT, id=invoice)
    (entry,) = nodes(trader.data(LOG)["accessLog"])
    assert entry.pop("id")
    assert entry == {
        "at": "2026-06-01T09:01:00Z",
        "reader": {"name": "bank"},
        "action": "METADATA",
        "outcome": "ALLOWED",
        "reason": None,
        "purpose": "TRADE_FINANCE",
        "version": None,
        "document": {"title": "Commercial invoice"},
        "shipment": {"reference": "KHH-HAM-1"},
        "grant": {"id": made["id"]},
    }


def test_a_grant_ends_by_itself(platform: Platform, trader: Asker, bank: Asker, clock: StandingClock) -> None:
    ship(trader)
    invoice = paper(platform, trader)
    grant(trader, invoice, validUntil="2026-06-01T10:00:00Z")
    clock.advance(minutes=59)
    assert bank.data(DOCUMENT, id=invoice)["document"] is not None
    clock.advance(minutes=1)
    assert bank.data(DOCUMENT, id=invoice)["document"] is None
    assert log_of(trader)[0] == ("bank", "METADATA", "REFUSED", "expired")


def test_a_grant_of_a_shipment_opens_its_later_documents_too(
    platform: Platform, trader: Asker, bank: Asker
) -> None:
    shipment = ship(trader)["id"]
    made = grant(trader, shipment=shipment, documents=None)
    assert (made["documents"], made["shipment"]) == ([], {"reference": "KHH-HAM-1"})
    invoice = paper(platform, trader)
    assert bank.data(DOCUMENT, id=invoice)["document"]["id"] == invoice
    held = "{ grants { edges { node { shipment { reference documents { edges { node { id } } } } } } } }"
    (granted,) = nodes(bank.data(held)["grants"])
    assert granted["shipment"] == {
        "reference": "KHH-HAM-1",
        "documents": {"edges": [{"node": {"id": invoice}}]},
    }


def test_a_wrong_grant_is_refused_and_opens_nothing(platform: Platform, trader: Asker, bank: Asker) -> None:
    shipment = ship(trader)["id"]
    invoice = paper(platform, trader)
    given: dict[str, Any] = {
        "reader": "bank",
        "documents": [invoice],
        "purpose": "TRADE_FINANCE",
        "validUntil": LATER,
    }
    for changes, refusal in (
        ({"reader": "nobody"}, ("unknown_party", "reader")),
        ({"reader": "trader"}, ("own_party", "reader")),
        ({"reader": "operator"}, ("role_not_permitted", "reader")),
        ({"validUntil": "2026-06-01T09:00:00Z"}, ("not_in_future", "validUntil")),
        ({"validUntil": "2028-01-01T00:00:00Z"}, ("too_long", "validUntil")),
        ({"shipment": shipment}, ("one_of", "documents")),
        ({"documents": []}, ("one_of", "documents")),
        ({"documents": [shipment]}, ("not_found", "documents")),
        ({"documents": None, "shipment": invoice}, ("not_found", "shipment")),
    ):
        assert trader.refused("grantAccess", "grant { id }", **{**given, **changes}) == [refusal], changes
    assert bank.data(DOCUMENT, id=invoice) == {"document": None}
    mutation = "mutation ($input: GrantAccessInput!) { grantAccess(input: $input) { grant { id } } }"
    wrong = {**given, "idempotencyKey": "k", "purpose": "CURIOSITY"}
    assert trader.codes(mutation, input=wrong) == ["INPUT"]


def test_one_key_in_two_threads_grants_once(platform: Platform, trader: Asker) -> None:
    ship(trader)
    invoice = paper(platform, trader)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: grant(trader, invoice, idempotencyKey="race")["id"], range(6)))
    assert len(set(made)) == 1
    assert len(trader.data(DOCUMENT, id=invoice)["document"]["grants"]) == 1


def test_the_log_is_read_in_pages(platform: Platform, trader: Asker, rival: Asker) -> None:
    ship(trader)
    invoice = paper(platform, trader)
    for _ in range(5):
        rival.data(DOCUMENT, id=invoice)
    query = (
        "query ($after: String) { accessLog(first: 2, after: $after) { edges { node { id } }"
        " pageInfo { hasNextPage endCursor } } }"
    )
    seen: list[str] = []
    after = None
    for expected in (2, 2, 1):
        page = trader.data(query, after=after)["accessLog"]
        assert len(page["edges"]) == expected
        seen += [node["id"] for node in nodes(page)]
        after = page["pageInfo"]["endCursor"]
    assert len(set(seen)) == 5
