"""Logistics: the release of cargo in one verdict, and the delivery order that follows from it.

Other services stand on the names below: :func:`open_release`, :func:`verdict` and :func:`order`.
"""

from isthmus_platform.logistics.errors import NotReleasable
from isthmus_platform.logistics.release import (
    open_release,
    order,
    pick_up,
    revoke,
    state_freight,
    verdict,
)
from isthmus_platform.logistics.verdict import Condition, Facts, Finding, TransportDocument, Verdict, judge

__all__ = [
    "Condition",
    "Facts",
    "Finding",
    "NotReleasable",
    "TransportDocument",
    "Verdict",
    "judge",
    "open_release",
    "order",
    "pick_up",
    "revoke",
    "state_freight",
    "verdict",
]
