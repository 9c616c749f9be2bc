"""Receivables through GraphQL: blind until a bank accepts, each change once, nothing of it to others."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from graphql_relay import to_global_id

from graphql_client import Asker, nodes, serve
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform.crossings import BridgeClient
from isthmus_platform.database import Platform
from marking_bridge import marking_bridge
from receivable_trade import INVOICE, SECRETS, ReceivableTrade, open_receivable_trade
from standing import StandingClock
from title_trade import DESK

OFFER = "offer { id state seller { name } steps }"
WHOLE = (
    "id state steps amount { amountMinor currency } dueOn sellerCountry debtorCountry debtorRating"
    " bank { name } seller { name } receivable { id number issuedOn sellerIdentifier"
    " debtor { name identifier country rating } document { id } offers { id } }"
    " advanceBp discountBp fee { amountMinor } graceDays validUntil advance { amountMinor }"
    " discount { amountMinor } paidOut { amountMinor } repaid { amountMinor } outstanding { amountMinor }"
    " history { sequence action actor { name } amount { amountMinor } outstanding { amountMinor } }"
)
OFFERS = f"{{ receivableOffers {{ edges {{ node {{ {WHOLE} }} }} }} }}"
NOTICES = "{ receivableNotices { edges { node { action offer { id state } } } } }"
STRANGERS = ("stranger", "forwarder", "insurer", "operator", "authority")


@dataclass(frozen=True)
class Desks:
    """The parties' clients, and what stands behind them."""

    trade: ReceivableTrade
    askers: dict[str, Asker]

    def __getitem__(self, name: str) -> Asker:
        return self.askers[name]

    def given(self, **changes: Any) -> dict[str, Any]:
        return {
            "document": to_global_id("Document", str(self.trade.document)),
            "banks": ["bank", "other-bank"],
            "number": INVOICE.number,
            "issuedOn": "2026-05-03",
            "dueOn": "2026-08-30",
            "amount": {"amountMinor": INVOICE.amount_minor, "currency": "USD"},
            "sellerIdentifier": INVOICE.seller,
            "debtor": INVOICE.debtor,
            "debtorIdentifier": INVOICE.buyer,
            "debtorCountry": "DE",
            "debtorRating": "INVESTMENT_GRADE",
        } | changes

    def offered(self, **changes: Any) -> dict[str, str]:
        """Offer the invoice and return each bank's offer."""
        made = self["trader"].done(
            "offerReceivable", "receivable { offers { id bank { name } } }", **self.given(**changes)
        )
        return {each["bank"]["name"]: each["id"] for each in made["receivable"]["offers"]}

    def quoted(self, offer: str, by: str = "bank") -> None:
        self[by].done("quoteReceivable", OFFER, **self.quote(offer))

    def quote(self, offer: str) -> dict[str, Any]:
        until = self.trade.platform.clock() + timedelta(days=7)
        return {
            "offer": offer,
            "advanceBp": 8000,
            "discountBp": 600,
            "feeMinor": 25_000,
            "validUntil": until.isoformat(),
        }

    def step(self, by: str, offer: str, step: str) -> dict[str, Any]:
        made: dict[str, Any] = self[by].done("takeReceivableStep", OFFER, offer=offer, step=step)["offer"]
        return made


@pytest.fixture
def bridge(bridge_url: str, clock: StandingClock) -> Iterator[BridgeClient]:
    with marking_bridge(bridge_url, clock) as client:
        yield client


@pytest.fixture
def desks(platform: Platform, bridge: BridgeClient) -> Desks:
    trade = open_receivable_trade(platform)
    schema = build()
    graphql = GraphQL(platform, schema, planner=Planner(platform, schema), desk=DESK, bridge=bridge)
    return Desks(trade, serve(graphql, trade.papers.trade.actors))


def test_a_financing_is_blind_until_the_bank_accepts_and_goes_on_to_repayment(desks: Desks) -> None:
    offer = desks.offered()["bank"]
    desks.quoted(offer)
    (blind,) = nodes(desks["bank"].data(OFFERS)["receivableOffers"])
    assert not any(secret in json.dumps(blind) for secret in (*SECRETS, "trader"))
    assert (blind["seller"], blind["receivable"]) == (None, None)
    assert (blind["amount"]["amountMinor"], blind["dueOn"], blind["debtorCountry"]) == (
        28_370_000,
        "2026-08-30",
        "DE",
    )
    assert [one["actor"] for one in blind["history"]] == [None, {"name": "bank"}]
    assert blind["steps"] == ["QUOTE", "DECLINE", "ACCEPT"]
    accepted = desks.step("bank", offer, "ACCEPT")
    assert (accepted["seller"], accepted["state"]) == ({"name": "trader"}, "ACCEPTED")
    desks.step("trader", offer, "CONFIRM")
    desks.step("bank", offer, "DISBURSE")
    desks.trade.pay_out()
    owed = {"amountMinor": 22_696_000, "currency": "USD"}
    over = {**owed, "amountMinor": 22_696_001}
    assert desks["bank"].refused("repayReceivable", OFFER, offer=offer, amount=over) == [
        ("over_payment", "amount.amountMinor")
    ]
    assert (
        desks["bank"].done("repayReceivable", OFFER, offer=offer, amount=owed)["offer"]["state"] == "REPAID"
    )
    (seen,) = nodes(desks["bank"].data(OFFERS)["receivableOffers"])
    assert seen["paidOut"] == {"amountMinor": 22_696_000 - 340_440 - 25_000}
    assert (seen["receivable"]["number"], seen["receivable"]["debtor"]["name"]) == SECRETS[:2]
    assert seen["receivable"]["offers"] == [{"id": offer}], "a bank sees its own offer alone"
    assert seen["history"][-1] == {
        "sequence": 7,
        "action": "REPAY",
        "actor": {"name": "bank"},
        "amount": {"amountMinor": 22_696_000},
        "outstanding": {"amountMinor": 0},
    }
    told = [one["action"] for one in nodes(desks["trader"].data(NOTICES)["receivableNotices"])]
    assert told == ["REPAY", "PAY_OUT", "DISBURSE", "ACCEPT", "QUOTE"]


def test_the_same_invoice_offered_to_another_bank_is_caught_by_its_marks(desks: Desks) -> None:
    first = desks.offered(banks=["bank"])["bank"]
    desks.quoted(first)
    desks.step("bank", first, "ACCEPT")
    again = to_global_id("Document", str(desks.trade.papers.store(b"once more").document_id))
    part = {"amountMinor": 15_000_000, "currency": "USD"}
    second = desks.offered(banks=["other-bank"], document=again, number="fpm 2026/O417-A", amount=part)
    desks.quoted(second["other-bank"], "other-bank")
    refused = desks["other-bank"].refused(
        "takeReceivableStep", OFFER, offer=second["other-bank"], step="ACCEPT"
    )
    assert refused == [("already_financed", "offer")]
    (seen,) = nodes(desks["other-bank"].data(OFFERS)["receivableOffers"])
    assert (seen["state"], seen["receivable"], seen["seller"]) == ("QUOTED", None, None)


def test_an_invoice_on_offer_is_not_offered_under_another_identifier(desks: Desks) -> None:
    desks.offered(banks=["bank"])
    again = desks.given(banks=["other-bank"], sellerIdentifier="TW12345678")
    assert desks["trader"].refused("offerReceivable", "receivable { id }", **again) == [
        ("already_offered", "document")
    ]
    assert nodes(desks["other-bank"].data(OFFERS)["receivableOffers"]) == []


def test_without_the_bridge_nothing_is_accepted(desks: Desks, platform: Platform) -> None:
    offer = desks.offered()["bank"]
    desks.quoted(offer)
    askers = serve(GraphQL(platform, build(), desk=DESK), desks.trade.papers.trade.actors)
    before = desks.trade.everything()
    assert askers["bank"].refused("takeReceivableStep", OFFER, offer=offer, step="ACCEPT") == [
        ("bridge_unavailable", None)
    ]
    assert desks.trade.everything() == before


def test_bad_input_is_refused_with_its_place(desks: Desks) -> None:
    for changes, refusal in (
        ({"dueOn": "2027-02-29"}, ("format", "dueOn")),
        ({"issuedOn": "yesterday"}, ("format", "issuedOn")),
        ({"amount": {"amountMinor": -5, "currency": "JPY"}}, ("amount_range", "amount.amountMinor")),
        ({"amount": {"amountMinor": 2**53 - 1, "currency": "BHD"}}, ("amount_range", "amount.amountMinor")),
        ({"banks": []}, ("banks", "banks")),
        ({"banks": ["carrier"]}, ("wrong_role", "banks.0")),
        ({"debtorIdentifier": INVOICE.seller}, ("same_party", "debtorIdentifier")),
    ):
        assert desks["trader"].refused("offerReceivable", "receivable { id }", **desks.given(**changes)) == [
            refusal
        ], changes


def cases(desks: Desks, made: dict[str, str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every change with who may make it, in an order in which each can be made."""
    yield "trader", "offerReceivable", desks.given(banks=["bank"])
    offers = nodes(desks["bank"].data("{ receivableOffers { edges { node { id } } } }")["receivableOffers"])
    made["offer"] = offers[0]["id"]
    yield "bank", "quoteReceivable", desks.quote(made["offer"])
    for by, step in (("bank", "ACCEPT"), ("trader", "CONFIRM"), ("bank", "DISBURSE")):
        yield by, "takeReceivableStep", {"offer": made["offer"], "step": step}
    desks.trade.pay_out()
    amount = {"amountMinor": 1, "currency": "USD"}
    yield "bank", "repayReceivable", {"offer": made["offer"], "amount": amount}


def test_every_change_is_made_once_for_its_key_and_to_others_there_is_no_such_thing(desks: Desks) -> None:
    made: dict[str, str] = {}
    seen = set()
    for number, (by, mutation, given) in enumerate(cases(desks, made)):
        seen.add(mutation)
        selection = "receivable { id }" if mutation == "offerReceivable" else OFFER
        named, kind = ("document", "Document") if "document" in given else ("offer", "ReceivableOffer")
        before = desks.trade.everything()
        nothing = {**given, named: to_global_id(kind, str(uuid4()))}
        for stranger in ("stranger", "other-bank", "operator"):
            known = desks[stranger].change(mutation, selection, **given)
            assert known == desks[stranger].change(mutation, selection, **nothing), (mutation, stranger)
            assert known["userErrors"][0]["code"] in ("not_found", "role_required")
        assert desks.trade.everything() == before, mutation
        key = f"{mutation} {number}"
        first = desks[by].done(mutation, selection, **given, idempotencyKey=key)
        after = desks.trade.everything()
        assert desks[by].done(mutation, selection, **given, idempotencyKey=key) == first
        other = {**given, named: "another"}
        assert desks[by].refused(mutation, selection, **other, idempotencyKey=key) == [
            ("idempotency_key_reused", "idempotencyKey")
        ]
        assert desks.trade.everything() == after, mutation
    everything = set(build().mutation_type.fields)  # type: ignore[union-attr]
    assert {name for name in everything if "Receivable" in name} == seen


def test_ids_and_lists_answer_others_as_if_there_were_nothing(desks: Desks) -> None:
    offer = desks.offered(banks=["bank"])["bank"]
    desks.quoted(offer)
    desks.step("bank", offer, "ACCEPT")
    found = desks["bank"].data(
        "query ($id: ID!) { receivableOffer(id: $id) { receivable { id } } }", id=offer
    )
    receivable = found["receivableOffer"]["receivable"]["id"]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    one = "query ($id: ID!) { receivable(id: $id) { id } receivableOffer(id: $id) { id } }"
    for kind, given in (("ReceivableOffer", offer), ("Receivable", receivable)):
        nothing = to_global_id(kind, str(uuid4()))
        for query in (node, one):
            assert desks["trader"].ask(query, id=given) != desks["trader"].ask(query, id=nothing)
            for stranger in ("other-bank", *STRANGERS):
                assert desks[stranger].ask(query, id=given) == desks[stranger].ask(query, id=nothing)
    lists = (
        "{ receivables { edges { node { id } } } receivableOffers { edges { node { id } } }"
        " receivableNotices { edges { node { action } } } }"
    )
    for stranger in ("other-bank", *STRANGERS):
        assert all(nodes(each) == [] for each in desks[stranger].data(lists).values()), stranger
    filtered = "{ receivableOffers(states: [OFFERED]) { edges { node { id } } } }"
    assert nodes(desks["trader"].data(filtered)["receivableOffers"]) == []
