"""Cargo is let go only when every condition holds; a refusal names each that does not and changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from uuid import UUID

import pytest

from at_once import at_once
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_platform.errors import InvalidInput, NotFound, NotPermitted
from isthmus_platform.logistics import tokens
from isthmus_platform.logistics.errors import (
    NoSuchRelease,
    NotReleasable,
    OrderExpired,
    WrongParty,
    WrongState,
    WrongToken,
)
from isthmus_platform.logistics.machine import OrderState, State
from isthmus_platform.logistics.verdict import (
    ELSEWHERE,
    Condition,
    CustomsFact,
    Facts,
    Obstacle,
    TitleFact,
    TransportDocument,
    judge,
)
from release_trade import WAYBILL, ReleaseTrade, open_release_trade
from standing import StandingClock
from title_trade import DESK

NOW = StandingClock().now
STRANGERS = ("stranger", "rival", "bank", "insurer", "operator", "authority")
CODES = [
    "title_not_surrendered",
    "customs_not_released",
    "freight_unpaid",
    "bank_consent_missing",
    "cargo_held",
]


@pytest.fixture
def trade(platform: Platform) -> ReleaseTrade:
    return open_release_trade(platform)


def facts(*, title: bool, customs: bool, freight: bool, consent: bool, free: bool) -> Facts:
    return Facts(
        document=TransportDocument.BILL_OF_LADING,
        carrier="carrier",
        consignee="consignee",
        declarant="trader",
        opened_at=NOW,
        title=TitleFact(title, "SURRENDERED" if title else "HELD", NOW, "bank", "consignee"),
        customs=CustomsFact(released=customs, since=NOW, filed_at=NOW),
        freight_paid_at=NOW if freight else None,
        freight_since=NOW,
        liens=() if consent else (Obstacle("LIEN", "bank", NOW, "LOAN-1"),),
        holds=() if free else (Obstacle("CUSTOMS HOLD", "authority", NOW, None),),
    )


def test_all_and_only_the_conditions_that_do_not_hold_are_missing() -> None:
    for held in product([True, False], repeat=5):
        found = judge(
            facts(**dict(zip(("title", "customs", "freight", "consent", "free"), held, strict=True)))
        )
        assert [each.holds for each in found.findings] == list(held)
        assert [each.condition for each in found.findings] == list(Condition)
        assert found.releasable is all(held)
        for each in found.missing:
            assert each.cleared_by
            assert each.since == NOW


@pytest.mark.parametrize(
    ("customs", "says"),
    [
        (None, "No export declaration was filed."),
        (
            CustomsFact(released=False, since=NOW, filed_at=NOW),
            "the export declaration filed on 2026-06-01 is not released",
        ),
        (
            CustomsFact(released=True, since=NOW, filed_at=NOW),
            f"released the goods for export: the export declaration filed on 2026-06-01. {ELSEWHERE}",
        ),
    ],
    ids=["none", "not released", "released"],
)
def test_the_verdict_says_which_declaration_was_looked_at_and_claims_nothing_of_import(
    customs: CustomsFact | None, says: str
) -> None:
    known = facts(title=True, customs=True, freight=True, consent=True, free=True)
    found = {each.condition: each for each in judge(replace(known, customs=customs)).findings}
    assert says in found[Condition.CUSTOMS_RELEASED].says


def test_the_verdict_says_who_can_clear_what_and_since_when(
    trade: ReleaseTrade, clock: StandingClock
) -> None:
    opened = clock.now
    release = trade.open()
    assert trade.missing(release) == [
        Condition.TITLE_SURRENDERED,
        Condition.CUSTOMS_RELEASED,
        Condition.FREIGHT_PAID,
    ]
    clock.advance(hours=1)
    title = trade.titles.issue()
    lien, hold = trade.titles.pledge(title), trade.titles.hold()
    trade.declare()
    clock.advance(hours=1)
    trade.hold(release)
    found = {each.condition: each for each in trade.verdict(release).findings}
    assert {condition: each.cleared_by for condition, each in found.items()} == {
        Condition.TITLE_SURRENDERED: ("trader",),
        Condition.CUSTOMS_RELEASED: ("trader",),
        Condition.FREIGHT_PAID: ("carrier",),
        Condition.BANK_CONSENT: ("bank",),
        Condition.NO_HOLDS: ("authority", "terminal"),
    }
    assert found[Condition.FREIGHT_PAID].since == opened
    assert {each.since for condition, each in found.items() if condition is not Condition.FREIGHT_PAID} == {
        opened.replace(hour=opened.hour + 1)
    }
    with pytest.raises(NotReleasable) as refused:
        trade.order(release)
    assert [each.code for each in refused.value.reasons] == CODES
    assert all("Since 2026-06-01" in each.message for each in refused.value.reasons)
    told = {each.condition: each.cleared_by for each in trade.verdict(release, "terminal").findings}
    assert told[Condition.BANK_CONSENT] == (), "whose lien it is, is not the terminal's to know"
    assert told[Condition.TITLE_SURRENDERED] == ()
    trade.titles.release("bank", lien)
    trade.titles.release("authority", hold)
    assert Condition.BANK_CONSENT not in trade.missing(release)


def test_an_order_is_refused_until_the_last_condition_holds_and_opens_the_gate_once(
    trade: ReleaseTrade,
) -> None:
    release = trade.open()
    steps: list[Callable[[], object]] = [
        lambda: trade.surrender(trade.titles.issue()),
        trade.declare,
        lambda: trade.customs_say("RELEASED"),
        lambda: trade.freight(release),
    ]
    for step in steps:
        before = trade.rows()
        with pytest.raises(NotReleasable):
            trade.order(release)
        assert trade.rows() == before
        step()
    order = trade.order(release)
    with pytest.raises(WrongState):
        trade.order(release)
    assert order.token_digest not in tokens.token(DESK.vault, order.id).encode()
    before = trade.rows()
    with pytest.raises(WrongToken):
        trade.pick_up(order.id, "A" * 16)
    token = tokens.token(DESK.vault, order.id)
    for by in ("carrier", "consignee", "trader"):
        with pytest.raises(WrongParty):
            trade.pick_up(order.id, token, by)
    assert trade.rows() == before
    typed = f" {token[:4].lower()}-{token[4:]}"
    assert trade.pick_up(order.id, typed).state == OrderState.USED
    assert trade.get(release).state == State.PICKED_UP
    too_late: list[Callable[[], object]] = [
        lambda: trade.pick_up(order.id, token),
        lambda: trade.revoke(order.id),
        lambda: trade.hold(release),
        lambda: trade.open(),
        partial(trade.freight, release, False),
    ]
    for again in too_late:
        with pytest.raises(WrongState):
            again()
    with pytest.raises(NotFound):
        trade.customs_hold()


def test_a_title_surrendered_by_another_releases_nothing(trade: ReleaseTrade) -> None:
    release = trade.open()
    trade.surrender(trade.titles.issue(), "trader")
    assert Condition.TITLE_SURRENDERED in trade.missing(release)
    trade.open(consignee="trader")
    assert Condition.TITLE_SURRENDERED not in trade.missing(release)


def test_a_sea_waybill_is_not_surrendered_and_no_title_may_stand_beside_it(trade: ReleaseTrade) -> None:
    release = trade.open(document=WAYBILL)
    assert Condition.TITLE_SURRENDERED not in trade.missing(release)
    trade.titles.issue()
    assert Condition.TITLE_SURRENDERED in trade.missing(release)


@pytest.mark.parametrize("what", ["hold", "customs hold", "freight unpaid", "revoked"])
def test_what_takes_a_condition_away_revokes_the_order(trade: ReleaseTrade, what: str) -> None:
    release = trade.ready()
    order = trade.order(release)

    def unpaid_and_paid() -> None:
        trade.freight(release, False)
        trade.freight(release)

    undo: dict[str, Callable[[], object]] = {
        "hold": lambda: trade.lift(trade.hold(release), "terminal"),
        "customs hold": lambda: trade.lift(trade.customs_hold(), "authority"),
        "freight unpaid": unpaid_and_paid,
        "revoked": lambda: trade.revoke(order.id),
    }
    undo[what]()
    with pytest.raises(WrongState):
        trade.pick_up(order.id, tokens.token(DESK.vault, order.id))
    another = trade.order(release)
    assert another.number != order.number
    assert trade.pick_up(another.id, tokens.token(DESK.vault, another.id)).state == OrderState.USED


def test_what_customs_says_after_the_order_stops_the_pick_up(trade: ReleaseTrade) -> None:
    order = trade.order(trade.ready())
    trade.customs_say("CHANNEL_ASSIGNED")
    with pytest.raises(NotReleasable):
        trade.pick_up(order.id, tokens.token(DESK.vault, order.id))
    trade.customs_say("RELEASED")
    trade.pick_up(order.id, tokens.token(DESK.vault, order.id))


def test_an_order_ends_with_its_time_and_another_may_follow(
    trade: ReleaseTrade, clock: StandingClock
) -> None:
    release = trade.ready()
    with pytest.raises(InvalidInput):
        trade.order(release, hours=0)
    order = trade.order(release, hours=1)
    clock.advance(hours=1)
    with pytest.raises(OrderExpired):
        trade.pick_up(order.id, tokens.token(DESK.vault, order.id))
    with pytest.raises(WrongState):
        trade.revoke(order.id)
    another = trade.order(release)
    assert trade.pick_up(another.id, tokens.token(DESK.vault, another.id)).state == OrderState.USED


def test_to_others_there_is_no_such_release(trade: ReleaseTrade) -> None:
    release = trade.ready()
    order = trade.order(release)
    token = tokens.token(DESK.vault, order.id)
    before = trade.rows()
    for by in STRANGERS:
        calls: list[Callable[[], object]] = [
            partial(trade.verdict, release, by),
            partial(trade.freight, release, False, by),
            partial(trade.hold, release, by),
            partial(trade.order, release, by),
            partial(trade.revoke, order.id, by),
            partial(trade.pick_up, order.id, token, by),
        ]
        for call in calls:
            with pytest.raises(NoSuchRelease):
                call()
        with pytest.raises((NotPermitted, NotFound)):
            trade.open(by)
    assert trade.rows() == before


def test_only_an_authority_holds_for_customs_and_only_the_placer_lifts(trade: ReleaseTrade) -> None:
    release = trade.ready()
    for by in ("carrier", "terminal", "trader", "operator"):
        with pytest.raises(NotPermitted):
            trade.customs_hold(by)
    hold = trade.customs_hold()
    for by in ("carrier", "terminal", "trader", "consignee", "operator"):
        with pytest.raises(NotFound):
            trade.lift(hold, by)
    assert trade.missing(release) == [Condition.NO_HOLDS]
    with pytest.raises(NoSuchRelease):
        trade.verdict(release, "authority")


@pytest.fixture
def busy(platform_url: str, clock: StandingClock) -> Iterator[ReleaseTrade]:
    """Yield a trade with connections for many at once."""
    engine = create_platform_engine(platform_url, pool_size=16)
    yield open_release_trade(Platform(engine, clock))
    engine.dispose()


def hold_into(trade: ReleaseTrade, held: list[UUID]) -> None:
    held.append(trade.customs_hold())


def test_a_hold_and_an_order_at_once_never_both_stand(busy: ReleaseTrade) -> None:
    release = busy.ready()
    for _ in range(6):
        held: list[UUID] = []
        outcomes = at_once([partial(busy.order, release), partial(hold_into, busy, held)])
        assert outcomes in ({"done": 2}, {"done": 1, "not_releasable": 1})
        standing = busy.titles.as_owner("SELECT count(*) FILTER (WHERE state = 'ISSUED') FROM delivery_order")
        assert held, "a hold is always placed"
        assert standing == [(0,)], "an order that came first is revoked by the hold"
        assert busy.get(release).state == State.OPEN
        busy.lift(held[0], "authority")


def test_of_orders_at_once_one_is_issued(busy: ReleaseTrade) -> None:
    release = busy.ready()
    assert at_once([lambda: busy.order(release) for _ in range(8)]) == {"done": 1, "wrong_state": 7}
