"""What people write into the fields of a form: amounts, whole numbers, lines."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from isthmus_platform.credit.terms import in_minor
from isthmus_platform.errors import InvalidInput


def minor(written: str, currency: str, field: str) -> int:
    """Return an amount as people write it in minor units of ``currency``, or raise :class:`InvalidInput`."""
    plain = written.replace(",", "").replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    try:
        return in_minor(Decimal(plain), currency.strip().upper(), field)
    except (InvalidOperation, ValueError, OverflowError):
        said = "Write the amount in figures, as 186,500.00."
        raise InvalidInput(said, field=field, code="format") from None


def whole(form: Mapping[str, str], name: str) -> int:
    """Return the whole number of a field, or raise :class:`InvalidInput`."""
    written = text(form, name)
    if not (written.isascii() and written.isdigit() and len(written) <= 9):
        raise InvalidInput("Write a whole number.", field=name, code="format")
    return int(written)


def text(form: Mapping[str, str], name: str) -> str:
    """Return what a field holds, without the space around it."""
    return form.get(name, "").strip()


def lines(form: Mapping[str, str], name: str) -> list[str]:
    """Return the lines of a field that hold something, with single spaces between words."""
    return [" ".join(line.split()) for line in form.get(name, "").splitlines() if line.strip()]


def marks(form: Mapping[str, str]) -> list[str]:
    """Return an invoice's marks (:mod:`isthmus_platform.financed`), a line each or as a JSON list."""
    return [mark for mark in re.split(r"[\s,;\"'\[\]]+", form.get("marks", "")) if mark]
