"""Evidence bundles: one crossing, or one refusal, with all that proves it, to be checked offline.

A bundle is its own canonical form and every member is bound to a signature, a digest or the Merkle tree, so
that changing any byte makes the check fail. Without a set of trusted keys the check shows that the bundle
agrees with itself, and names the keys; whose they are must then be compared by other means.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from isthmus_protocol import checkpoint as checkpoints
from isthmus_protocol import cosignature, log_time, merkle, statements
from isthmus_protocol.agreements import Agreement, SignedAgreement, Transform
from isthmus_protocol.asked import Asked
from isthmus_protocol.canonical import JsonObject, JsonValue, MalformedJson, canonical, parse
from isthmus_protocol.keys import Holder, Keyring, SignatureError, TrustedKey
from isthmus_protocol.log_time import LaterHead, Logged
from isthmus_protocol.receiver_words import Shown
from isthmus_protocol.records import Decision, Kind, LogRecord, Phase
from isthmus_protocol.shapes import HEX_DIGEST, MalformedMessage, Members

FORMAT = "isthmus-evidence/1"


class NotProven(Exception):
    """One check failed; the message says how."""


@dataclass(frozen=True)
class Bundle:
    """A bundle read, nothing of it verified."""

    record: LogRecord
    index: int
    size: int
    proof: tuple[bytes, ...]
    checkpoint: str
    agreement: SignedAgreement | None
    receipt: str | None
    keys: tuple[TrustedKey, ...]
    asked: Asked | None = None
    logged: tuple[Logged, ...] = ()
    non_receipt: str | None = None

    @property
    def tokens(self) -> tuple[str, ...]:
        """The statements in the bundle: the agreement's signatures, and what the receiver signed."""
        signatures = self.agreement.signatures if self.agreement else ()
        return (*signatures, *filter(None, [self.receipt, self.non_receipt]))

    def to_json(self) -> JsonObject:
        """Return the JSON form; ``asked``, ``logged`` and ``nonReceipt`` are left out where there is none."""
        value: JsonObject = {
            "format": FORMAT,
            "record": self.record.to_json(),
            "index": self.index,
            "size": self.size,
            "proof": [sibling.hex() for sibling in self.proof],
            "checkpoint": self.checkpoint,
            "agreement": None if self.agreement is None else self.agreement.to_json(),
            "receipt": self.receipt,
            "keys": [key.to_json() for key in self.keys],
        }
        if self.asked is not None:
            value["asked"] = self.asked.to_json()
        if self.logged:
            value["logged"] = [leaf.to_json() for leaf in self.logged]
        if self.non_receipt is not None:
            value["nonReceipt"] = self.non_receipt
        return value

    def to_bytes(self) -> bytes:
        """Return the bundle as it is handed over: canonical JSON."""
        return canonical(self.to_json())

    @classmethod
    def from_bytes(cls, data: bytes) -> "Bundle":
        """Read a bundle; raises :class:`MalformedJson` or :class:`MalformedMessage`."""
        value = parse(data)
        members = Members(value)
        members.fixed("format", FORMAT)
        bundle = cls(
            record=members.nested("record", LogRecord.from_json),
            index=members.integer("index"),
            size=members.integer("size", 1),
            proof=members.each(
                "proof", lambda entry, item: bytes.fromhex(entry.matching(item, HEX_DIGEST)), most=64
            ),
            checkpoint=_note(members.take("checkpoint")),
            agreement=members.maybe(
                "agreement", lambda name: members.nested(name, SignedAgreement.from_json)
            ),
            receipt=members.maybe("receipt", lambda name: members.text(name, 100_000)),
            keys=members.each("keys", lambda entry, item: entry.nested(item, TrustedKey.from_json), most=16),
            asked=members.nested("asked", Asked.from_json) if _has(value, "asked") else None,
            logged=_leaves(members) if _has(value, "logged") else (),
            non_receipt=members.text("nonReceipt", 100_000) if _has(value, "nonReceipt") else None,
        )
        members.end()
        if bundle.to_bytes() != data:
            raise MalformedMessage("/", "not_canonical")
        if any(key != key.bare for key in bundle.keys):
            raise MalformedMessage("/keys", "unexpected")  # what is trusted until when, the reader says
        return bundle


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, whether it held, and a line for a person to read."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Verdict:
    """All checks, and the keys they rest on as ``HOLDER kid``."""

    checks: tuple[Check, ...]
    fingerprints: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every check held."""
        return all(check.passed for check in self.checks)


def make_bundle(
    record: LogRecord,
    index: int,
    proof: list[bytes],
    checkpoint: str,
    agreement: SignedAgreement | None,
    receipt: str | None,
    keyring: Keyring,
    asked: Asked | None = None,
    logged: tuple[Logged, ...] = (),
    non_receipt: str | None = None,
) -> Bundle:
    """Return a bundle with the keys it needs, taken from ``keyring``.

    ``asked`` is what was answered, where the record is of an answer; ``non_receipt`` the receiver's word that
    it never took what was agreed, where that is so. ``checkpoint`` is the signed note of the
    tree that ``proof`` leads to: the log's signature, and after it the witness's cosignature where there is
    one. Raises :class:`SignatureError` when it is not in order or a signature is by an unknown key.
    """
    size = checkpoints.open_note(checkpoint, keyring, Holder.LOG).size
    trusted = tuple(keyring)
    shown = (checkpoint, agreement, receipt, trusted, asked, logged, non_receipt)
    draft = Bundle(record, index, size, tuple(proof), *shown)
    used = _keys_used(draft, keyring)
    return replace(draft, keys=tuple(key.bare for key in used))


def verify_bundle(data: bytes, trust: Keyring | None = None, later: LaterHead | None = None) -> Verdict:
    """Check everything that the bundle in ``data`` claims, against the keys in ``trust`` where given.

    A key that ``trust`` says is revoked counts for what it signed before, by the log; ``later`` is wanted
    when it is the log's own (see :mod:`isthmus_protocol.log_time`). Never raises for what the bundle holds:
    what is wrong is a failed check.
    """
    try:
        bundle = Bundle.from_bytes(data)
    except (MalformedJson, MalformedMessage) as error:
        return Verdict((Check("form", passed=False, detail=str(error)),), ())
    keyring = Keyring(bundle.keys)
    checks = [Check("form", passed=True, detail=f"{FORMAT}, canonical JSON, {len(data)} bytes")]
    steps: list[tuple[str, Callable[[Bundle, Keyring], str]]] = [
        ("keys", _check_keys),
        ("checkpoint", _check_checkpoint),
        ("witness", lambda bundle, keyring: _check_witness(bundle, keyring, trust, later)),
        ("inclusion", _check_inclusion),
        ("agreement", _check_agreement),
        ("decision", _check_decision),
        ("receipt", _check_receipt),
    ]
    if trust is not None:
        steps.insert(0, ("trust", lambda bundle, _: _check_trust(bundle, trust)))
        steps.append(("revocation", lambda bundle, keyring: _check_times(bundle, keyring, trust, later)))
    for name, step in steps:
        try:
            checks.append(Check(name, passed=True, detail=step(bundle, keyring)))
        except (NotProven, SignatureError, merkle.ProofError) as error:
            checks.append(Check(name, passed=False, detail=str(error)))
    return Verdict(tuple(checks), tuple(f"{key.holder} {key.kid}" for key in bundle.keys))


def _has(value: JsonValue, name: str) -> bool:
    return isinstance(value, dict) and name in value


def _leaves(members: Members) -> tuple[Logged, ...]:
    return members.each("logged", lambda entry, item: entry.nested(item, Logged.from_json), most=8)


def _note(value: object) -> str:
    if not isinstance(value, str) or len(value) > checkpoints.LONGEST:
        raise MalformedMessage("/checkpoint", "not_a_string")
    return value


def _require(held: object, otherwise: str) -> None:
    if not held:
        raise NotProven(otherwise)


def _keys_used(bundle: Bundle, keyring: Keyring) -> list[TrustedKey]:
    """Return the keys that signed something in ``bundle``, by ``kid``; raises :class:`SignatureError`."""
    used = {_log_key(bundle, keyring).kid}
    witnessed = _cosignature(bundle, keyring)
    if witnessed is not None:
        used.add(witnessed.key.kid)
    used.update(statements.signer(token, keyring).kid for token in bundle.tokens)
    return [key for key in keyring if key.kid in used]


def _log_key(bundle: Bundle, keyring: Keyring) -> TrustedKey:
    """Return the log's key, whose signature under the origin's name is the checkpoint's first."""
    note = checkpoints.read_note(bundle.checkpoint)
    origin = checkpoints.open_note(bundle.checkpoint, keyring, Holder.LOG).origin
    if len(note.signatures) > 2 or note.signatures[0].name != origin:
        raise SignatureError("the checkpoint carries the log's signature, then at most the witness's")
    for key in keyring.held_by(Holder.LOG):
        if checkpoints.key_hash(origin, key) == note.signatures[0].key_hash:
            return key
    raise SignatureError("the checkpoint is signed by an unknown key")


def _cosignature(bundle: Bundle, keyring: Keyring) -> cosignature.Cosignature | None:
    """Return the witness's cosignature, the checkpoint's second signature; None where there is none."""
    note = checkpoints.read_note(bundle.checkpoint)
    if len(note.signatures) == 1:
        return None
    found = cosignature.read_cosignature(note, note.signatures[1], keyring)
    if found is None:
        raise SignatureError("the checkpoint's second signature is not that of a known witness")
    return found


def _check_trust(bundle: Bundle, trust: Keyring) -> str:
    for key in bundle.keys:
        known = trust.get(key.kid)
        _require(known and known.bare == key, f"the {key.holder} key {key.kid} is not trusted")
    return f"{len(bundle.keys)} keys, all known"


def _check_times(bundle: Bundle, keyring: Keyring, trust: Keyring, later: LaterHead | None) -> str:
    """Hold each key to when it counted. What the log decided on was there by then: so were its signatures."""
    if any(trust.get(key.kid) is None for key in bundle.keys):
        return "not looked at, for not all keys are known"
    notes = [_check_log_key(bundle, keyring, trust, later)]
    times = log_time.times_of(bundle.tokens, bundle.logged)
    for token in bundle.tokens:
        known = [times[token]] if token in times else []
        later_than_that = token in (bundle.receipt, bundle.non_receipt)
        decided = [] if later_than_that else [bundle.record.at]
        notes.append(log_time.check_key(token, trust, min(known + decided, default=None)))
    return "; ".join(filter(None, notes)) or "no key is revoked"


def _check_log_key(bundle: Bundle, keyring: Keyring, trust: Keyring, later: LaterHead | None) -> str | None:
    key = trust.get(_log_key(bundle, keyring).kid)
    if key is None or (key.in_force(None) and later is None):
        return None
    if later is None:
        key.demand_in_force(None)
    else:
        later.holds(checkpoints.open_note(bundle.checkpoint, keyring, Holder.LOG), trust)
    return (
        None if key.revoked_at is None else log_time.still_counts(key, "and its checkpoint is in a later one")
    )


def _check_keys(bundle: Bundle, keyring: Keyring) -> str:
    _require(
        list(bundle.keys) == _keys_used(bundle, keyring),
        "the bundle must name exactly the keys it uses, in order",
    )
    return ", ".join(f"{key.holder} {key.kid}" for key in bundle.keys)


def _check_checkpoint(bundle: Bundle, keyring: Keyring) -> str:
    head = checkpoints.open_note(bundle.checkpoint, keyring, Holder.LOG)
    _require(head.size == bundle.size, f"the checkpoint is of {head.size} entries, not {bundle.size}")
    return f"log {head.origin}, {head.size} entries, signed by {_log_key(bundle, keyring).kid}"


def _check_witness(bundle: Bundle, keyring: Keyring, trust: Keyring | None, later: LaterHead | None) -> str:
    """Hold the bundle to a cosignature where the trusted keys name a witness; else report what there is."""
    found = _cosignature(bundle, keyring)
    known = None if found is None or trust is None else trust.get(found.key.kid)
    if trust is not None and later is not None and (known is None or not known.in_force(None)):
        beyond = cosignature.cosignatures(later.checkpoint, trust)
        found, known = (beyond[0], beyond[0].key) if beyond else (found, known)
    trusted = () if trust is None else trust.held_by(Holder.WITNESS)
    if found is None:
        _require(not trusted, "the trusted witness has not cosigned this checkpoint")
        return "none: the checkpoint carries the log's signature alone"
    _require(not trusted or known in trusted, f"{found.name} {found.key.kid} is not the trusted witness")
    if known is not None:
        known.demand_in_force(None)
    return f"cosigned by {found.name} {found.key.kid} at {found.at:%Y-%m-%d %H:%M:%S} UTC"


def _check_inclusion(bundle: Bundle, keyring: Keyring) -> str:
    head = checkpoints.open_note(bundle.checkpoint, keyring, Holder.LOG)
    merkle.verify_inclusion(bundle.record.leaf_hash, bundle.index, bundle.size, bundle.proof, head.root)
    log_time.check_logged(bundle.logged, bundle.tokens, bundle.record.exchange, bundle.size, head.root)
    return f"entry {bundle.index} of {bundle.size}, {len(bundle.proof)} hashes to the root"


def _check_agreement(bundle: Bundle, keyring: Keyring) -> str:
    reference = bundle.record.agreement
    if reference is None or bundle.agreement is None:
        _require(
            reference is None and bundle.agreement is None, "agreement and record do not belong together"
        )
        return "no agreement covered this, so it was refused"
    document = bundle.agreement.agreement
    bundle.agreement.verify(keyring)
    _require(document.digest == reference.digest, "the record names another agreement text")
    _require(
        (document.id, document.version) == (reference.id, reference.version),
        "the record names another agreement version",
    )
    return f"{document.id} version {document.version}, signed by operator and authority"


def _check_decision(bundle: Bundle, _: Keyring) -> str:
    record = bundle.record
    _require(record.kind is Kind.DECISION, "the record is not a decision")
    _require((record.asked is None) == (bundle.asked is None), "record and question do not belong together")
    agreement = None if bundle.agreement is None else bundle.agreement.agreement
    if agreement is not None:
        _require(
            (agreement.message, agreement.direction, agreement.purpose)
            == (record.message, record.direction, record.purpose),
            "the agreement is for another message, direction or purpose",
        )
    if record.decision is Decision.REFUSED:
        refusal = f"refused: {record.reason}{f' {record.field}' if record.field else ''}"
        stopped = f"stopped before it was {record.phase}, not when it was agreed"
        return f"{refusal}; {'nothing crossed' if record.phase is Phase.AGREED else stopped}"
    _require(record.phase is Phase.AGREED, "the record is not that of the agreed exchange")
    _require(agreement is not None, "something crossed without an agreement")
    if agreement is not None:
        _check_permission(record, agreement)
        _check_question(record, agreement, bundle.asked)
    permitted = f"{len(record.fields)} fields of {record.message} permitted for {record.purpose}"
    return permitted if bundle.asked is None else f"{permitted}; answered: {_told(bundle.asked)}"


def _check_permission(record: LogRecord, agreement: Agreement) -> None:
    beyond = sorted(set(record.fields) - agreement.paths)
    _require(not beyond, f"the agreement does not permit {beyond[:1]}")
    _require(record.fields, "nothing was permitted")
    _require(record.role in agreement.audience, f"the agreement is not for {record.role}")
    _require(agreement.valid_from <= record.at < agreement.valid_until, "the agreement was not in force")


def _check_question(record: LogRecord, agreement: Agreement, asked: Asked | None) -> None:
    """Hold what was answered to what was asked: the agreement permits each question, and to nothing else."""
    answers = {field.path: field for field in agreement.fields if field.transform is Transform.ANSWER}
    answered = sorted(set(record.fields) & answers.keys())
    asks = () if asked is None else asked.asks
    _require([ask.field for ask in asks] == answered, "the questions are not about the fields answered")
    if asked is not None:
        _require(asked.digest == record.asked, "the record is of another question")
    for ask in asks:
        permitted = answers[ask.field].predicate_for(ask)
        _require(permitted, f"the agreement does not permit to ask {ask.predicate} about {ask.field}")


def _told(asked: Asked) -> str:
    """Return the questions in words."""
    parts = [
        " ".join([ask.field, ask.predicate, *(canonical(each).decode() for each in ask.compared)])
        for ask in asked.asks
    ]
    return ", ".join(parts)


def _check_receipt(bundle: Bundle, keyring: Keyring) -> str:
    shown = Shown(bundle.record, bundle.index, keyring)
    if bundle.non_receipt is not None:
        _require(bundle.receipt is None, "what has a receipt was not refused for ever")
        return shown.check_non_receipt(bundle.non_receipt)
    if bundle.receipt is None:
        return "none: the bundle does not show a delivery"
    said = shown.check_receipt(bundle.receipt)
    late = any(isinstance(leaf.record, LogRecord) and leaf.record.late for leaf in bundle.logged)
    return f"{said}; the bridge learnt so late, by asking" if late else said
