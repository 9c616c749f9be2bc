"""What submitting a shipping instruction opened to the carrier is closed when the booking is given up."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from at_once import at_once
from booking_trade import BookingTrade
from isthmus_platform import grants, passing_on
from isthmus_platform.database import Platform, on_duty
from isthmus_platform.documents import NoSuchDocument
from isthmus_platform.errors import NotFound
from isthmus_platform.grants import AccessGrant
from isthmus_platform.logistics import instruction_grants, instructions
from isthmus_platform.passing_on import Passing
from paperwork import Paperwork, open_paperwork

TO_THE_LINE = b"to the line"


@pytest.fixture
def papers(platform: Platform) -> Paperwork:
    made = open_paperwork(platform)
    made.trade.ship()
    return made


def trade_of(papers: Paperwork) -> BookingTrade:
    return BookingTrade(papers.platform, papers.trade.actors)


def booked(papers: Paperwork, by: str = "trader") -> UUID:
    trade = trade_of(papers)
    quote = trade.quote(trade.ask(by)).id
    trade.accept(quote, by)
    return trade.confirm(trade.book(quote, by), timedelta(days=5))


def submitted(papers: Paperwork, document: UUID, by: str = "trader") -> UUID:
    """Return a booking of ``by`` for which the document was submitted as its instruction."""
    booking = booked(papers, by)
    with papers.platform.begin(papers[by]) as work:
        instructions.submit(work, papers.vault, booking, document)
    return booking


def instruction(papers: Paperwork) -> UUID:
    return papers.store(TO_THE_LINE, type_code="340").document_id


def is_open(papers: Paperwork, document: UUID, by: str = "carrier") -> bool:
    try:
        return papers.read(by, document) == TO_THE_LINE
    except NoSuchDocument:
        return False


def given(papers: Paperwork) -> list[AccessGrant]:
    with papers.platform.begin(papers["trader"]) as work:
        return list(grants.page(work))


@pytest.mark.parametrize(("by", "action"), [("carrier", "DECLINE"), ("trader", "CANCEL")])
def test_the_grant_ends_with_a_booking_that_either_side_gives_up(
    papers: Paperwork, by: str, action: str
) -> None:
    document, other = instruction(papers), instruction(papers)
    booking, kept = submitted(papers, document), submitted(papers, other)
    trade = trade_of(papers)
    trade.act("carrier", booking, "REQUEST_AMENDMENT")
    assert is_open(papers, document), "what is to be amended is still booked"
    trade.act(by, booking, action)
    assert not is_open(papers, document)
    assert is_open(papers, other), "that of another booking is not touched"
    ended = [each.revoked_at == papers.platform.clock() for each in reversed(given(papers))]
    assert ended == [True, False]
    told = trade.as_owner("SELECT about->>'purpose' FROM change WHERE kind = 'grant.revoked'")
    assert told == [("LOGISTICS",)], "its owner and the carrier are told"
    trade.act("carrier", kept, "COMPLETE", None)
    assert is_open(papers, other), "the bill of lading is issued from it"


def test_what_the_carrier_passed_on_ends_too(papers: Paperwork) -> None:
    document = instruction(papers)
    booking = submitted(papers, document)
    (granted,) = given(papers)
    with papers.platform.begin(papers["carrier"]) as work:
        passing_on.pass_on(work, Passing(granted.id, "bank", work.now + timedelta(days=1)))
    assert is_open(papers, document, "bank")
    trade_of(papers).act("carrier", booking, "DECLINE")
    assert not is_open(papers, document, "bank")


def test_one_document_for_two_bookings_is_open_until_the_last_of_them_is_given_up(papers: Paperwork) -> None:
    papers.trade.delegate()
    document = instruction(papers)
    agents, own = submitted(papers, document, "forwarder"), submitted(papers, document)
    assert len(given(papers)) == 1
    trade = trade_of(papers)
    trade.act("trader", own, "CANCEL")
    assert is_open(papers, document)
    trade.act("forwarder", agents, "CANCEL")
    assert not is_open(papers, document)
    submitted(papers, document)
    assert is_open(papers, document), "it may be submitted for another booking"


def test_two_bookings_that_are_given_up_at_once_leave_nothing_open(papers: Paperwork) -> None:
    document = instruction(papers)
    bookings = [submitted(papers, document) for _ in range(2)]
    trade = trade_of(papers)
    assert at_once([partial(trade.act, "carrier", each, "DECLINE") for each in bookings]) == {"done": 2}
    assert not is_open(papers, document)


def test_what_its_owner_opened_to_the_carrier_itself_stays(papers: Paperwork) -> None:
    document = instruction(papers)
    own = papers.grant(document, reader="carrier", purpose="LOGISTICS")
    booking = submitted(papers, document)
    assert [each.id for each in given(papers)] == [own.id]
    trade_of(papers).act("carrier", booking, "DECLINE")
    assert is_open(papers, document)


def test_a_side_of_a_booking_ends_no_grant_that_no_instruction_made(papers: Paperwork) -> None:
    own = papers.grant(instruction(papers), reader="carrier")
    booked(papers)
    with papers.platform.begin(papers["carrier"]) as work:
        with pytest.raises(NotFound):
            grants.revoke(work, own.id)
        with on_duty(work, instruction_grants.ENDS):
            assert grants.by_ids(work, [own.id], lock=True) == []
