"""Stripe, through its official client, as a :class:`~isthmus_billing.payments.PaymentProvider`.

Lines are sent as amounts that we have rated; Stripe adds, collects and tells. Every write carries an
idempotency key made from our own id, so a repeated call gives the first one's object.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import stripe

from isthmus_billing.payments import Bill, PaymentRefused, PaymentStatus, ProviderAway, ProviderInvoice

API_VERSION = "2026-10-28.endive"
"""The version of Stripe's interface this was written for; the account's own default does not matter."""

CALL_TIMEOUT = (3.0, 6.0)
"""Seconds to connect and to answer; four calls stay within an outbox lease."""

if TYPE_CHECKING:
    from stripe.params import CreditNoteCreateParams

TAG = "isthmus_credit_note"
"""The metadata under which a credit note carries our id of it."""

T = TypeVar("T")


class StripePayments:
    """Stripe's account behind one API key; the key is held by Stripe's client alone."""

    def __init__(self, client: stripe.StripeClient, *, name: str = "stripe") -> None:
        self._stripe = client
        self._name = name

    @property
    def name(self) -> str:
        """Return the provider's name, which its ids are kept with."""
        return self._name

    def ensure_customer(self, party_id: UUID, legal_name: str) -> str:
        """Return the id of the customer for a party."""
        return _ask(
            lambda: (
                self._stripe.v1.customers.create(
                    {"name": legal_name, "metadata": {"isthmus_party": str(party_id)}},
                    {"idempotency_key": f"isthmus-customer-{party_id}"},
                ).id
            )
        )

    def create_invoice(self, bill: Bill) -> ProviderInvoice:
        """Draft an invoice, then add its lines."""
        draft = _ask(
            lambda: (
                self._stripe.v1.invoices.create(
                    {
                        "customer": bill.customer,
                        "currency": bill.currency.lower(),
                        "number": bill.number,
                        # Nothing happens by itself: we finalise, and the customer pays on Stripe's page.
                        "auto_advance": False,
                        "collection_method": "charge_automatically",
                        "pending_invoice_items_behavior": "exclude",
                        "metadata": {"isthmus_invoice": str(bill.reference)},
                    },
                    {"idempotency_key": f"isthmus-invoice-{bill.reference}"},
                ).id
            )
        )
        return _invoice(
            lambda: self._stripe.v1.invoices.add_lines(
                draft,
                {"lines": [{"description": line.description, "amount": line.amount} for line in bill.lines]},
                {"idempotency_key": f"isthmus-lines-{bill.reference}"},
            )
        )

    def finalise(self, invoice: str) -> ProviderInvoice:
        """Finalise a draft; it stays open until it is paid."""
        return _invoice(
            lambda: self._stripe.v1.invoices.finalize_invoice(
                invoice, {"auto_advance": False}, {"idempotency_key": f"isthmus-finalise-{invoice}"}
            )
        )

    def credit(self, invoice: str, reference: UUID, amount: int) -> str:
        """Issue a credit note: an open invoice owes less; of a paid one the customer's balance gets the sum.

        A credit may itself make the invoice paid, so a repetition looks for the first one before that.
        """
        notes = self._stripe.v1.credit_notes
        for note in _ask(lambda: notes.list({"invoice": invoice, "limit": 100}).data):
            if note.metadata is not None and note.metadata.to_dict().get(TAG) == str(reference):
                return note.id
        status = self.fetch(invoice).status
        params: CreditNoteCreateParams = {
            "invoice": invoice,
            "amount": amount,
            "metadata": {TAG: str(reference)},
        }
        if status == PaymentStatus.PAID:
            params["credit_amount"] = amount
        return _ask(
            lambda: (
                notes.create(params, {"idempotency_key": f"isthmus-credit-{reference}-{status.lower()}"}).id
            )
        )

    def fetch(self, invoice: str) -> ProviderInvoice:
        """Return the invoice as Stripe has it now."""
        return _invoice(lambda: self._stripe.v1.invoices.retrieve(invoice))


def connect(api_key: str, *, address: str | None = None) -> StripePayments:
    """Return the provider for an account's key; ``address`` only for a server that stands in for Stripe's."""
    return StripePayments(
        stripe.StripeClient(
            api_key,
            stripe_version=API_VERSION,
            base_addresses={} if address is None else {"api": address},
            # The outbox repeats, with a growing wait.
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=CALL_TIMEOUT),
        )
    )


def _invoice(call: Callable[[], stripe.Invoice]) -> ProviderInvoice:
    found = _ask(call)
    if found.status not in {status.lower() for status in PaymentStatus}:
        raise PaymentRefused("unknown_status", f"invoice {found.id} is {found.status}")
    return ProviderInvoice(
        found.id,
        PaymentStatus(str(found.status).upper()),
        found.total,
        found.amount_paid,
        found.amount_remaining,
    )


def _ask(call: Callable[[], T]) -> T:
    """Make the call; answer for Stripe's errors with ours, without theirs in the traceback.

    Frames of Stripe's client hold the key, and a log may print the local variables of frames.
    """
    try:
        return call()
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        failure: Exception = ProviderAway(type(error).__name__)
    except stripe.StripeError as error:
        status = error.http_status or 0
        if status >= 500 or status == 409:
            failure = ProviderAway(f"{type(error).__name__} {status}")
        else:
            failure = PaymentRefused(error.code or type(error).__name__, error.user_message or "")
    raise failure
