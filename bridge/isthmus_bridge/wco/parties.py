"""Parties to a declaration, as the WCO Data Model names them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Who to ask: a contact, or the one who authenticates."""

    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Authentication:
    """How the declaration is authenticated, and by whom (DE 1/8)."""

    authentication: str | None = None
    authenticator: Contact | None = None


@dataclass(frozen=True, kw_only=True)
class Address:
    """A postal address."""

    city_name: str | None = None
    country_code: str | None = None
    country_sub_division_code: str | None = None
    country_sub_division_name: str | None = None
    line: str | None = None
    postcode_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Party:
    """A party by its name and address, or by its identity alone (EORI)."""

    name: str | None = None
    id: str | None = None
    address: Address | None = None


@dataclass(frozen=True, kw_only=True)
class Agent:
    """The representative (DE 3/19 to 3/21); ``function_code`` 2 is direct, 3 indirect."""

    name: str | None = None
    id: str | None = None
    function_code: str | None = None
    address: Address | None = None


@dataclass(frozen=True, kw_only=True)
class AuthorisationHolder:
    """The holder of an authorisation and its kind (DE 3/39)."""

    id: str | None = None
    category_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class TypedID:
    """An identifier of a kind: a warehouse (DE 2/7), a telephone number."""

    id: str | None = None
    type_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """The carrier (DE 3/31, 3/32)."""

    name: str | None = None
    id: str | None = None
    address: Address | None = None
    communication: TypedID | None = None


@dataclass(frozen=True, kw_only=True)
class ConsignorAddress:
    """A consignor's address for safety and security."""

    type_code: str | None = None
    city_name: str | None = None
    country_code: str | None = None
    country_sub_division_code: str | None = None
    country_sub_division_name: str | None = None
    line: str | None = None
    postcode_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class SafetyConsignor:
    """The consignor for safety and security (DE 3/7)."""

    name: str | None = None
    id: str | None = None
    address: ConsignorAddress | None = None


@dataclass(frozen=True, kw_only=True)
class Trader:
    """A trader: declarant (DE 3/17), exporter (3/1), importer, buyer or seller."""

    name: str | None = None
    id: str | None = None
    address: Address | None = None
    contact: Contact | None = None
    communication: TypedID | None = None


@dataclass(frozen=True, kw_only=True)
class Office:
    """A customs office: of exit (DE 5/12), of presentation, supervising, of guarantee."""

    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class RoleHolder:
    """A party in a further role (DE 3/37, 3/40)."""

    id: str | None = None
    role_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class DocumentSubmitter:
    """Who issued a document."""

    name: str | None = None
    role_code: str | None = None
