"""Proofs come out of what is remembered of the log, and are those of the whole tree."""

import random
from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from isthmus_bridge import log
from isthmus_bridge.service import Bridge
from isthmus_bridge.tiles import HEIGHT, WIDTH
from isthmus_protocol import merkle
from isthmus_protocol.keys import Holder
from isthmus_protocol.records import AgreementRecord, Change

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
SIZES = (1, 255, 256, 257, 511, 512, 513, 700, 768, 1023, 1024, 1025, 1100)
DIGEST = "sha-256:" + "0" * 64


def entry(number: int) -> AgreementRecord:
    return AgreementRecord(
        Change.SUSPENDED, f"agreement-{number}", None, None, (Holder.OPERATOR,), (DIGEST,), AT
    )


@pytest.fixture
def leaves(bridge: Bridge) -> list[bytes]:
    """Append as many entries as four tiles hold and some more, and return their hashes."""
    records = [entry(number) for number in range(SIZES[-1])]
    with bridge.begin() as session:
        for record in records:
            log.append(session, record)
    return [record.leaf_hash for record in records]


def test_every_proof_is_that_of_the_whole_tree(bridge: Bridge, leaves: list[bytes]) -> None:
    for size in SIZES:
        with bridge.begin() as session:
            for index in {0, size - 1, *random.sample(range(size), min(size, 20))}:
                assert log.inclusion(session, index, size) == merkle.inclusion_proof(leaves, index, size)
            for earlier in {1, size, *random.sample(range(1, size + 1), min(size, 10))}:
                assert log.consistency(session, earlier, size) == merkle.consistency_proof(
                    leaves, earlier, size
                )


def test_what_was_proven_once_is_proven_again_without_the_database(
    bridge: Bridge, leaves: list[bytes]
) -> None:
    said: list[str] = []
    event.listen(bridge.engine, "before_cursor_execute", lambda *parts: said.append(parts[2]))
    with bridge.begin() as session:
        log.inclusion(session, 300, len(leaves))
        assert said
        said.clear()
        log.inclusion(session, 301, len(leaves))
        log.inclusion(session, WIDTH + 7, len(leaves))
    assert said == []


def test_nothing_is_remembered_of_what_was_undone(bridge: Bridge, leaves: list[bytes]) -> None:
    whole = (1 << HEIGHT) * 5

    def fill(session: Session, first: int) -> list[bytes]:
        records = [entry(first + number) for number in range(whole - len(leaves))]
        for record in records:
            log.append(session, record)
        return leaves + [record.leaf_hash for record in records]

    def undo() -> None:
        with bridge.begin() as session:
            undone = fill(session, 10_000)
            assert log.inclusion(session, 1_101, whole) == merkle.inclusion_proof(undone, 1_101, whole)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undo()
    with bridge.begin() as session:
        with pytest.raises(log.NoSuchEntry):
            log.inclusion(session, 1_101, whole)
        done = fill(session, 20_000)
    with bridge.begin() as session:
        assert log.inclusion(session, 1_101, whole) == merkle.inclusion_proof(done, 1_101, whole)
