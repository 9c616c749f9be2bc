"""What the seller of an invoice and the banks it is offered to may do: the forms of their pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from isthmus_platform.errors import InvalidInput
from isthmus_platform.receivables import terms
from isthmus_portal import receivable_queries as queries
from isthmus_portal.formats import moment
from isthmus_portal.forms import Act, Field, coded, day_and_time, major

WORDS = {"DISBURSING": "Being paid out", "DISBURSED": "Paid out"}
TONES = {
    "OFFERED": "warn",
    "QUOTED": "good",
    "ACCEPTED": "good",
    "CONFIRMED": "good",
    "DISBURSING": "warn",
    "DISBURSED": "good",
    "REPAID": "good",
    "OVERDUE": "warn",
    "DEFAULTED": "bad",
    "DECLINED": "bad",
    "LAPSED": "bad",
}
DONE = {
    "OFFER": "Offered",
    "QUOTE": "Quoted",
    "ACCEPT": "Accepted, and registered as financed",
    "DECLINE": "Declined",
    "WITHDRAW": "Withdrawn",
    "CONFIRM": "Quote taken",
    "DISBURSE": "Payment ordered",
    "PAY_OUT": "Paid out",
    "REPAY": "Repaid",
    "FALL_DUE": "Due date passed",
    "DEFAULT": "Days of grace passed",
    "LAPSE": "Lapsed",
}
"""Steps of the history. They are not words of the page: other services call theirs alike."""
BY_PLATFORM = frozenset({"PAY_OUT", "FALL_DUE", "DEFAULT", "LAPSE"})
"""Steps of clock and worker: no party made them."""
TURNS = {
    "OFFERED": ("QUOTE", "Quote"),
    "QUOTED": ("ACCEPT", "Accept"),
    "ACCEPTED": ("CONFIRM", "Confirm"),
    "CONFIRMED": ("DISBURSE", "Disburse"),
    "OVERDUE": ("REPAY", "Note what came back"),
    "DEFAULTED": ("REPAY", "Note what came back"),
}


def turn(offer: dict[str, Any]) -> str:
    """Return what an offer waits for, if it is the viewer's to do; else nothing."""
    step, said = TURNS.get(offer["state"], ("", ""))
    return said if step in offer["steps"] else ""


def offer(papers: Sequence[tuple[str, str]]) -> Act:
    """Return the form that offers an invoice; ``papers`` are the seller's commercial invoices."""
    return Act(
        "offer",
        "Offer an invoice",
        queries.OFFER_INVOICE,
        "The invoice is offered; a bank learns whose it is when it accepts.",
        (
            Field("document", "The invoice's document", "choice", options=tuple(papers)),
            Field("banks", "Banks", "names", hint="Their names, apart by commas. None learns of another."),
            Field("number", "Number of the invoice", longest=35),
            Field("issuedOn", "Issued on", "day"),
            Field("dueOn", "Due on", "day"),
            Field("amount", "Amount, with currency", "price", hint="As 283,700.00 USD."),
            Field("sellerIdentifier", "Your LEI or tax number", longest=35),
            Field("debtor", "Debtor", longest=300),
            Field("debtorIdentifier", "LEI or tax number of the debtor", longest=35),
            Field("debtorCountry", "Country of the debtor (ISO 3166-1)", longest=2),
            Field(
                "debtorRating",
                "Rating of the debtor, as you see it",
                "choice",
                value="UNRATED",
                options=coded(terms.RATINGS, WORDS),
            ),
        ),
        note="Until it accepts, a bank sees amount, due date, countries and rating alone.",
    )


def of_offer(offer: dict[str, Any], now: datetime) -> dict[str, Act]:
    """Return all that is ever done to an offer, by the schema's names of the steps; it says which now."""
    fixed = {"offer": offer["id"]}
    every = (
        Act(
            "ACCEPT",
            "Accept at your quote",
            queries.TAKE_STEP,
            "Accepted: the invoice is registered as financed, and you see it.",
            fixed={**fixed, "step": "ACCEPT"},
            note="The platform makes the invoice's marks in your name, and registers it as financed.",
        ),
        Act(
            "CONFIRM",
            "Take the quote",
            queries.TAKE_STEP,
            "The quote is taken; what other banks were offered has ended.",
            fixed={**fixed, "step": "CONFIRM"},
            note="The offers of this invoice to other banks end.",
        ),
        Act(
            "DISBURSE",
            "Have it paid out",
            queries.TAKE_STEP,
            "It is being paid out, once.",
            fixed={**fixed, "step": "DISBURSE"},
            note="The amounts are fixed as of today.",
        ),
        _quote(offer, now),
        _repay(offer),
        *(
            Act(step, button, queries.TAKE_STEP, f"{DONE[step]}.", fixed={**fixed, "step": step}, danger=True)
            for step, button in (("DECLINE", "Decline the offer"), ("WITHDRAW", "Withdraw the offer"))
        ),
    )
    return {each.name: each for each in every}


def may(offer: dict[str, Any], every: dict[str, Act]) -> list[str]:
    """Return the names of the acts that the viewer may do now."""
    return [name for name in every if name in offer["steps"]]


def _quote(offer: dict[str, Any], now: datetime) -> Act:
    currency, again = offer["amount"]["currency"], offer["advanceBp"] is not None
    due = datetime.combine(date.fromisoformat(offer["dueOn"]), time(), UTC)
    until = moment(offer["validUntil"]) if again else min(now + timedelta(days=7), due)
    return Act(
        "QUOTE",
        "Quote again" if again else "Quote",
        queries.QUOTE,
        "Your quote stands; accept it to see the invoice.",
        (
            Field("advanceBp", "Advance, of the amount", "percent", value=_percent(offer["advanceBp"])),
            Field(
                "discountBp",
                "Discount a year, on the advance",
                "percent",
                value=_percent(offer["discountBp"]),
            ),
            Field("feeMinor", "Fee, once", "money", value=major(offer["fee"]) or "0", currency=currency),
            Field(
                "graceDays",
                "Days of grace after the due date",
                "whole",
                value=str(offer["graceDays"] if again else 30),
            ),
            Field("validUntil", "Holds until", "moment", value=day_and_time(until)),
        ),
        fixed={"offer": offer["id"]},
        note="The discount is counted for the actual days to the due date, over a year of 360.",
    )


def _percent(basis_points: int | None) -> str:
    return "" if basis_points is None else f"{basis_points / 100:.2f}"


def _repay(offer: dict[str, Any]) -> Act:
    currency = offer["amount"]["currency"]

    def shape(given: dict[str, Any]) -> dict[str, Any]:
        return {"amount": {"amountMinor": given["amount"], "currency": currency}}

    return Act(
        "REPAY",
        "Note what came back",
        queries.REPAY,
        "The repayment is noted.",
        (Field("amount", "Came back", "money", value=major(offer["outstanding"]), currency=currency),),
        fixed={"offer": offer["id"]},
        shape=shape,
    )


@dataclass(frozen=True)
class Today:
    """What a quote would come to if it were paid out today, each as an amount of the schema."""

    advance: dict[str, Any]
    discount: dict[str, Any]
    paid_out: dict[str, Any]


def today(offer: dict[str, Any], now: datetime) -> Today | None:
    """Return what an offer with a quote would come to today; none where it has none, or has its amounts."""
    if offer["advanceBp"] is None or offer["state"] not in ("QUOTED", "ACCEPTED", "CONFIRMED"):
        return None
    quote = terms.Quote(
        advance_bp=offer["advanceBp"],
        discount_bp=offer["discountBp"],
        fee_minor=offer["fee"]["amountMinor"],
        grace_days=offer["graceDays"],
        valid_until=moment(offer["validUntil"]),
    )
    amount = offer["amount"]
    try:
        found = terms.reckon(amount["amountMinor"], quote, now.date(), date.fromisoformat(offer["dueOn"]))
    except InvalidInput:
        return None
    minor = (found.advance_minor, found.discount_minor, found.paid_out_minor)
    return Today(*({"amountMinor": each, "currency": amount["currency"]} for each in minor))
