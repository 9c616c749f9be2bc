"""Screening: what becomes a hit, how it is decided by four eyes, and what a new version of a list changes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from at_once import at_once
from isthmus_platform import outbox, parties, shipments
from isthmus_platform.database import Duty, PartyRole, Platform
from isthmus_platform.errors import PlatformError
from isthmus_platform.papers import issuing
from isthmus_platform.papers.kinds import CommercialInvoice
from isthmus_platform.papers.parts import Amount, InvoiceLine, TradeParty
from isthmus_platform.screening import asked, hits, lists, reading, review, running
from isthmus_platform.screening.records import DUTY, ScreeningHit
from isthmus_platform.screening.running import Screener
from screening_trade import CONSIGNEE, GOODS, VESSEL, Screening, screened
from title_trade import DESK, open_title_trade
from trade import open_trade
from voyage_events import moved, send


@pytest.fixture
def screening(platform: Platform, platform_url: str) -> Screening:
    made = screened(open_trade(platform), platform_url)
    made.work()
    return made


def told(found: list[ScreeningHit]) -> list[tuple[str, str, str, int]]:
    return sorted((hit.place, hit.reference, hit.state, hit.score) for hit in found)


def refused(call: Callable[[], Any]) -> tuple[str, str | None]:
    with pytest.raises(PlatformError) as caught:
        call()
    return caught.value.code, caught.value.field


def test_what_a_shipment_names_is_screened_when_it_is_opened(screening: Screening) -> None:
    screening.load(CONSIGNEE, GOODS, VESSEL)
    shipment = screening.trade.ship()
    screening.work()
    assert told(screening.hits()) == [
        ("consignee", "P-1", "OPEN", 100),
        ("goods.1", "G-1", "OPEN", 100),
        ("vessel", "V-1", "OPEN", 100),
    ]
    with screening.platform.begin(screening.trade["trader"]) as work:
        found = reading.about_shipment(work, shipment)
    operator = screening.trade["operator"].party_id
    assert (found.waiting, found.against, len(found.hits)) == (3, {f"{operator}/sample": 1}, 3)
    assert found.screened_at == screening.platform.clock()


def test_the_explanation_names_tokens_scores_and_threshold(screening: Screening) -> None:
    screening.load({**CONSIGNEE, "names": ["Hanseatic Werkzeugmaschinen AG"], "countries": ["AT"]})
    screening.trade.ship(consignee_name="WERKZEUGMASCHINEN, Hanseátische GmbH")
    screening.work()
    (hit,) = screening.hits()
    assert hit.explanation == {
        "scoring": "1",
        "kind": "PARTY",
        "given": "WERKZEUGMASCHINEN, Hanseátische GmbH",
        "listed": "Hanseatic Werkzeugmaschinen AG",
        "rule": "tokens",
        "pairs": [["werkzeugmaschinen", "werkzeugmaschinen", 100], ["hanseatische", "hanseatic", 75]],
        "takenOff": [["country", 5]],
        "country": "DE",
        "listedCountries": ["AT"],
        "score": 85,
        "threshold": 85,
    }


def test_a_member_is_screened_when_it_is_admitted_and_reviewed_by_the_operator(screening: Screening) -> None:
    screening.load({"reference": "P-9", "kind": "PARTY", "names": ["Nordwind Shipping"]})
    with screening.platform.begin(Duty("onboarding")) as work:
        party = parties.register(work, "nordwind", "NORDWIND Shipping Ltd.", "GB", [PartyRole.CARRIER])
    screening.work()
    (hit,) = screening.hits("operator")
    assert (hit.place, hit.score, hit.about_id, hit.party_id) == (
        "member",
        100,
        party.id,
        screening.trade["operator"].party_id,
    )
    for other in ("trader", "authority", "rival"):
        assert screening.hits(other) == []
    with screening.platform.begin(parties.actor_of(party, "user:theirs")) as work:
        assert reading.page(work) == [], "nor does the party itself learn that there is anything"


def test_a_vessel_is_screened_when_an_event_names_it_and_asked_for_once(screening: Screening) -> None:
    screening.load({"reference": "V-2", "kind": "VESSEL", "imo": "9321483"})
    screening.trade.ship()
    screening.work()
    assert screening.hits() == []
    call = {"vessel": {"vesselIMONumber": "9321483", "vesselName": "Renamed Since"}}
    first, second = (moved(str(day), "DEPA", "TWKHH", day) for day in (2, 3))
    for event in (first, second):
        event["transportCall"] = event["transportCall"] | call
    send(screening.trade, first)
    assert screening.work() == 1
    assert told(screening.hits()) == [("event", "V-2", "OPEN", 100)]
    send(screening.trade, second)
    assert screening.work() == 0, "the vessel is known"


def test_a_hit_blocks_nothing_by_itself(screening: Screening) -> None:
    screening.load(CONSIGNEE, GOODS, VESSEL)
    screening.trade.ship()
    screening.work()
    send(screening.trade, moved("1", "DEPA", "TWKHH", 2))
    screening.trade.ship(reference="R2", ucr="U2")
    assert {hit.state for hit in screening.hits()} == {"OPEN"}


def hit_of(screening: Screening) -> UUID:
    screening.load(CONSIGNEE)
    screening.trade.ship()
    screening.work()
    (hit,) = screening.hits()
    return hit.id


@pytest.mark.parametrize(("decision", "state"), [("RELEASE", "RELEASED"), ("CONFIRM", "CONFIRMED")])
def test_two_people_decide(screening: Screening, decision: str, state: str) -> None:
    hit = screening.decide(hit_of(screening), decision)
    assert (hit.state, hit.proposed_by, hit.decided_by) == (state, "user:first", "user:second")
    assert screening.actions(hit.id) == ["OPENED", "PROPOSED", "APPROVED"]


def test_nobody_approves_what_they_proposed(screening: Screening) -> None:
    hit = hit_of(screening)
    with screening.platform.begin(screening.person("first")) as work:
        review.propose(work, hit, "RELEASE", "Another company")
    before = screening.rows()

    def approve() -> None:
        with screening.platform.begin(screening.person("first")) as work:
            review.approve(work, hit, "RELEASE")

    assert refused(approve) == ("same_person", "hit")
    assert screening.rows() == before


def test_the_database_holds_that_two_people_decide(screening: Screening) -> None:
    hit = screening.decide(hit_of(screening))
    with psycopg.connect(screening.url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE screening_hit SET decided_by = proposed_by WHERE id = %s", [hit.id])


def test_a_machine_client_decides_nothing(screening: Screening) -> None:
    hit = hit_of(screening)

    def propose() -> None:
        with screening.platform.begin(screening.trade["trader"]) as work:
            review.propose(work, hit, "RELEASE", "Another company")

    assert refused(propose) == ("person_required", "hit")
    assert screening.hit(hit).state == "OPEN"


def test_another_proposal_than_was_read_is_not_approved(screening: Screening) -> None:
    hit = hit_of(screening)
    with screening.platform.begin(screening.person("first")) as work:
        review.propose(work, hit, "CONFIRM", "The same company")

    def approve() -> None:
        with screening.platform.begin(screening.person("second")) as work:
            review.approve(work, hit, "RELEASE")

    assert refused(approve) == ("other_proposal", "decision")


def test_a_proposal_is_sent_back_with_a_reason(screening: Screening) -> None:
    hit = hit_of(screening)
    with screening.platform.begin(screening.person("first")) as work:
        review.propose(work, hit, "RELEASE", "Looks different")
    with screening.platform.begin(screening.person("second")) as work:
        review.send_back(work, hit, "Say how it differs")
    assert screening.hit(hit).proposed_by is None
    assert screening.decide(hit).state == "RELEASED"
    assert screening.actions(hit) == ["OPENED", "PROPOSED", "RETURNED", "PROPOSED", "APPROVED"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"decision": "FORGET"}, ("decision", "decision")),
        ({"reason": " "}, ("empty", "reason")),
        ({"reason": "x" * 2001}, ("too_long", "reason")),
        ({"hit_id": UUID(int=1)}, ("not_found", "hit")),
    ],
    ids=["unknown decision", "empty reason", "long reason", "no hit"],
)
def test_a_bad_proposal_is_refused_and_changes_nothing(
    screening: Screening, given: dict[str, Any], expected: tuple[str, str]
) -> None:
    good: dict[str, Any] = {"hit_id": hit_of(screening), "decision": "RELEASE", "reason": "Another company"}
    before = screening.rows()

    def propose() -> None:
        with screening.platform.begin(screening.person("first")) as work:
            review.propose(work, **(good | given))

    assert refused(propose) == expected
    assert screening.rows() == before


def test_others_neither_see_nor_decide_a_hit(screening: Screening) -> None:
    hit = hit_of(screening)
    before = screening.rows()
    for other in ("stranger", "operator", "authority", "carrier", "forwarder"):
        assert screening.hits(other) == []

        with screening.platform.begin(screening.person("first", other)) as work:
            assert refused(partial(review.propose, work, hit, "RELEASE", "curious")) == ("not_found", "hit")
        with screening.platform.begin(screening.trade[other]) as work:
            assert reading.about_shipment(work, screening.hit(hit).thing_id).hits == []
    assert screening.rows() == before


@pytest.mark.parametrize("duty", ["outbox", "metering", "billing", "onboarding", "matching", "bridge-inbox"])
def test_no_other_duty_sees_hits(screening: Screening, duty: str) -> None:
    hit_of(screening)
    with screening.platform.begin(Duty(duty)) as work:
        assert reading.page(work) == []


def test_a_new_version_reopens_only_where_the_entry_changed(screening: Screening) -> None:
    screening.load(CONSIGNEE, GOODS, VESSEL)
    screening.trade.ship()
    screening.work()
    known = {hit.reference: hit.id for hit in screening.hits()}
    for each in known.values():
        screening.decide(each)
    screening.load(CONSIGNEE, {**GOODS, "remarks": "Wider since July"})
    states = {name: screening.hit(each).state for name, each in known.items()}
    assert states == {"P-1": "RELEASED", "G-1": "OPEN", "V-1": "LAPSED"}
    assert screening.actions(known["G-1"])[-1] == "REOPENED"
    assert screening.hit(known["P-1"]).list_version == 2, "it stands against the new version too"
    screening.load(CONSIGNEE, GOODS, VESSEL)
    states = {name: screening.hit(each).state for name, each in known.items()}
    assert states == {"P-1": "RELEASED", "G-1": "OPEN", "V-1": "OPEN"}


def test_a_changed_entry_takes_a_proposal_with_it(screening: Screening) -> None:
    hit = hit_of(screening)
    with screening.platform.begin(screening.person("first")) as work:
        review.propose(work, hit, "RELEASE", "Another company")
    screening.load({**CONSIGNEE, "programme": "Harder"})

    def approve() -> None:
        with screening.platform.begin(screening.person("second")) as work:
            review.approve(work, hit, "RELEASE")

    assert refused(approve) == ("not_in_this_state", "hit")
    assert (screening.hit(hit).state, screening.hit(hit).proposed_by) == ("OPEN", None)


def test_a_version_is_screened_against_from_its_time_on(screening: Screening, clock: Any) -> None:
    screening.trade.ship()
    screening.load(CONSIGNEE, effectiveFrom="2026-06-10T00:00:00Z")
    assert screening.hits() == []
    clock.advance(days=30)
    screening.work()
    assert told(screening.hits()) == [("consignee", "P-1", "OPEN", 100)]


def test_the_same_list_again_changes_nothing(screening: Screening) -> None:
    first = screening.load(CONSIGNEE)
    before = screening.rows()
    assert screening.load(CONSIGNEE).id == first.id
    assert screening.rows() == before


def test_a_version_does_not_take_effect_before_the_one_it_follows(screening: Screening) -> None:
    screening.load(CONSIGNEE, effectiveFrom="2026-05-01T00:00:00Z")
    before = screening.rows()
    told = refused(lambda: screening.load(GOODS, effectiveFrom="2026-04-30T00:00:00Z"))
    assert told == ("effective_before", "effectiveFrom")
    assert screening.rows() == before


def test_only_an_operator_loads_lists(screening: Screening) -> None:
    impostor = replace(
        screening, trade=replace(screening.trade, actors={"operator": screening.trade["trader"]})
    )
    assert refused(lambda: impostor.load(CONSIGNEE)) == ("role_required", None)


def test_only_differences_are_kept_and_can_be_shown(screening: Screening) -> None:
    screening.load(CONSIGNEE, GOODS)
    newer = screening.load({**GOODS, "keywords": ["lathe"]}, VESSEL)
    assert (newer.entries, newer.added, newer.changed, newer.removed) == (2, 1, 1, 1)
    with screening.platform.begin(screening.trade["operator"]) as work:
        older = lists.get(work, "sample", 1)
        found = lists.difference(work, older, newer)
    assert (set(found.added), set(found.changed), set(found.removed)) == ({"V-1"}, {"G-1"}, {"P-1"})
    assert [side["keywords"] for side in found.changed["G-1"]] == [["machining centre"], ["lathe"]]


def test_a_run_goes_on_where_a_killed_worker_stopped(
    screening: Screening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 2)
    for number in range(5):
        screening.trade.ship(reference=f"R{number}", ucr=f"U{number}")
    screening.work()
    row = screening.load(CONSIGNEE, work=False)
    screening.work(limit=3)  # it begins, and two batches are done
    calls = 0
    settle: Callable[..., int] = hits.settle

    def killed(*given: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise SystemExit
        return settle(*given)

    monkeypatch.setattr(hits, "settle", killed)
    with pytest.raises(SystemExit):
        screening.work()
    with screening.platform.begin(screening.trade["operator"]) as work:
        run = lists.runs(work, [row.id])[row.id]
    assert (run.done, run.finished_at) == (4, None), "half a batch is no batch"
    monkeypatch.setattr(hits, "settle", settle)
    screening.worker.go_on(row.id)
    while screening.work():
        pass
    with screening.platform.begin(screening.trade["operator"]) as work:
        run = lists.runs(work, [row.id])[row.id]
    assert (run.done, run.opened, run.finished_at is not None) == (7 + 5, 5, True)
    assert len(screening.hits()) == 5, "each once"


def test_a_message_that_comes_twice_is_done_once(screening: Screening) -> None:
    screening.load(CONSIGNEE)
    shipment = screening.trade.ship()
    screening.work()
    before = screening.rows()
    message = outbox.Message(
        uuid4(),
        asked.TOPIC,
        screening.trade["trader"].party_id,
        {"kind": "SHIPMENT", "thing": str(shipment)},
        "-",
        screening.platform.clock(),
        2,
    )
    screening.worker(message)
    assert screening.rows() == before


def test_its_owner_is_metered_once_for_what_is_new(screening: Screening) -> None:
    screening.trade.ship()
    screening.work()
    screening.load(CONSIGNEE)
    screening.trade.ship(reference="R2", ucr="U2")
    screening.work()
    screening.load({**CONSIGNEE, "remarks": "again"})
    with psycopg.connect(screening.url) as connection:
        used = connection.execute(
            "SELECT party_id, payload -> 'about' ->> 'kind' FROM outbox"
            " WHERE payload ->> 'name' = 'screening.performed'"
        ).fetchall()
    assert used == [(screening.trade["trader"].party_id, "SHIPMENT")], "re-screening is the operator's doing"


def test_the_duty_reads_no_members_data(screening: Screening) -> None:
    screening.trade.ship()
    with screening.platform.begin(Duty(DUTY)) as work:
        assert shipments.page(work) == [], "what a shipment says is read as its owner"


def test_of_many_who_approve_at_the_same_instant_one_does(screening: Screening) -> None:
    hit = hit_of(screening)
    with screening.platform.begin(screening.person("first")) as work:
        review.propose(work, hit, "RELEASE", "Another company")

    def approve(name: str) -> None:
        with screening.platform.begin(screening.person(name)) as work:
            review.approve(work, hit, "RELEASE")

    tried = at_once([partial(approve, name) for name in ("first", "second", "third", "fourth")])
    assert tried["done"] == 1
    assert set(tried) <= {"done", "same_person", "not_in_this_state"}
    assert screening.actions(hit) == ["OPENED", "PROPOSED", "APPROVED"]


def test_two_workers_do_a_batch_of_a_run_once(screening: Screening) -> None:
    for number in range(4):
        screening.trade.ship(reference=f"R{number}", ucr=f"U{number}")
    screening.work()
    row = screening.load(CONSIGNEE, work=False)
    screening.worker.begin(row.id)
    assert at_once([partial(screening.worker.go_on, row.id)] * 4) == {"done": 4}
    with screening.platform.begin(screening.trade["operator"]) as work:
        run = lists.runs(work, [row.id])[row.id]
    assert (run.done, run.opened) == (7 + 4, 4)
    assert len(screening.hits()) == 4


def test_a_document_that_is_issued_is_screened_by_what_it_says(platform: Platform, platform_url: str) -> None:
    titles = open_title_trade(platform)
    papers = titles.papers
    screening = Screening(papers.trade, Screener(platform, DESK.vault), platform_url)
    screening.load({"reference": "P-5", "kind": "PARTY", "names": ["Elbe Handelsbank"]}, GOODS)
    screening.work()
    invoice = CommercialInvoice(
        number="FPM-1",
        issued_on=date(2026, 5, 2),
        seller=TradeParty("Trader Ltd"),
        buyer=TradeParty("ELBE-Handelsbank AG"),
        currency="USD",
        total=Amount(Decimal(100), "USD"),
        lines=(InvoiceLine("1", "Used machining centres", Amount(Decimal(100), "USD"), hs_code="845710"),),
    )
    with platform.begin(papers.trade["trader"]) as work:
        reference = shipments.get(work, titles.shipment).reference
        issuing.issue(work, DESK, reference, invoice)
    screening.work()
    documents = [hit for hit in screening.hits() if hit.kind == "DOCUMENT"]
    assert [(place, name) for place, name, _, _ in told(documents)] == [("buyer", "P-5"), ("lines.0", "G-1")]
    assert {hit.shipment_id for hit in documents} == {titles.shipment}
