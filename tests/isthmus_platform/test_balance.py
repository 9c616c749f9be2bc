"""What is not financed yet counts receivables and drawings under credits, an invoice once."""

import pytest

from financed_trade import FinancedTrade, open_financed_trade
from isthmus_platform.database import Platform
from isthmus_platform.receivables import balance
from receivable_trade import VAULT, marks

DECLARED, DRAWN = 28_370_000, 18_650_000


@pytest.fixture
def trade(platform: Platform) -> FinancedTrade:
    return open_financed_trade(platform)


def left(trade: FinancedTrade) -> dict[str, int]:
    """Return the balance, worked out for a bank that sees neither credit nor receivable."""
    with trade.release.platform.begin(trade.release.titles["insurer"]) as work:
        return balance.left(work, VAULT, trade.release.titles.shipment)


def test_a_drawing_counts_from_when_a_bank_is_bound_to_it_and_for_good(trade: FinancedTrade) -> None:
    presentation = trade.presented()
    assert left(trade) == {"USD": DECLARED}, "documents that nobody examined bind no bank"
    trade.credits.examine(presentation, by="adviser")
    assert left(trade) == {"USD": DECLARED - DRAWN}
    trade.credits.settle("adviser", presentation, "PAY")
    trade.credits.settle("bank", presentation, "REIMBURSE")
    assert left(trade) == {"USD": DECLARED - DRAWN}


def test_another_invoice_that_is_financed_counts_beside_the_drawing_and_the_same_one_once(
    trade: FinancedTrade,
) -> None:
    trade.receivables.accepted(number="OTHER-1", amount_minor=1_000_000)
    trade.paid()
    assert left(trade) == {"USD": DECLARED - DRAWN - 1_000_000}
    again = trade.receivables.store("the invoice of the credit")
    offer = trade.receivables.offer("bank", document=again, number="fpm 417", amount_minor=DRAWN + 5)["bank"]
    trade.receivables.quote("bank", offer)
    trade.receivables.step("bank", offer, "ACCEPT", marks("fpm 417"))
    assert left(trade) == {"USD": DECLARED - (DRAWN + 5) - 1_000_000}, "the greater of the two"
