"""Rules that several terms of a booking share, each refusing by field."""

from collections.abc import Sequence
from decimal import Decimal

from isthmus_platform.errors import InvalidInput
from isthmus_platform.logistics.wording import one_line

MOST_ITEMS = 50
LARGEST = Decimal(10_000_000)
"""Of one commodity, in any unit of weight or volume: more than any ship takes of one booking."""


def wrong(field: str, code: str, wanted: str) -> InvalidInput:
    """Return the refusal of what stands in ``field``: it has to be what is ``wanted``."""
    return InvalidInput(f"This has to be {wanted}.", field=field, code=code)


def words(value: str, field: str, longest: int) -> None:
    """Refuse what is not 1 to ``longest`` characters on one line, without blanks at its ends."""
    if one_line(value, field, longest) != value:
        raise wrong(field, "format", "without blanks at its ends")


def given_words(value: str | None, field: str, longest: int) -> None:
    """Refuse a text that is given and is none of DCSA's."""
    if value is not None:
        words(value, field, longest)


def count(items: Sequence[object], field: str, *, least: int = 0, most: int = MOST_ITEMS) -> None:
    """Refuse too few or too many ``items``."""
    if not least <= len(items) <= most:
        raise wrong(field, "count", f"{least} to {most} of them")


def quantity(value: Decimal, field: str) -> None:
    """Refuse a weight or a volume that nothing has, or that is told too exactly."""
    if not value.is_finite() or not 0 < value <= LARGEST:
        raise wrong(field, "range", f"more than 0 and at most {LARGEST:,}")
    if value != round(value, 3):
        raise InvalidInput("At most three decimals.", field=field, code="too_exact")
