"""A trade that is insured: an insurer with a table of rates, an open cover, the sources of a delay cover."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import held
from isthmus_platform import parties
from isthmus_platform.database import Actor, Duty, PartyRole, Platform
from isthmus_platform.encryption import Vault
from isthmus_platform.insurance import adjusting, claims, covers, declaring, delays, quotes, steps
from isthmus_platform.insurance.claims import ClaimDraft
from isthmus_platform.insurance.covers import CoverDraft
from isthmus_platform.insurance.quotes import DelayDraft, QuoteDraft
from isthmus_platform.insurance.rating import Row, Table
from isthmus_platform.insurance.records import (
    CoverDeclaration,
    InsuranceClaim,
    InsuranceQuote,
    InsuranceStep,
    OpenCover,
)
from isthmus_platform.papers.signing import Desk
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from paperwork import Paperwork, open_paperwork

KEY = SigningKey.generate(Holder.PLATFORM)
TRUST = Keyring([KEY.public])
DESK = Desk(Vault(b"k" * 32), KEY, "https://isthmus.example")
UCR = "6TW24536806-1"
CIF = 28_370_000
"""Cents of USD: the goods' values of the trade's shipment."""
INSURED = 31_207_000
"""110 % of it."""
TABLE = Table(
    rows=(
        Row("", "*", "*", "*", "ICC_A", 3_000, 5_000),
        Row("8457", "ASIA", "EUROPE", "VESSEL", "ICC_A", 1_250, 2_000),
        Row("84", "TW", "DE", "VESSEL", "ICC_A", 1_500, 2_000),
        Row("", "*", "*", "*", "WAR", 250),
        Row("", "*", "*", "*", "STRIKES", 125),
        Row("", "*", "*", "*", "DELAY", 40_000),
    ),
    minimum=5_000,
    regions={"ASIA": ("TW", "JP", "KR"), "EUROPE": ("DE", "NL")},
)
SOURCES = ("carrier", "terminal", "authority")
EVERYTHING = (
    *(
        "open_cover",
        "insurance_tariff",
        "insurance_quote",
        "cover_declaration",
        "cover_adjustment",
        "insurance_claim",
    ),
    *("insurance_step", "arrival_report", "document", "issued_paper", "outbox", "change"),
)


@dataclass(frozen=True)
class InsuredTrade:
    """The parties, and the shipment that is insured."""

    papers: Paperwork
    shipment: UUID

    @property
    def platform(self) -> Platform:
        return self.papers.platform

    @property
    def now(self) -> datetime:
        return self.platform.clock()

    def __getitem__(self, name: str) -> Actor:
        return self.papers[name]

    def cover(self, *, accepted: bool = True, **changes: Any) -> UUID:
        """Let the insurer offer the trader a cover of a million dollars for a year; the trader takes it."""
        draft = self.draft(**changes)
        with self.platform.begin(self["insurer"]) as work:
            made = covers.offer(work, DESK, draft).id
        if accepted:
            with self.platform.begin(self[draft.insured]) as work:
                covers.answer(work, DESK, made, accept=True)
        return made

    def draft(self, **changes: Any) -> CoverDraft:
        """Return what is offered: a cover of a million dollars for a year."""
        draft: dict[str, Any] = {
            "insured": "trader",
            "number": "OC-2026-1",
            "currency": "USD",
            "limit": 100_000_000,
            "per_conveyance": 80_000_000,
            "per_location": 90_000_000,
            "clauses": ("ICC_A", "ICC_C", "WAR", "STRIKES"),
            "valid_from": self.now,
            "valid_until": self.now + timedelta(days=365),
        } | changes
        return CoverDraft(**draft)

    def publish(self, table: Table = TABLE, currency: str = "USD", at: datetime | None = None) -> None:
        with self.platform.begin(self["insurer"]) as work:
            quotes.publish(work, currency, table, at or work.now)

    def quote(self, cover: UUID, by: str = "trader", **changes: Any) -> InsuranceQuote:
        draft: dict[str, Any] = {
            "cover": cover,
            "shipment": self.shipment,
            "clauses": ("ICC_A", "WAR", "STRIKES"),
        } | changes
        with self.platform.begin(self[by]) as work:
            return quotes.request(work, QuoteDraft(**draft))

    def another(self, cover: UUID, number: int, **changes: Any) -> UUID:
        """Return a quote for a further shipment of 110,000 minor units, on a vessel of its own."""
        shipment = self.papers.trade.ship(
            reference=f"S{number}", ucr=f"S{number}", booking_reference=None, bill_of_lading=None
        )
        given: dict[str, Any] = {"cif": 100_000, "conveyance": f"V{number}", "shipment": shipment} | changes
        return self.quote(cover, **given).id

    def delay(self, **changes: Any) -> DelayDraft:
        """Return delay cover: arrival in 30 days, past 2 days 1,000 dollars a day for 10 days."""
        return replace(
            DelayDraft(self.now + timedelta(days=30), 2, 100_000, 10, "terminal", "authority"), **changes
        )

    def declare(self, quote: UUID, by: str = "trader") -> CoverDeclaration:
        with self.platform.begin(self[by]) as work:
            return declaring.declare(work, DESK, quote)

    def declared(self, cover: UUID, **changes: Any) -> CoverDeclaration:
        return self.declare(self.quote(cover, **changes).id)

    def adjust(self, declaration: UUID, by: str = "trader", **changes: Any) -> CoverDeclaration:
        given = {"reason": "Dearer"} | changes
        with self.platform.begin(self[by]) as work:
            return adjusting.adjust(work, DESK, declaration, adjusting.Change(**given))

    def cancel(self, declaration: UUID, by: str = "trader") -> CoverDeclaration:
        with self.platform.begin(self[by]) as work:
            return declaring.cancel(work, DESK, declaration, "sold")

    def read_cover(self, cover: UUID, by: str = "insurer") -> OpenCover:
        with self.platform.begin(self[by]) as work:
            return covers.get(work, cover)

    def notify(self, declaration: UUID, by: str = "trader", **changes: Any) -> InsuranceClaim:
        draft: dict[str, Any] = {
            "declaration": declaration,
            "kind": "DAMAGE",
            "occurred_at": self.now,
            "claimed": 2_000_000,
            "description": "Two crates fell",
        } | changes
        with self.platform.begin(self[by]) as work:
            return claims.notify(work, DESK, ClaimDraft(**draft))

    def claim(self, by: str, step: str, claim: UUID, *given: Any) -> InsuranceClaim:
        """Make a step of ``claims`` on a claim."""
        with self.platform.begin(self[by]) as work:
            made: InsuranceClaim = getattr(claims, step)(work, DESK, claim, *given)
            return made

    def arrived(self, by: str, at: datetime, ucr: str = UCR) -> None:
        with self.platform.begin(self[by]) as work:
            delays.tell_arrival(work, DESK, ucr, at)

    def basis(self, declaration: UUID, by: str = "insurer") -> delays.Basis:
        with self.platform.begin(self[by]) as work:
            return delays.basis(work, [declaring.get(work, declaration)])[declaration]

    def claims_of(self, declaration: UUID, by: str = "insurer") -> list[InsuranceClaim]:
        with self.platform.begin(self[by]) as work:
            return claims.of_declarations(work, [declaration])[declaration]

    def steps(self, subject: UUID, by: str = "insurer") -> list[InsuranceStep]:
        with self.platform.begin(self[by]) as work:
            return steps.of(work, [subject])[subject]

    def everything(self) -> list[Any]:
        """Return every row that a step could change, whoever sees it."""
        return held.rows(self.platform, EVERYTHING)


def open_insured_trade(platform: Platform) -> InsuredTrade:
    """Register the parties and make the shipment."""
    papers = open_paperwork(platform)
    with platform.begin(Duty("onboarding")) as work:
        party = parties.register(work, "terminal", "Terminal GmbH", "DE", [PartyRole.TERMINAL])
        papers.trade.actors["terminal"] = parties.actor_of(party, "client:terminal")
    return InsuredTrade(papers, papers.trade.ship())
