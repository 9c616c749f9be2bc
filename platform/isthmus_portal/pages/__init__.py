"""The pages, a module each. Another is added by its module here and one line below."""

from isthmus_portal.pages import (
    account,
    billing,
    bridge,
    desk,
    downloads,
    records,
    shipments,
    titles,
    verify,
)

PAGES = (
    account.PAGE,
    shipments.PAGE,
    desk.PAGE,
    bridge.PAGE,
    titles.PAGE,
    records.PAGE,
    billing.PAGE,
    downloads.PAGE,
    verify.PAGE,
)
"""In the order of the navigation."""

__all__ = ["PAGES"]
