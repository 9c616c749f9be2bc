"""A credit is issued; documents with two discrepancies are presented, found out, waived and paid."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from isthmus.demo import consignment
from isthmus.demo.member import expect, nodes, until_metered
from isthmus.demo.story import Cast, Line

REFERENCE = "DC-2026-0417"
AMOUNT_MINOR = 28_370_000
SELLER, BUYER = "Formosa Precision Machinery Co., Ltd.", "Hanseatische Werkzeugmaschinen GmbH"
GOODS = "2 vertical machining centres VMC-850 and 3 CNC lathes TL-25"
STANDING = "credit { id reference state }"
PRESENTATION = "presentation { id state findings { rule article document field found expected } }"
PLANTED = {"COVER_AMOUNT", "GROSS_MASS"}
"""The cover is for 105 % instead of 110 %, and the packing list weighs the goods otherwise."""


def credited(cast: Cast) -> Iterator[Line]:
    """Issue a credit, present under it, find two discrepancies, waive and pay."""
    played = cast.first_played.date()
    bank, seller_bank, buyer, seller = cast.buyers_bank, cast.bank, cast.consignee, cast.trader
    credit = buyer.done(
        "applyForCredit",
        STANDING,
        {
            "idempotencyKey": "demo-credit-apply",
            "issuingBank": bank.name,
            "advisingBank": seller_bank.name,
            "beneficiary": seller.name,
            "terms": terms(played),
        },
    )["credit"]["id"]
    yield Line(
        f"The consignee asks its bank for a credit of USD 283,700.00 in the trader's favour: {REFERENCE}."
    )
    for member, step in ((bank, "ISSUE"), (seller_bank, "ADVISE")):
        given = {"idempotencyKey": f"demo-credit-{step}".lower(), "credit": credit, "step": step}
        member.done("takeCreditStep", STANDING, given)
    yield Line("The bank issues it, and the trader's bank advises it, both with SWIFT MT 700 at hand.")
    presentation = seller.done(
        "presentDocuments",
        "presentation { id }",
        {
            "idempotencyKey": "demo-credit-present",
            "credit": credit,
            "reference": "FPM-0417",
            "amount": {"amountMinor": AMOUNT_MINOR, "currency": "USD"},
            "documents": documents(played),
        },
    )["presentation"]["id"]
    yield Line("The trader presents invoice, bill of lading, insurance certificate and packing list.")
    given = {"idempotencyKey": "demo-credit-examine", "presentation": presentation, "disposal": "NOTIFY"}
    found = seller_bank.done("examinePresentation", PRESENTATION, given)["presentation"]["findings"]
    expect({one["rule"] for one in found} == PLANTED and len(found) == 2, f"the examination found {found}")
    yield Line("Its bank examines them by every rule of UCP 600 and finds two discrepancies:", refused=True)
    for one in found:
        instead = f"{one['found']} instead of {one['expected']}"
        yield Line(f"  {one['document']}, {one['field']}: {instead} ({one['article']}).")
    for member, step in ((buyer, "WAIVE"), (bank, "PAY")):
        given = {"idempotencyKey": f"demo-credit-{step}".lower(), "presentation": presentation, "step": step}
        member.done("settlePresentation", PRESENTATION, given)
    yield Line("The consignee waives them, and its bank pays: nothing is left of the credit.")
    until_metered(
        cast.period, (cast.buyers_bank, "credit.issued", 1), (cast.bank, "presentation.examined", 1)
    )


def repaid(cast: Cast) -> Line:
    """Let the consignee's bank say that it has its money back; to the trader nothing is told of that."""
    seen = [nodes(member.query(DEBTS)["credits"]) for member in (cast.buyers_bank, cast.trader)]
    (ours,), (theirs,) = ([one for each in found for one in each["presentations"]] for found in seen)
    expect(ours["debt"]["amount"]["amountMinor"] == AMOUNT_MINOR, f"the bank is owed {ours}")
    expect(theirs["debt"] is None, f"the trader is told {theirs}")
    given = {"idempotencyKey": "demo-credit-repay", "presentation": ours["id"], "step": "REPAY"}
    cast.buyers_bank.done("settlePresentation", "presentation { id }", given)
    return Line("The consignee pays its bank back what that paid under the credit; it is between these two.")


DEBTS = "{ credits { edges { node { presentations { id debt { state amount { amountMinor } } } } } } }"


def terms(played: date) -> dict[str, Any]:
    """Return the terms of the credit."""
    return {
        "reference": REFERENCE,
        "currency": "USD",
        "amountMinor": AMOUNT_MINOR,
        "applicant": [BUYER, "Kehrwieder 8", "20457 Hamburg"],
        "beneficiary": ["Formosa Precision Machinery Co.,", "Ltd.", "Kaohsiung"],
        "expiresOn": str(played + timedelta(days=45)),
        "expiresAt": "KAOHSIUNG",
        "goods": GOODS,
        "documents": [
            {"type": "380", "originals": 1},
            {"type": "705", "originals": 3},
            {"type": "520", "originals": 1},
            {"type": "271", "originals": 1},
        ],
        "availableWith": "ADVISING",
        "partialShipments": False,
        "loading": {"code": "TWKHH"},
        "discharge": {"code": "DEHAM"},
        "latestShipment": str(played),
        "incoterm": "CIF",
        "incotermPlace": "HAMBURG",
        "billTo": "TO ORDER",
        "notify": BUYER,
        "freight": "PREPAID",
        "insuranceClauses": "ICC (A)",
    }


def documents(played: date) -> list[dict[str, Any]]:
    """Return the documents, of which two have a discrepancy."""
    shipped = str(played - timedelta(days=12))
    early = str(played - timedelta(days=16))
    route = {
        "vessel": consignment.VESSEL,
        "loading": {"code": "TWKHH"},
        "discharge": {"code": "DEHAM"},
        "containers": [{"reference": each} for each in consignment.CONTAINERS],
    }
    amount = {"value": "283700.00", "currency": "USD"}
    line = {"number": "1", "description": GOODS, "amount": amount}
    carrier = "Meridian Container Line Pte. Ltd."
    invoice = {
        "number": "FPM-2026-0417",
        "issuedOn": early,
        "seller": {"name": SELLER},
        "buyer": {"name": BUYER},
        "currency": "USD",
        "total": amount,
        "lines": [line],
        "incoterm": "CIF",
    }
    bill = {
        **route,
        "number": consignment.BILL_OF_LADING,
        "issuedOn": shipped,
        "shippedOn": shipped,
        "shipper": {"name": SELLER},
        "carrier": {"name": carrier},
        "notify": {"name": BUYER},
        "toOrder": True,
        "grossMass": {"value": "31330", "unit": "KGM"},
        "packages": 5,
        "freight": "PREPAID",
    }
    cover = {
        **route,
        "number": "PMI-0417",
        "issuedOn": early,
        "policyNumber": "OC-2026-7",
        "insurer": {"name": "Polaris Marine Insurance Ltd."},
        "insured": {"name": SELLER},
        "insuredAmount": {"value": "297885.00", "currency": "USD"},
        "clauses": "ICC (A), war and strikes",
    }
    packing = {
        "number": "FPM-PL-2026-0417",
        "issuedOn": early,
        "invoiceNumber": "FPM-2026-0417",
        "grossMass": {"value": "30330", "unit": "KGM"},
        "packages": 5,
    }
    return [
        {"type": "380", "data": invoice, "face": {}},
        {
            "type": "705",
            "data": bill,
            "face": {"originals": 3, "signedBy": carrier, "signedAs": "CARRIER", "endorsedBy": SELLER},
        },
        {"type": "520", "data": cover, "face": {"signedBy": "Polaris Marine", "signedAs": "INSURER"}},
        {"type": "271", "data": packing, "face": {}},
    ]


CHAPTER = ("A credit is issued, examined and paid", credited)
