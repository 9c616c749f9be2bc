"""What a receiver signed of an exchange, held to the decision in the log by which it was agreed."""

from dataclasses import dataclass

from isthmus_protocol.chains import Place, place_of
from isthmus_protocol.inquiries import open_non_receipt
from isthmus_protocol.keys import Keyring, SignatureError
from isthmus_protocol.receipts import Receiver, open_receipt
from isthmus_protocol.records import Decision, LogRecord


@dataclass(frozen=True)
class Shown:
    """The decision ``record`` at ``index`` of the log, that a receiver's word has to be about."""

    record: LogRecord
    index: int
    keyring: Keyring

    def check_receipt(self, token: str) -> str:
        """Say since when the receiver holds it by its receipt ``token``; raises :class:`SignatureError`."""
        receiver = self._receiver()
        receipt = open_receipt(token, self.keyring, receiver)
        from_before = self.record.chain is None and receipt.place is None
        self._demand(
            "receipt", receipt.exchange, receipt.payload_digest, receipt.place, placed=not from_before
        )
        return f"the {receiver} holds the payload since {receipt.received_at:%Y-%m-%d %H:%M:%S} UTC"

    def check_non_receipt(self, token: str) -> str:
        """Say since when the receiver refuses it, never having taken it; raises :class:`SignatureError`."""
        receiver = self._receiver()
        said = open_non_receipt(token, self.keyring, receiver)
        self._demand("non-receipt", said.exchange, said.payload_digest, said.place)
        return f"never taken: the {receiver} refuses it since {said.barred_at:%Y-%m-%d %H:%M:%S} UTC"

    def _receiver(self) -> Receiver:
        if self.record.decision is not Decision.PERMITTED:
            raise SignatureError("a refusal has no receipt")
        return Receiver.of(self.record.direction)

    def _demand(
        self, what: str, exchange: str, payload: str, place: Place | None, *, placed: bool = True
    ) -> None:
        if exchange != self.record.exchange:
            raise SignatureError(f"the {what} is for another exchange")
        if payload != self.record.payload_digest:
            raise SignatureError(f"the {what} is for another payload")
        if placed and place != place_of(self.index, self.record.chain):
            raise SignatureError(f"the {what} commits to another place in the log")
