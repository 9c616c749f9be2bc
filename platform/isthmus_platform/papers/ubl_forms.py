"""Where the members of each paper lie in its UBL 2.4 document, in the order of the schema.

Codes in UBL's free places are told by a scheme: ``HS`` for the Harmonized System, ``INCOTERMS``, ``UNCL4215``
for how freight is paid (UN/EDIFACT: PP prepaid, CC collect). The UCR is the consignment's identifier. Who
supplies a container is of UN/EDIFACT 8077 (1 shipper, 2 carrier).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from isthmus_platform.papers.binding import (
    AMOUNT,
    COUNT,
    DATE,
    FLAG,
    MEASURE,
    TEXT,
    Binding,
    Fixed,
    Form,
    Leaf,
    Mark,
    Part,
    coded,
)
from isthmus_platform.papers.kinds import (
    CertificateOfOrigin,
    CommercialInvoice,
    ExportDeclaration,
    ForwardingInstruction,
    PackingList,
    TransportDocument,
)
from isthmus_platform.papers.parts import Address, Container, Goods, InvoiceLine, Location, TradeParty
from isthmus_platform.papers.ubl_carriage import (
    AGREED,
    CARRIER_CODE,
    DISTRIBUTED,
    PLACE,
    STAGE_AGREED,
    UNKNOWN,
    below,
)

UBL = "urn:oasis:names:specification:ubl:schema:xsd"
HS = "cac:Item/cac:CommodityClassification/cbc:ItemClassificationCode[@listID='HS']"
ORIGIN = "cac:Item/cac:OriginCountry/cbc:IdentificationCode"
INCOTERM = "cac:DeliveryTerms/cbc:ID[@schemeID='INCOTERMS']"

ADDRESS: Sequence[Binding] = (
    Leaf("street", "cbc:StreetName", TEXT),
    Leaf("city", "cbc:CityName", TEXT),
    Leaf("postcode", "cbc:PostalZone", TEXT),
    Leaf("region", "cbc:CountrySubentity", TEXT),
    Leaf("country", "cac:Country/cbc:IdentificationCode", TEXT),
)
PARTY: Sequence[Binding] = (
    Leaf("identifier", "cac:PartyIdentification/cbc:ID", TEXT),
    Mark("code_list_provider", "cac:PartyIdentification/cbc:ID", "schemeAgencyName"),
    Leaf("name", "cac:PartyName/cbc:Name", TEXT),
    Part("address", "cac:PostalAddress", Address, ADDRESS),
    Leaf("name", "cac:PartyLegalEntity/cbc:RegistrationName", TEXT, way="read"),
)
LINE: Sequence[Binding] = (
    Leaf("number", "cbc:ID", TEXT),
    Leaf("quantity", "cbc:InvoicedQuantity", MEASURE),
    Leaf("amount", "cbc:LineExtensionAmount", AMOUNT),
    Leaf("description", "cac:Item/cbc:Description", TEXT),
    Leaf("description", "cac:Item/cbc:Name", TEXT, way="read"),
    Leaf("origin_country", ORIGIN, TEXT),
    Leaf("hs_code", HS, TEXT),
    Leaf("unit_price", "cac:Price/cbc:PriceAmount", AMOUNT),
)
GOODS: Sequence[Binding] = (
    Leaf("number", "cbc:ID", TEXT),
    Leaf("description", "cbc:Description", TEXT),
    Leaf("description", "cac:Item/cbc:Description", TEXT, way="read"),
    Leaf("description", "cac:Item/cbc:Name", TEXT, way="read"),
    Leaf("gross_mass", "cbc:GrossWeightMeasure", MEASURE),
    Leaf("net_mass", "cbc:NetWeightMeasure", MEASURE),
    Leaf("volume", "cbc:GrossVolumeMeasure", MEASURE),
    Leaf("origin_country", ORIGIN, TEXT),
    Leaf("hs_code", HS, TEXT),
    Leaf("containers", "cac:GoodsItemContainer*/cbc:ID", TEXT),
    Leaf("packages", "cac:ContainingPackage/cbc:Quantity", COUNT),
    Leaf("package_type", "cac:ContainingPackage/cbc:PackagingTypeCode", TEXT),
    Leaf("package_description", "cac:ContainingPackage/cbc:PackagingType", TEXT),
)
CONTAINER: Sequence[Binding] = (
    Leaf("reference", "cbc:ID", TEXT),
    Leaf("shipper_owned", "cbc:ProviderTypeCode", coded({"1": True, "2": False})),
    Leaf("size_type", "cbc:SizeTypeCode", TEXT),
    Leaf("seals", "cac:TransportEquipmentSeal*/cbc:ID", TEXT),
)
CONTAINERS = Part("containers", "cac:TransportHandlingUnit/cac:TransportEquipment*", Container, CONTAINER)


@dataclass(frozen=True)
class PaperForm(Form):
    """The UBL form of one kind of paper."""

    kind: type[Any]


def _form(root: str, kind: type[Any], *bindings: Binding) -> PaperForm:
    prefixes = {
        None: f"{UBL}:{root}-2",
        "cac": f"{UBL}:CommonAggregateComponents-2",
        "cbc": f"{UBL}:CommonBasicComponents-2",
    }
    return PaperForm(root, prefixes, (Fixed("cbc:UBLVersionID", "2.4"), *bindings), kind)


def _party(attribute: str, path: str) -> Part:
    return Part(attribute, path, TradeParty, PARTY)


SHIPMENT_TOTALS: Sequence[Binding] = (
    Leaf("gross_mass", "cbc:GrossWeightMeasure", MEASURE),
    Leaf("net_mass", "cbc:NetWeightMeasure", MEASURE),
    Leaf("volume", "cbc:GrossVolumeMeasure", MEASURE),
)
CONSIGNMENT: Sequence[Binding] = (
    Leaf("ucr", "cac:Consignment/cbc:ID", TEXT, absent=UNKNOWN),
    Leaf("packages", "cac:Consignment/cbc:TotalPackagesQuantity", COUNT),
    Leaf("packages", "cbc:TotalTransportHandlingUnitQuantity", COUNT, way="read"),
)
PARTIES_CARRIED: Sequence[Binding] = (
    _party("consignee", "cac:Consignment/cac:ConsigneeParty"),
    _party("notify", "cac:Consignment/cac:NotifyParty"),
)
GOODS_CARRIED = Part("goods", "cac:GoodsItem*", Goods, GOODS)
STAGE: Sequence[Binding] = (
    Leaf("voyage", "cac:ShipmentStage/cac:TransportMeans/cbc:JourneyID", TEXT),
    Leaf("vessel", "cac:ShipmentStage/cac:TransportMeans/cac:MaritimeTransport/cbc:VesselName", TEXT),
    Part("loading", "cac:ShipmentStage/cac:LoadingPortLocation", Location, PLACE),
    Part("discharge", "cac:ShipmentStage/cac:UnloadingPortLocation", Location, PLACE),
)
FREIGHT_PAID = Leaf(
    "freight",
    "cac:Consignment/cac:PaymentTerms/cbc:ID[@schemeID='UNCL4215']",
    coded({"PP": "PREPAID", "CC": "COLLECT"}),
)
SHIPPED = Leaf("shipped_on", "cac:ShipmentStage/cac:LoadingTransportEvent/cbc:OccurrenceDate", DATE)
CARRIAGE = below(
    "cac:Shipment",
    (
        *(binding for binding in SHIPMENT_TOTALS if vars(binding)["attribute"] != "net_mass"),
        *CONSIGNMENT,
        PARTIES_CARRIED[0],
        *CARRIER_CODE,
        PARTIES_CARRIED[1],
        *AGREED,
        FREIGHT_PAID,
        GOODS_CARRIED,
        *STAGE,
        SHIPPED,
        *STAGE_AGREED,
        CONTAINERS,
    ),
)

INVOICE = _form(
    "Invoice",
    CommercialInvoice,
    Leaf("number", "cbc:ID", TEXT),
    Leaf("issued_on", "cbc:IssueDate", DATE),
    Leaf("due_on", "cbc:DueDate", DATE),
    Fixed("cbc:InvoiceTypeCode", "380"),
    Leaf("note", "cbc:Note", TEXT),
    Leaf("currency", "cbc:DocumentCurrencyCode", TEXT),
    Leaf("order_reference", "cac:OrderReference/cbc:ID", TEXT),
    _party("seller", "cac:AccountingSupplierParty/cac:Party"),
    _party("buyer", "cac:AccountingCustomerParty/cac:Party"),
    Leaf("ucr", "cac:Delivery/cac:Shipment/cac:Consignment/cbc:ID", TEXT),
    Leaf("incoterm", INCOTERM, TEXT),
    Part("incoterm_place", "cac:DeliveryTerms/cac:DeliveryLocation", Location, PLACE),
    Leaf("payment_terms", "cac:PaymentTerms/cbc:Note", TEXT),
    Leaf("total", "cac:LegalMonetaryTotal/cbc:PayableAmount", AMOUNT),
    Part("lines", "cac:InvoiceLine*", InvoiceLine, LINE),
)
PACKING_LIST = _form(
    "PackingList",
    PackingList,
    Leaf("number", "cbc:ID", TEXT),
    Leaf("issued_on", "cbc:IssueDate", DATE),
    Leaf("note", "cbc:Note", TEXT),
    _party("shipper", "cac:ConsignorParty"),
    *below(
        "cac:Shipment",
        (
            *SHIPMENT_TOTALS,
            *CONSIGNMENT,
            PARTIES_CARRIED[0],
            GOODS_CARRIED,
            CONTAINERS,
        ),
    ),
    Leaf("invoice_number", "cac:DocumentReference[cbc:DocumentTypeCode='380']/cbc:ID", TEXT),
    Fixed("cac:DocumentReference/cbc:DocumentTypeCode", "380", when="invoice_number"),
)
BILL_OF_LADING = _form(
    "BillOfLading",
    TransportDocument,
    Leaf("number", "cbc:ID", TEXT),
    Leaf("booking_reference", "cbc:CarrierAssignedID", TEXT),
    Leaf("issued_on", "cbc:IssueDate", DATE),
    Leaf("note", "cbc:Note", TEXT),
    Leaf("to_order", "cbc:ToOrderIndicator", FLAG),
    _party("shipper", "cac:ConsignorParty"),
    _party("carrier", "cac:CarrierParty"),
    *CARRIAGE,
    *DISTRIBUTED,
)
WAYBILL = _form(
    "Waybill",
    TransportDocument,
    Leaf("number", "cbc:ID", TEXT),
    Leaf("booking_reference", "cbc:CarrierAssignedID", TEXT),
    Leaf("issued_on", "cbc:IssueDate", DATE),
    Leaf("note", "cbc:Note", TEXT),
    Part("carriage.place_of_issue", "cac:IssueLocation", Location, PLACE),
    _party("shipper", "cac:ConsignorParty"),
    _party("carrier", "cac:CarrierParty"),
    *CARRIAGE,
    *DISTRIBUTED,
)
FORWARDING_INSTRUCTION = _form(
    "ForwardingInstructions",
    ForwardingInstruction,
    Leaf("number", "cbc:ID", TEXT),
    Leaf("issued_on", "cbc:IssueDate", DATE),
    Leaf("note", "cbc:Note", TEXT),
    _party("shipper", "cac:ConsignorParty"),
    _party("carrier", "cac:CarrierParty"),
    _party("forwarder", "cac:FreightForwarderParty"),
    *below(
        "cac:Shipment",
        (
            *SHIPMENT_TOTALS,
            Leaf("instructions", "cbc:SpecialInstructions", TEXT),
            *CONSIGNMENT,
            *PARTIES_CARRIED,
            Leaf("incoterm", f"cac:Consignment/{INCOTERM}", TEXT),
            GOODS_CARRIED,
            *STAGE,
            CONTAINERS,
        ),
    ),
)
APPLICATION = "cac:CertificateOfOriginApplication"
ENDORSED = "cac:IssuerEndorsement"


def _endorser(path: str) -> tuple[Binding, ...]:
    """Return what UBL wants to know of whoever endorses a certificate: the issuer, by its signatory."""
    return (
        Fixed(f"{path}/cbc:RoleCode", "ISSUER"),
        Fixed(f"{path}/cbc:SequenceNumeric", "1"),
        Part("issuer", f"{path}/cac:Party", TradeParty, PARTY, way="write"),
        Leaf("signatory", f"{path}/cac:SignatoryContact/cbc:Name", TEXT),
    )


CERTIFICATE = _form(
    "CertificateOfOrigin",
    CertificateOfOrigin,
    Leaf("number", "cbc:ID", TEXT),
    Leaf("issued_on", "cbc:IssueDate", DATE),
    Leaf("note", "cbc:Note", TEXT),
    _party("exporter", "cac:ExporterParty"),
    _party("importer", "cac:ImporterParty"),
    Leaf("number", f"{APPLICATION}/cbc:ReferenceID", TEXT, way="write"),
    Leaf("certificate_type", f"{APPLICATION}/cbc:CertificateType", TEXT),
    Leaf("number", f"{APPLICATION}/cbc:OriginalJobID", TEXT, way="write"),
    *below(
        f"{APPLICATION}/cac:Shipment",
        (SHIPMENT_TOTALS[0], *CONSIGNMENT, GOODS_CARRIED),
    ),
    *_endorser(f"{APPLICATION}/cac:EndorserParty"),
    Part("exporter", f"{APPLICATION}/cac:PreparationParty", TradeParty, PARTY, way="write"),
    _party("issuer", f"{APPLICATION}/cac:IssuerParty"),
    Leaf("issuing_country", f"{APPLICATION}/cac:IssuingCountry/cbc:IdentificationCode", TEXT),
    Leaf("number", f"{ENDORSED}/cbc:DocumentID", TEXT, way="write"),
    Leaf("status", f"{ENDORSED}/cbc:ApprovalStatus", TEXT),
    *_endorser(f"{ENDORSED}/cac:EndorserParty"),
)

CUSTOMS = "cac:CustomsDeclaration"
CARRIED_BY = f"{CUSTOMS}/cac:AdditionalDocumentReference"
EXPORT_DECLARATION = _form(
    "ExportCustomsDeclaration",
    ExportDeclaration,
    Leaf("number", "cbc:ID", TEXT),
    Leaf("issued_on", "cbc:IssueDate", DATE),
    Leaf("note", "cbc:Note", TEXT),
    _party("exporter", "cac:ExporterParty"),
    Leaf("number", f"{CUSTOMS}/cbc:ID", TEXT, way="write"),
    *below(
        f"{CUSTOMS}/cac:Shipment",
        (
            *SHIPMENT_TOTALS[:2],
            Leaf("customs_value", "cbc:DeclaredCustomsValueAmount", AMOUNT),
            *CONSIGNMENT,
            Leaf("incoterm", f"cac:Consignment/{INCOTERM}", TEXT),
            GOODS_CARRIED,
            *STAGE,
            CONTAINERS,
        ),
    ),
    _party("consignee", f"{CUSTOMS}/cac:ConsigneeParty"),
    Leaf("transport_document", f"{CARRIED_BY}[cbc:DocumentTypeCode='705']/cbc:ID", TEXT),
    Fixed(f"{CARRIED_BY}/cbc:DocumentTypeCode", "705", when="transport_document"),
)

FORMS: dict[str, PaperForm] = {
    "380": INVOICE,
    "271": PACKING_LIST,
    "705": BILL_OF_LADING,
    "710": WAYBILL,
    "861": CERTIFICATE,
    "610": FORWARDING_INSTRUCTION,
    "830": EXPORT_DECLARATION,
}
"""By UNTDID 1001 code; insurance certificate and documentary credit are none of UBL."""
BY_ROOT = {form.root: code for code, form in FORMS.items()}
