"""By the ordinary executor too a page of twenty takes as many statements as a page of one."""

from collections.abc import Callable

import pytest
from sqlalchemy import event

from billing_cast import BillingCast
from graphql_client import Asker, nodes
from graphql_trade import departure, ship, upload
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor, Platform


@pytest.fixture
def graphql(platform: Platform) -> GraphQL:
    return GraphQL(platform, build())


LATER = "2026-12-01T00:00:00Z"
COUNT = 20


@pytest.fixture
def counting(platform: Platform) -> Callable[[Asker, str], int]:
    """Return a function that counts the statements a query takes."""
    sent: list[str] = []

    @event.listens_for(platform.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    def count(asker: Asker, query: str) -> int:
        sent.clear()
        asker.data(query)
        return len(sent)

    return count


@pytest.fixture
def trade(platform: Platform, trader: Asker, forwarder: Asker, carrier: Asker, bank: Asker) -> None:
    """Make shipments, each with an event, a document that the bank was granted and read, declared."""
    trader.done("recordDelegation", "delegation { id }", agent="forwarder", validUntil=LATER)
    for n in range(COUNT):
        given = {"reference": f"S{n}", "ucr": f"U{n}", "bookingReference": f"B{n}", "billOfLading": f"L{n}"}
        ship(forwarder, onBehalfOf="trader", **given)
        upload(platform, trader, reference=f"S{n}")
        booked = [{"documentReferenceType": "BKG", "documentReferenceValue": f"B{n}"}]
        left = departure(n, "2026-05-20T06:00:00Z", documentReferences=booked)
        carrier.done("recordEvents", "outcomes { outcome }", standard="DCSA_2_2", events=[left])
        forwarder.done("submitDeclaration", "crossing { id }", shipment=f"S{n}")
        paper = f'{{ shipment(reference: "S{n}") {{ documents {{ edges {{ node {{ id }} }} }} }} }}'
        document = nodes(trader.data(paper)["shipment"]["documents"])[0]["id"]
        granted = {"reader": "bank", "documents": [document], "purpose": "TRADE_FINANCE", "validUntil": LATER}
        trader.done("grantAccess", "grant { id }", **granted)
        bank.data("query ($id: ID!) { document(id: $id) { id } }", id=document)


DOCUMENT = """title version sha256 owner { name } versions { sha256 }
  grants { reader { name } owner { name } shipment { reference }
    documents { title owner { name } sha256 } }"""
CROSSING = "state party owner shipment { reference status { code } }"
TOLD = "at toldAt source { name kind }"
TRACKED = f"""expectedArrival {{ {TOLD} }} delayHours legs {{ carrier {{ name }} origin {{ name }} }}
  milestones {{ code planned {{ {TOLD} }} estimated {{ {TOLD} }} actual {{ {TOLD} }} place {{ name }} }}
  conflicts {{ follows {{ {TOLD} }} insteadOf {{ {TOLD} }} reason }} exceptions {{ code since }}
  dwells {{ hours place {{ name }} }} freightMessages {{ text }}"""
INSIDE = {
    "shipments": f"""{TRACKED} reference owner {{ name }} forwarder {{ name }} carrier {{ name }}
      equipment {{ reference }} goods {{ hsCode }} status {{ code }} eta
      timeline {{ edges {{ node {{ code source }} }} }} declaration {{ status }}
      crossings {{ edges {{ node {{ {CROSSING} }} }} }}
      documents {{ edges {{ node {{ {DOCUMENT} }} }} }}""",
    "grants": f"reader {{ name }} owner {{ name }} documents {{ {DOCUMENT} }} shipment {{ reference }}",
    "accessLog": f"""reader {{ name }} document {{ {DOCUMENT} }} shipment {{ reference eta owner {{ name }} }}
      grant {{ purpose documents {{ title }} }}""",
    "crossings": CROSSING,
}


@pytest.mark.usefixtures("trade")
def test_lists_of_a_trade(trader: Asker, counting: Callable[[Asker, str], int]) -> None:
    for name, inside in INSIDE.items():
        query = f"{{ {name}(first: %d) {{ edges {{ node {{ {inside} }} }} }} }}"
        assert len(nodes(trader.data(query % COUNT)[name])) == COUNT
        assert counting(trader, query % COUNT) == counting(trader, query % 1), name


def test_invoices_with_their_lines_and_what_these_bill(
    platform: Platform, cast: dict[str, Actor], operator: Asker, counting: Callable[[Asker, str], int]
) -> None:
    billing = BillingCast(platform, cast["operator"], cast["authority"], cast["forwarder"], cast["bank"])
    billing.in_force()
    for name in ("trader", "forwarder", "bank", "carrier"):
        billing.use(cast[name], "document.stored", 2, document="d")
        billing.use(cast[name], "shipment.created", 3, shipment="s")
    billing.meter()
    operator.done("closeBillingPeriod", "invoices { id }", period="2026-06")
    query = """{ invoices(first: %d) { edges { node { number status party { name } lines {
      meter usageEvents { edges { node { name quantity } } } } } } } }"""
    assert len(nodes(operator.data(query % 4)["invoices"])) == 4
    assert counting(operator, query % 4) == counting(operator, query % 1)
