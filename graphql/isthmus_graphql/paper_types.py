"""The typed data of documents as GraphQL types, one for each class of :mod:`isthmus_platform.papers`.

They are made of those classes, so that the schema cannot say otherwise than what is signed. Every field may
be null: it is not said, or not opened to the reader.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal as PyDecimal
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import graphene

from isthmus_graphql.context import Info
from isthmus_graphql.scalars import Decimal
from isthmus_platform.papers import kinds, plain
from isthmus_platform.papers.issuing import Said

SAYS = {
    "address": "Postal address.",
    "amount": "What the line comes to.",
    "applicant": "Who asked for the credit: the buyer.",
    "beneficiary": "Who is paid under the credit: the seller.",
    "beyond": "All of the document it came as, UBL in canonical XML or DCSA in JSON, where that says more.",
    "bookingReference": "The carrier's booking number.",
    "buyer": "To whom it is sold.",
    "cargoMovementTypeAtDestination": "As what load it leaves the container: FCL full, LCL less than one.",
    "cargoMovementTypeAtOrigin": "As what load it comes into the container: FCL full, LCL less than one.",
    "carriage": "The terms of carriage, and its places and days: what DCSA eBL 3.0 wants beside the goods.",
    "carrier": "Who carries the goods.",
    "carrierClauses": "Clauses that the carrier added for this shipment.",
    "carrierCode": "The carrier's code: SMDG's liner code or NMFTA's SCAC.",
    "carrierCodeListProvider": "Whose code the carrier's is: SMDG or NMFTA.",
    "certificateType": "What kind of certificate, such as non-preferential.",
    "city": "City.",
    "claimsPayableAt": "Where claims are paid.",
    "clauses": "The clauses it is insured under.",
    "code": "UN/LOCODE.",
    "codeListProvider": "Who keeps the list the number is of, in DCSA's codes: GLEIF, DNB, W3C, ZZZ.",
    "container": "The container, ISO 6346.",
    "consignee": "To whom the goods go.",
    "contacts": "Whom to ask about the document.",
    "containers": "Containers.",
    "country": "ISO 3166-1 alpha-2 code.",
    "creditAmount": "Up to how much is paid.",
    "currency": "ISO 4217 code.",
    "deliveryTypeAtDestination": "How it is handed out: CY container yard, SD door, CFS freight station.",
    "description": "What the goods are.",
    "discharge": "Port of discharge.",
    "customsValue": "What the goods are declared to be worth.",
    "documentsRequired": "The documents that are to be presented.",
    "dueOn": "When it is to be paid, ISO 8601.",
    "electronic": "Whether it is transferred electronically.",
    "email": "Electronic mail.",
    "expiresAt": "Where documents are presented.",
    "expiresOn": "Until when documents are presented, ISO 8601.",
    "exporter": "Who exports.",
    "entryZone": "Whether it is delivered to the EU, Norway, Switzerland or Northern Ireland (ICS2).",
    "forwarder": "Who is instructed.",
    "freight": "PREPAID or COLLECT.",
    "freightPayableAt": "Where freight and charges are paid.",
    "goods": "The goods, by kind.",
    "goodsDescription": "What is insured.",
    "grossMass": "Mass with packaging.",
    "hsCode": "Harmonized System, 6 to 10 digits.",
    "identifier": "The number it is known by.",
    "importer": "Who imports.",
    "incoterm": "Incoterms 2020 rule, three letters.",
    "incotermPlace": "The place named with the rule.",
    "instructions": "What the forwarder is to do.",
    "insured": "Who is insured.",
    "insuredAmount": "For how much.",
    "insurer": "Who insures.",
    "invoiceNumber": "The invoice it belongs to.",
    "issuedOn": "Date of issue, ISO 8601.",
    "issuingBank": "The bank that undertakes to pay.",
    "issuer": "The chamber or authority that certifies.",
    "issuingCountry": "Where it was issued, ISO 3166-1 alpha-2.",
    "latestShipmentOn": "The latest day of shipment, ISO 8601.",
    "lines": "What is sold, line by line.",
    "loading": "Port of loading.",
    "loads": "What each container carries of goods that are in several.",
    "name": "Name.",
    "netMass": "Mass without packaging.",
    "note": "A note.",
    "notify": "Who is told of the arrival.",
    "number": "Its number.",
    "orderReference": "The buyer's order.",
    "originCountry": "Where the goods were made, ISO 3166-1 alpha-2.",
    "numberOfCopiesWithCharges": "Number of copies that show charges.",
    "numberOfCopiesWithoutCharges": "Number of copies that show no charges.",
    "numberOfOriginalsWithCharges": "Number of originals that show charges.",
    "numberOfOriginalsWithoutCharges": "Number of originals that show no charges.",
    "packageDescription": "What the packages are, in words.",
    "packageType": "UNECE Recommendation 21.",
    "packages": "Number of packages.",
    "partialShipments": "Whether goods may be shipped in parts.",
    "paymentTerms": "How and when it is paid.",
    "phone": "Telephone.",
    "placeOfDelivery": "Where the carrier hands the goods out.",
    "placeOfIssue": "Where it was issued.",
    "placeOfReceipt": "Where the carrier takes the goods over.",
    "plannedArrivalOn": "When it is planned to arrive at the port of discharge, ISO 8601.",
    "plannedDepartureOn": "When it is planned to leave the port of loading, ISO 8601.",
    "policyNumber": "The policy it is under.",
    "postcode": "Postal code.",
    "quantity": "How much.",
    "receiptTypeAtOrigin": "How it is taken over: CY container yard, SD door, CFS freight station.",
    "receivedOn": "When it was received for shipment, ISO 8601.",
    "reference": "ISO 6346 number.",
    "region": "State or province.",
    "requestedCertificates": "Certificates that the carrier is asked for.",
    "requestedClauses": "Clauses that the carrier is asked to put on the transport document.",
    "seals": "Seal numbers.",
    "seller": "Who sells.",
    "serviceContract": "The contract between shipper and carrier.",
    "shippedOnBoard": "Whether it is to say that the goods are on board, not received for shipment.",
    "shippedOn": "Date on board, ISO 8601.",
    "shipper": "Who sends the goods.",
    "shipperOwned": "Whether the container is the shipper's own.",
    "signatory": "Who signed for the issuer.",
    "sizeType": "ISO 6346 size and type code.",
    "status": "Whether it was approved, in the issuer's words.",
    "street": "Street and number.",
    "tareMass": "Mass of the container, empty.",
    "termsAndConditions": "The carrier's terms and conditions.",
    "toOrder": "Whether it is made out to order.",
    "total": "What is to be paid.",
    "transportDocument": "Number of the bill of lading or waybill.",
    "transportDocumentType": "What is to be issued: 705 bill of lading, 710 sea waybill.",
    "type": "UNTDID 1001 code: 705 bill of lading, 710 sea waybill.",
    "ucr": "Unique consignment reference (WCO).",
    "unit": "UNECE Recommendation 20: KGM kilogram, MTQ cubic metre, C62 piece.",
    "unitPrice": "Price of one.",
    "value": "The number.",
    "vessel": "Name of the vessel.",
    "volume": "Volume.",
    "voyage": "Voyage number.",
}
NAMES = {
    "Address": "PostalAddress",
    "Contact": "CarriageContact",
    "Container": "PaperContainer",
    "Goods": "PaperGoods",
    "Load": "GoodsLoad",
    "InvoiceLine": "CommercialInvoiceLine",
}
"""Where a class's own name would say too little in the schema, or is another type's there."""
SCALARS: dict[Any, Any] = {
    str: graphene.String,
    int: graphene.Int,
    bool: graphene.Boolean,
    PyDecimal: Decimal,
    date: graphene.String,
}

_made: dict[type[Any], type[graphene.ObjectType]] = {}


def object_type(kind: type[Any]) -> type[graphene.ObjectType]:
    """Return the GraphQL type of a class of paper, or of a part of one."""
    if kind not in _made:
        hints = get_type_hints(kind)
        members: dict[str, Any] = {each.name: _field(each.name, hints[each.name]) for each in fields(kind)}
        members["__doc__"] = (kind.__doc__ or "").splitlines()[0]
        made = type(NAMES.get(kind.__name__, kind.__name__), (graphene.ObjectType,), members)
        _made[kind] = made
    return _made[kind]


def _field(attribute: str, hint: Any) -> graphene.Field:
    if isinstance(hint, UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    listed = get_origin(hint) is tuple
    inner: Any = get_args(hint)[0] if listed else hint
    given = SCALARS[inner] if inner in SCALARS else object_type(inner)
    name = plain.spelt(attribute)
    return graphene.Field(
        graphene.List(graphene.NonNull(given)) if listed else given,
        description=SAYS[name],
        resolver=_member(name),
    )


def _member(name: str) -> Callable[[Any, Info], Any]:
    def resolve(parent: Any, _info: Info) -> Any:
        data = parent.data if isinstance(parent, Said) else parent
        return data.get(name)

    return resolve


class PaperData(graphene.Union):
    """What a document says, by its type; fields that were not opened to you are null."""

    class Meta:
        types = tuple(object_type(kind) for kind in kinds.KINDS)

    @classmethod
    def resolve_type(cls, said: Said, _info: Info) -> type[graphene.ObjectType]:
        """Return the type of its UNTDID 1001 code."""
        return object_type(kinds.kind_of(said.type))
