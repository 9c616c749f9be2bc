"""Emissions of a leg: mass, distance, factor, each with its source; what is not known is refused by name."""

import json
import re
from decimal import Decimal
from importlib import resources
from itertools import combinations_with_replacement, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus_platform import places
from isthmus_platform.database import Platform
from isthmus_platform.emissions import Footprint, Lack, distances, factors, of_shipments
from isthmus_platform.emissions.factors import Factor
from isthmus_platform.emissions.footprint import Way, grams, of
from isthmus_platform.shipments import EquipmentDraft, LegDraft, Shipment, get
from trade import CONTAINERS, open_trade

MASS = Decimal("18450.5")
MODES = ("VESSEL", "BARGE", "RAIL", "TRUCK", "AIR")


@pytest.mark.parametrize(
    ("mode", "km", "way", "grams_per_tonne_km", "table"),
    [
        ("AIR", 1500, ("DEFRA", "DEMUC"), "1363", "Table 1"),
        ("AIR", 1501, ("TWTPE", "DEFRA"), "788", "Table 1"),
        ("BARGE", 100, ("NLRTM", "DEDUI"), "29.3", "Table 2"),
        ("RAIL", 600, ("DEHAM", "DEMUC"), "18.4", "Table 4"),
        ("RAIL", 600, ("INNSA", "INDEL"), "10.6", "rail, India"),
        ("TRUCK", 9999, ("TWTPE", "TWKHH"), "101", "Table 8"),
        ("TRUCK", 100, ("INNSA", "INDEL"), "55.1", "Table 13"),
        ("VESSEL", 0, ("USNYC", "NLRTM"), "7.17", "Tables 18 and 19"),  # 71.7 g a TEU-kilometre
    ],
)
def test_a_factor_is_the_value_of_the_table_it_names(
    mode: str, km: int, way: tuple[str, str], grams_per_tonne_km: str, table: str
) -> None:
    found = factors.of(mode, km, *way)
    assert Decimal(found.milligrams_per_tonne_km) / 1000 == Decimal(grams_per_tonne_km)
    assert found.provenance.startswith(f"GLEC Framework v3.2, Module 2, {table}, as quoted by ")


@pytest.mark.parametrize(
    ("way", "lane", "dry", "reefer"),
    [
        (("KRPUS", "DEHAM"), "ASIA_NORTH_EUROPE", "46.9", "110.6"),
        (("FRLEH", "SGSIN"), "ASIA_NORTH_EUROPE", "46.9", "110.6"),
        (("CNSHA", "FRFOS"), "ASIA_MEDITERRANEAN", "52.2", "116.4"),
        (("CNSHA", "USLAX"), "ASIA_NORTH_AMERICA_WEST", "67.0", "134.4"),
        (("CNSHA", "USNYC"), "ASIA_NORTH_AMERICA_EAST", "59.0", "122.5"),
        (("BRSSZ", "CNSHA"), "ASIA_SOUTH_AMERICA", "67.7", "136.1"),
        (("TWKHH", "ZADUR"), "ASIA_AFRICA", "88.2", "161.3"),
        (("AUSYD", "JPTYO"), "ASIA_OCEANIA", "95.9", "171.2"),
        (("SGSIN", "INNSA"), "ASIA_MIDDLE_EAST_INDIA", "78.3", "150.6"),
        (("INNSA", "ITGOA"), "EUROPE_MIDDLE_EAST_INDIA", "73.4", "139.2"),
        (("INNSA", "AEJEA"), "INTRA_MIDDLE_EAST_INDIA", "114.5", "207.8"),
        (("VNSGN", "TWKHH"), "SOUTH_EAST_NORTH_EAST_ASIA", "108.5", "188.8"),
        (("VNSGN", "SGSIN"), "INTRA_SOUTH_EAST_ASIA", "135.6", "227.5"),
        (("TWKHH", "KRPUS"), "CONTAINER", "71.7", "142.3"),  # the table within North East Asia is not at hand
        (("MACAS", "DEHAM"), "CONTAINER", "71.7", "142.3"),  # not plainly of a region
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_the_ports_choose_the_trade_lane_and_what_is_of_none_goes_by_the_average(
    way: tuple[str, str], lane: str, dry: str, reefer: str
) -> None:
    """Grams of CO2e a TEU-kilometre of Clean Cargo, at ten tonnes a TEU."""
    for cooled, per_teu, suffix in ((False, dry, ""), (True, reefer, "_REEFER")):
        found = factors.of("VESSEL", 1, *way, cooled=cooled)
        assert found.id == f"VESSEL_{lane}{suffix}"
        assert Decimal(found.milligrams_per_tonne_km) / 1000 == Decimal(per_teu) / 10
        assert factors.of("VESSEL", 1, *reversed(way), cooled=cooled) == found


def test_every_factor_says_who_quotes_its_table_and_counts_the_longer_way_itself() -> None:
    assert {each.mode for each in factors.table()} == set(MODES)
    assert len({each.id for each in factors.table()}) == len(factors.table())
    for each in factors.table():
        assert re.search(r", as quoted by [\w-]+/[\w-]+ \S+$", each.provenance), each.id
        assert each.milligrams_per_tonne_km > 0
        assert each.distance_adjustment_per_mille == 1000


def test_a_factor_that_one_source_alone_quotes_or_sources_disagree_on_is_not_confirmed() -> None:
    unsure = {each.id for each in factors.table() if not each.confirmed and each.between is None}
    assert unsure == {"TRUCK_ARTICULATED_40T"}
    bound = {each.id for each in factors.table() if each.confirmed and each.between is not None}
    assert bound == {"RAIL_INDIA"}


def test_no_two_factors_are_bound_to_the_same_regions_and_a_region_names_places_that_are() -> None:
    data = json.loads(
        resources.files("isthmus_platform.emissions").joinpath("glec_factors.json").read_bytes()
    )
    named = [place for region in data["regions"].values() for place in region]
    assert len(named) == len(set(named))
    assert [place for place in named if len(place) == 5 and places.known(place) is None] == []
    assert {len(place) for place in named} == {2, 5}
    for mode, cooled in product(MODES, (False, True)):
        bound = [
            each for each in factors.table() if each.mode == mode and each.cooled is cooled and each.between
        ]
        for ends in combinations_with_replacement(data["regions"], 2):
            assert sum(each.fits(0, ends, cooled=cooled) for each in bound) <= 1, (mode, ends)


def test_every_lane_divides_by_its_tonnes_without_a_rest() -> None:
    data = json.loads(
        resources.files("isthmus_platform.emissions").joinpath("glec_factors.json").read_bytes()
    )
    lanes = data["container_lanes"]
    values = [sum(lane[kind].values()) for lane in lanes["lanes"] for kind in ("dry", "reefer")]
    assert [each for each in values if each % lanes["tonnes_per_teu"]] == []


@pytest.mark.parametrize(
    ("mode", "km", "way", "tonnes", "kilograms"),
    [
        ("VESSEL", 1000, ("INBOM", "INCOK"), 10, "114.5"),
        ("AIR", 1500, ("INBOM", "INDEL"), 1, "2044.5"),
        ("TRUCK", 100, ("DEHAM", "DEBRE"), 15, "151.5"),
    ],
)
def test_the_worked_examples_of_other_calculators_come_out_the_same(
    mode: str, km: int, way: tuple[str, str], tonnes: int, kilograms: str
) -> None:
    """RS-010806/temt_iimb_sample packages/calculator/tests/v2.test.ts; by road kishor-ailnr/NEXUS-HUB-."""
    assert grams(Decimal(tonnes) * km, factors.of(mode, km, *way)) == Decimal(kilograms) * 1000


@pytest.mark.parametrize(
    ("mode", "way", "least", "most", "source"),
    [
        ("VESSEL", ("TWKHH", "DEHAM"), 18_500, 19_500, "searoute"),  # by Suez; 10,300 nautical miles
        ("VESSEL", ("USNYC", "USLAX"), 8_800, 9_500, "searoute"),  # by Panama
        ("AIR", ("TWTPE", "DEFRA"), 9_250, 9_500, "great circle"),
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


@pytest.mark.parametrize(
    ("types", "lane"),
    [
        (("45R1", "22R1"), "VESSEL_ASIA_NORTH_EUROPE_REEFER"),
        (("45R1", "22G1"), "VESSEL_ASIA_NORTH_EUROPE"),
        (("45R1", None), "VESSEL_ASIA_NORTH_EUROPE"),
    ],
    ids=["all", "some", "one not told"],
)
def test_goods_all_in_refrigerated_containers_go_by_the_value_of_reefers(
    platform: Platform, types: tuple[str | None, ...], lane: str
) -> None:
    boxes = tuple(map(EquipmentDraft, CONTAINERS, types))
    found = footprint(platform, transhipments=(), equipment=boxes)
    assert [each.factor and each.factor.id for each in found.legs] == [lane]
