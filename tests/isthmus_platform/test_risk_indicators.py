"""What the indicators say: explained, unmoved by a few wrong values, silent where they do not know."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_platform.errors import InvalidInput
from isthmus_platform.risk import indicators, journeys, robust, vocabulary
from isthmus_platform.risk.history import History
from isthmus_platform.risk.indicators import Source
from isthmus_platform.risk.seen import Box, Call, Paper
from risk_trade import NOW, goods, seen

PRICES = st.lists(st.integers(1, 10**9), min_size=indicators.SMALLEST_SAMPLE, max_size=40)


def trade_at(prices: list[int], **changes: Any) -> History:
    return History.of(seen(n, goods(price), **changes) for n, price in enumerate(prices, 1))


def paper(**changes: Any) -> Paper:
    made = Paper(UUID(int=77), "271", "PL-1", None, Decimal(1000), Decimal(900), Decimal(2))
    return replace(made, **changes)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30), st.floats(-1e9, 1e9), st.randoms())
def test_the_order_of_a_sample_does_not_matter(sample: list[float], value: float, order: Any) -> None:
    known = robust.spread(sample, 1)
    shuffled = sorted(sample, key=lambda _: order.random())
    assert known is not None
    assert known == robust.spread(shuffled, 1)
    assert (known.deviation(value) > 0) == (value > known.median) or known.deviation(value) == 0


@given(PRICES, st.integers(1, 10**9))
def test_one_absurd_price_in_the_history_moves_the_median_no_further_than_its_neighbour(
    prices: list[int], absurd: int
) -> None:
    ordered = sorted(float(price) for price in prices)
    known = robust.spread([*ordered, float(absurd) * 10**9], 1)
    assert known is not None
    middle = len(ordered) // 2
    assert ordered[max(middle - 1, 0)] <= known.median <= ordered[min(middle + 1, len(ordered) - 1)]


@given(PRICES, st.integers(1, 10**9), st.integers(2, 1000))
def test_a_price_is_as_far_in_any_unit_of_money(prices: list[int], price: int, times: int) -> None:
    once = indicators.price(seen(99, goods(price)), trade_at(prices))
    more = indicators.price(seen(99, goods(price * times)), trade_at([each * times for each in prices]))
    assert once.facts["deviation"] == pytest.approx(more.facts["deviation"])
    assert once.facts["ratio"] == pytest.approx(more.facts["ratio"])


@given(PRICES)
def test_the_price_that_the_trade_pays_never_stands_out(prices: list[int]) -> None:
    usual = sorted(prices)[len(prices) // 2]
    known = robust.spread([float(each) for each in prices], 1)
    assert known is not None
    if known.median == usual:
        assert indicators.price(seen(99, goods(usual)), trade_at(prices)).facts["deviation"] == 0


def test_a_price_far_from_the_trades_own_explains_itself() -> None:
    told = indicators.price(seen(99, goods(500)), trade_at([10, 11, 12, 10, 11, 12, 10, 11]))
    assert told.stands_out
    [evidence] = told.evidence
    assert (evidence.source, evidence.place) == (Source.FIELD, "goods.1.value")
    assert evidence.value == "500.00 minor units of USD a kilogram net"
    assert "median 11.00, median absolute deviation 1.00 of 8 earlier prices" in evidence.against
    assert "heading 8458 from TWKHH to DEHAM" in evidence.against
    assert "S-8" in evidence.against


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "CNSHA"},
        {"destination": "NLRTM"},
        {"goods": (goods(hs_code="390110"),)},
        {"goods": (goods(currency="EUR"),)},
    ],
    ids=["origin", "destination", "heading", "currency"],
)
def test_prices_of_another_lane_heading_or_currency_say_nothing(changes: dict[str, Any]) -> None:
    told = indicators.price(seen(99, **changes), trade_at([10] * 20))
    assert told.facts == {"known": False}
    assert not told.stands_out


def test_too_few_prices_say_nothing() -> None:
    assert not indicators.price(seen(99, goods(999)), trade_at([10] * 7)).facts["known"]
    assert indicators.price(seen(99, goods(999)), trade_at([10] * 8)).stands_out


@given(st.lists(st.sampled_from([(), ("KRPUS",), ("SGSIN", "LKCMB")]), max_size=30), st.integers(1, 12))
def test_a_history_that_slides_is_the_history_of_what_it_holds(
    ways: list[tuple[str, ...]], most: int
) -> None:
    made = [
        seen(n, goods(n), transhipments=way, consignee_name=f"K{n % 2}", invoice_number=f"INV-{n % 4}")
        for n, way in enumerate(ways, 1)
    ]
    slid, fresh = History.of(made, most), History.of(made[-most:], most)
    asked = seen(99, consignee_name="k1", invoice_number="INV-3")
    for question in (
        len,
        lambda history: history.prices(asked, asked.goods[0]),
        lambda history: history.ways(asked.lane),
        lambda history: history.to_consignee("k 1"),
        lambda history: history.of_owner(asked.owner_id),
        lambda history: history.invoiced_alike(asked),
        lambda history: history.usual_volume(asked.created_at),
    ):
        assert question(slid) == question(fresh)


def test_a_detour_without_reason_stands_out_until_it_is_usual() -> None:
    strange = seen(99, transhipments=("BRSSZ",))
    direct = [seen(n) for n in range(1, 9)]
    told = journeys.route(strange, History.of(direct))
    assert told.stands_out
    assert told.facts["detour"] == pytest.approx(3.1, abs=0.3)
    assert "ways known of this lane: direct (8 times)" in told.evidence[0].against
    usual = [seen(n, transhipments=("BRSSZ",)) for n in range(10, 13)]
    assert not journeys.route(strange, History.of([*direct, *usual])).stands_out


@pytest.mark.parametrize("way", list(permutations(("SGSIN", "LKCMB", "NLRTM"), 2)), ids="-".join)
def test_no_way_is_shorter_than_the_great_circle(way: tuple[str, ...]) -> None:
    told = journeys.route(seen(99, transhipments=way), History())
    assert told.facts["detour"] >= 1


def test_a_call_at_a_place_that_is_not_on_the_route_is_evidence_by_its_event() -> None:
    calls = (Call(UUID(int=5), "KRPUS", NOW), Call(UUID(int=6), "IRBND", NOW + timedelta(days=3)))
    told = journeys.route(seen(99, transhipments=("KRPUS",), calls=calls), History())
    assert told.facts["unplanned"] == 1
    [stray] = [one for one in told.evidence if one.source is Source.EVENT]
    assert (stray.id, stray.value) == (str(UUID(int=6)), "IRBND at 2026-06-04")


def rush(count: int, days: int, others: int = 0) -> indicators.Reading:
    since = NOW - timedelta(days=days)
    owner: dict[str, Any] = {"owner_id": UUID(int=5), "owner": "newcomer", "owner_since": since}
    past = [seen(n, **owner) for n in range(1, count)]
    old = [seen(100 + n, owner_id=UUID(int=1000 + n)) for n in range(others)]
    return journeys.owner(seen(400, **owner), History.of([*past, *old]))


def test_many_consignments_of_a_new_party_are_a_rush() -> None:
    assert rush(10, 5).stands_out
    assert not rush(9, 5).stands_out, "not many"
    assert not rush(10, 90).stands_out, "no newcomer"
    told = rush(12, 5, others=4)
    assert told.facts["timesUsual"] == 12
    assert "established parties send 1 in 30 days (the median of 4)" in told.evidence[0].against


def test_a_consignee_is_new_by_the_members_own_history() -> None:
    past = [seen(n, consignee_name="Werkzeug GmbH") for n in range(1, 10)]
    told = journeys.consignee(seen(99, consignee_name="WERKZEUG-GmbH"), History.of(past))
    assert told.facts == {"known": True, "ageDays": 4, "recent": 10, "earlier": 9}
    assert told.stands_out
    assert journeys.consignee(seen(99), History.of(past)).facts == {"known": False}


@pytest.mark.parametrize(
    ("number", "day"),
    [("fpm 2026/0417", 0), ("FPM-2O26-0417", 0), ("FPM-2026-0471", 0), ("FPM-2026-0417/A", 0)],
    ids=["spaces and case", "letters for digits", "swapped digits", "a part"],
)
def test_a_nearly_equal_invoice_is_found_as_the_register_of_financing_finds_it(number: str, day: int) -> None:
    old = seen(1, invoice_number="FPM-2026-0417", booked_at=NOW)
    new = seen(2, invoice_number=number, booked_at=NOW + timedelta(days=day))
    told = indicators.invoices(new, History.of([old]))
    assert told.stands_out
    assert told.facts == {"alike": 1, "same": 0}
    assert told.evidence[0].against == "FPM-2026-0417 of S-1"


def test_another_number_or_seller_is_no_duplicate() -> None:
    history = History.of([seen(1, invoice_number="FPM-2026-0417")])
    assert not indicators.invoices(seen(2, invoice_number="FPM-2026-0999"), history).stands_out
    other = seen(2, invoice_number="FPM-2026-0417", owner_id=UUID(int=9))
    assert not indicators.invoices(other, history).stands_out
    assert not indicators.invoices(
        seen(2, invoice_number="--"), History.of([seen(1, invoice_number="--")])
    ).stands_out


def test_an_invoice_among_the_papers_is_named_as_a_document() -> None:
    invoice = paper(type="380", number="FPM-2026-0417", issued_on=date(2026, 6, 1))
    told = indicators.invoices(
        seen(2, papers=(invoice,)), History.of([seen(1, invoice_number="FPM 2026 0417")])
    )
    assert [(one.source, one.id) for one in told.evidence] == [(Source.DOCUMENT, str(invoice.id))]


@given(st.decimals(0, 10**6, places=3), st.decimals(0, 10**6, places=3))
def test_net_above_gross_stands_out_and_nothing_else_does(gross: Decimal, net: Decimal) -> None:
    told = indicators.weights(seen(1, goods(gross_kg=gross, net_kg=net)), History())
    assert told.stands_out == told.facts["netAboveGross"] == (net > gross)


@pytest.mark.parametrize(
    ("kg", "boxes", "over"),
    [
        ("28300", ("22G1",), False),
        ("28300.001", ("22G1",), True),
        ("57200", ("22G1", "45G1"), False),
        ("57201", ("22G1", "45G1"), True),
        ("99999", ("22G1", None), False),
        ("99999", (), False),
        ("99999", ("90G1",), False),
    ],
    ids=["as much", "a gram more", "two boxes", "over two", "one of unknown length", "none", "odd"],
)
def test_no_more_is_carried_than_the_boxes_can(kg: str, boxes: tuple[str | None, ...], over: bool) -> None:
    loaded = tuple(Box(f"MCLU420017{n}", code) for n, code in enumerate(boxes))
    told = indicators.weights(seen(1, goods(gross_kg=Decimal(kg)), boxes=loaded), History())
    assert told.facts["overPayload"] is over


@pytest.mark.parametrize(
    ("kg", "volume", "possible"),
    [("22590", "1", True), ("22591", "1", False), ("1.3", "1", True), ("1.2", "1", False), ("5", "0", False)],
)
def test_nothing_is_denser_than_osmium_nor_lighter_than_air(kg: str, volume: str, possible: bool) -> None:
    packed = paper(gross_kg=Decimal(kg), net_kg=None, volume_m3=Decimal(volume))
    told = indicators.weights(seen(1, papers=(packed,)), History())
    assert told.stands_out is not possible
    assert [one.id for one in told.evidence] == ([] if possible else [str(packed.id)])


@given(PRICES, st.sampled_from([(), ("KRPUS",), ("XXXXX",)]), st.booleans())
def test_every_fact_that_an_indicator_finds_is_in_the_vocabulary_and_can_be_asked_for(
    prices: list[int], way: tuple[str, ...], named: bool
) -> None:
    one = seen(99, transhipments=way, consignee_name="K" if named else None)
    told = vocabulary.profile(one, trade_at(prices))
    assert told.facts.keys() <= vocabulary.TYPES.keys()
    for name, value in told.facts.items():
        if name != "goods" and not isinstance(value, list):
            assert vocabulary.condition(f"{name} == {name}").holds(told.facts), name


def test_a_rule_names_known_facts_and_compares_alike_with_alike() -> None:
    for wrong in ("price.deviatoin > 3.5", "price.deviation > '3'", "owner.ageDays", "secret.key == 'a'"):
        with pytest.raises(InvalidInput) as refused:
            vocabulary.condition(wrong)
        assert refused.value.field == "condition"


def test_the_evidence_of_a_finding_is_that_of_the_indicators_that_the_rule_names() -> None:
    odd = seen(99, goods(500, gross_kg=Decimal(1)))
    told = vocabulary.profile(odd, trade_at([10] * 9))
    both = vocabulary.evidence_for("shipment.containers == 0", told.readings)
    price = vocabulary.evidence_for("price.deviation > 3.5", told.readings)
    assert [one.place for one in price] == ["goods.1.value"]
    assert {one.place for one in both} == {"goods.1.value", "goods.1.netMass"}
