"""A finalised invoice reaches the payment provider once, and what is paid reaches the ledger once."""

import io
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import stripe
from flask import Flask
from flask.testing import FlaskClient
from rich.console import Console
from rich.traceback import Traceback
from sqlalchemy import event, func, select

import stripe_wire
from billing_cast import BillingCast
from isthmus_billing import credit_notes, http, invoices, ledger, payments, stripe_payments
from isthmus_billing.invoices import PAYMENT_TOPIC, InvoiceStatus
from isthmus_billing.payments import BILLING, Payment, PaymentEvent, PaymentProvider
from isthmus_billing.payments_standin import Standin
from isthmus_platform import outbox
from standing import StandingClock
from stripe_wire import Wire

SECRET = "whsec_of_the_tests"


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    with stripe_wire.serving(Standin(tmp_path / "standin.sqlite3")) as wire:
        yield wire


@pytest.fixture
def provider(wire: Wire) -> PaymentProvider:
    return stripe_payments.connect(stripe_wire.KEY, address=wire.address)


@pytest.fixture
def webhook(cast: BillingCast) -> FlaskClient:
    app = Flask("webhook")
    app.register_blueprint(http.blueprint(cast.platform, SECRET))
    return app.test_client()


def bill_the_bank(cast: BillingCast) -> invoices.InvoiceView:
    cast.use(cast.bank, "document.read", 2)
    cast.meter()
    with cast.platform.begin(cast.operator) as work:
        (invoice,) = invoices.close_period(work, "2026-06")
    return invoice


def deliver(cast: BillingCast, provider: PaymentProvider) -> int:
    return outbox.drain(
        cast.platform, PAYMENT_TOPIC, lambda message: payments.send(cast.platform, provider, message)
    )


def payment(cast: BillingCast) -> Payment | None:
    with cast.platform.begin(BILLING) as work:
        return work.session.scalar(select(Payment))


def provider_invoice(cast: BillingCast) -> str:
    found = payment(cast)
    assert found is not None
    return found.provider_invoice


def post(webhook: FlaskClient, body: bytes, secret: str = SECRET, at: int | None = None) -> int:
    signature = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at)
    return webhook.post("/stripe/webhook", data=body, headers={"Stripe-Signature": signature}).status_code


def status(cast: BillingCast) -> InvoiceStatus:
    with cast.platform.begin(cast.bank) as work:
        return invoices.page(work, None, 1)[0].status


def cash(cast: BillingCast) -> int:
    with cast.platform.begin(cast.operator) as work:
        balances = ledger.balances(work)
    assert sum(balances.values()) == 0
    return balances.get((ledger.Account.CASH, cast.operator.party_id), 0)


def test_a_closed_months_invoice_is_open_at_the_provider_with_our_number_and_total(
    cast: BillingCast, provider: PaymentProvider, wire: Wire
) -> None:
    invoice = bill_the_bank(cast)
    assert wire.requests == [], "nothing is sent before the close is committed"
    assert deliver(cast, provider) == 1
    found = provider.fetch(provider_invoice(cast))
    assert (found.status, found.total) == (payments.PaymentStatus.OPEN, invoice.total.amount_minor)
    _, body = wire.standin.answer("GET", f"/v1/invoices/{found.id}", "", None)
    assert body["number"] == invoice.number
    assert [line["description"] for line in body["lines"]["data"]] == [
        "Documents read under a grant 2026-06: 2 at €0.75"
    ]


@pytest.mark.parametrize(
    ("call", "mishap"),
    [(0, 500), (1, 429), (2, 409), (3, 503), (0, "lost"), (1, "lost"), (2, "lost"), (3, "lost")],
)
def test_whichever_call_fails_the_invoice_is_made_once(
    cast: BillingCast,
    provider: PaymentProvider,
    wire: Wire,
    clock: StandingClock,
    tmp_path: Path,
    call: int,
    mishap: int | str,
) -> None:
    bill_the_bank(cast)
    # Customer, draft, lines, finalise: calls before the failing one go well.
    wire.mishaps.extend([*["none"] * call, mishap])
    assert deliver(cast, provider) == 0
    clock.advance(minutes=10)
    assert deliver(cast, provider) == 1
    assert provider.fetch(provider_invoice(cast)).total == 150
    with closing(sqlite3.connect(tmp_path / "standin.sqlite3")) as store:
        made = store.execute("SELECT kind FROM object ORDER BY kind").fetchall()
    assert made == [("customer",), ("invoice",)]


def test_no_call_is_made_inside_a_database_transaction(
    cast: BillingCast, provider: PaymentProvider, wire: Wire
) -> None:
    bill_the_bank(cast)
    trail: list[str] = []
    event.listen(cast.platform.engine, "begin", lambda _: trail.append("begin"))
    event.listen(cast.platform.engine, "commit", lambda _: trail.append("end"))
    wire.requests = Trail(trail)
    deliver(cast, provider)
    inside = False
    for step in trail:
        assert not (inside and step == "call"), trail
        inside = step == "begin" or (inside and step != "end")
    assert trail.count("call") == 4


class Trail(list[str]):
    """Notes each request among the transactions."""

    def __init__(self, trail: list[str]) -> None:
        self.trail = trail

    def append(self, item: str) -> None:
        self.trail.append("call")


def test_a_message_delivered_again_makes_no_call(
    cast: BillingCast, provider: PaymentProvider, wire: Wire
) -> None:
    bill_the_bank(cast)
    seen: list[outbox.Message] = []
    outbox.drain(cast.platform, PAYMENT_TOPIC, seen.append)
    payments.send(cast.platform, provider, seen[0])
    calls = len(wire.requests)
    payments.send(cast.platform, provider, seen[0])
    assert len(wire.requests) == calls


def test_a_wrong_key_is_a_refusal_that_stays_in_the_outbox_and_shows_no_key(
    cast: BillingCast, wire: Wire, clock: StandingClock, capsys: pytest.CaptureFixture[str]
) -> None:
    bill_the_bank(cast)
    wrong = stripe_payments.connect(stripe_wire.WRONG_KEY, address=wire.address)
    assert deliver(cast, wrong) == 0
    said = capsys.readouterr()
    assert "AuthenticationError" in said.out
    assert stripe_wire.WRONG_KEY not in said.out + said.err
    clock.advance(minutes=10)
    assert deliver(cast, stripe_payments.connect(stripe_wire.KEY, address=wire.address)) == 1


def test_the_key_is_in_no_traceback_even_with_local_variables(wire: Wire) -> None:
    wrong = stripe_payments.connect(stripe_wire.WRONG_KEY, address=wire.address)
    shown = io.StringIO()
    with pytest.raises(payments.PaymentRefused) as caught:
        wrong.fetch("in_1")
    refusal = caught.value
    trace = Traceback.from_exception(
        type(refusal), refusal, refusal.__traceback__, show_locals=True, locals_max_string=10_000
    )
    Console(file=shown, width=500).print(trace)
    assert "PaymentRefused" in shown.getvalue()
    assert stripe_wire.WRONG_KEY not in shown.getvalue() + repr(vars(wrong))


def test_a_webhook_of_payment_settles_the_invoice_once(
    cast: BillingCast, provider: PaymentProvider, wire: Wire, webhook: FlaskClient
) -> None:
    bill_the_bank(cast)
    deliver(cast, provider)
    body = wire.standin.pay(provider_invoice(cast))
    assert post(webhook, body) == 204
    assert post(webhook, body) == 204
    another = json.dumps(json.loads(body) | {"id": "evt_another"}).encode()
    assert post(webhook, another) == 204
    assert (status(cast), cash(cast)) == (InvoiceStatus.PAID, 150)
    with cast.platform.begin(BILLING) as work:
        assert work.session.scalar(select(func.count()).select_from(PaymentEvent)) == 2


@pytest.mark.parametrize("fault", ["secret", "old", "body", "none", "garbage", "latin"])
def test_a_webhook_that_stripe_has_not_signed_now_is_refused_and_changes_nothing(
    cast: BillingCast, provider: PaymentProvider, wire: Wire, webhook: FlaskClient, fault: str
) -> None:
    bill_the_bank(cast)
    deliver(cast, provider)
    body = wire.standin.pay(provider_invoice(cast))
    signed = stripe.WebhookSignature.generate_signature_header(
        body.decode(),
        "whsec_other" if fault == "secret" else SECRET,
        int(time.time()) - 3600 if fault == "old" else None,
    )
    headers = {"Stripe-Signature": "t=now,v1=" if fault == "garbage" else signed}
    sent = {"body": body.replace(b"150", b"151"), "latin": b"\xff" + body}.get(fault, body)
    answer = webhook.post("/stripe/webhook", data=sent, headers={} if fault == "none" else headers)
    assert (answer.status_code, answer.json and answer.json["code"]) == (400, "bad_signature")
    assert (status(cast), cash(cast)) == (InvoiceStatus.FINALISED, 0)
    with cast.platform.begin(BILLING) as work:
        assert work.session.scalar(select(func.count()).select_from(PaymentEvent)) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b"not json",
        b'{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1"}}}',
        b'{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_1","amount_paid":true}}}',
        b'{"id":7,"type":"invoice.paid","data":{"object":{}}}',
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(webhook: FlaskClient, body: bytes) -> None:
    assert post(webhook, body) == 422


def test_a_body_beyond_the_limit_is_refused(webhook: FlaskClient) -> None:
    assert post(webhook, b" " * (http.LARGEST_BODY + 1)) == 413


def test_an_event_about_an_invoice_that_is_not_ours_is_kept_and_does_nothing(
    cast: BillingCast, webhook: FlaskClient
) -> None:
    body = b'{"id":"evt_1","type":"invoice.paid","data":{"object":{"id":"in_other","amount_paid":5}}}'
    assert post(webhook, body) == 204
    assert cash(cast) == 0


def test_a_lost_webhook_is_made_up_for_by_asking(
    cast: BillingCast, provider: PaymentProvider, wire: Wire, webhook: FlaskClient
) -> None:
    bill_the_bank(cast)
    deliver(cast, provider)
    assert payments.reconcile(cast.platform, provider) == 0
    late = wire.standin.pay(provider_invoice(cast))
    assert payments.reconcile(cast.platform, provider) == 1
    assert post(webhook, late) == 204
    assert (status(cast), cash(cast)) == (InvoiceStatus.PAID, 150)


def test_a_credit_note_reaches_the_provider_after_its_invoice(
    cast: BillingCast, provider: PaymentProvider, wire: Wire, webhook: FlaskClient, clock: StandingClock
) -> None:
    invoice = bill_the_bank(cast)
    with cast.platform.begin(cast.operator) as work:
        credit_notes.credit(work, invoice.id, "Read twice by mistake", 75)
    wire.mishaps.append(503)
    assert deliver(cast, provider) == 0
    clock.advance(minutes=10)
    while deliver(cast, provider):
        clock.advance(minutes=10)
    found = provider.fetch(provider_invoice(cast))
    assert found.amount_remaining == 75
    assert post(webhook, wire.standin.pay(found.id)) == 204
    assert (status(cast), cash(cast)) == (InvoiceStatus.PAID, 75)


def test_a_party_sees_its_own_payment_alone(cast: BillingCast, provider: PaymentProvider) -> None:
    bill_the_bank(cast)
    deliver(cast, provider)
    for actor, visible in ((cast.bank, 1), (cast.operator, 1), (cast.forwarder, 0), (cast.authority, 0)):
        with cast.platform.begin(actor) as work:
            assert work.session.scalar(select(func.count()).select_from(Payment)) == visible
