"""Documentary credit: who may do what and when, what is drawn, and who sees it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from credit_case import CASE, TERMS, spoiled
from credit_trade import OPEN_TERMS, VAULT, CreditTrade, open_credit_trade
from isthmus_platform import credit
from isthmus_platform.credit import Terms, own_rules, reading, trying
from isthmus_platform.credit.days import Calendar
from isthmus_platform.credit.own_rules import Trial
from isthmus_platform.credit.register import terms_of
from isthmus_platform.credit.terms import ACCEPTANCE
from isthmus_platform.database import Platform
from isthmus_platform.errors import InvalidInput, PlatformError

FAULTY = spoiled("705", {"freight": "COLLECT"}, {"endorsed_by": None})
AMOUNT = TERMS.amount_minor


@pytest.fixture
def trade(platform: Platform) -> CreditTrade:
    return open_credit_trade(platform)


def refused(trade: CreditTrade, code: str, field: str | None, call: Callable[[], object]) -> None:
    """Hold that a call is refused with ``code`` and changes nothing at all."""
    before = trade.everything()
    with pytest.raises(PlatformError) as refusal:
        call()
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert trade.everything() == before


def test_a_complying_presentation_is_paid_and_reimbursed(trade: CreditTrade) -> None:
    it = trade.advised(replace(TERMS, available_with="ADVISING"))
    presentation = trade.present(it)
    assert trade.examine(presentation, "adviser") == "COMPLYING"
    assert trade.settle("adviser", presentation, "PAY") == "PAID"
    assert trade.settle("bank", presentation, "REIMBURSE") == "REIMBURSED"
    assert trade.step("bank", it, "CLOSE") == "CLOSED"
    trade.settle("bank", presentation, "REPAY")
    assert [(entry.action, entry.drawn_minor, entry.balance_minor) for entry in trade.history(it)] == [
        ("APPLY", 0, AMOUNT),
        ("ISSUE", 0, AMOUNT),
        ("ADVISE", 0, AMOUNT),
        ("PRESENT", 0, AMOUNT),
        ("EXAMINE", AMOUNT, 0),
        ("PAY", 0, 0),
        ("REIMBURSE", 0, 0),
        ("CLOSE", 0, 0),
    ]


def test_discrepancies_are_found_told_in_one_notice_waived_and_paid(trade: CreditTrade) -> None:
    it = trade.advised()
    presentation = trade.present(it, documents=FAULTY)
    assert trade.examine(presentation, disposal="NOTIFY") == "DISCREPANT"
    found = {
        one.rule: (one.document, one.field, one.found, one.expected) for one in trade.findings(presentation)
    }
    assert found == {
        "BILL_ENDORSED": ("705 BILL1", "endorsedBy", "none", "Formosa Precision Machinery"),
        "BILL_FREIGHT": ("705 BILL1", "freight", "COLLECT", "PREPAID"),
    }
    row = trade.presentation(presentation, "seller")
    notice = reading.mt734(VAULT, trade.seen(it, "seller"), row) or ""
    assert ":77B:/NOTIFY/" in notice
    assert "freight is COLLECT, credit says PREPAID" in " ".join(notice.split())
    refused(trade, "wrong_state", "presentation", lambda: trade.examine(presentation))
    refused(trade, "wrong_state", "presentation", lambda: trade.settle("bank", presentation, "PAY"))
    assert trade.settle("buyer", presentation, "WAIVE") == "WAIVED"
    assert trade.seen(it).drawn_minor == 0, "the bank has not agreed yet"
    assert trade.settle("bank", presentation, "PAY") == "PAID"
    assert trade.seen(it).drawn_minor == AMOUNT
    refused(trade, "wrong_state", "presentation", lambda: trade.settle("bank", presentation, "PAY"))
    refused(
        trade, "nothing_to_reimburse", "presentation", lambda: trade.settle("bank", presentation, "REIMBURSE")
    )


def test_documents_with_discrepancies_may_be_returned(trade: CreditTrade) -> None:
    presentation = trade.present(trade.advised(), documents=FAULTY)
    trade.examine(presentation)
    assert trade.settle("bank", presentation, "RETURN") == "RETURNED"
    refused(trade, "wrong_state", "presentation", lambda: trade.settle("buyer", presentation, "WAIVE"))


@pytest.mark.parametrize(
    ("presented", "holidays", "by"),
    [
        (date(2026, 6, 1), (), date(2026, 6, 8)),
        (date(2026, 6, 5), (), date(2026, 6, 12)),
        (date(2026, 6, 6), (), date(2026, 6, 15)),
        (date(2026, 6, 1), (date(2026, 6, 4), date(2026, 6, 8)), date(2026, 6, 10)),
        (date(2028, 2, 24), (), date(2028, 3, 2)),
        (date(2026, 12, 24), (date(2026, 12, 25), date(2027, 1, 1)), date(2027, 1, 4)),
    ],
    ids=["Monday", "Friday", "Saturday", "holidays", "leap day", "year's end"],
)
def test_a_bank_has_five_banking_days_after_that_of_presentation(
    presented: date, holidays: tuple[date, ...], by: date
) -> None:
    calendar = Calendar.of(holidays)
    assert calendar.examine_by(calendar.first_from(presented)) == by


def test_after_the_fifth_banking_day_the_bank_cannot_refuse(trade: CreditTrade) -> None:
    trade.close_bank("bank", date(2026, 6, 4))
    it = trade.advised()
    first = trade.present(it, documents=FAULTY, amount=AMOUNT - 100)
    assert trade.presentation(first).examine_by == date(2026, 6, 9)
    trade.on(date(2026, 6, 10))
    assert trade.examine(first) == "COMPLYING"
    row = trade.presentation(first)
    assert (row.precluded, row.disposal, row.drawn_minor) == (True, None, AMOUNT - 100)
    assert len(trade.findings(first)) == 2, "what was found is kept"


def test_it_draws_no_more_than_is_left(trade: CreditTrade) -> None:
    it = trade.advised(replace(OPEN_TERMS, tolerance_plus=10))
    limit = trade.seen(it).limit_minor
    assert limit == AMOUNT * 110 // 100
    first, second, third = (trade.present(it, f"P-{n}") for n in (1, 2, 3))
    assert trade.examine(first) == "COMPLYING"
    assert trade.examine(second) == "DISCREPANT"
    (finding,) = trade.findings(second)
    assert (finding.rule, finding.found, finding.expected) == (
        "OVERDRAWN",
        "186500.00 USD",
        "at most 18650.00 USD",
    )
    trade.settle("buyer", second, "WAIVE")
    trade.settle("bank", second, "PAY")
    assert trade.presentation(second).drawn_minor == limit - AMOUNT, "article 18 b: not beyond the credit"
    trade.on(date(2026, 6, 20))
    assert trade.examine(third) == "DISCREPANT", "late, but nothing is left to honour with"
    trade.settle("buyer", third, "WAIVE")
    refused(trade, "overdrawn", "presentation", lambda: trade.settle("bank", third, "PAY"))


def test_a_time_draft_is_accepted_and_paid_at_maturity(trade: CreditTrade) -> None:
    it = trade.advised(replace(TERMS, available_by=ACCEPTANCE, tenor_days=60, tenor_from="SHIPMENT"))
    presentation = trade.present(it)
    trade.examine(presentation)
    refused(trade, "wrong_availability", "presentation", lambda: trade.settle("bank", presentation, "PAY"))
    assert trade.settle("bank", presentation, "ACCEPT") == "ACCEPTED"
    assert trade.presentation(presentation).matures_on == date(2026, 7, 19)
    refused(trade, "not_matured", "presentation", lambda: trade.settle("bank", presentation, "PAY"))
    refused(trade, "credit_open", "credit", lambda: trade.step("bank", it, "CLOSE"))
    trade.on(date(2026, 7, 19))
    assert trade.settle("bank", presentation, "PAY") == "PAID"
    assert trade.step("bank", it, "CLOSE") == "CLOSED"


def test_an_amendment_holds_once_the_beneficiary_accepts_it(trade: CreditTrade) -> None:
    it = trade.advised()
    more = trade.amend(it, increase_minor=1_000)
    refused(trade, "amendment_open", "credit", lambda: trade.amend(it, increase_minor=1))
    assert trade.seen(it).limit_minor == AMOUNT
    assert trade.answer(more, accept=True) == "ACCEPTED"
    assert trade.seen(it).limit_minor == AMOUNT + 1_000
    refused(trade, "wrong_state", "amendment", lambda: trade.answer(more, accept=False))
    later = trade.amend(it, expires_on=date(2026, 8, 31))
    assert trade.answer(later, accept=False) == "REFUSED"
    assert trade.seen(it).terms["expiresOn"] == "2026-06-30"
    trade.examine(trade.present(it))
    refused(trade, "overdrawn", "decreaseMinor", lambda: trade.amend(it, decrease_minor=2_000))
    trade.answer(trade.amend(it, decrease_minor=1_000), accept=True)
    assert (trade.seen(it).limit_minor, trade.seen(it).drawn_minor) == (AMOUNT, AMOUNT)


def test_an_expired_credit_is_closed_and_not_issued(trade: CreditTrade) -> None:
    late, it = trade.apply(terms=replace(TERMS, reference="LATE")), trade.advised()
    refused(trade, "credit_open", "credit", lambda: trade.step("bank", it, "CLOSE"))
    trade.on(date(2026, 7, 1))
    refused(trade, "credit_expired", "credit", lambda: trade.step("bank", late, "ISSUE"))
    assert trade.step("bank", late, "DECLINE") == "DECLINED"
    presentation = trade.present(it)
    refused(trade, "credit_open", "credit", lambda: trade.step("bank", it, "CLOSE"))
    trade.examine(presentation)
    assert {one.rule for one in trade.findings(presentation)} >= {"EXPIRED", "LATE_PRESENTATION"}
    trade.settle("bank", presentation, "RETURN")
    assert trade.step("bank", it, "CLOSE") == "CLOSED"
    refused(trade, "wrong_state", "credit", lambda: trade.present(it, "P-2"))


def steps(trade: CreditTrade) -> dict[str, tuple[set[str], Callable[[str], object]]]:
    """Return each step that can be made, with who may make it; none is made."""
    applied = trade.apply(terms=replace(TERMS, reference="APPLIED"))
    issued = trade.apply(terms=replace(TERMS, reference="ISSUED"))
    trade.step("bank", issued, "ISSUE")
    it = trade.advised()
    presented = trade.present(it, "P-1", documents=FAULTY)
    amendment = trade.amend(it, increase_minor=1)
    discrepant = trade.present(it, "P-2", documents=FAULTY)
    trade.examine(discrepant)
    return {
        "issue": ({"bank"}, lambda by: trade.step(by, applied, "ISSUE")),
        "decline": ({"bank"}, lambda by: trade.step(by, applied, "DECLINE")),
        "advise": ({"adviser"}, lambda by: trade.step(by, issued, "ADVISE")),
        "amend": ({"bank"}, lambda by: trade.amend(it, by, increase_minor=1)),
        "answer": ({"seller"}, lambda by: trade.answer(amendment, accept=True, by=by)),
        "present": ({"seller"}, lambda by: trade.present(it, "P-9", by=by)),
        "examine": ({"bank"}, lambda by: trade.examine(presented, by)),
        "waive": ({"buyer"}, lambda by: trade.settle(by, discrepant, "WAIVE")),
        "return": ({"bank"}, lambda by: trade.settle(by, discrepant, "RETURN")),
        "accept": ({"bank"}, lambda by: trade.settle(by, discrepant, "ACCEPT")),
        "pay": ({"bank"}, lambda by: trade.settle(by, discrepant, "PAY")),
        "reimburse": ({"bank"}, lambda by: trade.settle(by, discrepant, "REIMBURSE")),
        "repay": ({"bank"}, lambda by: trade.settle(by, discrepant, "REPAY")),
        "close": ({"bank"}, lambda by: trade.step(by, it, "CLOSE")),
    }


def test_a_party_in_another_position_makes_no_step_and_a_stranger_finds_nothing(trade: CreditTrade) -> None:
    for name, (whose, call) in steps(trade).items():
        for by in ("buyer", "seller", "bank", "adviser", "stranger", "other-bank", "operator"):
            if by in whose:
                continue
            before = trade.everything()
            with pytest.raises(PlatformError) as refusal:
                call(by)
            unseen = by in ("stranger", "other-bank", "operator")
            early = (by, name) in {
                (who, what) for who in ("adviser", "seller") for what in ("issue", "decline")
            }
            early |= (by, name) == ("seller", "advise")
            assert refusal.value.code == ("not_found" if unseen or early else "wrong_part"), (name, by)
            assert trade.everything() == before, (name, by)


def test_only_the_four_see_a_credit_each_from_its_time(trade: CreditTrade) -> None:
    it = trade.apply()

    def seen() -> set[str]:
        found = set()
        for name in trade.actors:
            with trade.platform.begin(trade[name]) as work:
                if reading.page(work):
                    found.add(name)
        return found

    assert seen() == {"buyer", "bank"}
    trade.step("bank", it, "ISSUE")
    assert seen() == {"buyer", "bank", "adviser"}
    trade.step("adviser", it, "ADVISE")
    assert seen() == {"buyer", "bank", "adviser", "seller"}


def test_who_applies_names_parties_that_are_what_they_are_named_as(trade: CreditTrade) -> None:
    refused(trade, "wrong_role", "issuing", lambda: trade.apply(issuing="seller"))
    refused(trade, "wrong_role", "beneficiary", lambda: trade.apply(beneficiary="other-bank"))
    refused(trade, "same_party", "beneficiary", lambda: trade.apply(beneficiary="buyer"))
    refused(trade, "unknown_party", "advising", lambda: trade.apply(advising="nobody"))
    refused(trade, "role_required", None, lambda: trade.apply(by="bank"))
    trade.apply()
    refused(trade, "reference_taken", "reference", trade.apply)
    other = trade.apply(by="stranger")
    trade.step("bank", other, "ISSUE")
    first = trade.apply(by="stranger", terms=replace(TERMS, reference="OTHER"))
    assert trade.step("bank", first, "ISSUE") == "ISSUED"


def test_a_bank_issues_a_reference_once(trade: CreditTrade) -> None:
    first, second = trade.apply(), trade.apply(by="stranger")
    trade.step("bank", first, "ISSUE")
    refused(trade, "reference_taken", "credit", lambda: trade.step("bank", second, "ISSUE"))


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"amount_minor": 0}, "amountMinor", "amount_range"),
        ({"amount_minor": -5}, "amountMinor", "amount_range"),
        ({"amount_minor": 2**63}, "amountMinor", "amount_range"),
        ({"currency": "XYZ"}, "currency", "unknown_currency"),
        ({"tolerance_plus": 100}, "tolerancePlus", "percent"),
        ({"latest_shipment": date(2026, 7, 1)}, "latestShipment", "after_expiry"),
        ({"expires_on": date(1999, 12, 31)}, "expiresOn", "day_range"),
        ({"tenor_days": 30}, "tenorDays", "tenor"),
        ({"goods": "2  machines"}, "goods", "format"),
        ({"conditions": ("FREIGHT COLLECT",)}, "conditions.0", "reserved"),
        ({"documents": ()}, "documents", "empty"),
        ({"reference": "/LC"}, "reference", "format"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_terms_are_refused_by_member_and_rule(changes: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        replace(TERMS, **changes)
    assert (refusal.value.field, refusal.value.code) == (field, code)


def test_bad_presentations_change_nothing(trade: CreditTrade) -> None:
    it = trade.advised()
    trade.present(it)
    refused(trade, "reference_taken", "reference", lambda: trade.present(it))
    refused(trade, "amount_range", "amountMinor", lambda: trade.present(it, "P-2", -1))
    refused(trade, "amount_range", "amountMinor", lambda: trade.present(it, "P-2", 10**18))
    refused(trade, "format", "reference", lambda: trade.present(it, "P 2"))
    refused(trade, "count", "documents", lambda: trade.present(it, "P-2", documents=()))
    refused(trade, "not_found", "credit", lambda: trade.present(uuid4(), "P-2"))


def test_documents_and_findings_are_not_readable_in_the_database(trade: CreditTrade) -> None:
    presentation = trade.present(trade.advised(), documents=FAULTY)
    trade.examine(presentation)
    ((sealed, findings),) = trade.as_owner("SELECT sealed, findings FROM credit_presentation")
    for secret in (b"Formosa", b"BILL1", b"COLLECT"):
        assert secret not in bytes(sealed) + bytes(findings)


RULE = "documents.exists(d, d.type == '705' && d.data.vessel == 'Meridian Aurora')"


def write(trade: CreditTrade, condition: str = RULE, by: str = "bank", code: str = "VESSEL_BARRED") -> Any:
    with trade.platform.begin(trade[by]) as work:
        return own_rules.write(work, code, "Bank policy 7", "not on a barred vessel", condition).id


def test_a_banks_rule_is_tried_on_what_passed_and_then_finds(trade: CreditTrade) -> None:
    it = trade.advised(OPEN_TERMS)
    trade.examine(trade.present(it, "P-1", 1_000))
    trade.examine(trade.present(it, "P-2", 1_000, spoiled("705", {"vessel": None})))
    rule = write(trade)

    def switch() -> None:
        with trade.platform.begin(trade["bank"]) as work:
            own_rules.switch(work, rule, on=True)

    refused(trade, "rule_untried", "rule", switch)
    with trade.platform.begin(trade["bank"]) as work:
        trials = trying.try_rule(work, VAULT, rule).trials
    assert trials[1] == Trial(TERMS.reference, "P-1", finds=True, says="the condition holds")
    assert trials[0].finds
    assert trials[0].says.startswith("no answer: "), "unknown is a finding"
    assert trade.findings(trade.presentation(_first(trade)).id) == [], "a trial changes nothing"
    switch()
    third = trade.present(it, "P-3", 1_000)
    assert trade.examine(third) == "DISCREPANT"
    (finding,) = trade.findings(third)
    assert (finding.rule, finding.article) == ("VESSEL_BARRED", "Bank policy 7")
    fourth = trade.present(it, "P-4", 1_000)
    assert trade.examine(fourth, "adviser") == "COMPLYING", "a rule is its bank's alone"
    write(trade, "presentation.amountMinor > 5")
    refused(trade, "rule_untried", "rule", switch)


def _first(trade: CreditTrade) -> Any:
    return trade.as_owner("SELECT id FROM credit_presentation WHERE number = 1")[0][0]


def test_a_bad_rule_is_refused_when_it_is_written(trade: CreditTrade) -> None:
    refused(trade, "condition_syntax", "condition", lambda: write(trade, "nothing.here > 1"))
    refused(trade, "condition_type", "condition", lambda: write(trade, "1 + 1"))
    refused(trade, "reserved", "code", lambda: write(trade, code="EXPIRED"))
    refused(trade, "role_required", None, lambda: write(trade, by="buyer"))
    rule = write(trade)
    with pytest.raises(PlatformError) as refusal, trade.platform.begin(trade["other-bank"]) as work:
        trying.try_rule(work, VAULT, rule)
    assert refusal.value.code == "not_found"


def test_a_rule_may_speak_of_days_and_weights() -> None:
    speaks = own_rules.VOCABULARY.condition(
        "timestamp(credit.expiresOn) - timestamp(presentation.presentedOn) < duration('720h')"
        " && credit.limitMinor == 18650000"
        " && documents.exists(d, d.type == '271' && d.data.grossMass.value > 18000.0)"
    )
    assert speaks.holds(own_rules.facts(CASE))


def test_only_a_bank_has_holidays(trade: CreditTrade) -> None:
    refused(trade, "role_required", None, lambda: trade.close_bank("buyer", date(2026, 6, 4)))
    trade.close_bank("bank", date(2028, 2, 29))
    with trade.platform.begin(trade["bank"]) as work:
        assert [one.day for one in credit.holidays(work)] == [date(2028, 2, 29)]


def test_terms_come_back_from_json_as_they_were(trade: CreditTrade) -> None:
    said: Terms = terms_of(trade.seen(trade.apply()))
    assert said == TERMS
