"""How far a shipment has come is a function of its events, whatever order and company they arrive in."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_platform.milestones import Route, TrackingEvent, current, eta, status
from isthmus_platform.wording import title

ROUTE = Route("TWKHH", "DEHAM", ("KRPUS",))
START = datetime(2026, 5, 1, tzinfo=UTC)
ONE, TWO = "MCLU4200170", "MCLU4200185"


def on(day: float) -> datetime:
    return START + timedelta(days=day)


def vessel(
    code: str, place: str | None, day: float, classifier: str = "ACT", **more: object
) -> TrackingEvent:
    event = TrackingEvent(f"{code}-{place}-{day}", on(day), on(day), "TRANSPORT", code, classifier, place)
    return event._replace(**more)  # type: ignore[arg-type]


def box(
    code: str, place: str | None, day: float, container: str | None = ONE, empty: bool = False
) -> TrackingEvent:
    return TrackingEvent(
        f"{code}-{place}-{container}-{day}",
        on(day),
        on(day),
        "EQUIPMENT",
        code,
        "ACT",
        place,
        equipment_reference=container,
        empty=empty,
    )


JOURNEY = [
    (box("GTOT", "TWKHH", 0, empty=True), "EMPTY_PICKED_UP"),
    (box("GTIN", "TWKHH", 1), "GATED_IN"),
    (vessel("ARRI", "TWKHH", 1.5), "GATED_IN"),
    (box("LOAD", "TWKHH", 2), "LOADED"),
    (vessel("DEPA", "TWKHH", 3), "DEPARTED"),
    (vessel("ARRI", "KRPUS", 5), "AT_TRANSHIPMENT"),
    (box("DISC", "KRPUS", 5.5), "AT_TRANSHIPMENT"),
    (box("LOAD", "KRPUS", 6), "TRANSHIPPED"),
    (vessel("DEPA", "KRPUS", 7), "DEPARTED"),
    (vessel("ARRI", "SGSIN", 12), "AT_TRANSHIPMENT"),
    (vessel("DEPA", "SGSIN", 13), "DEPARTED"),
    (vessel("ARRI", "DEHAM", 30), "ARRIVED"),
    (box("DISC", "DEHAM", 31), "DISCHARGED"),
    (vessel("DEPA", "DEHAM", 31.5), "DISCHARGED"),
    (box("GTOT", "DEHAM", 32), "GATED_OUT"),
    (vessel("DEPA", "DEHAM", 32.5, transport_mode="TRUCK"), "GATED_OUT"),
    (box("STRP", "DEHAM", 33), "DELIVERED"),
    (box("GTIN", "DEHAM", 34, empty=True), "EMPTY_RETURNED"),
]


@pytest.mark.parametrize("step", range(len(JOURNEY)))
def test_each_step_of_a_journey_has_its_status(step: int) -> None:
    told = [event for event, _ in JOURNEY[: step + 1]]
    assert status(told, ROUTE).code == JOURNEY[step][1]


def test_a_shipment_of_which_nothing_was_told_is_booked() -> None:
    assert status([], ROUTE).code == "BOOKED"
    assert (
        status([vessel("DEPA", "TWKHH", 3, "EST"), vessel("ARRI", "DEHAM", 9, "PLN")], ROUTE).code == "BOOKED"
    )
    cancelled = TrackingEvent("1", on(1), on(1), "SHIPMENT", "CANC", "ACT", document_type="BKG")
    assert status([cancelled], ROUTE).code == "CANCELLED"
    assert (
        status([cancelled, cancelled._replace(source_event_id="2", at=on(2), code="CONF")], ROUTE).code
        == "BOOKED"
    )


def test_a_shipment_is_as_far_as_its_last_container() -> None:
    both = [vessel("ARRI", "DEHAM", 30), box("DISC", "DEHAM", 31, ONE), box("DISC", "DEHAM", 31.5, TWO)]
    found = status(both, ROUTE)
    assert (found.code, found.at, found.place) == ("DISCHARGED", on(31.5), "DEHAM")
    assert found.description == "Discharged at Hamburg"
    assert status([*both, box("GTOT", "DEHAM", 32, ONE)], ROUTE).code == "DISCHARGED"
    out = [*both, box("GTOT", "DEHAM", 32, ONE), box("GTOT", "DEHAM", 33, TWO)]
    assert (status(out, ROUTE).code, status(out, ROUTE).at) == ("GATED_OUT", on(33))


def test_an_expected_arrival_is_the_last_word_and_none_once_it_is_there() -> None:
    planned = vessel("ARRI", "DEHAM", 30, "PLN", version_at=on(0))
    later = vessel("ARRI", "DEHAM", 32, "EST", version_at=on(3))
    elsewhere = vessel("ARRI", "KRPUS", 5, "EST", version_at=on(9))
    assert eta([later, planned, elsewhere], ROUTE) == on(32)
    assert eta([elsewhere], ROUTE) is None
    assert eta([planned, later, vessel("ARRI", "DEHAM", 31)], ROUTE) is None


def test_a_title_says_what_and_where() -> None:
    assert title(vessel("ARRI", "KRPUS", 5)) == "Arrived at Busan"
    assert title(vessel("DEPA", "KRPUS", 5, "PLN")) == "Departure planned from Busan"
    assert title(box("LOAD", None, 1, None)) == "Equipment loaded"
    assert title(vessel("ARRI", None, 1)._replace(kind="IOT", code="DETC", location="Mast 3")) == (
        "Signal from the container at Mast 3"
    )


PLACES = st.sampled_from(["TWKHH", "KRPUS", "DEHAM", "SGSIN", None])
TIMES = st.integers(0, 8).map(on)
EVENTS = st.lists(
    st.builds(
        partial(TrackingEvent),
        source_event_id=st.sampled_from("abcdef"),
        version_at=TIMES,
        at=TIMES,
        kind=st.just("TRANSPORT"),
        code=st.sampled_from(["ARRI", "DEPA"]),
        classifier=st.sampled_from(["ACT", "EST", "PLN"]),
        place=PLACES,
        equipment_reference=st.sampled_from([None, ONE, TWO]),
        retracted=st.booleans(),
    )
    | st.builds(
        partial(TrackingEvent),
        source_event_id=st.sampled_from("ghijkl"),
        version_at=TIMES,
        at=TIMES,
        kind=st.just("EQUIPMENT"),
        code=st.sampled_from(["GTIN", "GTOT", "LOAD", "DISC", "STRP", "PICK", "DROP", "INSP"]),
        classifier=st.sampled_from(["ACT", "EST"]),
        place=PLACES,
        equipment_reference=st.sampled_from([None, ONE, TWO]),
        empty=st.sampled_from([None, True, False]),
        retracted=st.booleans(),
    ),
    max_size=10,
)


@given(EVENTS, st.data())
def test_order_and_repetition_change_nothing(events: list[TrackingEvent], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    shuffled: Sequence[TrackingEvent] = data.draw(st.permutations([*events, *again]))
    assert current(shuffled) == current(events)
    assert status(shuffled, ROUTE) == status(events, ROUTE)
    assert eta(shuffled, ROUTE) == eta(events, ROUTE)


@given(EVENTS)
def test_superseded_and_retracted_versions_do_not_count(events: list[TrackingEvent]) -> None:
    assert status(current(events), ROUTE) == status(events, ROUTE)
    assert status([event._replace(retracted=True) for event in events], ROUTE) == status([], ROUTE)
