"""Statistics that a few wrong values do not move: median, median absolute deviation, modified z-score. Pure.

Iglewicz and Hoaglin, *How to Detect and Handle Outliers* (ASQC Basic References in Quality Control 16, 1993).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

NORMAL = 0.6745
"""The third quartile of the standard normal distribution: by it the deviation is one of a normal sample."""
SMALLEST_SPREAD = 0.01
"""Of the median. Where all paid the same, a price one hundredth away is not infinitely far."""
FAR = 3.5
"""The modified z-score from which Iglewicz and Hoaglin call a value an outlier."""


@dataclass(frozen=True)
class Spread:
    """The middle of a sample and how far it spreads."""

    size: int
    median: float
    mad: float

    def deviation(self, value: float) -> float:
        """Return the modified z-score of ``value``: negative below the median; 0 for a sample of zeros."""
        unit = max(self.mad, SMALLEST_SPREAD * abs(self.median))
        return NORMAL * (value - self.median) / unit if unit else 0.0


def spread(sample: Sequence[float], smallest: int) -> Spread | None:
    """Return the spread of a sample; None where it has fewer than ``smallest`` values."""
    if not sample or len(sample) < smallest:
        return None
    middle = median(sample)
    return Spread(len(sample), middle, median(abs(each - middle) for each in sample))
