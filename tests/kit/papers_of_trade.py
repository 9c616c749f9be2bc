"""The papers of one trade, consistent with each other: two machining centres from Kaohsiung to Hamburg."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from isthmus_platform.papers.carriage import Carriage, Contact
from isthmus_platform.papers.kinds import (
    CertificateOfOrigin,
    CommercialInvoice,
    DocumentaryCredit,
    ExportDeclaration,
    ForwardingInstruction,
    InsuranceCertificate,
    PackingList,
    Paper,
    TransportDocument,
)
from isthmus_platform.papers.parts import (
    Address,
    Amount,
    Container,
    Goods,
    InvoiceLine,
    Load,
    Location,
    Measure,
    TradeParty,
)
from isthmus_platform.papers.shipping_instruction import ShippingInstruction
from isthmus_platform.papers.ubl import Schemas
from standards import STANDARDS

UBL = STANDARDS / "ubl-2.4"
SCHEMAS = Schemas(UBL / "xsd")
needs_ubl = pytest.mark.skipif(not UBL.is_dir(), reason=f"the published UBL files are not in {STANDARDS}")

SELLER = TradeParty(
    "Formosa Precision Machinery", "24536806", Address("12 Jhongshan Road", "Kaohsiung", country="TW")
)
BUYER = TradeParty(
    "Hanseatische Werkzeugmaschinen GmbH", None, Address(None, "Hamburg", "20457", country="DE")
)
CARRIER = TradeParty("Meridian Container Line")
UCR = "6TW24536806-1"
KHH, HAM = Location("TWKHH", "Kaohsiung"), Location("DEHAM", "Hamburg")
BOXES = (Container("MCLU4200170", "22G1", ("TW771",)), Container("MCLU4200185"))
GOODS = (
    Goods(
        number="1",
        description="Vertical machining centre VMC-850 & tools <set>",
        gross_mass=Measure(Decimal("18450.5"), "KGM"),
        net_mass=Measure(Decimal("17200"), "KGM"),
        volume=Measure(Decimal("42.50"), "MTQ"),
        hs_code="845710",
        origin_country="TW",
        containers=("MCLU4200170", "MCLU4200185"),
        packages=2,
        package_type="CR",
    ),
)
INVOICE = CommercialInvoice(
    number="FPM-2026-0417",
    issued_on=date(2026, 5, 8),
    seller=SELLER,
    buyer=BUYER,
    currency="USD",
    total=Amount(Decimal("50000000.00"), "USD"),
    lines=(
        InvoiceLine(
            number="1",
            description="Vertical machining centre VMC-850",
            amount=Amount(Decimal("50000000.00"), "USD"),
            quantity=Measure(Decimal("2"), "C62"),
            unit_price=Amount(Decimal("25000000.0000"), "USD"),
            hs_code="845710",
            origin_country="TW",
        ),
    ),
    due_on=date(2026, 7, 20),
    order_reference="PO-88",
    ucr=UCR,
    incoterm="CIF",
    incoterm_place=HAM,
    payment_terms="60 days after B/L date",
    note="Grüße",
)
PACKING_LIST = PackingList(
    number="PL-0417",
    issued_on=date(2026, 5, 8),
    shipper=SELLER,
    consignee=BUYER,
    ucr=UCR,
    invoice_number="FPM-2026-0417",
    gross_mass=Measure(Decimal("18450.5"), "KGM"),
    net_mass=Measure(Decimal("17200"), "KGM"),
    packages=2,
    goods=GOODS,
    containers=BOXES,
)
BILL = TransportDocument(
    type="705",
    number="MCLKHH2611042",
    issued_on=date(2026, 5, 21),
    shipper=SELLER,
    carrier=CARRIER,
    consignee=BUYER,
    notify=BUYER,
    to_order=True,
    ucr=UCR,
    booking_reference="MCL4417001",
    vessel="Meridian Aurora",
    voyage="021W",
    loading=KHH,
    discharge=HAM,
    gross_mass=Measure(Decimal("18450.5"), "KGM"),
    packages=2,
    freight="PREPAID",
    shipped_on=date(2026, 5, 20),
    goods=GOODS,
    containers=BOXES,
)
WAYBILL = TransportDocument(
    type="710",
    number="MCLW1",
    shipper=SELLER,
    carrier=CARRIER,
    consignee=BUYER,
    loading=KHH,
    discharge=HAM,
    goods=GOODS,
)
CARRIAGE = Carriage(
    terms_and_conditions="The carrier's terms of 2026 apply. 高雄",
    carrier_code="MCLX",
    carrier_code_list_provider="SMDG",
    electronic=True,
    receipt_type_at_origin="CY",
    delivery_type_at_destination="CFS",
    cargo_movement_type_at_origin="FCL",
    cargo_movement_type_at_destination="LCL",
    place_of_receipt=Location("TWTNN"),
    place_of_delivery=Location("DELBC", "Lübeck"),
    planned_departure_on=date(2026, 5, 20),
    planned_arrival_on=date(2026, 6, 18),
    freight_payable_at=Location("DEHAM"),
    service_contract="MCL-2026-7",
    carrier_clauses=("Deck cargo at shipper's risk.", "Said to contain."),
    contacts=(Contact("Documentation", "+886 7 123", "docs@meridian.example"), Contact("Desk", "+49 40 1")),
)
AGREED = replace(
    BILL,
    shipper=replace(SELLER, code_list_provider="ZZZ"),
    carrier=TradeParty(
        "Meridian Container Line", None, Address("2 Harbour Road", "Kaohsiung", "806", "KHH", "TW")
    ),
    consignee=TradeParty("Kaohsiung Export Bank", "111100T8BM49ADCSAO64", None, "GLEIF"),
    notify=replace(BUYER, address=Address("Steinstrasse 1", "Hamburg", "20457", country="DE")),
    gross_mass=None,
    packages=None,
    carriage=CARRIAGE,
    goods=tuple(
        replace(
            GOODS[0],
            number=str(number),
            description="Vertical machining centre\nVMC-850 & tools <set>",
            gross_mass=Measure(Decimal("9225.25"), "KGM"),
            net_mass=Measure(Decimal("8600"), "KGM"),
            volume=Measure(Decimal("21.25"), "MTQ"),
            origin_country=None,
            containers=(box.reference,),
            packages=1,
            package_description="Crates",
        )
        for number, box in enumerate(BOXES, 1)
    ),
    containers=(
        replace(BOXES[0], shipper_owned=False),
        replace(BOXES[1], seals=("TW772", "C9"), shipper_owned=True),
    ),
)
"""A bill of lading that says all DCSA eBL 3.0 wants, and nothing that it has no place for."""
CERTIFICATE = CertificateOfOrigin(
    number="CO-2026-9",
    issued_on=date(2026, 5, 9),
    exporter=SELLER,
    importer=BUYER,
    issuer=TradeParty("Kaohsiung Chamber of Commerce"),
    issuing_country="TW",
    signatory="Lin Mei-hua",
    certificate_type="Non-preferential",
    ucr=UCR,
    gross_mass=Measure(Decimal("18450.5"), "KGM"),
    packages=2,
    goods=GOODS,
)
INSTRUCTION = ForwardingInstruction(
    number="FI-1",
    issued_on=date(2026, 5, 7),
    shipper=SELLER,
    forwarder=TradeParty("Strait Forwarders"),
    consignee=BUYER,
    ucr=UCR,
    incoterm="CIF",
    vessel="Meridian Aurora",
    loading=KHH,
    discharge=HAM,
    gross_mass=Measure(Decimal("18450.5"), "KGM"),
    packages=2,
    instructions="Keep dry.",
    goods=GOODS,
    containers=BOXES,
)
SPREAD = replace(
    AGREED.goods[0],
    gross_mass=Measure(Decimal("18450.5"), "KGM"),
    net_mass=Measure(Decimal("17200"), "KGM"),
    volume=Measure(Decimal("42.5"), "MTQ"),
    containers=tuple(box.reference for box in BOXES),
    packages=2,
    loads=tuple(
        Load(box.containers[0], Measure(Decimal("9225.25"), "KGM"), box.net_mass, box.volume, 1)
        for box in AGREED.goods
    ),
)
"""Goods of one kind in two containers, which say what each carries."""
SHIPPING = ShippingInstruction(
    number="SI-0417",
    shipper=AGREED.shipper and replace(AGREED.shipper, identifier="24536806"),
    consignee=AGREED.consignee,
    notify=AGREED.notify,
    to_order=True,
    ucr=UCR,
    booking_reference="MCL4417001",
    transport_document_type="705",
    shipped_on_board=True,
    electronic=True,
    freight="PREPAID",
    freight_payable_at=Location("DEHAM"),
    place_of_issue=KHH,
    number_of_originals_with_charges=1,
    carrier_code="MCLX",
    carrier_code_list_provider="SMDG",
    entry_zone=True,
    requested_clauses=("Shipped under L/C LC-2026-118",),
    requested_certificates=("Fumigation",),
    contacts=(Contact("F. Chen", "+886 7 123", "export@formosa.example"),),
    goods=(SPREAD,),
    containers=(
        Container("MCLU4200170", seals=("TW771",), shipper_owned=False),
        Container("MCLU4200185", "22G1", ("TW772",), True, Measure(Decimal("2200"), "KGM")),
    ),
)
"""A shipping instruction that says all DCSA wants, and nothing that it has no place for."""
DECLARATION = ExportDeclaration(
    number="26TW0417000118E0",
    issued_on=date(2026, 5, 18),
    exporter=SELLER,
    consignee=BUYER,
    ucr=UCR,
    transport_document="MCLKHH2611042",
    incoterm="CIF",
    customs_value=Amount(Decimal("50000000.00"), "USD"),
    vessel="Meridian Aurora",
    voyage="021W",
    loading=KHH,
    discharge=HAM,
    gross_mass=Measure(Decimal("18450.5"), "KGM"),
    net_mass=Measure(Decimal("17200"), "KGM"),
    packages=2,
    goods=GOODS,
    containers=BOXES,
)
INSURANCE = InsuranceCertificate(
    number="IC-77",
    issued_on=date(2026, 5, 19),
    policy_number="OC-2026-1",
    insurer=TradeParty("Pacific Marine Insurance"),
    insured=SELLER,
    insured_amount=Amount(Decimal("55000000.00"), "USD"),
    clauses="Institute Cargo Clauses (A)",
    ucr=UCR,
    vessel="Meridian Aurora",
    loading=KHH,
    discharge=HAM,
    containers=BOXES,
)
IN_UBL: dict[str, Paper] = {
    "invoice": INVOICE,
    "packing list": PACKING_LIST,
    "bill of lading": BILL,
    "bill of lading with its carriage": AGREED,
    "sea waybill": WAYBILL,
    "certificate of origin": CERTIFICATE,
    "forwarding instruction": INSTRUCTION,
    "export declaration": DECLARATION,
}
CREDIT = DocumentaryCredit(
    number="LC-2026-118",
    issued_on=date(2026, 4, 20),
    applicant=BUYER,
    beneficiary=SELLER,
    issuing_bank=TradeParty("Hansa Handelsbank"),
    credit_amount=Amount(Decimal("50000000.00"), "USD"),
    expires_on=date(2026, 7, 1),
    latest_shipment_on=date(2026, 5, 31),
    partial_shipments=False,
    ucr=UCR,
    incoterm="CIF",
    loading=KHH,
    discharge=HAM,
    goods_description="Two vertical machining centres",
    documents_required=("Commercial invoice in 3 copies", "Full set of clean on board bills of lading"),
)
ALL: dict[str, Paper] = {
    **IN_UBL,
    "insurance certificate": INSURANCE,
    "documentary credit": CREDIT,
    "shipping instruction": SHIPPING,
}
