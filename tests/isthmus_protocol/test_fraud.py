"""What a log signs against itself proves its fraud to anybody; what an honest one signs never does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreed import KEYRING, KEYS, NOW, ORIGIN, receipt
from isthmus_protocol import merkle
from isthmus_protocol.acknowledgements import acknowledge
from isthmus_protocol.canonical import canonical, digest, parse_object
from isthmus_protocol.chains import Chain, Link, place_of
from isthmus_protocol.checkpoint import Checkpoint, sign_note
from isthmus_protocol.envelopes import DeliveryNotice
from isthmus_protocol.evidence import NotProven
from isthmus_protocol.fraud import make_proof, verify_fraud
from isthmus_protocol.fraud_proofs import Entry, FraudProof, Kind, Prefix
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.messages import ExchangeState
from isthmus_protocol.promises import Promise, open_promise, sign_promise
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.records import Kind as RecordKind
from isthmus_protocol.records import LogRecord
from isthmus_protocol.statements import signer
from isthmus_protocol.verify import main
from ledger import LOG, Ledger, ledger

HONEST = ledger("bank/a", "bank/b", "trader/a", "bank/a", "trader/b")


def cheated() -> Ledger:
    """Return a log that left out the honest one's second entry, and hid it well."""
    other = HONEST.copy()
    del other.records[1]
    other.relink()
    other.append("carrier", "c")
    other.append("carrier", "c")
    return other


CHEATED = cheated()


def entry_of(log: Ledger, index: int) -> Entry:
    hashes = log.hashes
    return Entry(index, log.records[index], tuple(merkle.inclusion_proof(hashes, index, len(hashes))))


def fork() -> FraudProof:
    size, hashes = len(HONEST.records), CHEATED.hashes
    proof = tuple(merkle.consistency_proof(hashes, size, len(hashes)))
    prefix = Prefix(merkle.root_of(hashes[:size]), proof)
    return FraudProof(Kind.FORK, (HONEST.checkpoint(), CHEATED.checkpoint()), prefix=prefix)


def fork_of_one_size() -> FraudProof:
    root = merkle.root_of(CHEATED.hashes[:4])
    return FraudProof(Kind.FORK, (HONEST.checkpoint(4), CHEATED.checkpoint(4)), prefix=Prefix(root, ()))


def forked_entry() -> FraudProof:
    notes = (HONEST.checkpoint(), CHEATED.checkpoint())
    return FraudProof(Kind.FORKED_ENTRY, notes, entries=(entry_of(HONEST, 1), entry_of(CHEATED, 1)))


def broken_promise() -> FraudProof:
    shown = (entry_of(CHEATED, 1),)
    return FraudProof(Kind.BROKEN_PROMISE, (CHEATED.checkpoint(),), (HONEST.promise(1),), shown)


def broken_word_on_the_chain() -> FraudProof:
    promise = HONEST.promise(1, chain=Chain(Link(1, None), Link(1, None)))
    return FraudProof(Kind.BROKEN_PROMISE, (HONEST.checkpoint(),), (promise,), (entry_of(HONEST, 1),))


def contradictory_promises() -> FraudProof:
    return FraudProof(Kind.CONTRADICTORY_PROMISES, promises=(HONEST.promise(1), CHEATED.promise(1)))


def broken_chain() -> FraudProof:
    clumsy = HONEST.copy()
    clumsy.records[1] |= {"party": "carrier"}
    return FraudProof(
        Kind.BROKEN_CHAIN, (clumsy.checkpoint(),), entries=(entry_of(clumsy, 1), entry_of(clumsy, 3))
    )


def impossible_link() -> FraudProof:
    clumsy = HONEST.copy()
    clumsy.records[0] |= {"chain": Chain(Link(2, None), Link(1, None)).to_json()}
    return FraudProof(Kind.BROKEN_CHAIN, (clumsy.checkpoint(),), entries=(entry_of(clumsy, 0),))


def words_on(log: Ledger, index: int) -> tuple[str, str]:
    """Return the window's receipt and the platform's acknowledgement for an entry, as it was promised."""
    about = LogRecord.from_json(log.records[index])
    received = receipt(about, place=place_of(index, about.chain))
    notice = DeliveryNotice(about.exchange, ExchangeState.DELIVERED, None, received, log.promise(index))
    promise = open_promise(notice.promise, KEYRING)
    return received, acknowledge(KEYS[Holder.PLATFORM], notice, promise, Receiver.PLATFORM, NOW)


RECEIVED, KNOWN = words_on(HONEST, 1)


def took_in(log: Ledger, token: str) -> Ledger:
    """Return the log, which has taken the receipt ``token`` in as its last entry."""
    other = log.copy()
    other.append("bank", "b", kind=RecordKind.RECEIPT)
    other.records[-1] |= {"receiptDigest": digest(token.encode())}
    return other


def denied_receipt() -> FraudProof:
    log = took_in(CHEATED, RECEIVED)
    entries = (entry_of(log, len(log.records) - 1), entry_of(log, 1))
    return FraudProof(Kind.DENIED_RECEIPT, (log.checkpoint(),), entries=entries, words=(RECEIVED,))


def receipt_before_its_decision() -> FraudProof:
    log = took_in(Ledger(), RECEIVED)
    return FraudProof(
        Kind.DENIED_RECEIPT, (log.checkpoint(),), entries=(entry_of(log, 0),), words=(RECEIVED,)
    )


def denied_by_both() -> FraudProof:
    shown = (entry_of(CHEATED, 1),)
    return FraudProof(Kind.DENIED_BY_BOTH, (CHEATED.checkpoint(),), entries=shown, words=(RECEIVED, KNOWN))


MAKERS: list[Callable[[], FraudProof]] = [
    fork,
    fork_of_one_size,
    forked_entry,
    broken_promise,
    broken_word_on_the_chain,
    contradictory_promises,
    broken_chain,
    impossible_link,
    denied_receipt,
    receipt_before_its_decision,
    denied_by_both,
]
TAKEN = took_in(HONEST, RECEIVED)
PROOFS = {maker.__name__: make_proof(maker(), KEYRING).to_bytes() for maker in MAKERS}


def failed(data: bytes, trust: Keyring | None = KEYRING) -> set[str]:
    return {check.name for check in verify_fraud(data, trust).checks if not check.passed}


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_holds_with_and_without_trusted_keys_and_says_what_it_shows(name: str) -> None:
    verdict = verify_fraud(PROOFS[name], KEYRING)
    assert verdict.passed, verdict.checks
    assert verify_fraud(PROOFS[name]).passed
    signers = {signer(word, KEYRING).kid for word in FraudProof.from_bytes(PROOFS[name]).words} | {LOG.kid}
    assert {each.split()[1] for each in verdict.fingerprints} == signers
    assert len(verdict.story) >= 2
    assert FraudProof.from_bytes(PROOFS[name]).to_bytes() == PROOFS[name]


@pytest.mark.parametrize("name", PROOFS)
def test_a_flipped_bit_in_any_byte_proves_nothing(name: str) -> None:
    step = 11 if b'"words"' in PROOFS[name] else 1  # statements are long: every bit of a byte all the same
    for position in range(0, len(PROOFS[name]), step):
        flipped = bytearray(PROOFS[name])
        flipped[position] ^= 1 << position % 8
        assert not verify_fraud(bytes(flipped)).passed, position


@settings(max_examples=300)
@given(st.sampled_from(sorted(PROOFS)), st.data())
def test_any_other_byte_anywhere_proves_nothing(name: str, draw: st.DataObject) -> None:
    data = PROOFS[name]
    position = draw.draw(st.integers(0, len(data) - 1))
    other = bytes([data[position] ^ draw.draw(st.integers(1, 255))])
    assert not verify_fraud(data[:position] + other + data[position + 1 :]).passed


@given(st.binary(max_size=200))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    assert failed(data) == {"form"}


def ways(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value inside ``value``."""
    found = [way] if way else []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inside:
        found += ways(item, (*way, step))
    return found


def gone(_: Any) -> None:
    """Stand for the member being taken out."""


def changed_at(data: bytes, way: tuple[Any, ...], put: Any) -> bytes:
    whole = parse_object(data)
    node: Any = whole
    for step in way[:-1]:
        node = node[step]
    if put is gone:
        del node[way[-1]]
    else:
        node[way[-1]] = put
    return canonical(whole)


@pytest.mark.parametrize("name", PROOFS)
@pytest.mark.parametrize(
    "put", [None, 0, 1, "", "x", [], {}, True, gone], ids=lambda put: getattr(put, "__name__", repr(put))
)
def test_every_member_is_bound(name: str, put: Any) -> None:
    for way in ways(parse_object(PROOFS[name])):
        data = changed_at(PROOFS[name], way, put)
        if data != PROOFS[name]:
            assert not verify_fraud(data).passed, way


def test_keys_that_are_not_trusted_prove_nothing_however_sound_the_rest_is() -> None:
    for data in PROOFS.values():
        assert failed(data, Keyring([])) == {"trust"}


def rebuilt(name: str, **changes: Any) -> bytes:
    return replace(FraudProof.from_bytes(PROOFS[name]), **changes).to_bytes()


def in_another_log(promise: Promise) -> str:
    return sign_promise(LOG, replace(promise, origin="elsewhere"))


@pytest.mark.parametrize(
    ("name", "changes", "check"),
    [
        ("fork", {"checkpoints": (HONEST.checkpoint(3), CHEATED.checkpoint())}, "fraud"),
        ("fork", {"checkpoints": (CHEATED.checkpoint(5), CHEATED.checkpoint())}, "fraud"),
        ("fork", {"prefix": Prefix(b"r" * 32, ())}, "fraud"),
        ("forked_entry", {"entries": (entry_of(HONEST, 1), entry_of(CHEATED, 2))}, "fraud"),
        ("forked_entry", {"entries": (entry_of(HONEST, 0), entry_of(CHEATED, 0))}, "fraud"),
        ("broken_promise", {"promises": (HONEST.promise(2),)}, "fraud"),
        ("broken_promise", {"promises": (CHEATED.promise(1),)}, "fraud"),
        ("broken_promise", {"promises": (HONEST.promise(1, origin="elsewhere"),)}, "signatures"),
        ("broken_promise", {"entries": (replace(entry_of(CHEATED, 1), index=7),)}, "inclusion"),
        ("contradictory_promises", {"promises": (HONEST.promise(1),) * 2}, "fraud"),
        ("contradictory_promises", {"promises": (HONEST.promise(1), HONEST.promise(2))}, "fraud"),
        ("broken_chain", {"entries": (entry_of(HONEST, 0), entry_of(HONEST, 1))}, "inclusion"),
        ("denied_receipt", {"words": (KNOWN,)}, "fraud"),
        ("denied_receipt", {"words": (words_on(HONEST, 2)[0],)}, "fraud"),
        ("denied_by_both", {"words": (RECEIVED, words_on(HONEST, 2)[1])}, "fraud"),
        ("denied_by_both", {"words": (RECEIVED, RECEIVED)}, "fraud"),
        ("denied_by_both", {"words": (KNOWN, RECEIVED)}, "fraud"),
        ("denied_by_both", {"entries": (entry_of(CHEATED, 2),)}, "fraud"),
        ("fork", {"keys": ()}, "keys"),
        ("fork", {"keys": tuple(KEYRING.held_by(Holder.LOG, Holder.BRIDGE))}, "keys"),
    ],
)
def test_a_part_of_something_else_is_found(name: str, changes: dict[str, Any], check: str) -> None:
    assert check in failed(rebuilt(name, **changes))


def test_only_the_logs_own_key_speaks_against_it() -> None:
    stranger = SigningKey.generate(Holder.BRIDGE)
    forged = sign_note(Checkpoint(ORIGIN, 5, b"r" * 32), stranger, ORIGIN)
    data = rebuilt("fork_of_one_size", checkpoints=(forged, CHEATED.checkpoint(4)), keys=(stranger.public,))
    assert {"keys", "signatures", "fraud"} <= failed(data, None)


def test_a_second_signature_on_a_checkpoint_is_left_out_of_a_proof() -> None:
    head = Checkpoint(ORIGIN, 4, merkle.root_of(CHEATED.hashes[:4]))
    witness = SigningKey.generate(Holder.AUTHORITY)
    second = sign_note(head, witness, "witness").rsplit("\n\n", 1)[1]
    draft = fork_of_one_size()
    both = replace(draft, checkpoints=(draft.checkpoints[0], draft.checkpoints[1] + second))
    assert make_proof(both, KEYRING).to_bytes() == PROOFS["fork_of_one_size"]
    assert "keys" in failed(rebuilt("fork_of_one_size", checkpoints=both.checkpoints))


@pytest.mark.parametrize(
    "draft",
    [
        FraudProof(
            Kind.FORK,
            (HONEST.checkpoint(3), HONEST.checkpoint()),
            prefix=Prefix(
                merkle.root_of(HONEST.hashes[:3]), tuple(merkle.consistency_proof(HONEST.hashes, 3, 5))
            ),
        ),
        FraudProof(Kind.BROKEN_PROMISE, (HONEST.checkpoint(),), (HONEST.promise(1),), (entry_of(HONEST, 1),)),
        FraudProof(
            Kind.BROKEN_CHAIN, (HONEST.checkpoint(),), entries=(entry_of(HONEST, 0), entry_of(HONEST, 3))
        ),
        FraudProof(Kind.BROKEN_CHAIN, (HONEST.checkpoint(),), entries=(entry_of(HONEST, 3),)),
        FraudProof(
            Kind.DENIED_RECEIPT,
            (TAKEN.checkpoint(),),
            entries=(entry_of(TAKEN, 5), entry_of(TAKEN, 1)),
            words=(RECEIVED,),
        ),
        FraudProof(
            Kind.DENIED_RECEIPT, (TAKEN.checkpoint(),), entries=(entry_of(TAKEN, 5),), words=(RECEIVED,)
        ),
        FraudProof(
            Kind.DENIED_BY_BOTH,
            (HONEST.checkpoint(),),
            entries=(entry_of(HONEST, 1),),
            words=(RECEIVED, KNOWN),
        ),
    ],
    ids=["fork", "promise", "chain", "link", "receipt", "receipt-alone", "both"],
)
def test_of_what_an_honest_log_signed_no_proof_can_be_made(draft: FraudProof) -> None:
    with pytest.raises(NotProven):
        make_proof(draft, KEYRING)
    signers = {signer(word, KEYRING).kid for word in draft.words} | {LOG.kid}
    keys = tuple(key for key in KEYRING if key.kid in signers)
    assert failed(replace(draft, keys=keys).to_bytes()) == {"fraud"}


def test_the_command_tells_in_plain_words_what_was_promised_what_is_shown_and_who_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fraud, altered, trust = tmp_path / "fraud.json", tmp_path / "altered.json", tmp_path / "trust.json"
    fraud.write_bytes(PROOFS["broken_promise"])
    altered.write_bytes(PROOFS["broken_promise"].replace(b"exchange-3", b"exchange-4"))
    trust.write_bytes(canonical(KEYRING.to_json()))
    assert main([str(fraud), "--trust", str(trust)]) == 0
    said = capsys.readouterr().out
    assert (
        f"Promised: entry 1 of {ORIGIN} is the decision on exchange exchange-2, number 2 of its party" in said
    )
    assert "Signed, as entry 1 of 6: the decision on exchange exchange-3" in said
    assert "left out, hidden, moved or replaced" in said
    assert "FRAUD PROVEN: the log contradicts itself, by the signatures of its trusted key." in said
    assert main([str(fraud)]) == 0
    assert f"LOG {LOG.kid}" in capsys.readouterr().out
    assert main([str(altered), "--trust", str(trust)]) == 1
    assert "NOT PROVEN: this file shows no fraud." in capsys.readouterr().out


def revoked(holder: Holder) -> Keyring:
    """Return the trusted keys after that of ``holder`` was revoked."""
    return Keyring(replace(key, revoked_at=NOW) if key.holder is holder else key for key in KEYRING)


def test_what_stands_on_the_word_of_both_sides_says_so_and_falls_with_either_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fraud, trust = tmp_path / "fraud.json", tmp_path / "trust.json"
    trust.write_bytes(canonical(KEYRING.to_json()))
    for name, falls in (("denied_by_both", True), ("denied_receipt", False)):
        fraud.write_bytes(PROOFS[name])
        assert main([str(fraud), "--trust", str(trust)]) == 0
        said = capsys.readouterr().out
        assert ("of the log, unless both sides lie together" in said) is falls
        assert "the window says that entry 1, number 2 of its party" in said
        assert failed(PROOFS[name], revoked(Holder.WINDOW)) == ({"revocation"} if falls else set())
        assert failed(PROOFS[name], revoked(Holder.LOG)) == {"revocation"}
