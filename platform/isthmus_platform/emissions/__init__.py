"""Greenhouse gases of transport, leg by leg, by the GLEC Framework's defaults (ISO 14083).

Other services stand on the names below: :func:`of_shipments` and :class:`Footprint`.
"""

from isthmus_platform.emissions.distances import Distance, Lack
from isthmus_platform.emissions.factors import Factor
from isthmus_platform.emissions.footprint import Footprint, LegEmission, Refusal, of_shipments

__all__ = ["Distance", "Factor", "Footprint", "Lack", "LegEmission", "Refusal", "of_shipments"]
