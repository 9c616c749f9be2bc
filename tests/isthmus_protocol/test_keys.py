"""Keys are named by what they are, and trust is a set of them."""

import pytest
from cryptography.exceptions import InvalidSignature
from hypothesis import given
from hypothesis import strategies as st

from agreed import KEYRING
from isthmus_protocol.canonical import parse
from isthmus_protocol.keys import (
    Holder,
    Keyring,
    SignatureError,
    SigningKey,
    TrustedKey,
    decode_base64url,
    thumbprint,
)
from isthmus_protocol.shapes import MalformedMessage

# RFC 8037 appendix A.2 and A.3
X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_name_of_a_key_is_its_rfc7638_thumbprint() -> None:
    assert thumbprint(X) == THUMBPRINT


def test_the_signature_of_rfc8037_verifies_and_another_payload_does_not() -> None:
    # RFC 8037 appendix A.4
    key = TrustedKey(THUMBPRINT, Holder.LOG, X)
    signature = decode_base64url(
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )
    signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    key.verify(signature, signed)
    with pytest.raises(SignatureError):
        key.verify(signature, signed + b"A")


@pytest.mark.parametrize(
    ("kid", "x"),
    [
        (THUMBPRINT, X[:-1] + "p"),  # the same bytes, another last character
        (THUMBPRINT, X + "="),
        (THUMBPRINT, X[:-4]),
        (THUMBPRINT, "é" + X[1:]),
        ("A" + THUMBPRINT[1:], X),
    ],
)
def test_a_key_under_a_name_that_is_not_its_own_is_refused(kid: str, x: str) -> None:
    with pytest.raises(MalformedMessage):
        TrustedKey(kid, Holder.LOG, x)


def test_a_private_key_is_kept_as_pem_and_shows_no_secret() -> None:
    key = SigningKey.generate("OPERATOR")
    assert SigningKey.from_pem("OPERATOR", key.to_pem()).public == key.public
    assert "private" not in repr(key)


def test_a_keyring_is_read_back_as_it_was_written() -> None:
    assert Keyring.from_json(KEYRING.to_json()) == KEYRING
    assert [key.kid for key in KEYRING] == sorted(key.kid for key in KEYRING)
    assert len(KEYRING) == len(Holder)


@pytest.mark.parametrize(
    "text",
    [
        b'{"keys":[],"more":1}',
        b'{"keys":[{"kid":"a","holder":"LOG","x":"b"}]}',
        b'{"keys":{}}',
        b"[]",
    ],
)
def test_a_keyring_that_is_not_in_order_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedMessage):
        Keyring.from_json(parse(text))


def test_a_key_given_twice_is_refused() -> None:
    one = next(iter(KEYRING)).to_json()
    with pytest.raises(MalformedMessage, match="duplicate"):
        Keyring.from_json({"keys": [one, one]})


@given(st.binary(max_size=80), st.integers(0, 64 * 8 - 1), st.integers(0, 70))
def test_signatures_are_judged_as_openssl_judges_them(data: bytes, bit: int, length: int) -> None:
    key = SigningKey.generate(Holder.LOG)
    signature = key.sign(data)
    key.public.verify(signature, data)
    key.public.public_key.verify(signature, data)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    for wrong in (bytes(flipped), signature[: min(length, 63)], signature + b"\0"):
        with pytest.raises(SignatureError):
            key.public.verify(wrong, data)
        with pytest.raises(InvalidSignature):
            key.public.public_key.verify(wrong, data)
