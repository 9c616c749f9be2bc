"""The log's head is a C2SP signed note that other programs read too."""

import hashlib
import json
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given
from hypothesis import strategies as st

from isthmus_protocol.checkpoint import (
    Checkpoint,
    key_hash,
    open_note,
    read_note,
    sign_note,
    verifier_key,
)
from isthmus_protocol.keys import (
    Holder,
    Keyring,
    SignatureError,
    SigningKey,
    TrustedKey,
    encode_base64url,
    thumbprint,
)

ORIGIN = "bridge.example/log"
KEY = SigningKey.generate(Holder.LOG)
RING = Keyring([KEY.public])
HEAD = Checkpoint(ORIGIN, 12, hashlib.sha256(b"root").digest())
NOTE = sign_note(HEAD, KEY, ORIGIN)


def test_a_published_checkpoint_is_read_and_its_signature_is_over_our_text(transparency: Path) -> None:
    for vector in json.loads((transparency / "rekor-checkpoint.json").read_text()):
        name, key_id, encoded = vector["vkey"].split("+", 2)
        note = read_note(vector["note"])
        head = Checkpoint.from_text(note.text)
        assert (head.origin, head.size) == ("Rekor", 798034)
        assert head.text == note.text
        (signature,) = note.signatures
        assert (signature.name, signature.key_hash.hex()) == (name, key_id)
        key = load_der_public_key(b64decode(encoded)[1:])
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(signature.signature, note.text.encode(), ec.ECDSA(SHA256()))


def test_the_documented_example_of_a_signed_note_verifies() -> None:
    # The example of Go's sumdb/note package, where the format began.
    raw = b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    key = TrustedKey(thumbprint(encode_base64url(raw)), Holder.LOG, encode_base64url(raw))
    assert verifier_key("PeterNeumann", key) == (
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    )
    note = read_note(
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6Ryy"
        "BwJnAM=\n"
    )
    assert note.signatures[0].key_hash == key_hash("PeterNeumann", key)
    key.verify(note.signatures[0].signature, note.text.encode())


def test_a_checkpoint_is_opened_as_it_was_signed() -> None:
    assert open_note(NOTE, RING, Holder.LOG) == HEAD
    assert NOTE.startswith(f"{ORIGIN}\n12\n")


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_refused(position: int, bit: int) -> None:
    flipped = bytearray(NOTE.encode())
    flipped[position] ^= 1 << bit
    with pytest.raises((SignatureError, UnicodeDecodeError)):
        open_note(flipped.decode(), RING, Holder.LOG)


def test_a_note_of_another_holder_or_key_is_refused() -> None:
    for ring in (Keyring([]), Keyring([SigningKey.generate(Holder.LOG).public])):
        with pytest.raises(SignatureError, match="no signature"):
            open_note(NOTE, ring, Holder.LOG)
    with pytest.raises(SignatureError, match="no signature"):
        open_note(NOTE, RING, Holder.AUTHORITY)


def test_signatures_by_others_are_passed_over_and_a_false_one_by_a_known_key_is_not() -> None:
    other = sign_note(HEAD, SigningKey.generate(Holder.LOG), "witness.example").rsplit("\n\n", 1)[1]
    assert open_note(NOTE + other, RING, Holder.LOG) == HEAD
    forged = sign_note(Checkpoint(ORIGIN, 13, HEAD.root), KEY, ORIGIN).rsplit("\n\n", 1)[1]
    with pytest.raises(SignatureError):
        open_note(NOTE + forged, RING, Holder.LOG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no signature\n",
        f"{ORIGIN}\n12\n",
        HEAD.text,
        NOTE.replace("— ", "- "),
        NOTE.rstrip("\n"),
        NOTE + "\n",
        NOTE.replace("\n12\n", "\n12\x01\n"),
        NOTE.replace("— ", "—  "),
        "a" * 70_000,
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(SignatureError):
        open_note(text, RING, Holder.LOG)


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n12\n",
        f"\n12\n{HEAD.text.splitlines()[2]}\n",
        f"{ORIGIN}\n012\n{HEAD.text.splitlines()[2]}\n",
        f"{ORIGIN}\n-1\n{HEAD.text.splitlines()[2]}\n",
        f"{ORIGIN}\n\uff11\uff12\n{HEAD.text.splitlines()[2]}\n",
        f"{ORIGIN}\n12\nAAAA\n",
        f"{ORIGIN}\n12\n*\n",
        HEAD.text + "extension\n",
    ],
)
def test_a_checkpoint_that_is_not_three_lines_in_order_is_refused(text: str) -> None:
    with pytest.raises(SignatureError):
        Checkpoint.from_text(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_a_key_name_that_a_note_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="key name"):
        sign_note(HEAD, KEY, name)


def test_a_checkpoint_that_cannot_be_read_back_is_not_signed() -> None:
    with pytest.raises((ValueError, SignatureError)):
        sign_note(Checkpoint("two\nlines", 1, HEAD.root), KEY, ORIGIN)
