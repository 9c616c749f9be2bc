"""The parties that a booking names for its documents (DCSA Booking 2.0.0, ``documentParties``), and contacts.

They are words of who booked, told to the carrier; no account of the platform is meant by them.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from isthmus_platform.logistics.booking_rules import count, given_words, words, wrong
from isthmus_platform.papers.parts import check_country
from isthmus_platform.places import find

EMAIL = re.compile(r".+@\S+")
PROVIDERS = frozenset(
    (
        *("WAVE", "CARX", "ESSD", "IDT", "BOLE", "EDOX", "IQAX", "SECR", "TRGO", "ETEU", "TRAC", "BRIT"),
        *("GSBN", "WISE", "GLEIF", "W3C", "DNB", "FMC", "DCSA", "ZZZ"),
    )
)
"""DCSA ``codeListProvider``: who gives codes to parties."""


class PartyFunction(StrEnum):
    """What another party is to the booking (DCSA ``partyFunction``)."""

    DDR = "DDR"
    DDS = "DDS"
    COW = "COW"
    COX = "COX"
    N1 = "N1"
    N2 = "N2"
    NI = "NI"


@dataclass(frozen=True)
class PartyAddress:
    """DCSA ``address``; ``country`` is of ISO 3166-1 alpha-2."""

    street: str
    street_number: str
    city: str
    country: str
    floor: str | None = None
    post_code: str | None = None
    state_region: str | None = None


@dataclass(frozen=True)
class Contact:
    """DCSA ``partyContactDetail``: a person or desk, reached by ``phone`` or ``email`` or both."""

    name: str
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class PartyCode:
    """DCSA ``identifyingCode``: the ``code`` of a party in a list of ``provider``."""

    provider: str
    code: str
    list_name: str | None = None


@dataclass(frozen=True)
class TaxReference:
    """DCSA ``taxLegalReference``: a number for tax or law, of a ``type`` that the country has."""

    type: str
    country: str
    value: str


@dataclass(frozen=True)
class NamedParty:
    """A party of the documents. ``purchase_order`` is of shipper and consignee alone."""

    name: str
    address: PartyAddress | None = None
    contacts: tuple[Contact, ...] = ()
    codes: tuple[PartyCode, ...] = ()
    tax_references: tuple[TaxReference, ...] = ()
    reference: str | None = None
    purchase_order: str | None = None


@dataclass(frozen=True)
class BookingOffice:
    """DCSA ``carrierBookingOffice``: the carrier's office, by its UN/LOCODE."""

    name: str
    place: str
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class OtherParty:
    """Another party, and what it is to the booking."""

    function: PartyFunction
    party: NamedParty


@dataclass(frozen=True)
class DocumentParties:
    """DCSA ``documentParties``: whom the documents of the booking will name."""

    booking_agent: NamedParty | None = None
    shipper: NamedParty | None = None
    consignee: NamedParty | None = None
    service_contract_owner: NamedParty | None = None
    carrier_booking_office: BookingOffice | None = None
    other: tuple[OtherParty, ...] = ()


def check_parties(given: DocumentParties, at: str) -> None:
    """Raise :class:`InvalidInput` naming the field under ``at`` that breaks a rule of DCSA's.

    Of each function there is one party: DCSA tells the first notify party from the second by it.
    """
    for name, party in (
        ("bookingAgent", given.booking_agent),
        ("shipper", given.shipper),
        ("consignee", given.consignee),
        ("serviceContractOwner", given.service_contract_owner),
    ):
        if party is not None:
            _check_party(party, f"{at}.{name}", orders=name in ("shipper", "consignee"))
    office = given.carrier_booking_office
    if office is not None:
        words(office.name, f"{at}.carrierBookingOffice.name", 100)
        find(office.place, field=f"{at}.carrierBookingOffice.place")
        check_contacts(office.contacts, f"{at}.carrierBookingOffice.contacts")
    count(given.other, f"{at}.other", most=len(PartyFunction))
    for number, each in enumerate(given.other):
        if each.function in {before.function for before in given.other[:number]}:
            raise wrong(f"{at}.other.{number}.function", "twice", "of one party")
        _check_party(each.party, f"{at}.other.{number}.party", orders=False)


def check_contacts(given: tuple[Contact, ...], at: str) -> None:
    """Refuse a contact without a name, or that cannot be reached."""
    count(given, at)
    for number, each in enumerate(given):
        here = f"{at}.{number}"
        words(each.name, f"{here}.name", 100)
        given_words(each.phone, f"{here}.phone", 30)
        given_words(each.email, f"{here}.email", 100)
        if each.email is not None and not EMAIL.fullmatch(each.email):
            raise wrong(f"{here}.email", "format", "an address of e-mail")
        if each.phone is None and each.email is None:
            raise wrong(f"{here}.phone", "required", "given, or else an address of e-mail")


def _check_party(given: NamedParty, at: str, *, orders: bool) -> None:
    words(given.name, f"{at}.name", 100)
    given_words(given.reference, f"{at}.reference", 100)
    given_words(given.purchase_order, f"{at}.purchaseOrder", 100)
    if given.purchase_order is not None and not orders:
        raise wrong(f"{at}.purchaseOrder", "not_wanted", "left out of all but shipper and consignee")
    if given.address is not None:
        _check_address(given.address, f"{at}.address")
    check_contacts(given.contacts, f"{at}.contacts")
    count(given.codes, f"{at}.codes")
    for number, code in enumerate(given.codes):
        here = f"{at}.codes.{number}"
        if code.provider not in PROVIDERS:
            raise wrong(f"{here}.provider", "unknown_provider", f"one of {', '.join(sorted(PROVIDERS))}")
        words(code.code, f"{here}.code", 100)
        given_words(code.list_name, f"{here}.listName", 100)
    count(given.tax_references, f"{at}.taxReferences")
    for number, tax in enumerate(given.tax_references):
        here = f"{at}.taxReferences.{number}"
        words(tax.type, f"{here}.type", 50)
        check_country(tax.country, f"{here}.country")
        words(tax.value, f"{here}.value", 100)


def _check_address(given: PartyAddress, at: str) -> None:
    words(given.street, f"{at}.street", 100)
    words(given.street_number, f"{at}.streetNumber", 50)
    given_words(given.floor, f"{at}.floor", 50)
    given_words(given.post_code, f"{at}.postCode", 10)
    words(given.city, f"{at}.city", 65)
    given_words(given.state_region, f"{at}.stateRegion", 65)
    check_country(given.country, f"{at}.country")
