"""Every model of the platform's database, imported so that its metadata is whole."""

from isthmus_platform.access import ApiClient, ClientAssertion, User
from isthmus_platform.database import Base
from isthmus_platform.idempotency import IdempotencyRecord
from isthmus_platform.outbox import OutboxMessage
from isthmus_platform.parties import Delegation, Party
from isthmus_platform.shipments import CommercialTerms, Equipment, GoodsItem, Shipment
from isthmus_platform.tracking import RecordedEvent

__all__ = [
    "ApiClient",
    "Base",
    "ClientAssertion",
    "CommercialTerms",
    "Delegation",
    "Equipment",
    "GoodsItem",
    "IdempotencyRecord",
    "OutboxMessage",
    "Party",
    "RecordedEvent",
    "Shipment",
    "User",
]
