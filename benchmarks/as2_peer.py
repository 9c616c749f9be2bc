"""pyas2lib, AS2 in Python: a message signed, parsed and receipted, and the receipt parsed. Prints JSON.

Its cryptography is RSA 2048 with SHA-256 in S/MIME, ours Ed25519. Nothing is sent, stored or logged.
"""

import importlib.util
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

# oscrypto 1.3 takes "3.0.17" for no version of OpenSSL: its pattern has one digit where there may be two.
[_folder] = importlib.util.find_spec("oscrypto").submodule_search_locations
for _file in Path(_folder, "_openssl").glob("_libcrypto_c*.py"):
    _text = _file.read_text()
    _file.write_text(_text.replace(r"\\d\\.\\d\\.\\d[a-z]*", r"\\d+\\.\\d+\\.\\d+[a-z]*"))

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyas2lib import as2


def identity(name):
    """Return a key with its certificate, and the certificate alone, as PEM."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    )
    return private + certificate, certificate


def sides():
    """Return two organisations, each as itself and as the other's partner."""
    made = {}
    for name in ("a", "b"):
        key, certificate = identity(name)
        own = as2.Organization(
            as2_name=name, sign_key=key, sign_key_pass="x", decrypt_key=key, decrypt_key_pass="x"
        )
        partner = as2.Partner(
            as2_name=name,
            verify_cert=certificate,
            sign=True,
            digest_alg="sha256",
            mdn_mode="SYNC",
            mdn_digest_alg="sha256",
            validate_certs=False,
        )
        made[name] = own, partner
    return made


SIDES = sides()


def exchange(payload):
    """Send ``payload`` from a to b and its receipt back."""
    message = as2.Message(sender=SIDES["a"][0], receiver=SIDES["b"][1])
    message.build(payload)
    received = as2.Message()
    status, problem, receipt = received.parse(
        message.headers_str + b"\r\n" + message.content,
        find_org_cb=lambda _: SIDES["b"][0],
        find_partner_cb=lambda _: SIDES["a"][1],
    )
    assert status == "processed", problem
    told = as2.Mdn()
    status, problem = told.parse(receipt.headers_str + b"\r\n" + receipt.content, lambda *_: message)
    assert status == "processed", problem


count, size = int(sys.argv[1]), int(sys.argv[2])
content = b"{" + b"x" * (size - 2) + b"}"
exchange(content)
began = time.process_time()
for _ in range(count):
    exchange(content)
print(json.dumps({"cpu_ms": (time.process_time() - began) / count * 1e3, "version": version("pyas2lib")}))
