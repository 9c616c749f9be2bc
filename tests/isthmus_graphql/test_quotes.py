"""Freight quotes through GraphQL: each change once for its key, each side sees its own, one is accepted."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from graphql_relay import to_global_id

from graphql_client import Asker, nodes
from held import rows
from isthmus_platform.database import Platform
from quote_trade import ASKED, QUOTE, REQUEST, answer, charge

COMPARED = (
    "query ($id: ID!, $rates: [ExchangeRateInput!]) { freightRequest(id: $id) {"
    ' comparison(currency: "USD", rates: $rates) {'
    " quote { by { name } } status total { amountMinor currency } why } } }"
)
LISTED = "{ freightRequests { edges { node { id asker { name } quotes { by { name } } } } } }"
NODE = "query ($id: ID!) { node(id: $id) { id } }"
KINDS = {"request": "FreightRequest", "quote": "FreightQuote"}


def test_quotes_are_compared_in_one_currency_the_cheapest_first(askers: dict[str, Asker]) -> None:
    trader = askers["trader"]
    request = trader.done("requestFreightQuotes", REQUEST, **ASKED)["request"]["id"]
    dear = answer(request, 200_000, charge("Bunker", 10_000, "JPY"))
    askers["carrier"].done("quoteFreight", QUOTE, **dear)
    askers["forwarder"].done("quoteFreight", QUOTE, **answer(request, 150_000))
    rates = [{"currency": "JPY", "rate": "0.00645"}]
    assert trader.data(COMPARED, id=request, rates=rates)["freightRequest"]["comparison"] == [
        {
            "quote": {"by": {"name": "carrier"}},
            "status": "COMPARABLE",
            "total": {"amountMinor": 412_900, "currency": "USD"},
            "why": None,
        },
        {
            "quote": {"by": {"name": "forwarder"}},
            "status": "INCOMPLETE",
            "total": {"amountMinor": 300_000, "currency": "USD"},
            "why": "It lacks: Bunker.",
        },
    ]
    without = trader.data(COMPARED, id=request)["freightRequest"]["comparison"]
    assert {(each["quote"]["by"]["name"], each["status"]) for each in without} == {
        ("carrier", "NO_RATE"),
        ("forwarder", "INCOMPLETE"),
    }
    assert trader.codes(COMPARED, id=request, rates=[{"currency": "JPY", "rate": "0"}]) == ["range"]
    assert trader.codes(COMPARED, id=request, rates=rates * 2) == ["rate_twice"]
    for name, sees in (("trader", ["carrier", "forwarder"]), ("carrier", ["carrier"])):
        (node,) = nodes(askers[name].data(LISTED)["freightRequests"])
        assert [each["by"]["name"] for each in node["quotes"]] == sees


HELD = ("freight_request", "freight_invitation", "freight_quote")


def cases(made: dict[str, str]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield every change with who may make it, in an order in which each can be made."""
    yield "trader", "requestFreightQuotes", REQUEST, ASKED
    quote = answer(made["request"], 150_000, charge("Bunker", 1_000))
    yield "carrier", "quoteFreight", QUOTE, quote
    yield "carrier", "withdrawFreightQuote", QUOTE, {"quote": made["quote"]}
    yield "carrier", "quoteFreight", QUOTE, quote
    yield "trader", "acceptFreightQuote", QUOTE, {"quote": made["quote"]}


def test_every_change_is_made_once_for_its_key_and_is_nobody_elses(
    platform: Platform, askers: dict[str, Asker]
) -> None:
    made = {"request": "", "quote": ""}
    for number in range(len(list(cases(made)))):
        by, mutation, selection, given = list(cases(made))[number]
        swapped = {
            name: to_global_id(KINDS[name], str(uuid4())) if name in KINDS else value
            for name, value in given.items()
        }
        before = rows(platform, HELD)
        for stranger in ("rival", "bank", "insurer", "operator") if swapped != given else ():
            known = askers[stranger].change(mutation, selection, **given)
            assert known == askers[stranger].change(mutation, selection, **swapped)
            assert known["userErrors"][0]["code"] == "not_found"
        assert rows(platform, HELD) == before
        first = askers[by].done(mutation, selection, **given, idempotencyKey=f"{number}")
        after = rows(platform, HELD)
        assert askers[by].done(mutation, selection, **given, idempotencyKey=f"{number}") == first
        changed = {**given, next(iter(given)): "another"}
        assert askers[by].refused(mutation, selection, **changed, idempotencyKey=f"{number}") == [
            ("idempotency_key_reused", "idempotencyKey")
        ]
        assert rows(platform, HELD) == after, mutation
        made = {kind: (first.get(kind) or {}).get("id", made[kind]) for kind in made}
    for stranger in ("rival", "bank", "operator"):
        assert nodes(askers[stranger].data(LISTED)["freightRequests"]) == []
        for kind, given_id in made.items():
            nothing = to_global_id(KINDS[kind], str(uuid4()))
            assert askers[stranger].ask(NODE, id=given_id) == askers[stranger].ask(NODE, id=nothing)
    assert askers["bank"].refused("requestFreightQuotes", REQUEST, **ASKED) == [("role_required", None)]
