"""The chart of a credit's balance: a line in steps from the application to today or the expiry."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from isthmus_portal.formats import moment

WIDTH, HEIGHT = 360.0, 120.0


@dataclass(frozen=True)
class Drawing:
    """A drawing on the chart: where it is, and the entry of the history that it is."""

    x: float
    y: float
    entry: dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """The balance over time, in units of ``WIDTH`` and ``HEIGHT``; the whole limit is at the top."""

    line: str
    area: str
    drawings: list[Drawing]
    now: float
    expiry: float
    begins: datetime
    ends: datetime
    width: float = WIDTH
    height: float = HEIGHT


def chart(credit: dict[str, Any], now: datetime) -> Chart | None:
    """Return the chart of a credit that was issued; none before."""
    steps = [(moment(entry["at"]), entry) for entry in credit["history"]]
    if not credit["issuedAt"]:
        return None
    expiry = datetime.combine(date.fromisoformat(credit["terms"]["expiresOn"]), time.max, UTC)
    begins = moment(credit["issuedAt"])
    ends = max(expiry, now, begins + timedelta(days=1))
    highest: int = max(
        [credit["limit"]["amountMinor"], *(entry["balance"]["amountMinor"] for _, entry in steps)]
    )

    def across(at: datetime) -> float:
        return round(WIDTH * (max(at - begins, timedelta()) / (ends - begins)), 1)

    def down(minor: int) -> float:
        return round(HEIGHT * (1 - minor / highest), 1)

    since = [(at, entry) for at, entry in steps if at >= begins]
    level = down(since[0][1]["balance"]["amountMinor"] if since else highest)
    line, drawings = f"M0 {level}", []
    for at, entry in since:
        level = down(entry["balance"]["amountMinor"])
        line += f"H{across(at)}V{level}"
        if entry["drawn"]["amountMinor"]:
            drawings.append(Drawing(across(at), level, entry))
    here = across(min(now, ends))
    line += f"H{here}"
    return Chart(line, f"{line}V{HEIGHT}H0Z", drawings, here, across(min(expiry, ends)), begins, ends)
