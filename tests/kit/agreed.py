"""Agreements, records and bundles for tests, signed by keys of their own."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from isthmus_protocol import merkle
from isthmus_protocol.agreements import (
    Agreement,
    Direction,
    Field,
    LegalBasis,
    Role,
    SignedAgreement,
    sign_agreement,
)
from isthmus_protocol.chains import Chain, Link, place_of
from isthmus_protocol.checkpoint import Checkpoint, sign_note
from isthmus_protocol.cosignature import cosign
from isthmus_protocol.evidence import Bundle, make_bundle
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.messages import AgreementReference, Reason, payload_digest
from isthmus_protocol.receipts import Receipt, Receiver, sign_receipt
from isthmus_protocol.records import Decision, Kind, LogRecord, Phase, subject_hash

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
KEYS = {holder: SigningKey.generate(holder) for holder in Holder}
KEYRING = Keyring(key.public for key in KEYS.values())
ORIGIN = "bridge.example/log"
WITNESS = "witness.example"


def agreement(*paths: str, **changes: Any) -> Agreement:
    """Return an agreement that lets ``paths`` cross as they are; ``changes`` replace its parts."""
    plain = Agreement(
        id="export-declaration",
        version=1,
        title="Export declarations",
        message="EXPORT_DECLARATION",
        direction=Direction.TO_WINDOW,
        purpose="CUSTOMS_EXPORT_CLEARANCE",
        legal_basis=LegalBasis("Customs Act, section 16", "Exports are declared."),
        audience=(Role.TRADER, Role.FORWARDER),
        fields=tuple(Field(path) for path in paths),
        consent_required=False,
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        valid_until=datetime(2027, 1, 1, tzinfo=UTC),
        rate_per_hour=100,
        retention_days=30,
    )
    return replace(plain, **changes)


def signed(document: Agreement) -> SignedAgreement:
    """Return ``document`` with both signatures."""
    return SignedAgreement(
        document,
        (sign_agreement(KEYS[Holder.OPERATOR], document), sign_agreement(KEYS[Holder.AUTHORITY], document)),
    )


def record(document: Agreement | None, **changes: Any) -> LogRecord:
    """Return the record of a permitted exchange under ``document``; ``changes`` replace its parts."""
    plain = LogRecord(
        kind=Kind.DECISION,
        exchange="0190a1b2-0000-7000-8000-000000000001",
        phase=Phase.AGREED,
        decision=Decision.PERMITTED,
        reason=None,
        field=None,
        message="EXPORT_DECLARATION",
        direction=Direction.TO_WINDOW,
        purpose="CUSTOMS_EXPORT_CLEARANCE",
        agreement=AgreementReference("export-declaration", 1, agreement().digest),
        party="forwarder",
        role=Role.FORWARDER,
        owner="trader",
        subject=subject_hash(b"k" * 32, "6TW24536806-0417"),
        in_reply_to=None,
        fields=("/ucr",),
        payload_digest=payload_digest("ab" * 32, {"ucr": "6TW24536806-0417"}),
        receipt_digest=None,
        at=NOW,
        chain=Chain(Link(2, 1), Link(1, None)),
    )
    if document is not None:
        changes = {"agreement": AgreementReference(document.id, document.version, document.digest)} | changes
    return replace(plain, **changes)


def refusal(document: Agreement | None, reason: Reason, **changes: Any) -> LogRecord:
    """Return the record of a refusal for ``reason``."""
    changes = {"decision": Decision.REFUSED, "reason": reason, "fields": (), "payload_digest": None} | changes
    if document is None:
        changes["agreement"] = None
    return record(document, **changes)


def receipt(about: LogRecord, **changes: Any) -> str:
    """Return the window's signed receipt for ``about``, the third entry of its log."""
    given = Receipt(
        about.exchange, about.payload_digest or "", Receiver.WINDOW, NOW, place_of(2, about.chain)
    )
    return sign_receipt(KEYS[Holder.WINDOW], replace(given, **changes))


def bundle(
    about: LogRecord, document: Agreement | None, token: str | None, *, witnessed: bool = True
) -> Bundle:
    """Return a bundle about ``about``, the third of five entries in a log that the witness has seen."""
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(5)]
    leaves[2] = about.leaf_hash
    head = Checkpoint(ORIGIN, 5, merkle.root_of(leaves))
    note = sign_note(head, KEYS[Holder.LOG], ORIGIN)
    if witnessed:
        note += cosign(head.text, KEYS[Holder.WITNESS], WITNESS, NOW)
    proof = merkle.inclusion_proof(leaves, 2, 5)
    return make_bundle(about, 2, proof, note, None if document is None else signed(document), token, KEYRING)
