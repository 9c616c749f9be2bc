"""A declaration crosses with what the agreement lists and nothing else, and customs' word comes back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from border import Border, open_border
from isthmus_platform import crossings, declarations, tracking
from isthmus_platform.database import Duty, Platform
from isthmus_platform.declarations import Declaration
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.outbox import OutboxMessage
from paperwork import open_paperwork
from standing import StandingClock
from trade import DRAFT

SECRETS = (b"60 days", b"567400", b"0110-4577-8190-3", b"FPM-1")
HELD_BACK = {"/invoice/number", "/invoice/paymentTerms", "/invoice/discountMinor", "/invoice/bankAccount"}


@pytest.fixture
def border(platform: Platform, bridge_url: str, clock: StandingClock) -> Iterator[Border]:
    papers = open_paperwork(platform)
    papers.trade.ship()
    with open_border(papers, bridge_url, clock) as opened:
        yield opened


def declaration(border: Border, by: str = "trader") -> Declaration | None:
    with border.papers.platform.begin(border.papers[by]) as work:
        shipment_id = crossings.page(work)[0].shipment_id
        return declarations.of_shipments(work, [shipment_id]).get(shipment_id) if shipment_id else None


def test_only_what_the_agreement_lists_leaves_the_platform(border: Border) -> None:
    border.agree()
    border.papers.trade.delegate()
    crossing_id = border.declare("forwarder")
    assert border.crossing(crossing_id).state == "REQUESTED"
    assert border.drain() == 1
    agreed = border.crossing(crossing_id)
    assert (agreed.state, agreed.decision, agreed.reason) == ("AGREED", "PERMITTED", None)
    assert (agreed.agreement_id, agreed.agreement_version) == ("export-declaration", 1)
    assert agreed.legal_basis
    assert HELD_BACK.isdisjoint(agreed.fields)
    border.deliver()
    assert border.crossing(crossing_id).state == "DELIVERED"
    assert border.crossing(crossing_id).receipt is not None
    (body,) = border.window.bodies
    assert body["ucr"] == DRAFT.ucr
    assert body["goods"] == [
        {
            "sequence": sequence,
            "description": item.description,
            "hsCode": item.hs_code,
            "grossMassKg": item.gross_mass_kg,
            "netMassKg": item.net_mass_kg,
            "packages": item.packages,
            "packageType": "CR",
            "originCountry": "TW",
            "statisticalValueMinor": item.value_minor,
            "currency": "USD",
        }
        for sequence, item in enumerate(DRAFT.goods, 1)
    ]
    assert body["exporter"] == {"name": "Trader Ltd", "country": "TW"}
    assert body["declarant"] == {"name": "Forwarder Ltd", "country": "TW"}
    assert body["invoice"] == {"incoterm": "CIF"}
    everything = b"".join(border.sent)
    assert not [secret for secret in SECRETS if secret in everything], "not even the bridge sees them"


def test_a_field_beyond_the_agreement_is_refused_and_nothing_crosses(border: Border) -> None:
    border.agree()
    crossing_id = border.declare("trader", "/invoice/bankAccount")
    border.drain()
    border.deliver()
    refused = border.crossing(crossing_id)
    assert (refused.state, refused.reason, refused.field) == (
        "REFUSED",
        "FIELD_NOT_PERMITTED",
        "/invoice/bankAccount",
    )
    newest = border.client.entries(limit=1).entries[0]
    assert (refused.log_index, newest.record["decision"]) == (newest.index, "REFUSED"), "it is in the log"
    assert refused.request is None
    assert border.window.received == {}
    found = declaration(border)
    assert found is not None
    assert found.status == "REFUSED"
    border.declare()
    border.drain()
    border.deliver()
    assert len(border.window.received) == 1


def test_without_an_agreement_nothing_crosses_and_no_data_is_sent(border: Border) -> None:
    crossing_id = border.declare()
    border.drain()
    assert border.crossing(crossing_id).reason == "NO_AGREEMENT"
    assert border.crossing(crossing_id).fields == []
    assert DRAFT.goods[0].hs_code.encode() not in b"".join(border.sent)


def test_a_shipment_is_declared_once_until_its_declaration_ends(border: Border) -> None:
    border.agree()
    border.papers.trade.delegate()
    border.declare()
    for by in ("trader", "forwarder"):
        with pytest.raises(Conflict) as refusal:
            border.declare(by)
        assert refusal.value.code == "declaration_exists"
    border.drain()
    border.deliver()
    (exchange,) = [crossing.exchange for crossing in border.crossings()]
    border.status(exchange, "REJECTED", errors=[{"code": "CDS10", "field": "/goods", "message": "No goods"}])
    border.declare()


@pytest.mark.parametrize("by", ["stranger", "forwarder", "bank", "operator", "authority", "rival"])
def test_another_partys_shipment_is_not_declared(border: Border, by: str) -> None:
    with pytest.raises(NotFound):
        border.declare(by)
    assert border.crossings() == []


def test_its_carrier_sees_the_shipment_and_does_not_declare_it(border: Border) -> None:
    with pytest.raises(NotPermitted):
        border.declare("carrier")
    assert border.crossings() == []


@pytest.mark.parametrize("path", ["/invoice", "/margin", "bankAccount", "/goods/*", ""])
def test_an_unknown_field_is_refused_before_anything_is_asked(border: Border, path: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        border.declare("trader", path)
    assert (refusal.value.field, refusal.value.code) == ("additionalFields", "unknown_field")
    assert border.crossings() == []


def test_a_delegation_that_ended_before_sending_lets_nothing_out(
    border: Border, clock: StandingClock
) -> None:
    border.agree()
    border.papers.trade.delegate(minutes=5)
    crossing_id = border.declare("forwarder")
    clock.advance(minutes=6)
    border.drain()
    assert border.crossing(crossing_id).state == "FAILED"
    assert border.crossing(crossing_id).reason == "not_found"
    found = declaration(border)
    assert found is not None
    assert found.status == "FAILED"
    assert not [body for body in border.sent if body]


def test_what_customs_says_shows_in_the_timeline_and_the_declaration(
    border: Border, clock: StandingClock
) -> None:
    border.agree()
    crossing_id = border.declare()
    border.drain()
    border.deliver()
    exchange = border.crossing(crossing_id).exchange
    for status, more in {
        "ACCEPTED": {"mrn": "26TW123"},
        "CHANNEL_ASSIGNED": {"channel": "GREEN"},
        "LPCO_REQUESTED": {"lpco": {"agency": "BOFT"}},
        "LPCO_GRANTED": {"lpco": {"agency": "BOFT", "reference": "L-1"}},
        "DUTY_ASSESSED": {"duty": {"amountMinor": 123456, "currency": "TWD"}},
        "RELEASED": {},
    }.items():
        clock.advance(minutes=1)
        border.status(exchange, status, **more)  # type: ignore[arg-type]
    found = declaration(border)
    assert found is not None
    assert (found.status, found.mrn, found.channel) == ("RELEASED", "26TW123", "GREEN")
    assert (found.duty_minor, found.duty_currency, found.released_at) == (123456, "TWD", clock())
    with border.papers.platform.begin(border.papers["trader"]) as work:
        told = declarations.timeline(work, [found.shipment_id])
        together = tracking.merge(tracking.timeline(work, [found.shipment_id]), told)[found.shipment_id]
    assert [entry.title for entry in together] == [
        "Accepted, MRN 26TW123",
        "Channel GREEN",
        "Licence asked of BOFT",
        "Licence granted by BOFT, L-1",
        "Duty assessed: 1,234.56 TWD",
        "Released",
    ]
    assert {entry.kind for entry in together} == {"CUSTOMS"}
    assert [crossing.direction for crossing in border.crossings()] == ["TO_WINDOW"] + ["FROM_WINDOW"] * 6
    for by in ("carrier", "bank", "stranger"):
        with border.papers.platform.begin(border.papers[by]) as work:
            assert declarations.timeline(work, [found.shipment_id]) == {found.shipment_id: []}
            assert declarations.of_shipments(work, [found.shipment_id]) == {}


def test_a_status_that_comes_late_does_not_set_the_declaration_back(
    border: Border, clock: StandingClock
) -> None:
    border.agree()
    crossing_id = border.declare()
    border.drain()
    border.deliver()
    exchange = border.crossing(crossing_id).exchange
    clock.advance(hours=1)
    border.status(exchange, "RELEASED")
    border.status(exchange, "ACCEPTED", mrn="26TW123", at=clock() - timedelta(minutes=30))
    found = declaration(border)
    assert found is not None
    assert (found.status, found.mrn) == ("RELEASED", "26TW123")


def test_statuses_of_one_second_stand_as_they_came_about_however_exactly_their_time_was_told(
    border: Border, clock: StandingClock
) -> None:
    border.agree()
    crossing_id = border.declare()
    border.drain()
    border.deliver()
    exchange = border.crossing(crossing_id).exchange
    second = (clock() + timedelta(minutes=1)).replace(microsecond=0)
    clock.advance(minutes=2)
    border.status(exchange, "ACCEPTED", mrn="26TW123", at=second)
    border.status(exchange, "CHANNEL_ASSIGNED", channel="RED", at=second + timedelta(milliseconds=700))
    border.status(exchange, "RELEASED", at=second)  # as XML of the WCO's model tells it, to the second
    found = declaration(border)
    assert found is not None
    assert (found.status, found.channel, found.released_at) == ("RELEASED", "RED", second)
    with border.papers.platform.begin(border.papers["trader"]) as work:
        told = declarations.timeline(work, [found.shipment_id])[found.shipment_id]
    assert [entry.code for entry in told] == ["ACCEPTED", "CHANNEL_ASSIGNED", "RELEASED"]


@pytest.mark.parametrize(
    "payload",
    [
        {"status": "LOST"},
        {"status": "ACCEPTED", "at": "yesterday"},
        {"status": "ACCEPTED", "ucr": "6TW24536806-OTHER"},
        {"status": "DUTY_ASSESSED", "duty": {"amountMinor": -1, "currency": "TWD"}},
    ],
)
def test_a_status_that_is_not_understood_changes_nothing(border: Border, payload: dict[str, object]) -> None:
    border.agree()
    crossing_id = border.declare()
    border.drain()
    border.deliver()
    exchange = border.crossing(crossing_id).exchange
    full = {"at": "2026-06-01T09:00:00Z"} | payload
    border.window_says("DECLARATION_STATUS", "CUSTOMS_EXPORT_CLEARANCE", exchange, full)
    border.deliver()
    found = declaration(border)
    assert found is not None
    assert found.status == "SUBMITTED"
    assert len(border.crossings()) == 1


def test_a_declaration_is_metered_when_the_bridge_agreed_to_it(border: Border) -> None:
    border.agree()
    border.papers.trade.delegate()
    border.declare("forwarder", "/invoice/number")
    border.drain()
    border.declare("forwarder")
    border.drain()
    with border.papers.platform.begin(Duty("outbox")) as work:
        used = [
            message.party_id
            for message in work.session.query(OutboxMessage)
            if message.payload.get("name") == "declaration.submitted"
        ]
    assert used == [border.papers["forwarder"].party_id]
