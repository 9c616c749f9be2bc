"""A bundle proves one crossing to whoever has it, and any change to it is found."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreed import KEYRING, KEYS, NOW, ORIGIN, agreement, bundle, receipt, record, refusal, signed
from isthmus_protocol import merkle
from isthmus_protocol.agreements import Agreement, Direction, Role
from isthmus_protocol.canonical import canonical, parse_object
from isthmus_protocol.chains import Place, place_of
from isthmus_protocol.checkpoint import Checkpoint, sign_note
from isthmus_protocol.evidence import Bundle, verify_bundle
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.messages import AgreementReference, Reason
from isthmus_protocol.receipts import Receipt, Receiver, sign_receipt
from isthmus_protocol.records import Kind, LogRecord, Phase
from isthmus_protocol.verify import main

DOCUMENT = agreement("/ucr", "/goods/hsCode")
RECORD = record(DOCUMENT)
PERMITTED = bundle(RECORD, DOCUMENT, receipt(RECORD)).to_bytes()
REFUSED = bundle(refusal(DOCUMENT, Reason.FIELD_NOT_PERMITTED, field="/x"), DOCUMENT, None).to_bytes()
UNCOVERED = bundle(refusal(None, Reason.NO_AGREEMENT), None, None).to_bytes()
OTHER_HEAD = Checkpoint(ORIGIN, 5, b"r" * 32)
UNDELIVERED = bundle(RECORD, DOCUMENT, None).to_bytes()


def failed(data: bytes, trust: Keyring | None = KEYRING) -> set[str]:
    return {check.name for check in verify_bundle(data, trust).checks if not check.passed}


@pytest.mark.parametrize("data", [PERMITTED, REFUSED, UNCOVERED, UNDELIVERED])
def test_a_bundle_verifies_with_and_without_trusted_keys(data: bytes) -> None:
    assert verify_bundle(data, KEYRING).passed
    assert verify_bundle(data).passed
    assert Bundle.from_bytes(data).to_bytes() == data


@pytest.mark.parametrize("data", [PERMITTED, REFUSED, UNCOVERED, UNDELIVERED])
def test_a_bundle_holds_exactly_the_keys_it_uses(data: bytes) -> None:
    held = {key.holder for key in Bundle.from_bytes(data).keys}
    expected = {Holder.LOG, Holder.WITNESS}
    if data is not UNCOVERED:
        expected |= {Holder.OPERATOR, Holder.AUTHORITY}
    if data is PERMITTED:
        expected |= {Holder.WINDOW}
    assert held == expected
    assert len(verify_bundle(data).fingerprints) == len(expected)


def test_a_flipped_bit_in_any_byte_fails() -> None:
    for position in range(len(PERMITTED)):
        flipped = bytearray(PERMITTED)
        flipped[position] ^= 1 << position % 8
        assert not verify_bundle(bytes(flipped)).passed, position


@settings(max_examples=300)
@given(st.sampled_from([PERMITTED, REFUSED, UNCOVERED, UNDELIVERED]), st.data())
def test_any_other_byte_anywhere_fails(data: bytes, draw: st.DataObject) -> None:
    position = draw.draw(st.integers(0, len(data) - 1))
    changed = (
        data[:position] + bytes([data[position] ^ draw.draw(st.integers(1, 255))]) + data[position + 1 :]
    )
    assert not verify_bundle(changed).passed


@given(st.data())
def test_a_bundle_that_is_cut_or_added_to_fails(draw: st.DataObject) -> None:
    position = draw.draw(st.integers(0, len(PERMITTED) - 1))
    assert not verify_bundle(PERMITTED[:position]).passed
    assert not verify_bundle(PERMITTED[:position] + b" " + PERMITTED[position:]).passed


@given(st.binary(max_size=200))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    assert failed(data) == {"form"}


def members_of(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value inside ``value``."""
    found = [way] if way else []
    if isinstance(value, dict):
        for name in value:
            found += members_of(value[name], (*way, name))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            found += members_of(item, (*way, position))
    return found


def changed_at(way: tuple[Any, ...], put: Any) -> bytes:
    whole = parse_object(PERMITTED)
    node: Any = whole
    for step in way[:-1]:
        node = node[step]
    if put is members_of:
        del node[way[-1]]
    else:
        node[way[-1]] = put
    return canonical(whole)


@pytest.mark.parametrize(
    "put", [None, 0, "", "x", [], {}, True, members_of], ids=lambda put: getattr(put, "__name__", repr(put))
)
def test_every_member_is_bound(put: Any) -> None:
    for way in members_of(parse_object(PERMITTED)):
        data = changed_at(way, put)
        if data != PERMITTED:
            assert not verify_bundle(data).passed, way


def test_without_its_receipt_a_bundle_names_a_key_too_many() -> None:
    assert failed(changed_at(("receipt",), None)) == {"keys"}


def test_keys_that_are_not_trusted_fail_however_sound_the_rest_is() -> None:
    assert failed(PERMITTED, Keyring([])) == {"trust"}
    others = Keyring(
        SigningKey.generate(Holder.LOG).public if key.holder is Holder.LOG else key for key in KEYRING
    )
    assert failed(PERMITTED, others) == {"trust"}


def rebuilt(**changes: Any) -> bytes:
    return replace(Bundle.from_bytes(PERMITTED), **changes).to_bytes()


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"index": 3}, "inclusion"),
        ({"index": 5}, "inclusion"),
        ({"size": 4}, "checkpoint"),
        ({"proof": ()}, "inclusion"),
        ({"agreement": None}, "agreement"),
        ({"agreement": signed(replace(DOCUMENT, version=2))}, "agreement"),
        ({"agreement": replace(signed(DOCUMENT), signatures=signed(DOCUMENT).signatures[:1])}, "agreement"),
        ({"receipt": receipt(RECORD, exchange="another")}, "receipt"),
        ({"receipt": receipt(RECORD, payload_digest="sha-256:" + "0" * 64)}, "receipt"),
        ({"receipt": receipt(RECORD, receiver=Receiver.PLATFORM)}, "receipt"),
        ({"receipt": receipt(RECORD, place=None)}, "receipt"),
        ({"receipt": receipt(RECORD, place=Place(3, 2, 1))}, "receipt"),
        ({"receipt": receipt(RECORD, place=Place(2, 3, 1))}, "receipt"),
        ({"receipt": receipt(RECORD, place=Place(2, 2, None))}, "receipt"),
        ({"checkpoint": sign_note(Checkpoint(ORIGIN, 5, b"r" * 32), KEYS[Holder.LOG], ORIGIN)}, "inclusion"),
        (
            {"checkpoint": sign_note(Checkpoint(ORIGIN, 5, b"r" * 32), KEYS[Holder.LOG], "other")},
            "checkpoint",
        ),
        ({"keys": tuple(KEYRING)}, "keys"),
        ({"keys": ()}, "keys"),
    ],
)
def test_a_part_of_something_else_is_found(changes: dict[str, Any], check: str) -> None:
    assert check in failed(rebuilt(**changes))


def logged(about: LogRecord, document: Agreement, token: str | None = None) -> bytes:
    return bundle(about, document, token).to_bytes()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"fields": ("/invoice/bankAccount", "/ucr")}, "does not permit"),
        ({"fields": ()}, "nothing was permitted"),
        ({"role": Role.BANK}, "not for BANK"),
        ({"role": None}, "not for None"),
        ({"purpose": "TRADE_FINANCE"}, "another message"),
        ({"message": "DECLARATION_QUERY"}, "another message"),
        ({"direction": Direction.FROM_WINDOW}, "another message"),
        ({"at": datetime(2027, 1, 1, tzinfo=UTC)}, "not in force"),
        ({"at": datetime(2025, 12, 31, tzinfo=UTC)}, "not in force"),
        ({"phase": Phase.SENT}, "agreed exchange"),
        ({"kind": Kind.RECEIPT}, "not a decision"),
    ],
)
def test_a_log_that_says_what_the_agreement_does_not_is_found(changes: dict[str, Any], why: str) -> None:
    verdict = verify_bundle(logged(record(DOCUMENT, **changes), DOCUMENT), KEYRING)
    assert {check.name for check in verdict.checks if not check.passed} == {"decision"}
    assert any(why in check.detail for check in verdict.checks)


def test_a_refusal_with_a_receipt_is_found() -> None:
    about = refusal(DOCUMENT, Reason.EXPIRED, payload_digest=RECORD.payload_digest)
    assert failed(logged(about, DOCUMENT, receipt(about))) == {"receipt"}


def test_what_crosses_to_the_platform_is_receipted_by_the_platform() -> None:
    document = replace(DOCUMENT, direction=Direction.FROM_WINDOW)
    about = record(document, direction=Direction.FROM_WINDOW)
    assert failed(logged(about, document, receipt(about))) == {"receipt"}
    token = receipt(about, receiver=Receiver.PLATFORM)
    assert "receipt" in failed(logged(about, document, token))
    place = place_of(2, about.chain)
    given_receipt = Receipt(about.exchange, about.payload_digest or "", Receiver.PLATFORM, NOW, place)
    assert failed(logged(about, document, sign_receipt(KEYS[Holder.PLATFORM], given_receipt))) == set()


def test_a_crossing_from_before_there_were_chains_is_proven_by_a_receipt_that_commits_to_no_count() -> None:
    about = record(DOCUMENT, chain=None)
    assert b'"chain"' not in about.leaf
    assert failed(logged(about, DOCUMENT, receipt(about, place=None))) == set()
    assert failed(logged(about, DOCUMENT, receipt(about))) == set()
    assert failed(logged(about, DOCUMENT, receipt(about, place=Place(3, None, None)))) == {"receipt"}
    assert failed(logged(about, DOCUMENT, receipt(about, place=Place(2, 1, None)))) == {"receipt"}


def test_a_record_that_names_another_agreement_text_is_found() -> None:
    other = AgreementReference(DOCUMENT.id, DOCUMENT.version, "sha-256:" + "0" * 64)
    assert failed(logged(record(DOCUMENT, agreement=other), DOCUMENT)) == {"agreement"}


def test_a_checkpoint_with_the_signature_of_neither_log_nor_witness_is_not_bundled() -> None:
    leaves = [RECORD.leaf_hash]
    head = Checkpoint(ORIGIN, 1, merkle.root_of(leaves))
    note = sign_note(head, KEYS[Holder.LOG], ORIGIN)
    second = sign_note(head, SigningKey.generate(Holder.LOG), "witness").rsplit("\n\n", 1)[1]
    assert "witness" in failed(rebuilt(checkpoint=note + second, index=0, size=1, proof=()))


def test_the_command_says_what_holds_and_what_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, trust = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "trust.json"
    good.write_bytes(PERMITTED)
    bad.write_bytes(PERMITTED.replace(b"trader", b"trades"))
    trust.write_bytes(canonical(KEYRING.to_json()))
    assert main([str(good), "--trust", str(trust)]) == 0
    assert "VERIFIED against the trusted keys" in capsys.readouterr().out
    assert main([str(good)]) == 0
    assert KEYS[Holder.LOG].kid in capsys.readouterr().out
    assert main([str(bad), "--trust", str(trust)]) == 1
    assert "FAIL  inclusion" in capsys.readouterr().out
    trust.write_text("{}")
    assert main([str(good), "--trust", str(trust)]) == 1
    assert main([str(tmp_path / "none.json")]) == 1
    assert capsys.readouterr().err.count("Cannot read") == 2


def test_an_auditor_needs_the_protocol_and_nothing_else_of_ours(tmp_path: Path) -> None:
    evidence = tmp_path / "evidence.json"
    evidence.write_bytes(PERMITTED)
    program = (
        "import sys; from isthmus_protocol.verify import main; code = main(sys.argv[1:]);"
        " loaded = {name.partition('.')[0] for name in sys.modules};"
        " ours = sorted(name for name in loaded if name.startswith('isthmus'));"
        " assert ours == ['isthmus_protocol'], ours;"
        " assert loaded.isdisjoint({'flask', 'sqlalchemy', 'graphene', 'httpx'}); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(evidence)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "VERIFIED in itself" in done.stdout
