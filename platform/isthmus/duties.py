"""What the platform's worker does: who handles each topic of the outbox, and what is done by the clock."""

from collections.abc import Callable, Mapping
from functools import partial

from isthmus.home import Home
from isthmus.keys import KeyFolder
from isthmus.settings import Settings
from isthmus.worker import Chore
from isthmus_billing import metering, payments, payments_standin, stripe_payments
from isthmus_billing.invoices import PAYMENT_TOPIC
from isthmus_billing.payments import PaymentProvider
from isthmus_platform import (
    credit,
    crossings,
    deriving,
    domain_events,
    imports,
    receivables,
    risk,
    webhook_delivery,
    webhooks,
    window_messages,
)
from isthmus_platform.crossings import BridgeClient, Sender
from isthmus_platform.database import Platform
from isthmus_platform.encryption import Vault
from isthmus_platform.insurance import delays
from isthmus_platform.logistics import cut_off_watch
from isthmus_platform.outbox import Message
from isthmus_platform.outgoing import Caller
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.screening import asked
from isthmus_platform.screening.running import Screener
from isthmus_platform.webhook_signing import SigningSecrets

TOPICS = (
    crossings.TOPIC,
    domain_events.TOPIC,
    PAYMENT_TOPIC,
    deriving.TOPIC,
    imports.TOPIC,
    receivables.TOPIC,
    risk.TOPIC,
    webhook_delivery.CHANGE_TOPIC,
    webhooks.TOPIC,
    asked.TOPIC,
)


CREDIT_EVERY = 300.0
"""Seconds. Presentations that no bank examined in five banking days stand as complying."""
CUT_OFFS_EVERY = 300.0
"""Seconds. Both sides of a booking are told that a cut-off nears, and that it was missed."""
INSURANCE_EVERY = 300.0
"""Seconds. Claims not documented in time lapse, their insured told before; delays are decided."""
RECEIVABLES_EVERY = 300.0
"""Seconds. Quotes lapse, what is unpaid falls due and into default."""
RECONCILE_EVERY = 600.0
"""Seconds. A payment that was told by a webhook is known at once; one whose webhook was lost, by then."""


def chores(settings: Settings, home: Home) -> Mapping[str, Chore]:
    """Return what is done every so often, by name."""
    return {
        "credit": Chore(CREDIT_EVERY, credit.watch),
        "cut-offs": Chore(CUT_OFFS_EVERY, cut_off_watch.watch),
        "insurance": Chore(INSURANCE_EVERY, delays.watch),
        "receivables": Chore(RECEIVABLES_EVERY, receivables.watch),
        "payments": Chore(
            RECONCILE_EVERY, lambda platform: payments.reconcile(platform, _provider(settings, home))
        ),
    }


def handlers(
    platform: Platform, settings: Settings, home: Home, keys: KeyFolder, bridge: BridgeClient
) -> Mapping[str, Callable[[Message], None]]:
    """Return the handler of each of :data:`TOPICS`."""
    return {
        crossings.TOPIC: Sender(platform, bridge, window_messages.OUTGOING),
        domain_events.TOPIC: partial(_heard, platform),
        deriving.TOPIC: partial(deriving.derive, platform),
        imports.TOPIC: partial(imports.handle, platform),
        receivables.TOPIC: partial(receivables.pay_out, platform),
        risk.TOPIC: partial(risk.handle, platform, Vault(keys.master_key())),
        webhook_delivery.CHANGE_TOPIC: partial(webhook_delivery.spread, platform),
        webhooks.TOPIC: webhook_delivery.Deliverer(
            platform, SigningSecrets(keys.master_key()), Caller(Outgoing(settings.webhook_loopback))
        ),
        asked.TOPIC: Screener(platform, Vault(keys.master_key())),
        PAYMENT_TOPIC: partial(payments.send, platform, _provider(settings, home)),
    }


def _heard(platform: Platform, message: Message) -> None:
    """Let who reacts to a domain event hear it, before it is metered, which it is in any case."""
    try:
        risk.hear(platform, message)
    finally:
        metering.record(platform, message)


def _provider(settings: Settings, home: Home) -> PaymentProvider:
    """Return Stripe where its key is set, else what stands in for it (never in production)."""
    if settings.stripe_api_key is not None:
        return stripe_payments.connect(settings.stripe_api_key.get_secret_value())
    standin = payments_standin.Standin(home.path / "payments.sqlite3")
    return payments_standin.connect(standin)
