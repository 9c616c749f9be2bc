"""Bookings through GraphQL: each change once for its key, its two sides alone, cut-offs by the clock."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from graphql_relay import to_global_id

from graphql_client import Asker, nodes
from graphql_trade import ship, upload
from held import rows
from isthmus_platform.database import Platform
from isthmus_platform.logistics import cut_off_watch
from isthmus_platform.logistics.booking_machine import LIVE, MOVES, BookingState, CutOffStatus, watched
from quote_trade import accepted
from standing import StandingClock

NOW = StandingClock().now
BOOKING = "booking { id status reason reference carrier { name } cutOffs { code status metAt } }"
CONFIRMATION = {
    "reference": "MCL4417001",
    "documentationCutOff": "2026-06-02T09:00:00Z",
    "vgmCutOff": "2026-06-03T09:00:00Z",
    "cargoCutOff": "2026-06-04T09:00:00Z",
}
MASS = {
    "equipment": "MCLU4200170",
    "massKg": "22450.5",
    "method": "SM1",
    "responsible": "L. Chen",
    "weighedAt": "2026-06-01T08:00:00Z",
}
KINDS = {"booking": "Booking", "quote": "FreightQuote"}
LISTED = "{ bookings { edges { node { id status masses { massKg } } } } }"


@pytest.mark.parametrize(
    ("left", "met", "status"),
    [
        (timedelta(hours=25), None, CutOffStatus.OPEN),
        (timedelta(hours=24), None, CutOffStatus.AT_RISK),
        (timedelta(seconds=1), None, CutOffStatus.AT_RISK),
        (timedelta(0), None, CutOffStatus.MISSED),
        (timedelta(hours=1), timedelta(0), CutOffStatus.MET),
        (timedelta(0), timedelta(0), CutOffStatus.MISSED),
        (timedelta(hours=-1), timedelta(hours=-2), CutOffStatus.MET),
    ],
    ids=["far", "a day", "a second", "its instant", "in time", "at its instant", "long ago"],
)
def test_a_cut_off_is_at_risk_a_day_before_and_missed_from_its_instant_on(
    left: timedelta, met: timedelta | None, status: CutOffStatus
) -> None:
    assert watched(NOW + left, None if met is None else NOW + met, NOW) is status


def test_no_move_leaves_an_end_and_every_state_is_reached() -> None:
    assert {state for move in MOVES.values() for state in move.before} == LIVE
    assert {move.after for move in MOVES.values()} | {BookingState.RECEIVED} == set(BookingState)


def booked(askers: dict[str, Asker]) -> str:
    made: str = askers["trader"].done("requestBooking", BOOKING, quote=accepted(askers))["booking"]["id"]
    return made


def codes(given: dict[str, Any]) -> dict[str, str]:
    return {each["code"]: each["status"] for each in given["booking"]["cutOffs"]}


def test_cut_offs_are_watched_until_each_is_met(
    platform: Platform, clock: StandingClock, askers: dict[str, Asker]
) -> None:
    trader, carrier = askers["trader"], askers["carrier"]
    booking = booked(askers)
    early = {"booking": booking, **MASS}
    assert trader.refused("submitGrossMass", BOOKING, **early) == [("wrong_state", "booking")]
    confirm = {"booking": booking, "move": "CONFIRM"}
    assert carrier.refused("moveBooking", BOOKING, **confirm) == [("required", "confirmation")]
    told = carrier.done("moveBooking", BOOKING, **confirm, confirmation=CONFIRMATION)
    assert codes(told) == {"DCO": "AT_RISK", "VCO": "OPEN", "FCO": "OPEN"}
    ship(trader)
    wrong = to_global_id("Document", str(upload(platform, trader)))
    instruction = to_global_id("Document", str(upload(platform, trader, type_code="610")))
    assert trader.refused("submitShippingInstruction", BOOKING, booking=booking, document=wrong) == [
        ("not_an_instruction", "document")
    ]
    told = trader.done("submitShippingInstruction", BOOKING, booking=booking, document=instruction)
    assert codes(told)["DCO"] == "MET"
    for change, error in (
        ({"equipment": "MCLU4200171"}, ("check_digit", "equipment")),
        ({"massKg": "-1"}, ("range", "massKg")),
        ({"massKg": "1.0001"}, ("too_exact", "massKg")),
        ({"method": "SM3"}, ("unknown_method", "method")),
        ({"weighedAt": "2026-06-01T09:00:01Z"}, ("in_future", "weighedAt")),
    ):
        assert trader.refused("submitGrossMass", BOOKING, **{**early, **change}) == [error]
    assert codes(trader.done("submitGrossMass", BOOKING, **early))["VCO"] == "OPEN", "one of two"
    clock.advance(days=3)
    told = trader.done("submitGrossMass", BOOKING, **{**early, "equipment": "MCLU4200185"})
    assert codes(told) == {"DCO": "MET", "VCO": "MISSED", "FCO": "MISSED"}
    third = {**early, "equipment": "MSKU0000000"}
    assert trader.change("submitGrossMass", BOOKING, **third)["userErrors"][0]["field"] == "equipment"
    again = {**early, "massKg": "22451"}
    trader.done("submitGrossMass", BOOKING, **again)
    (node,) = nodes(carrier.data(LISTED)["bookings"])
    assert [each["massKg"] for each in node["masses"]] == ["22450.500", "22450.500", "22451.000"]


def test_both_sides_read_when_they_were_told_of_a_cut_off(
    platform: Platform, clock: StandingClock, askers: dict[str, Asker]
) -> None:
    booking = booked(askers)
    given = {"booking": booking, "move": "CONFIRM", "confirmation": CONFIRMATION}
    askers["carrier"].done("moveBooking", BOOKING, **given)
    cut_off_watch.watch(platform)
    clock.advance(days=1)
    cut_off_watch.watch(platform)
    query = "{ bookings { edges { node { cutOffs { code warnedAt missedToldAt } } } } }"
    for side in ("trader", "carrier"):
        (node,) = nodes(askers[side].data(query)["bookings"])
        told = {each["code"]: (each["warnedAt"], each["missedToldAt"]) for each in node["cutOffs"]}
        assert told == {
            "DCO": ("2026-06-01T09:00:00Z", "2026-06-02T09:00:00Z"),
            "VCO": ("2026-06-02T09:00:00Z", None),
            "FCO": (None, None),
        }


TERMS: dict[str, Any] = {
    "receiptType": "SD",
    "deliveryType": "CY",
    "movementAtOrigin": "FCL",
    "movementAtDestination": "FCL",
    "freightPaymentTerm": "PRE",
    "incoterm": "FCA",
    "expectedDeparture": "2026-06-05",
    "equipment": [
        {
            "isoCode": "22G1",
            "units": 2,
            "commodities": [
                {
                    "commodityType": "Batteries",
                    "hsCodes": ["850760"],
                    "grossWeight": "18450.5",
                    "weightUnit": "KGM",
                    "packages": 18,
                    "dangerousGoods": [
                        {"unNumber": "3480", "properShippingName": "Lithium ion batteries", "imoClass": "9"}
                    ],
                }
            ],
        }
    ],
}
ASKED_FOR = (
    "booking { id terms { receiptType deliveryType movementAtOrigin movementAtDestination freightPaymentTerm"
    " incoterm expectedDeparture equipment { isoCode units reefer { temperature unit } commodities {"
    " commodityType hsCodes grossWeight weightUnit packages dangerousGoods {"
    " unNumber properShippingName imoClass } } } } }"
)


def test_both_sides_read_what_a_booking_asks_for_in_dcsas_terms(askers: dict[str, Asker]) -> None:
    quote = accepted(askers)
    (dry,) = TERMS["equipment"]
    for change, error in (
        ({"expectedDeparture": "5 June"}, ("format", "terms.expectedDeparture")),
        ({"incoterm": "FOBB"}, ("unknown_incoterm", "terms.incoterm")),
        ({"equipment": [{**dry, "units": 3}]}, ("other_units", "terms.equipment")),
        ({"equipment": [{**dry, "isoCode": "22R1"}]}, ("reefer", "terms.equipment.0.reefer")),
    ):
        given = {"quote": quote, "terms": {**TERMS, **change}}
        assert askers["trader"].refused("requestBooking", ASKED_FOR, **given) == [error]
    made = askers["trader"].done("requestBooking", ASKED_FOR, quote=quote, terms=TERMS)["booking"]
    assert made["terms"] == {**TERMS, "equipment": [{**dry, "reefer": None}]}
    update = {
        "booking": made["id"],
        "move": "UPDATE",
        "reason": "Rail",
        "terms": {**TERMS, "receiptType": "CY"},
    }
    askers["trader"].done("moveBooking", ASKED_FOR, **update)
    (node,) = nodes(
        askers["carrier"].data("{ bookings { edges { node { terms { receiptType } } } } }")["bookings"]
    )
    assert node["terms"] == {"receiptType": "CY"}


def test_each_side_makes_its_own_moves(askers: dict[str, Asker]) -> None:
    booking = booked(askers)
    for by, move, confirmation in (
        ("trader", "CONFIRM", CONFIRMATION),
        ("trader", "REJECT", None),
        ("carrier", "CANCEL", None),
        ("carrier", "UPDATE", None),
    ):
        given = {"booking": booking, "move": move, "reason": "Why not", "confirmation": confirmation}
        assert askers[by].refused("moveBooking", BOOKING, **given) == [("wrong_party", "booking")]
    for by, move, status in (
        ("carrier", "REQUEST_UPDATE", "PENDING_UPDATE"),
        ("trader", "UPDATE", "UPDATE_RECEIVED"),
        ("carrier", "CONFIRM", "CONFIRMED"),
        ("carrier", "REQUEST_AMENDMENT", "PENDING_AMENDMENT"),
        ("trader", "CANCEL", "CANCELLED"),
    ):
        with_it = CONFIRMATION if move == "CONFIRM" else None
        given = {"booking": booking, "move": move, "reason": "Weather", "confirmation": with_it}
        assert askers[by].done("moveBooking", BOOKING, **given)["booking"]["status"] == status
    late = {"booking": booking, "move": "CONFIRM", "confirmation": CONFIRMATION}
    assert askers["carrier"].refused("moveBooking", BOOKING, **late) == [("wrong_state", "booking")]


HELD = ("booking", "verified_gross_mass", "outbox")


def cases(made: dict[str, str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every change with who may make it, in an order in which each can be made."""
    booking = {"booking": made["booking"]}
    yield "trader", "requestBooking", {"quote": made["quote"]}
    yield "carrier", "moveBooking", {**booking, "move": "CONFIRM", "confirmation": CONFIRMATION}
    yield "trader", "submitShippingInstruction", {**booking, "document": made["document"]}
    yield "trader", "submitGrossMass", {**booking, **MASS}
    yield "carrier", "recordCargoDelivery", booking


def test_every_change_is_made_once_for_its_key_and_is_nobody_elses(
    platform: Platform, askers: dict[str, Asker]
) -> None:
    ship(askers["trader"])
    document = to_global_id("Document", str(upload(platform, askers["trader"], type_code="610")))
    made = {"booking": "", "quote": accepted(askers), "document": document}
    for number in range(len(list(cases(made)))):
        by, mutation, given = list(cases(made))[number]
        swapped = {
            name: to_global_id(KINDS[name], str(uuid4())) if name in KINDS else value
            for name, value in given.items()
        }
        before = rows(platform, HELD)
        for stranger in ("rival", "bank", "forwarder", "operator"):
            known = askers[stranger].change(mutation, BOOKING, **given)
            assert known == askers[stranger].change(mutation, BOOKING, **swapped)
            assert known["userErrors"][0]["code"] == "not_found"
        assert rows(platform, HELD) == before
        first = askers[by].done(mutation, BOOKING, **given, idempotencyKey=f"{number}")
        after = rows(platform, HELD)
        assert askers[by].done(mutation, BOOKING, **given, idempotencyKey=f"{number}") == first
        changed = {**given, next(iter(given)): "another"}
        assert askers[by].refused(mutation, BOOKING, **changed, idempotencyKey=f"{number}") == [
            ("idempotency_key_reused", "idempotencyKey")
        ]
        assert rows(platform, HELD) == after, mutation
        made["booking"] = first["booking"]["id"]
    assert sum("booking.made" in str(row) for row in rows(platform, HELD)) == 1, "it is metered once"
    again = askers["trader"].refused("requestBooking", BOOKING, quote=made["quote"])
    assert again == [("booked_before", "quote")]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    nothing = to_global_id("Booking", str(uuid4()))
    for stranger in ("rival", "bank", "forwarder", "operator"):
        assert nodes(askers[stranger].data(LISTED)["bookings"]) == []
        assert askers[stranger].ask(node, id=made["booking"]) == askers[stranger].ask(node, id=nothing)
