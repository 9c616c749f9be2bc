"""A revoked key: what it signed before counts, what it signed after does not; the log says which is which."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreed import KEYRING as WITNESSED
from agreed import KEYS, NOW, ORIGIN, WITNESS, agreement, record, signed
from isthmus_protocol import merkle, statements
from isthmus_protocol.auditing import Audit, Kept, audit
from isthmus_protocol.canonical import canonical, digest, parse, parse_object
from isthmus_protocol.chains import place_of
from isthmus_protocol.checkpoint import Checkpoint, open_note, read_note, sign_note
from isthmus_protocol.cosignature import cosign
from isthmus_protocol.evidence import Bundle, Check, make_bundle, verify_bundle
from isthmus_protocol.fraud import verify_fraud
from isthmus_protocol.http_signatures import sign_request, verify_request
from isthmus_protocol.keys import (
    Holder,
    Keyring,
    RotatingKey,
    RotatingKeyring,
    SignatureError,
    SigningKey,
    TrustedKey,
    UntrustedKey,
)
from isthmus_protocol.log_time import LaterHead, Logged
from isthmus_protocol.promises import open_promise, promise_the_same, sign_promise
from isthmus_protocol.receipts import (
    Receipt,
    Receiver,
    open_receipt,
    open_told_receipt,
    renewed,
    sign_receipt,
)
from isthmus_protocol.records import AgreementRecord, Change, Kind, LogRecord, Phase
from isthmus_protocol.shapes import MalformedMessage
from ledger import Ledger, ledger

SECOND = timedelta(seconds=1)
KEYRING = Keyring(key for key in WITNESSED if key.holder is not Holder.WITNESS)
DOCUMENT = agreement("/ucr", "/goods/hsCode")
SIGNATURES = signed(DOCUMENT).signatures
DECISION = record(DOCUMENT)

moments = st.integers(-100, 100).map(lambda seconds: NOW + seconds * SECOND)


def trust(*revoked: tuple[Holder, datetime], keyring: Keyring = KEYRING) -> Keyring:
    """Return the keyring with all keys of some holders revoked."""
    times = dict(revoked)
    return Keyring(replace(key, revoked_at=times.get(key.holder)) for key in keyring)


def activated(at: datetime) -> AgreementRecord:
    """Return the leaf that took both signatures in."""
    said = tuple(digest(token.encode()) for token in SIGNATURES)
    by = (Holder.OPERATOR, Holder.AUTHORITY)
    return AgreementRecord(Change.ACTIVATED, DOCUMENT.id, DOCUMENT.version, DOCUMENT.digest, by, said, at)


def receipted(token: str, at: datetime) -> LogRecord:
    """Return the leaf that took a receipt in."""
    return replace(
        DECISION, kind=Kind.RECEIPT, phase=Phase.DELIVERED, receipt_digest=digest(token.encode()), at=at
    )


def window_receipt(claimed: datetime) -> str:
    place = place_of(0, DECISION.chain)
    given = Receipt(DECISION.exchange, DECISION.payload_digest or "", Receiver.WINDOW, claimed, place)
    return sign_receipt(KEYS[Holder.WINDOW], given)


def bundled(
    decision: LogRecord,
    receipt: str | None,
    leaves: Sequence[AgreementRecord | LogRecord] = (),
    log_key: SigningKey = KEYS[Holder.LOG],
) -> Bundle:
    """Return a bundle from a log that holds the decision and ``leaves``, which the bundle names too."""
    hashes = [each.leaf_hash for each in (decision, *leaves)]
    size = len(hashes)
    note = sign_note(Checkpoint(ORIGIN, size, merkle.root_of(hashes)), log_key, ORIGIN)
    logged = tuple(
        Logged(leaf, index, tuple(merkle.inclusion_proof(hashes, index, size)))
        for index, leaf in enumerate(leaves, 1)
    )
    keyring = Keyring([*KEYRING, *({log_key.public} - set(KEYRING))])
    proof = merkle.inclusion_proof(hashes, 0, size)
    return make_bundle(decision, 0, proof, note, signed(DOCUMENT), receipt, keyring, logged=logged)


def failures(bundle: Bundle, trusted: Keyring, later: LaterHead | None = None) -> list[Check]:
    return [check for check in verify_bundle(bundle.to_bytes(), trusted, later).checks if not check.passed]


# What a live process believes.


@given(revoked=moments, now=moments)
def test_a_request_of_a_revoked_key_is_refused_from_that_moment_on(revoked: datetime, now: datetime) -> None:
    url = "https://bridge.example/v1/exchanges"
    headers = sign_request(KEYS[Holder.PLATFORM], "POST", url, b"{}", now=now)
    trusted = trust((Holder.PLATFORM, revoked))
    if now < revoked:
        assert verify_request(trusted, "POST", url, headers, b"{}", now=now).holder is Holder.PLATFORM
    else:
        with pytest.raises(SignatureError, match="was revoked at"):
            verify_request(trusted, "POST", url, headers, b"{}", now=now)


@given(claimed=moments, revoked=moments, at=moments)
def test_what_a_statement_says_of_its_own_time_does_not_count(
    claimed: datetime, revoked: datetime, at: datetime
) -> None:
    token = window_receipt(claimed)
    trusted = trust((Holder.WINDOW, revoked))
    if at < revoked:
        assert open_receipt(token, trusted, Receiver.WINDOW, at).received_at == claimed
    else:
        with pytest.raises(SignatureError, match="was revoked at"):
            open_receipt(token, trusted, Receiver.WINDOW, at)


def test_when_nobody_can_say_when_a_revoked_key_does_not_count_at_all() -> None:
    token = statements.sign(KEYS[Holder.LOG], {"a": 1}, "t")
    note = sign_note(Checkpoint(ORIGIN, 1, b"r" * 32), KEYS[Holder.LOG], ORIGIN)
    trusted = trust((Holder.LOG, datetime(2999, 1, 1, tzinfo=UTC)))
    with pytest.raises(SignatureError, match="was revoked at 2999"):
        statements.verify(token, trusted, "t", Holder.LOG)
    with pytest.raises(SignatureError, match="no signature of LOG"):
        open_note(note, trusted, Holder.LOG)
    assert statements.verify(token, KEYRING, "t", Holder.LOG) == {"a": 1}


def test_a_new_key_does_not_count_for_the_time_before_it() -> None:
    new = SigningKey.generate(Holder.PLATFORM)
    trusted = Keyring([replace(new.public, not_before=NOW)])
    token = statements.sign(new, {"a": 1}, "t")
    assert statements.verify(token, trusted, "t", Holder.PLATFORM, at=NOW) == {"a": 1}
    with pytest.raises(SignatureError, match="counts from"):
        statements.verify(token, trusted, "t", Holder.PLATFORM, at=NOW - SECOND)


def test_a_receipt_that_was_lost_is_given_anew_after_its_key_is_gone() -> None:
    token, new = window_receipt(NOW), SigningKey.generate(Holder.WINDOW)
    both = Keyring([*trust((Holder.WINDOW, NOW + SECOND)), new.public])
    assert renewed(token, new, both, NOW) == token
    again = renewed(token, new, both, NOW + SECOND)
    assert statements.signer(again, both) == new.public
    assert statements.unverified(again) == statements.unverified(token)
    assert statements.signer(renewed(token, new, Keyring([new.public]), NOW), both) == new.public


def test_late_word_of_a_delivery_counts_although_the_receivers_key_is_revoked_by_now() -> None:
    trusted = trust((Holder.WINDOW, NOW))
    told = open_told_receipt(window_receipt(NOW - SECOND), trusted, Receiver.WINDOW)
    assert told.received_at == NOW - SECOND
    with pytest.raises(SignatureError, match="was revoked at"):
        open_told_receipt(window_receipt(NOW), trusted, Receiver.WINDOW)


# What an auditor believes.


@given(revoked=moments, decided=moments, logged=st.none() | moments)
def test_an_agreement_counts_if_the_log_had_it_before_its_key_was_revoked(
    revoked: datetime, decided: datetime, logged: datetime | None
) -> None:
    leaves = [] if logged is None else [activated(logged)]
    bundle = bundled(replace(DECISION, at=decided), None, leaves)
    found = failures(bundle, trust((Holder.OPERATOR, revoked)))
    if min(decided, logged or decided) < revoked:
        assert not found
    else:
        assert [check.name for check in found] == ["revocation"]
        assert f"OPERATOR key {KEYS[Holder.OPERATOR].kid} was revoked at {revoked:%FT%TZ}" in found[0].detail
    assert not failures(bundle, KEYRING)


@given(revoked=moments, claimed=moments, logged=moments)
def test_a_receipt_counts_if_the_log_had_it_before_its_key_was_revoked_whatever_it_claims(
    revoked: datetime, claimed: datetime, logged: datetime
) -> None:
    token = window_receipt(claimed)
    found = failures(bundled(DECISION, token, [receipted(token, logged)]), trust((Holder.WINDOW, revoked)))
    assert [check.name for check in found] == ([] if logged < revoked else ["revocation"])


def test_a_receipt_of_a_revoked_key_that_the_log_does_not_hold_does_not_count() -> None:
    far = NOW + 1000 * SECOND  # the decision was long before; a receipt for it can be made at any time after
    (found,) = failures(bundled(DECISION, window_receipt(NOW)), trust((Holder.WINDOW, far)))
    assert found.name == "revocation"


def test_the_verdict_says_which_key_was_revoked_and_when_and_why_it_counts_all_the_same() -> None:
    verdict = verify_bundle(bundled(DECISION, None).to_bytes(), trust((Holder.AUTHORITY, NOW + SECOND)))
    assert verdict.passed
    (said,) = [check.detail for check in verdict.checks if check.name == "revocation"]
    assert said == (
        f"AUTHORITY {KEYS[Holder.AUTHORITY].kid} was revoked at {NOW + SECOND:%FT%TZ},"
        f" and signed by {NOW:%FT%TZ}, by the log"
    )


def test_a_leaf_about_something_else_or_from_outside_the_tree_is_found() -> None:
    token = window_receipt(NOW)
    whole = bundled(DECISION, token, [receipted(token, NOW)])
    assert not failures(whole, KEYRING)
    other = replace(receipted(token, NOW), exchange="another")
    for leaf in (receipted(window_receipt(NOW + SECOND), NOW), other):
        assert [check.name for check in failures(bundled(DECISION, token, [leaf]), KEYRING)] == ["inclusion"]
    backdated = replace(whole.logged[0], record=receipted(token, NOW - SECOND))
    moved = replace(whole.logged[0], index=0)
    for altered in (backdated, moved):
        (found,) = failures(replace(whole, logged=(altered,)), KEYRING)
        assert found.name == "inclusion"


# The log's own key.

NEW_LOG = SigningKey.generate(Holder.LOG)


def later(hashes: list[bytes], size: int, key: SigningKey = NEW_LOG, origin: str = ORIGIN) -> LaterHead:
    note = sign_note(Checkpoint(origin, len(hashes), merkle.root_of(hashes)), key, origin)
    return LaterHead(note, tuple(merkle.consistency_proof(hashes, size, len(hashes))))


def test_a_checkpoint_of_a_revoked_key_bears_no_date_and_counts_only_beside_a_later_one() -> None:
    bundle = bundled(DECISION, None)
    trusted = Keyring([*trust((Holder.LOG, NOW + 1000 * SECOND)), NEW_LOG.public])
    (found,) = failures(bundle, trusted)
    assert found.name == "revocation"
    assert "LOG key" in found.detail
    real = [DECISION.leaf_hash, *(merkle.leaf_hash(bytes([number])) for number in range(6))]
    assert not failures(bundle, trusted, later(real, 1))
    invented = [merkle.leaf_hash(b"what the log really held"), *real[1:]]
    for untrue in (
        later(invented, 1),
        later(real, 2),
        later(real, 1, key=KEYS[Holder.LOG]),
        later(real, 1, key=SigningKey.generate(Holder.LOG)),
        later(real, 1, origin="another.log"),
    ):
        assert [check.name for check in failures(bundle, trusted, untrue)] == ["revocation"]


def test_a_bundle_with_a_fresh_checkpoint_by_the_new_key_needs_nothing_more() -> None:
    trusted = Keyring([*trust((Holder.LOG, NOW)), NEW_LOG.public])
    assert not failures(bundled(DECISION, None, log_key=NEW_LOG), trusted)


def cosigned(note: str, key: SigningKey) -> str:
    return note + cosign(read_note(note).text, key, WITNESS, NOW)


def test_a_cosignature_of_a_revoked_witness_counts_only_beside_a_later_one() -> None:
    old, new = KEYS[Holder.WITNESS], SigningKey.generate(Holder.WITNESS)
    plain = bundled(DECISION, None)
    bundle = replace(
        plain,
        checkpoint=cosigned(plain.checkpoint, old),
        keys=tuple(key for key in WITNESSED if key in plain.keys or key == old.public),
    )
    trusted = Keyring([*trust((Holder.WITNESS, NOW + 1000 * SECOND), keyring=WITNESSED), new.public])
    assert not failures(bundle, WITNESSED)
    (found,) = failures(bundle, trusted)
    assert (found.name, "WITNESS key" in found.detail) == ("witness", True)
    real = [DECISION.leaf_hash, merkle.leaf_hash(b"more")]
    alone = later(real, 1, key=KEYS[Holder.LOG])
    assert [check.name for check in failures(bundle, trusted, alone)] == ["witness"]
    for key, failed in ((new, []), (old, ["witness"]), (SigningKey.generate(Holder.WITNESS), ["witness"])):
        beside = replace(alone, checkpoint=cosigned(alone.checkpoint, key))
        assert [check.name for check in failures(bundle, trusted, beside)] == failed
    both = Keyring([*trust((Holder.WITNESS, NOW), (Holder.LOG, NOW), keyring=WITNESSED), new.public])
    both = Keyring([*both, NEW_LOG.public])
    assert {check.name for check in failures(bundle, both)} == {"witness", "revocation"}
    head = later(real, 1)
    assert not failures(bundle, both, replace(head, checkpoint=cosigned(head.checkpoint, new)))


def test_a_promise_of_a_revoked_key_counts_for_nobody_to_whom_it_is_handed() -> None:
    log = ledger("bank/a")
    trusted = trust((Holder.LOG, NOW))
    token = log.promise(0)
    assert open_promise(token, trusted, NOW - SECOND).log_index == 0
    for at in (NOW, None):
        with pytest.raises(UntrustedKey, match=r"the LOG key .* was revoked"):
            open_promise(token, trusted, at)
    assert promise_the_same(token, sign_promise(NEW_LOG, open_promise(token, KEYRING)))
    assert not promise_the_same(token, log.promise(0, log_index=1))


def test_what_a_revoked_key_of_the_log_signed_proves_no_fraud() -> None:
    log = ledger("bank/a", "bank/b")
    token = log.promise(1)
    found = ledger("bank/a", "bank/c").audited([token]).proof
    assert found is not None
    data = found.to_bytes()
    assert verify_fraud(data, WITNESSED).passed
    for revoked in (NOW - 1000 * SECOND, NOW + 1000 * SECOND):
        verdict = verify_fraud(data, trust((Holder.LOG, revoked)))
        assert [check.name for check in verdict.checks if not check.passed] == ["revocation"]
        assert verdict.story == ()
    told = replace(found, keys=tuple(replace(key, revoked_at=NOW) for key in found.keys)).to_bytes()
    (check,) = verify_fraud(told).checks
    assert not check.passed


def test_an_auditor_holds_the_log_to_what_it_kept_of_a_revoked_key_as_a_doubt() -> None:
    honest = ledger("bank/a", "bank/b", "bank/c")
    trusted = Keyring([*trust((Holder.LOG, NOW)), NEW_LOG.public])
    kept = Kept([honest.checkpoint(2), honest.checkpoint(3)], [honest.promise(0), honest.promise(2)])

    def found(log: Ledger) -> Audit:
        head = Checkpoint(ORIGIN, len(log.hashes), merkle.root_of(log.hashes))
        return audit(log.records, sign_note(head, NEW_LOG, ORIGIN), trusted, kept)

    sound = found(honest)
    assert sound.sound, sound.doubts
    assert "4 checkpoints and promises by revoked keys are of this very log" in sound.held
    doubted = found(ledger("bank/a", "bank/b", "bank/d"))
    assert doubted.proof is None
    assert [doubt.split(";")[0] for doubt in doubted.doubts] == [
        "a checkpoint of 3 is not of this log",
        "the promise of entry 2 is not of this log",
    ]
    with pytest.raises(SignatureError):
        audit(honest.records, honest.checkpoint(), trusted, kept)


def test_a_later_checkpoint_is_read_strictly() -> None:
    head = later([DECISION.leaf_hash], 1)
    form = {"checkpoint": head.checkpoint, "proof": []}
    assert LaterHead.from_json(parse(canonical(form))) == head
    for wrong in ({}, form | {"more": 1}, form | {"checkpoint": 1}, form | {"proof": ["00"]}):
        with pytest.raises(MalformedMessage):
            LaterHead.from_json(parse(canonical(wrong)))


# How keys are written down, and how they change.


def test_a_bundle_does_not_say_itself_until_when_its_keys_are_trusted() -> None:
    whole = parse_object(bundled(DECISION, None).to_bytes())
    keys = whole["keys"]
    assert isinstance(keys, list)
    assert isinstance(keys[0], dict)
    assert keys[0].keys() == {"kid", "holder", "x"}
    keys[0]["revokedAt"] = "2999-01-01T00:00:00Z"
    (check,) = verify_bundle(canonical(whole)).checks
    assert not check.passed


@given(st.none() | moments, st.none() | moments)
def test_a_trusted_key_is_read_back_with_its_times_and_an_old_file_has_none(
    start: datetime | None, end: datetime | None
) -> None:
    key = replace(KEYS[Holder.LOG].public, not_before=start, revoked_at=end)
    assert TrustedKey.from_json(key.to_json()) == key
    assert key.bare.to_json().keys() == {"kid", "holder", "x"}
    assert TrustedKey.from_json(key.bare.to_json()).in_force(None)


def test_a_process_signs_and_trusts_as_the_files_are_now() -> None:
    keys = [SigningKey.generate(Holder.BRIDGE), SigningKey.generate(Holder.BRIDGE)]
    now = 0
    live = RotatingKey(Holder.BRIDGE, lambda: keys[now])
    trusted = RotatingKeyring(lambda: Keyring([keys[now].public]))
    for now in (0, 1):
        assert live.kid == keys[now].kid
        assert [key.kid for key in trusted] == [keys[now].kid]
        assert statements.verify(statements.sign(live, {}, "t"), trusted, "t", Holder.BRIDGE) == {}
        note = sign_note(Checkpoint(ORIGIN, 1, b"r" * 32), live, ORIGIN)
        assert open_note(note, trusted, Holder.BRIDGE).size == 1
    assert "private" not in repr(live)


def test_a_key_that_changes_while_it_signs_does_not_spoil_the_signature() -> None:
    keys = [SigningKey.generate(Holder.BRIDGE), SigningKey.generate(Holder.BRIDGE)]
    both = Keyring(key.public for key in keys)
    asked = iter(range(1000))
    live = RotatingKey(Holder.BRIDGE, lambda: keys[next(asked) % 2])
    url = "https://bridge.example/v1/exchanges"
    for _ in range(4):
        assert statements.verify(statements.sign(live, {}, "t"), both, "t", Holder.BRIDGE) == {}
        headers = sign_request(live, "POST", url, b"{}", now=NOW)
        assert verify_request(both, "POST", url, headers, b"{}", now=NOW).holder is Holder.BRIDGE
        open_note(sign_note(Checkpoint(ORIGIN, 1, b"r" * 32), live, ORIGIN), both, Holder.BRIDGE)
