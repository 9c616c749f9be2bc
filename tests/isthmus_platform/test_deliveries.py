"""A delivery is proven by who drove or received, signed, answered by the recipient, and told as tracking."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from at_once import at_once
from gate_trade import CONTAINER, OTHER, GateTrade, open_gate_trade
from isthmus_platform import documents, shipments, tracking
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_platform.errors import NotFound, PlatformError
from isthmus_platform.logistics.deliveries import Attachment
from isthmus_platform.logistics.delivery_statements import Irregular, Lacking
from isthmus_platform.logistics.errors import WrongParty
from isthmus_protocol.delivery_file import verify_delivery
from standing import StandingClock
from title_trade import TRUST

DENTED = Irregular(Lacking.DAMAGE, "Crate dented", 1)
WRITERS = 16


@pytest.fixture
def trade(platform: Platform) -> GateTrade:
    return open_gate_trade(platform)


def released(trade: GateTrade) -> UUID:
    """Return a release whose cargo was handed out."""
    order = trade.ordered()
    trade.hand_out(order)
    return order.release_id


def driven(trade: GateTrade, clock: StandingClock) -> UUID:
    """Return the completed appointment of a lorry that ``rival`` drove."""
    order = trade.ordered()
    slot = trade.offer()[0]
    made = trade.book(slot.id, order).id
    clock.now = slot.starts_at
    trade.move("arrive", made, "terminal")
    trade.hand_out(order)
    trade.move("complete", made, "terminal")
    clock.advance(hours=2)
    return made


def refused(trade: GateTrade, call: Any) -> str:
    """Return the code of why ``call`` was refused, which changed nothing."""
    before = trade.rows()
    with pytest.raises(PlatformError) as error:
        call()
    assert trade.rows() == before
    return error.value.code


def status(trade: GateTrade) -> tuple[str, list[tuple[str, str]]]:
    """Return the shipment's status, and by whom each delivery milestone was told."""
    with trade.platform.begin(trade.releases.titles["trader"]) as work:
        row = shipments.get(work, trade.releases.titles.shipment)
        journey = tracking.journeys_of(work, [row.id], {})[row.id]
        told = [
            (each.actual.source.name, each.actual.source.kind.value)
            for each in journey.milestones
            if each.subject.code == "DELIVERED" and each.actual is not None
        ]
        return tracking.progress(work, [row])[row.id].status.code, told


def test_who_drove_proves_its_container_and_the_recipient_confirms(
    trade: GateTrade, clock: StandingClock
) -> None:
    appointment = driven(trade, clock)
    proof = trade.deliver("rival", appointment=appointment, exceptions=[DENTED])
    assert (proof.state, proof.equipment) == ("RECORDED", [CONTAINER])
    assert trade.answer(proof.id) == "CONFIRMED"
    for by in ("rival", "consignee", "carrier", "trader", "terminal"):
        verdict, said = verify_delivery(trade.file(proof.id, by), TRUST)
        assert verdict.passed, verdict.checks
    assert "DAMAGE: Crate dented (1 packages)" in said
    assert any("CONFIRMED by consignee" in line for line in said)
    assert refused(trade, partial(trade.deliver, "rival", appointment=appointment)) == "proven_before"
    assert refused(trade, partial(trade.answer, proof.id, agrees=False, remark="No")) == "wrong_state"
    assert refused(trade, partial(trade.withdraw, proof.id, "rival")) == "wrong_state"


def test_a_delivery_becomes_an_event_of_tracking_by_who_told_it_and_goes_with_the_proof(
    trade: GateTrade, clock: StandingClock
) -> None:
    release = released(trade)
    before = status(trade)[0]
    clock.advance(hours=1)
    proof = trade.deliver("consignee", release=release)
    assert sorted(proof.equipment) == sorted([CONTAINER, OTHER])
    assert status(trade) == ("DELIVERED", [("consignee", "CONSIGNEE")] * 2)
    trade.withdraw(proof.id, "consignee")
    assert status(trade) == (before, [])
    trade.deliver("carrier", release=release, equipment=[OTHER])
    assert status(trade)[1] == [("carrier", "CARRIER")]


def test_at_another_door_than_the_journeys_end_the_goods_are_delivered_too(
    trade: GateTrade, clock: StandingClock
) -> None:
    trade.deliver("rival", appointment=driven(trade, clock), place="DEBRE")
    assert status(trade) == ("DELIVERED", [("rival", "ROAD")])


def test_a_dispute_says_why_and_lets_another_proof_be_recorded(trade: GateTrade) -> None:
    release = released(trade)
    proof = trade.deliver("carrier", release=release)
    assert refused(trade, partial(trade.answer, proof.id, agrees=False)) == "required"
    assert trade.answer(proof.id, agrees=False, remark="One crate is missing") == "DISPUTED"
    verdict, said = verify_delivery(trade.file(proof.id), TRUST)
    assert verdict.passed
    assert said[-1].endswith("DISPUTED by consignee: One crate is missing")
    missing = Irregular(Lacking.SHORTAGE, "One crate is missing", 1)
    again = trade.deliver("carrier", release=release, exceptions=[missing])
    assert trade.answer(again.id) == "CONFIRMED"


def test_a_withdrawn_proof_no_longer_verifies(trade: GateTrade) -> None:
    proof = trade.deliver("carrier", release=released(trade))
    trade.withdraw(proof.id, "carrier")
    verdict, _ = verify_delivery(trade.file(proof.id), TRUST)
    assert not verdict.passed
    assert "WITHDRAWN" in verdict.checks[-1].detail


@pytest.mark.parametrize("by", ["terminal", "trader", "stranger", "rival", "bank", "operator"])
def test_only_who_carried_or_received_can_prove_it(trade: GateTrade, by: str) -> None:
    release = released(trade)
    with pytest.raises((WrongParty, NotFound)):
        trade.deliver(by, release=release)
    proof = trade.deliver("carrier", release=release).id
    with pytest.raises((WrongParty, NotFound)):
        trade.answer(proof, by=by)
    with pytest.raises((WrongParty, NotFound)):
        trade.withdraw(proof, by)


def test_who_records_does_not_answer_itself(trade: GateTrade) -> None:
    proof = trade.deliver("consignee", release=released(trade)).id
    with pytest.raises(WrongParty):
        trade.answer(proof)


def test_nothing_is_proven_before_the_cargo_was_handed_out_nor_in_the_future(
    trade: GateTrade, clock: StandingClock
) -> None:
    order = trade.ordered()
    release = order.release_id
    assert refused(trade, partial(trade.deliver, "carrier", release=release)) == "wrong_state"
    trade.hand_out(order)
    deliver = partial(trade.deliver, "carrier", release=release)
    early, late = clock.now - timedelta(seconds=1), clock.now + timedelta(seconds=1)
    for changes, code in (
        ({"at": early}, "before_pick_up"),
        ({"at": late}, "in_future"),
        ({"place": "XXZZZ"}, "unknown_place"),
        ({"received_by": " "}, "length"),
        ({"equipment": ["MSKU0000000"]}, "not_in_shipment"),
        ({"exceptions": [Irregular(Lacking.DAMAGE, "All", 0)]}, "range"),
        ({"exceptions": [DENTED] * 51}, "too_many"),
        ({"attachments": [Attachment("photo", "ab")]}, "format"),
        ({"attachments": [Attachment("photo")]}, "one_of"),
        ({"release": None}, "one_of"),
    ):
        assert refused(trade, partial(deliver, **changes)) == code


def test_a_document_here_is_evidence_by_the_digest_of_its_newest_version(trade: GateTrade) -> None:
    stored = trade.releases.titles.papers.store(type_code="705")
    trade.releases.titles.papers.grant(
        stored.document_id, reader="carrier", valid_until=trade.platform.clock() + timedelta(days=30)
    )
    release = released(trade)
    with trade.platform.begin(trade.releases.titles["trader"]) as work:
        digest = documents.version(work, stored.document_id).sha256
    attached = [Attachment("photo", "AB" * 32), Attachment("bill", document=stored.document_id)]
    proof = trade.deliver("carrier", release=release, attachments=attached)
    assert proof.said["evidence"] == [
        {"name": "photo", "sha256": "ab" * 32},
        {"name": "bill", "sha256": digest},
    ]
    trade.withdraw(proof.id, "carrier")
    unseen = partial(trade.deliver, "consignee", release=release, attachments=attached)
    assert refused(trade, unseen) == "not_found"


def test_of_proofs_at_once_one_stands(platform_url: str, clock: StandingClock) -> None:
    engine = create_platform_engine(platform_url, pool_size=WRITERS)
    trade = open_gate_trade(Platform(engine, clock))
    release = released(trade)
    calls = [
        partial(trade.deliver, ("carrier", "consignee")[number % 2], release=release)
        for number in range(WRITERS)
    ]
    assert at_once(calls) == {"done": 1, "proven_before": WRITERS - 1}
    assert len(trade.releases.titles.as_owner("SELECT FROM tracking_event")) == 2
    engine.dispose()
