"""What crosses in the benchmark: declarations of some 3 kB, under an agreement that lets most of it cross."""

from datetime import UTC, datetime, timedelta
from typing import Any

from isthmus_protocol.agreements import Agreement
from isthmus_protocol.canonical import canonical
from isthmus_protocol.shapes import format_time

GOODS = {
    "description": "Parts of lathes, of cast iron",
    "hsCode": "84669300",
    "grossMassKg": "1200.5",
    "netMassKg": "1100.25",
    "originCountry": "TW",
    "packageType": "CT",
    "packages": 12,
    "statisticalValueMinor": 1_234_500,
    "currency": "EUR",
}
FIELDS = [
    *("/ucr", "/type", "/exporter/name", "/exporter/country", "/consignee/name"),
    *(f"/goods/{name}" for name in GOODS),
]


def agreement() -> Agreement:
    """Return the agreement under which the declarations cross."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Agreement.from_json(
        {
            "id": "benchmark",
            "version": 1,
            "title": "Declarations",
            "message": "EXPORT_DECLARATION",
            "direction": "TO_WINDOW",
            "purpose": "CUSTOMS_EXPORT_CLEARANCE",
            "legalBasis": {"citation": "None", "text": "A benchmark."},
            "audience": ["FORWARDER"],
            "fields": [{"path": path, "transform": "keep"} for path in sorted(FIELDS)],
            "consentRequired": False,
            "validFrom": format_time(today - timedelta(days=1)),
            "validUntil": format_time(today + timedelta(days=2)),
            "ratePerHour": 10_000_000,
            "retentionDays": 30,
        }
    )


def declaration(key: str, number: int) -> bytes:
    """Return a request to let a declaration of ten items of goods cross, the ``number``-th."""
    ucr = f"6TW12345678-2026-{number:09d}"
    request: dict[str, Any] = {
        "idempotencyKey": key,
        "message": "EXPORT_DECLARATION",
        "direction": "TO_WINDOW",
        "purpose": "CUSTOMS_EXPORT_CLEARANCE",
        "party": f"forwarder-{number % 50}",
        "role": "FORWARDER",
        "owner": "trader",
        "subject": ucr,
        "inReplyTo": None,
        "consents": [],
        "fields": FIELDS,
        "payload": {
            "ucr": ucr,
            "type": "EX",
            "exporter": {"name": "Formosa Precision Machines", "country": "TW", "vat": "12345678"},
            "consignee": {"name": "Hansa Werkzeug", "bankAccount": "DE00 0000"},
            "goods": [GOODS | {"margin": 7} for _ in range(10)],
        },
    }
    return canonical(request)
