"""A trade in which freight is asked for, quoted and booked, each step made by its party."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import held
from isthmus_platform.database import Actor, Platform
from isthmus_platform.logistics import bookings, cut_off_watch, quotes
from isthmus_platform.logistics.booking_machine import BookingAction
from isthmus_platform.logistics.booking_records import CutOffNotice
from isthmus_platform.logistics.bookings import Confirmation, CutOff, Mass
from isthmus_platform.logistics.quote_records import FreightQuote
from isthmus_platform.logistics.quoting import Charge, ChargeKind, PaymentTerm
from trade import CONTAINERS, open_trade

BASE = Charge(ChargeKind.BASE, "Ocean freight", 120_000, "USD", 2, "Per container", PaymentTerm.PRE)
TABLES = (
    *("freight_request", "freight_invitation", "freight_quote", "booking", "verified_gross_mass"),
    *("cut_off_notice", "change", "outbox"),
)


@dataclass(frozen=True)
class BookingTrade:
    """The parties; ``trade["carrier"]`` is the actor for one of them."""

    platform: Platform
    actors: Mapping[str, Actor]

    def __getitem__(self, name: str) -> Actor:
        return self.actors[name]

    @property
    def now(self) -> datetime:
        return self.platform.clock()

    def ask(self, by: str = "trader", **changes: Any) -> UUID:
        question = quotes.Question(
            origin="DEHAM",
            destination="TWKHH",
            goods="Machine tools",
            equipment_type="22G1",
            units=2,
            closes_at=self.now + timedelta(days=1),
            of=("carrier",),
        )
        with self.platform.begin(self[by]) as work:
            return quotes.ask(work, replace(question, **changes)).id

    def quote(self, request: UUID, by: str = "carrier", **lasting: float) -> FreightQuote:
        until = self.now + timedelta(**(lasting or {"days": 1}))
        with self.platform.begin(self[by]) as work:
            return quotes.quote(work, request, [BASE], valid_until=until, transit_days=30)

    def accept(self, quote_id: UUID, by: str = "trader") -> FreightQuote:
        with self.platform.begin(self[by]) as work:
            return quotes.accept(work, quote_id)

    def withdraw(self, quote_id: UUID, by: str = "carrier") -> FreightQuote:
        with self.platform.begin(self[by]) as work:
            return quotes.withdraw(work, quote_id)

    def accepted(self, **changes: Any) -> UUID:
        """Return the carrier's quote to the trader, accepted."""
        quote = self.quote(self.ask(**changes)).id
        self.accept(quote)
        return quote

    def book(self, quote_id: UUID | None = None, by: str = "trader") -> UUID:
        quote = self.accepted() if quote_id is None else quote_id
        with self.platform.begin(self[by]) as work:
            return bookings.book(work, quote).id

    def confirmation(self, booking: UUID, *cut_offs: timedelta) -> Confirmation:
        """Return a confirmation with all cut-offs after one time, or each after its own: DCO, VCO, FCO."""
        documentation, vgm, cargo = (self.now + each for each in (cut_offs * 3)[:3])
        return Confirmation(f"BKG-{booking.hex[-8:]}", documentation, vgm, cargo)

    def act(self, by: str, booking: UUID, action: str, reason: str | None = "Weather", **more: Any) -> str:
        with self.platform.begin(self[by]) as work:
            return bookings.act(work, booking, BookingAction(action), reason=reason, **more).state

    def confirm(self, booking: UUID, *cut_offs: timedelta) -> UUID:
        self.act("carrier", booking, "CONFIRM", None, confirmation=self.confirmation(booking, *cut_offs))
        return booking

    def confirmed(self, *cut_offs: timedelta) -> UUID:
        return self.confirm(self.book(), *(cut_offs or (timedelta(days=5),)))

    def weigh(self, booking: UUID, *containers: str, by: str = "trader") -> None:
        for equipment in containers or CONTAINERS:
            with self.platform.begin(self[by]) as work:
                mass = Mass(equipment, bookings.HEAVIEST_KG / 4, "SM1", "L. Chen", self.now)
                bookings.submit_mass(work, booking, mass)

    def deliver(self, booking: UUID, by: str = "carrier") -> None:
        with self.platform.begin(self[by]) as work:
            bookings.record_cargo(work, booking)

    def cut_offs(self, booking: UUID, by: str = "trader") -> list[CutOff]:
        with self.platform.begin(self[by]) as work:
            masses = bookings.masses(work, [booking])[booking]
            return bookings.cut_offs(bookings.get(work, booking), masses, work.now)

    def watch(self) -> int:
        return cut_off_watch.watch(self.platform)

    def told(self) -> list[tuple[str, str, str]]:
        """Return of each row for webhooks of cut-offs: its kind, whom it is for, and the cut-off."""
        return self.as_owner(
            "SELECT kind, party.name, about->>'cutOff' FROM change JOIN party ON party.id = change.party_id"
            " WHERE kind LIKE 'booking.cut_off%' ORDER BY sequence"
        )

    def notices(self, booking: UUID, by: str) -> list[CutOffNotice]:
        with self.platform.begin(self[by]) as work:
            return list(work.session.query(CutOffNotice).where(CutOffNotice.booking_id == booking))

    def rows(self) -> list[Any]:
        """Return the digest of every row that a step could change, whoever sees it, by table."""
        rows = " UNION ALL ".join(
            f"SELECT '{table}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"
            for table in TABLES
        )
        return self.as_owner(f"{rows} ORDER BY 1")

    def as_owner(self, query: str) -> list[Any]:
        return held.as_owner(self.platform, query)


def open_booking_trade(platform: Platform) -> BookingTrade:
    """Register the parties."""
    return BookingTrade(platform, open_trade(platform).actors)
