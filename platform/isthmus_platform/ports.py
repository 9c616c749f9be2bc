"""Where ports are: what UN/LOCODE says and, where it gives no position, what is known of the port."""

import json
from functools import lru_cache
from importlib import resources

from isthmus_platform import places

Position = tuple[float, float]
"""Latitude and longitude in decimal degrees, north and east positive."""


def position(locode: str) -> Position | None:
    """Return where the place with this UN/LOCODE is; None where nobody tells."""
    place = places.known(locode)
    if place is not None and place.latitude is not None and place.longitude is not None:
        return place.latitude, place.longitude
    return beyond_locode(locode)


def beyond_locode(locode: str) -> Position | None:
    """Return the position of a port to which UN/LOCODE gives none (the file names its source)."""
    found = _held().get(locode)
    return None if found is None else (found[0], found[1])


@lru_cache(maxsize=1)
def _held() -> dict[str, list[float]]:
    file = resources.files("isthmus_platform").joinpath("port_positions.json")
    held: dict[str, dict[str, list[float]]] = json.loads(file.read_bytes())
    return held["positions"]
