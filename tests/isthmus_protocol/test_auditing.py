"""An auditor finds what a log hides, and proves it; of an honest log there is nothing to find."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from agreed import KEYRING, KEYS, NOW, ORIGIN, receipt, refusal
from isthmus_protocol.acknowledgements import acknowledge
from isthmus_protocol.auditing import Audit, audit
from isthmus_protocol.canonical import JsonObject, digest
from isthmus_protocol.chains import Chain, Link, place_of
from isthmus_protocol.checkpoint import Checkpoint, sign_note
from isthmus_protocol.envelopes import DeliveryNotice
from isthmus_protocol.fraud import verify_fraud
from isthmus_protocol.fraud_proofs import Kind
from isthmus_protocol.keys import Holder, SignatureError, SigningKey
from isthmus_protocol.messages import ExchangeState, Reason
from isthmus_protocol.promises import open_promise
from isthmus_protocol.receipts import Receiver
from isthmus_protocol.records import Kind as RecordKind
from isthmus_protocol.records import LogRecord, read_record
from ledger import Ledger, ledger

PARTIES = ["bank", "trader", "forwarder"]
SUBJECTS = ["a", "b", "c"]
CHEATS = ["drop", "replace", "reorder", "duplicate"]

entries = st.lists(
    st.tuples(st.sampled_from(PARTIES), st.sampled_from(SUBJECTS), st.sampled_from(["D", "D", "R", "A"])),
    min_size=2,
    max_size=14,
)


def built(told: list[tuple[str, str, str]]) -> Ledger:
    """Return an honest log of decisions (D), receipts (R) and changes of agreements (A)."""
    made = Ledger()
    for party, subject, kind in told:
        if kind == "A":
            made.append_agreement()
        else:
            made.append(party, subject, kind=RecordKind.DECISION if kind == "D" else RecordKind.RECEIPT)
    return made


def decisions(log: Ledger) -> list[int]:
    return [index for index, each in enumerate(log.records) if each["kind"] == "DECISION"]


def before_others(log: Ledger) -> list[int]:
    """Return the entries that a later one names as the one before it."""
    links: list[Link | None] = []
    for each in log.records:
        about = read_record(each)
        if isinstance(about, LogRecord) and about.chain is not None:
            links += [about.chain.party, about.chain.subject]
    return sorted({link.previous for link in links if link is not None and link.previous is not None})


def cheat(log: Ledger, how: str, victim: int, other: int) -> None:
    """Do away with the entry ``victim``, or have it twice; ``other`` says where it goes."""
    records = log.records
    if how == "drop":
        del records[victim]
    elif how == "replace":
        records[victim] = records[victim] | {
            "exchange": "something-else",
            "payloadDigest": "sha-256:" + "0" * 64,
        }
    elif how == "duplicate":
        records.insert(max(victim, other), dict(records[victim]))
    else:
        records.insert(other, records.pop(victim))


def proven(found: Audit) -> Kind:
    """Return the kind of the proof that was found, which anybody can check."""
    assert found.proof is not None, found
    data = found.proof.to_bytes()
    verdict = verify_fraud(data, KEYRING)
    assert verdict.passed, verdict.checks
    assert verify_fraud(data).passed
    return found.proof.kind


@given(entries, st.data())
def test_an_honest_log_is_sound_to_whoever_holds_whatever_it_signed(told: Any, draw: st.DataObject) -> None:
    log = built(told)
    promises = [log.promise(index) for index in decisions(log)]
    notes = [log.checkpoint(size) for size in range(1, len(log.records) + 1)]
    seen = draw.draw(st.integers(1, len(log.records)))
    found = audit(log.records, log.checkpoint(seen), KEYRING)
    assert found.sound, found
    assert log.audited(promises, notes).sound
    assert len(log.audited(promises, notes).held) == 4


@given(entries, st.sampled_from(CHEATS), st.booleans(), st.data())
def test_who_holds_the_promises_proves_that_an_entry_was_hidden_however_well(
    told: Any, how: str, relink: bool, draw: st.DataObject
) -> None:
    log = built(told)
    promised = decisions(log)
    if not promised:
        return
    victim = draw.draw(st.sampled_from(promised))
    other = draw.draw(st.integers(0, len(log.records) - 1).filter(lambda place: place != victim))
    promises = [log.promise(index) for index in promised]
    liar = log.copy()
    cheat(liar, how, victim, other)
    if relink:
        liar.relink()
    liar.append("carrier", "f")
    assert len(liar.records) > max(promised), "every promise is due"
    proven(liar.audited(promises))


@given(entries, st.sampled_from(CHEATS), st.booleans(), st.data())
def test_who_holds_a_checkpoint_proves_that_what_stood_before_it_was_rewritten(
    told: Any, how: str, relink: bool, draw: st.DataObject
) -> None:
    log = built(told)
    victim = draw.draw(st.integers(0, len(log.records) - 1))
    other = draw.draw(st.integers(0, len(log.records) - 1).filter(lambda place: place != victim))
    note = log.checkpoint()
    liar = log.copy()
    cheat(liar, how, victim, other)
    if relink:
        liar.relink()
    liar.append("carrier", "f")
    if liar.hashes[: len(log.records)] != log.hashes:  # two changes of agreements may change places
        assert proven(liar.audited(checkpoints=[note])) is Kind.FORK


@given(entries, st.sampled_from(["drop", "reorder", "duplicate", "another"]), st.data())
def test_who_holds_nothing_finds_a_gap_in_the_chains_of_a_log_that_did_not_relink_them(
    told: Any, how: str, draw: st.DataObject
) -> None:
    log = built(told)
    followed = before_others(log)
    if not followed:
        return
    victim = draw.draw(st.sampled_from(followed))
    other = draw.draw(st.integers(0, len(log.records) - 1).filter(lambda place: place != victim))
    if how == "another":
        log.records[victim] |= {"party": "somebody-else", "subject": "e" * 64}
    else:
        cheat(log, how, victim, other)
    assert proven(log.audited()) is Kind.BROKEN_CHAIN


def test_a_promise_beyond_the_newest_checkpoint_is_no_fraud_until_it_is_reached() -> None:
    log = ledger("bank/a", "bank/b")
    liar = log.copy()
    promise = log.promise(log.append("bank", "a"))
    assert liar.audited([promise]).sound
    assert "0 promises are kept, 1 are not yet due" in liar.audited([promise]).held
    liar.append("trader", "c")
    assert proven(liar.audited([promise])) is Kind.BROKEN_PROMISE


def test_two_sides_that_were_promised_different_things_prove_it_before_any_checkpoint() -> None:
    log = ledger("bank/a", "bank/b")
    liar = log.copy()
    ours, theirs = log.promise(log.append("bank", "a")), log.copy().promise(1, log_index=2)
    assert proven(liar.audited([ours, theirs])) is Kind.CONTRADICTORY_PROMISES
    twice = [log.promise(1), log.promise(1, log_index=5)]
    assert proven(log.audited(twice)) is Kind.CONTRADICTORY_PROMISES


def test_a_log_that_shows_two_checkpoints_of_one_size_is_forked() -> None:
    log, liar = ledger("bank/a", "bank/b"), ledger("bank/a", "bank/c")
    assert proven(liar.audited(checkpoints=[log.checkpoint()])) is Kind.FORK
    later = ledger("bank/a", "bank/b", "bank/c", "bank/a")
    longer = ledger("bank/a", "bank/b", "bank/c", "bank/b")
    assert proven(log.audited(checkpoints=[later.checkpoint(), longer.checkpoint()])) is Kind.FORK


def test_an_entry_of_a_party_without_a_link_is_found_once_there_are_chains() -> None:
    old = ledger("bank/a", "bank/b")
    for each in old.records:
        del each["chain"]
    assert old.audited().sound, "the log is older than its chains"
    old.records.append(
        LogRecord.from_json(ledger("bank/a").records[0] | {"exchange": "the-first-with-a-chain"}).to_json()
    )
    assert old.audited().sound, "the chains begin"
    evasive: JsonObject = old.records[0] | {"exchange": "another"}
    old.records.append(evasive)
    assert proven(old.audited()) is Kind.BROKEN_CHAIN


@pytest.mark.parametrize("member", ["party", "subject"])
def test_an_entry_that_names_a_party_but_no_place_in_its_chain_is_found(member: str) -> None:
    log = ledger("bank/a", "bank/b")
    log.records[1]["chain"] = dict(log.records[1]["chain"]) | {member: None}  # type: ignore[arg-type]
    assert proven(log.audited()) is Kind.BROKEN_CHAIN


def test_a_refusal_that_counts_its_subject_is_found() -> None:
    log = ledger("bank/a")
    refused = refusal(None, Reason.CONSENT_MISSING, party="bank", subject="a" * 64, exchange="refused")
    log.records.append(replace(refused, chain=Chain(Link(2, 0), None)).to_json())
    assert log.audited().sound
    log.records[1] = replace(refused, chain=Chain(Link(2, 0), Link(2, 0))).to_json()
    assert proven(log.audited()) is Kind.BROKEN_CHAIN


def test_entries_that_are_not_those_of_the_checkpoint_prove_nothing_and_are_not_believed() -> None:
    log, other = ledger("bank/a", "bank/b"), ledger("bank/a", "bank/c")
    for shown in (other.records, log.records[:1]):
        found = audit(shown, log.checkpoint(), KEYRING)
        assert (found.proof, found.sound, len(found.doubts)) == (None, False, 1)


def test_a_log_that_shows_less_than_it_has_signed_is_doubted() -> None:
    log = ledger("bank/a", "bank/b", "bank/c")
    note = log.checkpoint()
    del log.records[2]
    found = log.audited(checkpoints=[note])
    assert found.proof is None
    assert found.doubts == ("the log has signed 3 entries, and now shows 2",)


def test_what_others_signed_in_the_logs_name_is_doubted_and_proves_nothing() -> None:
    log = ledger("bank/a")
    stranger = SigningKey.generate(Holder.LOG)
    note = sign_note(Checkpoint(ORIGIN, 1, b"r" * 32), stranger, ORIGIN)
    found = log.audited(["a.b.c"], [note], ["a.b.c"])
    assert (found.proof, len(found.doubts)) == (None, 3)
    with pytest.raises(SignatureError):
        audit(log.records, note, KEYRING)


def test_another_logs_checkpoints_and_promises_are_no_evidence_against_this_one() -> None:
    log, other = ledger("bank/a"), ledger("bank/b")
    note = sign_note(Checkpoint("other.log", 1, b"r" * 32), KEYS[Holder.LOG], "other.log")
    assert log.audited([other.promise(0, origin="other.log")], [note]).sound


def test_receipts_and_acknowledgements_are_held_against_the_entries() -> None:
    log = ledger("bank/a", "bank/b")
    about = LogRecord.from_json(log.records[1])
    promise = open_promise(log.promise(1), KEYRING)
    received = receipt(about, place=place_of(1, about.chain))
    notice = DeliveryNotice(about.exchange, ExchangeState.DELIVERED, None, received, log.promise(1))
    known = acknowledge(KEYS[Holder.PLATFORM], notice, promise, Receiver.PLATFORM, NOW + timedelta(seconds=1))
    found = log.audited(words=[received, known])
    assert found.sound
    assert "2 receipts and acknowledgements are of entries that are there" in found.held
    liar = ledger("bank/a", "bank/c")
    liar.records[1] |= {"exchange": "something-else"}
    for alone in (received, known):
        found = liar.audited(words=[alone])
        assert (found.proof, len(found.doubts)) == (None, 1), "each could have signed anything"
    assert proven(liar.audited(words=[received, known])) is Kind.DENIED_BY_BOTH
    assert liar.audited(words=[received, known]).doubts == ()
    liar.append("bank", "b", kind=RecordKind.RECEIPT)
    liar.records[-1] |= {"receiptDigest": digest(received.encode())}
    assert proven(liar.audited(words=[received])) is Kind.DENIED_RECEIPT
    liar.records[:] = liar.records[-1:]
    liar.relink()
    assert proven(liar.audited(words=[received])) is Kind.DENIED_RECEIPT, "before the decision itself"


class TwoFaced(RuleBasedStateMachine):
    """A log that grows, promises and signs; once it cheats on what it signed, every later audit proves it."""

    promises: Bundle[str] = Bundle("promises")

    def __init__(self) -> None:
        super().__init__()
        self.log = Ledger()
        self.promised: dict[int, str] = {}
        self.notes: dict[int, str] = {}
        self.due: int | None = None
        """How many entries the log must have for its cheating to show."""

    @rule(party=st.sampled_from(PARTIES), subject=st.sampled_from(SUBJECTS), kind=st.sampled_from("DDRA"))
    def append(self, party: str, subject: str, kind: str) -> None:
        if kind == "A":
            self.log.append_agreement()
        else:
            recorded = RecordKind.DECISION if kind == "D" else RecordKind.RECEIPT
            index = self.log.append(party, subject, kind=recorded)
            if kind == "D" and self.due is None:
                self.promised[index] = self.log.promise(index)

    @precondition(lambda self: self.log.records and self.due is None)
    @rule()
    def sign(self) -> None:
        self.notes[len(self.log.records)] = self.log.checkpoint()

    @precondition(lambda self: self.due is None and len(self.log.records) > 1 and self.promised)
    @rule(how=st.sampled_from(CHEATS), relink=st.booleans(), data=st.data())
    def cheat(self, how: str, relink: bool, data: st.DataObject) -> None:
        victim = data.draw(st.sampled_from(sorted(self.promised)))
        places = st.integers(0, len(self.log.records) - 1)
        other = data.draw(places.filter(lambda place: place != victim))
        self.due = max(*self.promised, *self.notes, 0) + 1
        cheat(self.log, how, victim, other)
        if relink:
            self.log.relink()

    @invariant()
    def audits(self) -> None:
        if not self.log.records:
            return
        found = self.log.audited([*self.promised.values()], [*self.notes.values()])
        if self.due is None:
            assert found.sound, found
        elif len(self.log.records) >= self.due:
            proven(found)


TwoFaced.TestCase.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestTwoFaced = TwoFaced.TestCase
