"""A benchmark's figures as an SVG: one group of bars for each question, one bar for each server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.finding import Finding

WIDTH, NAMES, FIGURES, BAR, GAP = 760, 150, 90, 20, 34
OURS, PEERS = "#1f5fa8", "#a9b4c0"


@dataclass(frozen=True)
class Bars:
    """One group: what it shows, in which unit, and the value by name; the first is ours."""

    title: str
    unit: str
    values: Mapping[str, float]


def draw(title: str, groups: Sequence[Bars]) -> str:
    """Return the chart."""
    lines, y = [_text(16, 28, title, size=18, bold=True)], 48
    for group in groups:
        most = max(group.values.values())
        y += GAP
        lines.append(_text(16, y - 10, f"{group.title} ({group.unit})", bold=True))
        for number, (name, value) in enumerate(group.values.items()):
            length = max(1, round((WIDTH - NAMES - FIGURES) * value / most))
            colour = PEERS if number else OURS
            lines += [
                _text(NAMES - 8, y + 15, name, end=True),
                f'<rect x="{NAMES}" y="{y}" width="{length}" height="{BAR - 4}" fill="{colour}"/>',
                _text(NAMES + length + 6, y + 13, f"{value:,.1f}"),
            ]
            y += BAR
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 16}" font-family="sans-serif"'
        f' role="img" aria-label="{escape(title)}">\n<rect width="100%" height="100%" fill="white"/>\n'
        + "\n".join(lines)
        + "\n</svg>\n"
    )


def _text(x: int, y: int, said: str, *, size: int = 13, bold: bool = False, end: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{x}" y="{y}" font-size="{size}"{weight}{anchor} fill="#222">{escape(said)}</text>'


def of_page(found: Finding, file: Path) -> None:
    """Write the chart of what :mod:`benchmarks.graphql_page` found to ``file``."""
    groups = []
    for question, said in (("page", "A page of 50 shipments"), ("single", "One shipment by its reference")):
        for figure, unit in (
            ("requests_per_second", "requests/s"),
            ("cpu_ms", "CPU ms/request, with PostgreSQL"),
        ):
            values = {
                words[2]: each[figure]
                for key, each in found.figures.items()
                if (words := key.split(", "))[:2] == [question, "8 clients"]
            }
            groups.append(Bars(f"{said}, 8 clients", unit, values))
    file.write_text(draw("GraphQL with row-level security, against its peers", groups))
