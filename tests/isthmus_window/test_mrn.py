"""Movement reference numbers have the form and the check digit of the customs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_window import mrn


@pytest.mark.parametrize("number", ["06DE586600006143E1", "18GB9JLC3CU1LFGVR2"])
def test_published_numbers_are_valid(number: str) -> None:
    # The first is the example of the German ATLAS system, the second that of the British CDS.
    assert mrn.is_valid(number)


@given(st.integers(2000, 2099), st.sampled_from(["TW", "DE", "KR"]), st.integers(1, 999_999_999))
def test_a_composed_number_is_valid_and_says_year_country_and_procedure(
    year: int, country: str, serial: int
) -> None:
    number = mrn.compose(year, country, "KHH", serial)
    assert mrn.is_valid(number)
    assert len(number) == 18
    assert number.startswith(f"{year % 100:02}{country}KHH")
    assert number[16] == mrn.EXPORT_ONLY


@given(st.integers(1, 999_999_999), st.integers(0, 16), st.integers(0, 9))
def test_one_wrong_digit_of_the_serial_is_found(serial: int, position: int, digit: int) -> None:
    number = mrn.compose(2026, "TW", "KHH", serial)
    if number[position].isdigit() and number[position] != str(digit):
        wrong = number[:position] + str(digit) + number[position + 1 :]
        # Eleven remainders have ten digits, so that a 10 is taken for a 0: the one gap of the standard.
        assert not mrn.is_valid(wrong) or number[-1] == "0"


def test_digits_of_other_scripts_are_none() -> None:
    assert not mrn.is_valid("06DE58660000614\u0663E1")


@pytest.mark.parametrize(
    "number",
    ["", "06DE586600006143E", "06DE586600006143E2", "06de586600006143E1", "06DE586600006143E12", "0600"],
)
def test_another_form_or_check_digit_is_not_valid(number: str) -> None:
    assert not mrn.is_valid(number)
