"""The bridge evaluates what banks have blinded: for the platform alone, and within each party's budget."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from counterparts import KEYRING, KEYS, Signer
from isthmus_bridge.financing import budget
from isthmus_bridge.financing import http as financing_http
from isthmus_bridge.financing.budget import BUDGET, BudgetSpent
from isthmus_bridge.http import create_app
from isthmus_bridge.models import LogEntry
from isthmus_bridge.service import Bridge
from isthmus_protocol.financing import MOST_BLINDED, Evaluation, Invoice, Question, open_key
from isthmus_protocol.keys import Holder
from standing import StandingClock

SEED = bytes(range(32))
INVOICE = Invoice("5493001KJTIIGC8Y1R12", "DE811220642", "FPM-2026-0417", date(2026, 11, 3), 100_00, "USD")


@pytest.fixture
def signer(bridge: Bridge, clock: StandingClock) -> Signer:
    return caller(bridge, clock, Holder.PLATFORM)


def caller(bridge: Bridge, clock: StandingClock, holder: Holder) -> Signer:
    app = create_app(bridge)
    app.register_blueprint(financing_http.blueprint(bridge, SEED))
    return Signer(app.test_client(), KEYS[holder], clock)


def asked(question: Question, party: str = "bank") -> dict[str, object]:
    return {"party": party, "blinded": list(question.blinded)}


def test_two_banks_get_the_same_marks_of_the_same_invoice(signer: Signer) -> None:
    found = set()
    for party in ("bank", "other-bank"):
        question = Question.about(INVOICE)
        answer = signer.post("/v1/evaluations", asked(question, party))
        assert answer.status_code == 200, answer.text
        found.add(question.marks(Evaluation.from_json(answer.get_json()), KEYRING))
    assert len(found) == 1


def test_everybody_may_read_the_one_key(signer: Signer) -> None:
    public = signer.client.get("/v1/evaluations/key").get_json()["key"]
    answer = signer.post("/v1/evaluations", asked(Question.about(INVOICE))).get_json()
    assert open_key(public, KEYRING) == open_key(answer["key"], KEYRING)


@pytest.mark.parametrize("holder", [Holder.WINDOW, Holder.OPERATOR, Holder.AUTHORITY])
def test_only_the_platform_asks_on_behalf_of_its_banks(
    bridge: Bridge, clock: StandingClock, holder: Holder
) -> None:
    answer = caller(bridge, clock, holder).post("/v1/evaluations", asked(Question.about(INVOICE)))
    assert answer.status_code in (401, 403)


@pytest.mark.parametrize(
    ("blinded", "field"),
    [
        ([], "/blinded"),
        (["00" * 32], "/blinded/0"),
        (["zz" * 32], "/blinded/0"),
        (["00" * 32] * (MOST_BLINDED + 1), "/blinded"),
    ],
    ids=["none", "no element", "no hexadecimal", "too many"],
)
def test_what_cannot_be_evaluated_is_refused_by_its_place_and_costs_nothing(
    signer: Signer, bridge: Bridge, blinded: list[str], field: str
) -> None:
    answer = signer.post("/v1/evaluations", {"party": "bank", "blinded": blinded})
    assert (answer.status_code, answer.get_json()["field"]) == (422, field)
    with bridge.begin() as session:
        budget.spend(session, "bank", BUDGET, bridge.clock())


def test_a_dictionary_ends_at_the_budget(bridge: Bridge, signer: Signer, clock: StandingClock) -> None:
    with bridge.begin() as session:
        budget.spend(session, "bank", BUDGET - 3, bridge.clock())
    assert signer.post("/v1/evaluations", asked(Question.about(INVOICE))).status_code == 200
    refused = signer.post("/v1/evaluations", asked(Question.about(INVOICE)))
    assert (refused.status_code, refused.get_json()["code"]) == (429, "evaluation_budget")
    assert "evaluated" not in refused.get_json()
    assert signer.post("/v1/evaluations", asked(Question.about(INVOICE), "other-bank")).status_code == 200
    clock.advance(hours=24)
    assert signer.post("/v1/evaluations", asked(Question.about(INVOICE))).status_code == 200


def test_requests_at_the_same_instant_spend_one_budget(bridge: Bridge) -> None:
    with bridge.begin() as session:
        budget.spend(session, "bank", BUDGET - 5, bridge.clock())

    def one(_number: int) -> bool:
        try:
            with bridge.begin() as session:
                budget.spend(session, "bank", 1, bridge.clock())
        except BudgetSpent:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(12))) == 5


def test_nothing_of_it_goes_to_the_log(bridge: Bridge, signer: Signer) -> None:
    signer.post("/v1/evaluations", asked(Question.about(INVOICE)))
    with bridge.begin() as session:
        assert session.query(LogEntry).count() == 0
