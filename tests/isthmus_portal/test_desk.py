"""The document desk of a bank."""

from page import page
from portal_example import CROSSINGS, DOCUMENTS, PENDING, UCR, Example
from portal_frame import is_sound
from portal_visitor import AsParty


def test_the_desk_lists_what_was_granted_with_owner_purpose_end_and_digest(as_party: AsParty) -> None:
    granted = as_party("bank").get("/desk").section("Granted to you").all("li")
    assert [each.all("b")[0].text for each in granted] == [DOCUMENTS[0]["title"], DOCUMENTS[2]["title"]]
    for told in ("Formosa Precision Machinery", "Trade finance", "Until 18 Jul 2026", UCR):
        assert told in granted[0].text
    assert granted[0].one("code", css="digest").attributes["title"] == f"SHA-256 {DOCUMENTS[0]['sha256']}"


def test_the_window_is_asked_by_ucr_for_trade_finance(as_party: AsParty, example: Example) -> None:
    bank = as_party("bank")
    answer = bank.send(bank.get("/desk"), "Ask", ucr=f" {UCR} ")
    assert answer.status_code == 303
    ((name, asked),) = example.changes
    assert (name, asked["ucr"], asked["purpose"]) == ("askWindow", UCR, "TRADE_FINANCE")
    assert "asked=crossing:9" in answer.headers["Location"]


def test_questions_of_yes_or_no_are_put_beside(as_party: AsParty, example: Example) -> None:
    bank = as_party("bank")
    form = is_sound(bank.get("/desk"))
    entered = {"ucr": UCR, "bound": "atMost", "value": "186,500.00", "currency": "usd"}
    other = {"field": "/grossMassKg", "predicate": "oneOf", "parameter": "[1, 2]"}
    assert bank.send(form, "Ask", **entered, **other).status_code == 303
    assert example.changes[-1][1]["asks"] == [
        {"field": "/declaredValueMinor", "predicate": "atMost", "parameter": 18_650_000},
        {"field": "/declaredCurrency", "predicate": "is", "parameter": "USD"},
        {"field": "/grossMassKg", "predicate": "oneOf", "parameter": [1, 2]},
    ]
    assert bank.send(form, "Ask", ucr=UCR).status_code == 303
    assert "asks" not in example.changes[-1][1]


def test_an_amount_without_its_currency_is_not_asked_about(as_party: AsParty, example: Example) -> None:
    bank = as_party("bank")
    answer = bank.send(bank.get("/desk"), "Ask", ucr=UCR, value="186,500.00")
    assert answer.status_code == 422
    assert page(answer.text).one(role="alert").text == "Say in which currency."
    assert page(answer.text).one("input", name_="value").value == "186,500.00"
    assert example.changes == []


def test_each_question_is_answered_in_words(as_party: AsParty, example: Example) -> None:
    asked = [
        {"field": "/declaredValueMinor", "predicate": "atLeast", "parameter": 100, "holds": True},
        {"field": "/declaredCurrency", "predicate": "is", "parameter": "JPY", "holds": False},
        {"field": "/mass", "predicate": "present", "parameter": None, "holds": None},
    ]
    example.crossings = [it | {"asked": asked} if it["answer"] else it for it in CROSSINGS]
    (answer,) = as_party("bank").get("/desk").one("ol", css="answers").all("dl")
    assert answer.text.endswith(
        "Declared value at least JP¥100 Yes Declared currency is JPY No /mass present —"
    )


def test_the_answer_is_yes_or_no_and_nothing_more(as_party: AsParty) -> None:
    answers = as_party("bank").get("/desk").one("ol", css="answers").all("li")
    assert [each.one("dl").text for each in answers] == ["Declaration exists Yes Released Yes"]


def test_a_question_without_answer_is_looked_for_again(as_party: AsParty, example: Example) -> None:
    example.crossings = [PENDING, *CROSSINGS]
    page = as_party("bank").get("/desk?asked=crossing:9")
    assert "data-refresh" in page.one("ol", css="answers").attributes
    assert "Waiting for the single window" in page.text


def test_nothing_is_looked_for_where_nothing_was_asked(as_party: AsParty) -> None:
    assert "data-refresh" not in as_party("bank").get("/desk").one("ol", css="answers").attributes


def test_a_refused_question_says_why(as_party: AsParty, example: Example) -> None:
    example.user_errors = [{"code": "no_consent", "field": "ucr", "message": "No owner has consented."}]
    bank = as_party("bank")
    answer = bank.send(bank.get("/desk"), "Ask", ucr="NOBODY")
    assert answer.status_code == 422
    assert "No owner has consented." in answer.text
    assert 'value="NOBODY"' in answer.text
