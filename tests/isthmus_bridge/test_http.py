"""What the bridge takes over HTTP, from whom, and what it refuses."""

from flask.testing import FlaskClient

from counterparts import KEYRING, Signer, declaration
from isthmus_bridge.service import Bridge
from isthmus_protocol.checkpoint import open_note
from isthmus_protocol.keys import Holder

ORIGIN = "bridge.test/log"


def size_of_log(client: FlaskClient) -> int:
    return open_note(client.get("/v1/log/checkpoint").text, KEYRING, Holder.LOG).size


def test_a_declaration_under_an_agreement_is_agreed_and_in_the_log(
    agreed: None, as_platform: Signer, as_authority: Signer, bridge: Bridge
) -> None:
    response = as_platform.post("/v1/exchanges", declaration())
    assert response.status_code == 201, response.text
    answer = response.get_json()
    assert answer["state"] == "AGREED"
    assert answer["agreement"] == {"id": "export-declaration", "version": 1}
    listed = as_authority.get("/v1/log/entries?start=0&limit=10").get_json()
    assert listed["size"] == 1
    record = listed["entries"][answer["logIndex"]]["record"]
    assert record["decision"] == "PERMITTED"
    assert record["fields"] == ["/goods/hsCode", "/goods/statisticalValueMinor", "/ucr"]


def test_nothing_crosses_without_an_agreement_and_the_refusal_is_in_the_log(
    as_platform: Signer, as_authority: Signer
) -> None:
    answer = as_platform.post("/v1/exchanges", declaration()).get_json()
    assert (answer["state"], answer["reason"], answer["agreement"]) == ("REFUSED", "NO_AGREEMENT", None)
    (entry,) = as_authority.get("/v1/log/entries").get_json()["entries"]
    assert (entry["record"]["decision"], entry["record"]["fields"]) == ("REFUSED", [])
