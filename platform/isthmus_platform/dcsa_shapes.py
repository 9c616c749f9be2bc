"""The messages of DCSA Track & Trace 2.2.0 and 3.0.0, codes included, as their OpenAPI documents declare."""

from isthmus_platform.shapes import (
    a_list,
    boolean,
    code,
    day,
    degrees,
    equipment,
    instant,
    integer,
    members,
    number,
    place,
    several,
    text,
)

CLASSIFIER = code("ACT EST PLN")
TRANSPORT_CODES = "ARRI DEPA"
VOYAGE = text(50)
ISO_CODE = text(4, "[0-9A-Z]{4}", "an ISO 6346 size and type code")
IMO_NUMBER = text(8, r"\d{7,8}", "an IMO number")

# ---- 2.2.0 ----

EQUIPMENT_CODES_2 = "LOAD DISC GTIN GTOT STUF STRP PICK DROP INSP RSEA RMVD"
SHIPMENT_CODES_2 = "RECE DRFT PENA PENU REJE APPR ISSU SURR SUBM VOID CONF REQS CMPL HOLD RELS"
DOCUMENT_CODES_2 = "CBR BKG SHI SRM TRD ARN VGM CAS CUS DGD OOG"

ADDRESS_2 = members(
    name=text(100),
    street=text(100),
    streetNumber=text(50),
    floor=text(50),
    postCode=text(10),
    city=text(65),
    stateRegion=text(65),
    country=text(75),
)
LOCATION_2 = members(
    locationName=text(100),
    latitude=degrees,
    longitude=degrees,
    UNLocationCode=place,
    facilityCode=text(6),
    facilityCodeListProvider=code("BIC SMDG"),
    address=ADDRESS_2,
)
TRANSPORT_CALL_2 = members(
    "transportCallID modeOfTransport",
    transportCallID=text(100),
    carrierServiceCode=text(5),
    carrierVoyageNumber=VOYAGE,
    exportVoyageNumber=VOYAGE,
    importVoyageNumber=VOYAGE,
    transportCallSequenceNumber=integer,
    UNLocationCode=place,
    facilityCode=text(6),
    facilityCodeListProvider=code("BIC SMDG"),
    facilityTypeCode=code("BOCR CLOC COFS COYA OFFD DEPO INTE POTE RAMP"),
    otherFacility=text(50),
    modeOfTransport=code("VESSEL RAIL TRUCK BARGE"),
    location=LOCATION_2,
    vessel=members(
        "vesselIMONumber",
        vesselIMONumber=IMO_NUMBER,
        vesselName=text(35),
        vesselFlag=text(2, "[A-Z]{2}", "a country code"),
        vesselCallSignNumber=text(10),
        vesselOperatorCarrierCode=text(10),
        vesselOperatorCarrierCodeListProvider=code("SMDG NMFTA"),
    ),
)
REFERENCES_2 = several(
    members(
        "referenceType referenceValue", referenceType=code("FF SI PO CR AAO EQ"), referenceValue=text(100)
    )
)
DOCUMENT_REFERENCES_2 = several(
    members(
        "documentReferenceType documentReferenceValue",
        documentReferenceType=code("BKG TRD"),
        documentReferenceValue=text(100),
    )
)
BASE_2 = {
    "eventID": text(100),
    "eventCreatedDateTime": instant,
    "eventType": code("SHIPMENT TRANSPORT EQUIPMENT"),
    "eventClassifierCode": CLASSIFIER,
    "eventDateTime": instant,
    "references": REFERENCES_2,
}
REQUIRED_2 = "eventID eventCreatedDateTime eventType eventClassifierCode eventDateTime"
EVENTS_2 = {
    "TRANSPORT": members(
        f"{REQUIRED_2} transportEventTypeCode transportCall",
        **BASE_2,
        transportEventTypeCode=code(TRANSPORT_CODES),
        eventTypeCode=code(TRANSPORT_CODES),
        delayReasonCode=text(3),
        vesselScheduleChangeRemark=text(250),
        changeRemark=text(250),
        transportCallID=text(100),
        transportCall=TRANSPORT_CALL_2,
        documentReferences=DOCUMENT_REFERENCES_2,
    ),
    "SHIPMENT": members(
        f"{REQUIRED_2} shipmentEventTypeCode documentID documentTypeCode",
        **BASE_2,
        shipmentEventTypeCode=code(SHIPMENT_CODES_2),
        eventTypeCode=code("RECE CONF ISSU APPR SUBM SURR REJE PENA"),
        documentID=text(100),
        documentTypeCode=code(DOCUMENT_CODES_2),
        shipmentInformationTypeCode=code("BOK BKG SHI VGM SRM TRD ARN"),
        shipmentID=text(100),
        reason=text(5000),
    ),
    "EQUIPMENT": members(
        f"{REQUIRED_2} equipmentEventTypeCode emptyIndicatorCode",
        **BASE_2,
        equipmentEventTypeCode=code(EQUIPMENT_CODES_2),
        eventTypeCode=code("LOAD DISC GTIN GTOT STUF STRP"),
        equipmentReference=equipment,
        ISOEquipmentCode=ISO_CODE,
        emptyIndicatorCode=code("EMPTY LADEN"),
        eventLocation=LOCATION_2,
        transportCallID=text(100),
        transportCall=TRANSPORT_CALL_2,
        documentReferences=DOCUMENT_REFERENCES_2,
        seals=several(
            members(
                "sealNumber sealType",
                sealNumber=text(15),
                sealSource=code("CAR SHI PHY VET CUS"),
                sealType=code("KLP BLT WIR"),
            )
        ),
    ),
}

# ---- 3.0.0 ----

EQUIPMENT_CODES_3 = f"{EQUIPMENT_CODES_2} AVDO AVPU CROS CUSI CUSR CUSS"
SHIPMENT_CODES_3 = (
    "AMCF AMCN AMDC AMPR AMRE APPR CACF CADC CANC CARE CMPL CONF DECL DRFT HOLD ISSU PENA PENM PENU PSAM PSDL"
    " RECE REJE RELS REQS SUAM SUBM SUDL SURR UPCF UPCN UPDC UPDT UPRE VOID"
)
DOCUMENT_CODES_3 = (
    "AMF ARN BKG CAS CBR CEA CEO CQU CRO CUC DEI DEO DGD FCE HCE ICE INV OOG PCE PFD SHI TRD TRO VCE VGM"
)

DOCUMENT_3 = members("typeCode reference", typeCode=code(DOCUMENT_CODES_3), reference=text(100))
REFERENCE_3 = members(
    "typeCode reference",
    typeCode=code("AAO AES BID BPR CER CR CSI DUE ECR EQ FF PO RUC SI"),
    reference=text(100),
)
PARTY_3 = members(
    partyCode=text(150), codeListProvider=text(100), codeListName=text(100), partyFunction=text(3)
)
LOCATION_3 = members(
    locationName=text(100),
    facilityTypeCode=code("BORD CLOC COFS OFFD DEPO INTE POTE RAMP WAYP"),
    address=members(
        street=text(70),
        streetNumber=text(50),
        floor=text(50),
        postCode=text(10),
        POBox=text(20),
        city=text(35),
        stateRegion=text(65),
        countryCode=text(2, "[A-Z]{2}", "a country code"),
        addressLines=several(text(250), 5),
    ),
    UNLocationCode=place,
    facility=members(facilityName=text(100), facilityCode=text(6), facilityCodeListProvider=code("SMDG BIC")),
    geoCoordinate=members("latitude longitude", latitude=degrees, longitude=degrees),
)
VOYAGE_3 = members(carrierVoyageNumber=VOYAGE, universalVoyageReference=text(5))
VEHICLE_3 = members(licensePlate=text(15), vehicleIdentificationNumber=text(17))
TRANSPORT_CALL_3 = members(
    transportCallReference=text(100),
    transportCallSequenceNumber=integer,
    modeOfTransport=code("VESSEL RAIL TRUCK BARGE MULTIMODAL"),
    portVisitReference=text(100),
    serviceCodeOrReference=members(carrierServiceCode=text(50), universalServiceReference=text(8)),
    exportVoyageNumberOrReference=VOYAGE_3,
    importVoyageNumberOrReference=VOYAGE_3,
    vesselTransport=members(
        vesselIMONumber=IMO_NUMBER,
        vesselName=text(50),
        vesselFlag=text(2, "[A-Z]{2}", "a country code"),
        vesselCallSign=text(10),
        operatorCarrierCode=text(10),
        operatorCarrierCodeListProvider=text(10),
    ),
    railTransport=members(railCarReference=text(50), railServiceReference=text(50), departureID=text(100)),
    truckTransport=members(tractorDetails=VEHICLE_3, trailerDetails=VEHICLE_3),
)
REEFER_PARAMETERS_3 = members(
    o2Percentage=number,
    co2Percentage=number,
    humidityPercentage=number,
    airExchangeValue=number,
    airExchangeUnit=code("MQH FQH"),
    isVentilationOpen=boolean,
    isDrainholesOpen=boolean,
    isBulbMode=boolean,
    isColdTreatmentRequired=boolean,
    isControlledAtmosphereRequired=boolean,
)
ROUTING_3 = members(originatingParty=PARTY_3, forwardingParties=several(PARTY_3), destinationParty=PARTY_3)
TYPE_CODES_3 = {
    "SHIPMENT": ("shipmentEventTypeCode", code(SHIPMENT_CODES_3)),
    "TRANSPORT": ("transportEventTypeCode", code(TRANSPORT_CODES)),
    "EQUIPMENT": ("equipmentEventTypeCode", code(EQUIPMENT_CODES_3)),
    "IOT": ("iotEventTypeCode", code("DETC")),
    "REEFER": ("reeferEventTypeCode", code("MEAS ADJU")),
}
EVENT_3 = members(
    "eventID eventDateTime eventUpdatedDateTime eventClassification",
    eventRouting=ROUTING_3,
    eventID=text(500),
    isRetracted=boolean,
    eventDateTime=instant,
    eventUpdatedDateTime=instant,
    eventLocation=LOCATION_3,
    eventClassification=members(
        "eventTypeCode eventClassifierCode",
        eventTypeCode=code(TYPE_CODES_3),
        eventClassifierCode=CLASSIFIER,
        **dict(TYPE_CODES_3.values()),
    ),
    shipmentDetails=members(
        documentReference=DOCUMENT_3,
        additionalDocumentReferences=several(DOCUMENT_3),
        documentReferenceReplacements=several(
            members(oldReferences=several(DOCUMENT_3), newReferences=several(DOCUMENT_3))
        ),
        shipmentReferences=several(REFERENCE_3),
        shipmentReferenceReplacements=several(
            members(oldReferences=several(REFERENCE_3), newReferences=several(REFERENCE_3))
        ),
        shipmentLocationType=code("FCD IEL OIR ORI PCF PDE POD POL PRE PTP RTP"),
        reason=text(5000),
        priceCalculationDate=day,
    ),
    transportDetails=members(
        delayReasonCodes=several(text(3)), changeRemark=text(250), transportCall=TRANSPORT_CALL_3
    ),
    equipmentDetails=members(
        equipmentReference=equipment,
        ISOEquipmentCode=ISO_CODE,
        emptyIndicatorCode=code("EMPTY LADEN"),
        movementType=code("IMPORT EXPORT TRANSSHIPMENT"),
        seals=several(
            members(
                "number",
                number=text(15),
                source=code("CAR CNS CST CUS PHY SHI TER VET"),
                type=code("KLP BLT WIR"),
                placement=code("DOOR VENT"),
            )
        ),
    ),
    iotDetails=members(iotEventCode=code("DRC DRO LOC")),
    reeferDetails=members(
        temperatureUnit=code("CEL FAH"),
        internalSetpointTemperature=number,
        ambientMeasuredTemperature=number,
        temperatureProbeMeasurements=several(
            members(
                measuredTemperatureValue=number,
                USDAProbeNumber=integer,
                COAProbeUDMKey=code("P19 P20 P21 P22"),
                probeLabel=text(100),
            )
        ),
        setpointParameters=REEFER_PARAMETERS_3,
        measuredParameters=REEFER_PARAMETERS_3,
    ),
)
REQUEST_3 = members("events", events=a_list)
