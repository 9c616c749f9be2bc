"""Emissions of a leg: mass, distance, factor, each with its source; what is not known is refused by name."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus_platform.database import Platform
from isthmus_platform.emissions import Footprint, Lack, distances, factors, of_shipments
from isthmus_platform.emissions.factors import Factor
from isthmus_platform.emissions.footprint import Way, grams, of
from isthmus_platform.shipments import LegDraft, Shipment, get
from trade import open_trade

MASS = Decimal("18450.5")
MODES = ("VESSEL", "BARGE", "RAIL", "TRUCK", "AIR")


def test_every_factor_names_its_source_and_claims_no_check_that_was_not_made() -> None:
    assert {each.mode for each in factors.table()} == set(MODES)
    for each in factors.table():
        assert each.provenance == "GLEC default as of v3, to be confirmed"
        assert not each.confirmed
        assert each.milligrams_per_tonne_km > 0
        assert each.distance_adjustment_per_mille >= 1000


@pytest.mark.parametrize(
    ("mode", "km", "factor"),
    [
        ("AIR", 1500, "AIR_SHORT_HAUL"),
        ("AIR", 1501, "AIR_LONG_HAUL"),
        ("VESSEL", 0, "VESSEL_CONTAINER"),
        ("TRUCK", 9999, "TRUCK_ARTICULATED_40T"),
    ],
)
def test_the_factor_follows_mode_and_distance(mode: str, km: int, factor: str) -> None:
    assert factors.of(mode, km).id == factor


@pytest.mark.parametrize(
    ("mode", "way", "least", "most", "source"),
    [
        ("VESSEL", ("TWKHH", "DEHAM"), 18_500, 19_500, "searoute"),  # by Suez; 10,300 nautical miles
        ("VESSEL", ("USNYC", "USLAX"), 8_800, 9_500, "searoute"),  # by Panama
        ("AIR", ("TWTPE", "DEFRA"), 9_300, 9_600, "great circle + 95 km (EN 16258)"),
        ("TRUCK", ("DEHAM", "DEBRE"), 100, 150, "our own estimate"),
        ("RAIL", ("DEHAM", "DEMUC"), 650, 800, "our own estimate"),
    ],
    ids=["by Suez", "by Panama", "air", "road", "rail"],
)
def test_a_distance_is_as_long_as_the_way_is_and_says_by_which_rule(
    mode: str, way: tuple[str, str], least: int, most: int, source: str
) -> None:
    found = distances.between(mode, *way)
    assert least <= found.km <= most
    assert source in found.source
    assert distances.between(mode, *reversed(way)).km == pytest.approx(found.km, abs=1)


@pytest.mark.parametrize(
    ("way", "lack", "named"),
    [
        (Way("VESSEL", "DEMUC", "DEHAM"), Lack.NO_SEA_ROUTE, "DEMUC"),
        (Way("RAIL", "CHZRH", "DEHAM"), Lack.PLACE_UNKNOWN, "CHZRH"),
        (Way("TRUCK", "XXZZZ", "DEHAM"), Lack.PLACE_UNKNOWN, "XXZZZ"),
    ],
    ids=["inland", "no position", "no such place"],
)
def test_a_way_that_is_not_known_is_refused_by_name_and_so_is_the_total(
    way: Way, lack: Lack, named: str
) -> None:
    found = of(MASS, [Way("AIR", "DEFRA", "DEMUC"), way])
    known, unknown = found.legs
    assert known.grams
    assert (unknown.grams, unknown.distance, found.total_grams) == (None, None, None)
    (refusal,) = found.refusals
    assert (refusal.code, refusal.subject) == (lack, "leg 2")
    assert named in refusal.message


@pytest.mark.parametrize("mass", [None, Decimal(0)], ids=["none", "zero"])
def test_goods_without_mass_are_refused_and_their_distance_is_still_told(mass: Decimal | None) -> None:
    found = of(mass, [Way("AIR", "DEFRA", "DEMUC"), Way("TRUCK", "DEHAM", "DEBRE")])
    assert [each.code for each in found.refusals] == [Lack.MASS_UNKNOWN]
    assert all(each.distance and each.factor and each.grams is None for each in found.legs)
    assert found.total_grams is None


FACTOR = Factor("X", "TRUCK", "x", None, 80_000, 1050, "x", confirmed=False)


@pytest.mark.parametrize(
    ("tonne_km", "expected"),
    [
        (Decimal(100), 8_400),  # 80 g, and 5 % longer
        (Decimal("0.0059523"), 0),  # 0.49999 g
        (Decimal("0.0059524"), 1),  # 0.50000 g and a little
        (Decimal(10) ** 12, 84_000_000_000_000),
    ],
    ids=["whole", "under half", "over half", "huge"],
)
def test_grams_are_exact_and_whole(tonne_km: Decimal, expected: int) -> None:
    assert grams(tonne_km, FACTOR) == expected


@settings(max_examples=50)
@given(st.lists(st.decimals("0.001", "1000000", places=3), min_size=1, max_size=5))
def test_splitting_goods_changes_the_sum_by_no_more_than_its_roundings(masses: list[Decimal]) -> None:
    whole = grams(sum(masses, Decimal(0)), FACTOR)
    assert abs(whole - sum(grams(each, FACTOR) for each in masses)) <= (len(masses) + 1) / 2


def footprint(platform: Platform, by: str = "trader", **changes: Any) -> Footprint:
    trade = open_trade(platform)
    shipment_id = trade.ship(**changes)
    with platform.begin(trade[by]) as work:
        row: Shipment = get(work, shipment_id)
        return of_shipments(work, [row])[shipment_id]


def test_a_shipment_without_legs_is_taken_to_go_by_sea_and_says_so(platform: Platform) -> None:
    found = footprint(platform)
    assert found.mass_kg == Decimal("31330.5")
    assert [(each.way, each.assumed) for each in found.legs] == [
        (Way("VESSEL", "TWKHH", "KRPUS"), True),
        (Way("VESSEL", "KRPUS", "DEHAM"), True),
    ]
    assert found.total_grams == sum(each.grams or 0 for each in found.legs) > 0


def test_the_legs_that_were_told_are_counted_in_their_order(platform: Platform) -> None:
    legs = (
        LegDraft("TRUCK", "TWTPE", "TWKHH"),
        LegDraft("VESSEL", "TWKHH", "DEHAM"),
        LegDraft("RAIL", "DEHAM", "DEMUC"),
    )
    found = footprint(platform, origin="TWTPE", destination="DEMUC", transhipments=(), legs=legs)
    assert [each.way.mode for each in found.legs] == ["TRUCK", "VESSEL", "RAIL"]
    assert not any(each.assumed for each in found.legs)
    assert found.refusals == ()
