"""Evidence of one crossing or refusal, put together for whoever checks it offline."""

from uuid import UUID

from sqlalchemy.orm import Session

from isthmus_bridge import agreements, exchanges, log, log_times, witnessing
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import SignedAgreement
from isthmus_protocol.asked import Asked, asked_by
from isthmus_protocol.canonical import parse
from isthmus_protocol.checkpoint import Checkpoint, read_note
from isthmus_protocol.evidence import make_bundle
from isthmus_protocol.log_time import Logged
from isthmus_protocol.records import LogRecord, Record


def bundle(bridge: Bridge, exchange_id: UUID) -> bytes | None:
    """Return the evidence bundle of an exchange, as canonical JSON; None where there is no such exchange.

    It stands on the newest cosigned checkpoint. Where that one does not reach the decision, and what dates
    the signatures, the witness is asked first. Where the witness is away, a leaf of a signature that it has
    not cosigned is left out; where it has not the decision, the log signs its present head alone.
    """
    with bridge.begin() as session:
        exchange = session.get(Exchange, exchange_id)
        if exchange is None:
            return None
        leaves = _leaves(session, bridge, exchange, _agreement(session, bridge, exchange))
        reach = max([_index(exchange), *leaves])
    witnessing.cosign_newest(bridge, covering=reach)
    with bridge.begin() as session:
        return _bundle(session, bridge, session.get_one(Exchange, exchange_id))


def _bundle(session: Session, bridge: Bridge, exchange: Exchange) -> bytes:
    index = _index(exchange)
    size, checkpoint = _checkpoint(session, bridge, index)
    agreement = _agreement(session, bridge, exchange)
    leaves = _leaves(session, bridge, exchange, agreement)
    return make_bundle(
        record=LogRecord.from_json(parse(log.entry(session, index).encode())),
        index=index,
        proof=log.inclusion(session, index, size),
        checkpoint=checkpoint,
        agreement=agreement,
        receipt=exchange.receipt,
        keyring=bridge.keyring,
        asked=_asked(exchange),
        non_receipt=exchange.non_receipt,
        logged=tuple(
            Logged(record, each, tuple(log.inclusion(session, each, size)))
            for each, record in sorted(leaves.items(), key=lambda leaf: leaf[0])
            if each < size
        ),
    ).to_bytes()


def _checkpoint(session: Session, bridge: Bridge, index: int) -> tuple[int, str]:
    """Return the size and note of a checkpoint that covers the entry ``index``, cosigned where possible."""
    note = witnessing.cosigned(session, bridge.keyring)
    if note is not None:
        size = Checkpoint.from_text(read_note(note).text).size
        if index < size:
            return size, note
    head = log.head(session)
    return head.size, log.checkpoint(head, bridge.origin, bridge.log_key)


def _index(exchange: Exchange) -> int:
    if exchange.decision_index is None:
        raise RuntimeError("an exchange was committed without a decision")
    return exchange.decision_index


def _asked(exchange: Exchange) -> Asked | None:
    if exchange.asked is not None:
        return Asked.from_json(exchange.asked)
    if exchange.salt is None:
        return None
    return asked_by(exchanges.terms_of(exchange), exchange.salt.hex())


def _leaves(
    session: Session, bridge: Bridge, exchange: Exchange, agreement: SignedAgreement | None
) -> dict[int, Record]:
    """Return the leaf that took in the receiver's word, and those of signatures of keys revoked since."""
    leaves: dict[int, Record] = {}
    signatures = () if agreement is None else agreement.signatures
    for token in log_times.of_revoked(session, bridge.keyring, signatures):
        found = log_times.agreement_leaf(session, token)
        leaves.update([] if found is None else [found])
    word = exchange.receipt or exchange.non_receipt
    if word is not None and exchange.decision_index is not None:
        found = log_times.receipt_leaf(session, word, exchange.decision_index)
        leaves.update([] if found is None else [found])
    return leaves


def _agreement(session: Session, bridge: Bridge, exchange: Exchange) -> SignedAgreement | None:
    if exchange.agreement_id is None or exchange.agreement_version is None:
        return None
    version = agreements.document(session, bridge.keyring, exchange.agreement_id, exchange.agreement_version)
    return None if version is None else SignedAgreement(version.agreement, version.signatures)
