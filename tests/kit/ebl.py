"""A bill of lading as its carrier sends it: DCSA Bill of Lading 3.0.0, transport document."""

from copy import deepcopy
from typing import Any

import pytest

from isthmus_platform.papers.dcsa_ebl import Schema
from standards import STANDARDS

EBL = STANDARDS / "dcsa" / "ebl"
DCSA = Schema(EBL)
needs_dcsa = pytest.mark.skipif(not EBL.is_dir(), reason=f"the published DCSA files are not in {STANDARDS}")

ADDRESS = {"street": "Jhongshan Road", "streetNumber": "12", "city": "Kaohsiung", "countryCode": "TW"}
CONTACT = [{"name": "Documentation", "email": "docs@meridian.example"}]


def transport_document(**changes: Any) -> dict[str, Any]:
    """Return a negotiable bill of lading with ``changes``."""
    document = {
        "transportDocumentReference": "MCLKHH2611042",
        "transportDocumentStatus": "ISSUED",
        "transportDocumentTypeCode": "BOL",
        "isShippedOnBoardType": True,
        "freightPaymentTermCode": "PRE",
        "isElectronic": True,
        "isToOrder": True,
        "shippedOnBoardDate": "2026-05-20",
        "issueDate": "2026-05-21",
        "termsAndConditions": "The carrier's terms of 2026 apply. 高雄",
        "receiptTypeAtOrigin": "CY",
        "deliveryTypeAtDestination": "CY",
        "cargoMovementTypeAtOrigin": "FCL",
        "cargoMovementTypeAtDestination": "FCL",
        "carrierCode": "MCLX",
        "carrierCodeListProvider": "SMDG",
        "invoicePayableAt": {"UNLocationCode": "DEHAM"},
        "partyContactDetails": CONTACT,
        "customsReferences": [{"type": "UCR", "countryCode": "TW", "values": ["6TW24536806-1"]}],
        "transports": {
            "plannedDepartureDate": "2026-05-20",
            "plannedArrivalDate": "2026-06-18",
            "portOfLoading": {"UNLocationCode": "TWKHH", "locationName": "Kaohsiung"},
            "portOfDischarge": {"UNLocationCode": "DEHAM"},
            "vesselVoyages": [{"vesselName": "Meridian Aurora", "carrierExportVoyageNumber": "021W"}],
        },
        "documentParties": {
            "shipper": {"partyName": "Formosa Precision Machinery", "address": ADDRESS},
            "issuingParty": {"partyName": "Meridian Container Line", "address": ADDRESS},
            "endorsee": {
                "partyName": "Kaohsiung Export Bank",
                "identifyingCodes": [{"codeListProvider": "GLEIF", "partyCode": "111100T8BM49ADCSAO64"}],
            },
            "notifyParties": [{"partyName": "Hanseatische Werkzeugmaschinen GmbH"}],
        },
        "consignmentItems": [
            {
                "carrierBookingReference": "MCL4417001",
                "descriptionOfGoods": ["Vertical machining centre", "VMC-850"],
                "HSCodes": ["845710"],
                "cargoItems": [
                    {
                        "equipmentReference": "MCLU4200170",
                        "cargoGrossWeight": {"value": 18450.5, "unit": "KGM"},
                        "cargoGrossVolume": {"value": 42.5, "unit": "MTQ"},
                        "outerPackaging": {
                            "packageCode": "CR",
                            "numberOfPackages": 2,
                            "description": "Crates",
                        },
                    }
                ],
            }
        ],
        "utilizedTransportEquipments": [
            {
                "equipment": {"equipmentReference": "MCLU4200170", "ISOEquipmentCode": "22G1"},
                "isShipperOwned": False,
                "seals": [{"number": "TW771"}],
            }
        ],
    }
    return deepcopy(document | changes)
