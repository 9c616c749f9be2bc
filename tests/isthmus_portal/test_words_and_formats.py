"""How amounts, times and codes are written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_platform.access_log import Action
from isthmus_portal import formats, words
from isthmus_portal.pages import PAGES
from isthmus_portal.words import Vocabulary
from isthmus_protocol.messages import Reason

SAID = Vocabulary.of([page.words for page in PAGES], [page.tones for page in PAGES])


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (18_650_000, "USD", "US$186,500.00"),
        (1_234, "EUR", "€12.34"),
        (1_234, "JPY", "JP¥1,234"),
        (-5, "GBP", "-£0.05"),
        (1_234, "BHD", "BHD1.234"),
    ],
)
def test_money_has_the_digits_of_its_currency(minor: int, currency: str, written: str) -> None:
    assert formats.money({"amountMinor": minor, "currency": currency}) == written


@given(st.integers(-(10**18), 10**18))
def test_no_cent_is_lost_in_writing(minor: int) -> None:
    written = formats.money({"amountMinor": minor, "currency": "USD"})
    digits = "".join(c for c in written if c.isdigit())
    assert int(digits) == abs(minor)


def test_a_time_is_written_in_utc_whatever_its_offset() -> None:
    taipei = datetime(2026, 6, 5, 10, 0, tzinfo=timezone(timedelta(hours=8)))
    assert str(formats.when(taipei)) == ('<time datetime="2026-06-05T02:00:00Z">5 Jun 2026, 02:00 UTC</time>')


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_for_machines_is_the_same_instant(at: datetime) -> None:
    text = str(formats.when(at, "second")).split('"')[1]
    assert datetime.fromisoformat(text) == at


def test_what_is_missing_is_a_dash() -> None:
    assert "—" in formats.when(None)
    assert formats.money(None) == "—"
    assert SAID.plain(None) == "—"


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_of_the_bridge_is_a_sentence(reason: Reason) -> None:
    assert reason.value in words.REASONS
    assert SAID.reason(reason.value).endswith(".")


@pytest.mark.parametrize("action", list(Action))
def test_every_access_is_named_as_a_person_says_it(action: Action) -> None:
    assert action.value in words.ACTIONS


def test_a_code_nobody_knows_is_still_readable() -> None:
    assert SAID.plain("SOMETHING_NEW") == "Something new"
    assert SAID.reason("something_new") == "Something new."
    assert SAID.tone("SOMETHING_NEW") == "plain"


def test_a_page_reads_a_code_in_its_own_way_and_what_it_does_not_say_as_the_others_do() -> None:
    words_ = [{"HELD": "Kept back"}, {"HELD": "Paused", "PAR": "At par"}]
    own = Vocabulary.of(words_, [{"HELD": "bad"}, {"PAR": "good"}])
    assert [own.plain(code) for code in ("HELD", "PAR")] == ["Kept back", "At par"]
    assert [own.tone(code) for code in ("HELD", "PAR")] == ["bad", "good"]
    other = Vocabulary.of([{}, *words_], [{}, {"HELD": "bad"}])
    assert other.tone("HELD") == "good", "what is common comes before what another page says"


@pytest.mark.parametrize(
    ("decision", "state", "told"),
    [
        ("REFUSED", "REFUSED", "Nothing crossed; 2 fields asked"),
        (None, "REQUESTED", "2 fields asked, not decided yet"),
        ("PERMITTED", "AGREED", "2 fields permitted, on the way"),
        ("PERMITTED", "SENT", "2 fields permitted, on the way"),
        ("PERMITTED", "DELIVERED", "2 fields crossed"),
        ("PERMITTED", "ACKNOWLEDGED", "2 fields crossed"),
        ("PERMITTED", "FAILED", "Nothing arrived; 2 fields permitted"),
        ("PERMITTED", "TERMINATED", "2 fields permitted, then stopped"),
    ],
)
def test_only_what_was_delivered_is_said_to_have_crossed(decision: str | None, state: str, told: str) -> None:
    assert words.fate({"decision": decision, "state": state, "fields": ["/a", "/b"]}) == told


def test_fields_are_grouped_by_what_they_belong_to() -> None:
    assert words.grouped(["/ucr", "/goods/hsCode", "/type", "/goods/packages"]) == [
        ("", ["ucr", "type"]),
        ("goods", ["hsCode", "packages"]),
    ]


@pytest.mark.parametrize(
    ("octets", "written"), [(0, "0 B"), (999, "999 B"), (4_812, "5 kB"), (1_240_000, "1.2 MB")]
)
def test_sizes(octets: int, written: str) -> None:
    assert formats.size(octets) == written
