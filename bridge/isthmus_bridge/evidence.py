"""Evidence of one crossing or refusal, put together for whoever checks it offline."""

from sqlalchemy.orm import Session

from isthmus_bridge import agreements, log
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import SignedAgreement
from isthmus_protocol.canonical import parse
from isthmus_protocol.evidence import make_bundle
from isthmus_protocol.records import LogRecord


def bundle(session: Session, bridge: Bridge, exchange: Exchange) -> bytes:
    """Return the evidence bundle of ``exchange`` against the log's present head, as canonical JSON."""
    if exchange.decision_index is None:
        raise RuntimeError("an exchange was committed without a decision")
    head = log.head(session)
    return make_bundle(
        record=LogRecord.from_json(parse(log.entry(session, exchange.decision_index).encode())),
        index=exchange.decision_index,
        proof=log.inclusion(session, exchange.decision_index, head.size),
        checkpoint=log.checkpoint(head, bridge.origin, bridge.log_key),
        agreement=_agreement(session, bridge, exchange),
        receipt=exchange.receipt,
        keyring=bridge.keyring,
    ).to_bytes()


def _agreement(session: Session, bridge: Bridge, exchange: Exchange) -> SignedAgreement | None:
    if exchange.agreement_id is None or exchange.agreement_version is None:
        return None
    version = agreements.document(session, bridge.keyring, exchange.agreement_id, exchange.agreement_version)
    return None if version is None else SignedAgreement(version.agreement, version.signatures)
