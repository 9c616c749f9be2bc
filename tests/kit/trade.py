"""A trader, its forwarder, a carrier and a stranger, and a shipment between them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from isthmus_platform import parties, shipments
from isthmus_platform.database import Actor, Duty, PartyRole, Platform
from isthmus_platform.shipments import EquipmentDraft, GoodsDraft, InvoiceDraft, ShipmentDraft

BOOKED_AT = datetime(2026, 5, 1, tzinfo=UTC)
CONTAINERS = ("MCLU4200170", "MCLU4200185")

DRAFT = ShipmentDraft(
    reference="KHH-HAM-1",
    ucr="6TW24536806-1",
    origin="TWKHH",
    destination="DEHAM",
    transhipments=("KRPUS",),
    carrier="carrier",
    booking_reference="BOOKING1",
    bill_of_lading="BILL1",
    booked_at=BOOKED_AT,
    incoterm="CIF",
    vessel="Meridian Aurora",
    consignee_name="Hanseatische Werkzeugmaschinen GmbH",
    consignee_country="DE",
    equipment=tuple(EquipmentDraft(reference, "22G1") for reference in CONTAINERS),
    goods=(
        GoodsDraft("Machining centre", "845710", "18450.5", "17200", 2, "CR", "TW", 18_650_000, "USD"),
        GoodsDraft("Lathe", "845811", "12880", "11900", 3, "CR", "TW", 9_720_000, "USD"),
    ),
    invoice=InvoiceDraft("FPM-1", "60 days after B/L date", 567_400, "0110-4577-8190-3"),
)

ROLES = {
    "trader": PartyRole.TRADER,
    "forwarder": PartyRole.FORWARDER,
    "carrier": PartyRole.CARRIER,
    "stranger": PartyRole.TRADER,
    "operator": PartyRole.OPERATOR,
    "authority": PartyRole.AUTHORITY,
    "rival": PartyRole.CARRIER,
}


@dataclass(frozen=True)
class Trade:
    """The parties of a trade on ``platform``; ``trade["carrier"]`` is the actor for one of them."""

    platform: Platform
    actors: dict[str, Actor]

    def __getitem__(self, name: str) -> Actor:
        return self.actors[name]

    def delegate(self, principal: str = "trader", agent: str = "forwarder", **lasting: float) -> UUID:
        """Record a delegation, for a day unless told otherwise, and return its id."""
        until = self.platform.clock() + timedelta(**(lasting or {"days": 1}))
        with self.platform.begin(self[principal]) as work:
            return parties.record_delegation(work, agent, until).id

    def ship(self, by: str = "trader", **changes: Any) -> UUID:
        """Make the shipment, with ``changes`` to its draft, and return its id."""
        with self.platform.begin(self[by]) as work:
            return shipments.create(work, replace(DRAFT, **changes)).id


def open_trade(platform: Platform) -> Trade:
    """Register the parties."""
    with platform.begin(Duty("onboarding")) as work:
        registered = {
            name: parties.register(work, name, f"{name.capitalize()} Ltd", "TW", [role])
            for name, role in ROLES.items()
        }
    return Trade(
        platform, {name: parties.actor_of(party, f"client:{name}") for name, party in registered.items()}
    )
