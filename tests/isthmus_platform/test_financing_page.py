"""docs/financing.md is true: its diagram is what the register does, tried from every state."""

import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from isthmus_platform import financed
from isthmus_platform.database import Platform, Work
from isthmus_platform.errors import PlatformError
from paperwork import Paperwork, open_paperwork
from standing import StandingClock

TEXT = (Path(__file__).parents[2] / "docs" / "financing.md").read_text()
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
