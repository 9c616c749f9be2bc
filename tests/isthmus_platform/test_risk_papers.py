"""What documents say is evidence, of one's own documents alone; calls are, as events tell them."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from isthmus_platform import risk
from isthmus_platform.database import Platform
from isthmus_platform.papers import issuing
from isthmus_platform.papers.kinds import PackingList, Paper
from isthmus_platform.papers.parts import Measure
from isthmus_platform.risk import About, Category, RuleDraft, assessing, loading
from papers_of_trade import INVOICE
from risk_trade import RiskTrade, open_risk_trade
from title_trade import DESK
from voyage_events import booked, moved, send

HEAVY = RuleDraft(
    "IMPOSSIBLE", About.DOCUMENT, Category.WEIGHTS, "Masses that cannot be", "weights.impossible > 0"
)
PACKED = PackingList(
    number="PL-1", gross_mass=Measure(Decimal(30_000), "KGM"), volume=Measure(Decimal(1), "MTQ")
)


@pytest.fixture
def trade(platform: Platform) -> RiskTrade:
    return open_risk_trade(platform)


def issue(trade: RiskTrade, number: int, paper: Paper) -> UUID:
    with trade.platform.begin(trade["trader"]) as work:
        return issuing.issue(work, DESK, f"S-{number}", paper).document_id


def assess(trade: RiskTrade, shipment: UUID, by: str = "trader") -> None:
    with trade.platform.begin(trade[by]) as work:
        risk.assess(work, DESK.vault, shipment)


def test_a_finding_about_documents_is_one_for_each_that_the_evidence_names(trade: RiskTrade) -> None:
    trade.turn_on(HEAVY)
    shipment = trade.ship(1)
    lists = {issue(trade, 1, replace(PACKED, number=f"PL-{number}")) for number in range(2)}
    assess(trade, shipment)
    found = trade.findings()
    assert {one.document_id for one in found} == lists
    assert {each["value"] for one in found for each in one.evidence} == {"30000 kg in 1 cubic metres"}


def test_anothers_document_is_not_read_for_this(trade: RiskTrade) -> None:
    trade.turn_on(HEAVY, by="carrier")
    shipment = trade.ship(1)
    issue(trade, 1, PACKED)
    assess(trade, shipment, "carrier")
    assert trade.findings("carrier") == []
    with trade.platform.begin(trade["trader"]) as work:
        assert work.session.execute(text("SELECT count(*) FROM access_log_entry")).scalar() == 0


def test_the_number_on_an_issued_invoice_counts_as_declared_ones_do(trade: RiskTrade) -> None:
    trade.past(3)
    shipment = trade.ship(9)
    earlier = "trader-BBB-1"
    invoice = issue(trade, 9, replace(INVOICE, number=earlier.upper()))
    with trade.platform.begin(trade["trader"]) as work:
        told = assessing.look(work, DESK.vault, shipment)
    [invoices] = [one for one in told.readings if one.name == "invoices"]
    assert invoices.facts["alike"] == 1
    assert [one.id for one in invoices.evidence if one.id] == [str(invoice)]
    assert invoices.evidence[-1].against == f"{earlier} of S-1"


def test_a_call_that_nobody_planned_is_known_by_its_event(trade: RiskTrade) -> None:
    shipment = trade.ship(1)
    send(trade.trade, moved("e-1", "ARRI", "IRBND", 3, documentReferences=booked("B-1")))
    with trade.platform.begin(trade["trader"]) as work:
        [call] = loading.one(work, shipment).calls
        route = next(one for one in assessing.look(work, None, shipment).readings if one.name == "route")
    assert (call.place, route.facts["unplanned"]) == ("IRBND", 1)
