"""What the transport of a shipment emits, leg by leg: mass, distance and factor, each with its source.

ISO 14083: transport activity is the goods' gross mass times the planned distance; that real ways are longer
comes with the factor. What is not known is refused by name, never estimated in silence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

from isthmus_platform import tracking
from isthmus_platform.consignments import Shipment
from isthmus_platform.database import Work
from isthmus_platform.emissions import distances, factors
from isthmus_platform.emissions.distances import Distance, Lack, NoDistance
from isthmus_platform.emissions.factors import Factor

METHOD = "ISO 14083:2023, GLEC Framework v3.2 defaults, well-to-wheel"


@dataclass(frozen=True)
class Way:
    """A leg as it is asked about: by which mode, between which UN/LOCODEs."""

    mode: str
    origin: str
    destination: str


@dataclass(frozen=True)
class Refusal:
    """What is not known, and of what: ``subject`` is ``goods`` or a leg."""

    code: Lack
    subject: str
    message: str


@dataclass(frozen=True)
class LegEmission:
    """A leg with its distance, factor, activity in tonne-kilometres and grams of CO2e, or why not."""

    sequence: int
    way: Way
    assumed: bool
    distance: Distance | None
    factor: Factor | None
    tonne_km: Decimal | None
    grams: int | None
    refusal: Refusal | None


@dataclass(frozen=True)
class Footprint:
    """All legs of a shipment; the total only where every leg is known."""

    mass_kg: Decimal | None
    legs: tuple[LegEmission, ...]
    method: str = METHOD

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What is not known, each once."""
        return tuple(dict.fromkeys(each.refusal for each in self.legs if each.refusal is not None))

    @property
    def total_grams(self) -> int | None:
        """Grams of CO2e of all legs; None where one is not known."""
        grams = [each.grams for each in self.legs]
        return None if None in grams else sum(each for each in grams if each is not None)


def of(
    mass_kg: Decimal | None, ways: Sequence[Way], *, assumed: bool = False, cooled: bool = False
) -> Footprint:
    """Return the footprint of goods of ``mass_kg`` gross along ``ways``; ``cooled``: all in reefers."""
    legs = (_leg(n, mass_kg, way, assumed=assumed, cooled=cooled) for n, way in enumerate(ways, start=1))
    return Footprint(mass_kg, tuple(legs))


def of_shipments(work: Work, shipments: Iterable[Shipment]) -> dict[UUID, Footprint]:
    """Return the footprints of shipments that the actor sees.

    One without legs is taken to go by sea from place to place of its route: its legs are ``assumed``.
    """
    rows = list(shipments)
    told = tracking.legs_of(work, [row.id for row in rows])
    found = {}
    for row in rows:
        mass = sum((each.gross_mass_kg for each in row.goods), Decimal(0)) if row.goods else None
        ways = [Way(leg.mode, leg.origin, leg.destination) for leg in told.get(row.id, ())]
        found[row.id] = of(mass, ways or _by_sea(row), assumed=not ways, cooled=_cooled(row))
    return found


def _cooled(shipment: Shipment) -> bool:
    """Tell whether all its containers are refrigerated (ISO 6346: type ``R``, the third character)."""
    boxes = shipment.equipment
    return bool(boxes) and all((box.iso_code or "")[2:3] == "R" for box in boxes)


def _by_sea(shipment: Shipment) -> list[Way]:
    calls = [shipment.origin, *shipment.transhipments, shipment.destination]
    return [Way("VESSEL", *pair) for pair in pairwise(calls)]


def _leg(sequence: int, mass_kg: Decimal | None, way: Way, *, assumed: bool, cooled: bool) -> LegEmission:
    try:
        distance = distances.between(way.mode, way.origin, way.destination)
    except NoDistance as error:
        refused = Refusal(error.lack, f"leg {sequence}", str(error))
        return LegEmission(sequence, way, assumed, None, None, None, None, refused)
    factor = factors.of(way.mode, distance.km, way.origin, way.destination, cooled=cooled)
    if mass_kg is None or mass_kg <= 0:
        refused = Refusal(Lack.MASS_UNKNOWN, "goods", "The gross mass of the goods is not known.")
        return LegEmission(sequence, way, assumed, distance, factor, None, None, refused)
    activity = mass_kg * distance.km / 1000
    return LegEmission(sequence, way, assumed, distance, factor, activity, grams(activity, factor), None)


def grams(tonne_km: Decimal, factor: Factor) -> int:
    """Return the whole grams of CO2e of an activity, half to even: milligrams, adjusted, by a million."""
    exact = (
        Fraction(tonne_km) * factor.milligrams_per_tonne_km * factor.distance_adjustment_per_mille / 1_000_000
    )
    return round(exact)
