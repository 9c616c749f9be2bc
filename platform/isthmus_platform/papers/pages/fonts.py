"""The fonts that pages are set in, and which characters they hold.

Source Sans has Latin, Greek and Cyrillic, Droid Sans Fallback Han and kana, Noto Sans Arabic and Thai what
they are named for; all lie in ``typefaces``, so that a page is the same on every machine.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FOLDER = Path(__file__).with_name("typefaces")
REGULAR, BOLD, HAN = "SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf", "DroidSansFallbackFull.ttf"
SHAPED = ("NotoSansArabic-Regular.ttf", "NotoSansThai-Regular.ttf")
"""Of scripts whose letters join, or bear marks: each is drawn by what stands beside it."""
OTHERS = (HAN, *SHAPED)
"""Where characters are looked for that the first font lacks, in this order."""
MISSING = "\N{BALLOT BOX}"
"""Stands for what cannot be drawn, and for invisible characters, which could make a line read otherwise."""


@cache
def _characters(name: str) -> frozenset[int]:
    with TTFont(FOLDER / name, lazy=True) as font:
        return frozenset(font.getBestCmap())


def drawable(text: str) -> str:
    """Return ``text`` with :data:`MISSING` for each character that cannot be drawn; lines stay lines."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    return "".join(_drawn(character) for character in text)


def wanted(texts: Iterable[str]) -> list[str]:
    """Return which of :data:`OTHERS` ``texts``, which are drawable, need beside the first font."""
    characters = {each for text in texts if not text.isascii() for each in text if each != "\n"}
    return [
        name
        for name in OTHERS
        if any(ord(each) not in _characters(REGULAR) and _first(each) == name for each in characters)
    ]


def _first(character: str) -> str | None:
    return next((name for name in OTHERS if ord(character) in _characters(name)), None)


def _drawn(character: str) -> str:
    if character == "\n" or (character.isascii() and character.isprintable()):
        return character
    if character in "\r\t" or unicodedata.category(character) == "Zs":
        return " "
    if unicodedata.category(character) in ("Cf", "Cc"):
        return MISSING
    known = ord(character) in _characters(REGULAR) or _first(character) is not None
    return character if known else MISSING
