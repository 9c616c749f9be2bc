"""The platform tells a bridge that lost its reply whether it has a delivery; a denial is for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest
from flask import Flask, Response, request

from border import Border
from counterparts import KEYRING, serving
from isthmus_bridge.delivery import deliver_due
from isthmus_platform import declarations
from isthmus_platform.crossings import Crossing
from isthmus_protocol.canonical import canonical, parse_object
from isthmus_protocol.inquiries import Inquiry, open_non_receipt
from isthmus_protocol.keys import Holder
from isthmus_protocol.parcels import Kind, pack, read_answer
from isthmus_protocol.receipts import Receiver
from standing import StandingClock

INQUIRIES = "/bridge/inquiries"


@pytest.fixture
def declared(border: Border) -> UUID:
    """Return the crossing of a declaration that reached the window."""
    crossing_id = border.declare()
    border.drain()
    border.deliver()
    return crossing_id


@dataclass
class Lossy:
    """A way to the platform that loses every reply; ``passes`` says whether what is sent arrives."""

    border: Border
    passes: bool
    sent: list[bytes] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[str]:
        app = Flask("lossy", static_folder=None)

        @app.post("/<path:path>")
        def lose(path: str) -> Response:
            self.sent.append(request.get_data())
            if self.passes:
                assert self.border.post(f"/{path}", request.get_data()).status_code == 200
            return Response(status=504)

        with serving(app) as url:
            yield url


def say_accepted(border: Border, declared: UUID, *, arrives: bool) -> tuple[str, bytes]:
    """Have the window say ``ACCEPTED`` and the reply to it be lost; return the exchange and what was sent."""
    body = {"status": "ACCEPTED", "mrn": "26TW1", "at": "2026-06-01T09:00:00Z"}
    to = border.crossing(declared).exchange
    answer = border.window_says("DECLARATION_STATUS", "CUSTOMS_EXPORT_CLEARANCE", to, dict(body))
    lossy = Lossy(border, arrives)
    with lossy.open() as url:
        deliver_due(replace(border.bridge, platform_url=url))
    (sent,) = lossy.sent
    return str(answer["exchange"]), sent


def received(border: Border) -> list[Crossing]:
    return [crossing for crossing in border.crossings() if crossing.direction == "FROM_WINDOW"]


def status(border: Border) -> str:
    with border.papers.platform.begin(border.papers["trader"]) as work:
        (found,) = declarations.of_shipments(work, [border.crossings()[0].shipment_id]).values()  # type: ignore[list-item]
        return found.status


def test_a_status_that_was_taken_and_whose_reply_was_lost_is_told_to_the_window_as_delivered(
    border: Border, declared: UUID, clock: StandingClock
) -> None:
    exchange, _ = say_accepted(border, declared, arrives=True)
    clock.advance(hours=73)
    border.deliver()
    assert [(each["exchange"], each["state"]) for each in border.window.notices] == [(exchange, "DELIVERED")]
    assert [str(crossing.exchange) for crossing in received(border)] == [exchange]
    assert status(border) == "ACCEPTED"


def test_a_status_that_never_arrived_is_timed_out_for_ever_and_its_late_copy_refused(
    border: Border, declared: UUID, clock: StandingClock
) -> None:
    exchange, late = say_accepted(border, declared, arrives=False)
    clock.advance(hours=73)
    border.deliver()
    (notice,) = border.window.notices
    assert (notice["exchange"], notice["state"], notice["reason"]) == (exchange, "FAILED", "TIMED_OUT")
    refused = border.post("/bridge/exchanges", late)
    assert (refused.status_code, refused.json()["code"]) == (409, "exchange_barred")
    packed = border.post("/bridge/parcels", pack([(Kind.ENVELOPE, "late", late)]))
    assert [result.status for result in read_answer(packed.content, 1)] == [409]
    assert received(border) == []
    assert status(border) == "SUBMITTED"


def test_only_the_bridge_is_answered_and_always_the_same_alone_and_in_a_parcel(
    border: Border, declared: UUID, clock: StandingClock
) -> None:
    exchange, sent = say_accepted(border, declared, arrives=False)
    envelope = parse_object(sent)
    inquiry = canonical(Inquiry(exchange, str(envelope["payloadDigest"]), str(envelope["promise"])).to_json())
    stranger = border.post(INQUIRIES, inquiry, Holder.WINDOW)
    assert (stranger.status_code, stranger.json()["code"]) == (403, "not_the_bridge")
    first = border.post(INQUIRIES, inquiry).json()
    said = open_non_receipt(first["nonReceipt"], KEYRING, Receiver.PLATFORM)
    assert (said.exchange, said.place.log_index) == (exchange, envelope["logIndex"])
    clock.advance(minutes=1)
    assert border.post(INQUIRIES, inquiry).json() == first
    packed = border.post("/bridge/parcels", pack([(Kind.INQUIRY, "request-1", inquiry)]))
    assert [result.body for result in read_answer(packed.content, 1)] == [first]


def test_what_does_not_come_to_us_or_was_not_promised_is_neither_answered_nor_barred(
    border: Border, declared: UUID
) -> None:
    exchange, sent = say_accepted(border, declared, arrives=False)
    envelope = parse_object(sent)
    inquiry = Inquiry(exchange, str(envelope["payloadDigest"]), str(envelope["promise"]))
    ours = border.crossing(declared)
    for asked, code in (
        (replace(inquiry, exchange=str(ours.exchange)), "promise"),
        (replace(inquiry, exchange=str(ours.exchange), promise=ours.promise or ""), "direction"),
    ):
        answer = border.post(INQUIRIES, canonical(asked.to_json()))
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert border.post("/bridge/exchanges", sent).status_code == 200, "nothing is barred"


def test_a_declaration_that_customs_may_have_is_not_given_up_for_another(
    border: Border, clock: StandingClock
) -> None:
    crossing_id = border.declare()
    border.drain()
    border.window.script.append("drop")
    border.deliver()
    border.window.inquiry_script.extend([500] * border.bridge.patience.faults)
    clock.advance(hours=73)
    for _ in range(border.bridge.patience.faults):
        border.deliver()
        clock.advance(minutes=6)
    crossing = border.crossing(crossing_id)
    assert (crossing.state, crossing.reason) == ("FAILED", "UNCONFIRMED")
    assert status(border) == "SUBMITTED", "a second one could be the second that customs has"
