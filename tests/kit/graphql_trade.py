"""A trade as its parties make it through GraphQL: inputs, events, uploads."""

from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from graphql_client import Asker
from isthmus_platform import uploads
from isthmus_platform.database import Platform
from isthmus_platform.encryption import Vault

VAULT = Vault(b"k" * 32)
BOOKING = "MCL4417001"

SHIPMENT: dict[str, Any] = {
    "reference": "KHH-HAM-1",
    "carrier": "carrier",
    "ucr": "6TW24536806-1",
    "origin": "TWKHH",
    "transhipments": ["KRPUS"],
    "destination": "DEHAM",
    "bookingReference": BOOKING,
    "billOfLading": "MCLKHH2611042",
    "bookedAt": "2026-05-10T08:00:00+08:00",
    "incoterm": "CIF",
    "vessel": "Meridian Aurora",
    "consignee": {"name": "Hanseatische Werkzeugmaschinen GmbH", "country": "DE"},
    "equipment": [{"reference": "MCLU4200170", "isoCode": "22G1"}, {"reference": "MCLU4200185"}],
    "goods": [
        {
            "description": "Vertical machining centre VMC-850",
            "hsCode": "845710",
            "grossMassKg": "18450.5",
            "netMassKg": "17200",
            "packages": 2,
            "packageType": "CR",
            "originCountry": "TW",
            "value": {"amountMinor": 5_000_000_000, "currency": "USD"},
        }
    ],
    "invoice": {
        "number": "FPM-2026-0417",
        "paymentTerms": "60 days after B/L date",
        "discountMinor": 567_400,
        "bankAccount": "0110-4577-8190-3",
    },
}


def ship(asker: Asker, selection: str = "id reference", **changes: Any) -> dict[str, Any]:
    """Make a shipment and return what is selected of it."""
    made: dict[str, Any] = asker.done(
        "createShipment", f"shipment {{ {selection} }}", **{**SHIPMENT, **changes}
    )["shipment"]
    return made


def departure(number: int, at: str, **changes: Any) -> dict[str, Any]:
    """Return an event of DCSA Track & Trace 2.2: the vessel leaves Kaohsiung."""
    return {
        "eventID": f"3cecb101-7a1a-43a4-9d62-{number:012d}",
        "eventCreatedDateTime": at,
        "eventType": "TRANSPORT",
        "eventClassifierCode": "ACT",
        "eventDateTime": at,
        "transportEventTypeCode": "DEPA",
        "transportCall": {
            "transportCallID": "MA-TWKHH",
            "UNLocationCode": "TWKHH",
            "modeOfTransport": "VESSEL",
            "vessel": {"vesselIMONumber": "9321483", "vesselName": "Meridian Aurora"},
        },
        "documentReferences": [{"documentReferenceType": "BKG", "documentReferenceValue": BOOKING}],
    } | changes


def upload(
    platform: Platform,
    asker: Asker,
    *,
    reference: str = "KHH-HAM-1",
    type_code: str = "380",
    body: bytes = b"paper",
) -> UUID:
    """Store a document as the web process does, and return its id."""
    with platform.begin(asker.actor) as work:
        begun = uploads.begin_upload(
            work, VAULT, reference, type_code=type_code, title=None, media_type="application/pdf"
        )
    with begun.receive(BytesIO(body).read, 1_000_000) as received, platform.begin(asker.actor) as work:
        return uploads.store(work, begun, received, idempotency_key=str(uuid4())).document_id


def add_version(platform: Platform, asker: Asker, document_id: UUID, body: bytes) -> None:
    """Store a further version of a document."""
    with platform.begin(asker.actor) as work:
        begun = uploads.begin_version(work, VAULT, document_id, media_type="text/plain")
    with begun.receive(BytesIO(body).read, 1_000_000) as received, platform.begin(asker.actor) as work:
        uploads.store(work, begun, received, idempotency_key=str(uuid4()))
