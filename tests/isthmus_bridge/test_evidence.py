"""Evidence verifies without the bridge, and any change to it shows."""

import random
from typing import Any

import pytest

from counterparts import KEYRING, Neighbour, Signer, declaration
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.service import Bridge
from isthmus_protocol.canonical import parse_object
from isthmus_protocol.evidence import verify_bundle
from isthmus_protocol.keys import Holder

pytestmark = pytest.mark.usefixtures("agreed")


def evidence(signer: Signer, exchange: str) -> bytes:
    response = signer.get(f"/v1/exchanges/{exchange}/evidence")
    assert response.status_code == 200, response.text
    return bytes(response.data)


def ask(signer: Signer, key: str = "key-1", **changes: Any) -> str:
    return str(signer.post("/v1/exchanges", declaration(key, **changes)).get_json()["exchange"])


def test_a_delivered_crossing_is_proven_from_agreement_to_receipt(
    bridge: Bridge, as_platform: Signer, as_authority: Signer
) -> None:
    others = [ask(as_platform, f"other-{number}", role="BANK") for number in range(5)]
    exchange = ask(as_platform)
    deliver_due(bridge)
    data = evidence(as_authority, exchange)
    verdict = verify_bundle(data, KEYRING)
    assert verdict.passed, verdict.checks
    bundle = parse_object(data)
    assert isinstance(bundle["keys"], list)
    holders = {key["holder"] for key in bundle["keys"] if isinstance(key, dict)}
    assert holders == {Holder.OPERATOR, Holder.AUTHORITY, Holder.LOG, Holder.WINDOW}
    assert bundle["receipt"]
    assert bundle["index"] == len(others) + 2, "after the refusals, and the two agreements"
    assert b"845811" not in data, "it proves the payload without showing it"


def test_a_crossing_that_is_under_way_is_proven_without_a_receipt(as_platform: Signer) -> None:
    data = evidence(as_platform, ask(as_platform))
    assert verify_bundle(data, KEYRING).passed
    assert parse_object(data)["receipt"] is None


@pytest.mark.parametrize(
    "changes",
    [{"fields": ["/invoice/bankAccount"]}, {"role": "BANK"}, {"purpose": "STATISTICS"}],
)
def test_a_refusal_is_proven_like_a_crossing(as_platform: Signer, changes: dict[str, Any]) -> None:
    verdict = verify_bundle(evidence(as_platform, ask(as_platform, **changes)), KEYRING)
    assert verdict.passed, verdict.checks


def test_evidence_fetched_again_when_the_log_has_grown_verifies_as_well(
    as_platform: Signer, bridge: Bridge
) -> None:
    exchange = ask(as_platform)
    early = evidence(as_platform, exchange)
    for number in range(6):
        ask(as_platform, f"later-{number}")
    late = evidence(as_platform, exchange)
    assert early != late
    assert verify_bundle(early, KEYRING).passed
    assert verify_bundle(late, KEYRING).passed


def test_any_flipped_byte_fails(bridge: Bridge, as_platform: Signer, window: Neighbour) -> None:
    ask(as_platform, "before")
    exchange = ask(as_platform)
    deliver_due(bridge)
    data = evidence(as_platform, exchange)
    chance = random.Random(9162)
    for position in chance.sample(range(len(data)), 150):
        flipped = bytearray(data)
        flipped[position] ^= 1 << chance.randrange(8)
        assert not verify_bundle(bytes(flipped), KEYRING).passed, f"byte {position}"


def test_there_is_no_evidence_of_what_never_was(as_platform: Signer) -> None:
    response = as_platform.get("/v1/exchanges/0198c0de-0000-7000-8000-000000000000/evidence")
    assert (response.status_code, response.get_json()["code"]) == (404, "not_found")
