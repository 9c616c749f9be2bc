"""What a booking asks for, in DCSA's terms: service, payment, equipment, cargo, reefers, dangerous goods."""

from datetime import date
from typing import Any

import graphene

from isthmus_graphql import booking_parties
from isthmus_graphql.context import Info
from isthmus_graphql.quotes import FreightPaymentTerm
from isthmus_graphql.scalars import Decimal
from isthmus_platform.errors import InvalidInput
from isthmus_platform.logistics import booking_terms as terms
from isthmus_platform.logistics.booking_voyage import ArrivalWish
from isthmus_platform.logistics.quoting import PaymentTerm

SERVICES = {
    terms.ServiceType.CY: "At a container yard or rail ramp.",
    terms.ServiceType.SD: "At the store's door.",
    terms.ServiceType.CFS: "At a container freight station.",
}
MOVEMENTS = {
    terms.CargoMovement.FCL: "Full containers.",
    terms.CargoMovement.LCL: "Less than a container.",
}
WEIGHTS = {terms.WeightUnit.KGM: "Kilograms.", terms.WeightUnit.LBR: "Pounds."}
VOLUMES = {terms.VolumeUnit.MTQ: "Cubic metres.", terms.VolumeUnit.FTQ: "Cubic feet."}
TEMPERATURES = {
    terms.TemperatureUnit.CEL: "Degrees Celsius.",
    terms.TemperatureUnit.FAH: "Degrees Fahrenheit.",
}

BookingServiceType = graphene.Enum.from_enum(
    terms.ServiceType,
    name="BookingServiceType",
    description=lambda value: SERVICES[value] if value else "Where the carrier takes or hands over (DCSA).",
)
CargoMovementType = graphene.Enum.from_enum(
    terms.CargoMovement,
    name="CargoMovementType",
    description=lambda value: MOVEMENTS[value] if value else "How cargo is moved at one end (DCSA).",
)
CargoWeightUnit = graphene.Enum.from_enum(
    terms.WeightUnit,
    name="CargoWeightUnit",
    description=lambda value: WEIGHTS[value] if value else "The unit of a weight (DCSA).",
)
CargoVolumeUnit = graphene.Enum.from_enum(
    terms.VolumeUnit,
    name="CargoVolumeUnit",
    description=lambda value: VOLUMES[value] if value else "The unit of a volume (DCSA).",
)
ReeferTemperatureUnit = graphene.Enum.from_enum(
    terms.TemperatureUnit,
    name="ReeferTemperatureUnit",
    description=lambda value: TEMPERATURES[value] if value else "The unit of a temperature (DCSA).",
)


def _many(kind: Any, description: str) -> Any:
    return graphene.List(graphene.NonNull(kind), required=True, description=description)


def _any(kind: Any, description: str) -> Any:
    return graphene.List(graphene.NonNull(kind), default_value=[], description=description)


def _said(description: str) -> Any:
    return graphene.Boolean(required=True, description=description)


def _asked(description: str) -> Any:
    return graphene.Boolean(default_value=False, description=description)


TEMPERATURE = "DCSA `temperatureSetpoint`, in degrees of `unit`; at most one decimal."
SHARES = {
    "humidity": "DCSA `humiditySetpoint`, in percentage points of 100.",
    "o2": "DCSA `o2Setpoint`, in percentage points of 100.",
    "co2": "DCSA `co2Setpoint`, in percentage points of 100.",
}
WEIGHT = "DCSA `cargoGrossWeight`, in kilograms or pounds as `weightUnit` says."
VOLUME = "DCSA `cargoGrossVolume`, in cubic metres or cubic feet as `volumeUnit` says."
TARE = "DCSA `tareWeight`, in kilograms or pounds as `tareUnit` says; of the shipper's own."
PACKAGES = "The number of outer packagings. The number."
UNITS = "The number of units. The number."
GROUP = "The packing group, 1 to 3. The number."


class ReeferSettings(graphene.ObjectType):
    """How a reefer is set (DCSA `activeReeferSettings`)."""

    class Meta:
        possible_types = (terms.ReeferSettings,)

    temperature = Decimal(required=True, description=TEMPERATURE)
    unit = graphene.Field(ReeferTemperatureUnit, required=True, description="Of the temperature.")
    humidity = Decimal(description=SHARES["humidity"])
    o2 = Decimal(description=SHARES["o2"])
    co2 = Decimal(description=SHARES["co2"])
    ventilation_open = graphene.Boolean(description="Whether the ventilation is open.")
    cold_treatment = graphene.Boolean(description="Whether cold treatment is required.")
    pre_cooling = graphene.Boolean(description="Whether it is to be cooled before it is filled.")


class DangerousGoods(graphene.ObjectType):
    """Dangerous goods by the IMDG Code (DCSA `dangerousGoods`)."""

    class Meta:
        possible_types = (terms.DangerousGoods,)

    un_number = graphene.String(required=True, description="Four digits.")
    proper_shipping_name = graphene.String(required=True, description="By the IMDG Code.")
    imo_class = graphene.String(required=True, description="Class or division, such as `8` or `1.4S`.")
    subsidiary_risk = graphene.String(description="A class beside it.")
    packing_group = graphene.Int(description=GROUP)
    marine_pollutant = _said("Whether it pollutes the sea.")
    limited_quantity = _said("Whether it goes as a limited quantity (IMDG Code 3.4).")


class BookingCommodity(graphene.ObjectType):
    """A kind of cargo (DCSA `commodity`)."""

    class Meta:
        possible_types = (terms.Commodity,)

    commodity_type = graphene.String(required=True, description="In words.")
    hs_codes = _many(graphene.String, "HS codes of 6 to 10 digits.")
    gross_weight = Decimal(required=True, description=WEIGHT)
    weight_unit = graphene.Field(CargoWeightUnit, required=True, description="Of the weight.")
    packages = graphene.Int(description=PACKAGES)
    dangerous_goods = _many(DangerousGoods, "What of it is dangerous.")
    gross_volume = Decimal(description=VOLUME)
    volume_unit = graphene.Field(CargoVolumeUnit, description="Of the volume.")
    export_license_issued = graphene.String(description="DCSA `exportLicenseIssueDate`, ISO 8601.")
    export_license_expires = graphene.String(description="DCSA `exportLicenseExpiryDate`, ISO 8601.")

    @staticmethod
    def resolve_export_license_issued(row: terms.Commodity, _info: Info) -> str | None:
        """Return the day."""
        return None if row.export_license_issued is None else row.export_license_issued.isoformat()

    @staticmethod
    def resolve_export_license_expires(row: terms.Commodity, _info: Info) -> str | None:
        """Return the day."""
        return None if row.export_license_expires is None else row.export_license_expires.isoformat()


class RequestedEquipment(graphene.ObjectType):
    """Containers of one type, cargo and setting (DCSA `requestedEquipment`)."""

    class Meta:
        possible_types = (terms.RequestedEquipment,)

    iso_code = graphene.String(required=True, description="Size and type, ISO 6346.")
    units = graphene.Int(required=True, description=UNITS)
    commodities = _many(BookingCommodity, "What is in them.")
    shipper_owned = _said("Whether they are the shipper's own.")
    tare_weight = Decimal(description=TARE)
    tare_unit = graphene.Field(CargoWeightUnit, description="Of the tare weight.")
    non_operating_reefer = _said("Whether a reefer is used as a dry container.")
    reefer = graphene.Field(ReeferSettings, description="Of a reefer that is operated.")


class BookingTerms(graphene.ObjectType):
    """What who booked asks for, in the terms of DCSA Booking 2.0."""

    class Meta:
        possible_types = (terms.BookingTerms,)

    receipt_type = graphene.Field(
        BookingServiceType, required=True, description="At origin (`receiptTypeAtOrigin`)."
    )
    delivery_type = graphene.Field(
        BookingServiceType, required=True, description="At destination (`deliveryTypeAtDestination`)."
    )
    movement_at_origin = graphene.Field(
        CargoMovementType, required=True, description="How cargo comes into the container."
    )
    movement_at_destination = graphene.Field(
        CargoMovementType, required=True, description="How cargo comes out of the container."
    )
    equipment = _many(RequestedEquipment, "Together as many units as were quoted for.")
    freight_payment_term = graphene.Field(FreightPaymentTerm, description="Where freight is paid.")
    incoterm = graphene.String(description="Incoterms 2020 rule, three letters.")
    service_contract = graphene.String(description="DCSA `serviceContractReference`.")
    expected_departure = graphene.String(description="The day, ISO 8601.")
    partial_load_allowed = _said("Whether a part may be loaded where not all is there by the cut-off.")
    equipment_substitution_allowed = _said("Whether other equipment may be provided.")
    export_declaration_required = _said("Whether an export declaration is required.")
    import_license_required = _said("Whether an import licence is required.")
    export_declaration_reference = graphene.String(description="Of the export licence or declaration.")
    import_license_reference = graphene.String(description="Of the import licence.")
    expected_arrival = graphene.Field(booking_parties.BookingArrival, description="At the place of delivery.")
    voyage = graphene.Field(
        booking_parties.BookingVoyage, description="The ship, service and voyage wished for."
    )
    parties = graphene.Field(booking_parties.BookingDocumentParties, description="Of the documents.")
    contacts = _many(booking_parties.BookingContact, "Whom to ask about the booking.")

    @staticmethod
    def resolve_expected_departure(row: terms.BookingTerms, _info: Info) -> str | None:
        """Return the day."""
        return None if row.expected_departure is None else row.expected_departure.isoformat()


class ReeferSettingsInput(graphene.InputObjectType):
    """How a reefer is set."""

    temperature = Decimal(required=True, description=TEMPERATURE)
    unit = ReeferTemperatureUnit(required=True, description="Of the temperature.")
    humidity = Decimal(description=SHARES["humidity"])
    o2 = Decimal(description=SHARES["o2"])
    co2 = Decimal(description=SHARES["co2"])
    ventilation_open = graphene.Boolean(description="Whether the ventilation is open.")
    cold_treatment = graphene.Boolean(description="Whether cold treatment is required.")
    pre_cooling = graphene.Boolean(description="Whether it is to be cooled before it is filled.")


class DangerousGoodsInput(graphene.InputObjectType):
    """Dangerous goods by the IMDG Code."""

    un_number = graphene.String(required=True, description="Four digits.")
    proper_shipping_name = graphene.String(required=True, description="By the IMDG Code, at most 250.")
    imo_class = graphene.String(required=True, description="Class or division, such as `8` or `1.4S`.")
    subsidiary_risk = graphene.String(description="A class beside it.")
    packing_group = graphene.Int(description=GROUP)
    marine_pollutant = _asked("Whether it pollutes the sea.")
    limited_quantity = _asked("Whether it goes as a limited quantity (IMDG Code 3.4).")


class BookingCommodityInput(graphene.InputObjectType):
    """A kind of cargo."""

    commodity_type = graphene.String(required=True, description="In words, 1 to 550 characters.")
    hs_codes = _any(graphene.String, "HS codes of 6 to 10 digits.")
    gross_weight = Decimal(required=True, description=WEIGHT)
    weight_unit = CargoWeightUnit(required=True, description="Of the weight.")
    packages = graphene.Int(description=f"{PACKAGES} Wanted where goods are dangerous.")
    dangerous_goods = _any(DangerousGoodsInput, "What of it is dangerous.")
    gross_volume = Decimal(description=VOLUME)
    volume_unit = CargoVolumeUnit(description="Wanted with the volume.")
    export_license_issued = graphene.String(description="The day, ISO 8601: today or earlier.")
    export_license_expires = graphene.String(description="The day, ISO 8601: not before departure.")


class RequestedEquipmentInput(graphene.InputObjectType):
    """Containers of one type, cargo and setting."""

    iso_code = graphene.String(required=True, description="The size and type that was quoted for.")
    units = graphene.Int(required=True, description=UNITS)
    commodities = _many(BookingCommodityInput, "What is in them, 1 to 50 kinds.")
    shipper_owned = _asked("Whether they are the shipper's own.")
    tare_weight = Decimal(description=TARE)
    tare_unit = CargoWeightUnit(description="Of the tare weight.")
    non_operating_reefer = _asked("Whether a reefer is used as a dry container.")
    reefer = ReeferSettingsInput(description="Wanted of a reefer that is to be operated.")


class BookingTermsInput(graphene.InputObjectType):
    """What you ask for beside what was quoted, in the terms of DCSA Booking 2.0."""

    receipt_type = BookingServiceType(required=True, description="At origin.")
    delivery_type = BookingServiceType(required=True, description="At destination.")
    movement_at_origin = CargoMovementType(required=True, description="How cargo comes into the container.")
    movement_at_destination = CargoMovementType(
        required=True, description="How cargo comes out of the container."
    )
    equipment = _many(RequestedEquipmentInput, "Together as many units as were quoted for.")
    freight_payment_term = FreightPaymentTerm(description="Where freight is paid.")
    incoterm = graphene.String(description="Incoterms 2020 rule, three letters.")
    service_contract = graphene.String(description="Its reference, at most 30 characters.")
    expected_departure = graphene.String(description="The day, ISO 8601: today or later.")
    partial_load_allowed = _asked("Whether a part may be loaded where not all is there by the cut-off.")
    equipment_substitution_allowed = _asked("Whether other equipment may be provided.")
    export_declaration_required = _asked("Whether an export declaration is required.")
    import_license_required = _asked("Whether an import licence is required.")
    export_declaration_reference = graphene.String(description="At most 35 characters; where it is required.")
    import_license_reference = graphene.String(description="At most 35 characters; where it is required.")
    expected_arrival = booking_parties.BookingArrivalInput(description="At the place of delivery.")
    voyage = booking_parties.BookingVoyageInput(description="The ship, service and voyage you wish for.")
    parties = booking_parties.BookingDocumentPartiesInput(description="Of the documents.")
    contacts = _any(booking_parties.BookingContactInput, "Whom to ask about the booking, at most 50.")


def read(given: Any) -> terms.BookingTerms | None:
    """Return the terms that an input gives; None for none. What they hold is judged where they are kept."""
    if given is None:
        return None
    payment, arrival = given.freight_payment_term, given.expected_arrival
    return terms.BookingTerms(
        receipt_type=terms.ServiceType(given.receipt_type.value),
        delivery_type=terms.ServiceType(given.delivery_type.value),
        movement_at_origin=terms.CargoMovement(given.movement_at_origin.value),
        movement_at_destination=terms.CargoMovement(given.movement_at_destination.value),
        equipment=tuple(
            _equipment(each, f"terms.equipment.{number}") for number, each in enumerate(given.equipment)
        ),
        freight_payment_term=None if payment is None else PaymentTerm(payment.value),
        incoterm=given.incoterm,
        service_contract=given.service_contract,
        expected_departure=_day(given.expected_departure, "terms.expectedDeparture"),
        expected_arrival=None if arrival is None else _arrival(arrival),
        partial_load_allowed=given.partial_load_allowed,
        equipment_substitution_allowed=given.equipment_substitution_allowed,
        export_declaration_required=given.export_declaration_required,
        import_license_required=given.import_license_required,
        export_declaration_reference=given.export_declaration_reference,
        import_license_reference=given.import_license_reference,
        voyage=booking_parties.read_voyage(given.voyage),
        parties=booking_parties.read_parties(given.parties),
        contacts=booking_parties.read_contacts(given.contacts),
    )


def _day(given: str | None, field: str) -> date | None:
    return None if given is None else _said_day(given, field)


def _said_day(given: str, field: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise InvalidInput("A day is written as 2026-06-01.", field=field, code="format") from None


def _arrival(given: Any) -> ArrivalWish:
    at = "terms.expectedArrival"
    return ArrivalWish(_said_day(given.first, f"{at}.first"), _said_day(given.last, f"{at}.last"))


def _equipment(given: Any, at: str) -> terms.RequestedEquipment:
    return terms.RequestedEquipment(
        iso_code=given.iso_code,
        units=given.units,
        commodities=tuple(
            _commodity(each, f"{at}.commodities.{number}") for number, each in enumerate(given.commodities)
        ),
        shipper_owned=given.shipper_owned,
        tare_weight=given.tare_weight,
        tare_unit=None if given.tare_unit is None else terms.WeightUnit(given.tare_unit.value),
        non_operating_reefer=given.non_operating_reefer,
        reefer=None if given.reefer is None else _reefer(given.reefer),
    )


def _reefer(given: Any) -> terms.ReeferSettings:
    return terms.ReeferSettings(
        temperature=given.temperature,
        unit=terms.TemperatureUnit(given.unit.value),
        humidity=given.humidity,
        o2=given.o2,
        co2=given.co2,
        ventilation_open=given.ventilation_open,
        cold_treatment=given.cold_treatment,
        pre_cooling=given.pre_cooling,
    )


def _commodity(given: Any, at: str) -> terms.Commodity:
    return terms.Commodity(
        commodity_type=given.commodity_type,
        gross_weight=given.gross_weight,
        weight_unit=terms.WeightUnit(given.weight_unit.value),
        hs_codes=tuple(given.hs_codes),
        packages=given.packages,
        gross_volume=given.gross_volume,
        volume_unit=None if given.volume_unit is None else terms.VolumeUnit(given.volume_unit.value),
        export_license_issued=_day(given.export_license_issued, f"{at}.exportLicenseIssued"),
        export_license_expires=_day(given.export_license_expires, f"{at}.exportLicenseExpires"),
        dangerous_goods=tuple(
            terms.DangerousGoods(
                un_number=each.un_number,
                proper_shipping_name=each.proper_shipping_name,
                imo_class=each.imo_class,
                subsidiary_risk=each.subsidiary_risk,
                packing_group=each.packing_group,
                marine_pollutant=each.marine_pollutant,
                limited_quantity=each.limited_quantity,
            )
            for each in given.dangerous_goods
        ),
    )
