"""Emission factors as data: ``glec_factors.json``, each with its source and whether that was checked.

A value is in milligrams of CO2e a tonne-kilometre, well to wheel; ``distance_adjustment_per_mille`` is the
framework's distance adjustment factor, by which real ways are longer than the shortest (1000: none).
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True)
class Factor:
    """A default of the framework for a mode, up to ``longest_km`` where it is bound to a distance."""

    id: str
    mode: str
    vehicle: str
    longest_km: int | None
    milligrams_per_tonne_km: int
    distance_adjustment_per_mille: int
    provenance: str
    confirmed: bool


@lru_cache(maxsize=1)
def table() -> tuple[Factor, ...]:
    """Return the factors, those bound to a distance before those that are not."""
    data = json.loads(resources.files(__package__).joinpath("glec_factors.json").read_bytes())
    found = [Factor(**each) for each in data["factors"]]
    return tuple(sorted(found, key=lambda each: (each.mode, each.longest_km is None, each.longest_km or 0)))


def of(mode: str, km: int) -> Factor:
    """Return the factor for ``km`` by ``mode`` (``VESSEL``, ``BARGE``, ``RAIL``, ``TRUCK``, ``AIR``)."""
    return next(
        each for each in table() if each.mode == mode and (each.longest_km is None or km <= each.longest_km)
    )
