"""Every model of the platform's database, imported so that its metadata is whole."""

from isthmus_platform.database import Base
from isthmus_platform.idempotency import IdempotencyRecord
from isthmus_platform.outbox import OutboxMessage

__all__ = ["Base", "IdempotencyRecord", "OutboxMessage"]
