"""A signed statement says one thing, by one kind of holder, in one form."""

import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_protocol import statements
from isthmus_protocol.canonical import canonical
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, encode_base64url

TYP = "isthmus-example+jws"
PAYLOAD: dict[str, Any] = {"id": "a", "n": 1}
KEY = SigningKey.generate(Holder.OPERATOR)
TOKEN = statements.sign(KEY, PAYLOAD, TYP)
RING = Keyring([KEY.public])


def by_hand(header: bytes, payload: bytes, key: SigningKey = KEY) -> str:
    signed = f"{encode_base64url(header)}.{encode_base64url(payload)}"
    return f"{signed}.{encode_base64url(key.sign(signed.encode()))}"


def header(**changes: Any) -> dict[str, Any]:
    return {"alg": "EdDSA", "kid": KEY.kid, "typ": TYP} | changes


def test_a_statement_is_opened_by_who_trusts_its_holder() -> None:
    opened = statements.open_statement(TOKEN, RING, TYP, Holder.OPERATOR, Holder.AUTHORITY)
    assert opened.payload == PAYLOAD
    assert opened.key == KEY.public
    assert statements.verify(TOKEN, RING, TYP, "OPERATOR") == PAYLOAD


def test_a_plain_jws_reader_reads_it_too() -> None:
    assert jwt.api_jws.decode(TOKEN, KEY.private_key.public_key(), algorithms=["EdDSA"]) == canonical(PAYLOAD)
    assert by_hand(canonical(header()), canonical(PAYLOAD)) == TOKEN


@given(st.integers(0, len(TOKEN) - 1), st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_refused(position: int, bit: int) -> None:
    flipped = TOKEN[:position] + chr(ord(TOKEN[position]) ^ 1 << bit) + TOKEN[position + 1 :]
    with pytest.raises(SignatureError):
        statements.verify(flipped, RING, TYP, Holder.OPERATOR)


@given(st.integers(0, len(TOKEN)), st.text(max_size=3))
def test_a_token_that_is_cut_or_added_to_is_refused(position: int, addition: str) -> None:
    changed = TOKEN[:position] + addition
    if changed != TOKEN:
        with pytest.raises(SignatureError):
            statements.verify(changed, RING, TYP, Holder.OPERATOR)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (by_hand(canonical(header(alg="none")), b"{}"), "alg"),
        (by_hand(canonical(header(alg="HS256")), b"{}"), "alg"),
        (by_hand(canonical(header(crit=["b64"])), b"{}"), "header"),
        (by_hand(canonical(header(jwk=KEY.public.to_json())), b"{}"), "header"),
        (by_hand(canonical({"alg": "EdDSA", "typ": TYP}), b"{}"), "header"),
        (by_hand(canonical(header(kid=7)), b"{}"), "unknown key"),
        (by_hand(canonical(header(kid="unknown")), b"{}"), "unknown key"),
        (by_hand(canonical(header(typ="JWT")), b"{}"), "another type"),
        (by_hand(json.dumps(header()).encode(), b"{}"), "canonical form"),
        (by_hand(canonical(header()), b'{"b":1,"a":2}'), "canonical form"),
        (by_hand(canonical(header()), b'{"a":1,"a":1}'), "strict JSON"),
        (by_hand(canonical(header()), b'{"a":1.5}'), "strict JSON"),
        (by_hand(canonical(header()), b"[]"), "strict JSON"),
        (by_hand(canonical(header()), b"{}", SigningKey.generate(Holder.OPERATOR)), "not that of"),
        (TOKEN + "=", "base64url"),
        (TOKEN.rsplit(".", 1)[0] + ".", "not that of"),
        ("a.b", "three segments"),
        (TOKEN + "." + TOKEN, "three segments"),
        ("A" * 300_000, "too long"),
    ],
)
def test_a_statement_in_another_form_is_refused(token: str, why: str) -> None:
    with pytest.raises(SignatureError, match=why):
        statements.verify(token, RING, TYP, Holder.OPERATOR)


def test_a_holder_cannot_make_anothers_statement() -> None:
    with pytest.raises(SignatureError, match="may not sign"):
        statements.verify(TOKEN, RING, TYP, Holder.AUTHORITY)
    with pytest.raises(SignatureError, match="may not sign"):
        statements.verify(TOKEN, RING, TYP)


def test_a_key_that_is_not_trusted_signs_nothing() -> None:
    with pytest.raises(SignatureError, match="unknown key"):
        statements.verify(TOKEN, Keyring([]), TYP, Holder.OPERATOR)
