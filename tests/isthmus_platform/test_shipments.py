"""A shipment is made whole or not at all, and only those it concerns see it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from stdnum import iso6346

from isthmus_platform import drafts, outbox, parties, shipments
from isthmus_platform.consignments import CommercialTerms, Equipment, GoodsItem, Shipment
from isthmus_platform.database import Base, Duty, Platform
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.shipments import EquipmentDraft, ShipmentDraft, ShipmentFilter
from standing import StandingClock
from trade import CONTAINERS, DRAFT, Trade, open_trade

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


def count(trade: Trade, party: str, model: type[Base]) -> int:
    with trade.platform.begin(trade[party]) as work:
        return work.session.scalar(select(func.count()).select_from(model)) or 0


def with_goods(**changes: Any) -> ShipmentDraft:
    return replace(DRAFT, goods=(DRAFT.goods[0], replace(DRAFT.goods[1], **changes)))


def with_equipment(*references: str) -> ShipmentDraft:
    return replace(DRAFT, equipment=tuple(EquipmentDraft(reference) for reference in references))


def test_a_shipment_is_kept_as_it_was_drafted(trade: Trade) -> None:
    shipment_id = trade.ship()
    with trade.platform.begin(trade["trader"]) as work:
        kept = shipments.by_reference(work, DRAFT.reference)
        terms = shipments.commercial_terms(work, shipment_id)
        assert kept.id == shipment_id
        assert (kept.origin, kept.transhipments, kept.destination) == ("TWKHH", ["KRPUS"], "DEHAM")
        assert (kept.forwarder_id, kept.carrier_id) == (None, trade["carrier"].party_id)
        assert [unit.reference for unit in kept.equipment] == list(CONTAINERS)
        assert [goods.gross_mass_kg for goods in kept.goods] == [Decimal("18450.5"), Decimal("12880")]
        assert terms is not None
        assert (terms.invoice_number, terms.discount_minor) == ("FPM-1", 567_400)


def test_a_shipment_is_announced_once_it_is_made(trade: Trade) -> None:
    shipment_id = trade.ship()
    said: list[outbox.Message] = []
    outbox.drain(trade.platform, "domain-event", said.append)
    assert [(m.payload["name"], m.payload["about"], m.party_id) for m in said] == [
        ("shipment.created", {"shipment": str(shipment_id)}, trade["trader"].party_id)
    ]


def test_a_reference_or_ucr_is_used_once_by_an_owner(trade: Trade) -> None:
    trade.ship()
    with pytest.raises(Conflict) as refused:
        trade.ship(ucr="another")
    assert (refused.value.code, refused.value.field) == ("reference_taken", "reference")
    with pytest.raises(Conflict) as refused:
        trade.ship(reference="another")
    assert (refused.value.code, refused.value.field) == ("ucr_taken", "ucr")
    assert count(trade, "trader", Shipment) == 1
    trade.ship("stranger")
    assert count(trade, "stranger", Shipment) == 1, "another owner may use the same reference"


def test_a_forwarder_ships_for_a_trader_only_under_its_delegation(trade: Trade, clock: StandingClock) -> None:
    with pytest.raises(NotPermitted) as refused:
        trade.ship("forwarder", on_behalf_of="trader")
    assert (refused.value.code, refused.value.field) == ("no_delegation", "onBehalfOf")
    assert count(trade, "trader", Shipment) == 0
    delegation = trade.delegate()
    shipment_id = trade.ship("forwarder", on_behalf_of="trader")
    with trade.platform.begin(trade["trader"]) as work:
        made = shipments.get(work, shipment_id)
        assert (made.party_id, made.forwarder_id, made.created_by) == (
            trade["trader"].party_id,
            trade["forwarder"].party_id,
            trade["forwarder"].party_id,
        )
        parties.revoke_delegation(work, delegation)
    assert count(trade, "forwarder", Shipment) == 0, "revocation holds from the next read"
    trade.delegate(hours=1)
    assert count(trade, "forwarder", Shipment) == 1
    clock.advance(hours=1)
    assert count(trade, "forwarder", Shipment) == 0, "a delegation ends by itself"


def test_only_the_owner_its_agent_and_the_carrier_see_a_shipment(trade: Trade) -> None:
    trade.delegate()
    shipment_id = trade.ship()
    seen = {party: count(trade, party, Shipment) for party in trade.actors}
    assert {party for party, number in seen.items() if number} == {"trader", "forwarder", "carrier"}
    for party in trade.actors:
        assert (
            bool(seen[party]) == bool(count(trade, party, Equipment)) == bool(count(trade, party, GoodsItem))
        )
    for party in ("stranger", "operator", "authority", "rival"):
        with trade.platform.begin(trade[party]) as work:
            with pytest.raises(NotFound):
                shipments.get(work, shipment_id)
            with pytest.raises(NotFound):
                shipments.by_reference(work, DRAFT.reference)
            with pytest.raises(NotFound):
                shipments.by_ucr(work, DRAFT.ucr)
            assert shipments.page(work) == []
            assert shipments.get_many(work, [shipment_id]) == {}
            assert shipments.page(work, ShipmentFilter(equipment_reference=CONTAINERS[0])) == []


def test_the_commercial_terms_are_the_owners_and_its_agents_alone(trade: Trade) -> None:
    trade.delegate()
    trade.ship()
    seen = {party for party in trade.actors if count(trade, party, CommercialTerms)}
    assert seen == {"trader", "forwarder"}, "never the carrier"


def test_nobody_but_the_owner_and_its_agent_writes_to_a_shipment(trade: Trade) -> None:
    shipment_id = trade.ship()
    with trade.platform.begin(trade["carrier"]) as work:
        seen = shipments.get(work, shipment_id)
        changed = work.session.connection().exec_driver_sql(
            "UPDATE shipment SET vessel = 'Mine' RETURNING id"
        )
        assert changed.all() == []
        assert seen.vessel == "Meridian Aurora"
    for table in ("shipment", "equipment", "goods_item", "commercial_terms", "tracking_event", "party"):
        with trade.platform.begin(trade["trader"]) as work:
            gone = work.session.connection().exec_driver_sql(f"DELETE FROM {table}").rowcount
            assert gone == 0, f"nothing of {table} may be deleted"


def test_a_party_of_another_trade_may_not_ship(trade: Trade) -> None:
    for party in ("operator", "carrier", "authority"):
        with pytest.raises(NotPermitted):
            trade.ship(party)


def test_two_principals_with_the_same_reference_are_told_apart_by_id(trade: Trade) -> None:
    for principal in ("trader", "stranger"):
        trade.delegate(principal)
        trade.ship(principal)
    with trade.platform.begin(trade["forwarder"]) as work, pytest.raises(Conflict) as refused:
        shipments.by_reference(work, DRAFT.reference)
    assert refused.value.code == "ambiguous_reference"
    own = trade.ship("forwarder")
    with trade.platform.begin(trade["forwarder"]) as work:
        assert shipments.by_reference(work, DRAFT.reference).id == own, "one's own comes first"


def test_pages_go_from_new_to_old_and_miss_nothing(trade: Trade) -> None:
    made = [trade.ship(reference=f"R{n}", ucr=f"U{n}") for n in range(5)]
    seen = []
    with trade.platform.begin(trade["carrier"]) as work:
        after = None
        while page := shipments.page(work, after=after, first=2):
            seen += [shipment.id for shipment in page]
            after = page[-1].id
        assert [s.reference for s in shipments.page(work, ShipmentFilter(reference="R3"))] == ["R3"]
        assert (
            len(shipments.page(work, ShipmentFilter(owner="trader", equipment_reference=CONTAINERS[1]))) == 5
        )
        assert shipments.page(work, ShipmentFilter(destination="KRPUS")) == []
    assert seen == made[::-1]


def test_the_duty_of_the_bridges_inbox_finds_a_shipment(trade: Trade) -> None:
    shipment_id = trade.ship()
    with trade.platform.begin(Duty("bridge-inbox")) as work:
        assert shipments.get(work, shipment_id).reference == DRAFT.reference
        assert work.session.scalars(select(CommercialTerms)).all() == []
    with trade.platform.begin(Duty("metering")) as work, pytest.raises(NotFound):
        shipments.get(work, shipment_id)


WRONG: dict[str, tuple[ShipmentDraft, str, str]] = {
    "reference": (replace(DRAFT, reference="a b"), "reference", "format"),
    "long reference": (replace(DRAFT, reference="a" * 36), "reference", "format"),
    "newline after": (replace(DRAFT, reference="a\n"), "reference", "format"),
    "ucr": (replace(DRAFT, ucr="6" * 36), "ucr", "format"),
    "origin": (replace(DRAFT, origin="XXZZZ"), "origin", "unknown_place"),
    "transhipment": (replace(DRAFT, transhipments=("KRPUS", "nowhere")), "transhipments[1]", "unknown_place"),
    "round trip": (replace(DRAFT, destination="TWKHH"), "destination", "same_place"),
    "incoterm": (replace(DRAFT, incoterm="DAT"), "incoterm", "unknown_incoterm"),
    "country": (replace(DRAFT, consignee_country="XX"), "consignee.country", "unknown_country"),
    "lower case": (replace(DRAFT, consignee_country="de"), "consignee.country", "unknown_country"),
    "no offset": (replace(DRAFT, booked_at=datetime(2026, 5, 1)), "bookedAt", "no_offset"),  # noqa: DTZ001
    "later": (replace(DRAFT, booked_at=NOW + timedelta(days=3)), "bookedAt", "in_future"),
    "check digit": (with_equipment(CONTAINERS[0], "MCLU4200186"), "equipment[1].reference", "check_digit"),
    "not a container": (with_equipment("MCLU42"), "equipment[0].reference", "format"),
    "small letters": (with_equipment("mclu4200170"), "equipment[0].reference", "format"),
    "twice": (with_equipment(CONTAINERS[0], CONTAINERS[0]), "equipment[1].reference", "repeated"),
    "hs code": (with_goods(hs_code="84571"), "goods[1].hsCode", "format"),
    "other digits": (with_goods(hs_code="٨٤٥٧١٠"), "goods[1].hsCode", "format"),
    "net": (with_goods(net_mass_kg="12880.000001"), "goods[1].netMassKg", "net_above_gross"),
    "no mass": (with_goods(gross_mass_kg="0.000"), "goods[1].grossMassKg", "not_positive"),
    "exponent": (with_goods(gross_mass_kg="1e9"), "goods[1].grossMassKg", "format"),
    "not a number": (with_goods(net_mass_kg="NaN"), "goods[1].netMassKg", "format"),
    "packages": (with_goods(packages=0), "goods[1].packages", "out_of_range"),
    "value": (with_goods(value_minor=-1), "goods[1].value.amountMinor", "out_of_range"),
    "currency": (with_goods(currency="XXZ"), "goods[1].value.currency", "unknown_currency"),
    "origin of goods": (with_goods(origin_country="T1"), "goods[1].originCountry", "unknown_country"),
    "description": (with_goods(description="\x00"), "goods[1].description", "format"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_draft_that_breaks_a_rule_is_refused_by_field_and_rule(name: str) -> None:
    draft, field, code = WRONG[name]
    with pytest.raises(InvalidInput) as refused:
        drafts.check(draft, NOW)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_a_refused_draft_leaves_nothing_behind(trade: Trade) -> None:
    draft, _, _ = WRONG["check digit"]
    with trade.platform.begin(trade["trader"]) as work, pytest.raises(InvalidInput):
        shipments.create(work, draft)
    with pytest.raises(InvalidInput) as refused:
        trade.ship(carrier="stranger")
    assert refused.value.code == "not_a_carrier"
    assert [count(trade, "trader", model) for model in (Shipment, Equipment, CommercialTerms)] == [0, 0, 0]
    assert outbox.drain(trade.platform, "domain-event", lambda message: pytest.fail(str(message))) == 0


@given(st.from_regex(r"[A-Z]{3}U[0-9]{6}", fullmatch=True), st.integers(0, 9))
def test_of_ten_last_digits_only_the_check_digit_passes(stem: str, digit: int) -> None:
    right = str(iso6346.calc_check_digit(stem))
    check: Callable[[], str] = lambda: drafts.check_equipment_reference(f"{stem}{digit}", "equipment")  # noqa: E731
    if right == str(digit):
        assert check() == f"{stem}{digit}"
    else:
        with pytest.raises(InvalidInput):
            check()
