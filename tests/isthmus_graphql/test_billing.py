"""Usage and invoices through the schema: each line leads back to what was used."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from graphql_relay import to_global_id

from billing_cast import BillingCast
from graphql_client import Asker, nodes
from graphql_trade import ship
from isthmus_platform.database import Actor, Platform

USAGE = """query ($period: String!) { usage(period: $period) { period total { amountMinor currency } lines {
  meter title party { name } quantity freeQuantity
  unitPrice { amountMinor } amount { amountMinor currency } } } }"""
INVOICE = """id number party { name } period status currency total { amountMinor currency }
  concessionFee { amountMinor } outstanding { amountMinor } finalisedAt lines {
    title meter month quantity freeQuantity unitPrice { amountMinor } amount { amountMinor }
    usageEvents(first: 2) {
      edges { node { id name at quantity about } } pageInfo { hasNextPage } } }"""
INVOICES = f"{{ invoices {{ edges {{ node {{ {INVOICE} }} }} }} }}"
PERIOD = "2026-06"


@pytest.fixture
def billing(platform: Platform, cast: dict[str, Actor]) -> BillingCast:
    """Return the same parties as billing's tests know them, with a tariff in force."""
    same = BillingCast(platform, cast["operator"], cast["authority"], cast["forwarder"], cast["bank"])
    same.in_force()
    return same


@pytest.fixture
def used(billing: BillingCast, trader: Asker) -> BillingCast:
    """Let a trader make three shipments and a bank read two documents."""
    for n in range(3):
        ship(trader, reference=f"S{n}", ucr=f"U{n}")
    billing.use(billing.bank, "document.read", 2, document="d")
    billing.meter()
    return billing


@pytest.mark.usefixtures("used")
def test_a_party_reads_its_own_usage_and_the_operator_everybodys(
    trader: Asker, rival: Asker, operator: Asker
) -> None:
    own = trader.data(USAGE, period=PERIOD)["usage"]
    assert own == {
        "period": PERIOD,
        "total": {"amountMinor": 1500, "currency": "EUR"},
        "lines": [
            {
                "meter": "shipment.created",
                "title": "Shipments opened",
                "party": {"name": "trader"},
                "quantity": 3,
                "freeQuantity": 0,
                "unitPrice": {"amountMinor": 500},
                "amount": {"amountMinor": 1500, "currency": "EUR"},
            }
        ],
    }
    assert rival.data(USAGE, period=PERIOD)["usage"]["lines"] == []
    everybody = operator.data(USAGE, period=PERIOD)["usage"]["lines"]
    assert sorted(line["party"]["name"] for line in everybody) == ["bank", "trader"]


@pytest.mark.parametrize("period", ["2026-13", "June", "", "2026-06-01", "٢٠٢٦-٠٦"])
def test_a_malformed_period_is_refused(trader: Asker, operator: Asker, period: str) -> None:
    body = trader.ask(USAGE, period=period)
    assert body["data"] == {"usage": None}
    assert [error["extensions"]["field"] for error in body["errors"]] == ["period"]
    ((_, field),) = operator.refused("closeBillingPeriod", "invoices { id }", period=period)
    assert field == "period"


@pytest.mark.usefixtures("used")
def test_closing_a_month_makes_invoices_whose_lines_lead_back_to_usage(
    trader: Asker, bank: Asker, rival: Asker, operator: Asker
) -> None:
    made = operator.done("closeBillingPeriod", f"invoices {{ {INVOICE} }}", period=PERIOD)["invoices"]
    assert sorted(invoice["party"]["name"] for invoice in made) == ["bank", "trader"]
    (own,) = nodes(trader.data(INVOICES)["invoices"])
    assert own in made
    assert (own["status"], own["currency"]) == ("FINALISED", "EUR")
    assert own["total"] == {"amountMinor": 1500, "currency": "EUR"}
    assert 0 < own["concessionFee"]["amountMinor"] < 1500
    (line,) = own["lines"]
    assert (line["meter"], line["quantity"], line["amount"]) == ("shipment.created", 3, {"amountMinor": 1500})
    events = nodes(line["usageEvents"])
    assert [event["name"] for event in events] == ["shipment.created"] * 2
    assert all(event["about"]["shipment"] for event in events)
    by_id = f"query ($id: ID!) {{ node(id: $id) {{ ... on Invoice {{ {INVOICE} }} }} }}"
    assert trader.data(by_id, id=own["id"])["node"] == own
    for other in (rival, bank):
        assert other.data(by_id, id=own["id"]) == {"node": None}
    paged = trader.data(by_id.replace("hasNextPage", "endCursor"), id=own["id"])["node"]
    after = paged["lines"][0]["usageEvents"]["pageInfo"]["endCursor"]
    rest = trader.data(by_id.replace("first: 2", f'first: 2, after: "{after}"'), id=own["id"])["node"]
    seen = {event["id"] for event in events + nodes(rest["lines"][0]["usageEvents"])}
    assert len(seen) == 3
    assert [each["number"] for each in nodes(operator.data(INVOICES)["invoices"])] == sorted(
        (invoice["number"] for invoice in made), reverse=True
    )


@pytest.mark.usefixtures("used")
def test_closing_again_changes_nothing(operator: Asker, trader: Asker) -> None:
    def close(key: str) -> list[Any]:
        payload = operator.done(
            "closeBillingPeriod", f"invoices {{ {INVOICE} }}", idempotencyKey=key, period=PERIOD
        )
        invoices: list[Any] = payload["invoices"]
        return invoices

    with ThreadPoolExecutor(2) as pool:
        closed = list(pool.map(close, ["a", "a", "b", "b"]))
    assert all(each == closed[0] for each in closed)
    assert len(nodes(trader.data(INVOICES)["invoices"])) == 1


@pytest.mark.usefixtures("used")
def test_only_the_operator_closes_a_month_and_none_that_lies_ahead(trader: Asker, operator: Asker) -> None:
    assert trader.refused("closeBillingPeriod", "invoices { id }", period=PERIOD) == [("role_required", None)]
    assert operator.refused("closeBillingPeriod", "invoices { id }", period="2026-07") == [
        ("in_future", "period")
    ]
    assert nodes(operator.data(INVOICES)["invoices"]) == []


def test_an_invoice_that_is_none_is_absent(trader: Asker) -> None:
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert trader.data(query, id=to_global_id("Invoice", "01890a5d-ac96-774b-bcce-b302099a8057")) == {
        "node": None
    }
