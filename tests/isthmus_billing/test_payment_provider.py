"""What billing asks of a provider holds for the stand-in, over HTTP, and for Stripe where there is a key."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import stripe

import stripe_wire
from isthmus_billing import payments_standin, stripe_payments
from isthmus_billing.payments import Bill, BillLine, PaymentProvider, PaymentRefused, PaymentStatus
from isthmus_billing.payments_standin import Standin, StandinTransport
from isthmus_billing.stripe_payments import API_VERSION

STRIPE_API_KEY = os.environ.get("STRIPE_API_KEY", "")


@dataclass(frozen=True)
class Account:
    """A provider, and the same account seen by its owner."""

    provider: PaymentProvider
    stripe: stripe.StripeClient

    def customer(self, party: UUID | None = None) -> str:
        return self.provider.ensure_customer(party or uuid4(), "The bank Ltd")

    def drafted(self, *amounts: int) -> str:
        return self.provider.create_invoice(bill(self.customer(), *amounts)).id

    def opened(self, *amounts: int) -> str:
        return self.provider.finalise(self.drafted(*amounts)).id

    def pay(self, invoice: str) -> None:
        self.stripe.v1.invoices.pay(invoice, {"paid_out_of_band": True})


def bill(customer: str, *amounts: int, reference: UUID | None = None) -> Bill:
    reference = reference or uuid4()
    lines = [BillLine(f"Documents read {n}", amount) for n, amount in enumerate(amounts or (75, 0, 33))]
    return Bill(reference, f"TEST-{reference.hex[:12]}", customer, "EUR", lines)


@pytest.fixture(params=["standin", "wire", *(["stripe"] if STRIPE_API_KEY else [])])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Account]:
    standin = Standin(tmp_path / "standin.sqlite3")
    if request.param == "standin":
        owner = stripe.StripeClient("sk_test", http_client=StandinTransport(standin))
        yield Account(payments_standin.connect(standin), owner)
    elif request.param == "wire":
        with stripe_wire.serving(standin) as wire:
            owner = stripe.StripeClient("sk_test", http_client=StandinTransport(standin))
            yield Account(stripe_payments.connect(stripe_wire.KEY, address=wire.address), owner)
    else:
        owner = stripe.StripeClient(STRIPE_API_KEY, stripe_version=API_VERSION)
        yield Account(stripe_payments.connect(STRIPE_API_KEY), owner)


def test_a_party_is_one_customer_however_often_it_is_asked_for(account: Account) -> None:
    party = uuid4()
    assert account.customer(party) == account.customer(party)
    assert account.customer(party) != account.customer()


def test_an_invoice_is_drafted_with_its_lines_and_then_finalised(account: Account) -> None:
    drafted = account.provider.create_invoice(bill(account.customer(), 75, 0, 33))
    assert (drafted.status, drafted.total, drafted.amount_paid) == (PaymentStatus.DRAFT, 108, 0)
    finalised = account.provider.finalise(drafted.id)
    assert (finalised.id, finalised.status, finalised.amount_remaining) == (
        drafted.id,
        PaymentStatus.OPEN,
        108,
    )
    assert account.provider.fetch(drafted.id) == finalised


def test_drafting_and_finalising_again_is_done_once(account: Account) -> None:
    same = bill(account.customer(), 75)
    first = account.provider.create_invoice(same)
    assert account.provider.create_invoice(same) == first
    assert account.provider.finalise(first.id) == account.provider.finalise(first.id)


def test_a_key_with_other_parameters_is_refused(account: Account) -> None:
    reference, customer = uuid4(), account.customer()
    account.provider.create_invoice(bill(customer, 75, reference=reference))
    with pytest.raises(PaymentRefused):
        account.provider.create_invoice(bill(customer, 76, reference=reference))


def test_a_finalised_invoice_cannot_be_changed(account: Account) -> None:
    invoice = account.opened(75)
    with pytest.raises(stripe.InvalidRequestError):
        account.stripe.v1.invoices.add_lines(invoice, {"lines": [{"description": "more", "amount": 1}]})
    assert account.provider.fetch(invoice).total == 75


def test_a_paid_invoice_says_so(account: Account) -> None:
    invoice = account.opened(75)
    account.pay(invoice)
    paid = account.provider.fetch(invoice)
    assert (paid.status, paid.amount_remaining) == (PaymentStatus.PAID, 0)


def test_an_invoice_for_a_customer_that_is_not_there_is_refused(account: Account) -> None:
    with pytest.raises(PaymentRefused) as refusal:
        account.provider.create_invoice(bill("cus_nobody", 75))
    assert refusal.value.code == "resource_missing"


def test_a_credit_is_given_once_and_lowers_what_is_owed(account: Account) -> None:
    invoice, note = account.opened(75), uuid4()
    assert account.provider.credit(invoice, note, 30) == account.provider.credit(invoice, note, 30)
    assert account.provider.fetch(invoice).amount_remaining == 45


def test_a_credit_that_settles_the_invoice_is_not_given_twice(account: Account) -> None:
    invoice, note = account.opened(75), uuid4()
    first = account.provider.credit(invoice, note, 75)
    assert account.provider.fetch(invoice).status is PaymentStatus.PAID
    assert account.provider.credit(invoice, note, 75) == first


def test_a_paid_invoice_can_be_credited_to_the_customers_balance(account: Account) -> None:
    invoice = account.opened(75)
    account.pay(invoice)
    assert account.provider.credit(invoice, uuid4(), 30)


def test_more_than_the_invoice_cannot_be_credited(account: Account) -> None:
    invoice = account.opened(75)
    with pytest.raises(PaymentRefused):
        account.provider.credit(invoice, uuid4(), 76)
    assert account.provider.fetch(invoice).amount_remaining == 75


def test_a_draft_cannot_be_credited(account: Account) -> None:
    with pytest.raises(PaymentRefused):
        account.provider.credit(account.drafted(75), uuid4(), 10)


def test_two_processes_agree_on_what_the_stand_in_holds(tmp_path: Path) -> None:
    path, party = tmp_path / "standin.sqlite3", uuid4()
    one, other = (payments_standin.connect(Standin(path)) for _ in range(2))
    invoice = one.create_invoice(bill(one.ensure_customer(party, "The bank Ltd"), 75))
    assert other.finalise(invoice.id).status is PaymentStatus.OPEN
    assert other.ensure_customer(party, "The bank Ltd") == one.ensure_customer(party, "The bank Ltd")
