"""A bank learns two things of a declaration, with its owner's grant; without, not even that it exists."""

from datetime import timedelta
from uuid import UUID

import pytest

from border import Border
from counterparts import KEYRING
from isthmus_platform.crossings import Crossing
from isthmus_platform.errors import InvalidInput, NotFound
from isthmus_protocol.promises import open_promise
from standing import StandingClock
from trade import DRAFT

YES = {"exists": True, "released": True}


@pytest.fixture
def invoice(border: Border) -> UUID:
    return border.papers.store(b"invoice").document_id


def answered(border: Border, crossing_id: UUID) -> Crossing:
    """Let the question go through, and the window answer with more than it may."""
    border.drain()
    border.deliver()
    exchange = border.crossing(crossing_id, "bank").exchange
    border.window_says("DECLARATION_ANSWER", "TRADE_FINANCE", exchange, dict(YES))
    border.deliver()
    return border.crossing(crossing_id, "bank")


def entries(border: Border, owner: str = "trader") -> list[tuple[str, str, str | None, str | None]]:
    return [(entry.action, entry.outcome, entry.reason, entry.purpose) for entry in border.papers.log(owner)]


def test_with_the_owners_grant_the_window_answers_yes_or_no(border: Border, invoice: UUID) -> None:
    border.papers.grant(invoice)
    crossing = answered(border, border.ask(DRAFT.ucr))
    assert (crossing.state, crossing.answer) == ("DELIVERED", YES)
    assert border.window.bodies == [{"ucr": DRAFT.ucr}]
    assert crossing.party_id == border.papers["trader"].party_id
    assert entries(border) == [("WINDOW_QUERY", "ALLOWED", None, "TRADE_FINANCE")]
    assert [each.direction for each in border.crossings("bank")] == ["TO_WINDOW", "FROM_WINDOW"]
    assert [each.id for each in border.crossings("trader")] == [each.id for each in border.crossings("bank")]
    with pytest.raises(NotFound):
        border.crossing(crossing.id, "stranger")


def test_a_grant_of_the_whole_shipment_is_consent_too(border: Border) -> None:
    shipment_id = border.papers.trade.ship(reference="KHH-HAM-2", ucr="6TW24536806-2")
    border.papers.grant(shipment=shipment_id)
    assert answered(border, border.ask("6TW24536806-2")).answer == YES


def test_without_a_grant_the_bridge_refuses_and_the_owner_hears_of_it(border: Border, invoice: UUID) -> None:
    crossing_id = border.ask(DRAFT.ucr)
    border.drain()
    border.deliver()
    refused = border.crossing(crossing_id, "bank")
    assert (refused.state, refused.reason, refused.answer) == ("REFUSED", "CONSENT_MISSING", None)
    assert refused.log_index is not None
    assert border.window.received == {}
    assert entries(border) == [("WINDOW_QUERY", "REFUSED", "CONSENT_MISSING", "TRADE_FINANCE")]
    assert border.papers.log()[0].crossing_id == crossing_id
    assert border.crossings("trader") == [], "the crossing is the asker's own"


def test_the_refusal_is_the_same_whether_or_not_there_is_such_a_consignment(border: Border) -> None:
    known, unknown = border.ask(DRAFT.ucr), border.ask("6TW24536806-NONE")
    border.drain()
    told = []
    for crossing_id in (known, unknown):
        row = border.crossing(crossing_id, "bank")
        private = ("id", "exchange", "subject", "log_index", "promise", "_sa_instance_state")
        told.append({name: value for name, value in vars(row).items() if name not in private})
        assert open_promise(row.promise or "", KEYRING).place.subject_count is None
    assert told[0] == told[1]


@pytest.mark.parametrize(
    "changes",
    [{"purpose": "INSURANCE"}, {"reader": "other-bank"}],
)
def test_a_grant_for_another_purpose_or_reader_is_no_consent(
    border: Border, invoice: UUID, changes: dict[str, str]
) -> None:
    border.papers.grant(invoice, **changes)
    crossing_id = border.ask(DRAFT.ucr)
    border.drain()
    assert border.crossing(crossing_id, "bank").reason == "CONSENT_MISSING"


def test_a_grant_of_another_consignment_is_no_consent(border: Border, invoice: UUID) -> None:
    border.papers.trade.ship("stranger", reference="OTHER", ucr="6TW24536806-2")
    border.papers.grant(border.papers.store(by="stranger", reference="OTHER").document_id, by="stranger")
    crossing_id = border.ask(DRAFT.ucr)
    border.drain()
    assert border.crossing(crossing_id, "bank").reason == "CONSENT_MISSING"


def test_a_question_with_anothers_consent_names_that_other_as_the_owner(border: Border) -> None:
    """The window answers about the owner's declaration alone, so a copied UCR opens nothing."""
    border.declare()
    border.drain()
    border.deliver()
    border.papers.trade.ship("stranger", reference="COPY")
    border.papers.grant(border.papers.store(by="stranger", reference="COPY").document_id, by="stranger")
    border.ask(DRAFT.ucr)
    border.drain()
    border.deliver()
    assert [envelope.owner for envelope in border.window.received.values()] == ["trader", "stranger"]


def test_the_declarer_can_consent_though_another_wrote_its_ucr_too(border: Border, invoice: UUID) -> None:
    border.declare()
    border.drain()
    border.deliver()
    border.papers.grant(invoice)
    border.papers.trade.ship("stranger", reference="COPY")
    border.papers.grant(border.papers.store(by="stranger", reference="COPY").document_id, by="stranger")
    assert answered(border, border.ask(DRAFT.ucr)).answer == YES


def test_a_grant_revoked_before_the_question_is_sent_is_no_consent(border: Border, invoice: UUID) -> None:
    grant = border.papers.grant(invoice)
    crossing_id = border.ask(DRAFT.ucr)
    border.papers.revoke(grant)
    border.drain()
    assert border.crossing(crossing_id, "bank").reason == "CONSENT_MISSING"
    assert entries(border) == [("WINDOW_QUERY", "REFUSED", "CONSENT_MISSING", "TRADE_FINANCE")]


def test_an_answer_that_comes_after_the_revocation_is_refused_and_recorded(
    border: Border, invoice: UUID
) -> None:
    grant = border.papers.grant(invoice)
    crossing_id = border.ask(DRAFT.ucr)
    border.drain()
    border.papers.revoke(grant)
    crossing = answered(border, crossing_id)
    assert (crossing.answer, crossing.reason) == (None, "CONSENT_MISSING")
    delivery = border.crossings("bank")[-1]
    assert (delivery.state, delivery.reason, delivery.answer) == ("REFUSED", "CONSENT_MISSING", None)
    assert entries(border)[-1] == ("WINDOW_QUERY", "REFUSED", "revoked", "TRADE_FINANCE")
    border.deliver()
    assert len(border.crossings("bank")) == 2, "the bridge does not try again"


def test_an_answer_that_comes_after_the_grant_ended_is_not_given(
    border: Border, invoice: UUID, clock: StandingClock
) -> None:
    border.papers.grant(invoice, valid_until=clock() + timedelta(minutes=10))
    crossing_id = border.ask(DRAFT.ucr)
    border.drain()
    border.deliver()
    clock.advance(minutes=11)
    assert answered(border, crossing_id).answer is None


@pytest.mark.parametrize(("ucr", "field"), [("", "ucr"), ("x" * 36, "ucr"), ("6TW\n", "ucr")])
def test_what_cannot_be_a_ucr_is_refused(border: Border, ucr: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        border.ask(ucr)
    assert refusal.value.field == field
    assert border.crossings("bank") == []


def test_an_unknown_purpose_is_refused(border: Border) -> None:
    with pytest.raises(InvalidInput) as refusal:
        border.ask(DRAFT.ucr, purpose="CURIOSITY")
    assert refusal.value.field == "purpose"


def test_a_party_that_the_agreement_does_not_address_gets_no_answer(border: Border, invoice: UUID) -> None:
    border.papers.grant(invoice, reader="insurer")
    crossing_id = border.ask(DRAFT.ucr, "insurer")
    border.drain()
    assert border.crossing(crossing_id, "insurer").reason == "AUDIENCE_NOT_PERMITTED"
    assert entries(border) == [("WINDOW_QUERY", "REFUSED", "AUDIENCE_NOT_PERMITTED", "TRADE_FINANCE")]
