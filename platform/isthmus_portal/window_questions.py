"""Questions of yes or no to the single window: from the fields of a form, and in words.

Which of them may be asked is the agreement's to say, and the platform's to ask it; see
:mod:`isthmus_platform.window_queries`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from isthmus_platform.errors import InvalidInput
from isthmus_portal.entered import minor, text
from isthmus_portal.formats import money

VALUE, CURRENCY = "/declaredValueMinor", "/declaredCurrency"
BOUNDS = {"atLeast": "at least", "atMost": "at most"}
_SAID = {VALUE: "Declared value", CURRENCY: "Declared currency"}


def from_form(form: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what a form asks, as ``askWindow`` reads it; raise :class:`InvalidInput` with its field."""
    asks: list[dict[str, Any]] = []
    currency = text(form, "currency").upper()
    if text(form, "value"):
        if not currency:
            raise InvalidInput("Say in which currency.", field="currency", code="missing")
        bound = text(form, "bound")
        amount = minor(text(form, "value"), currency, "value")
        asks.append(_ask(VALUE, bound if bound in BOUNDS else "atLeast", amount))
    if currency:
        asks.append(_ask(CURRENCY, "is", currency))
    if text(form, "field"):
        parameter = _parameter(text(form, "parameter"))
        asks.append(_ask(text(form, "field"), text(form, "predicate"), parameter))
    return asks


def in_words(asked: Sequence[Mapping[str, Any]]) -> list[tuple[str, bool | None]]:
    """Return each question in words, with the window's yes or no."""
    about = {each["field"]: each["parameter"] for each in asked}
    return [(_said(each, about.get(CURRENCY)), each["holds"]) for each in asked]


def _ask(field: str, predicate: str, parameter: Any) -> dict[str, Any]:
    return {"field": field, "predicate": predicate, "parameter": parameter}


def _parameter(written: str) -> Any:
    """Return a whole number, yes or no, or several values that were written as JSON; else the text itself."""
    if not written:
        return None
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        return written
    return written if isinstance(found, float | dict) else found


def _said(each: Mapping[str, Any], currency: Any) -> str:
    predicate, parameter = each["predicate"], each["parameter"]
    if each["field"] == VALUE and isinstance(currency, str) and isinstance(parameter, int):
        parameter = money({"amountMinor": parameter, "currency": currency})
    about = _SAID.get(each["field"], each["field"])
    compared = "" if parameter is None else f" {parameter}"
    return f"{about} {BOUNDS.get(predicate, predicate)}{compared}"
