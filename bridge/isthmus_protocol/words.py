"""What both sides sign that commits to a place in the log: a receiver's receipt, an originator's word.

Whoever holds such a word holds no promise of the log's: its place is the signer's account of the promise.
"""

from dataclasses import dataclass

from isthmus_protocol.acknowledgements import open_acknowledgement
from isthmus_protocol.canonical import JsonObject, digest
from isthmus_protocol.chains import Place, place_of
from isthmus_protocol.keys import Keyring, SignatureError
from isthmus_protocol.linkage import read
from isthmus_protocol.receipts import Receiver, open_receipt


@dataclass(frozen=True)
class Word:
    """One side's signed word about ``exchange``, a receipt or an acknowledgement of it.

    ``receipt`` is the digest of the receipt. ``place`` is None for one from before there were promises.
    """

    token: str
    side: Receiver
    exchange: str
    place: Place | None
    receipt: str | None
    acknowledges: bool

    def denied_by(self, record: JsonObject) -> bool:
        """Say whether ``record``, which stands at the place, is another entry than the word is of."""
        if self.place is None:
            return False
        shown = place_of(self.place.log_index, read(record).chain)
        return record.get("exchange") != self.exchange or shown != self.place


def open_word(token: str, keyring: Keyring) -> Word:
    """Return what either side signed; raises :class:`SignatureError` where neither did."""
    for side in Receiver:
        try:
            receipt = open_receipt(token, keyring, side)
        except SignatureError:
            pass
        else:
            place, of = receipt.place, digest(token.encode())
            return Word(token, side, receipt.exchange, place, of, acknowledges=False)
        try:
            said = open_acknowledgement(token, keyring, side)
        except SignatureError:
            continue
        return Word(token, side, said.exchange, said.place, said.receipt_digest, acknowledges=True)
    raise SignatureError("neither side has signed it")


def took(record: JsonObject, word: Word) -> bool:
    """Say whether ``record`` is the entry by which the log took the receipt ``word`` in."""
    of = (record.get("kind"), record.get("receiptDigest"))
    return not word.acknowledges and of == ("RECEIPT", word.receipt)


def agree(receipt: Word, acknowledgement: Word) -> bool:
    """Say whether both sides, the receiver and the originator, tell the same of one exchange and place."""
    return (
        (receipt.acknowledges, acknowledgement.acknowledges) == (False, True)
        and receipt.side is not acknowledgement.side
        and receipt.exchange == acknowledgement.exchange
        and receipt.receipt == acknowledgement.receipt
        and receipt.place == acknowledgement.place
    )
