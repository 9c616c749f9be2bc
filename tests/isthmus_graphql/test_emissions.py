"""A shipment's emissions through GraphQL: every number with its source, for those who see the shipment."""

from graphql_client import Asker
from graphql_trade import ship

EMISSIONS = """
query ($r: String!) { shipment(reference: $r) { emissions { method massKg totalCo2eGrams
  refusals { code subject message }
  legs { sequence mode origin { code } destination { code } assumed distanceKm distanceSource tonneKm
    co2eGrams factor { id vehicle milligramsPerTonneKm distanceAdjustmentPerMille provenance confirmed }
    refusal { code } } } } }
"""


def test_each_leg_says_its_distance_its_factor_and_where_both_come_from(
    trader: Asker, carrier: Asker
) -> None:
    ship(trader)
    told = trader.data(EMISSIONS, r="KHH-HAM-1")["shipment"]["emissions"]
    assert told["massKg"] == "18450.5"
    assert [(leg["mode"], leg["origin"]["code"], leg["assumed"]) for leg in told["legs"]] == [
        ("VESSEL", "TWKHH", True),
        ("VESSEL", "KRPUS", True),
    ]
    assert [leg["factor"]["id"] for leg in told["legs"]] == ["VESSEL_CONTAINER", "VESSEL_ASIA_NORTH_EUROPE"]
    assert [leg["factor"]["confirmed"] for leg in told["legs"]] == [True, False]
    for leg in told["legs"]:
        assert leg["distanceSource"].startswith("searoute")
        assert leg["factor"]["provenance"].startswith(
            "GLEC Framework v3.2, Module 2, Tables 18 and 19, as quoted"
        )
        factor = leg["factor"]
        per_tonne_km = factor["milligramsPerTonneKm"] * factor["distanceAdjustmentPerMille"] / 1_000_000
        assert leg["co2eGrams"] == round(float(leg["tonneKm"]) * per_tonne_km)
    assert told["totalCo2eGrams"] == sum(leg["co2eGrams"] for leg in told["legs"])
    assert carrier.data(EMISSIONS, r="KHH-HAM-1")["shipment"]["emissions"] == told


def test_goods_without_mass_have_no_emissions_and_say_why(trader: Asker) -> None:
    ship(trader, goods=[])
    told = trader.data(EMISSIONS, r="KHH-HAM-1")["shipment"]["emissions"]
    assert told["totalCo2eGrams"] is None
    assert [(each["code"], each["subject"]) for each in told["refusals"]] == [("MASS_UNKNOWN", "goods")]


def test_who_does_not_see_the_shipment_learns_nothing(trader: Asker, rival: Asker) -> None:
    ship(trader)
    assert rival.ask(EMISSIONS, r="KHH-HAM-1") == rival.ask(EMISSIONS, r="NO-SUCH")
