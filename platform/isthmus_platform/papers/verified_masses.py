"""Papers held against a booking: against its reference and containers, and against what these weigh.

A verified gross mass (SOLAS VI/2) is that of the packed container: the goods, all that holds them, and the
tare. Goods that are said to weigh more than their container does are wrong, whatever the tare is.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from isthmus_platform.papers.comparing import IN_KILOGRAMS, ROUNDING, Citation, Discrepancy, Source
from isthmus_platform.papers.parts import Goods, Measure


@dataclass(frozen=True)
class Booked:
    """What a booking says that papers say too; ``masses`` are kilograms by container, the newest of each.

    ``containers`` are known once all that are booked were weighed.
    """

    booking_reference: str | None = None
    containers: tuple[str, ...] = ()
    masses: Mapping[str, Decimal] = field(default_factory=dict)


def heavier_than_weighed(sources: Sequence[Source]) -> list[Discrepancy]:
    """Return where goods are said to weigh more than the containers in which they are, by ``grossMass``."""
    papers = [each for each in sources if not isinstance(each.paper, Booked)]
    return [
        Discrepancy("verifiedGrossMass", weighed, said)
        for booked in sources
        if isinstance(booked.paper, Booked)
        for source in papers
        for weighed, said in _heavier(booked, source)
    ]


def _heavier(booked: Source, source: Source) -> Iterator[tuple[Citation, Citation]]:
    masses: Mapping[str, Decimal] = booked.paper.masses
    for containers, said in _carried(source.paper).items():
        if not set(containers) <= masses.keys():
            continue
        kilograms = said.quantize(ROUNDING)
        weighed = sum((masses[each] for each in containers), Decimal(0))
        if kilograms > weighed:
            named = ", ".join(containers)
            yield (
                Citation(booked.name, "masses", f"{named}: {weighed:f} KGM"),
                Citation(source.name, "goods.grossMass", f"{named}: {kilograms:f} KGM"),
            )


def _carried(paper: Any) -> dict[tuple[str, ...], Decimal]:
    """Return how many kilograms of goods a paper says to be in a container, or together in several."""
    found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for goods in getattr(paper, "goods", ()):
        for containers, mass in _parts(goods):
            if containers and mass is not None and mass.unit in IN_KILOGRAMS:
                found[containers] += mass.value * IN_KILOGRAMS[mass.unit]
    return found


def _parts(goods: Goods) -> list[tuple[tuple[str, ...], Measure | None]]:
    if goods.loads:
        return [((load.container,), load.gross_mass) for load in goods.loads]
    return [(tuple(sorted(goods.containers)), goods.gross_mass)]
