"""Evidence reaches whom it concerns, byte for byte as the bridge made it."""

from uuid import UUID, uuid4

import pytest

from border import Border
from counterparts import KEYRING
from isthmus_protocol.evidence import verify_bundle
from trade import DRAFT


@pytest.fixture
def exchange(border: Border) -> UUID:
    """Return the exchange of a declaration the forwarder filed for the trader."""
    border.papers.trade.delegate()
    crossing_id = border.declare("forwarder")
    border.drain()
    border.deliver()
    found = border.crossing(crossing_id).exchange
    assert found is not None
    return found


@pytest.mark.parametrize("by", ["trader", "forwarder", "authority"])
def test_owner_requester_and_authority_get_the_bundle_and_it_verifies(
    border: Border, exchange: UUID, by: str
) -> None:
    answer = border.get(f"/crossings/{exchange}/evidence", by)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=evidence-{exchange}.json"
    assert answer.content == border.client.evidence(exchange)
    assert verify_bundle(answer.content, KEYRING).passed


@pytest.mark.parametrize("by", ["stranger", "carrier", "bank", "operator", "rival"])
def test_for_others_there_is_no_such_crossing(border: Border, exchange: UUID, by: str) -> None:
    asked = len(border.sent)
    answer = border.get(f"/crossings/{exchange}/evidence", by)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert len(border.sent) == asked, "the bridge is not even asked"


def test_who_asked_in_vain_gets_evidence_of_the_refusal(border: Border) -> None:
    crossing_id = border.ask(DRAFT.ucr)
    border.drain()
    refused = border.crossing(crossing_id, "bank").exchange
    assert verify_bundle(border.get(f"/crossings/{refused}/evidence", "bank").content, KEYRING).passed
    assert border.get(f"/crossings/{refused}/evidence", "trader").status_code == 404


def test_an_unknown_exchange_or_caller_gets_a_problem(border: Border) -> None:
    assert border.get(f"/crossings/{uuid4()}/evidence", "authority").status_code == 404
    assert border.get("/crossings/not-a-uuid/evidence", "authority").status_code == 404
    assert border.get(f"/crossings/{uuid4()}/evidence", "nobody").status_code == 401
