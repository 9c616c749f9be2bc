"""What is asked and quoted for freight, and booked on it, through GraphQL."""

from typing import Any

from graphql_client import Asker

LATER = "2026-06-08T09:00:00Z"
ASKED: dict[str, Any] = {
    "origin": "TWKHH",
    "destination": "DEHAM",
    "goods": "Machine tools",
    "equipmentType": "22G1",
    "units": 2,
    "closesAt": LATER,
    "of": ["carrier", "forwarder"],
    "charges": ["Bunker"],
}
REQUEST = "request { id state quotes { id } }"
QUOTE = "quote { id state by { name } charges { name amount { amountMinor currency } } validUntil }"


def charge(name: str, amount: int, currency: str = "USD", kind: str = "SURCHARGE") -> dict[str, Any]:
    return {
        "kind": kind,
        "name": name,
        "unitPrice": {"amountMinor": amount, "currency": currency},
        "quantity": 2,
        "calculationBasis": "Per container",
        "paymentTerm": "PRE",
    }


def answer(request: str, base: int, *more: dict[str, Any]) -> dict[str, Any]:
    charges = [charge("Ocean freight", base, kind="BASE"), *more]
    return {"request": request, "charges": charges, "validUntil": LATER, "transitDays": 34}


def accepted(askers: dict[str, Asker]) -> str:
    """Return the carrier's quote to the trader, accepted."""
    request = askers["trader"].done("requestFreightQuotes", REQUEST, **ASKED)["request"]["id"]
    given = answer(request, 150_000, charge("Bunker", 1_000))
    quote: str = askers["carrier"].done("quoteFreight", QUOTE, **given)["quote"]["id"]
    askers["trader"].done("acceptFreightQuote", QUOTE, quote=quote)
    return quote
