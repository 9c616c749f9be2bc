"""Making the marks of an invoice with the bridge, blindly (RFC 9497), for a bank that finances it here."""

from datetime import date

from isthmus_platform.crossings.bridge_client import BridgeClient, BridgeUnavailable
from isthmus_protocol.financing import Evaluation, Invoice, Question
from isthmus_protocol.keys import SignatureError
from isthmus_protocol.shapes import MalformedMessage


def make(
    bridge: BridgeClient,
    bank: str,
    *,
    seller: str,
    buyer: str,
    number: str,
    issued: date,
    amount: int,
    currency: str,
) -> tuple[str, ...]:
    """Return the marks (64 bytes each, in hexadecimal); the bridge counts them against ``bank``'s budget.

    ``amount`` is in minor units. Raises :class:`BridgeUnavailable`, also for an answer that does not prove
    that the bridge used its one key, and :class:`QuestionsSpent`.
    """
    question = Question.about(Invoice(seller, buyer, number, issued, amount, currency))
    answer = bridge.evaluate(bank, list(question.blinded))
    try:
        return question.marks(Evaluation.from_json(answer), bridge.keyring)
    except (SignatureError, MalformedMessage) as error:
        raise BridgeUnavailable(f"The bridge's evaluation is not believed: {error}") from error
