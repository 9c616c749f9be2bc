"""The authority sees what it is owed, and can check it against the tariff it approved."""

import pytest

from billing_cast import BASIS_POINTS, BillingCast
from isthmus_billing import credit_notes, invoices, statements
from isthmus_billing.ledger import Cause
from isthmus_billing.rating import half_even
from isthmus_platform.errors import NotPermitted


def billed(cast: BillingCast) -> list[invoices.InvoiceView]:
    cast.use(cast.bank, "document.read", 3)
    cast.use(cast.forwarder, "declaration.submitted", 2)
    cast.meter()
    with cast.platform.begin(cast.operator) as work:
        return invoices.close_period(work, "2026-06")


def test_each_invoice_gives_the_authority_its_share_of_what_was_billed(cast: BillingCast) -> None:
    closed = billed(cast)
    with cast.platform.begin(cast.authority) as work:
        statement = statements.concession_statement(work, "2026-06")
    assert {line.number for line in statement.lines} == {invoice.number for invoice in closed}
    for line in statement.lines:
        assert line.fee.amount_minor == half_even(line.base.amount_minor * BASIS_POINTS, 10_000)
    assert statement.total.amount_minor == sum(invoice.concession_fee.amount_minor for invoice in closed)
    assert sum(line.base.amount_minor for line in statement.lines) == 3 * 75 + 2 * 995


def test_a_credit_note_takes_the_fee_back(cast: BillingCast) -> None:
    closed = billed(cast)
    with cast.platform.begin(cast.operator) as work:
        for invoice in closed:
            credit_notes.credit(work, invoice.id, "Billed in error", 100)
            credit_notes.credit(work, invoice.id, "Billed in error")
    with cast.platform.begin(cast.authority) as work:
        statement = statements.concession_statement(work, "2026-06")
    assert statement.total.amount_minor == 0
    assert sum(line.base.amount_minor for line in statement.lines) == 0
    assert {line.cause for line in statement.lines} == {Cause.INVOICE, Cause.CREDIT_NOTE}


def test_the_authority_sees_its_share_and_no_invoice(cast: BillingCast) -> None:
    billed(cast)
    with cast.platform.begin(cast.authority) as work:
        assert invoices.page(work, None, 10) == []


@pytest.mark.parametrize("who", ["bank", "forwarder"])
def test_others_get_no_concession_statement(cast: BillingCast, who: str) -> None:
    with pytest.raises(NotPermitted), cast.platform.begin(getattr(cast, who)) as work:
        statements.concession_statement(work, "2026-06")
