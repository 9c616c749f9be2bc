"""A seller with an invoice on the platform, and banks to which it is offered."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import held
from isthmus_platform import financed, receivables
from isthmus_platform.database import Actor, Platform
from isthmus_platform.encryption import Vault
from isthmus_platform.outbox import drain
from isthmus_platform.receivables import Action, Draft, Invoice, Quote, paying, reading, watching
from isthmus_platform.receivables.records import (
    Receivable,
    ReceivableEntry,
    ReceivableNotice,
    ReceivableOffer,
)
from paperwork import Paperwork, open_paperwork

VAULT = Vault(b"k" * 32)
INVOICE = Invoice(
    number="FPM-2026-0417",
    issued_on=date(2026, 5, 3),
    due_on=date(2026, 8, 30),
    amount_minor=28_370_000,
    currency="USD",
    seller="54930084UKLVMY22DS16",
    buyer="529900T8BM49AURSDO55",
    debtor="Hanseatische Werkzeugmaschinen GmbH",
    country="DE",
    rating="INVESTMENT_GRADE",
)
SECRETS = (INVOICE.number, INVOICE.debtor, INVOICE.seller, INVOICE.buyer)
"""What no bank may see before it accepts."""
TABLES = (
    "receivable",
    "receivable_offer",
    "receivable_entry",
    "receivable_notice",
    "financing",
    "financing_mark",
    "access_grant",
    "granted_document",
    "outbox",
)


def marks(invoice: str = "0417") -> list[str]:
    """Return marks as banks make them with the bridge; to the register one is like any other."""
    return [hashlib.sha512(f"{kind} {invoice}".encode()).hexdigest() for kind in ("number", "part")]


@dataclass(frozen=True)
class ReceivableTrade:
    """The parties; ``trade["bank"]`` is the actor for one of them."""

    papers: Paperwork
    document: UUID

    @property
    def platform(self) -> Platform:
        return self.papers.platform

    def __getitem__(self, name: str) -> Actor:
        return self.papers[name]

    def store(self, contents: str) -> UUID:
        """Store another invoice of the seller's, or the same where the contents are."""
        return self.papers.store(contents.encode()).document_id

    def offer(
        self, *banks: str, by: str = "trader", document: UUID | None = None, **changes: Any
    ) -> dict[str, UUID]:
        """Offer the invoice, to both banks by default; return each bank's offer."""
        draft = Draft(document or self.document, banks or ("bank", "other-bank"), replace(INVOICE, **changes))
        with self.platform.begin(self[by]) as work:
            row = receivables.offer(work, VAULT, draft)
            offers = reading.offers_of(work, [row.id])[row.id]
        names = {actor.party_id: name for name, actor in self.papers.trade.actors.items()}
        return {names[each.bank_id]: each.id for each in offers}

    def quote(self, by: str, offer_id: UUID, **changes: Any) -> str:
        given: dict[str, Any] = {
            "advance_bp": 8_000,
            "discount_bp": 600,
            "fee_minor": 25_000,
            "grace_days": 30,
            "valid_until": self.platform.clock() + timedelta(days=7),
        } | changes
        with self.platform.begin(self[by]) as work:
            return receivables.quote(work, offer_id, Quote(**given)).state

    def step(self, by: str, offer_id: UUID, action: str, given: Sequence[str] | None = None) -> str:
        with self.platform.begin(self[by]) as work:
            made = marks() if given is None else given
            return receivables.step(work, offer_id, Action(action), made).state

    def repay(self, offer_id: UUID, amount: int, by: str = "bank", currency: str = "USD") -> str:
        with self.platform.begin(self[by]) as work:
            return receivables.repay(work, offer_id, amount, currency).state

    def pay_out(self) -> int:
        """Let the worker pay out what banks disburse; return how many."""
        return drain(self.platform, receivables.TOPIC, lambda message: paying.pay_out(self.platform, message))

    def accepted(self, by: str = "bank", **changes: Any) -> UUID:
        made = self.offer(by, **changes)[by]
        self.quote(by, made)
        self.step(by, made, "ACCEPT")
        return made

    def disbursed(self, by: str = "bank", **changes: Any) -> UUID:
        made = self.accepted(by, **changes)
        self.step("trader", made, "CONFIRM")
        self.step(by, made, "DISBURSE")
        self.pay_out()
        return made

    def watch(self) -> int:
        return watching.watch(self.platform)

    def on(self, day: date) -> None:
        """Let it be nine o'clock of ``day``."""
        clock: Any = self.platform.clock
        clock.advance(days=(day - self.platform.clock().date()) / timedelta(days=1))

    def seen(self, offer_id: UUID, by: str = "trader") -> ReceivableOffer:
        with self.platform.begin(self[by]) as work:
            return reading.offer_of(work, offer_id)

    def receivables(self, by: str) -> list[Receivable]:
        with self.platform.begin(self[by]) as work:
            return list(reading.page(work))

    def offers(self, by: str) -> list[ReceivableOffer]:
        with self.platform.begin(self[by]) as work:
            return list(reading.offers(work))

    def history(self, offer_id: UUID, by: str = "trader") -> list[ReceivableEntry]:
        with self.platform.begin(self[by]) as work:
            return reading.entries(work, [offer_id])[offer_id]

    def notices(self, by: str) -> list[ReceivableNotice]:
        with self.platform.begin(self[by]) as work:
            return list(reversed(reading.notices(work, first=1_000)))

    def financed(self, by: str = "other-bank", given: Sequence[str] | None = None) -> bool:
        """Ask the register, as a bank."""
        with self.platform.begin(self[by]) as work:
            return financed.ask(work, marks() if given is None else given)

    def everything(self) -> list[Any]:
        """Return every row that a step could change, whoever sees it."""
        return held.rows(self.platform, TABLES)

    def as_owner(self, query: str) -> list[Any]:
        return held.as_owner(self.platform, query)


def open_receivable_trade(platform: Platform) -> ReceivableTrade:
    """Register the parties, make the shipment and store its invoice."""
    papers = open_paperwork(platform)
    papers.trade.ship()
    return ReceivableTrade(papers, papers.store().document_id)
