"""Where the terms of carriage lie in UBL's bill of lading and waybill, in the order of the schema.

UBL has no code list for DCSA's kinds of service and load: their codes stand at the transport service as they
are. A bill's place of issue and the number of its originals have no place there.
"""

from collections.abc import Sequence

from isthmus_platform.papers.binding import DATE, TEXT, Binding, Fixed, Leaf, Mark, Part, coded
from isthmus_platform.papers.carriage import CARGO_MOVEMENTS, RECEIPT_TYPES, Contact
from isthmus_platform.papers.parts import Location

UNKNOWN = "NA"
PLACE: Sequence[Binding] = (
    Leaf("code", "cbc:ID[@schemeID='UN/LOCODE']", TEXT),
    Leaf("name", "cbc:Name", TEXT),
)


def _service(receipt: str, movement: str, side: str) -> tuple[Binding, ...]:
    """Return how the carrier takes the goods over or hands them out, and as what load."""
    service, handed = f"cac:{side}TransportationService", f"carriage.{receipt}"
    loaded = f"carriage.{movement}"
    kinds, loads = coded(_same(*RECEIPT_TYPES, UNKNOWN)), coded(_same(*CARGO_MOVEMENTS))
    return (
        Leaf(handed, f"{service}/cbc:TransportServiceCode", kinds, absent=UNKNOWN, when=loaded),
        Leaf(loaded, f"{service}/cbc:TransportationServiceDescription", loads),
    )


def _same(*codes: str) -> dict[str, str]:
    """Return codes that are our words too; another one says nothing to us."""
    return {code: code for code in codes}


def below(path: str, bindings: Sequence[Binding]) -> tuple[Binding, ...]:
    """Return ``bindings`` with ``path`` before theirs."""
    moved: list[Binding] = []
    for binding in bindings:
        values = {**vars(binding), "path": f"{path}/{binding.path}"}
        moved.append(type(binding)(**values))
    return tuple(moved)


AGREED = below(
    "cac:Consignment",
    (
        Leaf("carriage.service_contract", "cac:TransportContract/cbc:ID", TEXT),
        Leaf("carriage.terms_and_conditions", "cac:TransportContract/cbc:Note", TEXT),
        Leaf("carriage.carrier_clauses", "cac:TransportContract/cbc:Description*", TEXT),
        *_service("receipt_type_at_origin", "cargo_movement_type_at_origin", "OriginalDespatch"),
        *_service("delivery_type_at_destination", "cargo_movement_type_at_destination", "FinalDelivery"),
    ),
)
CARRIER = "cac:Consignment/cac:CarrierParty"
CODED = f"{CARRIER}/cac:PartyIdentification/cbc:ID[@schemeID='CARRIER']"
CARRIER_CODE = (
    Leaf("carriage.carrier_code", CODED, TEXT),
    Mark("carriage.carrier_code_list_provider", CODED, "schemeAgencyName"),
    Part(
        "carriage.contacts",
        f"{CARRIER}/cac:Person*/cac:Contact",
        Contact,
        (
            Leaf("name", "cbc:Name", TEXT),
            Leaf("phone", "cbc:Telephone", TEXT),
            Leaf("email", "cbc:ElectronicMail", TEXT),
            Leaf("name", "cbc:Telephone", TEXT, way="read"),
            Leaf("name", "cbc:ElectronicMail", TEXT, way="read"),
        ),
    ),
)
STAGE_AGREED = below(
    "cac:ShipmentStage",
    (
        Leaf("carriage.received_on", "cac:TakeoverTransportEvent/cbc:OccurrenceDate", DATE),
        Part("carriage.place_of_receipt", "cac:TakeoverTransportEvent/cac:Location", Location, PLACE),
        Part("carriage.place_of_delivery", "cac:DeliveryTransportEvent/cac:Location", Location, PLACE),
        Part("carriage.freight_payable_at", "cac:FreightChargeLocation", Location, PLACE),
        Leaf("carriage.planned_departure_on", "cac:PlannedDepartureTransportEvent/cbc:OccurrenceDate", DATE),
        Leaf("carriage.planned_arrival_on", "cac:PlannedArrivalTransportEvent/cbc:OccurrenceDate", DATE),
    ),
)
DISTRIBUTED = (
    Leaf(
        "carriage.electronic",
        "cac:DocumentDistribution/cbc:DistributionTypeCode",
        coded({"ELECTRONIC": True, "PAPER": False}),
    ),
    Fixed("cac:DocumentDistribution/cac:Party/cac:PartyName/cbc:Name", UNKNOWN, when="carriage.electronic"),
)
