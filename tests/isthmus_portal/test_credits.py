"""The pages of documentary credits on the real schema: whose turn it is, and each step by its own party."""

import json
from datetime import date
from typing import Any

import pytest
from graphql_relay import to_global_id

from credit_case import DOCUMENTS, TERMS, spoiled
from credit_trade import OPEN_TERMS, VAULT, CreditTrade, open_credit_trade
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.credit import watch
from isthmus_platform.credit.case import documents_json
from isthmus_platform.credit.days import Calendar, Weekday
from isthmus_platform.credit.messages import Issue, write_700
from isthmus_platform.database import Platform
from isthmus_platform.papers import plain
from isthmus_platform.papers.signing import Desk
from isthmus_portal import entered
from isthmus_portal.credits import balance, standing
from isthmus_protocol.keys import Holder, SigningKey
from page import Element, page
from portal_frame import is_sound
from portal_visitor import AsParty, Visitor, newcomers

DESK = Desk(VAULT, SigningKey.generate(Holder.PLATFORM), "https://isthmus.example")
FAULTY = spoiled("705", {"freight": "COLLECT"}, {"endorsed_by": None})


@pytest.fixture
def trade(platform: Platform) -> CreditTrade:
    opened = open_credit_trade(platform)
    opened.on(date(2026, 6, 1))
    return opened


@pytest.fixture
def as_party(trade: CreditTrade) -> AsParty:
    return newcomers(trade.platform, GraphQL(trade.platform, build(), desk=DESK))


def address(credit_id: object) -> str:
    return f"/credits/{to_global_id('Credit', str(credit_id))}"


def buttons(shown: Element) -> set[str]:
    """Return what the page of a credit offers, without signing out."""
    main = shown.one("main")
    return {it.text for it in main.all("button")} | {it.text for it in main.all("a", css="button")}


def application(**changes: str) -> dict[str, str]:
    """Return an application filled in as a person does, with the terms of the example."""
    return {
        "issuingBank": "bank",
        "advisingBank": "adviser",
        "beneficiaryName": "seller",
        "applicantLines": "\r\n".join(TERMS.applicant),
        "beneficiaryLines": "\r\n".join(TERMS.beneficiary),
        "reference": TERMS.reference,
        "currency": "usd",
        "amount": "186,500.00",
        "expiresOn": TERMS.expires_on.isoformat(),
        "expiresAt": TERMS.expires_at,
        "latestShipment": "2026-05-31",
        "loading": "twkhh",
        "loadingName": "KAOHSIUNG",
        "discharge": "DEHAM",
        "dischargeName": "HAMBURG",
        "goods": TERMS.goods,
        "incoterm": "CIF",
        "incotermPlace": "HAMBURG",
        "billTo": "TO ORDER",
        "notify": TERMS.notify or "",
        "freight": "PREPAID",
        "insuranceClauses": "ICC (A)",
        "conditions": "ALL DOCUMENTS IN ENGLISH",
        "copies-380": "2",
        "originals-520": "1",
        "originals-861": "1",
    } | changes


def sent(visitor: Visitor, where: str, button: str, **entered: Any) -> Element:
    """Send a form of a page, and return the page that it leads to."""
    answer = visitor.send(is_sound(visitor.get(where)), button, **entered)
    assert answer.status_code == 303, page(answer.text).one("main").text
    return is_sound(visitor.get(answer.headers["Location"]))


def test_a_credit_lives_from_application_to_payment_by_the_parties_own_hands(
    trade: CreditTrade, as_party: AsParty
) -> None:
    buyer, bank, adviser, seller = (as_party(name) for name in ("buyer", "bank", "adviser", "seller"))
    assert "No credit yet" in seller.get("/credits").text
    shown = sent(buyer, "/credits/apply", "Apply for the credit", **application())
    where = address(_only(trade))
    assert trade.as_owner("SELECT terms FROM credit") == [(plain.to_json(TERMS),)]
    assert buttons(shown) == set(), "the applicant has only to wait"
    assert "Bank Ltd may issue it, decline it" in shown.section("Whose turn it is").text
    seller.get(where, status=404)
    assert "issue it, decline it" in bank.get("/credits").one("tbody").text.lower()

    assert buttons(is_sound(bank.get(where))) == {
        "Issue the credit",
        "Issue by this message",
        "Decline",
    }
    assert "SWIFT MT 700" in sent(bank, where, "Issue the credit").text
    sent(adviser, where, "Advise the beneficiary")
    claim = {"reference": "P-1", "amount": "186500", "elsewhere": json.dumps(documents_json(FAULTY))}
    shown = sent(seller, f"{where}/present", "Present the documents", **claim)
    assert "5 weekdays left to examine, until 8 Jun 2026" in shown.section("Presentation 1: P-1").text
    assert not any(each.startswith("Examine") for each in buttons(shown))

    shown = sent(bank, where, "Examine presentation 1", disposal="HOLD")
    found = [row.text for row in shown.one("table", css="findings").one("tbody").all("tr")]
    assert len(found) == 2
    freight = next(row for row in found if "BILL1" in row and "freight" in row)
    for told in ("705 BILL1", "COLLECT", "PREPAID", "by the credit", "ISBP 821 para. E26"):
        assert told in freight
    assert "Pay" not in " ".join(buttons(shown))

    sent(buyer, where, "Waive the discrepancies of presentation 1")
    shown = sent(bank, where, "Pay US$186,500.00 for presentation 1")
    left = shown.section("Balance")
    assert left.text.startswith("Balance US$0.00 left of US$186,500.00")
    assert [row.text for row in left.one("tbody").all("tr")] == ["1 Jun 2026 US$186,500.00 US$0.00"]
    assert len(left.all("path", css="b-dot")) == 1
    life = [it.one("p", css="event-title").text for it in shown.section("Its life").all("li")]
    assert life == [
        "Paid",
        "Discrepancies waived",
        "Documents examined",
        "Documents presented",
        "Advised to the beneficiary",
        "Issued",
        "Applied for",
    ]
    assert buttons(shown) >= {"Close the credit"}
    owed = "The applicant owes the issuing bank US$186,500.00"
    assert [owed in it.get(where).text for it in (bank, buyer, seller, adviser)] == [True, True, False, False]
    shown = sent(bank, where, "The applicant paid US$186,500.00 back for presentation 1")
    assert "The applicant paid US$186,500.00 back to the issuing bank" in shown.text


def test_who_looks_is_told_that_the_clock_ended_the_banks_time(trade: CreditTrade, as_party: AsParty) -> None:
    it = trade.advised()
    trade.present(it, documents=FAULTY)
    trade.on(date(2026, 6, 9))
    watch(trade.platform)
    shown = is_sound(as_party("bank").get(address(it)))
    assert "Nobody examined it; the time ran until 8 Jun 2026" in shown.section("Presentation 1: P-1").text
    assert "by the clock" in shown.section("Its life").text
    offered = {each.split()[0] for each in buttons(shown)}
    assert ("Pay" in offered, "Examine" in offered) == (True, False)


def _only(trade: CreditTrade) -> object:
    ((credit_id,),) = trade.as_owner("SELECT id FROM credit")
    return credit_id


WRONG = (
    ("issuingBank", "nobody"),
    ("beneficiaryName", "bank"),
    ("amount", "much"),
    ("amount", "1.005"),
    ("latestShipment", "2026-07-01"),
    ("presentationDays", "many"),
    ("loading", "XXXXX"),
    ("applicantLines", "x" * 36),
)


def test_what_an_application_lacks_is_said_beside_its_field_and_nothing_is_applied_for(
    trade: CreditTrade, as_party: AsParty
) -> None:
    buyer = as_party("buyer")
    form = buyer.get("/credits/apply")
    for field, written in WRONG:
        answer = buyer.send(form, "Apply for the credit", **application(**{field: written}))
        assert answer.status_code == 422, (field, written)
        shown = is_sound(page(answer.text))
        assert shown.one("p", id=f"{field}-said").text
        kept = [it for it in shown.walk() if it.attributes.get("name") == field]
        assert [it.value.strip() for it in kept] == [written], "what was entered is not lost"
    assert trade.as_owner("SELECT count(*) FROM credit") == [(0,)]


def test_an_application_is_taken_as_a_swift_message_and_read_back_as_one(
    trade: CreditTrade, as_party: AsParty
) -> None:
    text = write_700(Issue(TERMS, date(2026, 6, 1)))
    buyer, bank = as_party("buyer"), as_party("bank")
    names = {"issuingBank": "bank", "advisingBank": "adviser", "beneficiaryName": "seller"}
    given = names | {"mt700": text}
    wrong = buyer.send(buyer.get("/credits/apply"), "Apply for the credit", **given | {"mt700": text[:90]})
    assert page(wrong.text).one("p", id="mt700-said").text
    sent(buyer, "/credits/apply", "Apply for the credit", **given)
    shown = sent(bank, address(_only(trade)), "Issue the credit")
    answer = bank.client.get(shown.link("SWIFT MT 700"))
    assert answer.text == text
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mt700-LC-2026-0417.txt"'
    assert as_party("stranger").client.get(shown.link("SWIFT MT 700")).status_code == 404


def test_one_form_sent_twice_has_one_effect_and_one_without_its_key_none(
    trade: CreditTrade, as_party: AsParty
) -> None:
    where = address(trade.advised())
    seller = as_party("seller")
    form, values = seller.get(f"{where}/present").form("Present the documents")
    values |= {"reference": "P-1", "amount": "186500", "elsewhere": json.dumps(documents_json(DOCUMENTS))}
    without = {name: value for name, value in values.items() if name != "csrf_token"}
    assert seller.client.post(form, data=without).status_code == 400
    assert [seller.client.post(form, data=values).status_code for _ in range(2)] == [303, 303]
    assert trade.as_owner("SELECT count(*) FROM credit_presentation") == [(1,)]


def test_an_amendment_holds_once_the_beneficiary_accepts_the_whole_of_it(
    trade: CreditTrade, as_party: AsParty
) -> None:
    where = address(trade.advised())
    bank, seller = as_party("bank"), as_party("seller")
    answer = bank.send(bank.get(where), "Propose the amendment", increase="lots")
    assert (answer.status_code, page(answer.text).one(role="alert").text) == (
        422,
        "Write the amount in figures, as 186,500.00.",
    )
    shown = sent(bank, where, "Propose the amendment", increase="1,000", expiresOn="2026-07-15")
    assert "Increase US$1,000.00" in shown.section("Amendment 1").text
    assert "Accept it whole amendment 1" not in buttons(shown)
    shown = sent(seller, where, "Accept it whole amendment 1")
    assert "US$187,500.00" in shown.section("Balance").text
    assert "Expires 15 Jul 2026" in shown.section("Terms").text
    assert ":20:LC-2026-0417" in seller.client.get(shown.link("SWIFT MT 707 of amendment 1")).text


def test_a_notice_of_refusal_is_taken_along_and_the_documents_go_back(
    trade: CreditTrade, as_party: AsParty
) -> None:
    credit = trade.advised(OPEN_TERMS)
    presented = trade.present(credit, documents=FAULTY)
    trade.examine(presented, "adviser")
    adviser = as_party("adviser")
    shown = is_sound(adviser.get(address(credit)))
    assert "COLLECT" in adviser.client.get(shown.link("SWIFT MT 734 of presentation 1")).text
    shown = sent(adviser, address(credit), "Return the documents of presentation 1")
    assert "Returned" in shown.section("Presentation 1: P-1").text
    wrong = adviser.client.post(
        f"{address(credit)}/step", data=adviser.get(address(credit)).form("Sign out")[1] | {"step": "PAY"}
    )
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    ("today", "left"),
    [
        (date(2026, 6, 1), 5),
        (date(2026, 6, 2), 5),
        (date(2026, 6, 3), 4),
        (date(2026, 6, 6), 1),
        (date(2026, 6, 8), 1),
        (date(2026, 6, 9), 0),
    ],
    ids=str,
)
def test_the_days_left_are_counted_with_today_and_without_weekends(today: date, left: int) -> None:
    assert standing.days_left("2026-06-08", today) == left


def test_a_holiday_of_the_bank_is_no_day_left() -> None:
    assert standing.days_left("2026-06-09", date(2026, 6, 3), Calendar.of([date(2026, 6, 4)])) == 4


def test_a_day_of_rest_of_the_bank_is_no_day_left() -> None:
    rest = Calendar.of((), [Weekday.FRIDAY, Weekday.SATURDAY])
    assert standing.days_left("2026-06-08", date(2026, 6, 4), rest) == 3, "Thursday, Sunday, Monday"


def _credit(**changes: Any) -> dict[str, Any]:
    names = ("applicant", "beneficiary", "issuingBank", "advisingBank")
    return {
        **{name: {"name": name, "legalName": name} for name in names},
        "state": "ADVISED",
        "terms": {"expiresOn": "2026-06-30", "availableBy": "SIGHT"},
        "balance": {"amountMinor": 1},
        "amendments": [],
        "presentations": [],
        **changes,
    }


def _presentation(state: str, **changes: Any) -> dict[str, Any]:
    return {"state": state, "maturesOn": None, "paidBy": None, **changes}


@pytest.mark.parametrize(
    ("availability", "state", "offered"),
    [
        ({}, _presentation("COMPLYING"), ["PAY"]),
        ({"availableBy": "DEFERRED"}, _presentation("COMPLYING"), ["ACCEPT"]),
        ({"availableBy": "DEFERRED"}, _presentation("ACCEPTED", maturesOn="2026-06-02"), []),
        ({"availableBy": "DEFERRED"}, _presentation("ACCEPTED", maturesOn="2026-06-01"), ["PAY"]),
        ({}, _presentation("PAID", paidBy={"name": "issuingBank"}), []),
        ({}, _presentation("PAID", paidBy={"name": "advisingBank"}), ["REIMBURSE"]),
        ({}, _presentation("REIMBURSED", debt={"state": "OWED"}), ["REPAY"]),
        ({}, _presentation("REIMBURSED", debt={"state": "REPAID"}), []),
    ],
    ids=["sight", "deferred", "early", "mature", "own", "other", "owed", "repaid"],
)
def test_what_the_register_would_refuse_is_not_offered(
    availability: dict[str, str], state: dict[str, Any], offered: list[str]
) -> None:
    credit = _credit(terms=_credit()["terms"] | availability)
    turns = standing.of_presentation(credit, state, date(2026, 6, 1))
    assert sorted({turn.action.value for turn in turns}) == offered


def test_a_credit_is_closed_only_where_nothing_is_left_or_it_expired_and_nothing_is_open() -> None:
    def closes(today: date, **changes: Any) -> bool:
        return any(turn.action == "CLOSE" for turn in standing.of_credit(_credit(**changes), today))

    before, after = date(2026, 6, 30), date(2026, 7, 1)
    assert not closes(before)
    assert closes(after)
    assert closes(before, balance={"amountMinor": 0})
    assert not closes(after, presentations=[_presentation("DISCREPANT")])
    assert not closes(after, amendments=[{"state": "PROPOSED"}])


def test_a_chart_falls_with_every_drawing_and_stays_within_its_frame(trade: CreditTrade) -> None:
    def entry(day: int, drawn: int, left: int) -> dict[str, Any]:
        return {
            "at": f"2026-06-{day:02}T09:00:00Z",
            "drawn": {"amountMinor": drawn},
            "balance": {"amountMinor": left},
        }

    credit = {
        "issuedAt": "2026-06-01T09:00:00Z",
        "terms": {"expiresOn": "2026-06-30"},
        "limit": {"amountMinor": 100},
        "history": [entry(1, 0, 100), entry(10, 40, 60), entry(20, 60, 0)],
    }
    drawn = balance.chart(credit, trade.now)
    assert drawn is not None
    assert [it.y for it in drawn.drawings] == [48.0, 120.0]
    assert all(0 <= it.x <= drawn.width for it in drawn.drawings)
    assert drawn.drawings[0].x < drawn.drawings[1].x
    assert balance.chart(credit | {"issuedAt": None}, trade.now) is None


def test_amounts_are_read_as_people_write_them_with_the_decimals_of_their_currency() -> None:
    assert entered.minor("186,500.00", "USD", "amount") == 18_650_000
    assert entered.minor("1 234", "jpy", "amount") == 1_234
    assert entered.minor("1.234", "BHD", "amount") == 1_234
