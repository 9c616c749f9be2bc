"""SWIFT text out and in: what is printed reads back as it was, and a refusal names the tag and the rule."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_case import TERMS
from isthmus_platform.credit import messages, notices
from isthmus_platform.credit.amending import Changes
from isthmus_platform.credit.messages import Issue
from isthmus_platform.credit.notices import Amendment, Refusal
from isthmus_platform.credit.terms import ACCEPTANCE, ADVISING, DEFERRED, RequiredDocument, Terms
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.parts import Location

ISSUED = date(2026, 5, 4)
WORDS = st.text("ABCxyz019/-?:().,'+", min_size=1, max_size=12).filter(lambda text: text[0] not in ":-+")
MORE = st.sampled_from(["", "", " +1", " -", " :20:"])
LINES = st.lists(st.builds(str.__add__, WORDS, MORE), min_size=1, max_size=20).map(" ".join)
DAYS = st.dates(date(2024, 2, 29), date(2079, 12, 31))


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    by = draw(st.sampled_from(["SIGHT", "NEGOTIATION", ACCEPTANCE, DEFERRED]))
    timed = by in (ACCEPTANCE, DEFERRED)
    expires_on = draw(DAYS)
    return replace(
        TERMS,
        currency=draw(st.sampled_from(["USD", "JPY", "BHD", "EUR"])),
        amount_minor=draw(st.integers(1, 10**13 - 1)),
        available_by=by,
        available_with=draw(st.sampled_from(["ISSUING", ADVISING])),
        tenor_days=draw(st.integers(1, 999)) if timed else None,
        tenor_from=draw(st.sampled_from(["SIGHT", "SHIPMENT"])) if timed else None,
        tolerance_plus=draw(st.integers(0, 99)),
        tolerance_minus=draw(st.integers(0, 99)),
        partial_shipments=draw(st.booleans()),
        expires_on=expires_on,
        latest_shipment=draw(st.none() | st.just(expires_on)),
        goods=draw(LINES),
        received_at=draw(st.none() | st.just("TAINAN FACTORY")),
        documents=(
            RequiredDocument(type="705", originals=3, wording=draw(st.none() | LINES)),
            RequiredDocument(type="380", copies=2),
        ),
        bill_to=draw(st.none() | st.just("TO ORDER OF SOUTHERN HARBOUR BANK")),
        insurance_percent=draw(st.sampled_from([110, 120])),
        conditions=tuple(draw(st.lists(LINES, max_size=3))),
        presentation_days=draw(st.integers(1, 999)),
    )


@settings(max_examples=40)
@given(terms())
def test_an_issue_reads_back_as_it_was(said: Terms) -> None:
    text = messages.write_700(Issue(said, ISSUED))
    assert messages.read_700(text) == Issue(said, ISSUED)
    assert all(len(line) <= 73 for line in text.splitlines())


def test_an_issue_says_what_a_bank_looks_for() -> None:
    text = messages.write_700(Issue(TERMS, ISSUED))
    lines = text.splitlines()
    for line in (
        ":20:LC-2026-0417",
        ":31C:260504",
        ":31D:260630KAOHSIUNG",
        ":32B:USD186500,00",
        ":43P:NOT ALLOWED",
        ":44C:260531",
        ":44E:TWKHH KAOHSIUNG",
        ":48:21",
    ):
        assert line in lines
    assert ":47A:+BILL OF LADING MADE OUT TO ORDER" in lines
    assert "+ALL DOCUMENTS IN ENGLISH" in lines


@pytest.mark.parametrize(
    ("currency", "minor", "said"),
    [("USD", 18_650_005, "USD186500,05"), ("JPY", 1_000, "JPY1000,"), ("BHD", 1_250, "BHD1,250")],
    ids=["two decimals", "none", "three"],
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, minor: int, said: str) -> None:
    text = messages.write_700(Issue(replace(TERMS, currency=currency, amount_minor=minor), ISSUED))
    assert f":32B:{said}" in text.splitlines()


GOOD = messages.write_700(Issue(TERMS, ISSUED))
BAD = {
    "no amount": (":32B:USD186500,00\r\n", "", "32B", "mandatory"),
    "cents of the yen": (":32B:USD186500,00", ":32B:JPY186500,00", None, None),
    "half a yen": (":32B:USD186500,00", ":32B:JPY186500,50", "32B", "decimals"),
    "four decimals": (":32B:USD186500,00", ":32B:USD186500,0001", "32B", "amount"),
    "negative": (":32B:USD186500,00", ":32B:USD-186500,00", "32B", "amount"),
    "nothing": (":32B:USD186500,00", ":32B:USD0,", "32B", "amount_range"),
    "too much": (":32B:USD186500,00", ":32B:USD99999999999999,", "32B", "amount_range"),
    "no such currency": (":32B:USD186500,00", ":32B:XYZ186500,00", "32B", "unknown_currency"),
    "no leap day": (":44C:260531", ":44C:250229", "44C", "date"),
    "shipment after expiry": (":44C:260531", ":44C:260731", "44C", "after_expiry"),
    "no such word": (":43P:NOT ALLOWED", ":43P:MAYBE", "43P", "code_word"),
    "another form": (":40A:IRREVOCABLE", ":40A:REVOCABLE", "40A", "code_word"),
    "a letter beyond": (":50:Hanse", ":50:H\u00e4nse", "50", "character"),
    "an unknown tag": (":48:21", ":99Z:21", "99Z", "unknown_tag"),
    "a tag twice": (":48:21", ":48:21\r\n:48:21", "48", "repeated"),
    "no such port": (":44E:TWKHH", ":44E:TWXXX", "44E", "unknown_place"),
    "no such document": ("+520 ", "+999 ", "46A", "no_typed_data"),
    "no percentage": (":41D:", ":39A:5\r\n:41D:", "39A", "format"),
    "a long reference": (":20:LC-2026-0417", ":20:LC-2026-0417-000-111", "20", "format"),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_what_is_wrong_is_refused_with_its_tag_and_rule(case: str) -> None:
    old, new, tag, rule = BAD[case]
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if tag is None:
        assert messages.read_700(text).terms.amount_minor == 186_500
        return
    with pytest.raises(InvalidInput) as refusal:
        messages.read_700(text)
    assert (refusal.value.field, refusal.value.code) == (tag, rule)


@pytest.mark.parametrize(
    "changes",
    [
        Changes(increase_minor=100_000),
        Changes(decrease_minor=5, expires_on=date(2028, 2, 29), expires_at="TAIPEI"),
        Changes(
            partial_shipments=True, transhipment=False, loading=Location("TWTPE"), discharge=Location("DEBRV")
        ),
        Changes(
            goods="3 lathes TL-25 with accessories", latest_shipment=date(2026, 6, 1), presentation_days=15
        ),
    ],
    ids=["more", "less and longer", "route", "goods"],
)
def test_an_amendment_reads_back_as_it_was(changes: Changes) -> None:
    currency = "USD" if changes.increase_minor or changes.decrease_minor else ""
    said = Amendment("LC-2026-0417", ISSUED, 2, date(2026, 5, 20), currency, changes)
    assert notices.read_707(notices.write_707(said)) == said


def test_an_amendment_that_changes_nothing_is_refused() -> None:
    text = notices.write_707(Amendment("A", ISSUED, 1, ISSUED, "USD", Changes(increase_minor=1)))
    with pytest.raises(InvalidInput) as refusal:
        notices.read_707(text.replace(":32B:USD0,01\r\n", ""))
    assert (refusal.value.field, refusal.value.code) == ("20", "empty")


@settings(max_examples=20)
@given(st.lists(LINES, min_size=1, max_size=4), st.sampled_from(sorted(notices.DISPOSALS)))
def test_a_notice_of_refusal_reads_back_as_it_was(discrepancies: list[str], disposal: str) -> None:
    said = Refusal("LC-1", "PRES-1", ISSUED, 1_250, "BHD", tuple(discrepancies), disposal)
    assert notices.read_734(notices.write_734(said)) == said


def test_a_notice_without_discrepancies_is_refused() -> None:
    text = notices.write_734(Refusal("LC-1", "P", ISSUED, 5, "JPY", ("late",), "HOLD"))
    with pytest.raises(InvalidInput) as refusal:
        notices.read_734(text.replace(":77J:+late\r\n", ""))
    assert (refusal.value.field, refusal.value.code) == ("77J", "mandatory")
