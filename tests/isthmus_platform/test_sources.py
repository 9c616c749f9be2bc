"""Several sources make one view: whose word is followed is a rule, and what is not followed is shown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_platform.journeys import journey
from isthmus_platform.milestones import Route, RouteLeg, TrackingEvent, eta, status
from isthmus_platform.sources import Reason, Report, Source, SourceKind, standing

START = datetime(2026, 5, 1, tzinfo=UTC)
BOX, OTHER_BOX = "MCLU4200170", "MCLU4200185"
ROUTE = Route("TWKHH", "DEHAM", ("KRPUS",))
INLAND = Route(
    "TWKHH",
    "DEMUC",
    ("DEHAM",),
    (RouteLeg("VESSEL", "TWKHH", "DEHAM"), RouteLeg("TRUCK", "DEHAM", "DEMUC")),
)
BY_AIR = Route(
    "TWTPE", "DEMUC", ("DEFRA",), (RouteLeg("AIR", "TWTPE", "DEFRA"), RouteLeg("TRUCK", "DEFRA", "DEMUC"))
)
CARRIER = Source("meridian", SourceKind.CARRIER)
TERMINAL = Source("port", SourceKind.TERMINAL)
LORRY = Source("lorry", SourceKind.ROAD)
FLIGHT = Source("wings", SourceKind.AIR)
WINDOW = Source("single window", SourceKind.CUSTOMS)


def on(day: float) -> datetime:
    return START + timedelta(days=day)


def told(
    source: Source,
    kind: str,
    code: str,
    place: str | None,
    day: float,
    classifier: str = "ACT",
    *,
    said: float | None = None,
    conveyance: str | None = None,
    **more: object,
) -> Report:
    event = TrackingEvent(
        f"{kind}-{code}-{place}-{classifier}-{day}-{said}-{more.get('equipment_reference')}",
        on(day if said is None else said),
        on(day),
        kind,
        code,
        classifier,
        place,
    )
    return Report(event._replace(**more), source, conveyance)  # type: ignore[arg-type]


def test_a_terminal_stands_nearer_to_what_happens_on_its_ground_than_the_carrier() -> None:
    by_carrier = told(CARRIER, "EQUIPMENT", "DISC", "DEHAM", 31, equipment_reference=BOX)
    by_terminal = told(TERMINAL, "EQUIPMENT", "DISC", "DEHAM", 30.5, equipment_reference=BOX)
    found = journey([by_carrier, by_terminal], ROUTE)
    assert (found.status.code, found.status.at) == ("DISCHARGED", on(30.5))
    (conflict,) = found.conflicts
    assert (conflict.follows.source, conflict.instead_of.source) == (TERMINAL, CARRIER)
    assert conflict.reason is Reason.NEAREST_SOURCE
    assert conflict.apart == timedelta(hours=12)
    assert conflict.explanation == "port stands nearer to it than meridian, so its word is followed."


def test_the_carrier_stands_nearer_to_its_vessel_than_a_terminal() -> None:
    found = journey(
        [
            told(TERMINAL, "TRANSPORT", "DEPA", "TWKHH", 3, transport_mode="VESSEL"),
            told(CARRIER, "TRANSPORT", "DEPA", "TWKHH", 2, transport_mode="VESSEL"),
        ],
        ROUTE,
    )
    assert found.status.at == on(2)
    assert [each.follows.source for each in found.conflicts] == [CARRIER]


def test_of_two_equally_near_the_later_word_counts() -> None:
    other = Source("other", SourceKind.CARRIER)
    found = journey(
        [
            told(CARRIER, "TRANSPORT", "DEPA", "TWKHH", 2, said=2),
            told(other, "TRANSPORT", "DEPA", "TWKHH", 2.5, said=3),
        ],
        ROUTE,
    )
    assert found.status.at == on(2.5)
    (conflict,) = found.conflicts
    assert (conflict.follows.source, conflict.reason) == (other, Reason.LATEST_WORD)


def test_the_last_word_on_the_arrival_is_followed_whoever_says_it_and_the_other_is_shown() -> None:
    found = journey(
        [
            told(CARRIER, "TRANSPORT", "ARRI", "DEHAM", 30, "EST", said=9),
            told(TERMINAL, "TRANSPORT", "ARRI", "DEHAM", 31, "EST", said=10),
        ],
        ROUTE,
    )
    assert found.eta is not None
    assert (found.eta.at, found.eta.source, found.eta.told_at) == (on(31), TERMINAL, on(10))
    (conflict,) = found.conflicts
    assert (conflict.instead_of.at, conflict.classifier, conflict.reason) == (
        on(30),
        "EST",
        Reason.LATEST_WORD,
    )


@pytest.mark.parametrize(("minutes", "differ"), [(30, False), (59, False), (60, True)])
def test_times_that_differ_by_less_than_an_hour_are_the_same_word(minutes: int, differ: bool) -> None:
    later = 31 + minutes / 24 / 60
    found = journey(
        [
            told(CARRIER, "EQUIPMENT", "DISC", "DEHAM", later, equipment_reference=BOX),
            told(TERMINAL, "EQUIPMENT", "DISC", "DEHAM", 31, equipment_reference=BOX),
        ],
        ROUTE,
    )
    assert bool(found.conflicts) is differ
    assert found.status.at == on(31), "the terminal's, either way"


def test_one_container_in_two_places_at_once_is_a_conflict() -> None:
    found = journey(
        [
            told(CARRIER, "EQUIPMENT", "DISC", "DEHAM", 31, equipment_reference=BOX),
            told(TERMINAL, "EQUIPMENT", "DISC", "NLRTM", 31.1, equipment_reference=BOX),
            told(TERMINAL, "EQUIPMENT", "DISC", "NLRTM", 31.2, equipment_reference=OTHER_BOX),
        ],
        ROUTE,
    )
    (conflict,) = found.conflicts
    assert (conflict.subject.place, conflict.other_place) == ("NLRTM", "DEHAM")
    assert found.status.code == "AT_TRANSHIPMENT", (
        "it is not at its destination, by the terminal that holds it"
    )


def test_a_release_told_by_carrier_and_window_is_one_milestone_and_the_windows_word_counts() -> None:
    found = journey(
        [
            told(CARRIER, "EQUIPMENT", "CUSR", "TWKHH", 2, equipment_reference=BOX),
            told(WINDOW, "CUSTOMS", "RELEASED", None, 1),
        ],
        ROUTE,
    )
    (milestone,) = [each for each in found.milestones if each.subject.code == "CUSTOMS_RELEASED"]
    assert milestone.actual is not None
    assert (milestone.actual.at, milestone.actual.source) == (on(1), WINDOW)
    assert [each.instead_of.source for each in found.conflicts] == [CARRIER]


def test_planned_estimated_and_actual_stand_side_by_side_with_the_delay() -> None:
    found = journey(
        [
            told(CARRIER, "TRANSPORT", "DEPA", "TWKHH", 2, "PLN", said=0),
            told(CARRIER, "TRANSPORT", "DEPA", "TWKHH", 2.5, "EST", said=1),
            told(CARRIER, "TRANSPORT", "DEPA", "TWKHH", 3),
            told(CARRIER, "TRANSPORT", "ARRI", "DEHAM", 30, "PLN", said=0),
            told(CARRIER, "TRANSPORT", "ARRI", "DEHAM", 31.5, "EST", said=3),
        ],
        ROUTE,
    )
    left, arrives = found.milestones
    assert [word and word.at for word in (left.planned, left.estimated, left.actual)] == [
        on(2),
        on(2.5),
        on(3),
    ]
    assert left.delay == timedelta(days=1)
    assert (arrives.actual, arrives.delay) == (None, timedelta(days=1.5))
    assert found.delay == timedelta(days=1.5)


def test_dwell_lasts_from_coming_in_laden_to_leaving() -> None:
    found = journey(
        [
            told(CARRIER, "EQUIPMENT", "DISC", "KRPUS", 5, equipment_reference=BOX),
            told(CARRIER, "EQUIPMENT", "LOAD", "KRPUS", 8, equipment_reference=BOX),
            told(CARRIER, "EQUIPMENT", "DISC", "DEHAM", 31, equipment_reference=BOX),
            told(CARRIER, "EQUIPMENT", "GTIN", "DEHAM", 40, equipment_reference=OTHER_BOX, empty=True),
        ],
        ROUTE,
    )
    assert [(stay.place, stay.since, stay.until) for stay in found.stays] == [
        ("KRPUS", on(5), on(8)),
        ("DEHAM", on(31), None),
    ]
    assert found.stays[1].lasted(on(33)) == timedelta(days=2)


def test_a_lorry_moves_a_shipment_on_only_on_a_leg_of_its_own() -> None:
    sea = [
        told(CARRIER, "TRANSPORT", "DEPA", "TWKHH", 3, transport_mode="VESSEL"),
        told(CARRIER, "TRANSPORT", "ARRI", "DEHAM", 30, transport_mode="VESSEL"),
    ]
    assert journey(sea, INLAND).status.code == "AT_TRANSHIPMENT"
    road = [*sea, told(LORRY, "TRANSPORT", "DEPA", "DEHAM", 32, transport_mode="TRUCK")]
    assert journey(road, INLAND).status.code == "DEPARTED"
    there = [*road, told(LORRY, "TRANSPORT", "ARRI", "DEMUC", 33, transport_mode="TRUCK")]
    assert (journey(there, INLAND).status.code, journey(there, INLAND).status.place) == ("ARRIVED", "DEMUC")
    without_leg = replace(INLAND, legs=())
    assert journey(there[-1:], without_leg).status.code == "BOOKED"


def test_a_shipment_by_air_and_road_is_delivered_with_its_proof() -> None:
    flown = [
        told(FLIGHT, "TRANSPORT", "DEPA", "TWTPE", 1),
        told(FLIGHT, "TRANSPORT", "ARRI", "DEFRA", 1.5),
        told(CARRIER, "TRANSPORT", "ARRI", "DEFRA", 1.8),
    ]
    found = journey(flown, BY_AIR)
    assert (found.status.code, found.status.at) == ("AT_TRANSHIPMENT", on(1.5))
    assert [each.follows.source for each in found.conflicts] == [FLIGHT]
    delivered = told(LORRY, "SHIPMENT", "RECE", None, 2, document_type="PFD")
    assert journey([*flown, delivered], BY_AIR).status.code == "DELIVERED"


SOURCES = st.sampled_from([CARRIER, TERMINAL])
REPORTS = st.lists(
    st.builds(
        partial(Report),
        st.builds(
            partial(TrackingEvent),
            source_event_id=st.sampled_from("abcdef"),
            version_at=st.integers(0, 8).map(on),
            at=st.integers(0, 8).map(on),
            kind=st.just("EQUIPMENT"),
            code=st.sampled_from(["GTIN", "LOAD", "DISC", "GTOT"]),
            classifier=st.sampled_from(["ACT", "EST", "PLN"]),
            place=st.sampled_from(["TWKHH", "KRPUS", "DEHAM"]),
            equipment_reference=st.sampled_from([BOX, OTHER_BOX]),
            retracted=st.booleans(),
        )
        | st.builds(
            partial(TrackingEvent),
            source_event_id=st.sampled_from("ghijkl"),
            version_at=st.integers(0, 8).map(on),
            at=st.integers(0, 8).map(on),
            kind=st.just("TRANSPORT"),
            code=st.sampled_from(["ARRI", "DEPA"]),
            classifier=st.sampled_from(["ACT", "EST", "PLN"]),
            place=st.sampled_from(["TWKHH", "KRPUS", "DEHAM"]),
            retracted=st.booleans(),
        ),
        SOURCES,
    ),
    max_size=12,
)


@given(REPORTS, st.data())
def test_order_and_repetition_change_nothing(reports: list[Report], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(reports), max_size=4)) if reports else []
    shuffled: Sequence[Report] = data.draw(st.permutations([*reports, *again]))
    assert journey(shuffled, ROUTE) == journey(reports, ROUTE)


@given(REPORTS)
def test_one_source_alone_is_never_in_conflict_and_counts_as_it_always_did(reports: list[Report]) -> None:
    alone = [report for report in reports if report.source == CARRIER]
    events = [report.event for report in alone]
    found = journey(alone, ROUTE)
    assert found.conflicts == ()
    assert found.status == status(events, ROUTE)
    assert (found.eta.at if found.eta else None) == eta(events, ROUTE)


@given(REPORTS)
def test_every_word_that_is_not_followed_differs_from_one_that_is(reports: list[Report]) -> None:
    found = journey(reports, ROUTE)
    words = {(r.event.at, r.source, r.event.version_at) for r in standing(reports)}
    for conflict in found.conflicts:
        assert conflict.follows.source != conflict.instead_of.source
        for word in (conflict.follows, conflict.instead_of):
            assert (word.at, word.source, word.told_at) in words
