"""What a benchmark finds: figures and ratios, kept as JSON with what it ran on, and printed as tables."""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_name("results")
PACKAGES = ("cryptography", "flask", "granian", "orjson", "psycopg", "sqlalchemy")


@dataclass(frozen=True)
class Finding:
    """``figures`` by what was measured, each with numbers by name and unit; ``ratios`` to peers and floors.

    ``scale`` is how much was measured, ``peers`` the versions of those that run in environments of their
    own, ``absent`` why a peer could not be had.
    """

    figures: Mapping[str, Mapping[str, float]]
    ratios: Mapping[str, float]
    scale: Mapping[str, float] = field(default_factory=dict)
    peers: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)


def keep(name: str, found: Finding) -> None:
    """Write ``benchmarks/results/NAME.json``."""
    versions = {"python": platform.python_version()} | {each: version(each) for each in PACKAGES}
    said = {
        "name": name,
        "machine": f"{psutil.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "versions": versions | dict(found.peers),
        "measured_at": f"{datetime.now():%Y-%m-%d}",  # noqa: DTZ005 (a day, for people)
        "scale": dict(found.scale),
        "figures": found.figures,
        "ratios": dict(sorted(found.ratios.items())),
    }
    said |= {"absent": found.absent} if found.absent else {}
    (RESULTS / f"{name}.json").write_text(json.dumps(said, indent=1) + "\n")


def show(name: str, found: Finding, console: Console) -> None:
    """Print the figures, a table for each set of numbers that is told of something, and the ratios."""
    tables: dict[tuple[str, ...], Table] = {}
    for what, told in found.figures.items():
        units = tuple(told)
        if units not in tables:
            tables[units] = Table(name, *(unit.replace("_", " ") for unit in units))
        tables[units].add_row(what, *(f"{each:,}" for each in told.values()))
    ratios = Table("ratio", "")
    for what, ratio in sorted(found.ratios.items()):
        ratios.add_row(what, f"{ratio:,}")
    for table in (*tables.values(), ratios):
        for column in table.columns[1:]:
            column.justify = "right"
        console.print(table)
    for what, why in found.absent.items():
        console.print(f"without {what}: {why}")
