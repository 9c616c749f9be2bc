"""What a person enters is read by its kind, exactly, or said to be wrong beside its field."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from isthmus_portal import forms
from isthmus_portal.deadlines import ago, left
from isthmus_portal.forms import Act, Field, Unreadable

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("entered", "currency", "minor"),
    [
        ("1,250.50", "USD", 125_050),
        ("1000", "JPY", 1_000),
        ("1 000", "JPY", 1_000),
        ("1.5", "BHD", 1_500),
        ("0", "EUR", 0),
    ],
)
def test_an_amount_is_read_in_the_decimals_of_its_currency(entered: str, currency: str, minor: int) -> None:
    assert forms.minor(entered, currency) == minor


@pytest.mark.parametrize(
    ("entered", "currency"),
    [
        ("0.5", "JPY"),
        ("1.005", "USD"),
        ("-1", "USD"),
        ("1e3", "USD"),
        ("٣", "USD"),
        ("9" * 14, "USD"),
        ("9" * 13, "BHD"),
    ],
    ids=["decimals-of-yen", "three-decimals", "negative", "exponent", "other-digits", "too-long", "too-much"],
)
def test_what_is_no_such_amount_is_not_rounded(entered: str, currency: str) -> None:
    with pytest.raises(Unreadable):
        forms.minor(entered, currency)


@given(st.integers(0, 10**12), st.sampled_from(["USD", "JPY", "BHD"]))
def test_what_a_form_is_filled_with_is_read_as_what_it_was(minor: int, currency: str) -> None:
    shown = forms.major({"amountMinor": minor, "currency": currency})
    assert forms.minor(shown, currency) == minor


KINDS = Act(
    "act",
    "Act",
    "mutation",
    "Done",
    (
        Field("a.text", "Text", longest=5),
        Field("a.b.whole", "Whole", "whole", required=False),
        Field("at", "At", "moment", required=False),
        Field("one", "One", "choice", required=False, options=(("X", "x"),)),
        Field("some", "Some", "choices", required=False, options=(("X", "x"), ("Y", "y"))),
        Field("names", "Names", "names", required=False),
        Field("price", "Price", "price", required=False),
        Field("on", "On", "day", required=False),
        Field("rate", "Rate", "percent", required=False),
        Field("rows", "Rows", "lines", required=False, cells=("name", "value")),
    ),
)


def test_fields_become_the_members_that_their_names_lead_to() -> None:
    entered = MultiDict(
        [
            ("a.text", " five "),
            ("a.b.whole", "-3"),
            ("at", "2028-02-29T23:59"),
            ("one", "X"),
            ("some", "X"),
            ("some", "Y"),
            ("names", "b, a,,b"),
            ("price", "1,250.50 USD"),
            ("on", "2028-02-29"),
            ("rate", "6.25"),
            ("rows", "\nName;Value\n\ta\n\nb, 1\r\n*,2\n"),
            ("more", "is not looked at"),
        ]
    )
    assert forms.read(KINDS, entered) == (
        {
            "a": {"text": "five", "b": {"whole": -3}},
            "at": "2028-02-29T23:59:00Z",
            "one": "X",
            "some": ["X", "Y"],
            "names": ["b", "a"],
            "price": {"amountMinor": 125_050, "currency": "USD"},
            "on": "2028-02-29",
            "rate": 625,
            "rows": [{"value": "a"}, {"name": "b", "value": "1"}, {"value": "2"}],
        },
        {},
    )
    assert forms.read(KINDS, MultiDict([("a.text", "x")])) == ({"a": {"text": "x"}}, {})


@pytest.mark.parametrize(
    ("name", "entered"),
    [
        ("a.text", ""),
        ("a.text", "longer"),
        ("a.text", "a\0b"),
        ("a.text", "a\nb"),
        ("a.b.whole", "1.5"),
        ("a.b.whole", "9999999999"),
        ("at", "2026-02-29T10:00"),
        ("at", "2026-02-28T10:00+02:00"),
        ("one", "Z"),
        ("some", "Z"),
        ("price", "12"),
        ("price", "12.5 JPY"),
        ("on", "2026-02-29"),
        ("rate", "100.01"),
        ("rate", "6.255"),
        ("rate", "-1"),
        ("rows", "a,b\na,b,c"),
        ("rows", "a\0,b"),
    ],
    ids=lambda value: repr(value),
)
def test_what_cannot_be_read_is_a_fault_of_its_field_alone(name: str, entered: str) -> None:
    _, faults = forms.read(KINDS, MultiDict({"a.text": "x", name: entered}))
    assert list(faults) == [name]


def test_an_error_of_the_schema_stands_beside_its_field_and_else_above_the_form() -> None:
    errors: list[dict[str, str | None]] = [
        {"field": "a.b.whole", "message": "Too many."},
        {"field": "some.1", "message": "Not this."},
        {"field": "rows.2.value", "message": "Not so."},
        {"field": "rows", "message": "Too few."},
        {"field": "act", "message": "Not now."},
        {"field": None, "message": "Not at all."},
    ]
    assert forms.beside(KINDS, errors) == {
        "a.b.whole": "Too many.",
        "some": "Not this.",
        "rows": "Row 3: Not so. Too few.",
        "": "Not now. Not at all.",
    }


@pytest.mark.parametrize(
    ("rest", "words", "tone"),
    [
        (timedelta(days=3, hours=4), "3 d 4 h left", "good"),
        (timedelta(days=2), "2 d left", "warn"),
        (timedelta(minutes=59), "59 min left", "warn"),
        (timedelta(), "over", "bad"),
        (timedelta(hours=-5), "over since 5 h", "bad"),
    ],
    ids=str,
)
def test_what_is_left_is_said_and_the_very_instant_is_too_late(
    rest: timedelta, words: str, tone: str
) -> None:
    found = left(NOW + rest, NOW)
    assert (found.words, found.tone) == (words, tone)


def test_how_long_something_stands_is_never_less_than_nothing() -> None:
    assert ago(NOW - timedelta(days=1), NOW) == "for 1 d"
    assert ago(NOW + timedelta(days=1), NOW) == "for 0 min"
