"""A released trade whose cargo banks finance: by its invoice, and under a credit between its traders."""

from dataclasses import dataclass, replace
from uuid import UUID

from credit_case import DOCUMENTS, TERMS
from credit_trade import CreditTrade
from isthmus_platform.credit.case import Presented
from isthmus_platform.credit.terms import ADVISING
from isthmus_platform.database import Platform
from isthmus_platform.logistics import consents
from isthmus_platform.logistics.verdict import Condition, Finding
from receivable_trade import ReceivableTrade
from release_trade import ReleaseTrade, open_release_trade
from title_trade import UCR


@dataclass(frozen=True)
class FinancedTrade:
    """The trade, its receivables, and its credits: from the consignee's ``other-bank`` by way of ``bank``."""

    release: ReleaseTrade
    receivables: ReceivableTrade
    credits: CreditTrade

    def presented(
        self,
        *,
        without: tuple[str, ...] = (),
        ucr: str | None = UCR,
        beside: str | None = None,
        reference: str = TERMS.reference,
    ) -> UUID:
        """Present the documents, saying ``ucr``, under an advised credit; ``without`` are types left out.

        ``beside`` is the UCR that the beneficiary names beside them.
        """
        terms = replace(TERMS, available_with=ADVISING, documents=REQUIRED, reference=reference)
        credit = self.credits.advised(terms, issuing="other-bank", advising="bank", beneficiary="trader")
        documents = tuple(
            Presented(replace(one.paper, ucr=ucr), one.face) for one in DOCUMENTS if one.type not in without
        )
        return self.credits.present(credit, documents=documents, ucr=beside)

    def paid(self) -> UUID:
        """Have documents presented, found to comply, and paid by the nominated bank."""
        presentation = self.presented()
        self.credits.examine(presentation, by="adviser")
        self.credits.settle("adviser", presentation, "PAY")
        return presentation

    def consent(self, by: str = "bank", ucr: str = UCR) -> UUID:
        with self.release.platform.begin(self.release.titles[by]) as work:
            given, *_ = consents.consent(work, ucr)
            return given.id

    def withdraw(self, consent_id: UUID, by: str = "bank") -> None:
        with self.release.platform.begin(self.release.titles[by]) as work:
            consents.withdraw(work, consent_id)

    def finding(self, release_id: UUID, by: str = "carrier") -> Finding:
        """Return what the verdict says to a party of the banks' consent."""
        found = self.release.verdict(release_id, by).findings
        return next(each for each in found if each.condition is Condition.BANK_CONSENT)


REQUIRED = tuple(each for each in TERMS.documents if each.type in ("380", "271"))


def open_financed_trade(platform: Platform) -> FinancedTrade:
    """Register the parties and make the shipment."""
    release = open_release_trade(platform)
    papers = release.titles.papers
    parts = {"seller": "trader", "buyer": "consignee", "bank": "other-bank", "adviser": "bank"}
    return FinancedTrade(
        release,
        ReceivableTrade(papers, papers.store().document_id),
        CreditTrade(platform, {part: papers[name] for part, name in parts.items()}),
    )
