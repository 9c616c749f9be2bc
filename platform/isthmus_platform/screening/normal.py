"""Names as they are compared: in plain Latin letters, without case, accents, legal forms and punctuation.

Normalising again changes nothing. Transliteration is ``anyascii``'s: one table for all scripts, the same on
every machine. The order of tokens is kept here; comparing does not look at it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

_FORMS = (
    "ab ag aktiengesellschaft as asa bhd bv bvba co company corp corporation cv dba doo ead eood fzc fzco fze"
    " fzllc gesellschaft gmbh inc incorporated jsc kft kg kgaa kk limited llc llp lp ltd ltda mbh nv oao ojsc"
    " ooo ou oy oyj pao pjsc plc private pte pt pty public pvt sa sae sarl sas sdn sl sp spa spol srl sro zao"
    " zoo"
)
LEGAL_FORMS = frozenset(_FORMS.split())
"""What says how a company is constituted and not which one it is; dropped unless nothing else is left."""
SHIPS = frozenset(("mt", "mv", "my", "ss"))
"""Prefixes of vessels' names: motor tanker, motor vessel, motor yacht, steamship."""

_INITIALS = re.compile(r"(?<![a-z0-9])(?:[a-z0-9][./])+[a-z0-9]?(?![a-z0-9])")
_OTHER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Name:
    """A name in normal form: its tokens in order, and how many letters and digits they have together."""

    tokens: tuple[str, ...]

    @property
    def joined(self) -> str:
        """The tokens without a space between them."""
        return "".join(self.tokens)

    @property
    def size(self) -> int:
        """Letters and digits in all."""
        return sum(map(len, self.tokens))

    def __str__(self) -> str:
        return " ".join(self.tokens)


@lru_cache(maxsize=4096)
def name(text: str) -> Name:
    """Return a party's name in normal form."""
    return Name(_without(_tokens(text), LEGAL_FORMS))


@lru_cache(maxsize=4096)
def vessel(text: str) -> Name:
    """Return a vessel's name in normal form."""
    return Name(_without(_tokens(text), SHIPS))


@lru_cache(maxsize=4096)
def words(text: str) -> Name:
    """Return the words of a description in normal form."""
    return Name(_tokens(text))


def _tokens(text: str) -> tuple[str, ...]:
    plain = anyascii(text).lower().replace("'", "").replace("`", "")
    joined = _INITIALS.sub(lambda found: found[0].replace(".", "").replace("/", ""), plain)
    return tuple(_OTHER.sub(" ", joined).split())


def _without(tokens: tuple[str, ...], dropped: frozenset[str]) -> tuple[str, ...]:
    return tuple(token for token in tokens if token not in dropped) or tokens


def digits(written: str) -> str:
    """Return the digits of what people write with points and spaces (HS ``8457.10`` is ``845710``)."""
    return "".join(each for each in written if each in "0123456789")
