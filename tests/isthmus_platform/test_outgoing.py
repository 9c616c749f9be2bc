"""Calls go to the address that was judged, under the name that was given, and end when they must."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from isthmus_platform.outgoing import Caller, NoAnswer
from isthmus_platform.outgoing_addresses import Outgoing
from receiving import Receiver, receiving

NAME = "hooks.example.com"
HERE = Outgoing(loopback=True)
BODY = b'{"type": "shipment.created"}'


def certificate(folder: Path, name: str) -> Path:
    """Return a file with a key and a certificate for ``name`` that trusts itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "receiver.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def asked_for() -> list[str | None]:
    """Return the names that clients asked for in TLS."""
    return []


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    return certificate(tmp_path, NAME)


@pytest.fixture
def receiver(trusted: Path, asked_for: list[str | None]) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted)
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    with receiving(context) as receiver:
        yield receiver


def caller(trusted: Path, patience: float = 5) -> Caller:
    return Caller(
        HERE,
        patience,
        ssl.create_default_context(cafile=str(trusted)),
        lambda _host, _port: ["127.0.0.1"],
    )


def test_the_judged_address_is_called_under_the_name(
    receiver: Receiver, trusted: Path, asked_for: list[str | None]
) -> None:
    reply = caller(trusted).post(f"https://{NAME}:{receiver.port}/in?a=1", BODY, {"webhook-id": "1"})
    assert reply.status == 204
    (received,) = receiver.received
    assert (received.path, received.body) == ("/in?a=1", BODY)
    assert received.headers["host"] == f"{NAME}:{receiver.port}"
    assert received.headers["webhook-id"] == "1"
    assert asked_for == [NAME]


def test_a_certificate_of_another_name_is_not_trusted(receiver: Receiver, trusted: Path) -> None:
    with pytest.raises(NoAnswer, match="CERTIFICATE_VERIFY_FAILED"):
        caller(trusted).post(f"https://other.example.com:{receiver.port}/", BODY, {})
    assert receiver.received == []


def test_an_answer_in_drips_does_not_hold_the_caller(receiver: Receiver, trusted: Path) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        try:
            while True:
                handler.wfile.write(b"H")
                handler.wfile.flush()
                pause.wait(0.05)
        except OSError:
            ended.set()

    pause, ended = threading.Event(), threading.Event()
    receiver.on_request = drip
    with pytest.raises(NoAnswer):
        caller(trusted, patience=0.5).post(f"https://{NAME}:{receiver.port}/", BODY, {})
    assert ended.wait(30), "the connection was not closed"


def test_an_endless_answer_is_read_only_so_far(receiver: Receiver, trusted: Path) -> None:
    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            return

    receiver.on_request = flood
    assert caller(trusted).post(f"https://{NAME}:{receiver.port}/", BODY, {}).status == 200


def test_who_is_not_there_gives_no_answer(trusted: Path) -> None:
    with receiving() as gone:
        pass
    with pytest.raises(NoAnswer, match="ConnectionRefusedError"):
        caller(trusted).post(f"https://{NAME}:{gone.port}/", BODY, {})
