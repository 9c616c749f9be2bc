"""Movement reference numbers in the form of the European Union's customs.

18 characters: the year (2 digits), the country (ISO 3166), 12 characters that are unique in both, the letter
of the procedure, and a check digit (Implementing Regulation (EU) 2015/2447, annex B, data element 12 01). The
check digit is that of DG XXI/0879/99 rev. 1, "Check character algorithm for the MRN and GRN": the values of
ISO 6346, weighted by the powers of two, modulo 11, with 10 written as 0.
"""

import re

EXPORT_ONLY = "A"
"""The procedure letter of an export declaration."""

_FORM = re.compile(r"\d{2}[A-Z]{2}[A-Z0-9]{12}[A-Z]\d", re.ASCII)
# ISO 6346 leaves out 11, 22 and 33, which are nothing modulo 11.
_LETTERS = (value for value in range(10, 39) if value % 11)
_VALUES = {str(digit): digit for digit in range(10)} | dict(
    zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _LETTERS, strict=True)
)


def check_digit(characters: str) -> str:
    """Return the check digit of the first 17 characters of an MRN."""
    total = sum(_VALUES[character] << position for position, character in enumerate(characters))
    return str(total % 11 % 10)


def compose(year: int, country: str, office: str, serial: int) -> str:
    """Return the MRN of an export: ``office`` is 3 characters, ``serial`` up to 9 digits."""
    characters = f"{year % 100:02}{country}{office}{serial:09}{EXPORT_ONLY}"
    return characters + check_digit(characters)


def is_valid(mrn: str) -> bool:
    """Return whether ``mrn`` has the form and the right check digit."""
    return _FORM.fullmatch(mrn) is not None and check_digit(mrn[:-1]) == mrn[-1]
