"""Who may submit an instruction for a booking, and to whom a booking is shown beside the papers."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from booking_trade import BookingTrade
from isthmus_platform import grants
from isthmus_platform.database import Actor, Platform
from isthmus_platform.documents import NoSuchDocument
from isthmus_platform.errors import NotFound
from isthmus_platform.logistics import booked_shipments, instructions
from isthmus_platform.papers.comparing import Source
from isthmus_platform.papers.verified_masses import Booked
from paperwork import Paperwork, open_paperwork
from trade import CONTAINERS


@pytest.fixture
def papers(platform: Platform) -> Paperwork:
    return open_paperwork(platform)


def bookings_of(papers: Paperwork) -> BookingTrade:
    return BookingTrade(papers.platform, papers.trade.actors)


def booked(papers: Paperwork, by: str = "trader") -> UUID:
    """Return a booking of ``by`` that the carrier confirmed."""
    trade = bookings_of(papers)
    quote = trade.quote(trade.ask(by)).id
    trade.accept(quote, by)
    return trade.confirm(trade.book(quote, by), timedelta(days=5))


def submit(papers: Paperwork, by: str, booking: UUID, document: UUID) -> None:
    with papers.platform.begin(papers[by]) as work:
        instructions.submit(work, papers.vault, booking, document)


def test_an_agent_submits_its_principals_instruction_as_long_as_it_is_one(papers: Paperwork) -> None:
    papers.trade.ship()
    document = papers.store(b"to the line", type_code="340").document_id
    booking = booked(papers, "forwarder")
    with pytest.raises(NotFound):
        submit(papers, "forwarder", booking, document)
    papers.trade.delegate()
    with pytest.raises(NoSuchDocument):
        papers.read("carrier", document)
    submit(papers, "forwarder", booking, document)
    assert papers.read("carrier", document) == b"to the line"
    with papers.platform.begin(papers["trader"]) as work:
        (granted,) = grants.page(work)
    assert (granted.party_id, granted.created_by) == (papers["trader"].party_id, papers["forwarder"].party_id)
    papers.revoke(granted)
    with pytest.raises(NoSuchDocument):
        papers.read("carrier", document)


def tie(papers: Paperwork, shipment: UUID) -> UUID:
    booking = booked(papers)
    with papers.platform.begin(papers["trader"]) as work:
        booked_shipments.tie(work, booking, shipment)
    return booking


def shown(papers: Paperwork, actor: Actor, shipment: UUID) -> list[Source]:
    with papers.platform.begin(actor) as work:
        return instructions.of_shipments(work, [shipment]).get(shipment, [])


def test_a_booking_is_held_against_papers_for_its_two_sides_alone(papers: Paperwork) -> None:
    shipment = papers.trade.ship()
    booking = tie(papers, shipment)
    trade, kilograms = bookings_of(papers), Decimal(25_000)
    reference = trade.confirmation(booking, timedelta(1)).reference
    trade.weigh(booking, CONTAINERS[0])
    (source,) = shown(papers, papers["carrier"], shipment)
    assert source.paper == Booked(reference, (), {CONTAINERS[0]: kilograms}), "one of two is weighed"
    trade.weigh(booking, CONTAINERS[1])
    (source,) = shown(papers, papers["trader"], shipment)
    assert source == Source(
        f"booking:{booking}", Booked(reference, CONTAINERS, dict.fromkeys(CONTAINERS, kilograms))
    )
    assert shown(papers, papers["rival"], shipment) == []
    unscoped = replace(papers["trader"], scopes=frozenset({"read:documents"}))
    assert shown(papers, unscoped, shipment) == []
    second = tie(papers, shipment)
    several = [source.paper for source in shown(papers, papers["trader"], shipment)]
    assert [(each.booking_reference, each.containers, len(each.masses)) for each in several] == [
        (None, (), 2),
        (None, (), 0),
    ]
    trade.act("trader", second, "CANCEL")
    assert shown(papers, papers["trader"], shipment) == [source], "one that was given up says nothing"
