"""Each crossing record is linked to those before it of its party and subject, and both sides commit to it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from agreed import record, refusal
from counterparts import KEYRING, Neighbour, Signer, agreement, declaration, reply, status_agreement
from isthmus_bridge import chains, log
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import Bridge
from isthmus_bridge.together import Rows, Statement, together
from isthmus_protocol.acknowledgements import open_acknowledgement
from isthmus_protocol.canonical import digest, parse_object
from isthmus_protocol.chains import Chain, Link
from isthmus_protocol.keys import Holder
from isthmus_protocol.messages import ExchangeAnswer, Reason
from isthmus_protocol.promises import open_promise, promise_of
from isthmus_protocol.receipts import Receiver, open_receipt
from isthmus_protocol.records import AgreementRecord, Change, LogRecord, Record, read_record
from standing import StandingClock

AGREEMENT_CHANGE = AgreementRecord(
    Change.PROPOSED,
    "export-declaration",
    1,
    "sha-256:" + "0" * 64,
    (Holder.OPERATOR,),
    ("sha-256:" + "1" * 64,),
    refusal(None, Reason.NO_AGREEMENT).at,
)


def about(party: str | None, subject: str | None) -> LogRecord:
    hidden = None if subject is None else subject * 64
    return record(None, party=party, subject=hidden, chain=None)


def leaves(bridge: Bridge) -> list[Record]:
    with bridge.begin() as session:
        return [read_record(parse_object(leaf.encode())) for _, leaf in log.entries(session, 0, 1000)]


def test_records_are_linked_in_order_within_a_batch_and_from_one_to_the_next(bridge: Bridge) -> None:
    with bridge.begin() as session:
        log.lock(session)
        ends: chains.Ends = {}
        first = chains.link(session, [about("bank", "a"), AGREEMENT_CHANGE, about("bank", None)], 5, ends)
        second = chains.link(session, [about(None, None), about("trader", "a"), about("bank", "b")], 8, ends)
    linked = [record.chain for record in [*first, *second] if isinstance(record, LogRecord)]
    assert linked == [
        Chain(Link(1, None), Link(1, None)),
        Chain(Link(2, 5), None),
        Chain(None, None),
        Chain(Link(1, None), Link(2, 5)),
        Chain(Link(3, 7), Link(1, None)),
    ]
    assert first[1] == AGREEMENT_CHANGE
    assert first[0] == replace(about("bank", "a"), chain=linked[0])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from([None, "bank", "trader"]), st.sampled_from([None, "a", "b"])),
            max_size=6,
        ),
        max_size=5,
    )
)
def test_however_records_are_batched_each_names_the_one_before_it(
    bridge: Bridge, batches: list[list[tuple[str | None, str | None]]]
) -> None:
    ends: dict[tuple[str, str], tuple[int, int | None]] = defaultdict(lambda: (0, None))
    index = 0
    with bridge.begin() as session:
        log.lock(session)
        known: chains.Ends = {}
        for batch in batches:
            for record in chains.link(session, [about(*named) for named in batch], index, known):
                assert isinstance(record, LogRecord)
                assert record.chain is not None
                named = (("party", record.party), ("subject", record.subject))
                for kind, key in named:
                    link = getattr(record.chain, kind)
                    if key is None:
                        assert link is None
                        continue
                    count, previous = ends[kind, key]
                    assert link == Link(count + 1, previous)
                    ends[kind, key] = (count + 1, index)
                index += 1


def test_a_batch_is_looked_up_and_written_in_one_journey_each(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    journeys: list[list[str]] = []

    def follow(session: Session, statements: Sequence[Statement]) -> list[Rows]:
        journeys.append([statement.split()[0] for statement, _ in statements])
        return together(session, statements)

    monkeypatch.setattr(chains, "together", follow)
    monkeypatch.setattr(log, "together", follow)
    with bridge.begin() as session:
        for number in range(200):
            log.append(session, about(f"party-{number % 9}", "abcdef"[number % 6]))
    assert journeys == [["SELECT", "SELECT", "SELECT"], ["SELECT"], ["WITH"]]


def test_a_refusal_is_in_its_partys_chain_and_does_not_tell_whether_its_subject_is_known(
    bridge: Bridge,
) -> None:
    refused = refusal(None, Reason.CONSENT_MISSING, party="bank", subject="a" * 64, chain=None)
    with bridge.begin() as session:
        log.lock(session)
        linked = chains.link(session, [about("trader", "a"), refused, about("bank", "a")], 0, {})
    assert [each.chain for each in linked if isinstance(each, LogRecord)] == [
        Chain(Link(1, None), Link(1, None)),
        Chain(Link(1, None), None),
        Chain(Link(2, 1), Link(2, 0)),
    ]


def test_a_link_is_gone_with_the_transaction_that_did_not_commit(bridge: Bridge) -> None:
    def fail_halfway() -> None:
        with bridge.begin() as session:
            log.append(session, about("bank", "a"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    with bridge.begin() as session:
        log.append(session, about("bank", "a"))
    (record,) = leaves(bridge)
    assert isinstance(record, LogRecord)
    assert record.chain == Chain(Link(1, None), Link(1, None))


@pytest.mark.usefixtures("agreed")
def test_every_answer_promises_the_very_leaf_that_the_log_then_holds(
    bridge: Bridge, as_platform: Signer
) -> None:
    for number, role in enumerate(["FORWARDER", "BANK", "FORWARDER"]):
        answered = as_platform.post("/v1/exchanges", declaration(f"key-{number}", role=role))
        answer = ExchangeAnswer.from_json(answered.get_json())
        promise = promise_of(answer.promise, KEYRING, answer.exchange, answer.log_index)
        leaf = leaves(bridge)[answer.log_index]
        assert isinstance(leaf, LogRecord)
        assert (promise.origin, promise.leaf_hash, promise.chain) == (
            bridge.origin,
            leaf.leaf_hash,
            leaf.chain,
        )
        again = as_platform.post("/v1/exchanges", declaration(f"key-{number}", role=role))
        assert again.get_json() == answered.get_json()


@pytest.mark.usefixtures("agreed")
def test_receiver_and_originator_commit_to_the_same_place_both_ways(
    bridge: Bridge, as_platform: Signer, as_window: Signer, window: Neighbour
) -> None:
    asked = str(as_platform.post("/v1/exchanges", declaration()).get_json()["exchange"])
    deliver_due(bridge)
    told = str(as_window.post("/v1/exchanges", reply(asked)).get_json()["exchange"])
    deliver_due(bridge)
    sides = {asked: (Receiver.WINDOW, Receiver.PLATFORM), told: (Receiver.PLATFORM, Receiver.WINDOW)}
    for exchange_id, (receiver, originator) in sides.items():
        shown = as_platform.get(f"/v1/exchanges/{exchange_id}").get_json()
        assert shown["state"] == "ACKNOWLEDGED"
        place = open_promise(shown["promise"], KEYRING).place
        assert open_receipt(shown["receipt"], KEYRING, receiver).place == place
        said = open_acknowledgement(shown["acknowledgement"], KEYRING, originator)
        assert said.place == place
        assert said.receipt_digest == digest(shown["receipt"].encode())
    envelope = window.received[asked]
    assert promise_of(envelope.promise, KEYRING, asked).place.party_count == 1
    with bridge.begin() as session:
        found = session.get_one(Exchange, told)
    assert open_promise(found.promise or "", KEYRING).place.party_count == 4, (
        "AGREED, SENT, DELIVERED before it"
    )


@pytest.mark.usefixtures("agreed")
@pytest.mark.parametrize("answer", ["nothing", "elsewhere"])
def test_an_exchange_is_not_acknowledged_by_a_word_that_commits_to_nothing_or_elsewhere(
    bridge: Bridge, as_platform: Signer, private: Neighbour, clock: StandingClock, answer: str
) -> None:
    private.answers.append(answer)
    exchange = as_platform.post("/v1/exchanges", declaration()).get_json()["exchange"]
    deliver_due(bridge)
    shown = as_platform.get(f"/v1/exchanges/{exchange}").get_json()
    assert (shown["state"], shown["acknowledgement"]) == ("DELIVERED", None)
    clock.advance(seconds=5)
    deliver_due(bridge)
    assert as_platform.get(f"/v1/exchanges/{exchange}").get_json()["state"] == "ACKNOWLEDGED"


def test_what_was_under_way_before_there_were_chains_is_delivered_with_a_promise_of_no_count(
    bridge: Bridge, as_platform: Signer, put_in_force: Callable[..., None], window: Neighbour
) -> None:
    put_in_force(agreement(), status_agreement())
    exchange = as_platform.post("/v1/exchanges", declaration()).get_json()["exchange"]
    index = len(leaves(bridge)) - 1
    _forget_chains(bridge, index)
    deliver_due(bridge)
    promise = promise_of(window.received[exchange].promise, KEYRING, exchange, index)
    assert promise.chain == Chain(None, None)
    assert as_platform.get(f"/v1/exchanges/{exchange}").get_json()["state"] == "ACKNOWLEDGED"
    told = leaves(bridge)[-1]
    assert isinstance(told, LogRecord)
    assert told.chain == Chain(Link(2, index + 1), Link(2, index + 1)), "the chains begin with the next leaf"


def _forget_chains(bridge: Bridge, index: int) -> None:
    """Make the last leaf of the log one that was appended before there were chains."""
    with bridge.begin() as session:
        leaf = read_record(parse_object(log.entry(session, index).encode()))
        assert isinstance(leaf, LogRecord)
        old = replace(leaf, chain=None)
        session.execute(text("SET LOCAL ROLE NONE"))
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE exchange SET promise = NULL"))
        session.execute(text("DELETE FROM log_chain"))
        session.execute(
            text("UPDATE log_entry SET record = :record WHERE index = :index"),
            {"record": old.leaf.decode(), "index": index},
        )
        session.execute(
            text("UPDATE log_node SET hash = :hash WHERE level = 0 AND index = :index"),
            {"hash": old.leaf_hash, "index": index},
        )
