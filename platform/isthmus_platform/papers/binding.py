"""How the members of a paper lie in an XML document: bindings, in the order in which the schema wants them.

A path is steps of ``prefix:Name``; ``[@scheme='X']`` tells an element by an attribute (and writes it),
``[cbc:Name='X']`` by a child; ``*`` marks the step that repeats where a member is a list. An attribute of two
names (``carriage.electronic``) is a member of a member that has no element of its own.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from lxml import etree

from isthmus_platform.papers import plain
from isthmus_platform.papers.parts import Amount, Measure, wrong

ATTRIBUTE = re.compile(r"\[@(\w+)='([^']*)'\]")
PREDICATE = re.compile(r"\[[^\]]*\]")
Way = Literal["both", "read", "write"]


@dataclass(frozen=True)
class Codec:
    """How a value is an element: ``read`` (element, path) and ``write`` (element, value)."""

    read: Callable[[etree._Element, str], Any]
    write: Callable[[etree._Element, Any], None]


@dataclass(frozen=True)
class Leaf:
    """A member that one element says; a ``read`` one stands in where an earlier one found nothing."""

    attribute: str
    path: str
    codec: Codec
    way: Way = "both"
    absent: str | None = None
    """What is written where the schema wants an element and the paper has nothing."""
    when: str | None = None
    """``absent`` is written only where this member is there."""


@dataclass(frozen=True)
class Part:
    """A member that is a value of several members, or a list of such."""

    attribute: str
    path: str
    kind: type[Any]
    bindings: "Sequence[Binding]"
    way: Way = "both"


@dataclass(frozen=True)
class Fixed:
    """An element that is always so, or whenever the member ``when`` is there; written, not read."""

    path: str
    text: str
    when: str | None = None


@dataclass(frozen=True)
class Mark:
    """A member that is the attribute ``name`` of the element that another one says; without it, unsaid."""

    attribute: str
    path: str
    name: str
    way: Way = "both"


Binding = Leaf | Part | Fixed | Mark


@dataclass(frozen=True)
class Form:
    """The XML form of a kind of paper: its root's name, the prefixes of its paths, its bindings."""

    root: str
    prefixes: Mapping[str | None, str]
    bindings: Sequence[Binding]

    def read(self, root: etree._Element, without: str | None = None) -> dict[str, Any]:
        """Return the members that ``root`` says, but not those of ``without``, a member with no element.

        Raises :class:`InvalidInput` with the member's place.
        """
        left_out = f"{without}."
        wanted = [each for each in self.bindings if not getattr(each, "attribute", "").startswith(left_out)]
        return _read(root, wanted, self._named(), "")

    def write(self, values: Any) -> etree._Element:
        """Return the document of a paper, or whatever has its members."""
        prefixes: Any = dict(self.prefixes)  # lxml's stub knows no default namespace
        root = etree.Element(f"{{{self.prefixes[None]}}}{self.root}", nsmap=prefixes)
        _write(root, values, self.bindings, self._named())
        return root

    def _named(self) -> dict[str, str]:
        return {prefix: name for prefix, name in self.prefixes.items() if prefix is not None}


def _read(
    element: etree._Element, bindings: Sequence[Binding], prefixes: dict[str, str], path: str
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for binding in bindings:
        if isinstance(binding, Fixed) or binding.way == "write" or binding.attribute in found:
            continue
        place = f"{path}.{plain.spelt(binding.attribute)}" if path else plain.spelt(binding.attribute)
        value = _member(element, binding, prefixes, place)
        if value is not None:
            found[binding.attribute] = value
    return found


def _member(
    element: etree._Element, binding: Leaf | Part | Mark, prefixes: dict[str, str], place: str
) -> Any:
    if isinstance(binding, Mark):
        marked = element.find(binding.path, prefixes)
        return None if marked is None else (marked.get(binding.name) or "").strip() or None
    before, repeated, within = binding.path.partition("*")
    if repeated:
        each = [
            _one(one, binding, within.strip("/"), prefixes, f"{place}.{index}")
            for index, one in enumerate(element.findall(before, prefixes))
        ]
        return tuple(value for value in each if value is not None) or None
    return _one(element, binding, binding.path, prefixes, place)


def _one(
    element: etree._Element, binding: Leaf | Part, path: str, prefixes: dict[str, str], place: str
) -> Any:
    found = element.find(path, prefixes) if path else element
    if found is None:
        return None
    if isinstance(binding, Leaf):
        value = binding.codec.read(found, place)
        return None if value == binding.absent else value
    members = _read(found, binding.bindings, prefixes, place)
    return plain.make_read(binding.kind, members, place) if members else None


def _write(
    element: etree._Element, values: Any, bindings: Sequence[Binding], prefixes: dict[str, str]
) -> None:
    for binding in bindings:
        if isinstance(binding, Fixed):
            if binding.when is None or _said(values, binding.when) not in (None, ()):
                _made(element, binding.path, prefixes).text = binding.text
        elif isinstance(binding, Mark):
            _mark(element, _said(values, binding.attribute), binding, prefixes)
        elif binding.way != "read":
            value = _said(values, binding.attribute)
            if value is None and isinstance(binding, Leaf) and binding.absent is not None:
                wanted = binding.when is None or _said(values, binding.when) is not None
                value = binding.absent if wanted else None
            _write_member(element, value, binding, prefixes)


def _said(values: Any, attribute: str) -> Any:
    for name in attribute.split("."):
        values = None if values is None else getattr(values, name)
    return values


def _mark(element: etree._Element, value: Any, binding: Mark, prefixes: dict[str, str]) -> None:
    marked = element.find(binding.path, prefixes)
    if value is not None and marked is not None:
        marked.set(binding.name, value)


def _write_member(
    element: etree._Element, value: Any, binding: Leaf | Part, prefixes: dict[str, str]
) -> None:
    before, repeated, within = binding.path.partition("*")
    if repeated:
        for each in value or ():
            _write_one(_made(element, before, prefixes), each, binding, within.strip("/"), prefixes)
        return
    if value is not None:
        _write_one(element, value, binding, binding.path, prefixes)


def _write_one(
    element: etree._Element, value: Any, binding: Leaf | Part, path: str, prefixes: dict[str, str]
) -> None:
    target = _made(element, path, prefixes) if path else element
    if isinstance(binding, Leaf):
        binding.codec.write(target, value)
    else:
        _write(target, value, binding.bindings, prefixes)


def _made(element: etree._Element, path: str, prefixes: dict[str, str]) -> etree._Element:
    """Return a new element at ``path``: within what is already last there, after all else."""
    *ways, last = _steps(path)
    for step in ways:
        tag, attributes = _step(step, prefixes)
        newest = element[-1] if len(element) else None
        if newest is None or newest.tag != tag or not attributes.items() <= dict(newest.items()).items():
            newest = etree.SubElement(element, tag, attributes)
        element = newest
    tag, attributes = _step(last, prefixes)
    return etree.SubElement(element, tag, attributes)


def _steps(path: str) -> list[str]:
    return re.split(r"/(?![^\[]*\])", path)


def _step(step: str, prefixes: dict[str, str]) -> tuple[str, dict[str, str]]:
    prefix, _, name = PREDICATE.sub("", step).partition(":")
    return f"{{{prefixes[prefix]}}}{name}", dict(ATTRIBUTE.findall(step))


def _content(element: etree._Element, path: str) -> str:
    if len(element) or not (element.text or "").strip():
        raise wrong(path, "empty", "an element with a text")
    return element.text or ""


def _text(element: etree._Element, value: Any) -> None:
    element.text = str(value)


def _decimal_of(element: etree._Element, path: str) -> Decimal:
    return plain.decimal(_content(element, path).strip(), path)


def _amount(element: etree._Element, path: str) -> Amount:
    given = {"value": _decimal_of(element, path), "currency": element.get("currencyID", "")}
    return plain.make(Amount, given, path)


def _write_amount(element: etree._Element, value: Amount) -> None:
    element.set("currencyID", value.currency)
    element.text = format(value.value, "f")


def _measure(element: etree._Element, path: str) -> Measure:
    # UBL lets a quantity go without its unit; Recommendation 20 has C62, "one", for what is counted.
    given = {"value": _decimal_of(element, path), "unit": element.get("unitCode", "C62")}
    return plain.make(Measure, given, path)


def _write_measure(element: etree._Element, value: Measure) -> None:
    element.set("unitCode", value.unit)
    element.text = format(value.value, "f")


def _count(element: etree._Element, path: str) -> int:
    number = _decimal_of(element, path)
    if number != int(number):
        raise wrong(path, "type", "a whole number")
    return int(number)


def _flag(element: etree._Element, path: str) -> bool:
    text = _content(element, path).strip()
    if text not in ("true", "false", "1", "0"):
        raise wrong(path, "type", "true or false")
    return text in ("true", "1")


def _write_flag(element: etree._Element, value: Any) -> None:
    element.text = str(value).lower()


def _day(element: etree._Element, path: str) -> date:
    return plain.day(_content(element, path).strip(), path)


def coded(words: Mapping[str, str | bool]) -> Codec:
    """Return the codec of a code list: our word by its code there; another code is left as it is."""
    codes = {word: code for code, word in words.items()}

    def write(element: etree._Element, value: Any) -> None:
        element.text = codes[value]

    return Codec(lambda element, path: words.get(_content(element, path).strip()), write)


TEXT = Codec(_content, _text)
DATE = Codec(_day, _text)
COUNT = Codec(_count, _text)
FLAG = Codec(_flag, _write_flag)
AMOUNT = Codec(_amount, _write_amount)
MEASURE = Codec(_measure, _write_measure)
