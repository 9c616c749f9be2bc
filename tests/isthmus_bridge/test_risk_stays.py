"""What members find out about each other stays on the platform: it does not cross without an agreement."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from counterparts import agreement
from isthmus_bridge.gate import Permitted, Question, Refused, Standing, decide
from isthmus_bridge.prover.claims import read_claims
from isthmus_bridge.prover.proof import prove
from isthmus_protocol.agreements import Agreement
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.messages import Consent, Reason
from isthmus_protocol.records import Phase

DEMO = Path(__file__).parents[2] / "platform" / "isthmus" / "demo"
FILES = sorted((DEMO / "agreements").glob("*.json"))
CLAIMS = read_claims(json.loads((DEMO / "claims.json").read_bytes()))
[CLAIM] = [claim for claim in CLAIMS if "risk" in claim.says and "finding" in claim.says]
FIELDS = (
    "/risk/score",
    "/findings/state",
    "/findings/evidence/value",
    "/riskRules/code",
    "/indicators/price",
)
PAYLOAD: JsonObject = {
    "ucr": "6TW24536806-1",
    "risk": {"score": 7},
    "findings": [{"state": "CONFIRMED", "evidence": [{"value": "SECRET-FINDING"}]}],
    "riskRules": [{"code": "DEAR_GOODS"}],
    "indicators": {"price": "stands out"},
}


def asked(of: Agreement, *fields: str) -> Question:
    """Return a question that the agreement's audience may put, with the owner's consent."""
    role = sorted(of.audience)[0]
    until = datetime(2027, 12, 1, tzinfo=UTC)
    return Question(
        message=of.message,
        direction=of.direction,
        purpose=of.purpose,
        party="somebody",
        role=role.value,
        owner="trader",
        consents=(Consent("trader", "somebody", of.purpose, until, "grant-1"),),
        fields=fields,
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("field", FIELDS)
def test_no_agreement_in_use_lets_a_field_of_risk_cross(file: Path, field: str) -> None:
    known = Agreement.from_json(json.loads(file.read_bytes()))
    moment = known.valid_from
    outcome = decide(Phase.AGREED, Standing(known), asked(known, field), PAYLOAD, moment)
    assert outcome == Refused(Reason.FIELD_NOT_PERMITTED, field)


@pytest.mark.parametrize("message", ["RISK_FINDING", "RISK_NOTICE"])
def test_without_an_agreement_nothing_crosses(message: str) -> None:
    question = replace(asked(agreement(), "/findings/state"), message=message)
    outcome = decide(Phase.AGREED, None, question, PAYLOAD, datetime(2026, 6, 1, tzinfo=UTC))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.NO_AGREEMENT


def test_a_finding_that_rides_along_in_a_payload_is_left_behind() -> None:
    known = agreement()
    outcome = decide(Phase.AGREED, Standing(known), asked(known, "/ucr"), PAYLOAD, known.valid_from)
    assert isinstance(outcome, Permitted)
    assert outcome.projection == {"ucr": "6TW24536806-1"}


def test_the_claim_beside_the_agreements_says_so_and_holds() -> None:
    agreements = [Agreement.from_json(json.loads(file.read_bytes())) for file in FILES]
    assert [finding.holds for finding in prove(agreements, (CLAIM,))] == [True]


@pytest.mark.parametrize("field", FIELDS)
def test_an_agreement_that_names_a_finding_breaks_the_claim(field: str) -> None:
    fields: list[dict[str, Any]] = [{"path": field, "transform": "keep"}]
    leaking = agreement(id="findings-for-all", fields=fields)
    assert [finding.holds for finding in prove([leaking], (CLAIM,))] == [False]
