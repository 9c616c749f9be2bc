"""The fonts that pages are set in, and which characters they hold.

Source Sans (SIL Open Font License 1.1) has Latin, Greek and Cyrillic, Droid Sans Fallback (Apache 2.0) Han
and kana; both lie in ``typefaces``, so that a page is the same on every machine.
"""

import unicodedata
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FOLDER = Path(__file__).with_name("typefaces")
REGULAR, BOLD, HAN = "SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf", "DroidSansFallbackFull.ttf"
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


def wants_han(text: str) -> bool:
    """Return whether ``text``, which is drawable, has characters that the Latin fonts lack."""
    return not text.isascii() and any(ord(each) not in _characters(REGULAR) for each in text if each != "\n")


def _drawn(character: str) -> str:
    if character == "\n" or (character.isascii() and character.isprintable()):
        return character
    if character in "\r\t" or unicodedata.category(character) == "Zs":
        return " "
    if unicodedata.category(character) in ("Cf", "Cc"):
        return MISSING
    known = ord(character) in _characters(REGULAR) or ord(character) in _characters(HAN)
    return character if known else MISSING
