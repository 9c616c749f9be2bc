"""What a refusal by the register is told with, and that it changed nothing."""

from collections.abc import Callable

import pytest

from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted, PlatformError
from title_trade import TitleTrade

Told = tuple[type[PlatformError], str, str | None]


def told(call: Callable[[], object]) -> Told:
    """Return (class, code, field) of the refusal."""
    with pytest.raises(PlatformError) as refusal:
        call()
    kinds = (NotFound, NotPermitted, Conflict, InvalidInput)
    kind = next(each for each in kinds if isinstance(refusal.value, each))
    return kind, refusal.value.code, refusal.value.field


def refused(trade: TitleTrade, call: Callable[[], object]) -> Told:
    """Return what :func:`told` does of a refusal that must have changed nothing."""
    before = trade.everything()
    refusal = told(call)
    assert before
    assert trade.everything() == before
    return refusal
