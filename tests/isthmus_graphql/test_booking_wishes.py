"""Parties, voyage, volumes and licences of a booking through GraphQL: read as they were asked for."""

from typing import Any

from graphql_client import Asker
from quote_trade import accepted

WHO = (
    "name reference purchaseOrder address { street streetNumber floor postCode city stateRegion country }"
    " contacts { name phone email } codes { provider code listName } taxReferences { type country value }"
)
READ = (
    "booking { terms { exportDeclarationReference importLicenseReference expectedArrival { first last }"
    " voyage { vesselName vesselImo serviceName serviceCode serviceReference voyage voyageReference }"
    f" contacts {{ name phone email }} parties {{ bookingAgent {{ {WHO} }}"
    " shipper { name } consignee { name }"
    " serviceContractOwner { name } carrierBookingOffice { name place contacts { name } }"
    " other { function party { name } } }"
    " equipment { commodities { grossVolume volumeUnit exportLicenseIssued exportLicenseExpires } } } }"
)
HENRIK = {"name": "Henrik", "phone": "+45 51801234", "email": None}
AGENT = {
    "name": "Forwarder Ltd",
    "reference": "F-1",
    "purchaseOrder": None,
    "address": {
        "street": "Ruijggoordweg",
        "streetNumber": "100",
        "floor": "2nd",
        "postCode": "1047 HM",
        "city": "Amsterdam",
        "stateRegion": "North Holland",
        "country": "NL",
    },
    "contacts": [HENRIK],
    "codes": [{"provider": "GLEIF", "code": "529900T8BM49AURSDO55", "listName": "LEI"}],
    "taxReferences": [{"type": "PAN", "country": "IN", "value": "AAAAA0000A"}],
}
GOODS: dict[str, Any] = {
    "grossVolume": "36.5",
    "volumeUnit": "MTQ",
    "exportLicenseIssued": "2026-06-01",
    "exportLicenseExpires": "2026-06-30",
}
WISHES: dict[str, Any] = {
    "exportDeclarationReference": "EMC007123",
    "importLicenseReference": "LIC-1",
    "expectedArrival": {"first": "2026-06-20", "last": "2026-06-22"},
    "voyage": {
        "vesselName": "King of the Seas",
        "vesselImo": "9321483",
        "serviceName": "Great Lion Service",
        "serviceCode": "FE1",
        "serviceReference": "SR12345A",
        "voyage": "2103S",
        "voyageReference": "2103N",
    },
    "contacts": [HENRIK],
    "parties": {
        "bookingAgent": AGENT,
        "shipper": {"name": "Export Ltd"},
        "consignee": {"name": "Import & Co"},
        "serviceContractOwner": None,
        "carrierBookingOffice": {"name": "Line, Hamburg", "place": "DEHAM", "contacts": []},
        "other": [{"function": "N1", "party": {"name": "Agents Ltd"}}],
    },
}


def terms(goods: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return the input that asks for all of it, with changes to its one commodity and to itself."""
    cargo = {"commodityType": "Tools", "grossWeight": "18000", "weightUnit": "KGM", **GOODS, **(goods or {})}
    return {
        "receiptType": "CY",
        "deliveryType": "CY",
        "movementAtOrigin": "FCL",
        "movementAtDestination": "FCL",
        "exportDeclarationRequired": True,
        "importLicenseRequired": True,
        "equipment": [{"isoCode": "22G1", "units": 2, "commodities": [cargo]}],
        **WISHES,
        **changes,
    }


def test_all_that_is_wished_is_read_as_it_was_given_and_faults_are_told_by_field(
    askers: dict[str, Asker],
) -> None:
    quote = accepted(askers)
    arrival = {"first": "in June", "last": "2026-06-22"}
    office = {"name": "Line", "place": "XXXXX"}
    for wrong, error in (
        (terms(expectedArrival=arrival), ("format", "terms.expectedArrival.first")),
        (terms(voyage={"voyage": "2103S"}), ("required", "terms.voyage.vesselName")),
        (
            terms(parties={"carrierBookingOffice": office}),
            ("unknown_place", "terms.parties.carrierBookingOffice.place"),
        ),
        (
            terms({"exportLicenseExpires": "soon"}),
            ("format", "terms.equipment.0.commodities.0.exportLicenseExpires"),
        ),
        (terms({"volumeUnit": None}), ("volume", "terms.equipment.0.commodities.0.grossVolume")),
    ):
        assert askers["trader"].refused("requestBooking", READ, quote=quote, terms=wrong) == [error]
    made = askers["trader"].done("requestBooking", READ, quote=quote, terms=terms())["booking"]
    assert made["terms"] == {**WISHES, "equipment": [{"commodities": [GOODS]}]}
