"""Whether the window has taken something, told to a bridge that lost the reply: a receipt, or a denial."""

from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.inquiries import Inquiry, NonReceipt, sign_non_receipt
from isthmus_protocol.receipts import Receiver, renewed
from isthmus_window.database import Barred, Exchange
from isthmus_window.service import Refused, Window, promised


def tell(window: Window, session: Session, inquiry: Inquiry) -> JsonObject:
    """Return our receipt for the exchange, or our signed word that we take it no more; always the same.

    Raises :class:`Refused` for an exchange that was taken with another payload, and for one that the log has
    not promised to keep.
    """
    now = window.clock()
    promise = promised(window, inquiry.promise, inquiry.exchange)
    known = session.get(Exchange, inquiry.exchange)
    if known is not None:
        if known.payload_digest != inquiry.payload_digest:
            raise Refused(409, "exchange_reused", "This exchange was received with another payload.")
        return {"receipt": renewed(known.receipt, window.signing_key, window.keyring, now)}
    session.execute(insert(Barred).values(exchange=inquiry.exchange, at=now).on_conflict_do_nothing())
    since = session.get_one(Barred, inquiry.exchange).at
    said = NonReceipt(inquiry.exchange, inquiry.payload_digest, Receiver.WINDOW, promise.place, since)
    return {"nonReceipt": sign_non_receipt(window.signing_key, said)}
