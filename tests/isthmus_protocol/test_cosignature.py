"""A cosignature is what C2SP tlog-cosignature says, and where a witness is trusted evidence is held to it."""

import contextlib
import hashlib
import struct
from base64 import b64decode, b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreed import KEYRING, KEYS, NOW, ORIGIN, WITNESS, agreement, bundle, receipt, record
from isthmus_protocol.checkpoint import Checkpoint, key_hash, open_note, read_note, sign_note
from isthmus_protocol.cosignature import COSIGNATURE, cosign, cosignatures, witness_key
from isthmus_protocol.evidence import Bundle, verify_bundle
from isthmus_protocol.keys import (
    Holder,
    Keyring,
    SignatureError,
    SigningKey,
    TrustedKey,
    encode_base64url,
    thumbprint,
)

HEAD = Checkpoint(ORIGIN, 12, hashlib.sha256(b"root").digest())
KEY = KEYS[Holder.WITNESS]
LOGGED = sign_note(HEAD, KEYS[Holder.LOG], ORIGIN)
LINE = cosign(HEAD.text, KEY, WITNESS, NOW)
NOTE = LOGGED + LINE

# The example of the specification.
EXAMPLE = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa"
    " Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1"
    " jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
    "qhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def written_by_hand(text: str, key: SigningKey, name: str, at: datetime) -> str:
    """Put a cosignature together from the specification's structures, by other means than ours."""
    posix = int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    key_id = hashlib.sha256(f"{name}\n".encode() + b"\x04" + key.public.raw).digest()[:4]
    lines = [b"cosignature/v1", f"time {posix}".encode(), *text.encode().split(b"\n")]
    signed = key.private_key.sign(b"\n".join(lines))
    return f"— {name} {b64encode(struct.pack('>4sQ64s', key_id, posix, signed)).decode()}\n"


def test_the_specifications_example_has_our_layout() -> None:
    _, witness = read_note(EXAMPLE).signatures
    assert len(witness.signature) == 8 + 64
    assert struct.unpack(">Q", witness.signature[:8]) == (1679315147,)


def test_a_published_witness_key_is_named_as_its_witness_names_it() -> None:
    # From the tests of transparency-dev/formats, note_cosigv1_test.go.
    published = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
    raw = b64decode(published.rsplit("+", 1)[1])[1:]
    key = TrustedKey(thumbprint(encode_base64url(raw)), Holder.WITNESS, encode_base64url(raw))
    assert witness_key("remora.n621.de", key) == published
    assert key_hash("remora.n621.de", key, COSIGNATURE).hex() == "da77ade7"


@given(
    st.integers(0, 2**53 - 1),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 250_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_our_cosignature_is_the_one_written_by_hand_from_the_specification(
    size: int, root: bytes, at: datetime
) -> None:
    text = Checkpoint(ORIGIN, size, root).text
    assert cosign(text, KEY, WITNESS, at) == written_by_hand(text, KEY, WITNESS, at)


def test_a_cosigned_checkpoint_opens_as_the_logs_and_names_the_witness_and_the_time() -> None:
    assert open_note(NOTE, KEYRING, Holder.LOG) == HEAD
    (found,) = cosignatures(NOTE, KEYRING)
    assert (found.name, found.key, found.at) == (WITNESS, KEY.public, NOW)


def test_a_witness_cannot_stand_in_for_the_log_nor_the_log_for_the_witness() -> None:
    alone = f"{HEAD.text}\n{LINE}"
    with pytest.raises(SignatureError, match="no signature of LOG"):
        open_note(alone, KEYRING, Holder.LOG)
    assert cosignatures(LOGGED, KEYRING) == []
    borrowed = cosign(HEAD.text, SigningKey(Holder.WITNESS, KEYS[Holder.LOG].private_key), WITNESS, NOW)
    assert cosignatures(LOGGED + borrowed, KEYRING) == []


@given(st.integers(0, len(LINE.encode()) - 1), st.integers(0, 7))
def test_a_flipped_bit_anywhere_in_the_line_leaves_no_cosignature(position: int, bit: int) -> None:
    flipped = bytearray(LINE.encode())
    flipped[position] ^= 1 << bit
    with contextlib.suppress(SignatureError, UnicodeDecodeError):
        assert cosignatures(LOGGED + flipped.decode(), KEYRING) == []


def test_a_cosignature_of_another_head_or_another_time_is_refused() -> None:
    other = cosign(Checkpoint(ORIGIN, 13, HEAD.root).text, KEY, WITNESS, NOW)
    with pytest.raises(SignatureError, match="not that of the WITNESS key"):
        cosignatures(LOGGED + other, KEYRING)
    name, blob = f"— {WITNESS} ", bytearray(b64decode(LINE.split(" ")[2]))
    blob[11] ^= 1
    with pytest.raises(SignatureError, match="not that of the WITNESS key"):
        cosignatures(LOGGED + name + b64encode(blob).decode() + "\n", KEYRING)


def test_what_is_no_checkpoint_is_not_cosigned() -> None:
    with pytest.raises(SignatureError):
        cosign("anything\n", KEY, WITNESS, NOW)


DOCUMENT = agreement("/ucr")
RECORD = record(DOCUMENT)
COSIGNED = bundle(RECORD, DOCUMENT, receipt(RECORD)).to_bytes()
LOG_ALONE = bundle(RECORD, DOCUMENT, receipt(RECORD), witnessed=False).to_bytes()
WITHOUT_WITNESS = Keyring(key for key in KEYRING if key.holder is not Holder.WITNESS)


def failed(data: bytes, trust: Keyring | None) -> set[str]:
    return {check.name for check in verify_bundle(data, trust).checks if not check.passed}


def said_of_the_witness(data: bytes) -> str:
    (check,) = [check for check in verify_bundle(data).checks if check.name == "witness"]
    return check.detail


def test_where_a_witness_is_trusted_a_bundle_without_its_cosignature_fails_by_name() -> None:
    assert failed(COSIGNED, KEYRING) == set()
    assert failed(LOG_ALONE, KEYRING) == {"witness"}


def test_where_none_is_trusted_the_cosignature_is_reported() -> None:
    assert failed(LOG_ALONE, WITHOUT_WITNESS) == set()
    assert said_of_the_witness(LOG_ALONE).startswith("none")
    assert said_of_the_witness(COSIGNED) == f"cosigned by {WITNESS} {KEY.kid} at 2026-06-01 09:00:00 UTC"


def test_another_witness_than_the_trusted_one_fails_by_name() -> None:
    stranger = SigningKey.generate(Holder.WITNESS).public
    other = Keyring([*WITHOUT_WITNESS, stranger])
    assert failed(COSIGNED, other) == {"trust", "witness"}


def test_signatures_in_another_order_or_twice_fail() -> None:
    whole = Bundle.from_bytes(COSIGNED)
    text, _, lines = whole.checkpoint.rpartition("\n\n")
    log, witness = lines.splitlines(keepends=True)
    for signatures in (witness + log, log + log, log + witness + witness, witness):
        swapped = COSIGNED.replace(
            Bundle.from_bytes(COSIGNED).checkpoint.replace("\n", "\\n").encode(),
            f"{text}\n\n{signatures}".replace("\n", "\\n").encode(),
        )
        assert swapped != COSIGNED
        assert failed(swapped, KEYRING) != set()
