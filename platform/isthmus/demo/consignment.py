"""The demonstration's consignment: machine tools from Kaohsiung by way of Busan to Hamburg.

Dates are counted from the day it is first played, so that the timeline has a past and an expected arrival.
"""

from datetime import datetime, timedelta
from importlib import resources
from typing import Any

REFERENCE = "KHH-HAM-0417"
UCR = "6TW24536806-FPM0417"
BOOKING = "MCL4417001"
BILL_OF_LADING = "MCLKHH2611042"
CONTAINERS = ("MCLU4200170", "MCLU4200185")
VESSEL = "Meridian Aurora"

DOCUMENTS = {
    "380": ("Commercial invoice FPM-2026-0417", "commercial-invoice.xml"),
    "271": ("Packing list FPM-PL-2026-0417", "packing-list.xml"),
    "705": (f"Bill of lading {BILL_OF_LADING}", "bill-of-lading.xml"),
}


def document(file_name: str) -> bytes:
    """Return the contents of one of the consignment's documents (UBL 2.4 XML)."""
    return resources.files("isthmus.demo").joinpath("documents", file_name).read_bytes()


def shipment(first_played: datetime) -> dict[str, Any]:
    """Return the input of ``createShipment``; payment terms, discount and account are held, not to cross."""
    return {
        "reference": REFERENCE,
        "onBehalfOf": "trader",
        "carrier": "carrier",
        "ucr": UCR,
        "origin": "TWKHH",
        "transhipments": ["KRPUS"],
        "destination": "DEHAM",
        "bookingReference": BOOKING,
        "billOfLading": BILL_OF_LADING,
        "bookedAt": (first_played - timedelta(days=20)).isoformat(),
        "incoterm": "CIF",
        "vessel": VESSEL,
        "consignee": {"name": "Hanseatische Werkzeugmaschinen GmbH", "country": "DE"},
        "equipment": [{"reference": reference, "isoCode": "22G1"} for reference in CONTAINERS],
        "goods": [
            {
                "description": "Vertical machining centre VMC-850",
                "hsCode": "845710",
                "grossMassKg": "18450",
                "netMassKg": "17200",
                "packages": 2,
                "packageType": "CR",
                "originCountry": "TW",
                "value": {"amountMinor": 18_650_000, "currency": "USD"},
            },
            {
                "description": "CNC lathe TL-25",
                "hsCode": "845811",
                "grossMassKg": "12880",
                "netMassKg": "11900",
                "packages": 3,
                "packageType": "CR",
                "originCountry": "TW",
                "value": {"amountMinor": 9_720_000, "currency": "USD"},
            },
        ],
        "invoice": {
            "number": "FPM-2026-0417",
            "paymentTerms": "Irrevocable credit, 60 days after B/L date",
            "discountMinor": 567_400,
            "bankAccount": "0110-4577-8190-3",
        },
    }


def events(first_played: datetime) -> dict[str, dict[str, Any]]:
    """Return the carrier's events as DCSA Track & Trace 2.2 JSON, by what they tell."""

    def transport(
        number: int, code: str, classifier: str, place: str, days: float, told: float
    ) -> dict[str, Any]:
        return {
            "eventID": f"3cecb101-7a1a-43a4-9d62-{number:012d}",
            "eventCreatedDateTime": (first_played + timedelta(days=told)).isoformat(),
            "eventType": "TRANSPORT",
            "eventClassifierCode": classifier,
            "eventDateTime": (first_played + timedelta(days=days)).isoformat(),
            "transportEventTypeCode": code,
            "transportCall": {
                "transportCallID": f"MA-{place}",
                "carrierServiceCode": "FE4",
                "exportVoyageNumber": "2611W",
                "UNLocationCode": place,
                "modeOfTransport": "VESSEL",
                "vessel": {"vesselIMONumber": "9321483", "vesselName": VESSEL},
            },
            "documentReferences": [{"documentReferenceType": "BKG", "documentReferenceValue": BOOKING}],
        }

    def equipment(number: int, code: str, container: str, place: str, days: float) -> dict[str, Any]:
        return {
            "eventID": f"3cecb101-7a1a-43a4-9d62-{number:012d}",
            "eventCreatedDateTime": (first_played + timedelta(days=days, hours=1)).isoformat(),
            "eventType": "EQUIPMENT",
            "eventClassifierCode": "ACT",
            "eventDateTime": (first_played + timedelta(days=days)).isoformat(),
            "equipmentEventTypeCode": code,
            "equipmentReference": container,
            "ISOEquipmentCode": "22G1",
            "emptyIndicatorCode": "LADEN",
            "eventLocation": {"UNLocationCode": place},
            "documentReferences": [{"documentReferenceType": "BKG", "documentReferenceValue": BOOKING}],
        }

    return {
        "gate in 1": equipment(1, "GTIN", CONTAINERS[0], "TWKHH", -14),
        "gate in 2": equipment(2, "GTIN", CONTAINERS[1], "TWKHH", -13.8),
        "loaded 1": equipment(3, "LOAD", CONTAINERS[0], "TWKHH", -12.2),
        "loaded 2": equipment(4, "LOAD", CONTAINERS[1], "TWKHH", -12.1),
        "departed": transport(5, "DEPA", "ACT", "TWKHH", -12, -11.9),
        "departed, corrected": transport(5, "DEPA", "ACT", "TWKHH", -11.75, -11),
        "arrived Busan": transport(6, "ARRI", "ACT", "KRPUS", -8, -7.9),
        "departed Busan": transport(7, "DEPA", "ACT", "KRPUS", -6.5, -6.4),
        "arrival expected": transport(8, "ARRI", "EST", "DEHAM", 21, -6.3),
    }


def event_as_dcsa_3(first_played: datetime) -> dict[str, Any]:
    """Return a later estimate of the arrival as DCSA Track & Trace 3.0 JSON."""
    return {
        "eventRouting": {
            "originatingParty": {
                "partyCode": "MCLU",
                "codeListProvider": "SMDG",
                "codeListName": "LCL",
                "partyFunction": "CA",
            }
        },
        "eventID": "mcl-evt-4417001-eta-2",
        "eventDateTime": (first_played + timedelta(days=22, hours=12)).isoformat(),
        "eventUpdatedDateTime": (first_played - timedelta(days=2)).isoformat(),
        "eventLocation": {"UNLocationCode": "DEHAM", "facilityTypeCode": "POTE"},
        "eventClassification": {
            "eventTypeCode": "TRANSPORT",
            "eventClassifierCode": "EST",
            "transportEventTypeCode": "ARRI",
        },
        "shipmentDetails": {"documentReference": {"typeCode": "BKG", "reference": BOOKING}},
        "transportDetails": {
            "transportCall": {
                "transportCallReference": "MA-DEHAM",
                "modeOfTransport": "VESSEL",
                "vesselTransport": {"vesselIMONumber": "9321483", "vesselName": VESSEL},
            }
        },
    }
