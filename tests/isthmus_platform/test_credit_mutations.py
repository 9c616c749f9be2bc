"""The documents that comply, broken in one thing and in several ways: exactly its rule finds each.

What is harmless of the same thing, beside each fault, is found by none.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_case import BUYER, CASE, DOCUMENTS, GOODS, SELLER, SHIPPED, TERMS, spoiled
from isthmus_platform.credit.case import Case
from isthmus_platform.credit.examining import RULES, examine
from isthmus_platform.credit.wording import same_name
from isthmus_platform.papers.parts import Amount, Container, Goods, InvoiceLine, Location, Measure, TradeParty

DAY = timedelta(days=1)
USD = Amount(Decimal("186500.00"), "USD")
PACKED = Goods("1", "machining centres", hs_code="845710", origin_country="TW")
HEAVY = Measure(Decimal(17200), "KGM")


def of(kind: str, face: dict[str, Any] | None = None, **paper: Any) -> Case:
    return replace(CASE, documents=spoiled(kind, paper, face))


def under(given: Case = CASE, **terms: Any) -> Case:
    return replace(given, terms=replace(TERMS, **terms))


def lines(*texts: str) -> Case:
    return of("380", lines=tuple(InvoiceLine(str(n), text, USD) for n, text in enumerate(texts, 1)))


def without(kind: str) -> Case:
    return replace(CASE, documents=tuple(one for one in DOCUMENTS if one.type != kind))


def insured(value: str, currency: str = "USD") -> Case:
    return of("520", insured_amount=Amount(Decimal(value), currency))


def invoiced(value: str, cover: str = "300000") -> Case:
    invoice = spoiled("380", {"total": Amount(Decimal(value), "USD")})[0]
    return replace(CASE, documents=(invoice, *insured(cover).documents[1:]))


def measured(kind: str, value: str, unit: str, name: str) -> Case:
    said: dict[str, Any] = {name: Measure(Decimal(value), unit)}
    return of(kind, **said)


def packed(kind: str, **goods: Any) -> Case:
    masses = {"271": HEAVY, "861": HEAVY}
    return of(kind, goods=(replace(PACKED, net_mass=masses.get(kind), **goods),))


def party(kind: str, member: str, name: str) -> Case:
    said: dict[str, Any] = {member: TradeParty(name)}
    return of(kind, **said)


BROKEN: Mapping[str, tuple[Case, ...]] = {
    "EXPIRED": tuple(
        under(replace(CASE, presented_on=day), presentation_days=99)
        for day in (date(2026, 7, 1), date(2026, 8, 3))
    ),
    "LATE_PRESENTATION": (
        replace(CASE, presented_on=date(2026, 6, 11)),
        under(presentation_days=5),
    ),
    "LATE_SHIPMENT": (
        under(latest_shipment=SHIPPED - DAY),
        under(of("705", {"on_board": SHIPPED + DAY}), latest_shipment=SHIPPED),
    ),
    "OVERDRAWN": (replace(CASE, available_minor=18_649_999), replace(CASE, available_minor=0)),
    "PARTIAL_SHIPMENT": (replace(CASE, drawings=3), replace(CASE, claimed_minor=1)),
    "MISSING_DOCUMENT": tuple(without(kind) for kind in ("271", "520", "861")),
    "MISSING_ORIGINAL": tuple(of(kind, {"originals": 0, "copies": 4}) for kind in ("380", "271", "861")),
    "TOO_FEW_DOCUMENTS": (
        of("705", {"originals": 1}),
        of("380", {"copies": 0}),
        of("380", {"originals": 2, "copies": 0}),
    ),
    "DATED_AFTER": (
        of("271", {"dated": date(2026, 6, 2)}),
        of("861", issued_on=date(2027, 1, 1)),
        of("380", issued_on=date(2026, 6, 2)),
    ),
    "INVOICE_ISSUER": tuple(
        party("380", "seller", name)
        for name in (SELLER.split()[0], f"{SELLER} Branch", SELLER[:-1], SELLER[1:], BUYER)
    ),
    "INVOICE_BUYER": tuple(
        party("380", "buyer", name) for name in (BUYER.split()[0], BUYER[:-5], f"{BUYER} Nord", SELLER)
    ),
    "INVOICE_CURRENCY": tuple(
        under(
            replace(
                CASE,
                documents=tuple(
                    one
                    for one in spoiled("380", {"total": Amount(Decimal(value), "EUR")})
                    if one.type != "520"
                ),
            ),
            documents=tuple(one for one in TERMS.documents if one.type != "520"),
        )
        for value in ("186500", "1")
    ),
    "INVOICE_AMOUNT": (invoiced("186499.99"), invoiced("0.01")),
    "INVOICE_OVER_CREDIT": (invoiced("186500.01"), invoiced("200000")),
    "INVOICE_INCOTERM": (of("380", incoterm=None), of("380", incoterm="CIP")),
    "ORIGIN_SIGNED": (of("861", {"signed_by": None}), of("861", {"signed_by": None, "signed_as": None})),
    "ORIGIN_IMPORTER": tuple(party("861", "importer", name) for name in (SELLER, BUYER[:-5], "GmbH")),
    "GOODS_DESCRIPTION": (
        lines("2 racing cars"),
        lines("3 vertical machining centres VMC-850"),
        lines("2 vertical machining centres VMC-990"),
        lines("machining centres"),
    ),
    "GOODS_EXTRA": (
        lines(GOODS, "Two racing cars, free of charge"),
        lines("A calendar", GOODS),
        lines(GOODS, "Freight", "Tools for machining centres"),
    ),
    "GOODS_OTHER": (
        packed("705", description="Racing cars"),
        packed("861", description="2 crates of bananas"),
        packed("271", description="Steel coils, free of charge"),
        of("520", goods_description="Bulk wheat"),
    ),
    "BILL_SIGNED": (
        of("705", {"signed_by": None}),
        of("705", {"signed_as": None}),
        of("705", {"signed_as": "INSURER"}),
    ),
    "BILL_CARRIER": (of("705", carrier=None), under(of("705", carrier=None), freight=None)),
    "BILL_ON_BOARD": (
        of("705", shipped_on=None),
        of("705", vessel=None),
    ),
    "BILL_LOADING": (of("705", loading=None), of("705", loading=Location("TWKEL"))),
    "BILL_DISCHARGE": (of("705", discharge=None), of("705", discharge=Location("DEBRV"))),
    "BILL_CLEAN": (of("705", {"clauses": ("crate 2 broken",)}), of("705", {"clauses": ("rust",)})),
    "BILL_TRANSHIPMENT": (
        of("705", {"transhipped": True}, containers=()),
        under(of("705", {"transhipped": True}, containers=()), freight=None),
    ),
    "BILL_CONSIGNEE": (
        of("705", to_order=False),
        party("705", "consignee", "Hansa Handelsbank"),
        under(bill_to="TO ORDER OF HANSA HANDELSBANK"),
    ),
    "BILL_NOTIFY": (of("705", notify=None), party("705", "notify", "Another Company")),
    "BILL_ENDORSED": tuple(
        of("705", {"endorsed_by": by}) for by in (None, BUYER, f"NOT ENDORSED BY {SELLER}", "Formosa")
    ),
    "BILL_FREIGHT": (of("705", freight=None), of("705", freight="COLLECT"), under(freight="COLLECT")),
    "BILL_CHARTER_PARTY": (
        of("705", {"charter_party": True}),
        under(of("705", {"charter_party": True}), transhipment=True),
    ),
    "BILL_ON_DECK": (
        of("705", {"on_deck": True}),
        under(of("705", {"on_deck": True}), transhipment=True),
    ),
    "BILL_ORIGINALS": (
        of("705", note="Issued in 4 originals"),
        of("705", note="Number of original bills: FOUR (4)"),
        of("705", note="Clean on board. Issued in quadruplicate"),
    ),
    "BILL_DATED": (of("705", issued_on=None), of("705", {"on_board": SHIPPED}, issued_on=None)),
    "COVER_AMOUNT": (insured("205149.99"), insured("1"), under(insurance_percent=111)),
    "COVER_CURRENCY": (insured("300000", "EUR"), insured("1", "GBP")),
    "COVER_DATE": (
        of("520", issued_on=SHIPPED + DAY),
        of("520", {"effective_on": SHIPPED + DAY}),
        of("520", {"dated": SHIPPED + DAY}),
    ),
    "COVER_SIGNED": (
        of("520", {"signed_by": None}),
        of("520", {"signed_as": None}),
        of("520", {"signed_as": "CARRIER"}),
    ),
    "COVER_RISKS": tuple(
        of("520", clauses=clauses)
        for clauses in ("ICC (C)", "All risks excluding ICC (A)", "war", "ICC", "(A) ICC")
    ),
    "COVER_PLACES": (
        of("520", loading=None),
        of("520", discharge=None),
        of("520", loading=Location("CNSHA")),
        of("520", discharge=Location(None, "anywhere")),
    ),
    "COVER_ORIGINALS": tuple(
        of("520", note=note)
        for note in ("Issued in triplicate", "Issued in 3 originals", "Three originals", "3/3")
    ),
    "GROSS_MASS": (
        measured("271", "18450.4", "KGM", "gross_mass"),
        measured("861", "18450.5", "LBR", "gross_mass"),
    ),
    "NET_MASS": (
        measured("271", "17201", "KGM", "net_mass"),
        of("861", goods=(replace(PACKED, net_mass=Measure(Decimal(1), "TNE")),)),
    ),
    "VOLUME": (measured("271", "41.9", "MTQ", "volume"), measured("271", "42", "LTR", "volume")),
    "PACKAGES": (of("271", packages=3), of("861", packages=0)),
    "CONTAINERS": (
        of("271", containers=(Container("MCLU4200185"),)),
        of("520", containers=(Container("MCLU4200170"), Container("MCLU4200185"))),
    ),
    "VESSEL": (of("520", vessel="Meridian Dawn"), of("520", vessel="Meridian")),
    "VOYAGE": (of("520", voyage="2611E"), of("520", voyage="2611")),
    "INVOICE_NUMBER": (of("271", invoice_number="FPM-41"), of("271", invoice_number="417")),
    "ORIGIN_COUNTRY": tuple(packed(kind, origin_country="CN") for kind in ("705", "271", "861")),
    "HS_CODE": tuple(packed(kind, hs_code="845811") for kind in ("705", "271", "861")),
    "UCR": tuple(of(kind, ucr="6TW24536806-2") for kind in ("705", "271", "520", "861")),
}

HARMLESS: Mapping[str, Case] = {
    "presented on the last day": replace(CASE, presented_on=date(2026, 6, 10)),
    "shipped on the last day": under(latest_shipment=SHIPPED),
    "more documents than wanted": of("271", {"originals": 3, "copies": 3}),
    "originals in place of copies": of("380", {"originals": 3, "copies": 0}),
    "dated on the day of presentation": of("271", {"dated": CASE.presented_on}),
    "the seller in capitals": party("380", "seller", SELLER.upper()),
    "the buyer with dots": party("380", "buyer", BUYER.replace("GmbH", "G.m.b.H.")),
    "the buyer apart": party("380", "buyer", BUYER.replace("zeugma", "zeug-Ma")),
    "no importer": of("861", importer=None),
    "freight as a line": lines(GOODS, "Freight and insurance"),
    "goods in capitals": lines(GOODS.upper()),
    "goods in general terms": packed("705", description="Machine tools"),
    "goods unsaid": of("705", goods=()),
    "signed by the master": of("705", {"signed_by": "Captain Lin", "signed_as": "MASTER"}),
    "on board by a notation": of("705", {"on_board": SHIPPED}, shipped_on=None),
    "as many originals as issued": of("705", note="Issued in three (3) originals"),
    "insured for more": insured("205150.01"),
    "insured on the day": of("520", {"effective_on": SHIPPED}, issued_on=SHIPPED),
    "signed by a proxy": of("520", {"signed_as": "PROXY"}),
    "an exclusion of other risks": of("520", clauses="ICC (A), excluding strikes"),
    "the mass in tonnes": measured("271", "18.4505", "TNE", "gross_mass"),
    "the vessel in capitals": of("520", vessel="MERIDIAN AURORA"),
    "the vessel unsaid": of("520", vessel=None, voyage=None),
    "a longer commodity code": packed("271", hs_code="84571000"),
}


def found(case: Case) -> set[str]:
    return {finding.rule for finding in examine(case)}


def test_every_rule_is_broken_in_several_ways() -> None:
    assert set(BROKEN) == {rule.code for rule in RULES}
    assert all(len(cases) > 1 for cases in BROKEN.values())


@pytest.mark.parametrize("code", sorted(BROKEN))
def test_what_breaks_one_thing_is_found_by_its_rule_alone(code: str) -> None:
    assert [found(case) for case in BROKEN[code]] == [{code}] * len(BROKEN[code])


@pytest.mark.parametrize("what", sorted(HARMLESS))
def test_what_is_harmless_is_not_found(what: str) -> None:
    assert examine(HARMLESS[what]) == []


WORDS = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=8).filter(lambda word: word != "and"),
    min_size=2,
    max_size=5,
)


@given(WORDS, st.data())
def test_a_name_is_the_same_in_any_case_and_punctuation_and_a_part_of_it_never(
    name: list[str], data: st.DataObject
) -> None:
    between = data.draw(st.lists(st.sampled_from([" ", ", ", "-", "  ", ". "]), min_size=len(name)))
    written = "".join(word.upper() + gap for word, gap in zip(name, between[: len(name)], strict=True))
    assert same_name(" ".join(name), written)
    part = data.draw(st.integers(1, len(name) - 1))
    assert not same_name(" ".join(name), " ".join(name[:part]))
    assert not same_name(" ".join(name), " ".join(name[part:]))
