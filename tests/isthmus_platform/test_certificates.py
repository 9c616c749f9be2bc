"""A token bound to a client certificate is of use only over a connection that proves it (RFC 8705)."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.test import TestResponse

from isthmus_platform import access, tokens
from isthmus_platform.database import Duty, Platform
from isthmus_platform.errors import NotAuthenticated
from isthmus_platform.http import problems
from isthmus_platform.http.bearer import acting
from isthmus_platform.http.certificates import CertificateDesk, thumbprint
from machine import TOKEN_KEY, Machine, door
from standing import StandingClock
from trade import Trade, open_trade

SIGNING = Ed25519PrivateKey.generate()
HERE = "/here"
PROXY, ELSEWHERE = "10.7.0.9", "203.0.113.9"

# RFC 9440 appendix A, the client's certificate.
THEIR_HEADER = (
    ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIElu"
    "dGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKo"
    "ZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6Ny"
    "MHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKw"
    "YBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6"
    "bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:"
)


def certificate() -> str:
    """Return the header of a new certificate, signed by itself."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bank")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365))
        .sign(key, None)
    )
    return f":{base64.b64encode(made.public_bytes(Encoding.DER)).decode()}:"


MINE, THEIRS = certificate(), certificate()


@pytest.fixture
def trade(platform: Platform) -> Trade:
    trade = open_trade(platform)
    with platform.begin(Duty("onboarding")) as work:
        access.add_client(work, "trader", "trader-1", [tokens.public_jwk(SIGNING)], demands_proof=True)
    return trade


@pytest.fixture
def machine(trade: Trade, clock: StandingClock) -> Machine:
    desk = CertificateDesk([ip_network("10.7.0.0/24")])
    web, authenticate = door(trade.platform, clock, desk)
    problems.install(web)

    @web.get(HERE)
    def here() -> str:
        return acting(authenticate).subject

    return Machine(web.test_client(), clock, "trader-1", SIGNING)


def obtain(machine: Machine, *, header: str | None = MINE, peer: str = PROXY) -> TestResponse:
    machine.http.environ_base["REMOTE_ADDR"] = peer
    given = {} if header is None else {"Client-Cert": header}
    return machine.request_token(headers=given)


def read(machine: Machine, token: str, *, header: str | None = MINE, peer: str = PROXY) -> TestResponse:
    machine.http.environ_base["REMOTE_ADDR"] = peer
    given = {"Authorization": f"Bearer {token}"} | ({} if header is None else {"Client-Cert": header})
    return machine.http.get(HERE, headers=given)


def test_a_token_obtained_over_mutual_tls_is_bound_to_the_certificate_and_used_with_it(
    machine: Machine,
) -> None:
    answer = obtain(machine)
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["token_type"] == "Bearer"
    token = answer.get_json()["access_token"]
    der = base64.b64decode(MINE.strip(":"))
    expected = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["cnf"] == {"x5t#S256": expected}
    assert read(machine, token).status_code == 200


@pytest.mark.parametrize(
    ("header", "peer"),
    [(None, PROXY), (THEIRS, PROXY), (MINE, ELSEWHERE), (MINE, "127.0.0.1")],
    ids=["none", "another's", "told by a stranger", "told by this machine"],
)
def test_a_stolen_token_is_of_no_use_without_its_certificate(
    machine: Machine, header: str | None, peer: str
) -> None:
    token = obtain(machine).get_json()["access_token"]
    refused = read(machine, token, header=header, peer=peer)
    assert (refused.status_code, refused.get_json()["code"]) == (401, "certificate_required")
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


def test_a_certificate_that_no_proxy_of_ours_told_binds_nothing(machine: Machine) -> None:
    refused = obtain(machine, peer=ELSEWHERE)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_dpop_proof")
    assert "access_token" not in refused.text


def test_a_proof_binds_before_a_certificate_does(machine: Machine) -> None:
    machine.http.environ_base["REMOTE_ADDR"] = PROXY
    proof = machine.proof("POST", "/oauth/token")
    answer = machine.request_token(proof, {"Client-Cert": MINE})
    claims = jwt.decode(answer.get_json()["access_token"], options={"verify_signature": False})
    assert claims["cnf"].keys() == {"jkt"}


BROKEN: dict[str, str] = {
    "empty": "",
    "no byte sequence": MINE.strip(":"),
    "two of them": f"{MINE}, {THEIRS}",
    "not base64": ":*:",
    "no certificate": ":AAAA:",
    "cut short": MINE[:-40] + ":",
    "endless": ":" + "A" * 20_000 + ":",
}


@pytest.mark.parametrize("header", BROKEN.values(), ids=BROKEN.keys())
def test_a_header_that_is_not_one_certificate_is_refused(header: str) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        thumbprint(header)
    assert refused.value.code == "certificate_invalid"


def test_a_broken_header_of_a_proxy_lets_nobody_in(machine: Machine) -> None:
    assert obtain(machine, header=":AAAA:").get_json()["error"] == "invalid_client"
    token = obtain(machine).get_json()["access_token"]
    assert read(machine, token, header=":AAAA:").get_json()["code"] == "certificate_invalid"


def test_the_header_of_the_standard_is_read() -> None:
    der = base64.b64decode(THEIR_HEADER.strip(":"))
    expected = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    assert thumbprint(THEIR_HEADER) == expected


def test_a_token_bound_to_what_we_do_not_know_is_not_taken(machine: Machine) -> None:
    token = obtain(machine).get_json()["access_token"]
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    for confirmation in ({}, {"kid": "1"}, "x5t#S256"):
        other = jwt.encode(
            claims | {"cnf": confirmation}, TOKEN_KEY, "EdDSA", headers=jwt.get_unverified_header(token)
        )
        refused = read(machine, other)
        assert (refused.status_code, refused.get_json()["code"]) == (401, "token_invalid")
