"""The pages, a module each. Another is added by its module here and one line below."""

from isthmus_portal.pages import (
    account,
    billing,
    bridge,
    clients,
    credit_forms,
    desk,
    documentary_credits,
    downloads,
    financed,
    freight,
    gate,
    insurance,
    receivables,
    records,
    releases,
    risk,
    screening,
    shipments,
    tariffs,
    titles,
    truth,
    verify,
)

PAGES = (
    account.PAGE,
    shipments.PAGE,
    desk.PAGE,
    bridge.PAGE,
    titles.PAGE,
    documentary_credits.PAGE,
    credit_forms.PAGE,
    receivables.PAGE,
    financed.PAGE,
    truth.PAGE,
    insurance.PAGE,
    tariffs.PAGE,
    releases.PAGE,
    freight.PAGE,
    screening.PAGE,
    risk.PAGE,
    gate.PAGE,
    records.PAGE,
    billing.PAGE,
    clients.PAGE,
    downloads.PAGE,
    verify.PAGE,
)
"""In the order of the navigation."""

__all__ = ["PAGES"]
