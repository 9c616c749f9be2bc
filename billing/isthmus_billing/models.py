"""Every model of billing, imported so that the platform database's metadata is whole."""

from isthmus_billing.credit_notes import CreditNote
from isthmus_billing.invoices import BillingPeriod, Invoice, InvoiceLine
from isthmus_billing.ledger import LedgerEntry
from isthmus_billing.metering import UsageEvent
from isthmus_billing.numbering import NumberCounter
from isthmus_billing.payments import Payment, PaymentCustomer, PaymentEvent
from isthmus_billing.tariffs import Tariff, TariffPrice

__all__ = [
    "BillingPeriod",
    "CreditNote",
    "Invoice",
    "InvoiceLine",
    "LedgerEntry",
    "NumberCounter",
    "Payment",
    "PaymentCustomer",
    "PaymentEvent",
    "Tariff",
    "TariffPrice",
    "UsageEvent",
]
