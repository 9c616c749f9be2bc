"""Each rule of examination: documents that comply pass it, and one fault is found by it and by no other."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from credit_case import CASE, DOCUMENTS, NET, PRESENTED, SHIPPED, TERMS, spoiled
from isthmus_platform.credit.case import Case, documents_json, read_documents
from isthmus_platform.credit.days import Calendar
from isthmus_platform.credit.examining import RULES, examine
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.parts import Amount, Container, Goods, InvoiceLine, Location, Measure, TradeParty


@dataclass(frozen=True)
class Fault:
    """A case with one fault, and what the finding says: document, field, found, expected."""

    case: Case
    document: str
    field: str
    found: str
    expected: str


def documents(kind: str, paper: dict[str, Any] | None = None, face: dict[str, Any] | None = None) -> Case:
    return replace(CASE, documents=spoiled(kind, paper, face))


def terms(**changes: Any) -> Case:
    return replace(CASE, terms=replace(TERMS, **changes))


OTHER = TradeParty("Another Company")
KG = Measure(Decimal(18000), "KGM")
LINE = InvoiceLine("1", "2 lathes", Amount(Decimal("186500.00"), "USD"))
GOODS = Goods("1", "machining centres", net_mass=NET, hs_code="845710", origin_country="TW")
LATE = replace(CASE, presented_on=date(2026, 6, 11))
ELSEWHERE = Location("CNSHA")

FAULTS = {
    "EXPIRED": Fault(
        replace(terms(presentation_days=99), presented_on=date(2026, 7, 1)),
        *("presentation", "presentedOn", "2026-07-01", "by 2026-06-30"),
    ),
    "LATE_PRESENTATION": Fault(
        LATE,
        "presentation",
        "presentedOn",
        "2026-06-11",
        "by 2026-06-10, 21 days after shipment on 2026-05-20",
    ),
    "LATE_SHIPMENT": Fault(
        terms(latest_shipment=SHIPPED - timedelta(days=1)),
        "705 BILL1",
        "shippedOn",
        "2026-05-20",
        "by 2026-05-19",
    ),
    "OVERDRAWN": Fault(
        replace(CASE, available_minor=18_649_999),
        *("presentation", "amount", "186500.00 USD", "at most 186499.99 USD"),
    ),
    "PARTIAL_SHIPMENT": Fault(
        replace(CASE, drawings=1), "presentation", "drawings", "2", "one drawing alone"
    ),
    "MISSING_DOCUMENT": Fault(
        replace(CASE, documents=DOCUMENTS[:-1]),
        *("presentation", "documents.861", "none", "one, which 46A requires"),
    ),
    "MISSING_ORIGINAL": Fault(
        documents("271", face={"originals": 0, "copies": 1}), "271 PL-417", "originals", "0", "at least 1"
    ),
    "TOO_FEW_DOCUMENTS": Fault(
        documents("705", face={"originals": 2}), "705 BILL1", "originals", "2", "at least 3"
    ),
    "DATED_AFTER": Fault(
        documents("271", {"issued_on": PRESENTED + timedelta(days=1)}),
        *("271 PL-417", "dated", "2026-06-02", "by 2026-06-01"),
    ),
    "INVOICE_ISSUER": Fault(
        documents("380", {"seller": OTHER}),
        *("380 FPM-417", "seller.name", "Another Company", "Formosa Precision Machinery"),
    ),
    "INVOICE_BUYER": Fault(
        documents("380", {"buyer": OTHER}),
        *("380 FPM-417", "buyer.name", "Another Company", "Hanseatische Werkzeugmaschinen GmbH"),
    ),
    "INVOICE_CURRENCY": Fault(
        replace(
            terms(documents=TERMS.documents[:2] + TERMS.documents[3:]),
            documents=spoiled("380", {"total": Amount(Decimal("186500"), "EUR")})[:2] + DOCUMENTS[3:],
        ),
        *("380 FPM-417", "total.currency", "EUR", "USD"),
    ),
    "INVOICE_AMOUNT": Fault(
        documents("380", {"total": Amount(Decimal("186499.99"), "USD")}),
        *("380 FPM-417", "total.value", "186499.99 USD", "at least 186500.00 USD"),
    ),
    "INVOICE_OVER_CREDIT": Fault(
        replace(
            CASE,
            documents=(
                *spoiled("380", {"total": Amount(Decimal("186500.01"), "USD")})[:2],
                *spoiled("520", {"insured_amount": Amount(Decimal("300000"), "USD")})[2:],
            ),
        ),
        *("380 FPM-417", "total.value", "186500.01 USD", "at most 186500.00 USD"),
    ),
    "GOODS_DESCRIPTION": Fault(
        documents("380", {"lines": (LINE,)}),
        *("380 FPM-417", "lines.description", "2 lathes", "2 vertical machining centres VMC-850"),
    ),
    "GOODS_EXTRA": Fault(
        documents("380", {"lines": (LINE, replace(LINE, description=TERMS.goods))}),
        *("380 FPM-417", "lines.description", "2 lathes", f"no goods but {TERMS.goods}"),
    ),
    "GOODS_OTHER": Fault(
        documents("861", {"goods": (replace(GOODS, description="racing cars"),)}),
        *("861 CO-1", "goods.description", "racing cars", "2 vertical machining centres VMC-850"),
    ),
    "INVOICE_INCOTERM": Fault(documents("380", {"incoterm": "FOB"}), "380 FPM-417", "incoterm", "FOB", "CIF"),
    "ORIGIN_SIGNED": Fault(
        documents("861", face={"signed_by": None}),
        *("861 CO-1", "signedBy", "none", "a signature of Kaohsiung Chamber of Commerce"),
    ),
    "ORIGIN_IMPORTER": Fault(
        documents("861", {"importer": OTHER}),
        *("861 CO-1", "importer.name", "Another Company", "Hanseatische Werkzeugmaschinen GmbH"),
    ),
    "BILL_SIGNED": Fault(
        documents("705", face={"signed_as": "ISSUER"}),
        *(
            "705 BILL1",
            "signedBy",
            "Meridian Container Line as ISSUER",
            "the carrier, the master, or an agent of one",
        ),
    ),
    "BILL_CARRIER": Fault(
        documents("705", {"carrier": None}), "705 BILL1", "carrier.name", "none", "the carrier's name"
    ),
    "BILL_ON_BOARD": Fault(
        documents("705", {"shipped_on": None}), "705 BILL1", "onBoard", "none", "a dated on-board notation"
    ),
    "BILL_LOADING": Fault(
        documents("705", {"loading": ELSEWHERE}), "705 BILL1", "loading.code", "CNSHA", "TWKHH"
    ),
    "BILL_DISCHARGE": Fault(
        documents("705", {"discharge": None}), "705 BILL1", "discharge.code", "none", "DEHAM"
    ),
    "BILL_CLEAN": Fault(
        documents("705", face={"clauses": ("crate 2 broken",)}),
        *("705 BILL1", "clauses", "crate 2 broken", "no such clause"),
    ),
    "BILL_TRANSHIPMENT": Fault(
        documents("705", {"containers": ()}, {"transhipped": True}),
        *("705 BILL1", "transhipped", "yes", "not allowed"),
    ),
    "BILL_CONSIGNEE": Fault(
        documents("705", {"to_order": False, "consignee": OTHER}),
        *("705 BILL1", "consignee.name", "Another Company", "TO ORDER"),
    ),
    "BILL_NOTIFY": Fault(
        documents("705", {"notify": None}),
        "705 BILL1",
        "notify.name",
        "none",
        "Hanseatische Werkzeugmaschinen",
    ),
    "BILL_ENDORSED": Fault(
        documents("705", face={"endorsed_by": None}),
        *("705 BILL1", "endorsedBy", "none", "Formosa Precision Machinery"),
    ),
    "BILL_FREIGHT": Fault(
        documents("705", {"freight": "COLLECT"}), "705 BILL1", "freight", "COLLECT", "PREPAID"
    ),
    "BILL_CHARTER_PARTY": Fault(
        documents("705", face={"charter_party": True}),
        *("705 BILL1", "charterParty", "subject to a charter party", "no charter party"),
    ),
    "BILL_ON_DECK": Fault(
        documents("705", face={"on_deck": True}), "705 BILL1", "onDeck", "loaded on deck", "not on deck"
    ),
    "BILL_ORIGINALS": Fault(
        documents("705", {"note": "Issued in 4 originals"}),
        *("705 BILL1", "originals", "3", "4, as it says it was issued in"),
    ),
    "BILL_DATED": Fault(
        documents("705", {"issued_on": None}), "705 BILL1", "issuedOn", "none", "a date of issue"
    ),
    "COVER_AMOUNT": Fault(
        documents("520", {"insured_amount": Amount(Decimal("205149.99"), "USD")}),
        *("520 POL-9", "insuredAmount", "205149.99 USD", "at least 205150.00 USD, 110 % of 186500.00"),
    ),
    "COVER_CURRENCY": Fault(
        documents("520", {"insured_amount": Amount(Decimal(300000), "EUR")}),
        *("520 POL-9", "insuredAmount.currency", "EUR", "USD"),
    ),
    "COVER_DATE": Fault(
        documents("520", face={"effective_on": SHIPPED + timedelta(days=1)}),
        *("520 POL-9", "effectiveOn", "2026-05-21", "by 2026-05-20"),
    ),
    "COVER_SIGNED": Fault(
        documents("520", face={"signed_by": None}),
        *("520 POL-9", "signedBy", "none", "insurer, underwriter, or agent or proxy of one"),
    ),
    "COVER_RISKS": Fault(
        documents("520", {"clauses": "ICC (C)"}), "520 POL-9", "clauses", "ICC (C)", "ICC (A)"
    ),
    "COVER_PLACES": Fault(
        documents("520", {"discharge": Location("NLRTM")}), "520 POL-9", "discharge.code", "NLRTM", "DEHAM"
    ),
    "COVER_ORIGINALS": Fault(
        documents("520", face={"originals": 1}),
        "520 POL-9",
        "originals",
        "1",
        "2, as it says it was issued in",
    ),
    "GROSS_MASS": Fault(
        documents("271", {"gross_mass": KG}), "271 PL-417", "grossMass", "18000 KGM", "18450.5 KGM"
    ),
    "NET_MASS": Fault(
        documents("861", {"goods": (replace(GOODS, net_mass=KG),)}),
        *("861 CO-1", "goods.netMass", "18000 KGM", "17200 KGM"),
    ),
    "VOLUME": Fault(
        documents("271", {"volume": Measure(Decimal(41), "MTQ")}), "271 PL-417", "volume", "41 MTQ", "42 MTQ"
    ),
    "PACKAGES": Fault(documents("271", {"packages": 3}), "271 PL-417", "packages", "3", "2"),
    "CONTAINERS": Fault(
        documents("271", {"containers": (Container("MCLU4200185"),)}),
        *("271 PL-417", "containers", "MCLU4200185", "MCLU4200170"),
    ),
    "VESSEL": Fault(
        documents("520", {"vessel": "Meridian Dawn"}),
        "520 POL-9",
        "vessel",
        "Meridian Dawn",
        "Meridian Aurora",
    ),
    "VOYAGE": Fault(documents("520", {"voyage": "2612W"}), "520 POL-9", "voyage", "2612W", "2611W"),
    "INVOICE_NUMBER": Fault(
        documents("271", {"invoice_number": "FPM-418"}), "271 PL-417", "invoiceNumber", "FPM-418", "FPM-417"
    ),
    "ORIGIN_COUNTRY": Fault(
        documents("861", {"goods": (replace(GOODS, origin_country="CN"),)}),
        *("861 CO-1", "goods.originCountry", "CN", "TW"),
    ),
    "HS_CODE": Fault(
        documents("861", {"goods": (replace(GOODS, hs_code="845811"),)}),
        *("861 CO-1", "goods.hsCode", "845811", "845710"),
    ),
    "UCR": Fault(documents("271", {"ucr": "OTHER"}), "271 PL-417", "ucr", "OTHER", "6TW24536806-1"),
}


def test_what_complies_is_found_to_comply() -> None:
    assert examine(CASE) == []


def test_each_rule_has_a_code_an_article_and_a_fault_of_its_own() -> None:
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes)) >= 30
    assert set(codes) == set(FAULTS)
    assert all(rule.article.startswith(("UCP 600 art. ", "ISBP 821 para. ")) for rule in RULES)


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_a_fault_is_found_by_its_rule_alone_and_cited(code: str) -> None:
    fault = FAULTS[code]
    (finding,) = examine(fault.case)
    said = (finding.rule, finding.document, finding.field, finding.found, finding.expected)
    assert said == (code, fault.document, fault.field, fault.found, fault.expected)
    assert finding.article == next(rule.article for rule in RULES if rule.code == code)
    assert finding.against


def test_a_last_day_that_is_no_banking_day_is_moved_to_the_next() -> None:
    holiday = Calendar.of([date(2026, 6, 10), date(2026, 6, 11)])
    assert examine(replace(LATE, calendar=holiday)) == [], "the 21st day and the next are holidays"
    assert examine(replace(LATE, presented_on=date(2026, 6, 12), calendar=holiday)) == []
    assert len(examine(replace(LATE, presented_on=date(2026, 6, 13), calendar=holiday))) == 1


def test_five_percent_less_is_no_partial_shipment() -> None:
    least = 18_650_000 * 95 // 100
    assert examine(replace(CASE, claimed_minor=least)) == []
    assert [one.rule for one in examine(replace(CASE, claimed_minor=least - 1))] == ["PARTIAL_SHIPMENT"]


def test_in_containers_goods_may_be_transhipped() -> None:
    assert examine(documents("705", face={"transhipped": True})) == []


def test_documents_come_back_from_json_as_they_were() -> None:
    assert read_documents(documents_json(DOCUMENTS)) == DOCUMENTS


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ([], "documents", "count"),
        ([{"type": "999", "data": {}}], "documents.0.type", "no_typed_data"),
        ([{"type": "380", "data": {"number": 1}}], "documents.0.data.number", "type"),
        (
            [{"type": "271", "data": {"number": "1"}, "face": {"seen": 1}}],
            "documents.0.face.seen",
            "unknown_member",
        ),
        (
            [{"type": "271", "data": {"number": "1"}, "face": {"dated": "2026-02-29"}}],
            "documents.0.face.dated",
            "format",
        ),
    ],
    ids=["none", "untyped", "wrong member", "unknown face", "no leap day"],
)
def test_bad_documents_are_refused_with_their_place(given: object, field: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_documents(given)
    assert (refusal.value.field, refusal.value.code) == (field, code)
