"""While the platform is down the window clears what it was given; then the platform hears it, in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from border import documented
from counterparts import KEYRING, KEYS, Neighbour, Signer, serving, signed
from counterparts import declaration as request_of
from isthmus_bridge import agreements
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app as create_bridge
from isthmus_bridge.service import Bridge
from isthmus_protocol.keys import Holder
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.receipts import Receiver
from isthmus_window import work
from isthmus_window.http import create_app
from isthmus_window.service import Window
from links import Link, State, link
from standing import StandingClock
from window_counterpart import declaration

CLEARED = ["ACCEPTED", "CHANNEL_ASSIGNED", "DUTY_ASSESSED", "RELEASED"]


@dataclass(frozen=True)
class Sides:
    """The reference window, the bridge, and the platform beyond a link."""

    window: Window
    bridge: Bridge
    platform: Neighbour
    to_platform: Link
    clock: StandingClock

    def declare(self) -> str:
        """Have a declaration cross to the window and return its exchange."""
        payload = declaration()
        ucr = payload["ucr"]
        body = request_of(ucr, payload=payload, fields=[*leaf_paths(payload)], subject=ucr)
        signer = Signer(create_bridge(self.bridge).test_client(), KEYS[Holder.PLATFORM], self.clock)
        answer = signer.post("/v1/exchanges", body).get_json()
        assert answer["state"] == "AGREED", answer
        deliver_due(self.bridge)
        return str(answer["exchange"])

    def pass_time(self, seconds: int) -> None:
        """Let the window and the bridge work for so long."""
        for _ in range(seconds):
            self.clock.advance(seconds=1)
            work.run_due(self.window)
            deliver_due(self.bridge)

    def statuses(self) -> dict[str, str]:
        """Return how far each declaration is at the window."""
        listed = create_app(self.window).test_client().get("/declarations.json").get_json()
        return {each["exchange"]: each["status"] for each in listed["declarations"]}


@pytest.fixture
def sides(bridge_url: str, tmp_path: Path, clock: StandingClock) -> Iterator[Sides]:
    platform = Neighbour(Receiver.PLATFORM, clock)
    engine = create_bridge_engine(bridge_url, pool_size=12)

    def bridge_between(window_url: str, platform_url: str) -> Bridge:
        return Bridge(
            engine=engine,
            keyring=KEYRING,
            signing_key=KEYS[Holder.BRIDGE],
            log_key=KEYS[Holder.LOG],
            subject_key=b"s" * 32,
            window_url=window_url,
            platform_url=platform_url,
            origin="bridge.test/log",
            clock=clock,
        )

    with (
        serving(platform.app()) as platform_url,
        link(platform_url) as to_platform,
        serving(create_bridge(bridge_between("http://127.0.0.1:9", to_platform.url))) as address,
    ):
        window = Window(
            tmp_path / "window.sqlite",
            KEYS[Holder.WINDOW],
            KEYRING,
            address,
            clock,
            timedelta(seconds=1),
        )
        with serving(create_app(window)) as window_url:
            bridge = bridge_between(window_url, to_platform.url)
            for name in ("export-declaration", "declaration-status"):
                with bridge.begin() as session:
                    agreements.store(session, KEYRING, signed(documented(name)), clock())
            yield Sides(window, bridge, platform, to_platform, clock)
        window.close()
    engine.dispose()


@pytest.mark.parametrize(
    "state", [State.DOWN, State.LOSES_ANSWERS, State.CUTS_ANSWERS], ids=lambda state: state.name
)
def test_the_window_clears_while_the_platform_is_down_and_the_platform_hears_all_of_it_once_in_order(
    sides: Sides, state: State
) -> None:
    declared = sides.declare()
    sides.to_platform.state = state
    also_declared = sides.declare()
    sides.pass_time(20)
    assert sides.statuses() == {declared: "RELEASED", also_declared: "RELEASED"}
    assert work.run_due(sides.window) == 0, "the window has nothing left to send: the bridge took it all"

    sides.to_platform.state = State.WHOLE
    sides.pass_time(5)
    sides.clock.advance(minutes=6)
    while deliver_due(sides.bridge):
        sides.clock.advance(seconds=1)
    for exchange in (declared, also_declared):
        about = [each for each in sides.platform.received.values() if each.in_reply_to == exchange]
        assert [each.body["status"] for each in about] == CLEARED
    told = {str(notice["exchange"]): notice["state"] for notice in sides.platform.notices}
    assert told == {declared: "DELIVERED", also_declared: "DELIVERED"}
