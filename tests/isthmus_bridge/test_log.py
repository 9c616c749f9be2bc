"""The log only grows, proves what it holds, and without it nothing happens."""

import hashlib
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from counterparts import KEYRING, Neighbour, Signer, declaration
from isthmus_bridge import log
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.service import Bridge
from isthmus_protocol import merkle
from isthmus_protocol.agreements import Direction
from isthmus_protocol.checkpoint import open_note
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import Reason
from isthmus_protocol.records import Decision, Kind, LogRecord, Phase

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
SIZE = 70


def refusal(number: int) -> LogRecord:
    return LogRecord(
        kind=Kind.DECISION,
        exchange=f"exchange-{number}",
        phase=Phase.AGREED,
        decision=Decision.REFUSED,
        reason=Reason.NO_AGREEMENT,
        field=None,
        message="EXPORT_DECLARATION",
        direction=Direction.TO_WINDOW,
        purpose="CUSTOMS_EXPORT_CLEARANCE",
        agreement=None,
        party="forwarder",
        role=None,
        owner=None,
        subject=None,
        in_reply_to=None,
        fields=(),
        payload_digest=None,
        receipt_digest=None,
        at=AT,
    )


def test_root_and_every_proof_are_those_of_rfc_9162_at_every_size(bridge: Bridge) -> None:
    leaves: list[bytes] = []
    roots = [hashlib.sha256(b"").digest()]
    with bridge.begin() as session:
        for number in range(SIZE):
            record = refusal(number)
            assert log.append(session, record) == number
            leaves.append(merkle.leaf_hash(log.entry(session, number).encode()))
            roots.append(merkle.root_of(leaves))
            assert log.head(session) == log.Head(number + 1, roots[-1])
    with bridge.begin() as session:
        for size in (*range(1, 18), 31, 32, 33, 63, 64, 65, SIZE):
            for index in {0, size // 3, size // 2, size - 1}:
                proof = log.inclusion(session, index, size)
                assert proof == merkle.inclusion_proof(leaves, index, size)
                merkle.verify_inclusion(leaves[index], index, size, proof, roots[size])
            for earlier in {1, max(1, size // 2), size}:
                proof = log.consistency(session, earlier, size)
                assert proof == merkle.consistency_proof(leaves, earlier, size)
                merkle.verify_consistency(earlier, roots[earlier], size, roots[size], proof)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (1, 4), (-1, 3)])
def test_there_is_no_proof_of_what_is_not_there(bridge: Bridge, index: int, size: int) -> None:
    with bridge.begin() as session:
        for number in range(3):
            log.append(session, refusal(number))
        with pytest.raises(log.NoSuchEntry):
            log.inclusion(session, index, size)


def test_appending_reads_and_writes_a_few_nodes_however_long_the_log_is(bridge: Bridge) -> None:
    with bridge.begin() as session:
        for number in range(64):
            log.append(session, refusal(number))
    with bridge.begin() as session:
        assert session.execute(text("SELECT count(*) FROM log_node")).scalar_one() == 127
        assert session.execute(text("SELECT count(*) FROM log_node WHERE level = 6")).scalar_one() == 1


def test_an_entry_is_gone_with_the_transaction_that_did_not_commit(bridge: Bridge) -> None:
    def fail_halfway() -> None:
        with bridge.begin() as session:
            log.append(session, refusal(0))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    with bridge.begin() as session:
        assert log.head(session).size == 0
        assert log.append(session, refusal(0)) == 0


REWRITES = [
    "UPDATE log_entry SET record = '{}'",
    "DELETE FROM log_entry",
    "TRUNCATE log_entry",
    "UPDATE log_node SET hash = ''",
    "DELETE FROM log_node",
    "DELETE FROM log_head",
    "UPDATE log_head SET size = 0",
    "UPDATE log_head SET root = 'forged'",
    "UPDATE agreement SET document = '{}'",
    "DELETE FROM agreement_signature",
    "DELETE FROM suspension",
]


def test_the_bridges_role_cannot_rewrite_what_is_only_added_to(bridge: Bridge, agreed: None) -> None:
    with bridge.begin() as session:
        log.append(session, refusal(0))
        head = log.head(session)
    for statement in REWRITES:
        with (
            Session(bridge.engine) as session,
            pytest.raises(DBAPIError, match=r"permission denied|the log only grows"),
        ):
            session.execute(text(statement))
    with bridge.begin() as session:
        assert log.head(session) == head


def test_not_even_the_owner_rewrites_it_by_accident(bridge: Bridge, bridge_url: str, agreed: None) -> None:
    with bridge.begin() as session:
        log.append(session, refusal(0))
    for statement in REWRITES:
        with psycopg.connect(bridge_url) as owner, pytest.raises(psycopg.errors.RaiseException):
            owner.execute(statement.encode())


def test_what_an_exchange_is_about_cannot_be_changed(
    bridge: Bridge, as_platform: Signer, agreed: None
) -> None:
    as_platform.post("/v1/exchanges", declaration())
    for column in ("subject = NULL", "purpose = 'OTHER'", "party = 'bank'", "consents = '[]'"):
        with Session(bridge.engine) as session, pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text(f"UPDATE exchange SET {column}"))
    with Session(bridge.engine) as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(text("DELETE FROM exchange"))


def test_the_bridges_role_owns_nothing(bridge_url: str, bridge: Bridge) -> None:
    with psycopg.connect(bridge_url) as owner:
        owned = owner.execute("SELECT relname FROM pg_class WHERE relowner = 'isthmus_bridge_app'::regrole")
        assert owned.fetchall() == []
        role = owner.execute(
            "SELECT rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole"
            " FROM pg_roles WHERE rolname = 'isthmus_bridge_app'"
        )
        assert role.fetchone() == (False,)
    with Session(bridge.engine) as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(text("CREATE TABLE smuggled (id int)"))


@pytest.fixture
def broken_log(bridge_url: str, bridge: Bridge) -> None:
    with psycopg.connect(bridge_url) as owner:
        owner.execute("REVOKE INSERT ON log_entry FROM isthmus_bridge_app")


def test_without_the_log_nothing_is_agreed_and_readiness_says_so(
    bridge: Bridge, bridge_url: str, agreed: None, broken_log: None, as_platform: Signer, window: Neighbour
) -> None:
    response = as_platform.post("/v1/exchanges", declaration())
    assert (response.status_code, response.get_json()["code"]) == (503, "log_unavailable")
    ready = as_platform.client.get("/readyz")
    assert (ready.status_code, ready.get_json()["log"]) == (503, "cannot be written")
    assert as_platform.client.get("/healthz").status_code == 200
    with psycopg.connect(bridge_url) as owner:
        assert owner.execute("SELECT count(*) FROM exchange").fetchone() == (0,)
        owner.execute("GRANT INSERT ON log_entry TO isthmus_bridge_app")
    assert as_platform.client.get("/readyz").status_code == 200
    assert as_platform.post("/v1/exchanges", declaration()).status_code == 201
    assert window.arrivals == []


def test_without_the_log_nothing_that_was_agreed_is_sent(
    bridge: Bridge, bridge_url: str, agreed: None, as_platform: Signer, window: Neighbour
) -> None:
    as_platform.post("/v1/exchanges", declaration())
    with psycopg.connect(bridge_url) as owner:
        owner.execute("REVOKE INSERT ON log_entry FROM isthmus_bridge_app")
    with pytest.raises(log.LogUnavailable):
        deliver_due(bridge)
    assert window.arrivals == []


def test_readiness_leaves_no_trace(bridge: Bridge, as_platform: Signer) -> None:
    for _ in range(3):
        assert as_platform.client.get("/readyz").status_code == 200
    with bridge.begin() as session:
        assert log.head(session).size == 0
        assert session.execute(text("SELECT count(*) FROM log_entry")).scalar_one() == 0


def test_a_monitor_follows_the_log_by_checkpoints_and_proofs_alone(
    bridge: Bridge, agreed: None, as_platform: Signer, as_authority: Signer
) -> None:
    client = as_platform.client
    as_platform.post("/v1/exchanges", declaration("one"))
    earlier = open_note(client.get("/v1/log/checkpoint").text, KEYRING, Holder.LOG)
    for key in ("two", "three", "four"):
        as_platform.post("/v1/exchanges", declaration(key, role="BANK"))
    later = open_note(client.get("/v1/log/checkpoint").text, KEYRING, Holder.LOG)
    assert (earlier.origin, earlier.size, later.size) == ("bridge.test/log", 3, 6)
    answer = client.get(f"/v1/log/consistency?from={earlier.size}&to={later.size}").get_json()
    proof = [bytes.fromhex(hash_) for hash_ in answer["proof"]]
    merkle.verify_consistency(earlier.size, earlier.root, later.size, later.root, proof)
    listed = as_authority.get("/v1/log/entries?start=4&limit=1").get_json()
    assert [entry["index"] for entry in listed["entries"]] == [4]
    record = LogRecord.from_json(listed["entries"][0]["record"])
    answer = client.get("/v1/log/inclusion?index=4&size=6").get_json()
    proof = [bytes.fromhex(hash_) for hash_ in answer["proof"]]
    merkle.verify_inclusion(record.leaf_hash, 4, 6, proof, later.root)
