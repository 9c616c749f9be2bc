"""Which member of a paper stands in which box of the UN Layout Key (UNECE Recommendation 1, ISO 6422).

The key puts the consignor top left, below it the consignee, whom to notify and the carriage; top right the
document's name, number and date, below them references, countries and terms; the goods across the page; and
at the foot what is free, on the left, and who authenticates, on the right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

Told = tuple[str, str]
"""A box's label, and the member that stands in it (camelCase, as in the paper's JSON)."""


@dataclass(frozen=True)
class Column:
    """A column of the table of goods: ``width`` in millimetres; of several members each has a line."""

    label: str
    members: tuple[str, ...]
    width: float
    right: bool = False


@dataclass(frozen=True)
class Face:
    """How documents of one type look."""

    title: str
    parties: Sequence[Told]
    """On the left, from the top."""
    references: Sequence[Told]
    """On the right, below number and date, two to a row."""
    carriage: Sequence[Told] = ()
    """On the left below the parties, two to a row."""
    table: str | None = None
    columns: Sequence[Column] = ()
    totals: Sequence[Told] = ()
    free: Sequence[Told] = ()
    authenticated: Sequence[Told] = ()


CARRIAGE = (
    ("Vessel", "vessel"),
    ("Voyage", "voyage"),
    ("Port of loading", "loading"),
    ("Port of discharge", "discharge"),
)
PACKED = (
    Column("No.", ("number",), 9),
    Column("Containers", ("loads", "containers"), 27),
    Column("Packages", ("packages", "packageType", "packageDescription"), 19),
    Column("Description of goods", ("description",), 47.88),
    Column("Commodity, origin", ("hsCode", "originCountry"), 24),
    Column("Gross, net mass", ("grossMass", "netMass"), 32, right=True),
    Column("Cube", ("volume",), 24, right=True),
)
MASSES = (
    ("Packages", "packages"),
    ("Gross mass", "grossMass"),
    ("Net mass", "netMass"),
    ("Cube", "volume"),
)
NOTE = ("Note", "note")
BILL = Face(
    "Bill of lading",
    (("Consignor", "shipper"), ("Consignee", "consignee"), ("Notify party", "notify")),
    (
        ("Carrier", "carrier"),
        ("Booking reference", "bookingReference"),
        ("Unique consignment reference", "ucr"),
        ("Made out to order", "toOrder"),
        ("Freight", "freight"),
        ("Freight payable at", "carriage.freightPayableAt"),
        ("Shipped on board", "shippedOn"),
        ("Place of issue", "carriage.placeOfIssue"),
    ),
    (
        ("Place of receipt", "carriage.placeOfReceipt"),
        ("Place of delivery", "carriage.placeOfDelivery"),
        *CARRIAGE,
    ),
    "goods",
    PACKED,
    MASSES,
    (
        ("Contacts", "carriage.contacts"),
        ("Clauses of the carrier", "carriage.carrierClauses"),
        ("Terms and conditions", "carriage.termsAndConditions"),
        NOTE,
    ),
    (("For the carrier", "carrier"),),
)
FACES = {
    "380": Face(
        "Commercial invoice",
        (("Seller", "seller"), ("Buyer", "buyer")),
        (
            ("Buyer's order", "orderReference"),
            ("Unique consignment reference", "ucr"),
            ("Terms of delivery, Incoterms 2020", "incoterm"),
            ("Place of the terms", "incotermPlace"),
            ("Due", "dueOn"),
            ("Currency", "currency"),
            ("Terms of payment", "paymentTerms"),
        ),
        table="lines",
        columns=(
            Column("No.", ("number",), 9),
            Column("Description of goods", ("description",), 59.88),
            Column("Commodity, origin", ("hsCode", "originCountry"), 24),
            Column("Quantity", ("quantity",), 22, right=True),
            Column("Unit price", ("unitPrice",), 34, right=True),
            Column("Amount", ("amount",), 34, right=True),
        ),
        totals=(("Total payable", "total"),),
        free=(NOTE,),
        authenticated=(("For the seller", "seller"),),
    ),
    "271": Face(
        "Packing list",
        (("Consignor", "shipper"), ("Consignee", "consignee")),
        (("Invoice", "invoiceNumber"), ("Unique consignment reference", "ucr")),
        table="goods",
        columns=PACKED,
        totals=MASSES,
        free=(NOTE,),
        authenticated=(("For the consignor", "shipper"),),
    ),
    "705": BILL,
    "710": replace(BILL, title="Sea waybill"),
    "861": Face(
        "Certificate of origin",
        (("Exporter", "exporter"), ("Importer", "importer")),
        (
            ("Unique consignment reference", "ucr"),
            ("Kind of certificate", "certificateType"),
            ("Country of issue", "issuingCountry"),
            ("Status", "status"),
        ),
        table="goods",
        columns=PACKED,
        totals=MASSES,
        free=(NOTE,),
        authenticated=(("Certified by", "issuer"), ("Signatory", "signatory")),
    ),
    "610": Face(
        "Forwarding instructions",
        (("Consignor", "shipper"), ("Consignee", "consignee"), ("Notify party", "notify")),
        (
            ("Forwarder", "forwarder"),
            ("Carrier", "carrier"),
            ("Unique consignment reference", "ucr"),
            ("Terms of delivery, Incoterms 2020", "incoterm"),
        ),
        CARRIAGE,
        "goods",
        PACKED,
        MASSES,
        (("Instructions", "instructions"), NOTE),
        (("For the consignor", "shipper"),),
    ),
    "340": Face(
        "Shipping instructions",
        (("Consignor", "shipper"), ("Consignee", "consignee"), ("Notify party", "notify")),
        (
            ("Booking reference", "bookingReference"),
            ("Transport document (UNTDID 1001)", "transportDocumentType"),
            ("Its number", "transportDocument"),
            ("Unique consignment reference", "ucr"),
            ("Made out to order", "toOrder"),
            ("Shipped on board", "shippedOnBoard"),
            ("Freight", "freight"),
            ("Freight payable at", "freightPayableAt"),
            ("Place of issue", "placeOfIssue"),
            ("Electronic", "electronic"),
        ),
        table="goods",
        columns=PACKED,
        free=(
            ("Contacts", "contacts"),
            ("Clauses asked for", "requestedClauses"),
            ("Certificates asked for", "requestedCertificates"),
            ("Goes into the zone of ICS2", "entryZone"),
            NOTE,
        ),
        authenticated=(("For the consignor", "shipper"),),
    ),
    "520": Face(
        "Insurance certificate",
        (("Insured", "insured"), ("Insurer", "insurer")),
        (
            ("Policy", "policyNumber"),
            ("Unique consignment reference", "ucr"),
            ("Insured amount", "insuredAmount"),
            ("Claims payable at", "claimsPayableAt"),
        ),
        CARRIAGE,
        free=(("Goods insured", "goodsDescription"), ("Conditions", "clauses"), NOTE),
        authenticated=(("For the insurer", "insurer"),),
    ),
    "830": Face(
        "Export declaration",
        (("Exporter", "exporter"), ("Consignee", "consignee")),
        (
            ("Unique consignment reference", "ucr"),
            ("Transport document", "transportDocument"),
            ("Terms of delivery, Incoterms 2020", "incoterm"),
        ),
        CARRIAGE,
        "goods",
        PACKED,
        (*MASSES[:3], ("Customs value", "customsValue")),
        (NOTE,),
        (("For the exporter", "exporter"),),
    ),
    "465": Face(
        "Documentary credit",
        (("Applicant", "applicant"), ("Beneficiary", "beneficiary")),
        (
            ("Issuing bank", "issuingBank"),
            ("Unique consignment reference", "ucr"),
            ("Date of expiry", "expiresOn"),
            ("Place of expiry", "expiresAt"),
            ("Latest shipment", "latestShipmentOn"),
            ("Partial shipments", "partialShipments"),
            ("Terms of delivery, Incoterms 2020", "incoterm"),
        ),
        CARRIAGE[2:],
        totals=(("Amount", "creditAmount"),),
        free=(("Goods", "goodsDescription"), ("Documents required", "documentsRequired"), NOTE),
        authenticated=(("For the issuing bank", "issuingBank"),),
    ),
}
"""By UNTDID 1001 code."""
