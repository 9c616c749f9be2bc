"""How far a voyage is, and the map of it."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import isthmus_portal
from isthmus_portal import sea_lanes, voyage
from isthmus_portal.chart import Map, bars, project, route_map
from portal_example import BUSAN, HAMBURG, KAOHSIUNG, OAKLAND, TIMELINE, Json, another, at, place

LATITUDES = st.floats(-70, 75)
LONGITUDES = st.floats(-180, 180)
PORTS = st.tuples(LATITUDES, LONGITUDES)


def ports(*points: tuple[float, float]) -> list[Json]:
    return [place(f"XX{n:03}", f"Port {n}", "XX", *point) for n, point in enumerate(points)]


def drawn(map_: Map) -> list[tuple[float, float]]:
    """Return the points a route passes through."""
    return [
        (float(x), float(y))
        for line, _ in map_.legs
        for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)(?=C|$)", line)
    ]


@given(st.lists(PORTS, min_size=2, max_size=5))
def test_the_map_holds_the_whole_route(points: list[tuple[float, float]]) -> None:
    map_ = route_map(ports(*points))
    assert map_ is not None
    left, top, width, height = map_.view
    for x, y in drawn(map_):
        assert left <= x <= left + width
        assert top <= y <= top + height


@given(st.lists(PORTS, min_size=2, max_size=5))
def test_legs_join_and_marks_stand_on_the_route(points: list[tuple[float, float]]) -> None:
    map_ = route_map(ports(*points))
    assert map_ is not None
    ends = [re.findall(r"-?[\d.]+ -?[\d.]+", line) for line, _ in map_.legs]
    for before, after in pairwise(ends):
        assert before[-1] == after[0]
    assert len(map_.marks) == len(points)


@given(PORTS, PORTS)
def test_no_leg_jumps_across_the_map_at_the_date_line(a: tuple[float, float], b: tuple[float, float]) -> None:
    path = sea_lanes.leg(a, b)
    assert (path[0], len(path) >= 2) == (a, True)
    assert all(abs(there[1] - here[1]) <= 180 for here, there in pairwise(path))


def test_a_route_over_the_date_line_is_drawn_on_two_copies_of_the_world() -> None:
    map_ = route_map([KAOHSIUNG, OAKLAND])
    assert map_ is not None
    assert map_.worlds == [0.0, 3600.0]
    assert map_.view[2] < 2400


def test_a_route_from_asia_to_europe_goes_through_suez_and_not_over_land() -> None:
    path = sea_lanes.leg((BUSAN["latitude"], BUSAN["longitude"]), (HAMBURG["latitude"], HAMBURG["longitude"]))
    for name in ("Malacca", "Suez", "Gibraltar", "Dover"):
        assert sea_lanes.TURNS[name] in path


def test_a_port_without_a_position_in_un_locode_is_still_on_the_map() -> None:
    map_ = route_map([KAOHSIUNG, BUSAN])
    assert map_ is not None
    assert [mark.name for mark in map_.marks] == ["Kaohsiung", "Busan"]


def test_a_stop_that_nobody_can_place_is_left_out_and_the_rest_stays_right() -> None:
    somewhere = place("XXZZZ", "Somewhere", "XX", None, None)
    map_ = route_map([KAOHSIUNG, somewhere, BUSAN, HAMBURG], legs_done=2)
    assert map_ is not None
    assert [mark.name for mark in map_.marks] == ["Kaohsiung", "Busan", "Hamburg"]
    assert [sailed for _, sailed in map_.legs] == [True, False]


def test_neighbouring_ports_are_joined_by_a_plain_line() -> None:
    assert len(sea_lanes.leg((51.9, 4.5), (51.2, 4.4))) == 2


def test_every_lane_can_be_sailed_to_every_other() -> None:
    reached, queue = {"Dover"}, ["Dover"]
    while queue:
        for onward in sea_lanes.NEIGHBOURS[queue.pop()]:
            if onward not in reached:
                reached.add(onward)
                queue.append(onward)
    assert reached == set(sea_lanes.TURNS)


@given(LATITUDES, LATITUDES, LONGITUDES)
def test_north_is_up(one: float, other: float, longitude: float) -> None:
    if one < other:
        assert project((one, longitude))[1] > project((other, longitude))[1]


def test_the_outline_of_land_is_small_and_names_its_source() -> None:
    outline = (Path(isthmus_portal.__file__).parent / "static" / "land.svg").read_text()
    assert len(outline) < 60_000
    assert "Natural Earth" in outline


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        (at("BOOKED", "", "2026-06-01T00:00:00Z", None), ["ahead", "ahead", "ahead"]),
        (at("LOADED", "", "2026-06-01T00:00:00Z", KAOHSIUNG), ["here", "ahead", "ahead"]),
        (at("DEPARTED", "", "2026-06-01T00:00:00Z", KAOHSIUNG), ["passed", "ahead", "ahead"]),
        (at("AT_TRANSHIPMENT", "", "2026-06-01T00:00:00Z", BUSAN), ["passed", "here", "ahead"]),
        (at("DEPARTED", "", "2026-06-01T00:00:00Z", BUSAN), ["passed", "passed", "ahead"]),
        (at("ARRIVED", "", "2026-06-01T00:00:00Z", HAMBURG), ["passed", "passed", "here"]),
        (at("DEPARTED", "", "2026-06-01T00:00:00Z", OAKLAND), ["ahead", "ahead", "ahead"]),
    ],
)
def test_the_strip_follows_the_status(status: Json, standing: list[str]) -> None:
    assert [stop.standing for stop in voyage.stops(another("X", status=status))] == standing


@given(st.permutations(TIMELINE))
def test_the_timeline_is_the_same_in_whatever_order_it_comes(entries: list[Json]) -> None:
    parted = voyage.timeline(entries)
    assert [entry["id"] for entry in parted.expected] == ["event:9", "event:14"]
    assert [entry["id"] for entry in parted.overtaken] == ["event:8"]
    assert len(parted.happened) == len(TIMELINE) - 3


def test_an_estimate_is_overtaken_by_what_happened() -> None:
    arrived = {**TIMELINE[-2], "id": "event:99", "classifier": "ACTUAL"}
    parted = voyage.timeline([*TIMELINE, arrived])
    assert [entry["id"] for entry in parted.expected] == ["event:14"]


@given(st.lists(st.integers(0, 10**12), max_size=20))
def test_bars_are_never_longer_than_the_chart(quantities: list[int]) -> None:
    drawn_bars = bars([("meter", "value", quantity) for quantity in quantities])
    assert all(0 <= bar.length <= 100 for bar in drawn_bars)
