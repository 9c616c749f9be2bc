"""The log from a thousand to a million entries: what a crossing costs, what a proof costs, what it holds.

Crossings are decided in batches of 32 by the bridge's own code in this process, at a thousand entries and
again at a million; CPU is that of this process and of the database. The proofs' peer is `pymerkle` with its
tree in memory; ours comes from the database through the tiles that are remembered of it.
"""

import random
import statistics
import time
from datetime import UTC, datetime, timedelta

import psutil
from sqlalchemy import text

from benchmarks import bridge_within, bridges, peers
from benchmarks.finding import Finding
from isthmus_bridge import log, submission
from isthmus_bridge.service import Bridge
from isthmus_protocol.keys import Holder
from isthmus_protocol.merkle import verify_inclusion
from isthmus_protocol.records import AgreementRecord, Change

SMALL, LARGE = 1_000, 1_000_000
TOGETHER, BATCHES, ROUNDS = 32, 20, 7
PROOFS = 2_000
_LEAF = text("SELECT hash FROM log_node WHERE level = 0 AND index = :index")


def _fill(bridge: Bridge, size: int) -> None:
    """Append entries of no consequence until the log has ``size``."""
    past = datetime.now(UTC) - timedelta(days=1)
    statement = "sha-256:" + "0" * 64
    while True:
        with bridge.begin() as session:
            present = log.head(session).size
            for number in range(present, min(size, present + 10_000)):
                named = f"filler-{number}"
                log.append(
                    session,
                    AgreementRecord(
                        Change.SUSPENDED, named, None, None, (Holder.OPERATOR,), (statement,), past
                    ),
                )
        if present >= size:
            return


def _crossings(bridge: Bridge, database: psutil.Process, name: str) -> float:
    """Return the CPU time, in microseconds, of one crossing up to its commit; the first round warms up."""
    spent = []
    for round_ in range(ROUNDS + 1):
        begun = round_ * BATCHES * TOGETHER
        numbers = range(begun, begun + BATCHES * TOGETHER)
        asked = [bridge_within.declared(bridge, name, number) for number in numbers]
        batches = [asked[at : at + TOGETHER] for at in range(0, len(asked), TOGETHER)]
        before = bridge_within.cpu(database)
        for batch in batches:
            for outcome in submission._submit_all(bridge, batch):
                if isinstance(outcome, Exception):
                    raise outcome
        spent.append(bridge_within.cpu(database) - before)
    return statistics.median(spent[1:]) / BATCHES / TOGETHER * 1e6


def _proofs(bridge: Bridge) -> float:
    """Return the CPU time, in microseconds, of an inclusion proof, each of which is verified afterwards."""
    with bridge.begin() as session:
        size, root = log.head(session).size, log.head(session).root
        chosen = random.sample(range(size), PROOFS)
        spent = []
        for _ in range(ROUNDS + 1):  # the first warms up
            began = time.process_time()
            proofs = [log.inclusion(session, index, size) for index in chosen]
            spent.append(time.process_time() - began)
        for index, proof in zip(chosen[:50], proofs, strict=False):
            leaf = session.execute(_LEAF, {"index": index}).scalar_one()
            verify_inclusion(bytes(leaf), index, size, proof, root)
    return statistics.median(spent[1:]) / PROOFS * 1e6


def run() -> Finding:
    """Measure at both sizes and return the figures and ratios."""
    with bridges.database() as (url, database):
        bridge = bridge_within.bridge(url)
        _fill(bridge, SMALL)
        small = _crossings(bridge, database, "small")
        memory = psutil.Process().memory_info().rss
        _fill(bridge, LARGE)
        proof = _proofs(bridge)
        grown = psutil.Process().memory_info().rss - memory
        large = _crossings(bridge, database, "large")
        bridge.engine.dispose()
    peer = peers.ask("merkle_peer", ("pymerkle",), str(LARGE), str(PROOFS), str(ROUNDS))
    return Finding(
        figures={
            "at a thousand entries": {"crossing_cpu_us": round(small)},
            "at a million entries": {
                "crossing_cpu_us": round(large),
                "proof_us": round(proof, 1),
                "memory_grown_mb": round(grown / 2**20),
            },
            "pymerkle at a million entries": {"proof_us": round(peer["us"], 1)},
        },
        ratios={
            "cost_at_a_million_to_a_thousand": round(large / small, 2),
            "proof_vs_pymerkle": round(peer["us"] / proof, 2),
        },
        scale={"small": SMALL, "large": LARGE, "proofs": PROOFS, "rounds": ROUNDS},
        peers={"pymerkle": peer["version"]},
    )
