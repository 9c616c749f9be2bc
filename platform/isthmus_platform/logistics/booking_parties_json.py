"""Parties, contacts and voyage of a booking as JSON under DCSA's own names."""

from collections.abc import Mapping, Sequence
from typing import Any

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
from isthmus_platform.logistics.booking_voyage import VoyageWish

ADDRESS = {
    "street": "street",
    "street_number": "streetNumber",
    "floor": "floor",
    "post_code": "postCode",
    "city": "city",
    "state_region": "stateRegion",
    "country": "countryCode",
}
CONTACT = {"name": "name", "phone": "phone", "email": "email"}
CODE = {"provider": "codeListProvider", "code": "partyCode", "list_name": "codeListName"}
TAX = {"type": "type", "country": "countryCode", "value": "value"}
VOYAGE = {
    "service_name": "carrierServiceName",
    "service_code": "carrierServiceCode",
    "service_reference": "universalServiceReference",
    "voyage": "carrierExportVoyageNumber",
    "voyage_reference": "universalExportVoyageReference",
}
VESSEL = {"vessel_name": "name", "vessel_imo": "vesselIMONumber"}
ROLES = {
    "booking_agent": ("bookingAgent", "bookingAgentsReference", ""),
    "shipper": ("shipper", "shippersReference", "shippersPurchaseOrderReference"),
    "consignee": ("consignee", "consigneesReference", "consigneesPurchaseOrderReference"),
    "service_contract_owner": ("serviceContractOwner", "serviceContractOwnersReference", ""),
}
"""What DCSA calls a party and its references, by its role."""


def leaving_out(**values: Any) -> dict[str, Any]:
    """Return what of the values is given."""
    return {name: value for name, value in values.items() if value is not None}


def _written(row: object, names: Mapping[str, str]) -> dict[str, Any]:
    return leaving_out(**{said: getattr(row, name) for name, said in names.items()})


def _read(said: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {name: said.get(told) for name, told in names.items()}


def _listed(rows: Sequence[object], names: Mapping[str, str]) -> list[dict[str, Any]] | None:
    return [_written(each, names) for each in rows] or None


def contacts_json(given: Sequence[Contact]) -> list[dict[str, Any]] | None:
    """Return contacts under DCSA's names; None for none."""
    return _listed(given, CONTACT)


def contacts(said: Sequence[Mapping[str, Any]] | None) -> tuple[Contact, ...]:
    """Return the contacts that :func:`contacts_json` wrote."""
    return tuple(Contact(**_read(each, CONTACT)) for each in said or ())


def voyage_json(given: VoyageWish) -> dict[str, Any]:
    """Return the members of a booking by which DCSA names ship, service and voyage."""
    return _written(given, VOYAGE) | leaving_out(vessel=_written(given, VESSEL) or None)


def voyage(said: Mapping[str, Any]) -> VoyageWish | None:
    """Return the wish that :func:`voyage_json` wrote; None where nothing is wished."""
    found = VoyageWish(**_read(said, VOYAGE), **_read(said.get("vessel", {}), VESSEL))
    return None if found == VoyageWish() else found


def parties_json(given: DocumentParties) -> dict[str, Any] | None:
    """Return the parties under DCSA's names; None for none."""
    said = {
        name: _party_json(getattr(given, role), reference, order)
        for role, (name, reference, order) in ROLES.items()
    }
    office = given.carrier_booking_office
    if office is not None:
        said["carrierBookingOffice"] = leaving_out(
            partyName=office.name,
            UNLocationCode=office.place,
            partyContactDetails=contacts_json(office.contacts),
        )
    other = [
        {"partyFunction": each.function.value, "party": _party_json(each.party, "reference", "")}
        for each in given.other
    ]
    return leaving_out(**said, other=other or None) or None


def _party_json(given: NamedParty | None, reference: str, order: str) -> dict[str, Any] | None:
    if given is None:
        return None
    return leaving_out(
        partyName=given.name,
        address=None if given.address is None else _written(given.address, ADDRESS),
        partyContactDetails=contacts_json(given.contacts),
        identifyingCodes=_listed(given.codes, CODE),
        taxLegalReferences=_listed(given.tax_references, TAX),
        **{reference: given.reference, order: given.purchase_order},
    )


def parties(said: Mapping[str, Any] | None) -> DocumentParties | None:
    """Return the parties that :func:`parties_json` wrote; None for none."""
    if said is None:
        return None
    office = said.get("carrierBookingOffice")
    return DocumentParties(
        **{role: _party(said.get(name), *names) for role, (name, *names) in ROLES.items()},
        carrier_booking_office=office
        and BookingOffice(
            office["partyName"], office["UNLocationCode"], contacts(office.get("partyContactDetails"))
        ),
        other=tuple(
            OtherParty(PartyFunction(each["partyFunction"]), _named(each["party"], "reference", ""))
            for each in said.get("other", ())
        ),
    )


def _party(said: Mapping[str, Any] | None, reference: str, order: str) -> NamedParty | None:
    return None if said is None else _named(said, reference, order)


def _named(said: Mapping[str, Any], reference: str, order: str) -> NamedParty:
    address = said.get("address")
    return NamedParty(
        name=said["partyName"],
        address=None if address is None else PartyAddress(**_read(address, ADDRESS)),
        contacts=contacts(said.get("partyContactDetails")),
        codes=tuple(PartyCode(**_read(each, CODE)) for each in said.get("identifyingCodes", ())),
        tax_references=tuple(TaxReference(**_read(each, TAX)) for each in said.get("taxLegalReferences", ())),
        reference=said.get(reference),
        purchase_order=said.get(order),
    )
