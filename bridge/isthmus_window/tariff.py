"""What is due on an export, by chapter of the Harmonised System.

The schedule is of the shape that customs publish, with rates of this reference window's own: most goods leave
for a small service fee, some raw materials pay a duty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STANDARD = 4
"""The rate on what no chapter below names, in parts of 10,000: a trade promotion service fee of 0.04 %."""

BY_CHAPTER = {
    "25": 100,  # salt, sulphur, earths and stone
    "26": 500,  # ores, slag and ash
    "27": 300,  # mineral fuels
    "41": 1000,  # raw hides and skins
    "44": 200,  # wood
    "71": 50,  # precious stones and metals
    "72": 150,  # iron and steel
}


@dataclass(frozen=True)
class Duty:
    """An amount in the minor units of a currency (ISO 4217)."""

    amount_minor: int
    currency: str


def assess(body: Mapping[str, Any]) -> Duty:
    """Return what is due on the accepted declaration ``body``: per item, rounded half up to a minor unit."""
    amount = sum(_due(item["hsCode"], item["statisticalValueMinor"]) for item in body["goods"])
    return Duty(amount, body["goods"][0]["currency"])


def _due(hs_code: str, value_minor: int) -> int:
    return (value_minor * BY_CHAPTER.get(hs_code[:2], STANDARD) + 5_000) // 10_000
