"""Forms of the pages: what a mutation asks for, read from what a person enters, faults beside their fields.

A page offers acts. An act is a form, its mutation, and what of its input is fixed; what is entered is read by
the kind of each field, and what cannot be read is told before anything is sent.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from babel.numbers import get_currency_precision
from flask import abort, flash, request
from werkzeug.datastructures import MultiDict
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from isthmus_portal.face import Face
from isthmus_portal.words import Vocabulary

Entered = MultiDict[str, str]
LARGEST = 2**53 - 1
"""The largest whole number that the schema takes."""
_WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)
_AMOUNT = re.compile(r"\d{1,13}(\.\d{1,4})?", re.ASCII)
_PRICE = re.compile(r"([\d., ]+?)\s*([A-Z]{3})", re.ASCII)
_CELLS = re.compile(r"[,;\t]")
WRITTEN = frozenset({"area", "lines"})
"""The kinds that have more than one line."""
_DECIMAL = re.compile(r"\d{1,15}(\.\d{1,12})?", re.ASCII)


class Unreadable(Exception):
    """What was entered in a field is not of its kind; the message says what is.

    ``field`` names it where an act's ``shape`` raises it.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Field:
    """One thing that a person enters, for the member ``name`` (dots lead deeper) of the mutation's input.

    ``kind``: ``text``, ``area``, ``names`` (apart by commas), ``whole``, ``decimal``, ``percent`` (sent in
    basis points), ``money`` (of ``currency``, sent in its minor units), ``price`` (an amount with its
    currency), ``day``, ``moment`` (UTC), ``choice`` or ``choices`` of ``options`` (value and label; those
    chosen at first in ``value``, apart by spaces), or ``lines`` of ``cells`` apart by commas, semicolons or
    tabs, sent as members of these names; ``*`` and nothing leave one out; the page fills them in from files
    where ``files`` says how (``text``, ``digests``).
    Fields of one ``group`` stand side by side.
    """

    name: str
    label: str
    kind: str = "text"
    required: bool = True
    hint: str = ""
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    currency: str = ""
    group: str = ""
    longest: int = 2000
    cells: tuple[str, ...] = ()
    files: str = ""

    @property
    def shown(self) -> str:
        """Return the label with the unit that a person enters."""
        unit = {"money": self.currency, "moment": "UTC", "percent": "%"}.get(self.kind, "")
        return f"{self.label} ({unit})" if unit else self.label


@dataclass(frozen=True)
class Act:
    """What somebody may do on a page: a form with the text of its button, and the mutation behind it.

    ``whole`` are groups of fields that are entered together or not at all. ``shape`` brings what was read
    into the form of the input; ``then`` gives where to go on, from the payload.
    """

    name: str
    button: str
    change: str
    done: str
    fields: tuple[Field, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    danger: bool = False
    whole: tuple[tuple[str, ...], ...] = ()
    shape: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    then: Callable[[dict[str, Any]], str] | None = None

    @property
    def groups(self) -> list[tuple[str, list[Field]]]:
        """Return the fields in order, those of a group together; what stands by itself is of ``""``."""
        return [(name, list(found)) for name, found in groupby(self.fields, lambda each: each.group)]


@dataclass(frozen=True)
class Filled:
    """A form that was refused: what was entered, and the faults by field (``""``: of the form as a whole)."""

    act: str
    entered: Entered
    faults: Mapping[str, str]


def act(
    face: Face, acts: Sequence[Act], page: Callable[[Filled], str], onward: str
) -> Response | tuple[str, int]:
    """Do what the posted form says: the act's mutation once for the form's key, then ``onward``.

    A form that is refused is shown again by ``page`` with what was entered (status 422). 400 for no act of
    these.
    """
    chosen = next((each for each in acts if each.name == request.form.get("act")), None)
    if chosen is None:
        abort(400)
    given, faults = read(chosen, request.form)
    if not faults:
        sent = {**given, **chosen.fixed, "idempotencyKey": request.form["once"]}
        payload, errors = face.change(chosen.change, sent)
        faults = beside(chosen, errors)
    if faults:
        return page(Filled(chosen.name, request.form, faults)), 422
    flash(chosen.done, "good")
    return redirect(chosen.then(payload) if chosen.then else onward, 303)


def read(of: Act, entered: Entered) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the input that was entered, and why what of it cannot be read, by field."""
    given: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for each in of.fields:
        try:
            value = _value(each, entered)
        except Unreadable as fault:
            faults[each.name] = str(fault)
            continue
        if value is not None:
            _put(given, each.name, value)
    for group in of.whole:
        lacking = [name for name in group if not entered.get(name, "").strip()]
        if 0 < len(lacking) < len(group):
            faults.update(dict.fromkeys(lacking, "This is needed with the others."))
    if of.shape is None or faults:
        return given, faults
    try:
        return of.shape(given), faults
    except Unreadable as fault:
        return given, {fault.field: str(fault)}


def beside(of: Act, errors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the errors of a mutation by the field beside which each stands."""
    faults: dict[str, str] = {}
    for error in errors:
        path = str(error["field"] or "")
        near = next((each for each in of.fields if f"{path}.".startswith(f"{each.name}.")), None)
        place, message = "", str(error["message"])
        if near is not None:
            place = near.name
            row = path[len(place) + 1 :].partition(".")[0]
            message = _of_row(int(row) + 1, message) if near.kind == "lines" and row.isdigit() else message
        faults[place] = " ".join(filter(None, (faults.get(place), message)))
    return faults


def coded(codes: Iterable[str], words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return codes of the schema as options, each as a person reads it."""
    plain = Vocabulary.of([words], []).plain
    return tuple((code, plain(code)) for code in codes)


def shown(acts: Sequence[Act], may: Sequence[str], filled: Filled | None) -> list[Act]:
    """Return the acts that may be done now, in the order of their names in ``may``.

    A form that was refused is among them, though its act is no more to be done: it says why.
    """
    found = {each.name: each for each in acts}
    refused = [filled.act] if filled and filled.act in found and filled.act not in may else []
    return [found[name] for name in (*may, *refused)]


def _put(into: dict[str, Any], path: str, value: Any) -> None:
    *outer, last = path.split(".")
    for name in outer:
        into = into.setdefault(name, {})
    into[last] = value


def _value(of: Field, entered: Entered) -> Any:
    """Return what was entered by its kind, None where nothing was."""
    if of.kind == "choices":
        chosen = entered.getlist(of.name)
        if of.required and not chosen:
            raise Unreadable("Choose at least one.")
        return [_chosen(of, each) for each in chosen] or None
    text = entered.get(of.name, "")
    text = text.strip("\r\n") if of.kind == "lines" else text.strip()
    if not text.strip():
        if of.required:
            raise Unreadable("This is needed.")
        return None
    if len(text) > of.longest or "\0" in text or (not text.isprintable() and of.kind not in WRITTEN):
        raise Unreadable(f"At most {of.longest:,} characters that can be written.")
    return _KINDS[of.kind](of, text)


def _chosen(of: Field, text: str) -> str:
    if text not in {value for value, _ in of.options}:
        raise Unreadable("Choose one of these.")
    return text


def _whole(_of: Field, text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise Unreadable("A whole number.")
    return int(text)


def _decimal(_of: Field, text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise Unreadable("A number, with a point before decimals.")
    return text


def _percent(_of: Field, text: str) -> int:
    points = Decimal(text) * 100 if _DECIMAL.fullmatch(text) else Decimal(-1)
    if not 0 <= points <= 10_000 or points != points.to_integral_value():
        raise Unreadable("Per cent up to 100, with two decimals at most.")
    return int(points)


def _names(_of: Field, text: str) -> list[str]:
    return list(dict.fromkeys(filter(None, (each.strip() for each in text.split(",")))))


def _lines(of: Field, text: str) -> list[dict[str, str]]:
    rows = [[cell.strip() for cell in _CELLS.split(line)] for line in text.splitlines() if line.strip()]
    if rows and [cell.casefold() for cell in rows[0]] == [name.casefold() for name in of.cells]:
        del rows[0]
    for number, row in enumerate(rows, start=1):
        if len(row) > len(of.cells):
            raise Unreadable(_of_row(number, f"At most {len(of.cells)} columns: {', '.join(of.cells)}."))
    return [
        {name: cell for name, cell in zip(of.cells, row, strict=False) if cell not in ("", "*")}
        for row in rows
    ]


def _of_row(number: int, message: str) -> str:
    """Return what is said of a row; a heading and empty lines are not counted."""
    return f"Row {number}: {message}"


def row_fault(name: str, number: int, message: str) -> Unreadable:
    """Return what an act's ``shape`` raises for row ``number`` (from 1) of the field ``name``."""
    return Unreadable(_of_row(number, message), name)


def _money(of: Field, text: str) -> int:
    return minor(text, of.currency)


def _day(_of: Field, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Unreadable("A day, such as 2028-02-29.") from None


def _moment(_of: Field, text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable("A day and a time.") from None
    if at.tzinfo is not None:
        raise Unreadable("A day and a time in UTC.")
    return at.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")


def _price(_of: Field, text: str) -> dict[str, Any]:
    found = _PRICE.fullmatch(text)
    if not found:
        raise Unreadable("An amount and its currency, such as 1,250.50 USD.")
    return {"amountMinor": minor(found[1].strip(), found[2]), "currency": found[2]}


_KINDS: Mapping[str, Callable[[Field, str], Any]] = {
    "text": lambda _of, text: text,
    "area": lambda _of, text: text,
    "lines": _lines,
    "names": _names,
    "whole": _whole,
    "decimal": _decimal,
    "percent": _percent,
    "money": _money,
    "price": _price,
    "day": _day,
    "moment": _moment,
    "choice": _chosen,
}


def minor(text: str, currency: str) -> int:
    """Return an amount as it is entered, ``1,250.50``, in minor units; raise :class:`Unreadable`."""
    plain = text.replace(",", "").replace(" ", "")
    if not _AMOUNT.fullmatch(plain):
        raise Unreadable("An amount, with a point before decimals.")
    digits = get_currency_precision(currency)
    amount = Decimal(plain).scaleb(digits)
    if amount != amount.to_integral_value():
        raise Unreadable(f"{currency} has {digits or 'no'} decimals.")
    if amount > LARGEST:
        raise Unreadable("This is more than can be told exactly.")
    return int(amount)


def major(money: Mapping[str, Any] | None) -> str:
    """Return an amount as it is entered: whole units with a point before decimals."""
    if money is None:
        return ""
    digits = get_currency_precision(money["currency"])
    return f"{Decimal(money['amountMinor']).scaleb(-digits):f}"


def day_and_time(at: datetime) -> str:
    """Return a time as a browser's field for it holds it, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
