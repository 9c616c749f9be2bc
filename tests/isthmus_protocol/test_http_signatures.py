"""A signed request is from whom it says, for this call on this server, with this body, now."""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from hypothesis import given
from hypothesis import strategies as st

from agreed import KEYRING, KEYS, NOW
from isthmus_protocol.http_signatures import COVERED, TAG, Caller, sign_request, verify_request
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, TrustedKey, thumbprint

URL = "https://bridge.example/v1/exchanges?limit=5&start=0"
BODY = b'{"a":1}'
KEY = KEYS[Holder.PLATFORM]
HEADERS = sign_request(KEY, "POST", URL, BODY, now=NOW, nonce="a-nonce-of-16-ch")


def verify(
    method: str = "POST",
    url: str = URL,
    headers: dict[str, str] | None = None,
    body: bytes = BODY,
    now: datetime = NOW,
    keyring: Keyring = KEYRING,
) -> Caller:
    return verify_request(keyring, method, url, HEADERS if headers is None else headers, body, now=now)


def test_the_caller_is_known_by_the_signature() -> None:
    caller = verify()
    assert caller == Caller(KEY.kid, Holder.PLATFORM, "a-nonce-of-16-ch", NOW, NOW + timedelta(seconds=60))


def test_names_of_headers_may_be_spelt_in_any_case_and_others_may_be_there() -> None:
    lowered = {name.lower(): value for name, value in HEADERS.items()} | {"x-request-id": "1", "host": "x"}
    assert verify(headers=lowered).kid == KEY.kid


def test_the_signature_is_over_the_signature_base_of_rfc9421() -> None:
    # Section 2.5, built here by hand from the headers.
    parameters = HEADERS["Signature-Input"].removeprefix("isthmus=")
    digest = "sha-256=:" + base64.b64encode(hashlib.sha256(BODY).digest()).decode() + ":"
    base = "\n".join(
        [
            '"@method": POST',
            '"@authority": bridge.example',
            '"@path": /v1/exchanges',
            '"@query": ?limit=5&start=0',
            f'"content-digest": {digest}',
            f'"@signature-params": {parameters}',
        ]
    )
    assert HEADERS["Content-Digest"] == digest
    match = re.fullmatch(r"isthmus=:(.+):", HEADERS["Signature"])
    assert match is not None
    KEY.public.verify(base64.b64decode(match[1]), base.encode())
    assert f'alg="ed25519";expires={int(NOW.timestamp()) + 60}' in parameters
    assert 'tag="isthmus-bridge"' in parameters


def test_the_ed25519_signature_of_rfc9421_verifies_with_our_keys() -> None:
    # RFC 9421 appendix B.2.6, with the key of B.1.4.
    x = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"
    parameters = '("date" "@method" "@path" "@authority" "content-type" "content-length")'
    base = "\n".join(
        [
            '"date": Tue, 20 Apr 2021 02:07:55 GMT',
            '"@method": POST',
            '"@path": /foo',
            '"@authority": example.com',
            '"content-type": application/json',
            '"content-length": 18',
            f'"@signature-params": {parameters};created=1618884473;keyid="test-key-ed25519"',
        ]
    )
    signature = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    TrustedKey(thumbprint(x), Holder.PLATFORM, x).verify(base64.b64decode(signature), base.encode())


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PUT"},
        {"url": URL.replace("bridge", "window")},
        {"url": URL.replace("exchanges", "agreements")},
        {"url": URL.replace("limit=5", "limit=6")},
        {"url": URL.partition("?")[0]},
        {"body": b'{"a":2}'},
        {"body": b""},
        {"keyring": Keyring([])},
        {"keyring": Keyring([SigningKey.generate(Holder.PLATFORM).public])},
        {"now": NOW + timedelta(seconds=60)},
        {"now": NOW - timedelta(seconds=61)},
        {"headers": {}},
    ],
)
def test_another_call_server_body_key_or_time_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(SignatureError):
        verify(**changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(HEADERS))
def test_each_header_is_needed(name: str) -> None:
    with pytest.raises(SignatureError):
        verify(headers={other: value for other, value in HEADERS.items() if other != name})


LENGTHS = {name: len(value) for name, value in HEADERS.items()}


@given(st.sampled_from(sorted(LENGTHS)), st.data())
def test_a_flipped_bit_in_a_header_is_refused_or_says_the_same(name: str, data: st.DataObject) -> None:
    position, bit = data.draw(st.integers(0, LENGTHS[name] - 1)), data.draw(st.integers(0, 6))
    value = HEADERS[name]
    flipped = value[:position] + chr(ord(value[position]) ^ 1 << bit) + value[position + 1 :]
    try:
        caller = verify(headers=HEADERS | {name: flipped})
    except SignatureError:
        return
    # The label is not signed, nor padding bits of base64: the caller and the request stay the same.
    assert caller == verify()


@given(st.integers(-59, 59))
def test_a_request_is_taken_within_a_minute(seconds: int) -> None:
    assert verify(now=NOW + timedelta(seconds=seconds)).kid == KEY.kid


def test_a_longer_life_than_agreed_is_refused() -> None:
    with pytest.raises(SignatureError, match="not in order"):
        verify_request(KEYRING, "POST", URL, HEADERS, BODY, now=NOW, window=timedelta(seconds=30))


def test_a_second_signature_on_one_request_is_refused() -> None:
    other = sign_request(KEYS[Holder.BRIDGE], "POST", URL, BODY, now=NOW)
    both = HEADERS | {
        name: f"{HEADERS[name]}, {other[name].replace('isthmus=', 'other=')}"
        for name in ("Signature-Input", "Signature")
    }
    with pytest.raises(SignatureError, match="one signature"):
        verify(headers=both)


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (' "content-digest"', ""),
        ("isthmus-bridge", "another"),
        ('alg="ed25519"', 'alg="hmac-sha256"'),
        (';tag="isthmus-bridge"', ""),
        (';nonce="a-nonce-of-16-ch"', ""),
    ],
)
def test_a_signature_that_covers_or_says_less_is_refused(found: str, put: str) -> None:
    assert found in HEADERS["Signature-Input"]
    with pytest.raises(SignatureError):
        verify(headers=HEADERS | {"Signature-Input": HEADERS["Signature-Input"].replace(found, put)})


def test_two_requests_have_two_nonces() -> None:
    nonces = {
        verify_request(KEYRING, "GET", URL, sign_request(KEY, "GET", URL, b"", now=NOW), b"", now=NOW).nonce
        for _ in range(20)
    }
    assert len(nonces) == 20


class Keys(HTTPSignatureKeyResolver):
    """What a general implementation of RFC 9421 asks for keys."""

    def resolve_private_key(self, key_id: str) -> Any:
        assert key_id == KEY.kid
        return KEY.private_key

    def resolve_public_key(self, key_id: str) -> Any:
        assert key_id == KEY.kid
        return KEY.public.public_key


@dataclass
class Request:
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


METHODS = st.sampled_from(["GET", "POST", "PUT"])
SEGMENTS = st.lists(st.text("abcXYZ019-._~", min_size=1, max_size=8), max_size=4)
URLS = st.builds(
    lambda scheme, host, port, path, query: f"{scheme}://{host}{port}/{'/'.join(path)}{query}",
    st.sampled_from(["http", "https"]),
    st.sampled_from(["bridge.example", "Bridge.Example", "127.0.0.1"]),
    st.sampled_from(["", ":80", ":443", ":8080"]),
    SEGMENTS,
    st.sampled_from(["", "?a=1", "?a=1&b=%2F", "?"]),
)


@given(METHODS, URLS, st.binary(max_size=50))
def test_a_general_implementation_takes_what_we_sign(method: str, url: str, body: bytes) -> None:
    now = datetime.now(UTC)
    headers = sign_request(KEY, method, url, body, now=now)
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    [result] = verifier.verify(
        Request(method, url, headers),
        max_age=timedelta(seconds=60),
        expect_tag=TAG,
        require_components=COVERED,
        body=body,
    )
    assert result.parameters["nonce"] == verify(method, url, headers, body, now).nonce


@given(METHODS, URLS, st.binary(max_size=50))
def test_we_take_what_a_general_implementation_signs(method: str, url: str, body: bytes) -> None:
    request = Request(method, url)
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=Keys()).sign(
        request,
        key_id=KEY.kid,
        created=NOW,
        expires=NOW + timedelta(seconds=60),
        nonce="a-nonce-of-16-ch",
        label="other",
        tag=TAG,
        covered_component_ids=COVERED[:-1],
        body=body,
    )
    assert verify(method, url, request.headers, body).nonce == "a-nonce-of-16-ch"
