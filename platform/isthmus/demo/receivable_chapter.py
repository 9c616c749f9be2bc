"""An invoice is offered to two banks, blind, financed by one, offered again and caught, and repaid."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from isthmus.demo import consignment
from isthmus.demo.financing_chapter import BUYER, SELLER
from isthmus.demo.insurance_chapter import VOYAGES
from isthmus.demo.member import Member, expect, until, until_metered
from isthmus.demo.story import Cast, Line

NUMBER, AGAIN = "FPM-2026-0398", "fpm 2026/O398-A"
"""The invoice, and a part of it with its number written otherwise."""
AMOUNT_MINOR, PART_MINOR = 12_450_000, 6_000_000
SHIPMENT = VOYAGES[0].reference
DEBTOR = "Hanseatische Werkzeugmaschinen GmbH"
OFFER = "offer { id state outstanding { amountMinor } }"
SEEN = (
    "query ($id: ID!) { receivableOffer(id: $id) { state amount { amountMinor } dueOn debtorCountry"
    " seller { name } receivable { number } paidOut { amountMinor } outstanding { amountMinor } } }"
)
TRUTH = (
    "query ($ucr: String!) { financeableTruth(ucr: $ucr) {"
    " declaration { known exists released proof { sequence } } balance { known left { amountMinor } }"
    " title { known state holder { name } } insurance { known why } duplicate { known why } } }"
)


def financed(cast: Cast) -> Iterator[Line]:
    """Offer, quote blind, accept, confirm, pay out, offer again in vain, repay; and ask before financing."""
    offers = _offered(cast, "first", NUMBER, AMOUNT_MINOR, ["bank", "buyers-bank"])
    offer = offers["bank"]
    yield Line(
        f"The trader offers invoice {NUMBER} over 124,500.00 USD to two banks; neither hears of the other."
    )
    for member in (cast.bank, cast.buyers_bank):
        _quoted(cast, member, offers[member.name], "first")
    yield Line(
        "Both quote on amount, due date and the debtor's country: number, buyer and seller are hidden."
    )
    _step(cast.bank, offer, "ACCEPT")
    seen = cast.bank.query(SEEN, id=offer)["receivableOffer"]
    expect(seen["receivable"] == {"number": NUMBER}, f"what the bank sees: {seen}")
    _step(cast.trader, offer, "CONFIRM")
    _step(cast.bank, offer, "DISBURSE")
    paid = until(lambda: _paid(cast.bank, offer), "the disbursement")
    yield Line(
        f"One accepts: the invoice is registered, and shown to it. {paid // 100:,} USD are paid out, once."
    )
    yield from _again(cast)
    yield from _repaid(cast.bank, offer)
    yield from _asked(cast)
    until_metered(cast.period, (cast.bank, "receivable.disbursed", 1), (cast.trader, "receivable.offered", 3))


def _offered(cast: Cast, key: str, number: str, amount_minor: int, banks: list[str]) -> dict[str, str]:
    """Issue an invoice of the shipment and offer it; return each bank's offer."""
    issued = str((cast.first_played - timedelta(days=20)).date())
    due = str((cast.first_played + timedelta(days=60)).date())
    money = {"value": f"{amount_minor // 100}.{amount_minor % 100:02d}", "currency": "USD"}
    data = {
        "number": number,
        "issuedOn": issued,
        "dueOn": due,
        "seller": {"name": "Formosa Precision Machinery Co., Ltd.", "identifier": SELLER},
        "buyer": {"name": DEBTOR, "identifier": BUYER},
        "currency": "USD",
        "total": money,
        "lines": [{"number": "1", "description": "CNC lathe TL-25", "amount": money}],
    }
    given = {"idempotencyKey": f"demo-receivable-{key}-invoice", "shipment": SHIPMENT, "type": "380"}
    document = cast.trader.done("issueDocument", "document { id }", {**given, "data": data})["document"]["id"]
    offer = {
        "idempotencyKey": f"demo-receivable-{key}",
        "document": document,
        "banks": banks,
        "number": number,
        "issuedOn": issued,
        "dueOn": due,
        "amount": {"amountMinor": amount_minor, "currency": "USD"},
        "sellerIdentifier": SELLER,
        "debtor": DEBTOR,
        "debtorIdentifier": BUYER,
        "debtorCountry": "DE",
        "debtorRating": "INVESTMENT_GRADE",
    }
    selection = "receivable { offers { id bank { name } } }"
    made = cast.trader.done("offerReceivable", selection, offer)["receivable"]["offers"]
    return {each["bank"]["name"]: each["id"] for each in made}


def _quoted(cast: Cast, member: Member, offer: str, key: str) -> None:
    blind = member.query(SEEN, id=offer)["receivableOffer"]
    hidden = blind["state"] != "OFFERED" or (blind["seller"], blind["receivable"]) == (None, None)
    expect(hidden, f"{member.name} sees too much: {blind}")
    given = {
        "idempotencyKey": f"demo-receivable-{key}-quote",
        "offer": offer,
        "advanceBp": 8_000,
        "discountBp": 600 if member.name == "bank" else 650,
        "feeMinor": 25_000,
        "validUntil": (cast.first_played + timedelta(days=14)).isoformat(),
    }
    member.done("quoteReceivable", OFFER, given)


def _step(member: Member, offer: str, step: str) -> None:
    given = {"idempotencyKey": f"demo-receivable-{step}".lower(), "offer": offer, "step": step}
    member.done("takeReceivableStep", OFFER, given)


def _paid(member: Member, offer: str) -> int | None:
    """Return what was paid out, once it was."""
    found = member.query(SEEN, id=offer)["receivableOffer"]
    paid: int = found["paidOut"]["amountMinor"]
    return None if found["state"] == "DISBURSING" else paid


def _again(cast: Cast) -> Iterator[Line]:
    """Offer a part of the same invoice to the other bank, which is stopped before it sees it."""
    other = cast.buyers_bank
    offer = _offered(cast, "again", AGAIN, PART_MINOR, [other.name])[other.name]
    _quoted(cast, other, offer, "again")
    given = {"idempotencyKey": "demo-receivable-again-accept", "offer": offer, "step": "ACCEPT"}
    errors = other.write("takeReceivableStep", OFFER, given)["userErrors"]
    codes = [error["code"] for error in errors]
    # Told again, the second offer is gone.
    expect(len(codes) == 1 and codes[0] in REFUSALS, f"the second offer: {errors}")
    yield Line(f"The trader offers half of it to the other bank as {AGAIN}: financed already.", refused=True)
    given = {"idempotencyKey": "demo-receivable-again-withdraw", "offer": offer, "step": "WITHDRAW"}
    cast.trader.done("takeReceivableStep", OFFER, given)


REFUSALS = ("already_financed", "wrong_state")


def _repaid(bank: Member, offer: str) -> Iterator[Line]:
    outstanding = bank.query(SEEN, id=offer)["receivableOffer"]["outstanding"]["amountMinor"]
    owed = AMOUNT_MINOR * 8 // 10
    over = {"amountMinor": owed + 1, "currency": "USD"}
    given = {"idempotencyKey": "demo-receivable-over", "offer": offer, "amount": over}
    errors = bank.write("repayReceivable", OFFER, given)["userErrors"]
    expect(bool(errors), f"more than {outstanding} was repaid")
    for number, share in enumerate((3, 5)):
        part = {"amountMinor": AMOUNT_MINOR * share // 10, "currency": "USD"}
        given = {"idempotencyKey": f"demo-receivable-repay-{number}", "offer": offer, "amount": part}
        found = bank.done("repayReceivable", OFFER, given)["offer"]
    expect(found["state"] == "REPAID", f"after the last repayment: {found}")
    yield Line("It is repaid in two parts, more than is owed is refused, and the registration ends.")


def _asked(cast: Cast) -> Iterator[Line]:
    """Ask in one query what there is to finance on: each part is told, or why it is not."""
    told: dict[str, Any] = cast.bank.query(TRUTH, ucr=consignment.UCR)["financeableTruth"]
    expect(bool(told["declaration"]["exists"] and told["declaration"]["released"]), f"declared: {told}")
    expect(told["balance"]["known"] and told["title"]["known"], f"balance and title: {told}")
    expect(not told["insurance"]["known"], f"insurance is open to nobody: {told}")
    left = told["balance"]["left"][0]["amountMinor"] // 100
    entry, title = told["declaration"]["proof"]["sequence"], told["title"]
    yield Line(
        f"The bank asks of {consignment.REFERENCE} in one query: declared and released (log entry {entry}),"
        f" {left:,} USD not financed, title {title['state']} with {title['holder']['name']}."
    )
    yield Line(f"Insured? Unknown: {told['insurance']['why']}", refused=True)
    nothing = cast.buyers_bank.query(TRUTH, ucr=consignment.UCR)["financeableTruth"]
    expect(nothing is None, f"a bank without a grant learns {nothing}")
    yield Line("Another bank, without a grant, asks the same: there is no such consignment.", refused=True)


CHAPTER = ("An invoice is financed, offered again, and repaid", financed)
