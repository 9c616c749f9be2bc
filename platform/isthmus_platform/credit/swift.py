"""The text of SWIFT messages (category 7) as far as a bank needs it: block 4, tag by tag.

A refusal is :class:`InvalidInput`: its field is the tag, its code the rule, so that whoever wrote the message
finds the line. What is printed is read back as it was.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from isthmus_platform.credit.terms import ALLOWED_X, ALLOWED_Z, in_minor, in_units, places_of
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.parts import check_currency

LONGEST_MESSAGE = 20_000
TAG = re.compile(r":([0-9]{2}[A-Z]?):(.*)")
NARRATIVE = {"45A", "46A", "47A", "45B", "46B", "47B", "77J", "49G"}
AMOUNT = re.compile(r"([A-Z]{3})([0-9]{1,14}),([0-9]{0,3})")
SIX = re.compile(r"[0-9]{6}")
JOINED = (":", "-", "+")


def refused(tag: str, code: str, expected: str) -> InvalidInput:
    """Return the refusal of what stands under ``tag``: ``code`` is the rule it breaks."""
    return InvalidInput(f":{tag}: expected {expected}.", field=tag, code=code)


class Fields:
    """The fields of a message by tag; each is taken once, and one that nobody took is refused."""

    def __init__(self, values: Mapping[str, list[str]]) -> None:
        self._values = dict(values)

    def take(self, tag: str) -> list[str] | None:
        """Return the lines under ``tag``; None where it is not there."""
        return self._values.pop(tag, None)

    def need(self, tag: str) -> list[str]:
        """Return the lines under ``tag``; refuse a message without it (``mandatory``)."""
        found = self.take(tag)
        if found is None:
            raise refused(tag, "mandatory", "the field, which this message must have")
        return found

    def line(self, tag: str, *, need: bool = False) -> str | None:
        """Return what stands under ``tag`` where that is one line (``lines``)."""
        found = self.need(tag) if need else self.take(tag)
        if found is not None and len(found) != 1:
            raise refused(tag, "lines", "one line")
        return None if found is None else found[0]

    def end(self) -> None:
        """Refuse tags that this message does not have here (``unknown_tag``)."""
        for tag in self._values:
            raise refused(tag, "unknown_tag", "no such field in this message")


def parse(text: str) -> Fields:
    """Return the fields of block 4 of a message, with or without its frame ``{4:`` and ``-}``."""
    if len(text) > LONGEST_MESSAGE:
        raise InvalidInput("A message has at most 20,000 characters.", field="message", code="too_long")
    body = re.sub(r"^\s*(?:\{[1235]:[^}]*\})*\{4:\r?\n|\r?\n-\}\s*$", "", text).strip("\r\n")
    values: dict[str, list[str]] = {}
    tag = ""
    for line in body.splitlines():
        found = TAG.fullmatch(line)
        if found:
            tag, line = found.group(1), found.group(2)
            if tag in values:
                raise refused(tag, "repeated", "the field once")
            values[tag] = []
        elif not tag:
            raise InvalidInput("A message begins with a tag, such as :20:.", field="message", code="format")
        _check(tag, line, len(values[tag]))
        values[tag].append(line)
    return Fields(values)


def _check(tag: str, line: str, before: int) -> None:
    narrative = tag in NARRATIVE
    if len(line) > (65 if tag not in ("77J",) else 50):
        raise refused(tag, "line_length", f"at most {50 if tag == '77J' else 65} characters a line")
    if not (ALLOWED_Z if narrative else ALLOWED_X).fullmatch(line):
        raise refused(tag, "character", "characters of the SWIFT set alone")
    if before >= (100 if narrative else 6):
        raise refused(tag, "lines", "fewer lines")


def written(fields: Iterable[tuple[str, Sequence[str] | str | None]]) -> str:
    """Return the text of a message of these fields, those without a value left out; lines end with CR LF."""
    lines = ["{4:"]
    for tag, value in fields:
        if value is None or value == ():
            continue
        first, *rest = [value] if isinstance(value, str) else list(value)
        lines += [f":{tag}:{first}", *rest]
    return "\r\n".join([*lines, "-}"])


def day(value: date) -> str:
    """Return a day in six digits."""
    return f"{value:%y%m%d}"


def read_day(tag: str, text: str) -> date:
    """Return the day that six digits say: years 80 to 99 are of the last century, and refused."""
    if SIX.fullmatch(text) and int(text[:2]) < 80:
        try:
            return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
        except ValueError:
            pass  # a 30 February
    raise refused(tag, "date", "a day in six digits, YYMMDD")


def amount(minor: int, currency: str) -> str:
    """Return an amount as 32B has it: ``USD186500,00``, ``JPY1000,``, ``BHD1,250``."""
    text = f"{in_units(minor, currency):.{places_of(currency)}f}".replace(".", ",")
    return currency + (text if "," in text else text + ",")


def read_amount(tag: str, text: str) -> tuple[int, str]:
    """Return the minor units and the currency that ``text`` says, in no more decimals than it has."""
    found = AMOUNT.fullmatch(text)
    if found is None or len(text) > 18:
        raise refused(tag, "amount", "a currency and an amount with a comma, such as USD186500,00")
    currency, whole, decimals = found.groups()
    try:
        check_currency(currency, tag)
        value = Decimal(f"{whole}.{decimals or 0}")
        return in_minor(value, currency, tag), currency
    except InvalidInput as wrong:
        raise InvalidInput(f":{tag}: {wrong.message}", field=tag, code=wrong.code) from None


def wrap(tag: str, text: str, width: int = 65) -> list[str]:
    """Return ``text`` in lines of ``width``, broken between words; no line begins as a tag or item would."""
    units: list[str] = []
    for word in text.split(" "):
        if units and word.startswith(JOINED):
            units[-1] += f" {word}"
        else:
            units.append(word)
    lines = [""]
    for unit in units:
        if len(unit) > width:
            raise refused(tag, "line_length", f"words of at most {width} characters")
        joined = f"{lines[-1]} {unit}" if lines[-1] else unit
        if len(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(unit)
    return lines


def items(tag: str, texts: Iterable[str]) -> list[str]:
    """Return the lines of a narrative: each item begins with a plus."""
    lines = [line for text in texts for line in wrap(tag, f"+{text}")]
    if len(lines) > 100:
        raise refused(tag, "lines", "at most 100 lines")
    return lines


def read_items(tag: str, lines: Sequence[str]) -> list[str]:
    """Return the items of a narrative."""
    found: list[str] = []
    for line in lines:
        if line.startswith("+"):
            found.append(line[1:])
        elif found:
            found[-1] += f" {line}"
        else:
            raise refused(tag, "format", "items that begin with a plus")
    return found


def chosen(tag: str, text: str | None, among: Mapping[str, bool], default: bool) -> bool:  # noqa: FBT001
    """Return what a code word says (``ALLOWED``, ``NOT ALLOWED``), ``default`` where there is none."""
    if text is None:
        return default
    if text not in among:
        raise refused(tag, "code_word", " or ".join(among))
    return among[text]


def pairs(texts: Iterable[str], beginnings: Sequence[str]) -> Iterator[tuple[str | None, str]]:
    """Yield each text with the beginning it has among ``beginnings``, taken off."""
    for text in texts:
        start = next((one for one in beginnings if text.startswith(one)), None)
        yield start, text if start is None else text.removeprefix(start)
