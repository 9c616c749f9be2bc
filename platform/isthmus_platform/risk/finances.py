"""Indicators of money: what became of invoices that were offered to banks, and of documents presented. Pure.

Each member sees its own part: a seller its offers, a bank what it accepted, a party to a credit what was
presented under it. Who sees none has nothing said, not that there is none.
"""

from collections import Counter

from isthmus_platform.risk.history import History
from isthmus_platform.risk.indicators import Evidence, Fact, Reading, Source
from isthmus_platform.risk.seen import Financing, Presented, Seen

LATE = ("OVERDUE", "DEFAULTED")
PAID_OUT = ("DISBURSED", *LATE, "REPAID")
REFUSED = ("DISCREPANT", "WAIVED", "RETURNED")
"""States of a presentation that was found discrepant, whatever became of it."""
OVER_VALUE = 1.1
"""Times the goods' value from which what is asked for it asks for a reason: 110 % covers cost and freight."""


def money(seen: Seen, _history: History) -> Reading:
    """Say how the financing of the consignment's invoices stands, and for how much of its goods' value."""
    states = Counter(one.state for one in seen.financings)
    late = sum(states[state] for state in LATE)
    facts: dict[str, Fact] = {
        "offered": len(seen.financings),
        "disbursed": sum(states[state] for state in PAID_OUT),
        "overdue": late,
        "defaulted": states["DEFAULTED"],
        "declined": states["DECLINED"],
    }
    most = _times_value(seen, [(one.amount_minor, one.currency) for one in seen.financings])
    if most is not None:
        facts["timesValue"] = most
    over = most is not None and most > OVER_VALUE
    evidence = tuple(_financing(seen, one) for one in seen.financings if over or one.state in LATE)
    says = f"{len(seen.financings)} offers to banks, of which {facts['disbursed']} paid out and {late} late"
    return Reading("money", says, facts, evidence, stands_out=late > 0 or over)


def credit(seen: Seen, _history: History) -> Reading:
    """Say what was presented for the consignment under documentary credits, and what was refused."""
    if seen.presentations is None:
        return Reading("credit", "presentations could not be looked into")
    refused = [one for one in seen.presentations if one.state in REFUSED or one.discrepancies]
    facts: dict[str, Fact] = {
        "presented": len(seen.presentations),
        "refused": len(refused),
        "discrepancies": sum(one.discrepancies for one in seen.presentations),
    }
    most = _times_value(seen, [(one.claimed_minor, one.currency) for one in seen.presentations])
    if most is not None:
        facts["timesValue"] = most
    over = most is not None and most > OVER_VALUE
    evidence = tuple(_presented(seen, one) for one in (seen.presentations if over else refused))
    says = f"{len(seen.presentations)} presentations under credits, of which {len(refused)} refused"
    return Reading("credit", says, facts, evidence, stands_out=bool(refused) or over)


def _times_value(seen: Seen, amounts: list[tuple[int, str]]) -> float | None:
    """Return the most that is asked, in times of the goods' value; None where that is not known."""
    if seen.value is None or not seen.value[0]:
        return None
    value, currency = seen.value
    return max((amount / value for amount, of in amounts if of == currency), default=None)


def _financing(seen: Seen, one: Financing) -> Evidence:
    value = f"{one.state}, {one.amount_minor:,} minor units of {one.currency}"
    return Evidence(Source.FIELD, "receivable.state", value, f"due {one.due_on}; {_goods(seen)}")


def _presented(seen: Seen, one: Presented) -> Evidence:
    value = f"{one.state}, {one.claimed_minor:,} minor units of {one.currency}, {one.discrepancies} findings"
    return Evidence(Source.FIELD, f"presentation.{one.reference}", value, f"the credit; {_goods(seen)}")


def _goods(seen: Seen) -> str:
    if seen.value is None:
        return "the goods' value is not known in one currency"
    return f"goods of {seen.value[0]:,} minor units of {seen.value[1]}"
