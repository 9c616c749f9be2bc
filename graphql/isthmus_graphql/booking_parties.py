"""The parties, contacts and voyage that a booking asks for, in DCSA's terms."""

from collections.abc import Sequence
from typing import Any

import graphene

from isthmus_graphql.context import Info
from isthmus_platform.logistics import booking_parties as parties
from isthmus_platform.logistics.booking_voyage import ArrivalWish, VoyageWish

FUNCTIONS = {
    parties.PartyFunction.DDR: "The consignor's freight forwarder.",
    parties.PartyFunction.DDS: "The consignee's freight forwarder.",
    parties.PartyFunction.COW: "Who pays invoices on behalf of the consignor.",
    parties.PartyFunction.COX: "Who pays invoices on behalf of the consignee.",
    parties.PartyFunction.N1: "The first to be notified.",
    parties.PartyFunction.N2: "The second to be notified.",
    parties.PartyFunction.NI: "Another to be notified.",
}
BookingPartyFunction = graphene.Enum.from_enum(
    parties.PartyFunction,
    name="BookingPartyFunction",
    description=lambda value: FUNCTIONS[value] if value else "What another party is (DCSA `partyFunction`).",
)


def _text(description: str, *, required: bool = False) -> Any:
    return graphene.String(required=required, description=description)


def _many(kind: Any, description: str) -> Any:
    return graphene.List(graphene.NonNull(kind), required=True, description=description)


def _any(kind: Any, description: str) -> Any:
    return graphene.List(graphene.NonNull(kind), default_value=[], description=description)


class _Address:
    street = _text("The street, at most 100 characters.", required=True)
    street_number = _text("Its number in the street, at most 50.", required=True)
    floor = _text("At most 50.")
    post_code = _text("At most 10.")
    city = _text("At most 65.", required=True)
    state_region = _text("At most 65.")
    country = _text("ISO 3166-1 alpha-2.", required=True)


class _Contact:
    name = _text("Of the person or desk, at most 100 characters.", required=True)
    phone = _text("At most 30; this or `email` is there.")
    email = _text("At most 100.")


class _Code:
    provider = _text("DCSA `codeListProvider`, such as `GLEIF` or `ZZZ`.", required=True)
    code = _text("DCSA `partyCode`, at most 100 characters.", required=True)
    list_name = _text("DCSA `codeListName`, such as `LEI`.")


class _Tax:
    type = _text("As the country's law calls it, such as `PAN`; at most 50.", required=True)
    country = _text("ISO 3166-1 alpha-2.", required=True)
    value = _text("At most 100 characters.", required=True)


class _Party:
    name = _text("At most 100 characters.", required=True)
    reference = _text("Its own, at most 100 characters.")
    purchase_order = _text("Of shipper and consignee alone: of its order; at most 100.")


class _Office:
    name = _text("At most 100 characters.", required=True)
    place = _text("UN/LOCODE.", required=True)


class _Voyage:
    vessel_name = _text("At most 50 characters.")
    vessel_imo = _text("IMO number; with the name.")
    service_name = _text("The carrier's (`carrierServiceName`), at most 50.")
    service_code = _text("The carrier's (`carrierServiceCode`), at most 11.")
    service_reference = _text("DCSA `universalServiceReference`, such as `SR12345A`.")
    voyage = _text("The carrier's (`carrierExportVoyageNumber`), at most 50; with ship or service.")
    voyage_reference = _text("DCSA `universalExportVoyageReference`, such as `2103N`.")


class BookingPartyAddress(_Address, graphene.ObjectType):
    """Where a party of a booking is (DCSA `address`)."""

    class Meta:
        possible_types = (parties.PartyAddress,)


class BookingContact(_Contact, graphene.ObjectType):
    """Whom to ask (DCSA `partyContactDetail`)."""

    class Meta:
        possible_types = (parties.Contact,)


class BookingPartyCode(_Code, graphene.ObjectType):
    """What a party is called in a list of codes (DCSA `identifyingCode`)."""

    class Meta:
        possible_types = (parties.PartyCode,)


class BookingTaxReference(_Tax, graphene.ObjectType):
    """By what a party is known for tax or law (DCSA `taxLegalReference`)."""

    class Meta:
        possible_types = (parties.TaxReference,)


class BookingParty(_Party, graphene.ObjectType):
    """A party in the words of who booked; no account here is meant by it."""

    class Meta:
        possible_types = (parties.NamedParty,)

    address = graphene.Field(BookingPartyAddress, description="Where it is.")
    contacts = _many(BookingContact, "Whom to ask.")
    codes = _many(BookingPartyCode, "What it is called in lists of codes.")
    tax_references = _many(BookingTaxReference, "By what it is known for tax or law.")


class BookingOffice(_Office, graphene.ObjectType):
    """The carrier's office that handles the booking (DCSA `carrierBookingOffice`)."""

    class Meta:
        possible_types = (parties.BookingOffice,)

    contacts = _many(BookingContact, "Whom to ask.")


class BookingOtherParty(graphene.ObjectType):
    """Another party, and what it is."""

    class Meta:
        possible_types = (parties.OtherParty,)

    function = graphene.Field(BookingPartyFunction, required=True, description="What it is.")
    party = graphene.Field(BookingParty, required=True, description="Who it is.")


class BookingDocumentParties(graphene.ObjectType):
    """Whom the documents of a booking will name (DCSA `documentParties`)."""

    class Meta:
        possible_types = (parties.DocumentParties,)

    booking_agent = graphene.Field(BookingParty, description="Who books for the customer.")
    shipper = graphene.Field(BookingParty, description="Who ships.")
    consignee = graphene.Field(BookingParty, description="To whom.")
    service_contract_owner = graphene.Field(
        BookingParty, description="Whose contract with the carrier it is."
    )
    carrier_booking_office = graphene.Field(BookingOffice, description="The carrier's office.")
    other = _many(BookingOtherParty, "Others, one of each function.")


class BookingVoyage(_Voyage, graphene.ObjectType):
    """By which ship, service and voyage it is wished for."""

    class Meta:
        possible_types = (VoyageWish,)


class BookingArrival(graphene.ObjectType):
    """Between which days it is expected at its place of delivery."""

    class Meta:
        possible_types = (ArrivalWish,)

    first = _text("The first day, ISO 8601.", required=True)
    last = _text("The last day, ISO 8601.", required=True)

    @staticmethod
    def resolve_first(row: ArrivalWish, _info: Info) -> str:
        """Return the first day."""
        return row.first.isoformat()

    @staticmethod
    def resolve_last(row: ArrivalWish, _info: Info) -> str:
        """Return the last day."""
        return row.last.isoformat()


class BookingPartyAddressInput(_Address, graphene.InputObjectType):
    """Where a party is."""


class BookingContactInput(_Contact, graphene.InputObjectType):
    """Whom to ask: by phone, by e-mail, or both."""


class BookingPartyCodeInput(_Code, graphene.InputObjectType):
    """What a party is called in a list of codes."""


class BookingTaxReferenceInput(_Tax, graphene.InputObjectType):
    """By what a party is known for tax or law."""


class BookingPartyInput(_Party, graphene.InputObjectType):
    """A party in your words; no account here is meant by it."""

    address = BookingPartyAddressInput(description="Where it is.")
    contacts = _any(BookingContactInput, "Whom to ask, at most 50.")
    codes = _any(BookingPartyCodeInput, "What it is called in lists of codes, at most 50.")
    tax_references = _any(BookingTaxReferenceInput, "By what it is known for tax or law, at most 50.")


class BookingOfficeInput(_Office, graphene.InputObjectType):
    """The carrier's office that handles the booking."""

    contacts = _any(BookingContactInput, "Whom to ask, at most 50.")


class BookingOtherPartyInput(graphene.InputObjectType):
    """Another party, and what it is."""

    function = BookingPartyFunction(required=True, description="What it is; one party of each.")
    party = BookingPartyInput(required=True, description="Who it is.")


class BookingDocumentPartiesInput(graphene.InputObjectType):
    """Whom the documents will name."""

    booking_agent = BookingPartyInput(description="Who books for the customer.")
    shipper = BookingPartyInput(description="Who ships.")
    consignee = BookingPartyInput(description="To whom.")
    service_contract_owner = BookingPartyInput(description="Whose contract with the carrier it is.")
    carrier_booking_office = BookingOfficeInput(description="The carrier's office.")
    other = _any(BookingOtherPartyInput, "Others, one of each function.")


class BookingVoyageInput(_Voyage, graphene.InputObjectType):
    """By which ship, service and voyage you wish it."""


class BookingArrivalInput(graphene.InputObjectType):
    """Between which days you expect it at its place of delivery."""

    first = _text("The first day, ISO 8601; not before departure.", required=True)
    last = _text("The last day, ISO 8601.", required=True)


def _members(of: type, given: Any) -> dict[str, Any]:
    """Return the members of an input that the class ``of`` of its fields has."""
    return {name: given[name] for name in vars(of) if not name.startswith("_") and name in given}


def read_contacts(given: Sequence[Any]) -> tuple[parties.Contact, ...]:
    """Return the contacts that an input gives."""
    return tuple(parties.Contact(**_members(_Contact, each)) for each in given)


def read_voyage(given: Any) -> VoyageWish | None:
    """Return the ship, service and voyage that an input gives; None for none."""
    return None if given is None else VoyageWish(**_members(_Voyage, given))


def read_parties(given: Any) -> parties.DocumentParties | None:
    """Return the parties that an input gives; None for none."""
    if given is None:
        return None
    office = given.carrier_booking_office
    return parties.DocumentParties(
        booking_agent=_party(given.booking_agent),
        shipper=_party(given.shipper),
        consignee=_party(given.consignee),
        service_contract_owner=_party(given.service_contract_owner),
        carrier_booking_office=office
        and parties.BookingOffice(office.name, office.place, read_contacts(office.contacts)),
        other=tuple(
            parties.OtherParty(parties.PartyFunction(each.function.value), _named(each.party))
            for each in given.other
        ),
    )


def _party(given: Any) -> parties.NamedParty | None:
    return None if given is None else _named(given)


def _named(given: Any) -> parties.NamedParty:
    address = given.address
    return parties.NamedParty(
        **_members(_Party, given),
        address=None if address is None else parties.PartyAddress(**_members(_Address, address)),
        contacts=read_contacts(given.contacts),
        codes=tuple(parties.PartyCode(**_members(_Code, each)) for each in given.codes),
        tax_references=tuple(parties.TaxReference(**_members(_Tax, each)) for each in given.tax_references),
    )
