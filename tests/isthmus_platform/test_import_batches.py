"""A file's shipments are made many at once, and each as if it had been made alone."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from isthmus_platform import shipments, tracking
from isthmus_platform.consignments import Shipment
from isthmus_platform.database import Platform
from isthmus_platform.drafts import LegDraft, ShipmentDraft
from isthmus_platform.errors import NotPermitted, PlatformError
from trade import DRAFT, Trade, open_trade
from voyage_events import booked, moved, send


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


def draft(n: int, **changes: object) -> ShipmentDraft:
    names = {"reference": f"R{n}", "ucr": f"U{n}", "booking_reference": f"B{n}", "bill_of_lading": f"L{n}"}
    return replace(DRAFT, **(names | changes))  # type: ignore[arg-type]


def many(trade: Trade, *wanted: ShipmentDraft, by: str = "trader") -> list[str]:
    """Return the reference of each shipment made, the code of each refusal."""
    with trade.platform.begin(trade[by]) as work:
        made = shipments.create_many(work, wanted)
        return [each.code if isinstance(each, PlatformError) else each.reference for each in made]


def statements(trade: Trade, *wanted: ShipmentDraft) -> int:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(trade.platform.engine, "before_cursor_execute", note)
    assert len(many(trade, *wanted)) == len(wanted)
    event.remove(trade.platform.engine, "before_cursor_execute", note)
    return len(sent)


def test_fifty_take_as_many_statements_as_five(trade: Trade) -> None:
    few = statements(trade, *(draft(n) for n in range(5)))
    assert statements(trade, *(draft(n) for n in range(100, 150))) == few


def test_each_refusal_stands_in_its_place_and_keeps_no_other_from_being_made(trade: Trade) -> None:
    trade.delegate()
    trade.ship(reference="R1", ucr="U1")
    wanted = [
        draft(1),
        draft(2),
        draft(3, ucr="U2"),
        draft(4, reference="R2"),
        draft(5, origin="XXXXX"),
        draft(6, carrier="stranger"),
        draft(7, carrier="nobody"),
        draft(8, on_behalf_of="stranger"),
        draft(9),
    ]
    told = ["reference_taken", "R2", "ucr_taken", "reference_taken", "unknown_place", "not_a_carrier"]
    told += ["unknown_party", "no_delegation", "R9"]
    assert many(trade, *wanted) == told
    assert many(trade, draft(2, on_behalf_of="trader"), draft(2), by="forwarder") == ["reference_taken", "R2"]
    with pytest.raises(NotPermitted):
        many(trade, draft(10), by="carrier")


def test_what_somebody_takes_meanwhile_refuses_its_own_row_alone(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    trade.ship(reference="R1", ucr="U1")
    monkeypatch.setattr(shipments, "_refuse_taken", lambda *_: None)  # as if it was not yet there
    assert many(trade, draft(0), draft(1), draft(2, ucr="U0")) == ["R0", "reference_taken", "ucr_taken"]


def test_events_that_waited_attach_to_each_of_the_new_shipments(trade: Trade) -> None:
    send(
        trade,
        moved("1", "DEPA", "TWKHH", 2, documentReferences=booked("B1")),
        moved("2", "DEPA", "TWKHH", 3, documentReferences=booked("SPLIT")),
        moved("3", "DEPA", "TWKHH", 4, documentReferences=booked("B3")),
    )
    legs = (LegDraft("VESSEL", "TWKHH", "DEHAM", carrier="carrier", booking_reference="B3"),)
    wanted = [
        draft(0),
        draft(1),
        draft(4, booking_reference="SPLIT", bill_of_lading=None),
        draft(5, booking_reference="SPLIT", bill_of_lading=None),
        draft(6, booking_reference=None, legs=legs, transhipments=()),
    ]
    with trade.platform.begin(trade["trader"]) as work:
        made = [each for each in shipments.create_many(work, wanted) if isinstance(each, Shipment)]
        entries = tracking.timeline(work, [each.id for each in made])
        told = {each.reference: [e.source_event_id for e in entries[each.id]] for each in made}
        stands = {each.reference: tracking.progress(work, made)[each.id].status.code for each in made}
    assert told == {"R0": [], "R1": ["1"], "R4": ["2"], "R5": ["2"], "R6": ["3"]}
    assert stands == {"R0": "BOOKED"} | dict.fromkeys(("R1", "R4", "R5", "R6"), "DEPARTED")
