"""What the platform does by the clock: payments whose webhook was lost are asked about."""

from pathlib import Path

import pytest
from sqlalchemy import select

from billing_cast import BillingCast, assemble
from isthmus import duties, worker
from isthmus.home import home_of
from isthmus.settings import load
from isthmus_billing import invoices, payments, payments_standin
from isthmus_billing.invoices import PAYMENT_TOPIC, InvoiceStatus
from isthmus_billing.payments import BILLING, Payment, PaymentProvider, PaymentRefused, ProviderAway
from isthmus_billing.payments_standin import Standin
from isthmus_platform import credit, outbox
from isthmus_platform.database import Platform


@pytest.fixture
def cast(platform: Platform) -> BillingCast:
    return assemble(platform)


def billed(cast: BillingCast, provider: PaymentProvider) -> str:
    """Bill the bank, bring the invoice to the provider, and return its id there."""
    cast.use(cast.bank, "document.read", 2)
    cast.meter()
    with cast.platform.begin(cast.operator) as work:
        invoices.close_period(work, "2026-06")
    outbox.drain(
        cast.platform, PAYMENT_TOPIC, lambda message: payments.send(cast.platform, provider, message)
    )
    with cast.platform.begin(BILLING) as work:
        return work.session.scalars(select(Payment.provider_invoice)).one()


def status(cast: BillingCast) -> InvoiceStatus:
    with cast.platform.begin(cast.bank) as work:
        return invoices.page(work, None, 1)[0].status


def test_a_payment_whose_webhook_was_lost_is_found_by_the_clock(
    cast: BillingCast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISTHMUS_HOME", str(tmp_path))
    standin = Standin(tmp_path / "payments.sqlite3")
    invoice = billed(cast, payments_standin.connect(standin))
    app = worker.create_worker(
        "redis://127.0.0.1:9/0", (), lambda: (cast.platform, {}), duties.chores(load(), home_of(tmp_path))
    )
    scheduled = app.conf.beat_schedule["chore payments"]
    assert (scheduled["task"], scheduled["args"]) == (worker.CHORE, ("payments",))
    assert scheduled["schedule"] <= 600
    run = app.tasks[scheduled["task"]]
    run(*scheduled["args"])
    assert status(cast) is InvoiceStatus.FINALISED
    standin.pay(invoice)
    run(*scheduled["args"])
    assert status(cast) is InvoiceStatus.PAID


@pytest.mark.parametrize("problem", [ProviderAway("no"), PaymentRefused("resource_missing", "no")])
def test_a_provider_that_does_not_tell_leaves_the_invoice_for_the_next_time(
    cast: BillingCast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    standin = Standin(tmp_path / "payments.sqlite3")
    provider = payments_standin.connect(standin)
    standin.pay(billed(cast, provider))

    def refuse(_: PaymentProvider, invoice: str) -> None:
        raise problem

    with monkeypatch.context() as troubled:
        troubled.setattr(type(provider), "fetch", refuse)
        assert payments.reconcile(cast.platform, provider) == 0
    assert payments.reconcile(cast.platform, provider) == 1
    assert status(cast) is InvoiceStatus.PAID


def test_credits_are_watched_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_HOME", str(tmp_path))
    chore = duties.chores(load(), home_of(tmp_path))["credit"]
    assert (chore.run, chore.every <= 3600) == (credit.watch, True)
