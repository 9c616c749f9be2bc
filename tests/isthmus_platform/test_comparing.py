"""Papers of one trade are held against each other, and a mismatch cites both places."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from isthmus_platform.papers.comparing import (
    Citation,
    Declared,
    Discrepancy,
    Source,
    discrepancies,
    short_of_invoice,
)
from isthmus_platform.papers.kinds import Paper
from isthmus_platform.papers.parts import Amount, Location, Measure, TradeParty
from papers_of_trade import ALL, BILL, BOXES, INSURANCE, INVOICE, PACKING_LIST, UCR, WAYBILL


def compared(*papers: Any) -> list[tuple[str, str, str, str, str]]:
    found = discrepancies([Source(str(number), paper) for number, paper in enumerate(papers)])
    return [(each.field, each.one.path, each.one.value, each.other.path, each.other.value) for each in found]


def test_papers_that_agree_have_no_discrepancy() -> None:
    papers = [Source(name, paper) for name, paper in ALL.items() if paper is not WAYBILL]
    assert discrepancies(papers) == []
    assert short_of_invoice(papers) == []


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
