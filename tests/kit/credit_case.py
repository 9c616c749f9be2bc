"""A credit and documents that comply with it, to be spoiled in one place."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from isthmus_platform.credit.case import Case, Face, Presented
from isthmus_platform.credit.days import Calendar
from isthmus_platform.credit.terms import RequiredDocument, Terms
from isthmus_platform.papers.kinds import (
    CertificateOfOrigin,
    CommercialInvoice,
    InsuranceCertificate,
    PackingList,
    Paper,
    TransportDocument,
)
from isthmus_platform.papers.parts import Amount, Container, Goods, InvoiceLine, Location, Measure, TradeParty

SELLER, BUYER = "Formosa Precision Machinery", "Hanseatische Werkzeugmaschinen GmbH"
GOODS = "2 vertical machining centres VMC-850"
SHIPPED, PRESENTED = date(2026, 5, 20), date(2026, 6, 1)
TERMS = Terms(
    reference="LC-2026-0417",
    currency="USD",
    amount_minor=18_650_000,
    applicant=(BUYER, "Kehrwieder 8", "20457 Hamburg"),
    beneficiary=(SELLER, "Kaohsiung"),
    expires_on=date(2026, 6, 30),
    expires_at="KAOHSIUNG",
    goods=GOODS,
    documents=(
        RequiredDocument(type="380", originals=1, copies=2),
        RequiredDocument(type="705", originals=3),
        RequiredDocument(type="520", originals=1),
        RequiredDocument(type="271", originals=1),
        RequiredDocument(type="861", originals=1),
    ),
    partial_shipments=False,
    transhipment=False,
    loading=Location("TWKHH", "KAOHSIUNG"),
    discharge=Location("DEHAM", "HAMBURG"),
    latest_shipment=date(2026, 5, 31),
    incoterm="CIF",
    incoterm_place="HAMBURG",
    bill_to="TO ORDER",
    notify="Hanseatische Werkzeugmaschinen",
    freight="PREPAID",
    insurance_clauses="ICC (A)",
    conditions=("ALL DOCUMENTS IN ENGLISH",),
)
CONTAINERS = (Container("MCLU4200170"),)
MASS = Measure(Decimal("18450.5"), "KGM")
NET = Measure(Decimal(17200), "KGM")
VOLUME = Measure(Decimal(42), "MTQ")
COMMON: dict[str, Any] = {"ucr": "6TW24536806-1"}
PAPERS: tuple[tuple[Paper, Face], ...] = (
    (
        CommercialInvoice(
            number="FPM-417",
            issued_on=date(2026, 5, 15),
            seller=TradeParty(SELLER),
            buyer=TradeParty(BUYER),
            currency="USD",
            total=Amount(Decimal("186500.00"), "USD"),
            lines=(
                InvoiceLine(
                    "1", GOODS, Amount(Decimal("186500.00"), "USD"), hs_code="845710", origin_country="TW"
                ),
            ),
            incoterm="CIF",
            **COMMON,
        ),
        Face(originals=1, copies=2, signed_by=SELLER, signed_as="ISSUER"),
    ),
    (
        TransportDocument(
            type="705",
            number="BILL1",
            issued_on=SHIPPED,
            shipped_on=SHIPPED,
            shipper=TradeParty(SELLER),
            carrier=TradeParty("Meridian Container Line"),
            notify=TradeParty(BUYER),
            to_order=True,
            vessel="Meridian Aurora",
            voyage="2611W",
            loading=Location("TWKHH"),
            discharge=Location("DEHAM"),
            gross_mass=MASS,
            volume=VOLUME,
            packages=2,
            freight="PREPAID",
            goods=(Goods("1", "machining centres", hs_code="845710", origin_country="TW"),),
            containers=CONTAINERS,
            **COMMON,
        ),
        Face(originals=3, signed_by="Meridian Container Line", signed_as="CARRIER", endorsed_by=SELLER),
    ),
    (
        InsuranceCertificate(
            number="POL-9",
            issued_on=date(2026, 5, 18),
            policy_number="OC-1",
            insurer=TradeParty("Polaris Marine"),
            insured=TradeParty(SELLER),
            insured_amount=Amount(Decimal("205150.00"), "USD"),
            clauses="Institute Cargo Clauses ICC (A), war and strikes",
            vessel="Meridian Aurora",
            voyage="2611W",
            loading=Location("TWKHH"),
            discharge=Location("DEHAM"),
            containers=CONTAINERS,
            note="Issued in duplicate",
            **COMMON,
        ),
        Face(originals=2, signed_by="Polaris Marine", signed_as="INSURER"),
    ),
    (
        PackingList(
            number="PL-417",
            issued_on=date(2026, 5, 15),
            invoice_number="FPM-417",
            gross_mass=MASS,
            net_mass=NET,
            volume=VOLUME,
            packages=2,
            containers=CONTAINERS,
            goods=(Goods("1", "machining centres", net_mass=NET, hs_code="845710", origin_country="TW"),),
            **COMMON,
        ),
        Face(),
    ),
    (
        CertificateOfOrigin(
            number="CO-1",
            issued_on=date(2026, 5, 16),
            exporter=TradeParty(SELLER),
            importer=TradeParty(BUYER),
            issuer=TradeParty("Kaohsiung Chamber of Commerce"),
            issuing_country="TW",
            signatory="Lin",
            certificate_type="non-preferential",
            gross_mass=MASS,
            packages=2,
            goods=(Goods("1", "machining centres", net_mass=NET, hs_code="845710", origin_country="TW"),),
            **COMMON,
        ),
        Face(signed_by="Kaohsiung Chamber of Commerce", signed_as="ISSUER"),
    ),
)
DOCUMENTS = tuple(Presented(paper, face) for paper, face in PAPERS)
CASE = Case(TERMS, PRESENTED, 18_650_000, 18_650_000, 0, Calendar(), DOCUMENTS)


def spoiled(
    kind: str, paper: dict[str, Any] | None = None, face: dict[str, Any] | None = None
) -> tuple[Presented, ...]:
    """Return the complying documents with that of type ``kind`` changed in its data or on its face."""
    return tuple(
        Presented(replace(one.paper, **(paper or {})), replace(one.face, **(face or {})))
        if one.type == kind
        else one
        for one in DOCUMENTS
    )
