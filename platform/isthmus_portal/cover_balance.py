"""The running balance of an open cover, from its signed steps, and its drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from isthmus_portal.formats import moment

WIDTH, HEIGHT = 100.0, 40.0


@dataclass(frozen=True)
class Movement:
    """A step that moved limit or balance; amounts in minor units of the cover's currency."""

    sequence: int
    at: datetime
    code: str
    change: int
    declared: int
    limit: int

    @property
    def balance(self) -> int:
        """Return what may still be declared."""
        return self.limit - self.declared


def movements(steps: Sequence[dict[str, Any]]) -> list[Movement]:
    """Return what the steps of a cover (of the schema, in order) did to limit and balance."""
    declared = limit = 0
    found = []
    for step in steps:
        about, before = step["about"], (declared, limit)
        if "limit" in about:
            limit = about["limit"]
        elif step["code"] == "DECLARE":
            declared += about["insured"]
        elif step["code"] == "ADJUST_DECLARATION":
            declared += about["insured"] - about["before"]
        elif step["code"] == "CANCEL_DECLARATION":
            declared -= about["insured"]
        if (declared, limit) != before:
            change = (limit - declared) - (before[1] - before[0])
            moved = Movement(step["sequence"], moment(step["at"]), step["code"], change, declared, limit)
            found.append(moved)
    return found


@dataclass(frozen=True)
class Curve:
    """Lines of a drawing ``WIDTH`` by ``HEIGHT``: limit and what stands declared, and the area under that."""

    limit: str
    declared: str
    area: str
    begins: datetime
    ends: datetime


def curve(moved: Sequence[Movement], now: datetime) -> Curve | None:
    """Return the drawing of ``moved`` from its first time to ``now``; None where nothing moved."""
    if not moved:
        return None
    begins, ends = moved[0].at, max(now, moved[-1].at)
    whole = (ends - begins).total_seconds()
    most = max(max(each.limit, each.declared) for each in moved) or 1

    def x(number: int) -> float:
        if not whole:
            return WIDTH * number / len(moved)
        return WIDTH * (moved[number].at - begins).total_seconds() / whole

    def stairs(values: Sequence[int]) -> str:
        points = [f"M0 {_y(values[0], most)}"]
        for number, value in enumerate(values[1:], start=1):
            points.append(f"H{x(number):.2f}V{_y(value, most)}")
        return "".join(points) + f"H{WIDTH:g}"

    declared = stairs([each.declared for each in moved])
    area = f"{declared}V{HEIGHT:g}H0Z"
    return Curve(stairs([each.limit for each in moved]), declared, area, begins, ends)


def _y(value: int, most: int) -> str:
    return f"{HEIGHT - (HEIGHT - 2) * value / most:.2f}"
