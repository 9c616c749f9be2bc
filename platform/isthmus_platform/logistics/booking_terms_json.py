"""The terms of a booking as JSON under DCSA's own names; exact decimals are written as text."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from isthmus_platform.logistics.booking_parties_json import (
    contacts,
    contacts_json,
    leaving_out,
    parties,
    parties_json,
    voyage,
    voyage_json,
)
from isthmus_platform.logistics.booking_terms import (
    BookingTerms,
    CargoMovement,
    Commodity,
    DangerousGoods,
    ReeferSettings,
    RequestedEquipment,
    ServiceType,
    TemperatureUnit,
    VolumeUnit,
    WeightUnit,
)
from isthmus_platform.logistics.booking_voyage import ArrivalWish
from isthmus_platform.logistics.quoting import PaymentTerm


def to_json(terms: BookingTerms) -> dict[str, Any]:
    """Return the terms under DCSA's names, ready to be kept; what is not given is left out."""
    arrival = terms.expected_arrival
    return leaving_out(
        receiptTypeAtOrigin=terms.receipt_type.value,
        deliveryTypeAtDestination=terms.delivery_type.value,
        cargoMovementTypeAtOrigin=terms.movement_at_origin.value,
        cargoMovementTypeAtDestination=terms.movement_at_destination.value,
        freightPaymentTermCode=terms.freight_payment_term and terms.freight_payment_term.value,
        incoTerms=terms.incoterm,
        serviceContractReference=terms.service_contract,
        expectedDepartureDate=_day_text(terms.expected_departure),
        expectedArrivalAtPlaceOfDeliveryStartDate=_day_text(None if arrival is None else arrival.first),
        expectedArrivalAtPlaceOfDeliveryEndDate=_day_text(None if arrival is None else arrival.last),
        isPartialLoadAllowed=terms.partial_load_allowed,
        isEquipmentSubstitutionAllowed=terms.equipment_substitution_allowed,
        isExportDeclarationRequired=terms.export_declaration_required,
        exportDeclarationReference=terms.export_declaration_reference,
        isImportLicenseRequired=terms.import_license_required,
        importLicenseReference=terms.import_license_reference,
        documentParties=terms.parties and parties_json(terms.parties),
        partyContactDetails=contacts_json(terms.contacts),
        **({} if terms.voyage is None else voyage_json(terms.voyage)),
        requestedEquipments=[_equipment_json(each) for each in terms.equipment],
    )


def _equipment_json(given: RequestedEquipment) -> dict[str, Any]:
    return leaving_out(
        ISOEquipmentCode=given.iso_code,
        units=given.units,
        isShipperOwned=given.shipper_owned,
        tareWeight=_text(given.tare_weight),
        tareWeightUnit=given.tare_unit and given.tare_unit.value,
        isNonOperatingReefer=given.non_operating_reefer,
        activeReeferSettings=given.reefer and _reefer_json(given.reefer),
        commodities=[_commodity_json(each) for each in given.commodities],
    )


def _reefer_json(given: ReeferSettings) -> dict[str, Any]:
    return leaving_out(
        temperatureSetpoint=_text(given.temperature),
        temperatureUnit=given.unit.value,
        humiditySetpoint=_text(given.humidity),
        o2Setpoint=_text(given.o2),
        co2Setpoint=_text(given.co2),
        isVentilationOpen=given.ventilation_open,
        isColdTreatmentRequired=given.cold_treatment,
        isPreCoolingRequired=given.pre_cooling,
    )


def _commodity_json(given: Commodity) -> dict[str, Any]:
    goods = [
        leaving_out(
            unNumber=each.un_number,
            properShippingName=each.proper_shipping_name,
            imoClass=each.imo_class,
            subsidiaryRisk1=each.subsidiary_risk,
            packingGroup=each.packing_group,
            isMarinePollutant=each.marine_pollutant,
            isLimitedQuantity=each.limited_quantity,
        )
        for each in given.dangerous_goods
    ]
    return leaving_out(
        commodityType=given.commodity_type,
        HSCodes=list(given.hs_codes) or None,
        cargoGrossWeight=_text(given.gross_weight),
        cargoGrossWeightUnit=given.weight_unit.value,
        cargoGrossVolume=_text(given.gross_volume),
        cargoGrossVolumeUnit=given.volume_unit and given.volume_unit.value,
        exportLicenseIssueDate=_day_text(given.export_license_issued),
        exportLicenseExpiryDate=_day_text(given.export_license_expires),
        outerPackaging=leaving_out(numberOfPackages=given.packages, dangerousGoods=goods or None) or None,
    )


def _day_text(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _day(said: str | None) -> date | None:
    return None if said is None else date.fromisoformat(said)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def from_json(said: Mapping[str, Any]) -> BookingTerms:
    """Return the terms that :func:`to_json` wrote."""
    payment = said.get("freightPaymentTermCode")
    first, last = (_day(said.get(f"expectedArrivalAtPlaceOfDelivery{end}Date")) for end in ("Start", "End"))
    return BookingTerms(
        receipt_type=ServiceType(said["receiptTypeAtOrigin"]),
        delivery_type=ServiceType(said["deliveryTypeAtDestination"]),
        movement_at_origin=CargoMovement(said["cargoMovementTypeAtOrigin"]),
        movement_at_destination=CargoMovement(said["cargoMovementTypeAtDestination"]),
        equipment=tuple(_equipment(each) for each in said["requestedEquipments"]),
        freight_payment_term=None if payment is None else PaymentTerm(payment),
        incoterm=said.get("incoTerms"),
        service_contract=said.get("serviceContractReference"),
        expected_departure=_day(said.get("expectedDepartureDate")),
        expected_arrival=None if first is None or last is None else ArrivalWish(first, last),
        partial_load_allowed=said["isPartialLoadAllowed"],
        equipment_substitution_allowed=said["isEquipmentSubstitutionAllowed"],
        export_declaration_required=said["isExportDeclarationRequired"],
        import_license_required=said["isImportLicenseRequired"],
        export_declaration_reference=said.get("exportDeclarationReference"),
        import_license_reference=said.get("importLicenseReference"),
        voyage=voyage(said),
        parties=parties(said.get("documentParties")),
        contacts=contacts(said.get("partyContactDetails")),
    )


def _equipment(said: Mapping[str, Any]) -> RequestedEquipment:
    unit, reefer = said.get("tareWeightUnit"), said.get("activeReeferSettings")
    return RequestedEquipment(
        iso_code=said["ISOEquipmentCode"],
        units=said["units"],
        commodities=tuple(_commodity(each) for each in said["commodities"]),
        shipper_owned=said["isShipperOwned"],
        tare_weight=_number(said.get("tareWeight")),
        tare_unit=None if unit is None else WeightUnit(unit),
        non_operating_reefer=said["isNonOperatingReefer"],
        reefer=None if reefer is None else _reefer(reefer),
    )


def _reefer(said: Mapping[str, Any]) -> ReeferSettings:
    return ReeferSettings(
        temperature=Decimal(said["temperatureSetpoint"]),
        unit=TemperatureUnit(said["temperatureUnit"]),
        humidity=_number(said.get("humiditySetpoint")),
        o2=_number(said.get("o2Setpoint")),
        co2=_number(said.get("co2Setpoint")),
        ventilation_open=said.get("isVentilationOpen"),
        cold_treatment=said.get("isColdTreatmentRequired"),
        pre_cooling=said.get("isPreCoolingRequired"),
    )


def _commodity(said: Mapping[str, Any]) -> Commodity:
    packaging, volume = said.get("outerPackaging", {}), said.get("cargoGrossVolumeUnit")
    return Commodity(
        commodity_type=said["commodityType"],
        gross_weight=Decimal(said["cargoGrossWeight"]),
        weight_unit=WeightUnit(said["cargoGrossWeightUnit"]),
        hs_codes=tuple(said.get("HSCodes", ())),
        packages=packaging.get("numberOfPackages"),
        gross_volume=_number(said.get("cargoGrossVolume")),
        volume_unit=None if volume is None else VolumeUnit(volume),
        export_license_issued=_day(said.get("exportLicenseIssueDate")),
        export_license_expires=_day(said.get("exportLicenseExpiryDate")),
        dangerous_goods=tuple(
            DangerousGoods(
                un_number=each["unNumber"],
                proper_shipping_name=each["properShippingName"],
                imo_class=each["imoClass"],
                subsidiary_risk=each.get("subsidiaryRisk1"),
                packing_group=each.get("packingGroup"),
                marine_pollutant=each["isMarinePollutant"],
                limited_quantity=each["isLimitedQuantity"],
            )
            for each in packaging.get("dangerousGoods", ())
        ),
    )


def _number(said: str | None) -> Decimal | None:
    return None if said is None else Decimal(said)
