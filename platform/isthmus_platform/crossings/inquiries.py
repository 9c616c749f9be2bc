"""Whether we have taken a delivery, told to a bridge that lost our reply: a receipt, or a denial."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from isthmus_platform.crossings.inbox import Inbox, exchange_id, in_turn, malformed, read_json
from isthmus_platform.crossings.records import BRIDGE, BarredExchange, Crossing, by_exchange
from isthmus_platform.database import Work
from isthmus_platform.errors import InvalidInput
from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.inquiries import Inquiry, NonReceipt, sign_non_receipt
from isthmus_protocol.promises import Promise
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.shapes import MalformedMessage


def tell(inbox: Inbox, body: bytes, *, request_id: str = "-") -> JsonObject:
    """Answer the inquiry in ``body`` with our ``receipt`` or ``nonReceipt``, always with the same.

    Raises :class:`InvalidInput` for what is not understood, and for what does not come to us.
    """
    asked = read(inbox, read_json(body))
    with inbox.platform.begin(BRIDGE, request_id=request_id) as work:
        asked.take(work)
    return asked.answer()


def read(inbox: Inbox, content: JsonValue) -> "Asked":
    """Return an inquiry that is in order; raises :class:`InvalidInput`."""
    try:
        inquiry = Inquiry.from_json(content)
    except MalformedMessage as error:
        raise malformed(error) from error
    exchange = exchange_id(inquiry.exchange, "/exchange")
    return Asked(inbox, inquiry, exchange, inbox.promised(inquiry.promise, inquiry.exchange))


@dataclass
class Asked:
    """An inquiry: looked up in a transaction, which bars what is not found, and answered after it."""

    inbox: Inbox
    inquiry: Inquiry
    exchange: UUID
    promise: Promise
    taken: Crossing | None = None
    barred_at: datetime | None = None

    def take(self, work: Work) -> None:
        """Find out whether we have it, and bar it if not; raises :class:`InvalidInput`, changing nothing."""
        in_turn(work, self.exchange)
        known = by_exchange(work, self.exchange)
        if known is None:
            barred = insert(BarredExchange).values(exchange=self.exchange, barred_at=work.now)
            work.session.execute(barred.on_conflict_do_nothing())
            self.barred_at = work.session.get_one(BarredExchange, self.exchange).barred_at
        elif known.direction != Direction.FROM_WINDOW.value:
            raise InvalidInput("That exchange does not come to us.", field="/exchange", code="direction")
        elif known.receipt is None:
            self.barred_at = known.created_at  # it was refused when it came, and stays so
        else:
            self.taken = known

    def answer(self) -> JsonObject:
        """Return our receipt, or our word that we never take it."""
        if self.taken is not None:
            return {"receipt": self.inbox.receipt_of(self.taken)}
        if self.barred_at is None:
            raise RuntimeError("what was not looked up is not answered")
        asked, place = self.inquiry, self.promise.place
        said = NonReceipt(asked.exchange, asked.payload_digest, Receiver.PLATFORM, place, self.barred_at)
        return {"nonReceipt": sign_non_receipt(self.inbox.bridge.signing_key, said)}
