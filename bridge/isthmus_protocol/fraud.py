"""Fraud proofs: what the log itself signed, put side by side so that anybody sees that it cannot all be true.

A proof is a file of canonical JSON that needs trust in nobody who hands it over: everything in it is signed
by the log's key, or leads to a root that is. It is checked offline, as evidence bundles are, and changing any
byte makes it prove nothing. What an honest log signs never makes one. One kind alone, ``DENIED_BY_BOTH``,
stands on the word of both sides instead, and says so: an honest log is safe from either, not from both.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace

from isthmus_protocol import checkpoint as checkpoints
from isthmus_protocol import merkle, statements
from isthmus_protocol.canonical import MalformedJson
from isthmus_protocol.checkpoint import Checkpoint
from isthmus_protocol.contradictions import story
from isthmus_protocol.evidence import Check, NotProven
from isthmus_protocol.fraud_proofs import FORMAT, FraudProof, Kind
from isthmus_protocol.keys import Holder, Keyring, SignatureError, TrustedKey
from isthmus_protocol.promises import Promise, open_promise
from isthmus_protocol.shapes import MalformedMessage
from isthmus_protocol.words import open_word


@dataclass(frozen=True)
class Verdict:
    """Whether the fraud is proven: all checks, what is proven in plain words, and the keys it rests on."""

    checks: tuple[Check, ...]
    story: tuple[str, ...]
    fingerprints: tuple[str, ...]
    kind: Kind | None = None

    @property
    def passed(self) -> bool:
        """Whether every check held: the log has contradicted itself."""
        return all(check.passed for check in self.checks)


def make_proof(draft: FraudProof, keyring: Keyring) -> FraudProof:
    """Return ``draft`` with the keys it needs from ``keyring``; checkpoints keep the log's signature alone.

    Raises :class:`SignatureError`, and :class:`NotProven` or :class:`~isthmus_protocol.merkle.ProofError` for
    what proves nothing.
    """
    proof = replace(
        draft,
        checkpoints=tuple(sole_note(note, keyring) for note in draft.checkpoints),
        promises=tuple(sorted(draft.promises)),
    )
    proof = replace(proof, keys=tuple(key.bare for key in _keys_used(proof, keyring)))
    _check_inclusion(proof, keyring)
    _story(proof, keyring)
    return proof


def verify_fraud(data: bytes, trust: Keyring | None = None) -> Verdict:
    """Check the fraud proof in ``data``, against the keys in ``trust`` where given.

    What a key signed that ``trust`` says is revoked proves no fraud of the log's: it may be the thief's.
    Never raises for what the proof holds: what is wrong is a failed check, and then nothing is proven.
    """
    try:
        proof = FraudProof.from_bytes(data)
    except (MalformedJson, MalformedMessage) as error:
        return Verdict((Check("form", passed=False, detail=str(error)),), (), ())
    keyring = Keyring(proof.keys)
    checks = [Check("form", passed=True, detail=f"{FORMAT}, {proof.kind}, {len(data)} bytes")]
    steps: list[tuple[str, Callable[[FraudProof, Keyring], str]]] = [
        ("keys", _check_keys),
        ("signatures", _check_signatures),
        ("inclusion", _check_inclusion),
        ("fraud", lambda proof, keyring: _story(proof, keyring)[-1]),
    ]
    if trust is not None:
        steps.insert(0, ("trust", lambda proof, _: _check_trust(proof, trust)))
        steps.append(("revocation", lambda proof, _: _check_in_force(proof, trust)))
    for name, step in steps:
        try:
            checks.append(Check(name, passed=True, detail=step(proof, keyring)))
        except (NotProven, SignatureError, merkle.ProofError) as error:
            checks.append(Check(name, passed=False, detail=str(error)))
    proven = all(check.passed for check in checks)
    story = _story(proof, keyring) if proven else []
    keys = tuple(f"{key.holder} {key.kid}" for key in proof.keys)
    return Verdict(tuple(checks), tuple(story), keys, proof.kind)


def sole_note(text: str, keyring: Keyring) -> str:
    """Return the checkpoint ``text`` with the log's signature alone; raises :class:`SignatureError`."""
    origin = checkpoints.open_note(text, keyring, Holder.LOG).origin
    note = checkpoints.read_note(text)
    hashes = {checkpoints.key_hash(origin, key) for key in keyring.held_by(Holder.LOG)}
    for signature in note.signatures:
        if signature.name == origin and signature.key_hash in hashes:
            blob = b64encode(signature.key_hash + signature.signature).decode("ascii")
            return f"{note.text}\n— {origin} {blob}\n"
    raise SignatureError("the log has not signed the checkpoint under its origin")


def _require(held: object, otherwise: str) -> None:
    if not held:
        raise NotProven(otherwise)


def _keys_used(proof: FraudProof, keyring: Keyring) -> list[TrustedKey]:
    """Return the keys of the log that signed something in ``proof``, by ``kid``."""
    used = {statements.signer(token, keyring).kid for token in (*proof.promises, *proof.words)}
    for text in proof.checkpoints:
        _require(sole_note(text, keyring) == text, "a checkpoint must carry the log's signature alone")
        origin = checkpoints.open_note(text, keyring, Holder.LOG).origin
        (signature,) = checkpoints.read_note(text).signatures
        for key in keyring.held_by(Holder.LOG):
            if checkpoints.key_hash(origin, key) == signature.key_hash:
                used.add(key.kid)
    return [key for key in keyring if key.kid in used]


def _check_trust(proof: FraudProof, trust: Keyring) -> str:
    for key in proof.keys:
        known = trust.get(key.kid)
        _require(known and known.bare == key, f"the {key.holder} key {key.kid} is not trusted")
    return f"{len(proof.keys)} keys, all known"


def _check_in_force(proof: FraudProof, trust: Keyring) -> str:
    """Hold the log to what it alone can have signed: whoever stole its key can make it contradict itself.

    Neither a checkpoint nor a promise bears a date, so that nobody can say what came before the theft. A
    receipt that the log took in is the log's own act, whatever has become of its signer's key.
    """
    for key in proof.keys:
        known = trust.get(key.kid)
        if known is not None and (key.holder is Holder.LOG or proof.kind is Kind.DENIED_BY_BOTH):
            known.demand_in_force(None)
    return "no key is revoked"


def _check_keys(proof: FraudProof, keyring: Keyring) -> str:
    used = _keys_used(proof, keyring)
    _require(list(proof.keys) == used, "the proof must name exactly the keys it uses, in order")
    return ", ".join(f"{key.holder} {key.kid}" for key in proof.keys)


def _heads(proof: FraudProof, keyring: Keyring) -> list[Checkpoint]:
    return [checkpoints.open_note(note, keyring, Holder.LOG) for note in proof.checkpoints]


def _promises(proof: FraudProof, keyring: Keyring) -> list[Promise]:
    return [open_promise(token, keyring) for token in proof.promises]


def _check_signatures(proof: FraudProof, keyring: Keyring) -> str:
    heads, promises = _heads(proof, keyring), _promises(proof, keyring)
    origins = {head.origin for head in heads} | {promise.origin for promise in promises}
    _require(len(origins) == 1, "the checkpoints and promises are of different logs")
    _require(sorted(proof.promises) == list(proof.promises), "the promises must be in order")
    words = [open_word(token, keyring) for token in proof.words]
    sides = "".join(f", and the word of the {each.side}" for each in words)
    told = f"{len(heads)} checkpoints and {len(promises)} promises, signed by its key"
    return f"log {origins.pop()}: {told}{sides}"


def _check_inclusion(proof: FraudProof, keyring: Keyring) -> str:
    heads = _heads(proof, keyring)
    for position, entry in enumerate(proof.entries):
        head = heads[min(position, len(heads) - 1)]
        merkle.verify_inclusion(entry.leaf_hash, entry.index, head.size, entry.proof, head.root)
    return ", ".join(f"entry {entry.index}" for entry in proof.entries) or "no entry is shown"


def _story(proof: FraudProof, keyring: Keyring) -> list[str]:
    return story(proof, _heads(proof, keyring), _promises(proof, keyring))
