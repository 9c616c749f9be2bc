"""Terms of a booking that name all that DCSA lets one wish: parties, ship, volumes, licences."""

from datetime import date, timedelta
from decimal import Decimal

from isthmus_platform.logistics.booking_parties import (
    BookingOffice,
    Contact,
    DocumentParties,
    NamedParty,
    OtherParty,
    PartyAddress,
    PartyCode,
    PartyFunction,
    TaxReference,
)
from isthmus_platform.logistics.booking_terms import (
    BookingTerms,
    CargoMovement,
    Commodity,
    RequestedEquipment,
    ServiceType,
    VolumeUnit,
    WeightUnit,
)
from isthmus_platform.logistics.booking_voyage import ArrivalWish, VoyageWish

CONSIGNEE = NamedParty(
    "Import & Co",
    address=PartyAddress("Ruijggoordweg", "100", "Amsterdam", "NL", post_code="1047 HM"),
    contacts=(Contact("Desk", email="desk@example.com"),),
    codes=(PartyCode("GLEIF", "529900T8BM49AURSDO55", "LEI"),),
    tax_references=(TaxReference("PAN", "IN", "AAAAA0000A"),),
    reference="R-1",
    purchase_order="PO-1",
)
PARTIES = DocumentParties(
    booking_agent=NamedParty("Forwarder Ltd", reference="F-1"),
    shipper=NamedParty("Export Ltd"),
    consignee=CONSIGNEE,
    service_contract_owner=NamedParty("Export Ltd"),
    carrier_booking_office=BookingOffice("Line, Hamburg", "DEHAM"),
    other=(
        OtherParty(PartyFunction.N1, NamedParty("Agents Ltd")),
        OtherParty(PartyFunction.COX, NamedParty("Payer Ltd")),
    ),
)
VOYAGE = VoyageWish("King of the Seas", "9321483", "Great Lion Service", "FE1", "SR12345A", "2103S", "2103N")


def wished(today: date, iso_code: str = "22G1", units: int = 2) -> BookingTerms:
    """Return terms that wish for everything, by ``today`` and the days after it."""
    goods = Commodity(
        "Machine tools",
        Decimal(18_000),
        WeightUnit.KGM,
        gross_volume=Decimal("36.5"),
        volume_unit=VolumeUnit.MTQ,
        export_license_issued=today,
        export_license_expires=today + timedelta(days=1),
    )
    return BookingTerms(
        receipt_type=ServiceType.CY,
        delivery_type=ServiceType.CY,
        movement_at_origin=CargoMovement.FCL,
        movement_at_destination=CargoMovement.FCL,
        equipment=(RequestedEquipment(iso_code, units, (goods,)),),
        export_declaration_required=True,
        export_declaration_reference="EMC007123",
        import_license_required=True,
        import_license_reference="LIC-1",
        expected_arrival=ArrivalWish(today, today + timedelta(days=2)),
        voyage=VOYAGE,
        parties=PARTIES,
        contacts=(Contact("Henrik", "+45 51801234", "henrik@example.com"),),
    )
