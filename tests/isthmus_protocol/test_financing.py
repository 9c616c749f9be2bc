"""Marks of invoices: the same however an invoice is written, and out of reach of a dictionary."""

import hashlib
import os
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voprf import ristretto

from isthmus_protocol import financing
from isthmus_protocol.financing import Evaluation, Evaluator, Invoice, Question, features
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey
from isthmus_protocol.shapes import MalformedMessage

BRIDGE = SigningKey.generate(Holder.BRIDGE)
TRUST = Keyring([BRIDGE.public])
SEED = bytes(range(32))
INVOICE = Invoice(
    seller="LEI 5493001KJTIIGC8Y1R12",
    buyer="DE 811 220 642",
    number="FPM-2026-0417",
    issued=date(2026, 11, 3),
    amount=12_450_000,
    currency="USD",
)


def marks(*invoices: Invoice, seed: bytes = SEED) -> tuple[str, ...]:
    question = Question.about(*invoices)
    return question.marks(Evaluator(seed, BRIDGE).evaluate(question.blinded), TRUST)


def near(one: Invoice, other: Invoice) -> bool:
    return not set(features(one)).isdisjoint(features(other))


def test_the_function_is_that_of_rfc_9497_appendix_a_1_2() -> None:
    evaluator = ristretto.Evaluator.from_seed(bytes.fromhex("a3" * 32), b"test key")
    assert evaluator.public_key.serialize().hex() == (
        "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e"
    )
    assert bytes(evaluator.evaluate_known_input(b"\x00")).hex() == (
        "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7d"
        "a4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c"
    )
    assert bytes(evaluator.evaluate_known_input(b"\x5a" * 17)).hex() == (
        "8a9a2f3c7f085b65933594309041fc1898d42d0858e59f90814ae90571a6df60"
        "356f4610bf816f27afdd84f47719e480906d27ecd994985890e5f539e7ea74b6"
    )


def test_an_invoice_has_the_same_marks_each_time_and_is_asked_differently_each_time() -> None:
    assert marks(INVOICE) == marks(INVOICE)
    assert Question.about(INVOICE).blinded != Question.about(INVOICE).blinded


@pytest.mark.parametrize(
    "other",
    [
        replace(INVOICE, number="fpm 2026/0417"),
        replace(INVOICE, number="FPM.2O26.O4l7"),
        replace(INVOICE, number="\uff26\uff30\uff2d-2026-0417"),
        replace(INVOICE, seller="lei-5493001kjtiigc8y1r12"),
        replace(INVOICE, number="FPM-2026-0471"),
        replace(INVOICE, number="FPM-2062-0417"),
        replace(INVOICE, amount=7_450_000),
        replace(INVOICE, number="FPM-2026-0417/A", amount=7_450_000),
        replace(INVOICE, number="FPM-2026-0417-2", amount=5_000_000),
        replace(INVOICE, number="FPM-2026-0417B", amount=5_000_000),
        replace(INVOICE, number="FPM-2026-0417 (part 2)", amount=5_000_000),
    ],
    ids=[
        "case, space and punctuation",
        "letters for digits",
        "full width",
        "seller",
        "last digits swapped",
        "other digits swapped",
        "part of the amount",
        "part A",
        "part 2",
        "letter",
        "said to be a part",
    ],
)
def test_a_near_duplicate_shares_a_mark(other: Invoice) -> None:
    assert not set(marks(INVOICE)).isdisjoint(marks(other))


@pytest.mark.parametrize(
    "other",
    [
        replace(INVOICE, number="FPM-2026-0418"),
        replace(INVOICE, number="FPM-2026-0471", amount=9_000_000),
        replace(INVOICE, seller="LEI 5493001KJTIIGC8Y1R13"),
        replace(INVOICE, number="FPM-2026-0418/A"),
        replace(INVOICE, number="FPM-2026-0417/A", issued=date(2026, 11, 4)),
    ],
    ids=[
        "the next",
        "swapped, of another amount",
        "another seller",
        "a part of the next",
        "another day's part",
    ],
)
def test_another_invoice_shares_none(other: Invoice) -> None:
    assert set(marks(INVOICE)).isdisjoint(marks(other))


def test_parts_of_one_invoice_share_a_mark_with_each_other() -> None:
    assert near(replace(INVOICE, number="417/A", amount=1), replace(INVOICE, number="417/B", amount=2))


@given(
    st.text("0123456789ABCXYZ", min_size=3, max_size=12),
    st.lists(st.sampled_from([" ", "-", "/", ".", "_", "\u00a0"]), max_size=6),
    st.randoms(use_true_random=False),
)
def test_separators_and_case_never_matter(number: str, separators: list[str], random: object) -> None:
    written = list(number)
    for separator in separators:
        written.insert(random.randrange(len(written) + 1), separator)  # type: ignore[attr-defined]
    plain, other = replace(INVOICE, number=number), replace(INVOICE, number="".join(written).lower())
    assert features(plain)[:2] == features(other)[:2]


def test_a_plain_hash_of_an_invoice_falls_to_a_dictionary_and_a_mark_does_not() -> None:
    """Whoever holds the register knows the seller, the year, and that numbers count up."""
    dictionary = [replace(INVOICE, number=f"FPM-2026-{number:04}") for number in range(10_000)]
    hashed = hashlib.sha256(features(INVOICE)[0]).hexdigest()
    assert [guess for guess in dictionary if hashlib.sha256(features(guess)[0]).hexdigest() == hashed] == [
        INVOICE
    ]

    mark = marks(INVOICE)[0]
    other_key = ristretto.Evaluator.from_seed(os.urandom(32), financing.INFO)
    guesses = dictionary[400:430]  # a small one that does hold the number: only the key is missing
    assert INVOICE in guesses
    for guess in guesses:
        assert mark != hashlib.sha512(features(guess)[0]).hexdigest()
        assert mark != bytes(other_key.evaluate_known_input(features(guess)[0])).hex()


def test_what_is_asked_says_nothing_about_the_invoice() -> None:
    """The same element could be of any invoice: only what the bank keeps tells which."""
    question = Question.about(INVOICE)
    evaluator = ristretto.Evaluator.from_seed(SEED, financing.INFO)
    evaluated = Evaluator(SEED, BRIDGE).evaluate(question.blinded).evaluated
    for feature in features(INVOICE):
        assert bytes(evaluator.evaluate_known_input(feature)).hex() not in "".join(evaluated)
        assert feature.hex() not in "".join(question.blinded)


def test_an_answer_made_with_another_key_is_found_out() -> None:
    question = Question.about(INVOICE)
    honest = Evaluator(SEED, BRIDGE).evaluate(question.blinded)
    marked = Evaluator(os.urandom(32), BRIDGE).evaluate(question.blinded)
    with pytest.raises(SignatureError):
        question.marks(Evaluation(marked.evaluated, honest.key), TRUST)


def test_a_key_that_the_bridge_did_not_sign_is_found_out() -> None:
    question = Question.about(INVOICE)
    stranger = SigningKey.generate(Holder.BRIDGE)
    with pytest.raises(SignatureError):
        question.marks(Evaluator(SEED, stranger).evaluate(question.blinded), TRUST)


@given(st.integers(0, 2), st.integers(0, 95), st.integers(0, 7))
def test_a_flipped_bit_of_an_answer_is_found_out(which: int, place: int, bit: int) -> None:
    question = Question.about(INVOICE)
    answer = Evaluator(SEED, BRIDGE).evaluate(question.blinded)
    flipped = [bytearray.fromhex(each) for each in answer.evaluated]
    flipped[which][place] ^= 1 << bit
    with pytest.raises(SignatureError):
        question.marks(Evaluation(tuple(each.hex() for each in flipped), answer.key), TRUST)


def test_an_answer_to_another_question_is_none() -> None:
    evaluator = Evaluator(SEED, BRIDGE)
    question, other = Question.about(INVOICE), Question.about(INVOICE, INVOICE)
    with pytest.raises(SignatureError):
        question.marks(evaluator.evaluate(other.blinded), TRUST)
    with pytest.raises(SignatureError):
        question.marks(evaluator.evaluate(Question.about(INVOICE).blinded), TRUST)


def test_an_answer_is_read_as_it_was_written() -> None:
    answer = Evaluator(SEED, BRIDGE).evaluate(Question.about(INVOICE).blinded)
    assert Evaluation.from_json(answer.to_json()) == answer


@pytest.mark.parametrize(
    ("element", "rule"),
    [("00" * 32, "not_an_element"), ("ff" * 32, "not_an_element"), ("ab", "pattern"), ("", "pattern")],
)
def test_what_is_no_element_of_the_group_is_refused_by_its_place(element: str, rule: str) -> None:
    good = Question.about(INVOICE).blinded
    with pytest.raises(MalformedMessage) as refusal:
        Evaluator(SEED, BRIDGE).evaluate([*good, element])
    assert (refusal.value.field, refusal.value.rule) == ("/blinded/3", rule)
