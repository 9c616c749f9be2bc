"""How documents are read in an examination: the same in other words is no fault, another thing is one."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from credit_case import BUYER, CASE, DOCUMENTS, GOODS, SELLER, TERMS, spoiled
from isthmus_platform.credit.case import Case
from isthmus_platform.credit.examining import examine
from isthmus_platform.credit.wording import names, originals_stated, same_name
from isthmus_platform.papers.carriage import Carriage
from isthmus_platform.papers.parts import Amount, Goods, InvoiceLine, Location, TradeParty

NOTHING = Amount(Decimal("0.00"), "USD")
SHIPPED_GOODS = Goods("1", "machining centres", hs_code="845710", origin_country="TW")


def case(kind: str, face: dict[str, Any] | None = None, **paper: Any) -> Case:
    return replace(CASE, documents=spoiled(kind, paper, face))


def found(given: Case) -> list[str]:
    return [finding.rule for finding in examine(given)]


def invoiced(*descriptions: str, goods: str = GOODS) -> Case:
    full = Amount(Decimal("186500.00"), "USD")
    lines = tuple(
        InvoiceLine(str(number), each, NOTHING if number > 1 else full)
        for number, each in enumerate(descriptions, 1)
    )
    return replace(case("380", lines=lines), terms=replace(TERMS, goods=goods))


@pytest.mark.parametrize(
    "extra",
    [
        "Two racing cars, free of charge",
        "Spare parts for vertical machining centres, free of charge",
        "Samples",
        "1 vertical machining centre VMC-850, free of charge",
        "1 vertical machining centre VMC-990",
        "Colour televisions",
        "Insurance agency's calendars",
    ],
)
def test_goods_that_the_credit_does_not_call_for_are_found_even_if_free(extra: str) -> None:
    (finding,) = examine(invoiced(GOODS, extra))
    said = (finding.rule, finding.article, finding.found, finding.expected)
    assert said == ("GOODS_EXTRA", "ISBP 821 para. C12", extra, f"no goods but {GOODS}")
    assert found(invoiced(extra, GOODS)) == ["GOODS_EXTRA"], "in whatever order"


@pytest.mark.parametrize(
    "line",
    [
        "Freight and insurance",
        "Less advance payment",
        "Discount",
        "Serial numbers 4471 and 4472",
        "Packed in 2 wooden crates",
        "As per proforma invoice 417",
        "Country of origin: Taiwan",
        "HS code 845710",
    ],
)
def test_a_line_that_sells_nothing_is_no_goods(line: str) -> None:
    assert found(invoiced(GOODS, line)) == []


def test_a_description_may_stand_in_several_lines() -> None:
    both = "2 vertical machining centres VMC-850 and 3 CNC lathes TL-25"
    lines = both.split(" and ")
    assert found(invoiced(*lines, goods=both)) == []
    assert found(invoiced(*lines, "Freight", goods=both)) == []
    assert found(invoiced(lines[0], goods=both)) == ["GOODS_DESCRIPTION"]
    assert found(invoiced(*lines, "1 racing car", goods=both)) == ["GOODS_EXTRA"]


@pytest.mark.parametrize("kind", ["705", "271", "861"])
def test_other_goods_than_the_credits_are_found_on_any_document(kind: str) -> None:
    given = next(one.paper for one in DOCUMENTS if one.type == kind)
    other = tuple(replace(goods, description="Racing cars") for goods in getattr(given, "goods", ()))
    (finding,) = examine(case(kind, goods=other))
    said = (finding.rule, finding.document[:3], finding.field, finding.found, finding.expected)
    assert said == ("GOODS_OTHER", kind, "goods.description", "Racing cars", GOODS)


def test_other_goods_are_found_in_an_insurance_document() -> None:
    (finding,) = examine(case("520", goods_description="2 sets of racing cars"))
    assert (finding.rule, finding.field) == ("GOODS_OTHER", "goodsDescription")


@pytest.mark.parametrize(
    "general",
    [
        "Machine tools",
        "MACHINERY",
        "Two vertical machining centers in wooden crates",
        "General cargo",
        "2 crates, said to contain goods as per invoice",
        "Freight of all kinds",
    ],
)
def test_general_terms_that_do_not_conflict_are_no_fault(general: str) -> None:
    assert found(case("705", goods=(replace(SHIPPED_GOODS, description=general),))) == []
    assert found(case("520", goods_description=general)) == []


def test_one_of_several_goods_that_is_another_is_found() -> None:
    goods = (SHIPPED_GOODS, replace(SHIPPED_GOODS, number="2", description="2 racing cars"))
    assert found(case("705", goods=goods)) == ["GOODS_OTHER"]


@pytest.mark.parametrize("name", ["Formosa", "Formosa Precision", "Precision Machinery", f"{SELLER} Europe"])
def test_an_invoice_of_less_or_more_than_the_beneficiarys_name_is_anothers(name: str) -> None:
    assert found(case("380", seller=TradeParty(name))) == ["INVOICE_ISSUER"]


@pytest.mark.parametrize("name", ["Hanseatische", "Hanseatische Werkzeugmaschinen", "Hanseatische AG"])
def test_an_invoice_to_a_part_of_the_applicants_name_is_to_another(name: str) -> None:
    assert found(case("380", buyer=TradeParty(name))) == ["INVOICE_BUYER"]


@pytest.mark.parametrize("name", ["GmbH", "Hanseatische", "Werkzeugmaschinen GmbH"])
def test_an_importer_who_has_a_part_of_the_name_is_another(name: str) -> None:
    both = spoiled("705", {"consignee": TradeParty(f"To order of {BUYER}")})[1]
    documents = tuple(
        both if one.type == "705" else one for one in spoiled("861", {"importer": TradeParty(name)})
    )
    given = replace(CASE, terms=replace(TERMS, bill_to=f"TO ORDER OF {BUYER}"), documents=documents)
    assert found(given) == ["ORIGIN_IMPORTER"]
    importer = {"importer": TradeParty("HANSEATISCHE WERKZEUGMASCHINEN, GMBH")}
    same = tuple(both if one.type == "705" else one for one in spoiled("861", importer))
    other = replace(TERMS, applicant=("Another Company",), bill_to=f"TO ORDER OF {BUYER}")
    assert found(replace(CASE, terms=other, documents=same)) == ["INVOICE_BUYER"], "it is the consignee's"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Formosa Precision Machinery Co., Ltd.", "FORMOSA PRECISION MACHINERY COMPANY LIMITED"),
        ("Werkzeug-Maschinen G.m.b.H.", "Werkzeugmaschinen Gesellschaft mit beschränkter Haftung"),
        ("Smith & Sons Int'l", "Smith and Sons International"),
        ("Müller AG", "Mueller Aktiengesellschaft"),
        ("Müller AG", "MULLER AG"),
        ("Acier S.A.", "Acier SA"),
        ("Tan Pte. Ltd.", "Tan Private Limited"),
    ],
)
def test_a_name_is_the_same_in_other_letters(one: str, other: str) -> None:
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Formosa Ltd", "Formosa GmbH"),
        ("Formosa Trading", "Formosa Trading Holding"),
        ("---", "..."),
        ("Müller AG", "Moller AG"),
    ],
)
def test_another_name_is_not_the_same(one: str, other: str) -> None:
    assert not same_name(one, other)


LINES = ("Formosa Precision Machinery Co.,", "Ltd.", "Kaohsiung")


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("Formosa Precision Machinery Co., Ltd.", True),
        ("Formosa Precision Machinery Company Limited", True),
        ("Formosa Precision Machinery Co., Ltd., Kaohsiung", True),
        ("Formosa Precision Machinery Co.", False),
        ("Formosa Precision Machinery", False),
        ("Formosa", False),
    ],
)
def test_a_name_in_lines_is_read_with_its_legal_form(name: str, held: bool) -> None:
    assert names(LINES, name) is held


def test_a_name_may_end_within_a_line_after_its_legal_form() -> None:
    assert names(("Formosa Trading Ltd, 12 Jhongshan Rd",), "Formosa Trading Limited")
    assert not names(("Formosa, Trading Ltd",), "Formosa")
    assert names(("Acier", "S.A."), "Acier SA")
    assert not names(("Acier", "S.A."), "Acier")


@pytest.mark.parametrize("vessel", [None, "TBN", "Intended vessel Meridian Aurora"], ids=str)
def test_a_bill_that_names_no_vessel_is_not_on_board(vessel: str | None) -> None:
    bill, cover = (spoiled(kind, {"vessel": vessel}) for kind in ("705", "520"))
    (finding,) = examine(replace(CASE, documents=(DOCUMENTS[0], bill[1], cover[2], *DOCUMENTS[3:])))
    said = (finding.rule, finding.field, finding.found, finding.expected)
    assert said == ("BILL_ON_BOARD", "vessel", vessel or "none", "a named vessel")


@pytest.mark.parametrize("end", ["loading", "discharge"])
def test_cover_that_does_not_say_between_which_places_is_found(end: str) -> None:
    (finding,) = examine(case("520", **{end: None}))
    wanted = getattr(TERMS, end).code
    assert (finding.rule, finding.field, finding.found) == ("COVER_PLACES", f"{end}.code", "none")
    assert finding.expected == wanted
    unsaid: dict[str, Any] = {end: None}
    asks_nothing = replace(case("520", **unsaid), terms=replace(TERMS, **unsaid))
    assert found(asks_nothing) == [], "the credit has no such place"


STATED = {
    "Issued in duplicate": 2,
    "This policy is issued in triplicate.": 3,
    "Issued in 2 originals": 2,
    "ISSUED IN TWO (2) ORIGINALS.": 2,
    "Two originals": 2,
    "3/3 originals": 3,
    "3/3": 3,
    "Full set 3/3": 3,
    "Number of original bills: THREE (3)": 3,
    "No. of original B(s)/L: 3": 3,
    "Number of originals: 3. Freight 12": 3,
    "No. of B/Ls issued: 3": 3,
    "Original B/L: 3/3": 3,
    "Original 1 of 2": 2,
    "First original of two": 2,
    "Three original bills of lading have been signed": 3,
    "Issued in one original and 3 copies": 1,
    "In duplicate": 2,
    "Clean": 0,
    "2 copies": 0,
    "Two originals of the invoice seen": 0,
    "Survey report in duplicate attached": 0,
    "2 original manuals in crate 2": 0,
    "2 of 3 crates, order 88": 0,
    "1/2 crates": 0,
}


@pytest.mark.parametrize(("text", "number"), STATED.items(), ids=list(STATED))
def test_a_document_says_in_how_many_originals_it_was_issued(text: str, number: int) -> None:
    assert originals_stated(text) == number


@pytest.mark.parametrize("note", [text for text, number in STATED.items() if number > 1])
def test_fewer_originals_than_a_document_says_are_found(note: str) -> None:
    stated = STATED[note]
    fewer, all_of_them = {"originals": stated - 1}, {"originals": stated}
    assert found(case("520", fewer, note=note)) == ["COVER_ORIGINALS"]
    assert found(case("520", all_of_them, note=note)) == []
    bill = replace(TERMS, documents=tuple(replace(one, originals=1, copies=0) for one in TERMS.documents))
    assert found(replace(case("705", fewer, note=note), terms=bill)) == ["BILL_ORIGINALS"]
    assert found(replace(case("705", all_of_them, note=note), terms=bill)) == []


def test_originals_of_one_document_that_come_apart_are_counted_together() -> None:
    apart = tuple(
        half
        for one in spoiled("705", {"note": "Issued in 4 originals"}, {"originals": 2})
        for half in ((one, one) if one.type == "705" else (one,))
    )
    assert found(replace(CASE, documents=apart)) == []
    short = spoiled("705", {"note": "Issued in 4 originals"})
    assert found(replace(CASE, documents=short)) == ["BILL_ORIGINALS"]


def test_the_full_set_is_what_the_carriage_says() -> None:
    four = Carriage(number_of_originals_with_charges=1, number_of_originals_without_charges=3)
    (finding,) = examine(case("705", carriage=four))
    assert (finding.rule, finding.found) == ("BILL_ORIGINALS", "3")
    assert finding.expected == "4, as it says it was issued in"
    assert found(case("705", carriage=replace(four, number_of_originals_with_charges=None))) == []
    assert found(case("705", carriage=replace(four, electronic=True))) == [], "there is one record"


@pytest.mark.parametrize(
    "by",
    [
        f"NOT ENDORSED BY {SELLER}",
        f"{SELLER}, not yet",
        f"Agents of {SELLER}",
        "Formosa",
        f"{SELLER} for and on behalf of Another Company",
    ],
)
def test_an_endorsement_by_another_is_none(by: str) -> None:
    assert found(case("705", {"endorsed_by": by})) == ["BILL_ENDORSED"]


@pytest.mark.parametrize(
    "by",
    [
        SELLER.upper(),
        f"For and on behalf of {SELLER}",
        f"Strait Forwarders Ltd on behalf of {SELLER}",
        f"{SELLER}, by Lin Mei-hua, director",
        f"Endorsed by {SELLER}",
        f"p.p. {SELLER}",
    ],
)
def test_an_endorsement_by_the_shipper_or_for_him_is_one(by: str) -> None:
    assert found(case("705", {"endorsed_by": by})) == []


@pytest.mark.parametrize("name", ["Shipper", "To the order of shipper", f"To order of {SELLER.upper()}"])
def test_a_bill_to_the_shippers_order_is_endorsed_however_he_is_called(name: str) -> None:
    plain = replace(TERMS, bill_to=None)
    whose = TradeParty(name)
    bare = case("705", {"endorsed_by": None}, consignee=whose)
    assert found(replace(bare, terms=plain)) == ["BILL_ENDORSED"]
    assert found(replace(case("705", consignee=whose), terms=plain)) == []


def test_a_bill_to_a_banks_order_needs_no_endorsement_of_the_shipper() -> None:
    named = case("705", {"endorsed_by": None}, consignee=TradeParty("To order of Hansa Handelsbank"))
    assert found(replace(named, terms=replace(TERMS, bill_to=None))) == []


def test_a_denied_endorsement_of_a_bill_without_a_shipper_is_none() -> None:
    assert found(case("705", {"endorsed_by": "not endorsed"}, shipper=None)) == ["BILL_ENDORSED"]
    assert found(case("705", {"endorsed_by": SELLER}, shipper=None)) == []


def test_places_of_cover_are_those_of_the_credit() -> None:
    assert found(case("520", loading=Location("CNSHA"))) == ["COVER_PLACES"]
