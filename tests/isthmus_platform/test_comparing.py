"""Papers of one trade are held against each other, and a mismatch cites both places."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from isthmus_platform.papers.comparing import (
    Citation,
    Declared,
    Discrepancy,
    Source,
    beyond_credit,
    discrepancies,
    short_of_invoice,
)
from isthmus_platform.papers.kinds import Paper
from isthmus_platform.papers.parts import Amount, Location, Measure, TradeParty
from papers_of_trade import (
    ALL,
    BILL,
    BOXES,
    CREDIT,
    DECLARATION,
    INSURANCE,
    INVOICE,
    PACKING_LIST,
    UCR,
    WAYBILL,
)


def compared(*papers: Any) -> list[tuple[str, str, str, str, str]]:
    found = discrepancies([Source(str(number), paper) for number, paper in enumerate(papers)])
    return [(each.field, each.one.path, each.one.value, each.other.path, each.other.value) for each in found]


def test_papers_that_agree_have_no_discrepancy() -> None:
    papers = [Source(name, paper) for name, paper in ALL.items() if paper is not WAYBILL]
    assert discrepancies(papers) == []
    assert short_of_invoice(papers) == []
    assert beyond_credit(papers) == []


def test_a_mismatch_cites_both_places() -> None:
    heavier = replace(BILL, gross_mass=Measure(Decimal("18540.5"), "KGM"))
    assert discrepancies([Source("packing list", PACKING_LIST), Source("bill", heavier)]) == [
        Discrepancy(
            "grossMass",
            Citation("packing list", "grossMass", "18450.5 KGM"),
            Citation("bill", "grossMass", "18540.5 KGM"),
        )
    ]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (
            INVOICE,
            replace(PACKING_LIST, invoice_number="FPM-2026-0471"),
            ("invoiceNumber", "number", "FPM-2026-0417", "invoiceNumber", "FPM-2026-0471"),
        ),
        (
            INVOICE,
            replace(PACKING_LIST, consignee=TradeParty("Hansa Werkzeug GmbH")),
            (
                "consignee",
                "buyer.name",
                "Hanseatische Werkzeugmaschinen GmbH",
                "consignee.name",
                "Hansa Werkzeug GmbH",
            ),
        ),
        (BILL, replace(PACKING_LIST, packages=3), ("packages", "packages", "2", "packages", "3")),
        (
            BILL,
            replace(INSURANCE, discharge=Location("NLRTM")),
            ("discharge", "discharge.code", "DEHAM", "discharge.code", "NLRTM"),
        ),
        (
            BILL,
            replace(PACKING_LIST, containers=BOXES[:1]),
            ("containers", "containers", "MCLU4200170, MCLU4200185", "containers", "MCLU4200170"),
        ),
        (
            Declared(hs_codes=("845811",)),
            INVOICE,
            ("hsCode", "goods.hsCode", "845811", "lines.hsCode", "845710"),
        ),
        (
            BILL,
            Declared(transport_document="MCLKHH2611043"),
            ("transportDocument", "number", "MCLKHH2611042", "billOfLading", "MCLKHH2611043"),
        ),
    ],
    ids=["invoice number", "consignee", "packages", "port", "containers", "HS code", "bill"],
)
def test_the_same_field_is_compared_wherever_it_stands(
    one: Paper, other: Paper, expected: tuple[str, str, str, str, str]
) -> None:
    assert compared(one, other) == [expected]


@pytest.mark.parametrize(
    "other",
    [
        replace(BILL, gross_mass=Measure(Decimal("18.4505"), "TNE")),
        replace(BILL, shipper=TradeParty("FORMOSA  PRECISION MACHINERY.")),
        replace(BILL, gross_mass=None),
        replace(BILL, vessel=None),
    ],
    ids=["tonnes", "capitals", "summed", "unsaid"],
)
def test_the_same_in_other_words_is_no_mismatch(other: Paper) -> None:
    assert compared(PACKING_LIST, other) == []


def test_a_bill_to_order_need_not_name_the_buyer() -> None:
    to_bank = replace(BILL, consignee=TradeParty("To the order of Bank of Taiwan"))
    assert compared(INVOICE, to_bank) == []


def test_an_insurance_for_less_than_the_invoice_is_told() -> None:
    short = replace(INSURANCE, insured_amount=Amount(Decimal(49_000_000), "USD"))
    (found,) = short_of_invoice([Source("invoice", INVOICE), Source("certificate", short)])
    assert (found.one.value, found.other.value) == ("50000000.00 USD", "49000000 USD")


def test_each_paper_is_held_against_the_first_that_says_it() -> None:
    wrong = replace(BILL, ucr="6TW24536806-2")
    assert [each[0] for each in compared(INVOICE, PACKING_LIST, wrong)] == ["ucr"]
    assert INVOICE.ucr == UCR


@pytest.mark.parametrize(
    ("paper", "field", "limit", "path", "said"),
    [
        (
            replace(INVOICE, total=Amount(Decimal("50000000.01"), "USD")),
            "creditAmount",
            "50000000.00 USD",
            "total",
            "50000000.01 USD",
        ),
        (
            replace(BILL, shipped_on=date(2026, 6, 1)),
            "latestShipmentOn",
            "2026-05-31",
            "shippedOn",
            "2026-06-01",
        ),
        (replace(BILL, issued_on=date(2026, 7, 2)), "expiresOn", "2026-07-01", "issuedOn", "2026-07-02"),
    ],
    ids=["amount", "late shipment", "late document"],
)
def test_what_goes_beyond_the_credit_is_told(
    paper: Paper, field: str, limit: str, path: str, said: str
) -> None:
    found = beyond_credit([Source("paper", paper), Source("credit", CREDIT)])
    assert found == [Discrepancy(field, Citation("credit", field, limit), Citation("paper", path, said))]


@pytest.mark.parametrize(
    ("paper", "field"),
    [
        (replace(INVOICE, seller=TradeParty("Another Seller")), "shipper"),
        (replace(INVOICE, buyer=TradeParty("Another Buyer")), "consignee"),
        (replace(INVOICE, incoterm="FOB"), "incoterm"),
        (replace(INVOICE, total=Amount(Decimal(1), "EUR")), "currency"),
        (replace(BILL, loading=Location("TWTPE")), "loading"),
        (replace(INSURANCE, discharge=Location("NLRTM")), "discharge"),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_the_credit_is_held_against_each_paper(paper: Paper, field: str) -> None:
    found = discrepancies([Source("credit", CREDIT), Source("paper", paper)])
    assert [(each.field, each.one.source, each.other.source) for each in found] == [
        (field, "credit", "paper")
    ]


def test_what_is_declared_to_be_worth_is_held_against_the_invoice() -> None:
    declared = Declared(value=Amount(Decimal("49999999"), "USD"))
    assert compared(declared, INVOICE) == [
        ("value", "goods.value", "49999999 USD", "total", "50000000.00 USD")
    ]
    assert compared(Declared(value=Amount(Decimal("50000000"), "USD")), INVOICE) == []


@pytest.mark.parametrize(
    ("paper", "expected"),
    [
        (
            replace(INVOICE, total=Amount(Decimal("49999999"), "USD")),
            ("value", "customsValue", "50000000.00 USD", "total", "49999999 USD"),
        ),
        (
            replace(BILL, number="ANOTHER"),
            ("transportDocument", "transportDocument", "MCLKHH2611042", "number", "ANOTHER"),
        ),
        (replace(PACKING_LIST, packages=3), ("packages", "packages", "2", "packages", "3")),
    ],
    ids=["invoice", "bill of lading", "packing list"],
)
def test_the_declaration_as_a_document_is_held_against_each_paper(
    paper: Paper, expected: tuple[str, str, str, str, str]
) -> None:
    assert compared(DECLARATION, paper) == [expected]
