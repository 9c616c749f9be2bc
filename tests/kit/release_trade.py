"""A trade whose cargo is released: title, customs, freight, bank and holds, each as its party moves it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from isthmus_platform import declarations, parties
from isthmus_platform.database import Duty, PartyRole, Platform
from isthmus_platform.logistics import holds, release
from isthmus_platform.logistics.records import CargoRelease, DeliveryOrder
from isthmus_platform.logistics.verdict import Condition, TransportDocument, Verdict
from title_trade import DESK, UCR, TitleTrade, open_title_trade

BASIS = "Regulation (EU) No 952/2013, Article 198"
TABLES = ("cargo_release", "release_hold", "delivery_order", "outbox")


@dataclass(frozen=True)
class ReleaseTrade:
    """The trade of a title, and a terminal."""

    titles: TitleTrade

    @property
    def platform(self) -> Platform:
        return self.titles.platform

    def open(self, by: str = "carrier", **changes: Any) -> UUID:
        given: dict[str, Any] = {"consignee": "consignee", "terminal": "terminal"} | changes
        with self.platform.begin(self.titles[by]) as work:
            return release.open_release(work, given.pop("shipment", self.titles.shipment), **given).id

    def verdict(self, release_id: UUID, by: str = "carrier") -> Verdict:
        with self.platform.begin(self.titles[by]) as work:
            return release.verdict(work, release_id)

    def missing(self, release_id: UUID, by: str = "carrier") -> list[Condition]:
        return [each.condition for each in self.verdict(release_id, by).missing]

    def get(self, release_id: UUID, by: str = "carrier") -> CargoRelease:
        with self.platform.begin(self.titles[by]) as work:
            return release.get(work, release_id)

    def freight(self, release_id: UUID, paid: bool = True, by: str = "carrier") -> None:
        with self.platform.begin(self.titles[by]) as work:
            release.state_freight(work, release_id, paid=paid)

    def hold(self, release_id: UUID, by: str = "terminal") -> UUID:
        with self.platform.begin(self.titles[by]) as work:
            return holds.place(work, release_id, "Storage is not paid").id

    def customs_hold(self, by: str = "authority", ucr: str = UCR) -> UUID:
        with self.platform.begin(self.titles[by]) as work:
            return holds.place_customs(work, ucr, legal_basis=BASIS, reason="X-ray")[0].id

    def lift(self, hold_id: UUID, by: str) -> None:
        with self.platform.begin(self.titles[by]) as work:
            holds.lift(work, hold_id)

    def declare(self) -> None:
        with self.platform.begin(self.titles["trader"]) as work:
            declarations.submit(work, "KHH-HAM-1")

    def customs_say(self, status: str, shipment_id: UUID | None = None) -> None:
        """Let the declaration stand as after a word of customs (the whole way there is the story's)."""
        with self.platform.engine.begin() as connection:
            connection.execute(text("SET LOCAL ROLE NONE"))
            connection.execute(
                text(
                    "UPDATE declaration SET status = :status, released_at = :at, updated_at = :now"
                    " WHERE shipment_id = :shipment"
                ),
                {
                    "shipment": shipment_id or self.titles.shipment,
                    "status": status,
                    "at": self.platform.clock() if status == "RELEASED" else None,
                    "now": self.platform.clock(),
                },
            )

    def surrender(self, title_id: UUID, by: str = "consignee") -> None:
        """Pass a title of the trader's to a party, which surrenders it to the carrier."""
        if by != "trader":
            self.titles.act("trader", title_id, "TRANSFER", by)
        self.titles.act(by, title_id, "SURRENDER_FOR_DELIVERY")
        self.titles.act("carrier", title_id, "SACC")

    def ready(self) -> UUID:
        """Bring everything about that a delivery order needs, and return the release's id."""
        release_id = self.open()
        self.surrender(self.titles.issue())
        self.declare()
        self.customs_say("RELEASED")
        self.freight(release_id)
        return release_id

    def order(self, release_id: UUID, by: str = "carrier", **lasting: float) -> DeliveryOrder:
        until = self.platform.clock() + timedelta(**(lasting or {"days": 2}))
        with self.platform.begin(self.titles[by]) as work:
            return release.order(work, DESK.vault, release_id, until)

    def revoke(self, order_id: UUID, by: str = "carrier") -> DeliveryOrder:
        with self.platform.begin(self.titles[by]) as work:
            return release.revoke(work, order_id, "Issued in error")

    def pick_up(self, order_id: UUID, token: str, by: str = "terminal") -> DeliveryOrder:
        with self.platform.begin(self.titles[by]) as work:
            return release.pick_up(work, order_id, token)

    def rows(self) -> list[Any]:
        """Return every row that a step could change, whoever sees it."""
        rows = " UNION ALL ".join(f"SELECT '{table}', t::text FROM {table} t" for table in TABLES)
        return self.titles.as_owner(f"{rows} ORDER BY 1, 2")


def open_release_trade(platform: Platform) -> ReleaseTrade:
    """Register the parties and make the shipment."""
    titles = open_title_trade(platform)
    with platform.begin(Duty("onboarding")) as work:
        party = parties.register(work, "terminal", "Terminal GmbH", "DE", [PartyRole.TERMINAL])
        titles.papers.trade.actors["terminal"] = parties.actor_of(party, "client:terminal")
    return ReleaseTrade(titles)


WAYBILL = TransportDocument.SEA_WAYBILL
