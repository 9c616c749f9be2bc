"""Invoices that are the same one, or nearly: by number, day and amount, as the register of financing does.

The features are those of :func:`isthmus_protocol.financing.features`, so that what a bank calls a near
duplicate is one here too. Here the member compares what it sees itself: nothing is blinded.
"""

from datetime import date

from isthmus_platform.risk.seen import Seen, folded
from isthmus_protocol import financing


def features(seen: Seen) -> frozenset[bytes]:
    """Return the features of the invoice that a consignment was declared with.

    Seller is the owner, buyer the consignee, the amount that of its goods.
    """
    return _features(seen, _declared(seen))


def all_features(seen: Seen) -> frozenset[bytes]:
    """Return those of the invoices among its papers too."""
    papers = {one.number: one.issued_on or seen.booked_at.date() for one in seen.papers if one.type == "380"}
    return _features(seen, _declared(seen) | papers)


def _declared(seen: Seen) -> dict[str, date]:
    return {} if seen.invoice_number is None else {seen.invoice_number: seen.booked_at.date()}


def _features(seen: Seen, numbers: dict[str, date]) -> frozenset[bytes]:
    amount, currency = seen.value or (0, "XXX")
    return frozenset(
        feature
        for number, issued in numbers.items()
        for feature in financing.features(
            financing.Invoice(
                str(seen.owner_id), folded(seen.consignee_name or ""), number, issued, amount, currency
            )
        )
        if any(sign.isalnum() for sign in number)
    )
