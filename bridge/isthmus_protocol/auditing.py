"""Auditing the log: its entries as downloaded, against all that it signed before.

Whoever holds promises, checkpoints and receipts finds here whether the log keeps to them, and gets a fraud
proof where it does not. The entries may be kept anywhere (:class:`Entries`): none is held here for long.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from isthmus_protocol import linkage, merkle
from isthmus_protocol.canonical import JsonObject, canonical
from isthmus_protocol.chains import ChainKind
from isthmus_protocol.checkpoint import Checkpoint, open_note
from isthmus_protocol.contradictions import contradict, differs
from isthmus_protocol.fraud import make_proof
from isthmus_protocol.fraud_proofs import Entry, FraudProof, Kind, Prefix
from isthmus_protocol.keys import Holder, Keyring, SignatureError
from isthmus_protocol.promises import Promise, open_promise
from isthmus_protocol.statements import signer
from isthmus_protocol.words import Word, agree, open_word, took


@dataclass(frozen=True)
class Kept:
    """What an auditor holds: checkpoints (notes), promises, and both sides' signed words (JWS)."""

    checkpoints: Sequence[str] = ()
    promises: Sequence[str] = ()
    words: Sequence[str] = ()


@dataclass(frozen=True)
class Audit:
    """What was found: a proof of fraud, doubts that prove nothing to others, and what holds."""

    proof: FraudProof | None
    doubts: tuple[str, ...]
    held: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing speaks against the log."""
        return self.proof is None and not self.doubts


class Entries(Protocol):
    """All entries of a log, from the first: read in order, or a few by their index, and never all at once.

    ``marks`` has room for a note or two about each of them, and is empty at first.
    """

    @property
    def records(self) -> Sequence[JsonObject]:
        """The records; a slice may be read later, in order."""

    @property
    def hashes(self) -> Sequence[bytes]:
        """Their hashes in the tree; a slice may be read later, in order."""

    @property
    def marks(self) -> MutableMapping[str, int]:
        """Indices by name."""


@dataclass(frozen=True)
class _Held:
    """Entries in memory."""

    records: Sequence[JsonObject]
    hashes: Sequence[bytes]
    marks: MutableMapping[str, int]


@dataclass
class _Auditor:
    """One audit under way, of the entries that ``head`` covers."""

    keyring: Keyring
    note: str
    head: Checkpoint
    records: Sequence[JsonObject]
    hashes: Sequence[bytes]
    marks: MutableMapping[str, int]
    doubts: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    def entry(self, index: int) -> Entry:
        """Return an entry with its inclusion proof."""
        proof = merkle.inclusion_proof(self.hashes, index, self.head.size)
        return Entry(index, self.records[index], tuple(proof))

    def proven(self, draft: FraudProof) -> FraudProof:
        """Return ``draft`` as a proof."""
        return make_proof(draft, self.keyring)


def audit(
    records: Sequence[JsonObject], checkpoint: str, keyring: Keyring, kept: Kept | None = None
) -> Audit:
    """Check ``records``, all the log's entries from the first, against ``checkpoint`` and what is ``kept``.

    Entries beyond the checkpoint are left for the next one, and so are promises: what is not yet due is no
    fraud. What is kept of a key of the log's that is revoked proves nothing to others: where it is not kept
    to, that is a doubt. Raises :class:`SignatureError` when the log has not signed ``checkpoint``.
    """
    hashes = [merkle.leaf_hash(canonical(record)) for record in records]
    return audit_entries(_Held(records, hashes, {}), checkpoint, keyring, kept)


def audit_entries(entries: Entries, checkpoint: str, keyring: Keyring, kept: Kept | None = None) -> Audit:
    """Check ``entries`` as :func:`audit` does, in memory that does not grow with their number."""
    kept = kept or Kept()
    head = open_note(checkpoint, keyring, Holder.LOG)
    covered, hashes = entries.records[: head.size], entries.hashes[: head.size]
    auditor = _Auditor(keyring, checkpoint, head, covered, hashes, entries.marks)
    opened = _opened(auditor, kept.promises)
    promises = {token: promise for token, promise in opened.items() if signer(token, keyring).in_force(None)}
    notes, undated = _parted(auditor, kept.checkpoints)
    whole = len(covered) == head.size and merkle.root_of(hashes) == head.root
    if whole:
        auditor.held.append(f"{head.size} entries make up the root that {head.origin} has signed")
    else:
        auditor.doubts.append("the entries are not those of the checkpoint: nothing can be said of them")
    proof = _find_contradiction(auditor, promises) or _find_fork(auditor, notes, whole=whole)
    if proof is None and whole:
        proof = _find_broken_promise(auditor, promises) or _find_broken_chain(auditor)
        proof = _find_denied_word(auditor, kept.words, proof)
        _compare_revoked(auditor, undated, [each for token, each in opened.items() if token not in promises])
    return Audit(proof, tuple(auditor.doubts), tuple(auditor.held))


def _opened(auditor: _Auditor, tokens: Iterable[str]) -> dict[str, Promise]:
    """Return the promises of this log by their tokens, whether their key is revoked or not."""
    opened: dict[str, Promise] = {}
    for token in tokens:
        try:
            promise = open_promise(token, auditor.keyring.bare)
        except SignatureError as error:
            auditor.doubts.append(f"a promise that is not the log's: {error}")
            continue
        if promise.origin == auditor.head.origin:
            opened[token] = promise
    return opened


def _parted(auditor: _Auditor, notes: Iterable[str]) -> tuple[list[str], list[Checkpoint]]:
    """Return the kept checkpoints apart: those to be opened, and those of this log by a revoked key, read."""
    rest: list[str] = []
    undated: list[Checkpoint] = []
    for note in notes:
        try:
            open_note(note, auditor.keyring, Holder.LOG)
        except SignatureError:
            try:
                head = open_note(note, auditor.keyring.bare, Holder.LOG)
            except SignatureError:
                rest.append(note)
            else:
                undated += [head] if head.origin == auditor.head.origin and head.size > 0 else []
        else:
            rest.append(note)
    return rest, undated


def _compare_revoked(auditor: _Auditor, heads: Sequence[Checkpoint], promises: Sequence[Promise]) -> None:
    """Hold what was signed with a revoked key of the log's against the entries. It bears no date."""
    whose = "signed with a key of the log's that is revoked: by the log, or by whoever stole the key"
    roots = dict(_roots(auditor.hashes, {head.size for head in heads}))
    due = [promise for promise in promises if promise.log_index < auditor.head.size]
    other = [f"a checkpoint of {head.size}" for head in heads if roots.get(head.size) != head.root]
    other += [
        f"the promise of entry {promise.log_index}"
        for promise in due
        if differs(promise, auditor.records[promise.log_index], auditor.hashes[promise.log_index])
    ]
    auditor.doubts += [f"{each} is not of this log; it is {whose}" for each in other]
    agreeing = len(heads) + len(due) - len(other)
    if agreeing:
        auditor.held.append(f"{agreeing} checkpoints and promises by revoked keys are of this very log")


def _find_contradiction(auditor: _Auditor, promises: dict[str, Promise]) -> FraudProof | None:
    known: dict[int | str, str] = {}
    for token, promise in promises.items():
        for key in (promise.log_index, promise.exchange):
            other = known.setdefault(key, token)
            if contradict(promises[other], promise):
                return auditor.proven(FraudProof(Kind.CONTRADICTORY_PROMISES, promises=(other, token)))
    return None


def _find_fork(auditor: _Auditor, notes: Iterable[str], *, whole: bool) -> FraudProof | None:
    heads: dict[int, tuple[str, bytes]] = {auditor.head.size: (auditor.note, auditor.head.root)}
    for note in notes:
        try:
            head = open_note(note, auditor.keyring, Holder.LOG)
        except SignatureError as error:
            auditor.doubts.append(f"a checkpoint that the log has not signed: {error}")
            continue
        if head.origin != auditor.head.origin or head.size == 0:
            continue
        other, root = heads.setdefault(head.size, (note, head.root))
        if root != head.root:
            return auditor.proven(FraudProof(Kind.FORK, (note, other), prefix=Prefix(root, ())))
    if whole:
        return _compare_roots(auditor, heads)
    return None


def _compare_roots(auditor: _Auditor, heads: dict[int, tuple[str, bytes]]) -> FraudProof | None:
    for size, root in _roots(auditor.hashes, set(heads)):
        note, signed = heads[size]
        if root != signed:
            proof = tuple(merkle.consistency_proof(auditor.hashes, size, auditor.head.size))
            return auditor.proven(FraudProof(Kind.FORK, (note, auditor.note), prefix=Prefix(root, proof)))
    longest = max(heads)
    if longest > auditor.head.size:
        auditor.doubts.append(f"the log has signed {longest} entries, and now shows {auditor.head.size}")
    auditor.held.append(f"{len(heads) - (longest > auditor.head.size)} checkpoints are of this very log")
    return None


def _roots(hashes: Sequence[bytes], sizes: set[int]) -> Iterable[tuple[int, bytes]]:
    """Yield the roots at ``sizes``, in one pass: whole subtrees from left to right are kept."""
    peaks: list[bytes] = []
    for size, leaf in enumerate(hashes, 1):
        peaks.append(leaf)
        for _ in range((size & -size).bit_length() - 1):
            right = peaks.pop()
            peaks.append(merkle.node_hash(peaks.pop(), right))
        if size in sizes:
            root = peaks[-1]
            for peak in reversed(peaks[:-1]):
                root = merkle.node_hash(peak, root)
            yield size, root


def _find_broken_promise(auditor: _Auditor, promises: dict[str, Promise]) -> FraudProof | None:
    early = 0
    for token, promise in promises.items():
        index = promise.log_index
        if index >= auditor.head.size:
            early += 1
        elif differs(promise, auditor.records[index], auditor.hashes[index]):
            parts = (auditor.note,), (token,), (auditor.entry(index),)
            return auditor.proven(FraudProof(Kind.BROKEN_PROMISE, *parts))
    auditor.held.append(f"{len(promises) - early} promises are kept, {early} are not yet due")
    return None


def _find_broken_chain(auditor: _Auditor) -> FraudProof | None:
    """Hold each entry against the one before it in its chains, and against the one that it names."""
    marks, chains = auditor.marks, 0
    first_chained: int | None = None
    for index, record in enumerate(auditor.records):
        entry = linkage.read(record)
        if not entry.crossing:
            continue
        exchange = linkage.decided(record)
        suspects = {
            first_chained if entry.chain is None else None,
            None if exchange is None else marks.setdefault(f"DECISION {exchange}", index),
        }
        for kind in ChainKind:
            key, link = entry.key(kind), entry.link(kind)
            if key is not None and entry.chain is not None:
                end = marks.get(f"{kind} {key}")
                suspects |= {end, None if link is None else link.previous}
                marks[f"{kind} {key}"] = index
                chains += end is None
        if linkage.flaw(index, record):
            return _chain_proof(auditor, index)
        for other in sorted(each for each in suspects if each is not None and each < index):
            if linkage.clash(other, auditor.records[other], index, record):
                return _chain_proof(auditor, other, index)
        if first_chained is None and entry.chain is not None:
            first_chained = index
    auditor.held.append(f"the chains of {chains} parties and subjects are without a gap")
    return None


def _chain_proof(auditor: _Auditor, *indices: int) -> FraudProof:
    entries = tuple(auditor.entry(index) for index in indices)
    return auditor.proven(FraudProof(Kind.BROKEN_CHAIN, (auditor.note,), entries=entries))


def _find_denied_word(
    auditor: _Auditor, tokens: Sequence[str], found: FraudProof | None
) -> FraudProof | None:
    """Hold what both sides signed against the entries, and return ``found``, or else what it proves.

    One side's word is not the log's: alone it is a doubt, unless the log has taken it in, or the other side
    says the same.
    """
    words, agreeing = _words(auditor, tokens), 0
    denied: list[Word] = []
    for word in words:
        if word.place is None or (word.place.log_index >= auditor.head.size and word.acknowledges):
            continue
        if word.place.log_index >= auditor.head.size or word.denied_by(auditor.records[word.place.log_index]):
            denied.append(word)
        else:
            agreeing += 1
    taken = _taken(auditor, denied)
    for word in denied:
        proof = _denied_receipt(auditor, word, taken) or _denied_by_both(auditor, word, denied)
        found = found or proof
        if proof is None and word.place is not None and word.place.log_index < auditor.head.size:
            auditor.doubts.append(
                f"the {word.side} says of exchange {word.exchange} that it is entry {word.place.log_index},"
                " which is another: whoever signed that holds the log's promise"
            )
    if tokens:
        auditor.held.append(f"{agreeing} receipts and acknowledgements are of entries that are there")
    return found


def _words(auditor: _Auditor, tokens: Iterable[str]) -> list[Word]:
    words: list[Word] = []
    for token in dict.fromkeys(tokens):
        try:
            words.append(open_word(token, auditor.keyring.bare))
        except SignatureError:
            auditor.doubts.append("a receipt or acknowledgement that neither side has signed")
    return words


def _taken(auditor: _Auditor, words: Iterable[Word]) -> Mapping[str, int]:
    """Return the entries by which the log took receipts among ``words`` in, by the receipts' digests."""
    wanted = {word.receipt: word for word in words if not word.acknowledges}
    taken: dict[str, int] = {}
    for index, record in enumerate(islice(auditor.records, auditor.head.size if wanted else 0)):
        of = record.get("receiptDigest")
        if isinstance(of, str) and of in wanted and took(record, wanted[of]):
            taken[of] = index
    return taken


def _denied_receipt(auditor: _Auditor, word: Word, taken: Mapping[str, int]) -> FraudProof | None:
    index = taken.get(word.receipt or "")
    if index is None or word.place is None or word.acknowledges:
        return None
    there = word.place.log_index
    entries = (index,) if index <= there else (index, there)
    shown = tuple(auditor.entry(each) for each in entries)
    return auditor.proven(
        FraudProof(Kind.DENIED_RECEIPT, (auditor.note,), entries=shown, words=(word.token,))
    )


def _denied_by_both(auditor: _Auditor, word: Word, denied: Sequence[Word]) -> FraudProof | None:
    for other in denied:
        receipt, acknowledgement = (other, word) if word.acknowledges else (word, other)
        if not agree(receipt, acknowledgement) or receipt.place is None:
            continue
        if receipt.place.log_index < auditor.head.size and _in_force(auditor, receipt, acknowledgement):
            shown = (auditor.entry(receipt.place.log_index),)
            both = (receipt.token, acknowledgement.token)
            return auditor.proven(FraudProof(Kind.DENIED_BY_BOTH, (auditor.note,), entries=shown, words=both))
    return None


def _in_force(auditor: _Auditor, *words: Word) -> bool:
    """Say whether no key is revoked that signed ``words``: the thief of both could feign them."""
    return all(signer(word.token, auditor.keyring).in_force(None) for word in words)
