"""Between XML and the classes of the model: an element a field, in the order of the fields, nothing lost.

The name of a field is the name of its element in small letters (``gross_mass_measure`` stands for
``GrossMassMeasure``); its type says how it is read. What the model has no place for is refused, not dropped.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from decimal import Decimal
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from lxml import etree

from isthmus_bridge.wco.schemas import DECLARATION, DECLARATION_TYPES, META_DATA
from isthmus_bridge.wco.values import Amount, Instant, Quantity
from isthmus_protocol.xml import HINTS

Model = TypeVar("Model")

SHORT = {"id": "ID", "wco": "WCO", "lpco": "LPCO", "ucr": "UCR", "aeo": "AEO", "undgid": "UNDGID"}
LOCATION_HINTS = frozenset(HINTS)
"""Attributes that tell where a schema may be found, and nothing of the declaration."""

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


class NotInModel(Exception):
    """XML that the model has no place for: ``name`` at ``path``, which nothing may drop."""

    def __init__(self, path: str, name: str, line: int, problem: str) -> None:
        self.path = path
        self.name = name
        self.line = line
        super().__init__(f"line {line}: {path}: {name} {problem}")


def read(element: etree._Element, model: type[Model]) -> Model:
    """Return what ``element`` says, as ``model``. Raises :class:`NotInModel`."""
    return _read(element, model, etree.QName(element).localname)


def write(value: object, name: str) -> etree._Element:
    """Return ``value``, an instance of a class of the model, as the element ``name``."""
    spaces = {"md": META_DATA, None: DECLARATION, "ds": DECLARATION_TYPES}
    root = etree.Element(_tag(type(value), name), nsmap=spaces)  # type: ignore[arg-type]
    _write(root, value)
    return root


@dataclass(frozen=True)
class _Slot:
    """A field: the element it stands for, of what kind, whether it repeats or must be there."""

    field: str
    tag: str
    kind: type
    repeats: bool
    required: bool


_known: dict[type, tuple[_Slot, ...]] = {}


def _slots(model: type) -> tuple[_Slot, ...]:
    """Return the fields of a class of the model, in order."""
    if model not in _known:
        if not is_dataclass(model):
            raise TypeError(f"{model!r} is no class of the model")
        hints = get_type_hints(model)
        _known[model] = tuple(
            _slot(model, each.name, hints[each.name], each.default is MISSING) for each in fields(model)
        )
    return _known[model]


def _slot(model: type, field: str, hint: Any, required: bool) -> _Slot:  # noqa: FBT001
    repeats = get_origin(hint) is tuple
    kind = next((each for each in get_args(hint) if each not in (NoneType, ...)), hint)
    name = "".join(SHORT.get(word, word.capitalize()) for word in field.split("_"))
    return _Slot(field, _tag(model if kind in LEAVES else kind, name), kind, repeats, required)


def _tag(model: type, name: str) -> str:
    return f"{{{getattr(model, 'namespace', DECLARATION)}}}{name}"


def _read(element: etree._Element, model: type[Model], path: str) -> Model:
    _only_attributes(element, path, LOCATION_HINTS)
    _no_text(element, path)
    children = list(element)
    found: dict[str, Any] = {}
    for slot in _slots(model):
        values = list(_taken(children, slot, path))
        if slot.repeats:
            found[slot.field] = tuple(values)
        elif values:
            found[slot.field] = values[0]
        elif slot.required:
            name = etree.QName(slot.tag).localname
            raise NotInModel(path, name, _line(element), "is missing")
    if children:
        name = etree.QName(children[0]).localname
        raise NotInModel(path, name, _line(children[0]), "is not known here, or not in this order")
    return model(**found)


def _taken(children: list[etree._Element], slot: _Slot, path: str) -> Iterator[Any]:
    """Take the children that ``slot`` stands for from the front of ``children``."""
    taken = 0
    while children and children[0].tag == slot.tag and (slot.repeats or not taken):
        child = children.pop(0)
        taken += 1
        below = f"{path}/{etree.QName(child).localname}"
        leaf = LEAVES.get(slot.kind)
        yield leaf[0](child, below) if leaf else _read(child, slot.kind, below)


def _write(parent: etree._Element, value: object) -> None:
    for slot in _slots(value.__class__):
        held = getattr(value, slot.field)
        for each in held if slot.repeats else () if held is None else (held,):
            child = etree.SubElement(parent, slot.tag)
            leaf = LEAVES.get(slot.kind)
            if leaf:
                leaf[1](child, each)
            else:
                _write(child, each)


def _text(element: etree._Element, path: str) -> str:
    _only_attributes(element, path, frozenset())
    return _own_text(element, path)


def _put_text(element: etree._Element, value: str) -> None:
    element.text = value


def _number(element: etree._Element, path: str) -> Decimal:
    text = _own_text(element, path).strip(" \t\r\n")
    if not _DECIMAL.fullmatch(text):
        raise NotInModel(path, etree.QName(element).localname, _line(element), "is not a decimal number")
    return Decimal(text)


def _plain_number(element: etree._Element, path: str) -> Decimal:
    _only_attributes(element, path, frozenset())
    return _number(element, path)


def _put_number(element: etree._Element, value: Decimal) -> None:
    element.text = format(value, "f")


def _amount(element: etree._Element, path: str) -> Amount:
    _only_attributes(element, path, frozenset({"currencyID"}))
    return Amount(_number(element, path), _attribute(element, "currencyID"))


def _put_amount(element: etree._Element, value: Amount) -> None:
    _put_number(element, value.value)
    if value.currency is not None:
        element.set("currencyID", value.currency)


def _quantity(element: etree._Element, path: str) -> Quantity:
    _only_attributes(element, path, frozenset({"unitCode"}))
    return Quantity(_number(element, path), _attribute(element, "unitCode"))


def _put_quantity(element: etree._Element, value: Quantity) -> None:
    _put_number(element, value.value)
    if value.unit is not None:
        element.set("unitCode", value.unit)


def _instant(element: etree._Element, path: str) -> Instant:
    _only_attributes(element, path, frozenset())
    _no_text(element, path)
    children = list(element)
    if len(children) != 1 or children[0].tag != f"{{{DECLARATION_TYPES}}}DateTimeString":
        raise NotInModel(path, "DateTimeString", _line(element), "is not the one thing that is there")
    below = f"{path}/DateTimeString"
    _only_attributes(children[0], below, frozenset({"formatCode"}))
    return Instant(_own_text(children[0], below), _attribute(children[0], "formatCode") or "")


def _put_instant(element: etree._Element, value: Instant) -> None:
    held = etree.SubElement(element, f"{{{DECLARATION_TYPES}}}DateTimeString")
    held.set("formatCode", value.format)
    held.text = value.text


LEAVES: dict[type, tuple[Callable[[etree._Element, str], Any], Callable[[etree._Element, Any], None]]] = {
    str: (_text, _put_text),
    Decimal: (_plain_number, _put_number),
    Amount: (_amount, _put_amount),
    Quantity: (_quantity, _put_quantity),
    Instant: (_instant, _put_instant),
}
"""How a value is read from its element, and written to it."""


def _only_attributes(element: etree._Element, path: str, known: frozenset[str]) -> None:
    for name in element.attrib:
        if str(name) not in known:
            raise NotInModel(
                path, f"@{etree.QName(str(name)).localname}", _line(element), "is not known here"
            )


def _no_text(element: etree._Element, path: str) -> None:
    for text in (element.text, *(child.tail for child in element)):
        if text and text.strip(" \t\r\n"):
            raise NotInModel(path, "text", _line(element), "stands between elements")


def _own_text(element: etree._Element, path: str) -> str:
    if len(element):
        child = element[0]
        raise NotInModel(path, etree.QName(child).localname, _line(child), "is not known here")
    return element.text or ""


def _attribute(element: etree._Element, name: str) -> str | None:
    value = element.get(name)
    return None if value is None else str(value)


def _line(element: etree._Element) -> int:
    line: object = element.sourceline
    return line if isinstance(line, int) else 0
