"""Whether the window has taken something, told to a bridge that lost the reply: a receipt, or a denial."""

from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.inquiries import Inquiry, NonReceipt, sign_non_receipt
from isthmus_protocol.receipts import Receiver
from isthmus_window.database import Barred
from isthmus_window.service import Window, promised, receipt_given


def tell(window: Window, session: Session, inquiry: Inquiry) -> JsonObject:
    """Return our receipt for the exchange, or our signed word that we take it no more; always the same.

    Raises :class:`~isthmus_window.service.Refused` for an exchange that was taken with another payload, and
    for one that the log has not promised to keep.
    """
    promise = promised(window, inquiry.promise, inquiry.exchange)
    given = receipt_given(window, session, inquiry.exchange, inquiry.payload_digest)
    if given is not None:
        return {"receipt": given}
    barred = insert(Barred).values(exchange=inquiry.exchange, at=window.clock())
    session.execute(barred.on_conflict_do_nothing())
    since = session.get_one(Barred, inquiry.exchange).at
    said = NonReceipt(inquiry.exchange, inquiry.payload_digest, Receiver.WINDOW, promise.place, since)
    return {"nonReceipt": sign_non_receipt(window.signing_key, said)}
