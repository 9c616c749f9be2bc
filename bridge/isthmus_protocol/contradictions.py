"""What makes a fraud proof one: for each kind, why what the log signed cannot all be true, in plain words."""

from collections.abc import Callable

from isthmus_protocol import linkage, merkle
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.chains import Place
from isthmus_protocol.checkpoint import Checkpoint
from isthmus_protocol.evidence import NotProven
from isthmus_protocol.fraud_proofs import Entry, FraudProof, Kind
from isthmus_protocol.keys import Keyring
from isthmus_protocol.promises import Promise
from isthmus_protocol.words import Word, agree, open_word, took


def story(proof: FraudProof, heads: list[Checkpoint], promises: list[Promise]) -> list[str]:
    """Return what the log said and how it contradicts itself, a sentence each.

    ``heads`` and ``promises`` are those of ``proof``, opened. Raises :class:`NotProven` where it does not
    contradict itself.
    """
    return _STORIES[proof.kind](proof, heads, promises)


def _fork(proof: FraudProof, heads: list[Checkpoint], _: list[Promise]) -> list[str]:
    earlier, later = heads
    _require(proof.prefix is not None, "the proof does not say what the later checkpoint has instead")
    if proof.prefix is None:
        return []
    merkle.verify_consistency(earlier.size, proof.prefix.root, later.size, later.root, proof.prefix.proof)
    _require(proof.prefix.root != earlier.root, "the later checkpoint continues the earlier")
    return [
        f"Signed: the first {earlier.size} entries of {earlier.origin} have the root {earlier.root.hex()}.",
        f"Signed too: {later.size} entries, the first of which have, up to there, {proof.prefix.root.hex()}.",
        "The log was forked or rewritten: it has shown different entries for the same places.",
    ]


def _forked_entry(proof: FraudProof, heads: list[Checkpoint], _: list[Promise]) -> list[str]:
    first, second = proof.entries
    _require(first.index == second.index, "the entries stand at different places")
    _require(first.leaf_hash != second.leaf_hash, "both checkpoints hold the same entry there")
    return [
        *(
            f"Signed, as entry {entry.index} of {head.size}: {linkage.describe(entry.record)}."
            for entry, head in zip(proof.entries, heads, strict=True)
        ),
        "The log was forked or rewritten: one place cannot hold both.",
    ]


def _broken_promise(proof: FraudProof, heads: list[Checkpoint], promises: list[Promise]) -> list[str]:
    (head,), (promise,), (entry,) = heads, promises, proof.entries
    _require(entry.index == promise.log_index, "the entry shown is not at the promised place")
    _require(differs(promise, entry.record, entry.leaf_hash), "the promise was kept")
    return [
        f"Promised: entry {promise.log_index} of {promise.origin} is {_promised(promise)}.",
        f"Signed, as entry {entry.index} of {head.size}: {linkage.describe(entry.record)}, {_hash(entry)}.",
        "The promised entry was left out, hidden, moved or replaced.",
    ]


def _contradictory(_: FraudProof, __: list[Checkpoint], promises: list[Promise]) -> list[str]:
    first, second = promises
    _require(contradict(first, second), "both promises can be kept")
    return [
        *(f"Promised: entry {each.log_index} of {each.origin} is {_promised(each)}." for each in promises),
        "Both cannot be kept: the log has told different things to different people.",
    ]


def _hash(entry: Entry) -> str:
    return f"with the hash {entry.leaf_hash.hex()}"


def _broken_chain(proof: FraudProof, _: list[Checkpoint], __: list[Promise]) -> list[str]:
    places = [(entry.index, entry.record) for entry in proof.entries]
    if len(places) == 2:
        _require(places[0][0] < places[1][0], "the entries must be in the log's order")
        alone = any(linkage.flaw(index, record) for index, record in places)
        _require(not alone, "one of the entries contradicts itself, and is a proof alone")
    broken = linkage.flaw(*places[0]) if len(places) == 1 else linkage.clash(*places[0], *places[1])
    _require(broken, "the links of the entries agree")
    return [
        *(
            f"Signed, as entry {index}: {linkage.describe(record)}, {linkage.links(record)}."
            for index, record in places
        ),
        f"{broken} An entry was hidden, dropped, put in, repeated or moved.",
    ]


def _denied_receipt(proof: FraudProof, heads: list[Checkpoint], _: list[Promise]) -> list[str]:
    taken, *there = proof.entries
    (word,) = _words(proof)
    _require(took(taken.record, word), "the entry shown did not take the receipt in")
    _require(word.place is not None, "the receipt is for no place in the log")
    if word.place is None:
        return []
    if there:
        _require(there[0].index == word.place.log_index, "the entry shown is not at the receipt's place")
        _require(word.denied_by(there[0].record), "the entry is the one that the receipt is for")
        shown = f"Signed, as entry {there[0].index} of {heads[0].size}: {_shown(there[0])}."
    else:
        _require(taken.index <= word.place.log_index, "the receipt is for an entry that came before it")
        shown = "An entry that took a receipt in cannot come before the decision that the receipt is for."
    return [
        f"Signed, as entry {taken.index}: the log took in this receipt, in which {_said(word)}.",
        shown,
        "The log takes no receipt but for the place that it promised: what stood there was hidden or moved.",
    ]


def _denied_by_both(proof: FraudProof, heads: list[Checkpoint], _: list[Promise]) -> list[str]:
    (entry,), (receipt, acknowledgement) = proof.entries, _words(proof)
    _require(agree(receipt, acknowledgement), "the two sides do not tell the same")
    at = None if receipt.place is None else receipt.place.log_index
    _require(entry.index == at, "the entry shown is not at the place that both sides tell")
    _require(receipt.denied_by(entry.record), "the entry is the one that both sides tell of")
    return [
        f"Signed, as the receiver: {_said(receipt)}.",
        f"Signed, as the originator: {_said(acknowledgement)}.",
        f"Signed by the log, as entry {entry.index} of {heads[0].size}: {_shown(entry)}.",
        "Both sides were promised an entry that the log does not have. Only both together could feign that.",
    ]


def _words(proof: FraudProof) -> list[Word]:
    return [open_word(token, Keyring(proof.keys)) for token in proof.words]


def _said(word: Word) -> str:
    place = "no place" if word.place is None else f"entry {word.place.log_index}{_counted(word.place)}"
    return f"the {word.side} says that {place} is of exchange {word.exchange}"


def _shown(entry: Entry) -> str:
    return f"{linkage.describe(entry.record)}, {linkage.links(entry.record)}"


_STORIES: dict[Kind, Callable[[FraudProof, list[Checkpoint], list[Promise]], list[str]]] = {
    Kind.FORK: _fork,
    Kind.FORKED_ENTRY: _forked_entry,
    Kind.BROKEN_PROMISE: _broken_promise,
    Kind.CONTRADICTORY_PROMISES: _contradictory,
    Kind.BROKEN_CHAIN: _broken_chain,
    Kind.DENIED_RECEIPT: _denied_receipt,
    Kind.DENIED_BY_BOTH: _denied_by_both,
}


def differs(promise: Promise, record: JsonObject, leaf_hash: bytes) -> bool:
    """Say whether ``record``, with its ``leaf_hash``, is another entry than was promised."""
    if leaf_hash != promise.leaf_hash:
        return True
    chain = linkage.read(record).chain or linkage.UNCHAINED
    return record.get("exchange") != promise.exchange or chain != promise.chain


def contradict(first: Promise, second: Promise) -> bool:
    """Say whether two promises of one log exclude each other: an exchange has one decision, and one place."""
    if first == second or first.origin != second.origin:
        return False
    return first.log_index == second.log_index or first.exchange == second.exchange


def _promised(promise: Promise) -> str:
    counted = _counted(promise.place)
    return f"the decision on exchange {promise.exchange}{counted}, with the hash {promise.leaf_hash.hex()}"


def _counted(place: Place) -> str:
    counts = [
        f"number {count} of its {kind}"
        for kind, count in (("party", place.party_count), ("subject", place.subject_count))
        if count is not None
    ]
    return f", {' and '.join(counts)}" if counts else ""


def _require(held: object, otherwise: str) -> None:
    if not held:
        raise NotProven(otherwise)
