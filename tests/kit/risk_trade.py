"""A trade with a past: consignments alike, one that is not, and a member's rules about them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import held
from isthmus_platform import domain_events, outbox, risk, shipments
from isthmus_platform.database import Actor, Platform
from isthmus_platform.encryption import Vault
from isthmus_platform.outbox import Message
from isthmus_platform.risk import About, Category, RuleDraft, findings, rules, simulating
from isthmus_platform.risk.records import RiskFinding
from isthmus_platform.risk.seen import Goods, Seen
from isthmus_platform.shipments import GoodsDraft, InvoiceDraft, ShipmentDraft
from trade import DRAFT, Trade, open_trade

TABLES = (
    "risk_rule",
    "risk_simulation",
    "risk_catch",
    "risk_assessment",
    "risk_finding",
    "risk_notice",
    "risk_appeal",
    "outbox",
)
DEAR = RuleDraft(
    "DEAR_GOODS",
    About.SHIPMENT,
    Category.PRICE,
    "A price far from the trade's own",
    "price.known && price.deviation > 3.5",
)
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def goods(price: int = 10, kg: str = "1000", **changes: Any) -> Goods:
    """Return goods of ``price`` minor units a kilogram."""
    mass = Decimal(kg)
    made = Goods(1, "Lathe", "845811", int(price * mass), "USD", mass + 100, mass, 1, "TW")
    return replace(made, **changes)


def seen(number: int, *lines: Goods, **changes: Any) -> Seen:
    """Return the consignment ``number`` of a trade, an hour after the one before."""
    made = Seen(
        id=UUID(int=number),
        reference=f"S-{number}",
        owner_id=UUID(int=1 << 100),
        owner="trader",
        owner_since=NOW - timedelta(days=400),
        carrier_id=None,
        carrier=None,
        forwarder_id=None,
        origin="TWKHH",
        destination="DEHAM",
        transhipments=(),
        incoterm=None,
        vessel=None,
        consignee_name=None,
        consignee_country=None,
        booked_at=NOW + timedelta(hours=number),
        created_at=NOW + timedelta(hours=number),
        goods=lines or (goods(),),
    )
    return replace(made, **changes)


@dataclass(frozen=True)
class RiskTrade:
    """The parties of a trade; ``other(name)`` is another of its people."""

    trade: Trade
    vault: Vault | None = None

    @property
    def platform(self) -> Platform:
        return self.trade.platform

    def __getitem__(self, name: str) -> Actor:
        return self.trade[name]

    def other(self, name: str = "trader") -> Actor:
        return replace(self.trade[name], subject="user:another")

    def ship(self, number: int, price: int = 10, *, by: str = "trader", **changes: Any) -> UUID:
        """Make shipment ``number`` of a thousand kilograms at ``price`` minor units each."""
        with self.platform.begin(self[by]) as work:
            return shipments.create(work, self.draft(number, price, by, **changes)).id

    def draft(self, number: int, price: int, by: str, **changes: Any) -> ShipmentDraft:
        line = GoodsDraft("Lathe", "845811", "1100", "1000", 3, "CR", "TW", price * 1000, "USD")
        invoice = InvoiceDraft(f"{by}-{chr(65 + number % 26) * 3}-{number}", None, None, None)
        told = {"reference": f"S-{number}", "ucr": f"6TW-{number}", "booking_reference": f"B-{number}"}
        rest: dict[str, Any] = {"goods": (line,), "invoice": invoice, "bill_of_lading": None, **told}
        return replace(DRAFT, **rest | changes)

    def past(self, count: int = 8) -> list[UUID]:
        """Make shipments at prices near to each other, of which nobody hears any more."""
        with self.platform.begin(self["trader"]) as work:
            made = [
                shipments.create(work, self.draft(number, 10 + number % 3, "trader")).id
                for number in range(count)
            ]
        self.as_owner("UPDATE outbox SET done_at = now() RETURNING id")
        return made

    def write(self, draft: RuleDraft = DEAR, by: str = "trader", **changes: Any) -> UUID:
        with self.platform.begin(self[by]) as work:
            return risk.write_rule(work, replace(draft, **changes)).id

    def simulate(self, rule_id: UUID, by: str = "trader", *, cost: int = 2_500) -> UUID:
        """Run a simulation to its end, as the worker does."""
        with self.platform.begin(self[by]) as work:
            run = risk.simulate(work, rule_id, cost, "USD").id
        self.drain()
        return run

    def turn_on(self, draft: RuleDraft = DEAR, by: str = "trader", **changes: Any) -> UUID:
        """Write, simulate and activate a rule."""
        rule_id = self.write(draft, by, **changes)
        self.simulate(rule_id, by)
        with self.platform.begin(self[by]) as work:
            risk.activate(work, rule_id)
        return rule_id

    def drain(self) -> None:
        """Do what the worker does, until there is nothing to do."""

        def handle(message: Message) -> None:
            risk.handle(self.platform, self.vault, message)

        def hear(message: Message) -> None:
            risk.hear(self.platform, message)

        while outbox.drain(self.platform, domain_events.TOPIC, hear) + outbox.drain(
            self.platform, simulating.TOPIC, handle
        ):
            pass

    def assess(self, shipment_id: UUID, by: str = "trader") -> list[UUID]:
        with self.platform.begin(self[by]) as work:
            return risk.assess(work, self.vault, shipment_id)

    def findings(self, by: str = "trader") -> Sequence[RiskFinding]:
        with self.platform.begin(self[by]) as work:
            return findings.page(work)

    def state(self, rule_id: UUID, by: str = "trader") -> str:
        with self.platform.begin(self[by]) as work:
            return rules.get(work, rule_id).state

    def everything(self) -> list[Any]:
        """Return every row that a step could change, whoever sees it."""
        return held.rows(self.platform, TABLES)

    def as_owner(self, query: str) -> list[Any]:
        return held.as_owner(self.platform, query)


def open_risk_trade(platform: Platform) -> RiskTrade:
    """Register the parties of a trade."""
    return RiskTrade(open_trade(platform))
