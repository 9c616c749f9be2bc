"""A credit between two traders and two banks, with documents to present under it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import held
from credit_case import DOCUMENTS, TERMS
from isthmus_platform import credit, parties
from isthmus_platform.credit import (
    Action,
    Application,
    Changes,
    Terms,
    presenting,
    reading,
    register,
    repaying,
)
from isthmus_platform.credit.case import Presented, documents_json
from isthmus_platform.credit.findings import Finding
from isthmus_platform.credit.records import Credit, CreditDebt, CreditEntry, CreditPresentation
from isthmus_platform.credit.terms import ADVISING
from isthmus_platform.database import Actor, Duty, PartyRole, Platform
from isthmus_platform.encryption import Vault

VAULT = Vault(b"k" * 32)
ROLES = {
    "buyer": PartyRole.TRADER,
    "seller": PartyRole.TRADER,
    "bank": PartyRole.BANK,
    "adviser": PartyRole.BANK,
    "stranger": PartyRole.TRADER,
    "other-bank": PartyRole.BANK,
    "operator": PartyRole.OPERATOR,
}
TABLES = (
    "credit",
    "credit_amendment",
    "credit_presentation",
    "credit_entry",
    "credit_debt",
    "examination_rule",
    "examination_trial",
    "bank_holiday",
    "bank_week",
    "outbox",
)
OPEN_TERMS = replace(TERMS, partial_shipments=True, available_with=ADVISING)


@dataclass(frozen=True)
class CreditTrade:
    """The parties; ``trade["bank"]`` is the actor for one of them."""

    platform: Platform
    actors: dict[str, Actor]

    def __getitem__(self, name: str) -> Actor:
        return self.actors[name]

    def apply(self, by: str = "buyer", terms: Terms = TERMS, **names: str) -> UUID:
        given = {"issuing": "bank", "advising": "adviser", "beneficiary": "seller"} | names
        with self.platform.begin(self[by]) as work:
            return credit.apply(work, Application(terms=terms, **given)).id

    def step(self, by: str, credit_id: UUID, action: str) -> str:
        with self.platform.begin(self[by]) as work:
            return credit.step(work, credit_id, Action(action)).state

    def advised(self, terms: Terms = TERMS, **names: str) -> UUID:
        made = self.apply(terms=terms, **names)
        self.step("bank", made, "ISSUE")
        self.step("adviser", made, "ADVISE")
        return made

    def amend(self, credit_id: UUID, by: str = "bank", **changes: Any) -> UUID:
        with self.platform.begin(self[by]) as work:
            return credit.amend(work, credit_id, Changes(**changes)).id

    def answer(self, amendment_id: UUID, *, accept: bool, by: str = "seller") -> str:
        with self.platform.begin(self[by]) as work:
            return credit.answer(work, amendment_id, accept=accept).state

    def present(
        self,
        credit_id: UUID,
        reference: str = "P-1",
        amount: int = TERMS.amount_minor,
        documents: Sequence[Presented] = DOCUMENTS,
        by: str = "seller",
        ucr: str | None = None,
    ) -> UUID:
        said = documents_json(documents)
        with self.platform.begin(self[by]) as work:
            return credit.present(work, VAULT, credit_id, reference, amount, said, ucr=ucr).id

    def examine(self, presentation_id: UUID, by: str = "bank", **more: Any) -> str:
        with self.platform.begin(self[by]) as work:
            return credit.examine(work, VAULT, presentation_id, **more).state

    def settle(self, by: str, presentation_id: UUID, action: str) -> str:
        with self.platform.begin(self[by]) as work:
            return credit.settle(work, presentation_id, Action(action)).state

    def seen(self, credit_id: UUID, by: str = "bank") -> Credit:
        with self.platform.begin(self[by]) as work:
            return register.get(work, credit_id)

    def presentation(self, presentation_id: UUID, by: str = "bank") -> CreditPresentation:
        with self.platform.begin(self[by]) as work:
            return presenting.presentation_of(work, presentation_id)

    def findings(self, presentation_id: UUID, by: str = "bank") -> list[Finding]:
        return presenting.findings_of(VAULT, self.presentation(presentation_id, by))

    def debt(self, presentation_id: UUID, by: str = "bank") -> CreditDebt | None:
        with self.platform.begin(self[by]) as work:
            return repaying.debts(work, [presentation_id]).get(presentation_id)

    def history(self, credit_id: UUID, by: str = "bank") -> list[CreditEntry]:
        with self.platform.begin(self[by]) as work:
            return reading.entries(work, [credit_id])[credit_id]

    def close_bank(self, by: str, *days: date) -> None:
        with self.platform.begin(self[by]) as work:
            credit.add_holidays(work, dict.fromkeys(days, "Holiday"))

    def on(self, day: date) -> None:
        """Let it be nine o'clock of ``day``."""
        clock: Any = self.platform.clock
        clock.advance(days=(day - self.now.date()) / timedelta(days=1))

    @property
    def now(self) -> datetime:
        return self.platform.clock()

    def everything(self) -> list[Any]:
        """Return every row that a step could change, whoever sees it."""
        return held.rows(self.platform, TABLES)

    def as_owner(self, query: str) -> list[Any]:
        return held.as_owner(self.platform, query)


def open_credit_trade(platform: Platform) -> CreditTrade:
    """Register the parties."""
    with platform.begin(Duty("onboarding")) as work:
        made = {
            name: parties.register(work, name, f"{name.title()} Ltd", "TW", [role])
            for name, role in ROLES.items()
        }
    return CreditTrade(
        platform, {name: parties.actor_of(one, f"client:{name}") for name, one in made.items()}
    )
