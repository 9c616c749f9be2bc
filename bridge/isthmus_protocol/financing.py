"""Marks of an invoice that nobody can guess: "has it been financed before?" without telling which invoice.

An invoice number has so little entropy that a hash of it falls to a dictionary. A mark is therefore the
output of a verifiable oblivious pseudorandom function (RFC 9497, ristretto255-SHA512, mode VOPRF), and the
bridge holds its key. The bank blinds what it asks, the bridge evaluates it without learning it, the bank
unblinds the answer and checks the bridge's proof that it used its one key. The register at the platform then
compares marks: it never sees an invoice, and the bridge never sees a mark.

An invoice has several marks, so that a near duplicate shares one of them with the original.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from voprf import ristretto

from isthmus_protocol import statements
from isthmus_protocol.canonical import JsonObject, JsonValue, canonical
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey
from isthmus_protocol.shapes import MalformedMessage, Members

SUITE = "ristretto255-SHA512"
INFO = b"isthmus financing marks 1"
KEY_TYP = "isthmus-financing-key+jws"
MOST_BLINDED = 64
"""Elements of one request: the marks of some twenty invoices."""

_ALIKE = str.maketrans("OILSZB", "011528")
_PARTED = re.compile(r"(?<=\d)(?:[^0-9A-Z]+(?:PART|NO)?[^0-9A-Z]*(?:\d|[A-Z])|[A-Z])[^0-9A-Z]*$")
BLINDED = re.compile(r"[0-9a-f]{64}")
_OUTPUT = re.compile(r"[0-9a-f]{192}")  # the element, and the two scalars of its proof


@dataclass(frozen=True)
class Invoice:
    """What tells an invoice from others.

    ``seller`` and ``buyer`` are registered identifiers (LEI, ISO 17442, or a tax number), since names are
    written in many ways. ``amount`` is in minor units of ``currency`` (ISO 4217).
    """

    seller: str
    buyer: str
    number: str
    issued: date
    amount: int
    currency: str


def features(invoice: Invoice) -> tuple[bytes, ...]:
    """Return what an invoice's marks are made of; two invoices that share one are duplicates, or nearly.

    ``number``
        the seller's number whatever its case, spaces and punctuation, with letters that are taken for digits
        (O, I, L, S, Z, B) read as such. It holds for parts of the amount, since that is not in it.
    ``digits``
        the same signs in another order, for the same amount: digits that were swapped.
    ``part``
        the number without a last sign that tells parts apart (``417/A``, ``417-2``, ``417B``), from the same
        seller to the same buyer on the same day: an amount that was split over several invoices.
    """
    seller, buyer = _plain(invoice.seller), _plain(invoice.buyer)
    number = _plain(invoice.number).translate(_ALIKE)
    folded = _folded(invoice.number)
    stem = _plain(_PARTED.sub("", folded)).translate(_ALIKE)
    described: tuple[list[JsonValue], ...] = (
        ["number", seller, number],
        ["digits", seller, "".join(sorted(number)), invoice.amount, invoice.currency],
        ["part", seller, buyer, invoice.issued.isoformat(), stem],
    )
    return tuple(canonical(each) for each in described)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).upper()


def _plain(text: str) -> str:
    return "".join(sign for sign in _folded(text) if sign.isalnum())


@dataclass(frozen=True)
class Question:
    """What a bank keeps to itself while it asks: how each element was blinded."""

    blinded: tuple[str, ...]
    """The elements to be evaluated, in hexadecimal; they say nothing about the invoices."""
    _clients: tuple[ristretto.Client, ...]

    @classmethod
    def about(cls, *invoices: Invoice) -> "Question":
        """Blind the features of ``invoices``, in order, three for each."""
        made = [ristretto.Client.blind(feature) for invoice in invoices for feature in features(invoice)]
        return cls(
            tuple(element.serialize().hex() for _, element in made), tuple(client for client, _ in made)
        )

    def marks(self, evaluation: "Evaluation", keyring: Keyring) -> tuple[str, ...]:
        """Return the marks (64 bytes each, in hexadecimal), in the order of what was asked.

        Raises:
            SignatureError: the key is not the bridge's, or the answer was not made with that key.
        """
        key = ristretto.PublicKey.deserialize(bytes.fromhex(open_key(evaluation.key, keyring)))
        if len(evaluation.evaluated) != len(self._clients):
            raise SignatureError("the evaluation is not of what was asked")
        try:
            return tuple(
                bytes(client.finalize(_output(text), key)).hex()
                for client, text in zip(self._clients, evaluation.evaluated, strict=True)
            )
        except ValueError as error:
            raise SignatureError(f"the evaluation does not prove itself: {error}") from None


@dataclass(frozen=True)
class Evaluation:
    """The bridge's answer: each element evaluated with its proof (96 bytes, hexadecimal), its signed key."""

    evaluated: tuple[str, ...]
    key: str

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"evaluated": list(self.evaluated), "key": self.key}

    @classmethod
    def from_json(cls, value: JsonValue) -> "Evaluation":
        """Read an answer; raises :class:`MalformedMessage`."""
        members = Members(value)
        evaluated = members.each("evaluated", lambda one, name: one.matching(name, _OUTPUT), MOST_BLINDED)
        found = cls(evaluated, members.text("key", 2_000))
        members.end()
        return found


class Evaluator:
    """The holder of the key, which follows from 32 secret bytes (RFC 9497, 3.2.1)."""

    def __init__(self, seed: bytes, signing_key: SigningKey) -> None:
        self._evaluator = ristretto.Evaluator.from_seed(seed, INFO)
        self._signing_key = signing_key

    def evaluate(self, blinded: Sequence[str]) -> Evaluation:
        """Evaluate elements in hexadecimal; raises :class:`MalformedMessage` naming the one that is none."""
        elements = [_element(number, text) for number, text in enumerate(blinded)]
        outputs = tuple(self._evaluator.evaluate(element).serialize().hex() for element in elements)
        return Evaluation(outputs, self.signed_key())

    def signed_key(self) -> str:
        """Return the public key as the bridge's signed word: there is one for all, and no other."""
        key = self._evaluator.public_key.serialize().hex()
        return statements.sign(self._signing_key, {"suite": SUITE, "key": key}, KEY_TYP)


def open_key(token: str, keyring: Keyring) -> str:
    """Return the key (hexadecimal) that the bridge signed; raises :class:`SignatureError`."""
    said = statements.verify(token, keyring, KEY_TYP, Holder.BRIDGE)
    key = said.get("key")
    if set(said) != {"suite", "key"} or said["suite"] != SUITE or not isinstance(key, str):
        raise SignatureError("what was signed is no key of this suite")
    if BLINDED.fullmatch(key) is None:
        raise SignatureError("what was signed is no key of this suite")
    return key


def _element(number: int, text: str) -> ristretto.BlindedInput:
    if BLINDED.fullmatch(text) is None:
        raise MalformedMessage(f"/blinded/{number}", "pattern")
    try:
        return ristretto.BlindedInput.deserialize(bytes.fromhex(text))
    except ValueError:
        raise MalformedMessage(f"/blinded/{number}", "not_an_element") from None


def _output(text: str) -> ristretto.VerifiableOutput:
    return ristretto.VerifiableOutput.deserialize(bytes.fromhex(text))
