"""The bridge in the benchmark's own process, on a database of its own, so that its parts can be measured."""

import time
from datetime import UTC, datetime

import psutil

from benchmarks import bridges
from benchmarks.declarations import agreement, declaration
from isthmus_bridge import agreements, submission
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import SignedAgreement, sign_agreement
from isthmus_protocol.canonical import parse_object
from isthmus_protocol.http_signatures import Caller
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.messages import ExchangeRequest
from isthmus_protocol.records import subject_hash

KEYS = {holder: SigningKey.generate(holder) for holder in Holder}
TRUST = Keyring(key.public for key in KEYS.values())


def bridge(url: str) -> Bridge:
    """Return a bridge on the database at ``url``, with the benchmark's agreement in force."""
    made = Bridge(
        engine=create_bridge_engine(url),
        keyring=TRUST,
        signing_key=KEYS[Holder.BRIDGE],
        log_key=KEYS[Holder.LOG],
        subject_key=b"s" * 32,
        window_url="http://127.0.0.1:9",
        platform_url="http://127.0.0.1:9",
        origin=bridges.ORIGIN,
    )
    document = agreement()
    parties = (KEYS[Holder.OPERATOR], KEYS[Holder.AUTHORITY])
    signed = SignedAgreement(document, tuple(sign_agreement(key, document) for key in parties))
    with made.begin() as session:
        agreements.store(session, made.keyring, signed, datetime.now(UTC))
    return made


def asked(to: Bridge, body: bytes, signed: Caller | None = None) -> submission._Asked:
    """Return the request in ``body`` as the bridge's front hands it on to be decided."""
    request = ExchangeRequest.from_json(parse_object(body))
    hidden = subject_hash(to.subject_key, request.subject or "")
    return submission._Asked(Holder.PLATFORM, request, "benchmark", signed, hidden)


def declared(to: Bridge, name: str, number: int) -> submission._Asked:
    """Return the ``number``-th declaration, to be decided."""
    return asked(to, declaration(f"{name}-{number}", number))


def cpu(database: psutil.Process) -> float:
    """Return the seconds of CPU that this process and the database have taken."""
    return time.process_time() + of(database)


def of(process: psutil.Process) -> float:
    """Return the seconds of CPU that ``process`` has taken with all that it started."""
    family = [process, *process.children(recursive=True)]
    return sum(times.user + times.system for times in (each.cpu_times() for each in family))
