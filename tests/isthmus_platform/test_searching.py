"""Shipments are found by what is known of them, page by page, and by index under row-level security."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from isthmus_platform import searching, shipments
from isthmus_platform.consignments import Shipment
from isthmus_platform.crossings.records import Crossing
from isthmus_platform.database import Platform, new_id
from isthmus_platform.declarations import Declaration
from isthmus_platform.drafts import EquipmentDraft, LegDraft
from isthmus_platform.errors import InvalidInput, NotFound
from isthmus_platform.shipments import ShipmentFilter
from trade import CONTAINERS, Trade, open_trade
from voyage_events import booked, moved, on, send


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


def references(trade: Trade, by: str = "trader", **wanted: Any) -> list[str]:
    with trade.platform.begin(trade[by]) as work:
        return [each.reference for each in shipments.page(work, ShipmentFilter(**wanted))]


def ship(trade: Trade, n: int, by: str = "trader", **changes: Any) -> UUID:
    names = {"reference": f"R{n}", "ucr": f"U{n}", "booking_reference": f"B{n}", "bill_of_lading": f"L{n}"}
    return trade.ship(by, **(names | {"equipment": ()} | changes))


def declare(trade: Trade, shipment_id: UUID, mrn: str) -> None:
    """Let the trader's shipment be declared under ``mrn``, as if customs had accepted it."""
    trader = trade["trader"].party_id
    with trade.platform.begin(trade["trader"]) as work:
        crossing_id = new_id()
        work.session.add(
            Crossing(
                id=crossing_id,
                party_id=trader,
                requester_id=trader,
                shipment_id=shipment_id,
                message="EXPORT_DECLARATION",
                direction="TO_WINDOW",
                purpose="CUSTOMS_EXPORT_CLEARANCE",
                subject="U1",
                state="ACKNOWLEDGED",
                consents=[],
                additional_fields=[],
                fields=[],
                created_at=work.now,
                updated_at=work.now,
            )
        )
        work.session.flush()
        work.session.add(
            Declaration(
                id=new_id(),
                party_id=trader,
                shipment_id=shipment_id,
                crossing_id=crossing_id,
                requester_id=trader,
                status="ACCEPTED",
                mrn=mrn,
                created_at=work.now,
                updated_at=work.now,
            )
        )


def test_any_reference_finds_its_shipment_and_nothing_else(trade: Trade) -> None:
    first = ship(trade, 1, equipment=(EquipmentDraft(CONTAINERS[0]),))
    legs = (LegDraft("AIR", "TWKHH", "DEHAM", booking_reference="FB-9", transport_document="AWB-9"),)
    ship(trade, 2, legs=legs, transhipments=())
    declare(trade, first, "26TW000000000000A1")
    for reference in ("R1", "U1", "B1", "L1", CONTAINERS[0], "26TW000000000000A1"):
        assert references(trade, any_reference=reference) == ["R1"]
    assert references(trade, mrn="26TW000000000000A1") == ["R1"]
    for reference in ("R2", "FB-9", "AWB-9"):
        assert references(trade, any_reference=reference) == ["R2"]
    assert references(trade, any_reference="nothing") == []
    assert references(trade, "stranger", any_reference="R1") == []


def test_a_carrier_finds_by_its_booking_and_not_by_the_declarations_number(trade: Trade) -> None:
    declare(trade, ship(trade, 1), "26TW000000000000A1")
    assert references(trade, "carrier", any_reference="B1") == ["R1"]
    assert references(trade, "carrier", any_reference="26TW000000000000A1") == []
    assert references(trade, "carrier", mrn="26TW000000000000A1") == []


def test_status_expected_arrival_and_place_follow_the_events(trade: Trade) -> None:
    for n in (1, 2, 3):
        ship(trade, n, transhipments=("KRPUS",) if n == 3 else ())
    send(
        trade,
        moved("1", "DEPA", "TWKHH", 2, documentReferences=booked("B1")),
        moved("2", "ARRI", "DEHAM", 30, told=2, eventClassifierCode="EST", documentReferences=booked("B1")),
        moved("3", "ARRI", "SGSIN", 6, documentReferences=booked("B2")),
        moved("4", "ARRI", "DEHAM", 40, told=2, eventClassifierCode="EST", documentReferences=booked("B2")),
    )
    assert references(trade, status="DEPARTED") == ["R1"]
    assert references(trade, status="BOOKED") == ["R3"]
    assert references(trade, eta_from=on(30), eta_until=on(40)) == ["R1"]
    assert references(trade, eta_from=on(30)) == ["R2", "R1"]
    assert references(trade, eta_until=on(30)) == []
    assert references(trade, status="DEPARTED", eta_from=on(31)) == []
    assert references(trade, place="SGSIN") == ["R2"]
    assert references(trade, place="KRPUS") == ["R3"]
    assert references(trade, place="DEHAM") == ["R3", "R2", "R1"]


def test_a_filter_that_cannot_be_is_refused_by_name(trade: Trade) -> None:
    for wanted, code, field in (
        ({"exception": "BORED"}, "unknown_code", "filter.exception"),
        ({"place": "XXXXX"}, "unknown_place", "filter.place"),
        ({"eta_from": datetime(2026, 5, 1)}, "no_offset", "filter.etaFrom"),  # noqa: DTZ001
    ):
        with pytest.raises(InvalidInput) as refused:
            references(trade, **wanted)
        assert (refused.value.code, refused.value.field) == (code, field)
    with pytest.raises(NotFound):
        references(trade, carrier="nobody")


def test_pages_go_on_though_shipments_move_while_they_are_read(trade: Trade) -> None:
    ids = [ship(trade, n) for n in range(6)]
    booked_ones = ShipmentFilter(status="BOOKED")
    with trade.platform.begin(trade["trader"]) as work:
        first = [each.id for each in shipments.page(work, booked_ones, first=3)]
    assert first == ids[:2:-1]
    # One already read and one not yet read leave the list.
    send(
        trade,
        moved("1", "DEPA", "TWKHH", 2, documentReferences=booked("B5")),
        moved("2", "DEPA", "TWKHH", 2, documentReferences=booked("B1")),
    )
    with trade.platform.begin(trade["trader"]) as work:
        rest = [each.id for each in shipments.page(work, booked_ones, after=first[-1], first=3)]
    assert rest == [ids[2], ids[0]], "none twice, none of the others missed"


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.lists(st.one_of(st.none(), st.integers(1, 9)), min_size=1, max_size=8),
    low=st.integers(0, 10),
    high=st.integers(0, 10),
    size=st.integers(1, 4),
)
def test_pages_together_hold_each_shipment_in_the_range_once(
    trade: Trade, days: list[int | None], low: int, high: int, size: int
) -> None:
    key = uuid4().hex[:8]
    expected = []
    for n, day in enumerate(days):
        names = {"reference": f"{key}{n}", "ucr": f"{key}{n}", "booking_reference": f"{key}{n}"}
        shipment_id = trade.ship(**names, bill_of_lading=None, equipment=(), vessel=key)
        if day is not None:
            estimated = moved(f"{key}{n}", "ARRI", "DEHAM", day, told=0, eventClassifierCode="EST")
            send(trade, estimated | {"documentReferences": booked(f"{key}{n}")})
        if day is not None and low <= day < high:
            expected.append(shipment_id)
    wanted = ShipmentFilter(eta_from=on(low), eta_until=on(high), carrier="carrier")
    seen: list[UUID] = []
    after = None
    with trade.platform.begin(trade["trader"]) as work:
        while page := shipments.page(work, wanted, after=after, first=size):
            seen += [each.id for each in page if each.vessel == key]
            after = page[-1].id
    assert seen == expected[::-1]


@pytest.mark.parametrize(
    ("wanted", "index", "column"),
    [
        ({"status": "DEPARTED"}, "ix_shipment_tracking_{}_status_shipment_id", "status"),
        ({"eta_from": on(1), "eta_until": on(2)}, "ix_shipment_tracking_{}_eta", "eta"),
        ({"exception": "ROLLED"}, "ix_shipment_exception_{}_code_shipment_id", "code"),
    ],
    ids=["status", "eta", "exception"],
)
def test_a_filter_is_looked_up_by_index_under_row_level_security(
    trade: Trade, platform_url: str, wanted: dict[str, Any], index: str, column: str
) -> None:
    """Seeded with rows of many parties, so that an index pays; what leaks would not be pushed into it."""
    given = {"start": on(0), "party": trade["trader"].party_id}
    with psycopg.connect(platform_url, autocommit=True) as owner:
        for statement in SEED.split(";\n"):
            psycopg.ClientCursor(owner).execute(statement, given)
        owner.execute("ANALYZE shipment, shipment_tracking, shipment_exception")
    with trade.platform.begin(trade["trader"]) as work:
        query = select(Shipment.id).where(*searching.conditions(work, ShipmentFilter(**wanted)))
        compiled = (
            query.order_by(Shipment.id.desc())
            .limit(50)
            .compile(
                dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
                compile_kwargs={"literal_binds": True},
            )
        )
        plan = "\n".join(
            work.session.connection().exec_driver_sql(f"EXPLAIN {compiled}".replace("%", "%%")).scalars()
        )
    # There is one for owners and one for carriers: which costs less, the statistics say.
    either = "|".join(index.format(reader) for reader in ("party_id", "carrier_id"))
    assert re.search(rf"({either})\b[^\n]*\n\s*Index Cond: [^\n]*\b{column}\b", plan), plan
    assert "principals" in plan or "InitPlan" in plan, "read as the application, not as the owner"


SEED = """
SET session_replication_role = replica;
INSERT INTO shipment (id, party_id, created_by, reference, ucr, origin, destination, transhipments,
        booked_at, created_at)
    SELECT gen_random_uuid(), CASE WHEN n %% 100 = 0 THEN %(party)s::uuid
            ELSE md5((n %% 100)::text)::uuid END, %(party)s::uuid, n::text, n::text,
        'TWKHH', 'DEHAM', '{}', %(start)s, %(start)s FROM generate_series(1, 20000) n;
INSERT INTO shipment_tracking (shipment_id, party_id, status, eta, updated_at)
    SELECT id, party_id, CASE WHEN reference::int %% 1000 = 0 THEN 'DEPARTED' ELSE 'BOOKED' END,
        %(start)s::timestamptz + reference::int %% 1000 * interval '1 hour', booked_at FROM shipment;
INSERT INTO shipment_exception (shipment_id, private, key, party_id, code, since, description, updated_at)
    SELECT id, false, 'k', party_id, CASE WHEN reference::int %% 1000 = 0 THEN 'ROLLED' ELSE 'DELAYED' END,
        booked_at, 'x', booked_at FROM shipment;
SET session_replication_role = origin"""
