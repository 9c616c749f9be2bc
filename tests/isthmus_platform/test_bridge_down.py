"""While the bridge cannot be reached the platform works on and says what waits; then it crosses once."""

from collections.abc import Iterator

import pytest

from border import Border
from counterparts import KEYRING, KEYS
from isthmus_platform import crossings, declarations, outbox
from isthmus_platform.crossings import BridgeClient, Sender
from isthmus_portal import words
from isthmus_protocol.keys import Holder
from links import Link, State, link
from standing import StandingClock

CUT = [State.DOWN, State.LOSES_ANSWERS, State.CUTS_ANSWERS]


@pytest.fixture
def to_bridge(border: Border) -> Iterator[Link]:
    with link(border.bridge_url) as made:
        yield made


@pytest.fixture
def sender(border: Border, to_bridge: Link, clock: StandingClock) -> Sender:
    """Return the platform's sender, which reaches the bridge over the link."""
    client = BridgeClient(to_bridge.url, KEYS[Holder.PLATFORM], KEYRING, clock)
    return Sender(border.papers.platform, client, border.sender.outgoing)


def drain(border: Border, sender: Sender) -> int:
    return outbox.drain(border.papers.platform, crossings.TOPIC, sender)


@pytest.mark.parametrize("state", CUT, ids=lambda state: state.name)
def test_what_was_asked_waits_and_says_so_and_crosses_once_when_the_bridge_is_back(
    state: State, border: Border, to_bridge: Link, sender: Sender, clock: StandingClock
) -> None:
    agreed_terms = ("EXPORT_DECLARATION", "TO_WINDOW", "CUSTOMS_EXPORT_CLEARANCE")
    assert sender.bridge.active_agreement(*agreed_terms), "what may cross is known from before"
    to_bridge.state = state
    declared = border.declare()
    for _ in range(3):
        assert drain(border, sender) == 0, "nothing is done with it"
        clock.advance(minutes=2)

    waiting = border.crossing(declared)
    assert (waiting.state, waiting.decision, waiting.reason) == ("REQUESTED", None, None)
    with border.papers.platform.begin(border.papers["trader"]) as work:
        (about,) = declarations.of_shipments(work, [waiting.shipment_id]).values()  # type: ignore[list-item]
        assert about is not None
        assert about.status == "SUBMITTED", "the shipment shows that it is declared"
    shown = {"fields": waiting.fields, "decision": waiting.decision, "state": waiting.state}
    assert words.fate(shown).endswith("not decided yet")
    assert border.window.received == {}
    stored = border.papers.store(b"while the bridge is down")
    assert border.papers.read("trader", stored.document_id) == b"while the bridge is down"

    to_bridge.state = State.WHOLE
    while border.crossing(declared).state == "REQUESTED":
        clock.advance(minutes=2)
        assert drain(border, sender) == 1
    border.deliver()
    done = border.crossing(declared)
    assert done.state == "DELIVERED"
    assert list(border.window.received) == [str(done.exchange)]
    agreed = [
        entry
        for entry in border.client.entries().entries
        if entry.record["kind"] == "DECISION" and entry.record["phase"] == "AGREED"
    ]
    assert len(agreed) == 1, "however often it was sent, it was decided once"
