"""The same invoice is offered to two banks; the register tells the second, and nobody read the invoice."""

from collections.abc import Iterator
from datetime import date

from isthmus.demo.member import Member, expect, until_metered
from isthmus.demo.story import Cast, Line
from isthmus_protocol.financing import Evaluation, Invoice, Question

SELLER, BUYER = "54930084UKLVMY22DS16", "529900T8BM49AURSDO55"
"""Legal entity identifiers (ISO 17442), the same however the names are written."""
SOLD = Invoice(SELLER, BUYER, "FPM-2026-0417", date(2026, 11, 3), 28_370_000, "USD")
AGAIN = Invoice(SELLER, BUYER, "fpm 2026/O417-A", date(2026, 11, 3), 15_000_000, "USD")
"""A part of the same invoice, its number written otherwise, an O for a nought."""


def offered_twice(cast: Cast) -> Iterator[Line]:
    """Finance an invoice, offer a part of it to another bank, and be caught."""
    bank, other = cast.bank, cast.buyers_bank
    marks = _marks(cast, bank, SOLD)
    expect(_asked(bank, marks) is False, "the invoice is financed before it was")
    yield Line("The bank asks whether an invoice that the trader offers is financed already: no.")
    given = {"idempotencyKey": "demo-financing", "marks": marks}
    bank.done("registerFinancing", "financing { id }", given)
    yield Line("It finances the invoice and registers that, by marks that nobody can guess an invoice from.")
    again = _marks(cast, other, AGAIN)
    expect(_asked(other, again) is True, "the same invoice is not found")
    yield Line("The trader offers half of it to another bank, as fpm 2026/O417-A. Financed already? Yes.")
    refused = other.write(
        "registerFinancing", "financing { id }", {"idempotencyKey": "demo-financing", "marks": again}
    )
    expect([error["code"] for error in refused["userErrors"]] == ["already_financed"], f"{refused}")
    yield Line("The other bank cannot register it; by whom it is financed it does not learn.", refused=True)
    until_metered(
        cast.period, (cast.bank, "financing.registered", 1), (cast.buyers_bank, "financing.asked", 1)
    )


def _marks(cast: Cast, bank: Member, invoice: Invoice) -> list[str]:
    """Return an invoice's marks, which the bank makes with the bridge without telling what it asks."""
    question = Question.about(invoice)
    answer = bank.send("POST", "/financing/evaluations", json={"blinded": [*question.blinded]})
    expect(answer.is_success, f"the evaluation: {answer.status_code} {answer.text}")
    return [*question.marks(Evaluation.from_json(answer.json()), cast.trust)]


def _asked(bank: Member, marks: list[str]) -> bool:
    given = {"idempotencyKey": "demo-financed", "marks": marks}
    return bool(bank.done("askFinanced", "financedBefore", given)["financedBefore"])


CHAPTER = ("The same invoice is offered twice", offered_twice)
