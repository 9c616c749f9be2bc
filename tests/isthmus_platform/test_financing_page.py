"""docs/financing.md is true: its diagram is what the register does, tried from every state."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import request

from border import web_of
from counterparts import KEYRING, serving
from isthmus_platform import financed
from isthmus_platform.database import Platform, Work
from isthmus_platform.errors import PlatformError
from isthmus_platform.http import financing
from marking_bridge import marking_bridge
from pages import ROOT, Page
from paperwork import Paperwork, open_paperwork
from standing import StandingClock

PAGE = Page("docs/financing.md")
TEXT = PAGE.text
ARROW = re.compile(r"    (\S+) --> (\w+): (.+)")
STEPS = ("disputeFinancing", "withdrawFinancingDispute", "30 days", "releaseFinancing")


def test_the_diagram_has_every_transition_and_no_other(platform: Platform, clock: StandingClock) -> None:
    papers = open_paperwork(platform)
    told = {
        (before, after, re.sub(r" \(.*|^or ", "", part))
        for before, after, label in ARROW.findall(TEXT)
        for part in label.split(", ")
    }
    done = {("[*]", Register(papers, clock, 0).state, "registerFinancing")}
    paths: tuple[tuple[str, ...], ...] = ((), ("disputeFinancing",), ("releaseFinancing",))
    for number, (path, step) in enumerate((path, step) for path in paths for step in STEPS):
        register = Register(papers, clock, number + 1)
        for each in path:
            register.take(each)
        before = register.state
        register.take(step)
        done.add((before, register.state, step))
    assert told == {one for one in done if one[0] != one[1]}
    assert re.findall(r"    (\w+) --> \[\*\]", TEXT) == ["Released"]


class Register:
    """One invoice that a bank registered, and what either bank may do of it."""

    def __init__(self, papers: Paperwork, clock: StandingClock, number: int) -> None:
        self.papers, self.clock = papers, clock
        self.marks = [f"{number:0128x}"]
        self.dispute: UUID | None = None
        self.financing: UUID = self._do("bank", lambda work: financed.register(work, self.marks).id)

    def _do(self, by: str, call: Callable[[Work], UUID]) -> UUID:
        with self.papers.platform.begin(self.papers[by]) as work:
            return call(work)

    @property
    def state(self) -> str:
        with self.papers.platform.begin(self.papers["bank"]) as work:
            if financed.get(work, self.financing).released_at is not None:
                return "Released"
            return "Disputed" if financed.disputes(work, [self.financing]) else "Registered"

    def take(self, step: str) -> None:
        """Take a step if the register lets it."""
        try:
            if step == "disputeFinancing":
                self.dispute = self._do(
                    "other-bank", lambda work: financed.dispute(work, self.marks, "So").id
                )
            elif step == "releaseFinancing":
                self._do("bank", lambda work: financed.release(work, self.financing).id)
            elif step == "30 days":
                self.clock.advance(days=30)
            else:
                raised = self.dispute or self.financing
                self._do("other-bank", lambda work: financed.withdraw(work, raised).id)
        except PlatformError:
            return


@dataclass(frozen=True)
class Served:
    """The address of a platform whose banks reach a real bridge, and what either was asked, in order."""

    address: str
    asked: list[str]


@pytest.fixture
def served(platform: Platform, bridge_url: str, clock: StandingClock) -> Iterator[Served]:
    app, authenticate = web_of(open_paperwork(platform))
    asked: list[str] = []

    @app.before_request
    def note() -> None:
        asked.append(f"{request.method} {request.path}")

    with marking_bridge(bridge_url, clock) as client, serving(app) as address:
        client.http.event_hooks = {
            "request": [lambda sent: asked.append(f"{sent.method} {sent.url.path}")],
        }
        app.register_blueprint(financing.blueprint(platform, client, authenticate))
        yield Served(address, asked)


def test_a_bank_obtains_the_marks_of_its_invoice_as_the_page_shows_and_draws(served: Served) -> None:
    known: dict[str, Any] = {"url": served.address, "trusted_keys": KEYRING}
    found = set()
    for bank in ("bank", "other-bank"):
        mine: dict[str, Any] = {}
        exec(PAGE.block("python"), known | {"bearer": {"Authorization": f"Bearer {bank}"}}, mine)
        found.add(mine["marks"])
    assert len(found) == 1, "the same invoice has the same marks"
    assert served.asked == 2 * re.findall(r"POST /[\w/]+", PAGE.block("mermaid"))


def test_the_drawing_names_what_marks_go_to() -> None:
    ((asked, registered),) = re.findall(r"B->>P: (\w+) / (\w+) \(marks\)", PAGE.block("mermaid"))
    schema = (ROOT / "graphql" / "schema.graphql").read_text()
    assert [name for name in (asked, registered) if f"  {name}(" not in schema] == []
