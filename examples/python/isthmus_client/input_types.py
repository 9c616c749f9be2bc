from datetime import datetime
from decimal import Decimal
from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .enums import ExceptionCode


class ShipmentFilter(BaseModel):
    """Which shipments; all that is given must hold."""

    reference: Optional[str] = None
    "The owner's reference, exactly."
    ucr: Optional[str] = None
    "Unique consignment reference, exactly."
    booking_reference: Optional[str] = Field(alias="bookingReference", default=None)
    "The carrier's booking number, exactly."
    bill_of_lading: Optional[str] = Field(alias="billOfLading", default=None)
    "Number of the transport document, exactly."
    equipment_reference: Optional[str] = Field(alias="equipmentReference", default=None)
    "A container number (ISO 6346)."
    origin: Optional[str] = None
    "UN/LOCODE."
    destination: Optional[str] = None
    "UN/LOCODE."
    owner: Optional[str] = None
    "The owner's name."
    carrier: Optional[str] = None
    "The carrier's name."
    mrn: Optional[str] = None
    "Movement reference number of its declaration, for owner and agents."
    any_reference: Optional[str] = Field(alias="anyReference", default=None)
    "Reference, UCR, booking, transport document (of a leg too), container or MRN, exactly."
    place: Optional[str] = None
    "UN/LOCODE on its route, or where it was last."
    status: Optional[str] = None
    "A status code, such as `LOADED`."
    eta_from: Optional[datetime] = Field(alias="etaFrom", default=None)
    "Expected at its destination at this time or later."
    eta_until: Optional[datetime] = Field(alias="etaUntil", default=None)
    "Expected at its destination before this time."
    exception: Optional[ExceptionCode] = None
    "An exception that stands."


class MoneyInput(BaseModel):
    """An amount in whole minor units of its currency."""

    amount_minor: int = Field(alias="amountMinor")
    "Minor units: cents of USD, whole JPY."
    currency: str
    "ISO 4217 code."


class CreateShipmentInput(BaseModel):
    """A shipment to be made."""

    idempotency_key: str = Field(alias="idempotencyKey")
    "1 to 200 characters of the caller's choice. Sent again with the same input, the change is made once and the first answer given again."
    reference: str
    "Your reference: 1 to 35 letters, digits, `._-`."
    on_behalf_of: Optional[str] = Field(alias="onBehalfOf", default=None)
    "The principal whose shipment it is, by name, under its delegation; your own by default."
    carrier: Optional[str] = None
    "The carrier's name; its events will count."
    ucr: str
    "Unique consignment reference (WCO), at most 35."
    origin: str
    "UN/LOCODE where it begins."
    destination: str
    "UN/LOCODE where it ends."
    transhipments: Optional[list[str]] = None
    "UN/LOCODEs on the way, in order of call."
    booking_reference: Optional[str] = Field(alias="bookingReference", default=None)
    "The carrier's booking number."
    bill_of_lading: Optional[str] = Field(alias="billOfLading", default=None)
    "Number of the transport document."
    booked_at: Optional[datetime] = Field(alias="bookedAt", default=None)
    "When it was booked; no event may be older. Now by default."
    incoterm: Optional[str] = None
    "Incoterms 2020 rule, three letters."
    vessel: Optional[str] = None
    "Name of the vessel."
    consignee: Optional["ConsigneeInput"] = None
    "To whom the goods go."
    equipment: Optional[list["EquipmentInput"]] = None
    "Containers, at most 500."
    goods: Optional[list["GoodsItemInput"]] = None
    "Goods, at most 999 kinds."
    invoice: Optional["InvoiceTermsInput"] = None
    "Commercial terms."
    legs: Optional[list["LegInput"]] = None
    "By which means it goes, without a gap, at most 20."
    terminals: Optional[list[str]] = None
    "Names of terminals whose events are to count."


class ConsigneeInput(BaseModel):
    """To whom the goods go."""

    name: str
    "Legal name."
    country: str
    "ISO 3166-1 alpha-2 code."


class EquipmentInput(BaseModel):
    """A container."""

    reference: str
    "Container number with its check digit (ISO 6346), `MCLU4200170`."
    iso_code: Optional[str] = Field(alias="isoCode", default=None)
    "Size and type code (ISO 6346), `22G1`."


class GoodsItemInput(BaseModel):
    """Goods of one kind."""

    description: str
    "What they are, in trade terms; at most 512."
    hs_code: str = Field(alias="hsCode")
    "Harmonized System code, 6 to 10 digits."
    gross_mass_kg: Decimal = Field(alias="grossMassKg")
    "Gross mass in kilograms, at most 6 decimals."
    net_mass_kg: Decimal = Field(alias="netMassKg")
    "Net mass in kilograms, at most the gross mass."
    packages: int
    "Number of packages."
    package_type: str = Field(alias="packageType")
    "UNECE Recommendation 21 code, `CR`."
    origin_country: str = Field(alias="originCountry")
    "Country of origin, ISO 3166-1 alpha-2."
    value: "MoneyInput"
    "Statistical value."


class InvoiceTermsInput(BaseModel):
    """Commercial terms, held for the owner and its agents alone; no agreement lets them cross."""

    number: Optional[str] = None
    "The commercial invoice's number."
    payment_terms: Optional[str] = Field(alias="paymentTerms", default=None)
    "Terms of payment."
    discount_minor: Optional[int] = Field(alias="discountMinor", default=None)
    "Discount in minor units of the goods' currency."
    bank_account: Optional[str] = Field(alias="bankAccount", default=None)
    "The account to be paid to."


class LegInput(BaseModel):
    """One means of transport, from a place to the next."""

    mode: str
    "VESSEL, BARGE, RAIL, TRUCK or AIR."
    origin: str
    "UN/LOCODE where it begins: where the last one ended."
    destination: str
    "UN/LOCODE where it ends."
    carrier: Optional[str] = None
    "Name of the carrier whose leg it is; its events will count."
    booking_reference: Optional[str] = Field(alias="bookingReference", default=None)
    "Its booking, transport order or flight booking."
    transport_document: Optional[str] = Field(alias="transportDocument", default=None)
    "Its B/L, air waybill or consignment note."
    conveyance: Optional[str] = None
    "Vessel, flight, train or licence plate."
    planned_departure: Optional[datetime] = Field(
        alias="plannedDeparture", default=None
    )
    "When it is to leave."
    planned_arrival: Optional[datetime] = Field(alias="plannedArrival", default=None)
    "When it is to arrive."


CreateShipmentInput.model_rebuild()
GoodsItemInput.model_rebuild()
