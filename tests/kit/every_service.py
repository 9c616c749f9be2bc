"""One platform on which something of every kind that the schema names has been made, by every service."""

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from graphql import GraphQLInterfaceType, GraphQLSchema
from graphql_relay import to_global_id

import held
from billing_cast import BillingCast
from credit_trade import OPEN_TERMS
from financed_trade import FinancedTrade, open_financed_trade
from gate_trade import CONTAINER, OTHER, GateTrade, containers
from graphql_client import Asker, serve
from insurance_trade import InsuredTrade
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform import outbox, parties, risk, tokens, webhook_delivery
from isthmus_platform.database import Duty, PartyRole, Platform
from isthmus_platform.logistics.appointment_machine import Direction
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.risk import About, Category, RuleDraft
from isthmus_platform.webhook_signing import SigningSecrets
from receivable_trade import marks
from risk_trade import RiskTrade
from screening_trade import CONSIGNEE, GOODS, screened
from title_trade import DESK

SCHEMA: GraphQLSchema = build()
PRIVATE = frozenset(PartyRole) - {PartyRole.OPERATOR, PartyRole.AUTHORITY}
BANKS = {"issuing": "other-bank", "advising": "bank", "beneficiary": "trader"}
DEAR = RuleDraft("DEAR", About.OWNER, Category.PRICE, "Dear goods", "shipment.valueMinor > 1")
POLICY = {
    "code": "OWN_RULE",
    "article": "Bank policy 7",
    "says": "as we see fit",
    "condition": "presentation.drawings >= 0",
}
JWKS = json.dumps({"keys": [tokens.public_jwk(Ed25519PrivateKey.generate())]})


@dataclass(frozen=True)
class EveryService:
    """The parties' clients, ``curious`` with every private role and no part in anything; ids by kind."""

    platform: Platform
    askers: dict[str, Asker]
    ids: dict[str, list[str]]

    def __getitem__(self, name: str) -> Asker:
        return self.askers[name]


def every_service(platform: Platform, url: str) -> EveryService:
    """Make something of every kind, two where a list is to show more than one."""
    trade = open_financed_trade(platform)
    actors = trade.release.titles.papers.trade.actors
    with platform.begin(Duty("onboarding")) as work:
        party = parties.register(work, "curious", "Curious Ltd", "GB", sorted(PRIVATE))
    actors["curious"] = parties.actor_of(party, "client:curious")
    push = (Outgoing(loopback=True), SigningSecrets(b"m" * 32))
    askers = serve(GraphQL(platform, SCHEMA, desk=DESK, push=push), actors)
    _cargo(trade)
    _money(trade, askers)
    _insurance(trade)
    _judged(trade, url)
    _machines(trade, askers)
    return EveryService(platform, askers, _ids(platform))


def _cargo(trade: FinancedTrade) -> None:
    gate, titles = GateTrade(trade.release), trade.release.titles
    titles.papers.trade.delegate()
    order = gate.ordered()
    further = titles.papers.trade.ship(
        reference="KHH-HAM-2", ucr="U2", booking_reference="B2", bill_of_lading="BILL2"
    )
    titles.issue(shipment=further, number="BILL2")
    trade.release.hold(trade.release.open(shipment=further))
    slot = gate.offer()[0].id
    for container in (CONTAINER, OTHER):
        gate.book(slot, order, container)
    brought = gate.offer(direction=Direction.DROP_OFF)[0].id
    for container in containers(2):
        gate.bring(brought, gate.booking(), container)
    gate.hand_out(order)
    for container in (CONTAINER, OTHER):
        gate.deliver("carrier", release=order.release_id, equipment=[container])


def _money(trade: FinancedTrade, askers: dict[str, Asker]) -> None:
    receivables = trade.receivables
    receivables.disbursed()
    receivables.offer(document=receivables.store("another"), number="FPM-2")
    trade.consent()
    for number in (1, 2):
        trade.presented(reference=f"LC-{number}")
        terms = replace(OPEN_TERMS, reference=f"LC-A{number}")
        trade.credits.amend(trade.credits.advised(terms, **BANKS), increase_minor=5)
    askers["bank"].done("writeExaminationRule", "rule { id }", **POLICY)
    askers["other-bank"].done("disputeFinancing", "dispute { id }", marks=marks(), reason="It is mine.")


def _insurance(trade: FinancedTrade) -> None:
    insured = InsuredTrade(trade.release.titles.papers, trade.release.titles.shipment)
    insured.publish()
    for number in (1, 2):
        insured.notify(insured.declared(insured.cover(number=f"OC-{number}")).id)


def _judged(trade: FinancedTrade, url: str) -> None:
    papers = trade.release.titles.papers
    screening = screened(papers.trade, url)
    screening.load(CONSIGNEE, GOODS)
    papers.trade.ship(reference="KHH-HAM-3", ucr="U3", booking_reference="B3", bill_of_lading="BILL3")
    screening.work()
    rules = RiskTrade(papers.trade, papers.vault)
    rules.turn_on(DEAR, "carrier")
    for finding in rules.assess(trade.release.titles.shipment, "carrier"):
        with papers.platform.begin(papers["carrier"]) as work:
            risk.decide(work, finding, confirm=True, reason="So it is")


def _machines(trade: FinancedTrade, askers: dict[str, Asker]) -> None:
    papers = trade.release.titles.papers
    papers.grant(papers.store().document_id)
    for name in ("desk", "night-desk"):
        askers["trader"].done("registerClient", "client { id }", name=name, jwks=JWKS)
        askers["trader"].done(
            "registerWebhook", "webhook { id }", url=f"https://hooks.example.com/{len(name)}"
        )
    papers.trade.ship(reference="KHH-HAM-4", ucr="U4", booking_reference="B4", bill_of_lading="BILL4")
    papers.trade.ship(reference="KHH-HAM-5", ucr="U5", booking_reference="B5", bill_of_lading="BILL5")
    outbox.drain(
        papers.platform,
        webhook_delivery.CHANGE_TOPIC,
        partial(webhook_delivery.spread, papers.platform),
    )
    billing = BillingCast(
        papers.platform, *(papers[name] for name in ("operator", "authority", "forwarder", "bank"))
    )
    billing.in_force()
    billing.use(papers["trader"], "shipment.created", 1, shipment="s")
    billing.meter()
    askers["operator"].done("closeBillingPeriod", "invoices { id }", period="2026-06")


def kept_in(kind: str) -> tuple[str, str]:
    """Return the table of a kind of node, and the column of its id."""
    made: Any = SCHEMA.type_map[kind]
    row = made.graphene_type._meta.possible_types[0]
    column = "finding_id" if kind == "RiskNotice" else "id"
    return str(getattr(row, "__tablename__", kind.lower())), column


def _ids(platform: Platform) -> dict[str, list[str]]:
    node = SCHEMA.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    found = {}
    for kind in (each.name for each in SCHEMA.get_implementations(node).objects):
        table, column = kept_in(kind)
        rows = held.as_owner(platform, f"SELECT {column} FROM {table} ORDER BY 1")
        found[kind] = [to_global_id(kind, str(row[0])) for row in rows]
    return found
