"""What carrier and shipper agreed of a transport: what DCSA wants on a bill of lading beside the goods.

The members are those of DCSA Bill of Lading 3.0 (``TransportDocument``), its codes too.
"""

from dataclasses import dataclass
from datetime import date

from isthmus_platform.papers.parts import Location, check_count, check_text, wrong

RECEIPT_TYPES = frozenset({"CY", "SD", "CFS"})
"""Container yard, store door, container freight station."""
CARGO_MOVEMENTS = frozenset({"FCL", "LCL"})
"""Full container load, less than container load."""
FREIGHT = frozenset({"PREPAID", "COLLECT"})
CARRIER_CODE_LISTS = frozenset({"SMDG", "NMFTA"})
LONGEST_TERMS = 50_000
LONGEST_CLAUSE = 20_000
LONGEST_CLAUSES = 50_000
"""Characters of all clauses together: what is printed for whoever asks has an end."""
MOST = 99


@dataclass(frozen=True)
class Contact:
    """A person or desk that answers for the document, by telephone or electronic mail."""

    name: str
    phone: str | None = None
    email: str | None = None

    def __post_init__(self) -> None:
        check_text(self.name, "name", 300)
        check_text(self.phone, "phone", 100)
        check_text(self.email, "email", 100)
        if self.email is not None and "@" not in self.email[1:-1]:
            raise wrong("email", "format", "an address such as docs@carrier.example")


@dataclass(frozen=True, kw_only=True)
class Carriage:
    """The terms of carriage between shipper and carrier, and the places and days of it (DCSA eBL 3.0)."""

    terms_and_conditions: str | None = None
    carrier_code: str | None = None
    carrier_code_list_provider: str | None = None
    electronic: bool | None = None
    receipt_type_at_origin: str | None = None
    delivery_type_at_destination: str | None = None
    cargo_movement_type_at_origin: str | None = None
    cargo_movement_type_at_destination: str | None = None
    place_of_receipt: Location | None = None
    place_of_delivery: Location | None = None
    planned_departure_on: date | None = None
    planned_arrival_on: date | None = None
    received_on: date | None = None
    freight_payable_at: Location | None = None
    place_of_issue: Location | None = None
    number_of_originals_with_charges: int | None = None
    number_of_originals_without_charges: int | None = None
    service_contract: str | None = None
    carrier_clauses: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()

    def __post_init__(self) -> None:
        check_text(self.terms_and_conditions, "termsAndConditions", LONGEST_TERMS)
        check_text(self.carrier_code, "carrierCode", 4)
        check_text(self.service_contract, "serviceContract", 100)
        check_count(self.number_of_originals_with_charges, "numberOfOriginalsWithCharges")
        check_count(self.number_of_originals_without_charges, "numberOfOriginalsWithoutCharges")
        check_code(self.carrier_code_list_provider, CARRIER_CODE_LISTS, "carrierCodeListProvider")
        check_code(self.receipt_type_at_origin, RECEIPT_TYPES, "receiptTypeAtOrigin")
        check_code(self.delivery_type_at_destination, RECEIPT_TYPES, "deliveryTypeAtDestination")
        check_code(self.cargo_movement_type_at_origin, CARGO_MOVEMENTS, "cargoMovementTypeAtOrigin")
        check_code(self.cargo_movement_type_at_destination, CARGO_MOVEMENTS, "cargoMovementTypeAtDestination")
        if max(len(self.carrier_clauses), len(self.contacts)) > MOST:
            long = "contacts" if len(self.contacts) > MOST else "carrierClauses"
            raise wrong(long, "too_many", f"at most {MOST}")
        if sum(map(len, self.carrier_clauses)) > LONGEST_CLAUSES:
            raise wrong("carrierClauses", "too_long", f"at most {LONGEST_CLAUSES} characters in all")
        for index, clause in enumerate(self.carrier_clauses):
            check_text(clause, f"carrierClauses.{index}", LONGEST_CLAUSE)


def check_code(value: str | None, codes: frozenset[str], field: str) -> None:
    """Refuse what is none of ``codes``."""
    if value is not None and value not in codes:
        raise wrong(field, "unknown_code", f"one of {', '.join(sorted(codes))}")
