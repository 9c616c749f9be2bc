"""The shipping instruction: what the shipper tells the carrier to put on the transport document (340).

Its members are those of DCSA Bill of Lading 3.0 (``CreateShippingInstructions``), its codes too; the rules
are the conditions that its text states beside its schema.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from isthmus_platform.papers.carriage import CARRIER_CODE_LISTS, FREIGHT, MOST, Contact, check_code
from isthmus_platform.papers.parts import (
    MOST_LINES,
    Container,
    Goods,
    Load,
    Location,
    TradeParty,
    check_count,
    check_text,
    wrong,
)

BILL, WAYBILL = "705", "710"
LONGEST_REQUEST = 100
"""Characters of a clause or certificate that is asked for."""


@dataclass(frozen=True, kw_only=True)
class ShippingInstruction:
    """What the shipper tells the carrier of its cargo, for the transport document (340).

    ``transport_document_type`` is what is to be issued, 705 or 710; the consignee of a bill to order is whom
    the order is of.
    """

    TYPES: ClassVar[tuple[str, ...]] = ("340",)

    number: str
    issued_on: date | None = None
    shipper: TradeParty | None = None
    consignee: TradeParty | None = None
    notify: TradeParty | None = None
    to_order: bool | None = None
    ucr: str | None = None
    booking_reference: str | None = None
    transport_document_type: str | None = None
    transport_document: str | None = None
    shipped_on_board: bool | None = None
    electronic: bool | None = None
    freight: str | None = None
    freight_payable_at: Location | None = None
    place_of_issue: Location | None = None
    number_of_originals_with_charges: int | None = None
    number_of_originals_without_charges: int | None = None
    number_of_copies_with_charges: int | None = None
    number_of_copies_without_charges: int | None = None
    carrier_code: str | None = None
    carrier_code_list_provider: str | None = None
    entry_zone: bool | None = None
    """Whether the cargo is delivered where the ICS2 of the European Union applies."""
    requested_clauses: tuple[str, ...] = ()
    requested_certificates: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    goods: tuple[Goods, ...] = ()
    containers: tuple[Container, ...] = ()
    note: str | None = None
    beyond: str | None = None

    def __post_init__(self) -> None:
        check_text(self.number, "number", 100)
        check_text(self.ucr, "ucr")
        check_text(self.booking_reference, "bookingReference", 35)
        check_text(self.transport_document, "transportDocument", 20)
        check_text(self.carrier_code, "carrierCode", 4)
        check_text(self.note, "note")
        check_text(self.beyond, "beyond", 2_000_000)
        self._check_lists()
        check_code(self.carrier_code_list_provider, CARRIER_CODE_LISTS, "carrierCodeListProvider")
        check_code(self.freight, FREIGHT, "freight")
        check_code(self.transport_document_type, frozenset({BILL, WAYBILL}), "transportDocumentType")
        self._check_what_is_issued()
        self._check_cargo()

    def _check_lists(self) -> None:
        lists = {
            "goods": (self.goods, MOST_LINES),
            "containers": (self.containers, MOST_LINES),
            "contacts": (self.contacts, MOST),
            "requestedClauses": (self.requested_clauses, MOST),
            "requestedCertificates": (self.requested_certificates, MOST),
        }
        for name, (listed, most) in lists.items():
            if len(listed) > most:
                raise wrong(name, "too_many", f"at most {most}")
            for index, each in enumerate(listed):
                if isinstance(each, str):
                    check_text(each, f"{name}.{index}", LONGEST_REQUEST)

    def _check_what_is_issued(self) -> None:
        """Refuse what cannot be issued: a waybill to order, or more originals than an electronic bill has."""
        with_charges = self.number_of_originals_with_charges
        check_count(with_charges, "numberOfOriginalsWithCharges")
        check_count(self.number_of_originals_without_charges, "numberOfOriginalsWithoutCharges")
        check_count(self.number_of_copies_with_charges, "numberOfCopiesWithCharges")
        check_count(self.number_of_copies_without_charges, "numberOfCopiesWithoutCharges")
        originals = (with_charges or 0) + (self.number_of_originals_without_charges or 0)
        copies = (self.number_of_copies_with_charges or 0) + (self.number_of_copies_without_charges or 0)
        asked = "numberOfOriginalsWithCharges" if with_charges else "numberOfOriginalsWithoutCharges"
        if self.transport_document_type == WAYBILL:
            if self.to_order:
                raise wrong("toOrder", "waybill_to_order", "no order: a sea waybill names its consignee")
            if originals:
                raise wrong(asked, "waybill_originals", "none: a sea waybill has no originals")
        if self.transport_document_type == BILL and self.electronic:
            if originals > 1:
                raise wrong(asked, "electronic_originals", "one at most: an electronic bill is one")
            if copies:
                name = "With" if self.number_of_copies_with_charges else "Without"
                raise wrong(f"numberOfCopies{name}Charges", "electronic_copies", "none of an electronic bill")

    def _check_cargo(self) -> None:
        """Refuse goods in a container that is not told of, and masses that cannot be."""
        told = [each.reference for each in self.containers]
        for index, reference in enumerate(told):
            if reference in told[:index]:
                raise wrong(f"containers.{index}.reference", "twice", "a container that is not told before")
        for index, goods in enumerate(self.goods):
            for number, reference in enumerate(goods.containers):
                if told and reference not in told:
                    at = f"goods.{index}.containers.{number}"
                    raise wrong(at, "unknown_container", f"one of {', '.join(told[:5])}")
            _check_masses(goods, f"goods.{index}")


def _check_masses(goods: Goods, path: str) -> None:
    parts: list[Goods | Load] = [goods, *goods.loads]
    for number, part in enumerate(parts):
        within = f"{path}.loads.{number - 1}" if number else path
        gross, net = part.gross_mass, part.net_mass
        if gross is not None and gross.value <= 0:
            raise wrong(f"{within}.grossMass", "out_of_range", "a mass above nothing")
        if gross is not None and net is not None and gross.unit == net.unit and net.value > gross.value:
            raise wrong(f"{within}.netMass", "net_above_gross", f"at most the gross mass, {gross.value:f}")
