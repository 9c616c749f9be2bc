"""Parties that use and bill the platform's services, and a tariff in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from isthmus_billing import metering, tariffs
from isthmus_billing.metering import METERS
from isthmus_billing.tariffs import Price, Tariff
from isthmus_platform import domain_events, outbox, parties
from isthmus_platform.database import Actor, Duty, PartyRole, Platform

_TOLD = (
    Price("shipment.created", 500),
    Price("events.recorded", 3, free_allowance=10),
    Price("document.stored", 120),
    Price("document.read", 75),
    Price("declaration.submitted", 995),
    Price("window.asked", 33),
    Price("title.issued", 1200),
    Price("title.transferred", 400),
    Price("title.surrendered", 400),
)
PRICES = (*_TOLD, *(Price(meter, 210) for meter in METERS if meter not in {price.meter for price in _TOLD}))
"""A price for each meter; those that the tests count with are told one by one."""
BASIS_POINTS = 1250


@dataclass(frozen=True)
class BillingCast:
    """Who acts in the tests of billing."""

    platform: Platform
    operator: Actor
    authority: Actor
    forwarder: Actor
    bank: Actor

    def use(self, user: Actor, name: str, quantity: int = 1, **about: Any) -> None:
        """Let ``user`` do what the services announce as ``name``."""
        with self.platform.begin(user) as work:
            domain_events.announce(work, name, quantity=quantity, about=about)

    def meter(self) -> int:
        """Let what was announced reach the meters; return how much there was."""
        return outbox.drain(
            self.platform, domain_events.TOPIC, lambda message: metering.record(self.platform, message)
        )

    def propose(self, prices: Sequence[Price] = PRICES, **terms: Any) -> UUID:
        """Let the operator propose a tariff."""
        with self.platform.begin(self.operator) as work:
            asked: dict[str, Any] = {
                "currency": "EUR",
                "concession_basis_points": BASIS_POINTS,
                "effective_from": work.now,
            }
            return tariffs.propose(work, prices=prices, **asked | terms).id

    def approve(self, tariff_id: UUID) -> Tariff:
        """Let the authority approve it."""
        with self.platform.begin(self.authority) as work:
            return tariffs.approve(work, tariff_id)

    def in_force(self, prices: Sequence[Price] = PRICES, **terms: Any) -> UUID:
        """Bring a tariff into force."""
        tariff_id = self.propose(prices, **terms)
        self.approve(tariff_id)
        return tariff_id


def flat(unit_price: int, free_allowance: int = 0) -> tuple[Price, ...]:
    """Return one price for every meter."""
    return tuple(Price(meter, unit_price, free_allowance) for meter in METERS)


def assemble(platform: Platform) -> BillingCast:
    """Register the parties, and bring a tariff into force."""
    actors = {}
    with platform.begin(Duty("onboarding")) as work:
        for role in (PartyRole.OPERATOR, PartyRole.AUTHORITY, PartyRole.FORWARDER, PartyRole.BANK):
            name = role.value.lower()
            party = parties.register(work, name, f"The {name} Ltd", "NL", [role])
            actors[name] = parties.actor_of(party, f"user:{name}")
    cast = BillingCast(platform, **actors)
    cast.in_force()
    return cast


def at(text: str) -> datetime:
    """Return the time written as RFC 3339."""
    return datetime.fromisoformat(text)
