"""Exceptions follow from what sources said, and end when what they said is set right."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_platform.irregularities import Code, Irregularity, customs_irregularities, irregularities
from isthmus_platform.journeys import journey
from isthmus_platform.milestones import Route, TrackingEvent
from isthmus_platform.sources import Report, Source, SourceKind

START = datetime(2026, 5, 1, tzinfo=UTC)
BOX = "MCLU4200170"
ROUTE = Route("TWKHH", "DEHAM", ("KRPUS",))
CARRIER = Source("meridian", SourceKind.CARRIER)
TERMINAL = Source("port", SourceKind.TERMINAL)


def on(day: float) -> datetime:
    return START + timedelta(days=day)


def vessel(
    code: str, place: str, day: float, classifier: str, said: float, ship: str | None = None
) -> Report:
    event = TrackingEvent(
        f"{code}-{place}-{day}-{said}", on(said), on(day), "TRANSPORT", code, classifier, place
    )
    return Report(event, CARRIER, ship)


def box(code: str, place: str, day: float, source: Source = CARRIER) -> Report:
    event = TrackingEvent(f"{code}-{place}-{day}", on(day), on(day), "EQUIPMENT", code, "ACT", place)
    return Report(event._replace(equipment_reference=BOX), source)


def paper(code: str, document: str, day: float) -> Report:
    event = TrackingEvent(f"{code}-{document}", on(day), on(day), "SHIPMENT", code, "ACT")
    return Report(event._replace(document_type=document), CARRIER)


def found(*reports: Report) -> list[Irregularity]:
    return irregularities(reports, ROUTE, journey(reports, ROUTE))


def test_an_arrival_told_later_by_36_hours_has_slipped_by_36_hours() -> None:
    every = {
        each.code: each
        for each in found(vessel("ARRI", "DEHAM", 30, "PLN", 0), vessel("ARRI", "DEHAM", 31.5, "EST", 9))
    }
    assert set(every) == {Code.ETA_SLIPPED, Code.DELAYED}
    assert (every[Code.ETA_SLIPPED].hours, every[Code.ETA_SLIPPED].since) == (36, on(9))
    assert every[Code.ETA_SLIPPED].description == "ETA slipped 36 h"
    assert (every[Code.DELAYED].hours, every[Code.ETA_SLIPPED].until) == (36, None)


def test_an_expectation_corrected_in_place_slips_too_and_one_that_came_back_does_not() -> None:
    first = vessel("ARRI", "DEHAM", 30, "EST", 0)
    later = Report(first.event._replace(at=on(31), version_at=on(5)), CARRIER)
    back = Report(first.event._replace(at=on(30.25), version_at=on(6)), CARRIER)
    assert [(each.code, each.hours) for each in found(first, later)] == [(Code.ETA_SLIPPED, 24)]
    assert found(first, later, back) == []


def test_a_slip_is_over_when_the_shipment_has_arrived() -> None:
    every = found(
        vessel("ARRI", "DEHAM", 30, "EST", 0),
        vessel("ARRI", "DEHAM", 31, "EST", 5),
        vessel("ARRI", "DEHAM", 31, "ACT", 31),
    )
    assert [(each.code, each.until) for each in every] == [(Code.ETA_SLIPPED, on(31))]


def test_goods_told_to_leave_later_on_another_vessel_are_rolled_until_they_leave() -> None:
    planned = vessel("DEPA", "TWKHH", 3, "PLN", 0, "9321483 041W")
    rolled = vessel("DEPA", "TWKHH", 10, "PLN", 2, "9400000 017W")
    (exception,) = found(planned, rolled)
    assert (exception.code, exception.hours, exception.place) == (Code.ROLLED, 7 * 24, "TWKHH")
    assert (exception.since, exception.until) == (on(2), None)
    assert exception.description == "Rolled to 9400000 017W at Kaohsiung, 168 h later"
    (over,) = found(planned, rolled, vessel("DEPA", "TWKHH", 10.5, "ACT", 10.5, "9400000 017W"))
    assert over.until == on(10.5)


def test_goods_left_behind_by_a_vessel_that_sailed_are_rolled_even_if_no_vessel_is_named() -> None:
    (exception,) = found(vessel("DEPA", "KRPUS", 6, "ACT", 6), vessel("DEPA", "KRPUS", 9, "EST", 7))
    assert (exception.code, exception.place, exception.hours) == (Code.ROLLED, "KRPUS", 72)


def test_a_vessel_that_is_merely_late_rolls_nothing() -> None:
    assert (
        found(
            vessel("DEPA", "TWKHH", 3, "PLN", 0, "9321483 041W"),
            vessel("DEPA", "TWKHH", 4, "EST", 2, "9321483 041W"),
        )
        == []
    )


@pytest.mark.parametrize("selection", ["CUSI", "CUSS"])
def test_a_container_selected_by_customs_is_held_until_released(selection: str) -> None:
    (held,) = found(box(selection, "DEHAM", 31))
    assert (held.code, held.equipment_reference, held.place) == (Code.CUSTOMS_HOLD, BOX, "DEHAM")
    assert held.until is None
    (over,) = found(box(selection, "DEHAM", 31), box("CUSR", "DEHAM", 33))
    assert over.until == on(33)
    (again,) = found(box("CUSR", "DEHAM", 30), box(selection, "DEHAM", 31))
    assert again.until is None, "an earlier release does not end it"


def test_papers_on_hold_with_customs_hold_the_shipment() -> None:
    assert [each.code for each in found(paper("HOLD", "CUS", 5))] == [Code.CUSTOMS_HOLD]
    assert [each.until for each in found(paper("HOLD", "CUC", 5), paper("RELS", "CUC", 6))] == [on(6)]
    assert found(paper("HOLD", "SHI", 5)) == [], "held by somebody else"


def test_a_container_that_lay_a_week_lay_long() -> None:
    (long,) = found(box("DISC", "KRPUS", 5), box("LOAD", "KRPUS", 13))
    assert (long.code, long.hours, long.since, long.until) == (Code.LONG_DWELL, 8 * 24, on(12), on(13))
    assert found(box("DISC", "KRPUS", 5), box("LOAD", "KRPUS", 11)) == []


def test_a_cancelled_booking_and_differing_sources_are_exceptions() -> None:
    assert [each.code for each in found(paper("CANC", "BKG", 1))] == [Code.CANCELLED]
    differing = found(box("DISC", "DEHAM", 31), box("DISC", "DEHAM", 31.5, TERMINAL))
    assert [(each.code, each.hours) for each in differing] == [(Code.SOURCES_DIFFER, 12)]


def test_what_the_window_says_holds_until_it_releases() -> None:
    said: list[tuple[str, str | None, datetime]] = [
        ("ACCEPTED", None, on(1)),
        ("CHANNEL_ASSIGNED", "RED", on(2)),
    ]
    (held,) = customs_irregularities(said)
    assert (held.code, held.since, held.until) == (Code.CUSTOMS_HOLD, on(2), None)
    (over,) = customs_irregularities([("RELEASED", None, on(4)), *said])
    assert over.until == on(4)
    assert customs_irregularities([("CHANNEL_ASSIGNED", "GREEN", on(2))]) == []
    (licence,) = customs_irregularities([("LPCO_REQUESTED", None, on(2)), ("LPCO_GRANTED", None, on(3))])
    assert licence.until == on(3)
    assert [each.code for each in customs_irregularities([("REJECTED", None, on(2))])] == [
        Code.CUSTOMS_REJECTED
    ]


REPORTS = st.lists(
    st.builds(
        partial(Report),
        st.builds(
            partial(TrackingEvent),
            source_event_id=st.sampled_from("abcdef"),
            version_at=st.integers(0, 20).map(on),
            at=st.integers(0, 20).map(on),
            kind=st.just("TRANSPORT"),
            code=st.sampled_from(["ARRI", "DEPA"]),
            classifier=st.sampled_from(["ACT", "EST", "PLN"]),
            place=st.sampled_from(["TWKHH", "KRPUS", "DEHAM"]),
        )
        | st.builds(
            partial(TrackingEvent),
            source_event_id=st.sampled_from("ghijkl"),
            version_at=st.integers(0, 20).map(on),
            at=st.integers(0, 20).map(on),
            kind=st.just("EQUIPMENT"),
            code=st.sampled_from(["DISC", "LOAD", "CUSI", "CUSR"]),
            classifier=st.just("ACT"),
            place=st.sampled_from(["TWKHH", "KRPUS", "DEHAM"]),
            equipment_reference=st.just(BOX),
        ),
        st.sampled_from([CARRIER, TERMINAL]),
        st.sampled_from([None, "9321483 041W", "9400000 017W"]),
    ),
    max_size=10,
    unique_by=lambda report: (report.source, report.event.source_event_id, report.event.version_at),
)


@given(REPORTS, st.randoms(use_true_random=False))
def test_exceptions_do_not_depend_on_the_order_of_arrival(reports: list[Report], random: object) -> None:
    shuffled: Sequence[Report] = sorted(reports, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert found(*shuffled) == found(*reports)


@given(REPORTS)
def test_each_exception_has_a_key_of_its_own_and_ends_after_it_began(reports: list[Report]) -> None:
    every = found(*reports)
    assert len({each.key for each in every}) == len(every)
    for each in every:
        assert each.hours is None or each.hours > 0
