"""Judging answers: what a receiver or an originator said of one claim, and whether that is in order."""

from dataclasses import dataclass
from typing import TypeAlias

from isthmus_bridge import dead_letters, promises
from isthmus_bridge.claiming import Claim
from isthmus_bridge.sending import Answer, NoAnswer
from isthmus_bridge.service import Bridge
from isthmus_protocol.acknowledgements import open_acknowledgement
from isthmus_protocol.canonical import digest
from isthmus_protocol.inquiries import open_non_receipt
from isthmus_protocol.keys import SignatureError
from isthmus_protocol.receipts import open_receipt

NOT_REFUSED = (401, *dead_letters.NOT_AT_FAULT)
"""4xx that say nothing of the message: the receiver is busy, or does not believe that we are the bridge."""


@dataclass(frozen=True)
class Answered:
    """A claim, and what came back."""

    claim: Claim
    answer: Answer | NoAnswer


@dataclass(frozen=True)
class Taken:
    """The receiver's receipt, or the originator's acknowledgement, is in order."""

    token: str


@dataclass(frozen=True)
class NotTaken:
    """The receiver refuses for good; ``reason`` is what it said."""

    reason: str


@dataclass(frozen=True)
class NeverTaken:
    """The receiver was asked, and signed that it does not have it and refuses it from now on."""

    token: str


@dataclass(frozen=True)
class Later:
    """It has to be tried again; ``at_fault`` is the receiver if it answered what no receiver may."""

    problem: str
    at_fault: bool


Verdict: TypeAlias = Taken | NotTaken | NeverTaken | Later


def judge(bridge: Bridge, answered: Answered) -> Verdict:
    """Return what ``answered`` leads to; signatures are checked as of now."""
    answer, claim = answered.answer, answered.claim
    if isinstance(answer, NoAnswer):
        return Later(str(answer), at_fault=False)
    try:
        if claim.is_notice and 200 <= answer.status < 300:
            return Taken(_checked_acknowledgement(bridge, claim, answer))
        if claim.is_inquiry and answer.status == 200 and "nonReceipt" in (answer.said or {}):
            return NeverTaken(_checked_non_receipt(bridge, claim, answer))
        if not claim.is_notice and answer.status == 200:
            return Taken(_checked_receipt(bridge, claim, answer))
    except SignatureError as error:
        expected = "acknowledgement" if claim.is_notice else "receipt"
        return Later(f"no valid {expected}: {error}", at_fault=True)
    refused = 400 <= answer.status < 500 and answer.status not in NOT_REFUSED
    if refused and not claim.is_notice and not claim.is_inquiry:
        return NotTaken(answer.reason)
    return Later(answer.reason, at_fault=answer.status not in dead_letters.NOT_AT_FAULT)


def _token(answer: Answer, name: str) -> str:
    if answer.said is None:
        raise SignatureError("the answer is not a JSON object")
    token = answer.said.get(name)
    if not isinstance(token, str):
        raise SignatureError(f"the answer holds no {name}")
    return token


def _checked_receipt(bridge: Bridge, claim: Claim, answer: Answer) -> str:
    """Return the receipt in ``answer``: signed by the receiver, for what it was sent and was promised."""
    token, passage = _token(answer, "receipt"), claim.passage
    receipt = open_receipt(token, bridge.keyring, claim.receiver, bridge.clock())
    promises.check_receipt(passage, receipt)
    return token


def _checked_non_receipt(bridge: Bridge, claim: Claim, answer: Answer) -> str:
    """Return the non-receipt in ``answer``: signed by the receiver, of the very thing that was asked for."""
    token, passage = _token(answer, "nonReceipt"), claim.passage
    said = open_non_receipt(token, bridge.keyring, claim.receiver, bridge.clock())
    if (said.exchange, said.payload_digest) != (str(passage.id), passage.payload_digest):
        raise SignatureError("the non-receipt is of something else")
    if said.place != promises.promised(passage):
        raise SignatureError("the non-receipt does not commit to the promised place in the log")
    return token


def _checked_acknowledgement(bridge: Bridge, claim: Claim, answer: Answer) -> str:
    """Return the originator's acknowledgement in ``answer``.

    It must be of this end of this exchange, of the very receipt that it was shown, and of the promised place.
    """
    token, passage = _token(answer, "acknowledgement"), claim.passage
    said = open_acknowledgement(token, bridge.keyring, claim.receiver, bridge.clock())
    shown = passage.receipt
    wanted = (str(passage.id), claim.state, None if shown is None else digest(shown.encode()))
    if (said.exchange, said.state.value, said.receipt_digest) != wanted:
        raise SignatureError("the acknowledgement is of something else")
    if said.place != promises.promised(passage):
        raise SignatureError("the acknowledgement does not commit to the promised place in the log")
    return token
