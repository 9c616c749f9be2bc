"""The page of a bank's days of rest and holidays on the real schema."""

from datetime import date

import pytest
from werkzeug.datastructures import MultiDict

from credit_trade import CreditTrade, open_credit_trade
from isthmus_platform import credit
from isthmus_platform.database import Platform
from isthmus_portal import Files
from isthmus_portal.forms import read
from isthmus_portal.pages.banking_days import acts
from portal_frame import is_sound
from portal_services import acquainted, done, refused
from portal_visitor import AsParty
from title_trade import DESK


@pytest.fixture
def trade(platform: Platform) -> CreditTrade:
    opened = open_credit_trade(platform)
    opened.on(date(2026, 6, 1))
    return opened


@pytest.fixture
def as_party(trade: CreditTrade) -> AsParty:
    return acquainted(trade.platform, DESK, trade.actors, Files())


def test_a_bank_says_on_which_days_of_the_week_it_rests(trade: CreditTrade, as_party: AsParty) -> None:
    bank = as_party("bank")
    shown = is_sound(bank.get("/banking-days"))
    assert "Saturday, Sunday" in shown.section("Days of rest").text
    taken = [box.attributes["value"] for box in shown.all("input", name_="days") if box.counts]
    assert taken == ["SATURDAY", "SUNDAY"]
    friday = done(bank, shown, "Set the days of rest", days=["FRIDAY", "SATURDAY"])
    assert "Friday, Saturday" in friday.section("Days of rest").text
    with trade.platform.begin(trade["bank"]) as work:
        assert [day.value for day in credit.rest_days(work)] == ["FRIDAY", "SATURDAY"]
    everyday = refused(bank, friday, "Set the days of rest", days=[d.value for d in credit.days.Weekday])
    said = everyday.one("p", id="rest-days-said").text
    assert said == "A bank is open on one day of the week at least."
    none = done(bank, friday, "Set the days of rest", days=[])
    assert "open on every day" in none.section("Days of rest").text
    assert "Saturday, Sunday" in as_party("other-bank").get("/banking-days").section("Days of rest").text


def test_a_bank_adds_holidays_a_line_each_and_sees_those_ahead_apart_from_the_past(
    trade: CreditTrade, as_party: AsParty
) -> None:
    bank = as_party("bank")
    given = "day, name\r\n2026-12-25, Christmas Day\r\n\r\n2026-02-17; New Year"
    added = done(bank, is_sound(bank.get("/banking-days")), "Add holidays", holidays=given)
    ahead, past = (each.text for each in added.section("Holidays ahead").all("tbody"))
    assert (ahead, past) == ("25 Dec 2026 Christmas Day", "17 Feb 2026 New Year")
    with trade.platform.begin(trade["bank"]) as work:
        assert [(row.day, row.name) for row in credit.holidays(work)] == [
            (date(2026, 2, 17), "New Year"),
            (date(2026, 12, 25), "Christmas Day"),
        ]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-12-25, Christmas\n2027-02-29, Leap", "Row 2: A day such as 2028-02-29, then its name."),
        ("1999-12-31, Last", "Row 1: A day from 2000-01-01 to 2079-12-31."),
        ("2026-12-25", "Row 1: The name of the day, at most 100 characters."),
        ("2026-12-25, A\n2026-12-25, B", "Row 2: 2026-12-25 stands in another row too."),
        ("2026-12-25, A, B", "Row 1: At most 2 columns: day, name."),
    ],
    ids=["no such day", "too early", "no name", "twice", "three columns"],
)
def test_a_line_that_cannot_be_taken_is_told_by_its_row(written: str, said: str) -> None:
    adding = acts({"bankRestDays": [], "bankHolidays": []})[1]
    assert read(adding, MultiDict({"holidays": written}))[1] == {"holidays": said}


def test_of_lines_one_of_which_cannot_be_taken_none_is(trade: CreditTrade, as_party: AsParty) -> None:
    written = "2026-12-25, Christmas\n2027-02-29, Leap"
    bank = as_party("bank")
    wrong = refused(bank, bank.get("/banking-days"), "Add holidays", holidays=written)
    said = "Row 2: A day such as 2028-02-29, then its name."
    assert wrong.one("p", id="holidays-holidays-said").text == said
    assert wrong.one("textarea", name_="holidays").value.strip() == written
    assert trade.as_owner("SELECT 1 FROM bank_holiday") == []


def test_banking_days_are_for_banks(as_party: AsParty) -> None:
    as_party("buyer").get("/banking-days", status=403)
