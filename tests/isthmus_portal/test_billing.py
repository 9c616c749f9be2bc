"""Usage and invoices."""

import pytest

from portal_example import Example
from portal_visitor import AsParty


def test_the_chart_is_repeated_by_a_table_that_can_be_read(as_party: AsParty) -> None:
    page = as_party("operator").get("/usage")
    assert len(page.one("ul", css="bars").all("svg")) == 6
    assert page.one("ul", css="bars").attributes["aria-hidden"] == "true"
    assert page.one("tfoot").text == "Total US$13.78"
    assert len(page.one("tbody").all("tr")) == 6


def test_the_longest_bar_is_the_dearest_meter(as_party: AsParty) -> None:
    bars = as_party("operator").get("/usage").one("ul", css="bars").all("rect", css="bar")
    assert bars[0].attributes["width"] == "100.0"


def test_this_month_is_shown_first_and_its_neighbours_are_a_step_away(as_party: AsParty) -> None:
    page = as_party("operator").get("/usage")
    assert page.one("nav", css="months").one("b").text == "June 2026"
    assert page.link("← May 2026") == "/usage?period=2026-05"
    assert page.link("Jul 2026 →") == "/usage?period=2026-07"


@pytest.mark.parametrize("period", ["2026-13", "2026-6", "x", "2026-06-01"])
def test_a_period_that_is_none_is_not_there(as_party: AsParty, period: str) -> None:
    as_party("operator").get(f"/usage?period={period}", status=404)


def test_only_the_operator_closes_a_month(as_party: AsParty, example: Example) -> None:
    assert "Close the month" not in as_party("bank").get("/usage").text
    operator = as_party("operator")
    assert operator.send(operator.get("/usage"), "Close the month").headers["Location"] == "/invoices"
    assert [(name, given["period"]) for name, given in example.changes] == [("closeBillingPeriod", "2026-06")]
    assert operator.get("/invoices").one(role="status").text == "The month is closed: 3 invoices finalised."


def test_a_month_that_cannot_be_closed_says_why(as_party: AsParty, example: Example) -> None:
    example.user_errors = [{"code": "closed", "field": "period", "message": "June is closed already."}]
    operator = as_party("operator")
    operator.send(operator.get("/usage"), "Close the month")
    assert operator.get("/usage").one(role="alert").text == "June is closed already."


def test_an_empty_month_says_so(as_party: AsParty, example: Example) -> None:
    example.usage = {**example.usage, "lines": []}
    assert "Nothing used in June 2026" in as_party("bank").get("/usage").text


def test_an_invoice_splits_off_the_concession_fee(as_party: AsParty) -> None:
    split = as_party("operator").get("/invoices/invoice:1").section("Where it goes")
    assert "Concession fee, to the authority US$0.98" in split.text
    assert "To the operator US$7.22" in split.text


def test_each_line_leads_back_to_its_usage(as_party: AsParty) -> None:
    page = as_party("forwarder").get("/invoices/invoice:1")
    filed = next(line for line in page.all("details", css="line") if "declaration.submitted" in line.text)
    assert "1 \N{MULTIPLICATION SIGN} US$4.50" in filed.text
    assert "shipment KHH-HAM-0417" in filed.one("tbody").text


def test_another_thing_than_an_invoice_is_not_shown_as_one(as_party: AsParty) -> None:
    as_party("forwarder").get("/invoices/crossing:2", status=404)
    as_party("forwarder").get("/invoices/nothing", status=404)
