"""Parties, voyage, volumes and licences of a booking hold DCSA's rules; each fault is told by field."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from booking_wishes import CONSIGNEE, PARTIES, VOYAGE, wished
from isthmus_platform.errors import InvalidInput
from isthmus_platform.logistics.booking_parties import (
    BookingOffice,
    Contact,
    DocumentParties,
    NamedParty,
    PartyAddress,
    PartyCode,
    TaxReference,
)
from isthmus_platform.logistics.booking_terms import BookingTerms, check
from isthmus_platform.logistics.booking_terms_json import from_json, to_json
from isthmus_platform.logistics.booking_voyage import ArrivalWish, VoyageWish

TODAY = date(2026, 6, 1)
DAY = timedelta(days=1)
TERMS = wished(TODAY)
SOMEBODY = NamedParty("Somebody")


def of(**changes: Any) -> BookingTerms:
    return replace(TERMS, **changes)


def named(**changes: Any) -> BookingTerms:
    return of(parties=replace(PARTIES, **changes))


def consignee(**changes: Any) -> BookingTerms:
    return named(consignee=replace(CONSIGNEE, **changes))


def voyage(**changes: Any) -> BookingTerms:
    return of(voyage=VoyageWish(**changes))


def goods(**changes: Any) -> BookingTerms:
    (equipment,) = TERMS.equipment
    return of(equipment=(replace(equipment, commodities=(replace(equipment.commodities[0], **changes),)),))


@pytest.mark.parametrize(
    "terms",
    [
        TERMS,
        of(parties=DocumentParties(shipper=SOMEBODY), voyage=None, contacts=(), expected_arrival=None),
        voyage(voyage="2103S", service_code="FE1"),
        voyage(vessel_name="King of the Seas", vessel_imo="93214830"),
        of(export_declaration_reference=None, import_license_reference=None),
    ],
    ids=["all", "a shipper", "by its service", "eight digits", "no references yet"],
)
def test_what_is_wished_is_kept_as_it_was_given(terms: BookingTerms) -> None:
    check(terms, "22G1", 2, TODAY)
    assert from_json(to_json(terms)) == terms


@pytest.mark.parametrize(
    ("terms", "field", "code"),
    [
        (of(export_declaration_required=False), "exportDeclarationReference", "not_required"),
        (of(import_license_required=False), "importLicenseReference", "not_required"),
        (of(import_license_reference="x" * 36), "importLicenseReference", "length"),
        (of(expected_arrival=ArrivalWish(TODAY - DAY, TODAY)), "expectedArrival.first", "not_in_future"),
        (of(expected_departure=TODAY + DAY), "expectedArrival.first", "not_in_future"),
        (of(expected_arrival=ArrivalWish(TODAY + DAY, TODAY)), "expectedArrival.last", "before_first"),
        (voyage(vessel_name="Sea", vessel_imo="9321484"), "voyage.vesselImo", "format"),
        (voyage(vessel_name="Sea", vessel_imo="932148"), "voyage.vesselImo", "format"),
        (voyage(vessel_imo="9321483"), "voyage.vesselName", "required"),
        (voyage(voyage="2103S"), "voyage.vesselName", "required"),
        (voyage(vessel_name=" Sea"), "voyage.vesselName", "format"),
        (voyage(service_code="x" * 12), "voyage.serviceCode", "length"),
        (voyage(service_reference="SR1234A"), "voyage.serviceReference", "format"),
        (voyage(voyage_reference="2103X"), "voyage.voyageReference", "format"),
        (of(contacts=(Contact("Henrik"),)), "contacts.0.phone", "required"),
        (of(contacts=(Contact("Henrik", email="henrik"),)), "contacts.0.email", "format"),
        (of(contacts=(Contact("", "1"),)), "contacts.0.name", "length"),
        (of(contacts=51 * (Contact("Henrik", "1"),)), "contacts", "count"),
        (named(shipper=NamedParty("x" * 101)), "parties.shipper.name", "length"),
        (
            named(booking_agent=replace(SOMEBODY, purchase_order="1")),
            "parties.bookingAgent.purchaseOrder",
            "not_wanted",
        ),
        (
            named(carrier_booking_office=BookingOffice("Line", "XXXXX")),
            "parties.carrierBookingOffice.place",
            "unknown_place",
        ),
        (named(other=2 * PARTIES.other[:1]), "parties.other.1.function", "twice"),
        (
            consignee(address=PartyAddress("Street", "1", "City", "XX")),
            "parties.consignee.address.country",
            "unknown_country",
        ),
        (
            consignee(address=PartyAddress("Street", "", "City", "NL")),
            "parties.consignee.address.streetNumber",
            "length",
        ),
        (
            consignee(codes=(PartyCode("NONE", "1"),)),
            "parties.consignee.codes.0.provider",
            "unknown_provider",
        ),
        (
            consignee(tax_references=(TaxReference("PAN", "ZZ", "1"),)),
            "parties.consignee.taxReferences.0.country",
            "unknown_country",
        ),
        (consignee(contacts=(Contact("Desk"),)), "parties.consignee.contacts.0.phone", "required"),
        (goods(volume_unit=None), "equipment.0.commodities.0.grossVolume", "volume"),
        (goods(gross_volume=None), "equipment.0.commodities.0.grossVolume", "volume"),
        (goods(gross_volume=Decimal(0)), "equipment.0.commodities.0.grossVolume", "range"),
        (goods(gross_volume=Decimal("1.0001")), "equipment.0.commodities.0.grossVolume", "too_exact"),
        (
            goods(export_license_issued=TODAY + DAY),
            "equipment.0.commodities.0.exportLicenseIssued",
            "in_future",
        ),
        (
            goods(export_license_expires=TODAY - DAY),
            "equipment.0.commodities.0.exportLicenseExpires",
            "lapsed",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "refused",
)
def test_a_wish_that_breaks_a_rule_is_refused_by_field(terms: BookingTerms, field: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(terms, "22G1", 2, TODAY)
    assert (refused.value.field, refused.value.code) == (f"terms.{field}", code)


def test_what_is_wished_is_kept_under_dcsas_names() -> None:
    said = to_json(TERMS)
    assert said["vessel"] == {"name": "King of the Seas", "vesselIMONumber": "9321483"}
    assert said["carrierExportVoyageNumber"] == VOYAGE.voyage
    assert said["universalExportVoyageReference"] == VOYAGE.voyage_reference
    assert said["expectedArrivalAtPlaceOfDeliveryEndDate"] == "2026-06-03"
    assert said["documentParties"]["bookingAgent"] == {
        "partyName": "Forwarder Ltd",
        "bookingAgentsReference": "F-1",
    }
    assert said["documentParties"]["consignee"]["consigneesPurchaseOrderReference"] == "PO-1"
    assert said["documentParties"]["carrierBookingOffice"]["UNLocationCode"] == "DEHAM"
    assert said["documentParties"]["other"][0] == {
        "partyFunction": "N1",
        "party": {"partyName": "Agents Ltd"},
    }
    (goods,) = said["requestedEquipments"][0]["commodities"]
    assert (goods["cargoGrossVolume"], goods["cargoGrossVolumeUnit"]) == ("36.5", "MTQ")
    assert goods["exportLicenseExpiryDate"] == "2026-06-02"
