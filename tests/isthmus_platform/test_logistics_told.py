"""Webhooks are told of each step of logistics: the parties that see the thing, and nobody else."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from booking_trade import BookingTrade, open_booking_trade
from financed_trade import open_financed_trade
from gate_trade import CONTAINER, OTHER, GateTrade, open_gate_trade
from isthmus_platform import outbox, webhook_delivery, webhooks
from isthmus_platform.changes import Change, Kind
from isthmus_platform.database import Actor, Platform
from isthmus_platform.logistics.appointment_machine import STEPS, AppointmentAction, Direction
from isthmus_platform.logistics.booking_machine import BookingState
from isthmus_platform.logistics.delivery_statements import Standing
from isthmus_platform.logistics.machine import OrderState
from isthmus_platform.outgoing import Caller
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.webhook_delivery import CHANGE_TOPIC, Deliverer
from isthmus_platform.webhook_signing import SigningSecrets
from receiving import receiving
from release_trade import WAYBILL
from standing import StandingClock

HERE = Outgoing(loopback=True)
SIGNING = SigningSecrets(b"m" * 32)


def told(platform: Platform, actors: dict[str, Actor], *kinds: Kind) -> dict[str, list[str]]:
    """Return who sees the rows of logistics, of these kinds alone where any are given, by kind."""
    seen: dict[str, list[str]] = {}
    for name in sorted(actors):
        with platform.begin(actors[name]) as work:
            query = select(Change.kind).where(Change.logistics_id.is_not(None)).order_by(Change.sequence)
            for kind in work.session.scalars(query):
                if not kinds or kind in kinds:
                    seen.setdefault(kind, []).append(name)
    return seen


@pytest.fixture
def trade(platform: Platform) -> BookingTrade:
    return open_booking_trade(platform)


@pytest.fixture
def gate(platform: Platform) -> GateTrade:
    return open_gate_trade(platform)


def test_who_was_asked_is_told_that_and_each_quote_only_to_who_asked_and_who_quotes(
    trade: BookingTrade,
) -> None:
    request = trade.ask(of=("carrier", "rival", "forwarder"))
    first, second = trade.quote(request), trade.quote(request, "rival")
    trade.withdraw(second.id, "rival")
    trade.withdraw(second.id, "rival")
    trade.accept(first.id)
    assert told(trade.platform, dict(trade.actors)) == {
        "freight.requested": ["carrier", "forwarder", "rival", "trader"],
        "freight.quoted": ["carrier", "rival", "trader", "trader"],
        "freight.withdrawn": ["rival", "trader"],
        "freight.accepted": ["carrier", "trader"],
        "freight.closed": ["forwarder", "rival"],
    }
    hidden = {name: str(trade[name].party_id) for name in ("carrier", "rival", "forwarder")}
    for name in hidden:
        with trade.platform.begin(trade[name]) as work:
            rows = str([vars(each) for each in work.session.scalars(select(Change))])
        assert not any(other in rows for whose, other in hidden.items() if whose != name)
        assert (str(first.id) in rows) is (name == "carrier")


def test_both_sides_of_a_booking_are_told_of_every_step_and_nobody_else(trade: BookingTrade) -> None:
    booking = trade.book()
    for by, action in (("carrier", "REQUEST_UPDATE"), ("trader", "UPDATE")):
        trade.act(by, booking, action)
    trade.confirm(booking, timedelta(days=3))
    trade.act("carrier", booking, "REQUEST_AMENDMENT")
    trade.confirm(booking, timedelta(days=4))
    trade.weigh(booking)
    trade.deliver(booking)
    trade.deliver(booking)
    trade.act("carrier", booking, "COMPLETE")
    for by, action in (("carrier", "REJECT"), ("trader", "CANCEL")):
        trade.act(by, trade.book(), action)
    trade.act("carrier", trade.confirmed(), "DECLINE")
    counted = {
        kind: names for kind, names in told(trade.platform, dict(trade.actors)).items() if "book" in kind
    }
    assert {name for names in counted.values() for name in names} == {"carrier", "trader"}
    assert {kind.removeprefix("booking."): names.count("trader") for kind, names in counted.items()} == {
        "received": 4,
        "pending_update": 1,
        "update_received": 1,
        "confirmed": 3,
        "pending_amendment": 1,
        "weighed": 2,
        "cargo_delivered": 1,
        "completed": 1,
        "rejected": 1,
        "cancelled": 1,
        "declined": 1,
    }
    assert all(names.count("trader") == names.count("carrier") for names in counted.values())


SIDES = ["agent", "carrier", "consignee", "terminal", "trader"]
"""Who sees a release: its parties, and the agent of the shipment's owner."""


def with_agent(gate: GateTrade) -> dict[str, Actor]:
    """Let the bank be the agent of the shipment's owner; return the parties by what they are."""
    trade = gate.releases.titles.papers.trade
    trade.delegate(agent="bank", days=9)
    return {("agent" if name == "bank" else name): actor for name, actor in trade.actors.items()}


def test_the_parties_of_a_release_are_told_of_its_holds_and_orders_and_nobody_else(
    gate: GateTrade, clock: StandingClock
) -> None:
    actors, releases = with_agent(gate), gate.releases
    release = releases.ready()
    releases.lift(releases.hold(release), "terminal")
    releases.lift(releases.customs_hold(), "authority")
    releases.revoke(releases.order(release).id)
    releases.order(release, hours=1)
    clock.advance(hours=2)
    gate.hand_out(releases.order(release))
    counts = {
        "release.opened": 1,
        "release.freight_stated": 1,
        "release.held": 2,
        "release.hold_lifted": 2,
        "delivery_order.issued": 3,
        "delivery_order.revoked": 1,
        "delivery_order.expired": 1,
        "delivery_order.used": 1,
    }
    assert told(gate.platform, actors) == {kind: sorted(SIDES * count) for kind, count in counts.items()}
    with gate.platform.begin(actors["consignee"]) as work:
        rows = str([each.about for each in work.session.scalars(select(Change))])
    assert "X-ray" not in rows, "why customs holds is read in the release"


def test_that_a_bank_consents_is_told_to_the_parties_of_the_release_and_not_which_bank(
    platform: Platform,
) -> None:
    trade = open_financed_trade(platform)
    trade.release.open(document=WAYBILL)
    trade.receivables.disbursed()
    given = trade.consent()
    assert trade.consent() == given
    trade.withdraw(given)
    trade.withdraw(given)
    actors = trade.release.titles.papers.trade.actors
    of_consent = (Kind.RELEASE_CONSENTED, Kind.RELEASE_CONSENT_WITHDRAWN)
    sides = ["carrier", "consignee", "terminal", "trader"]
    assert told(platform, actors, *of_consent) == dict.fromkeys(of_consent, sides)
    with platform.begin(actors["terminal"]) as work:
        rows = str([vars(each) for each in work.session.scalars(select(Change))])
    assert str(actors["bank"].party_id) not in rows
    assert str(given) not in rows


def test_who_drives_and_who_sees_the_release_are_told_of_a_lorry_and_its_delivery(
    gate: GateTrade, clock: StandingClock
) -> None:
    actors = with_agent(gate)
    order = gate.ordered()
    first, second, third, *_ = gate.offer()
    kept, changed, late = gate.book(first.id, order), gate.book(second.id, order, OTHER), None
    gate.move("reschedule", changed.id, "rival", third.id)
    gate.move("cancel", changed.id, "forwarder", "Broken down")
    late = gate.book(second.id, order, OTHER)
    clock.now = first.starts_at
    gate.move("arrive", kept.id, "terminal")
    gate.hand_out(order)
    gate.move("complete", kept.id, "terminal")
    clock.now = second.ends_at + timedelta(hours=1)
    gate.move("no_show", late.id, "terminal")
    proof = gate.deliver("rival", appointment=kept.id)
    clock.advance(minutes=1)
    gate.withdraw(proof.id, "rival")
    for agrees in (False, True):
        again = gate.deliver("rival", appointment=kept.id)
        gate.answer(again.id, agrees, remark="One crate is wet")
    lorry, delivery = sorted([*SIDES, "forwarder", "rival"]), sorted([*SIDES, "rival"])
    found = told(gate.platform, actors)
    kinds = ("rescheduled", "cancelled", "arrived", "completed", "no_show")
    assert {kind: names for kind, names in found.items() if "appointment" in kind} == {
        "appointment.booked": sorted(3 * lorry),
        **{f"appointment.{kind}": lorry for kind in kinds},
    }
    assert {kind: names for kind, names in found.items() if kind.startswith("delivery.")} == {
        "delivery.recorded": sorted(3 * delivery),
        **{f"delivery.{kind}": delivery for kind in ("withdrawn", "disputed", "confirmed")},
    }


def test_of_a_lorry_that_brings_a_container_the_two_sides_of_the_booking_are_told(
    gate: GateTrade, clock: StandingClock
) -> None:
    actors = with_agent(gate)
    booking = gate.booking()
    slot, *_ = gate.offer(direction=Direction.DROP_OFF, opens=time(12), closes=time(13))
    made = gate.bring(slot.id, booking, CONTAINER, haulier="rival")
    clock.now = slot.starts_at
    gate.move("arrive", made.id, "terminal")
    gate.move("turn_away", made.id, "terminal", "No seal")
    sides = ["carrier", "rival", "terminal", "trader"]
    of_lorry = (Kind.APPOINTMENT_BOOKED, Kind.APPOINTMENT_ARRIVED, Kind.APPOINTMENT_TURNED_AWAY)
    assert told(gate.platform, actors, *of_lorry) == dict.fromkeys(of_lorry, sides)


def test_an_agent_that_is_a_party_itself_is_told_once(gate: GateTrade) -> None:
    trade = gate.releases.titles.papers.trade
    trade.delegate(days=9)
    slot, *_ = gate.offer()
    gate.book(slot.id, gate.ordered())
    found = told(gate.platform, trade.actors, Kind.APPOINTMENT_BOOKED, Kind.DELIVERY_ORDER_ISSUED)
    assert found[Kind.APPOINTMENT_BOOKED].count("forwarder") == 1, "it booked, and acts for the owner"
    assert found[Kind.DELIVERY_ORDER_ISSUED].count("forwarder") == 1, "it acts for the owner"


@pytest.fixture
def received(trade: BookingTrade) -> Iterator[dict[str, Any]]:
    """Yield what each party's endpoint for bookings has received."""
    with ExitStack() as stack:
        opened = {name: stack.enter_context(receiving()) for name in ("trader", "carrier", "rival")}
        for name, receiver in opened.items():
            with trade.platform.begin(trade[name]) as work:
                webhooks.register(work, HERE, receiver.url, ["booking.confirmed", "booking.cut_off_nears"])
        yield opened


def test_what_is_told_arrives(trade: BookingTrade, clock: StandingClock, received: dict[str, Any]) -> None:
    booking = trade.confirmed(timedelta(days=2), timedelta(days=8), timedelta(days=9))
    clock.advance(days=1)
    trade.watch()
    deliverer = Deliverer(trade.platform, SIGNING, Caller(HERE, patience=5))
    spread = partial(webhook_delivery.spread, trade.platform)
    while outbox.drain(trade.platform, CHANGE_TOPIC, spread) + outbox.drain(
        trade.platform, webhooks.TOPIC, deliverer
    ):
        pass
    told_of = {"booking": str(booking), "state": "CONFIRMED"}
    nears = {**told_of, "cutOff": "DCO", "at": (clock.now + timedelta(days=1)).isoformat()}
    for name in ("trader", "carrier"):
        messages = {each.told["type"]: each.told["data"] for each in received[name].received}
        assert messages == {"booking.confirmed": told_of, "booking.cut_off_nears": nears}
        assert len(received[name].received) == 2
    assert received["rival"].received == []


def test_the_page_of_webhooks_lists_every_kind_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    rows = re.findall(r"^\| (`[a-z_]+\.[^|]*) \|", page, re.MULTILINE)
    assert sorted(re.findall(r"`([^`]+)`", " ".join(rows))) == sorted(Kind)


def kinds(prefix: str) -> set[str]:
    return {kind.removeprefix(prefix) for kind in Kind if kind.startswith(prefix)}


def test_every_state_that_a_step_leads_to_has_a_kind() -> None:
    steps = {"instructed", "weighed", "cargo_delivered", "cut_off_nears", "cut_off_missed"}
    assert kinds("booking.") == {state.lower() for state in BookingState} | steps
    assert kinds("delivery_order.") == {state.lower() for state in OrderState}
    assert kinds("delivery.") == {state.lower() for state in Standing}
    led_to = {
        step.after.lower() for action, step in STEPS.items() if action is not AppointmentAction.RESCHEDULE
    }
    assert kinds("appointment.") == led_to | {"booked", "rescheduled"}
