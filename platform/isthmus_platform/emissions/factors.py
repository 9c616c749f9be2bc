"""Emission factors as data: ``glec_factors.json``, each with its source and whether that was checked.

A value is in milligrams of CO2e a tonne-kilometre, well to wheel, of the *planned* distance: by road, air and
sea the framework's values count themselves that real ways are longer. ``distance_adjustment_per_mille`` is
for values that do not (1000: nothing more). Trade lanes are published a TEU-kilometre and turned into tonnes.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

Regions = frozenset[str]


@dataclass(frozen=True)
class Factor:
    """A default of the framework for a mode.

    Where it is bound: up to ``longest_km``, ``between`` regions (either way), to ``cooled`` goods.
    """

    id: str
    mode: str
    vehicle: str
    longest_km: int | None
    milligrams_per_tonne_km: int
    distance_adjustment_per_mille: int
    provenance: str
    confirmed: bool
    between: tuple[Regions, Regions] | None = None
    cooled: bool = False

    def fits(self, km: int, ends: tuple[str | None, str | None], *, cooled: bool) -> bool:
        """Tell whether it holds for ``km`` between the regions ``ends``."""
        if self.cooled and not cooled:
            return False
        if self.longest_km is not None and km > self.longest_km:
            return False
        if self.between is None:
            return True
        one, other = self.between
        here, there = ends
        return (here in one and there in other) or (here in other and there in one)


@lru_cache(maxsize=1)
def table() -> tuple[Factor, ...]:
    """Return the factors, those bound to something before those that are not."""
    data = _data()
    found = [*map(_row, data["factors"]), *_lanes(data["container_lanes"])]
    return tuple(
        sorted(
            found,
            key=lambda each: (
                each.mode,
                not each.cooled,
                each.between is None,
                each.longest_km is None,
                each.longest_km or 0,
            ),
        )
    )


def of(mode: str, km: int, origin: str, destination: str, *, cooled: bool = False) -> Factor:
    """Return the factor for ``km`` by ``mode`` (``VESSEL``, ``BARGE``, ``RAIL``, ``TRUCK``, ``AIR``).

    ``origin`` and ``destination`` (UN/LOCODE) choose lane and country; ``cooled``: refrigerated containers.
    """
    ends = region(origin), region(destination)
    return next(each for each in table() if each.mode == mode and each.fits(km, ends, cooled=cooled))


def region(locode: str) -> str | None:
    """Return the region of a UN/LOCODE; None where it is not plainly of one."""
    places = _regions()
    return places.get(locode) or places.get(locode[:2])


@lru_cache(maxsize=1)
def _regions() -> dict[str, str]:
    """Return the region by country, or by place where a country lies in several."""
    return {place: name for name, places in _data()["regions"].items() for place in places}


@lru_cache(maxsize=1)
def _data() -> Any:
    return json.loads(resources.files(__package__).joinpath("glec_factors.json").read_bytes())


def _row(row: dict[str, Any]) -> Factor:
    return Factor(**{**row, "between": _ends(row.get("between"))})


def _lanes(lanes: dict[str, Any]) -> Iterator[Factor]:
    """Yield the factors of container ships, dry and refrigerated, at the framework's tonnes a TEU."""
    for lane in lanes["lanes"]:
        for kind, cooled in (("dry", False), ("reefer", True)):
            yield Factor(
                id=f"VESSEL_{lane['id']}{'_REEFER' if cooled else ''}",
                mode="VESSEL",
                vehicle=f"container ship, {kind} container, {lane['name']}",
                longest_km=None,
                milligrams_per_tonne_km=sum(lane[kind].values()) // lanes["tonnes_per_teu"],
                distance_adjustment_per_mille=1000,
                provenance=lanes["provenance"],
                confirmed=lane["confirmed"],
                between=_ends(lane["between"]),
                cooled=cooled,
            )


def _ends(between: list[list[str]] | None) -> tuple[Regions, Regions] | None:
    if between is None:
        return None
    one, other = between
    return frozenset(one), frozenset(other)
