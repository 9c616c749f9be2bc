"""An insurer's tables of rates at the portal: published from lines, shown as tables, nobody else's to see."""

import pytest
from graphql_relay import to_global_id

from insurance_trade import DESK, TABLE, InsuredTrade, open_insured_trade
from isthmus_platform.database import Platform
from isthmus_platform.insurance import quotes, rating
from isthmus_portal import Files
from portal_frame import is_sound
from portal_services import acquainted, done, offered, refused
from portal_visitor import AsParty
from standing import StandingClock

ROWS = """hsPrefix,origin,destination,mode,clause,rate,deductible
8457, ASIA, DE, VESSEL, ICC_A, 0.1250, 0.5

,*,*,,WAR,0.0275
"""
GIVEN: dict[str, str | list[str]] = {
    "minimum": "50.00 USD",
    "rows": ROWS,
    "regions": "ASIA, TW CN\nEUROPE; DE NL",
}


@pytest.fixture
def trade(platform: Platform) -> InsuredTrade:
    return open_insured_trade(platform)


@pytest.fixture
def as_party(trade: InsuredTrade) -> AsParty:
    return acquainted(trade.platform, DESK, trade.papers.trade.actors, Files())


def test_a_table_is_published_from_lines_and_rates_from_its_time_on(
    trade: InsuredTrade, as_party: AsParty, clock: StandingClock
) -> None:
    insurer = as_party("insurer")
    empty = is_sound(insurer.get(insurer.get("/insurance").link("Your tables of rates")))
    shown = done(insurer, empty, "Publish the table", **GIVEN)
    rows = [[cell.text for cell in row.all("td")] for row in shown.section("Rates").one("tbody").all("tr")]
    assert rows == [
        ["1", "8457", "ASIA", "DE", "Vessel", "Institute Cargo Clauses (A)", "0.125 %", "0.5 %"],
        ["2", "any", "any", "any", "any", "Institute War Clauses (Cargo)", "0.0275 %", "0 %"],
    ]
    beside = shown.section("Beside them").text
    assert all(said in beside for said in ("US$50.00", "14 days", "TW CN"))
    assert "Planned" in shown.one(css="head-status").text
    with trade.platform.begin(trade["insurer"]) as work:
        (kept,) = quotes.tariffs(work)
    assert rating.from_json(kept.rates) == rating.Table(
        (
            rating.Row("8457", "ASIA", "DE", "VESSEL", "ICC_A", 1_250, 5_000),
            rating.Row("", "*", "*", "*", "WAR", 275),
        ),
        5_000,
        {"ASIA": ("TW", "CN"), "EUROPE": ("DE", "NL")},
    )
    clock.advance(hours=1)
    listed = is_sound(as_party("insurer").get("/insurance/tariffs"))
    assert [cell.text for cell in listed.one("tbody").all("td")[2:]] == ["In force", "USD", "2", "US$50.00"]


def test_the_next_table_is_filled_with_the_one_before_and_takes_its_place(
    trade: InsuredTrade, as_party: AsParty, clock: StandingClock
) -> None:
    trade.publish()
    insurer = as_party("insurer")
    first = insurer.get("/insurance/tariffs").one("tbody").one("a")
    form = is_sound(insurer.get(first.attributes["href"]))
    done(insurer, form, "Publish the table")
    with trade.platform.begin(trade["insurer"]) as work:
        copied, _ = quotes.tariffs(work)
    assert rating.from_json(copied.rates) == TABLE, "what was filled in says what it was filled from"
    clock.advance(hours=2)
    states = [
        row.all("td")[2].text for row in as_party("insurer").get("/insurance/tariffs").one("tbody").all("tr")
    ]
    assert states == ["In force", "Replaced"]


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"rows": "8457,ASIA,DE,VESSEL,ICC_A,12.34567"}, "rows", "Row 1: A rate is per cent"),
        ({"rows": ",,,,WAR,1\n,,,,,1"}, "rows", "Row 2: The clause is needed."),
        ({"rows": ",,,,WAR,1,1,1"}, "rows", "Row 1: At most 7 columns: hsPrefix,"),
        ({"rows": "\n8457,,,,WAR,1\n84x,,,,WAR,1"}, "rows", "Row 2: A prefix of the Harmonised System"),
        ({"rows": ",,,,WAR,1\n,,,,WAR,2"}, "rows", "Row 2: Two rows for the same."),
        ({"rows": "hsPrefix,origin,destination,mode,clause,rate,deductible"}, "rows", "A table has 1 to"),
        ({"regions": "asia, TW"}, "regions", "A region's name is capital letters."),
        ({"minimum": "50"}, "minimum", "An amount and its currency"),
        ({"effectiveFrom": "2026-05-01T00:00"}, "effectiveFrom", "A table holds from now on."),
    ],
    ids=["rate", "clause", "columns", "prefix", "twice", "heading", "region", "currency", "past"],
)
def test_what_cannot_be_is_said_beside_its_field_by_the_number_of_the_row(
    trade: InsuredTrade, as_party: AsParty, changed: dict[str, str | list[str]], field: str, said: str
) -> None:
    insurer = as_party("insurer")
    shown = refused(insurer, insurer.get("/insurance/tariffs"), "Publish the table", **{**GIVEN, **changed})
    assert shown.one("p", id=f"publish-{field}-said").text.startswith(said)
    with trade.platform.begin(trade["insurer"]) as work:
        assert quotes.tariffs(work) == []


def test_no_other_party_sees_a_table_nor_publishes_one(trade: InsuredTrade, as_party: AsParty) -> None:
    trade.publish()
    with trade.platform.begin(trade["insurer"]) as work:
        (kept,) = quotes.tariffs(work)
    trader = as_party("trader")
    trader.get(f"/insurance/tariffs/{to_global_id('InsuranceTariff', str(kept.id))}", status=404)
    shown = is_sound(trader.get("/insurance/tariffs"))
    assert ("No table yet" in shown.text, offered(shown)) == (True, [])
    values = as_party("insurer").get("/insurance/tariffs").form("Publish the table")[1]
    own = trader.get("/insurance/tariffs").one("input", name_="csrf_token").attributes["value"]
    trader.client.post("/insurance/tariffs", data=values | GIVEN | {"csrf_token": own})
    for name in ("insurer", "trader"):
        with trade.platform.begin(trade[name]) as work:
            assert [row.id for row in quotes.tariffs(work)] == ([kept.id] if name == "insurer" else [])
