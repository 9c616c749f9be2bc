"""What a bank learns of a consignment in one answer: with the owner's grant, each part proven."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from border import Border, open_border
from isthmus_platform import financed
from isthmus_platform.database import Platform
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers import issuing
from isthmus_platform.papers.kinds import InsuranceCertificate
from isthmus_platform.papers.parts import Amount, TradeParty
from isthmus_platform.receivables import receipts, truth
from isthmus_platform.receivables.parts import (
    BalancePart,
    ProofKind,
    Truth,
)
from isthmus_protocol import statements
from isthmus_protocol.keys import Holder
from paperwork import open_paperwork
from receivable_trade import ReceivableTrade, marks
from standing import StandingClock
from title_trade import DESK, TRUST, TitleTrade
from trade import DRAFT

YES = {"exists": True, "released": True}
VALUE = 28_370_000
"""What the goods were declared for: 186,500.00 and 97,200.00 USD."""


@pytest.fixture
def border(platform: Platform, bridge_url: str, clock: StandingClock) -> Iterator[Border]:
    papers = open_paperwork(platform)
    with open_border(papers, bridge_url, clock) as opened:
        opened.agree()
        yield opened


@pytest.fixture
def titles(border: Border) -> TitleTrade:
    return TitleTrade(border.papers, border.papers.trade.ship())


def look(
    border: Border, by: str = "bank", ucr: str = DRAFT.ucr, given: Sequence[str] | None = None
) -> Truth | None:
    with border.papers.platform.begin(border.papers[by]) as work:
        return truth.truth(work, DESK, ucr, given)


def seen(border: Border, by: str = "bank", given: Sequence[str] | None = None) -> Truth:
    found = look(border, by, given=given)
    assert found is not None
    return found


def answered(border: Border, by: str = "bank", **said: bool) -> None:
    """Ask the window, and let it answer."""
    asked = border.ask(DRAFT.ucr, by)
    border.drain()
    border.deliver()
    exchange = border.crossing(asked, by).exchange
    border.window_says("DECLARATION_ANSWER", "TRADE_FINANCE", exchange, YES | said)
    border.deliver()


def certify(border: Border) -> UUID:
    """Issue an insurance certificate of the shipment."""
    paper = InsuranceCertificate(
        number="OC-1-1",
        issued_on=border.papers.platform.clock().date(),
        policy_number="OC-1",
        insurer=TradeParty("Polaris Marine Insurance Ltd."),
        insured=TradeParty("Trader Ltd"),
        insured_amount=Amount(Decimal("312070.00"), "USD"),
        clauses="Institute Cargo Clauses (A) 1/1/09",
    )
    with border.papers.platform.begin(border.papers["trader"]) as work:
        return issuing.issue(work, DESK, DRAFT.reference, paper).document_id


def test_with_a_grant_of_the_papers_every_part_is_told_with_source_time_and_proof(
    border: Border, titles: TitleTrade
) -> None:
    papers = border.papers
    titles.issue()
    opened = [papers.store().document_id, papers.store(type_code="705").document_id, certify(border)]
    papers.grant(*opened)
    answered(border)
    told = seen(border, given=marks())
    parts = (told.declaration, told.balance, told.duplicate, told.title, told.insurance)
    for part in parts:
        assert part.known
        assert part.why is None
        assert part.source
        assert part.at is not None
        assert part.proof is not None
    assert (told.declaration.exists, told.declaration.released) == (True, True)
    delivered = border.crossings("bank")[-1]
    proof = told.declaration.proof
    assert proof is not None
    assert (proof.kind, proof.sequence) == (ProofKind.LOG_ENTRY, delivered.log_index)
    assert (proof.value, proof.url) == (delivered.promise, f"/crossings/{delivered.exchange}/evidence")
    assert border.get(proof.url or "", "bank").status_code == 200, "the evidence is there for the bank"
    assert told.balance.left == {"USD": VALUE}
    assert (told.duplicate.by_another, told.duplicate.by_you) == (False, False)
    assert (told.title.holder_id, told.title.state) == (papers["trader"].party_id, "HELD")
    assert told.title.free
    with papers.platform.begin(papers["trader"]) as work:
        head = titles.standing("trader", told.title.title_id or UUID(int=0))
        assert head.holder == told.title.holder_id
        certificate = issuing.newest(work, opened)[opened[2]]
    assert (told.insurance.insured, told.insurance.amount) == (True, "312070.00")
    assert told.insurance.proof is not None
    assert told.insurance.proof.kid == certificate.kid
    assert ("FINANCEABLE", "ALLOWED") in [(one.action, one.outcome) for one in papers.log()]


def test_what_is_not_open_or_not_asked_is_unknown_and_says_why(border: Border, titles: TitleTrade) -> None:
    titles.issue()
    certify(border)
    border.papers.grant(border.papers.store().document_id)
    told = seen(border)
    unknown = {
        "declaration": (told.declaration, "You have not asked the window: askWindow does."),
        "balance": (told.balance, "Whether there is a declaration is not known."),
        "duplicate": (told.duplicate, "Which invoice you mean is not known: give its marks."),
        "title": (
            told.title,
            "No title is open to you: the owner's grant must open the bill of lading.",
        ),
        "insurance": (told.insurance, "No insurance certificate is open to you."),
    }
    for name, (part, why) in unknown.items():
        assert part == type(part)(source=part.source, known=False, why=why), name
    border.ask(DRAFT.ucr)
    assert seen(border).declaration.why == "You asked the window; it has not answered yet."
    answered(border, exists=False, released=False)
    told = seen(border)
    assert told.declaration.exists is False
    assert told.balance == BalancePart(
        source=told.balance.source, known=False, why="There is no declaration."
    )


def test_without_a_grant_the_answer_is_that_of_nothing_and_the_owner_hears_of_it(
    border: Border, titles: TitleTrade, clock: StandingClock
) -> None:
    papers = border.papers
    invoice = papers.store().document_id
    for by in ("bank", "other-bank", "stranger", "insurer", "operator", "authority", "trader"):
        assert look(border, by) is None
        assert look(border, by, "6TW24536806-NONE") is None
    tries = [(one.action, one.outcome, one.reason) for one in papers.log()]
    assert tries == [("FINANCEABLE", "REFUSED", "no_grant")] * 2, "of the two banks"
    grant = papers.grant(invoice)
    assert look(border) is not None
    papers.revoke(grant)
    assert look(border) is None
    papers.grant(invoice, purpose="INSURANCE")
    papers.grant(invoice, fields=("total",))
    assert look(border) is None, "for another purpose, or for some fields alone"
    papers.grant(invoice, valid_until=clock() + timedelta(hours=1))
    assert look(border) is not None
    clock.advance(hours=2)
    assert look(border) is None
    for ucr in ("", "x" * 36, "6TW\0", "日本"):
        assert look(border, ucr=ucr) is None


def test_the_balance_falls_with_what_banks_finance_and_says_nothing_of_whom(border: Border) -> None:
    papers = border.papers
    papers.trade.ship()
    trade = ReceivableTrade(papers, papers.store().document_id)
    papers.grant(trade.document, reader="other-bank")
    answered(border, "other-bank")
    made = trade.accepted("bank", amount_minor=20_000_000)
    told = seen(border, "other-bank", marks())
    assert told.balance.left == {"USD": VALUE - 20_000_000}
    assert (told.duplicate.by_another, told.duplicate.by_you) == (True, False)
    for part, typ in ((told.balance, receipts.BALANCE_TYPE), (told.duplicate, receipts.REGISTER_TYPE)):
        assert part.proof is not None
        said = statements.verify(part.proof.value, TRUST, typ, Holder.PLATFORM)
        assert said["bank"] == str(papers["other-bank"].party_id)
        assert str(papers["bank"].party_id) not in part.proof.value + str(said) + str(part)
    trade.step("trader", made, "WITHDRAW")
    told = seen(border, "other-bank", marks())
    assert told.balance.left == {"USD": VALUE}
    assert not told.duplicate.by_another


def test_a_bank_that_accepted_is_granted_the_invoice_and_told_of_its_own_registration(border: Border) -> None:
    papers = border.papers
    papers.trade.ship()
    trade = ReceivableTrade(papers, papers.store().document_id)
    assert look(border) is None
    made = trade.disbursed()
    told = seen(border)
    assert (told.duplicate.by_another, told.duplicate.by_you) == (False, True)
    with papers.platform.begin(papers["bank"]) as work:
        registered = financed.page(work)[0]
    assert told.duplicate.at == registered.registered_at
    trade.repay(made, trade.seen(made).outstanding_minor)
    assert seen(border).duplicate.known is False
    with pytest.raises(InvalidInput) as refusal:
        look(border, given=["no mark"])
    assert refusal.value.field == "marks.0"


def test_a_certificate_that_was_revoked_insures_nothing(border: Border) -> None:
    papers = border.papers
    papers.trade.ship()
    document = certify(border)
    papers.grant(document)
    assert seen(border).insurance.insured
    with papers.platform.begin(papers["trader"]) as work:
        issuing.revoke(work, document)
    assert seen(border).insurance.insured is False


def test_an_answer_about_another_owners_declaration_is_not_taken_for_this_ones(
    border: Border, titles: TitleTrade
) -> None:
    """Anybody may write another's UCR on a shipment of its own, and grant that."""
    papers = border.papers
    papers.trade.ship("stranger", reference="COPY")
    copy = papers.store(by="stranger", reference="COPY").document_id
    papers.grant(copy, by="stranger")
    answered(border)
    assert seen(border).declaration.exists
    border.declare()
    border.drain()
    border.deliver()
    papers.grant(papers.store().document_id)
    told = seen(border)
    assert not told.declaration.known, "the one who declared it comes first, and nobody asked of that"
