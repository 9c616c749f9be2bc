"""The story's release, asserted from outside: what was refused and why, what was ordered, and who sees it."""

from typing import Any

import httpx
import pytest

from installation import Installation

pytestmark = pytest.mark.xdist_group("isthmus")

RELEASES = (
    "{ cargoReleases { edges { node { state consignee { name } verdict { releasable findings { condition"
    " holds source } } holds { kind liftedAt by { name } } orders { number state token } } } } }"
)


def releases(client: httpx.Client) -> list[dict[str, Any]]:
    body = client.post("/graphql", json={"query": RELEASES}).json()
    assert "errors" not in body, body
    return [edge["node"] for edge in body["data"]["cargoReleases"]["edges"]]


@pytest.mark.parametrize("name", ["carrier", "trader", "consignee"])
def test_the_cargo_was_handed_out_on_one_order_after_every_condition_held(
    isthmus: Installation, name: str
) -> None:
    with isthmus.client(name) as client:
        (found,) = releases(client)
    assert (found["state"], found["consignee"]) == ("PICKED_UP", {"name": "consignee"})
    assert found["verdict"]["releasable"]
    assert {each["condition"]: each["source"] for each in found["verdict"]["findings"]} == {
        "TITLE_SURRENDERED": "title register",
        "CUSTOMS_RELEASED": "single window, through the bridge",
        "FREIGHT_PAID": "carrier's statement",
        "BANK_CONSENT": "title register and financing banks",
        "NO_HOLDS": "release and title register",
    }
    (hold,) = found["holds"]
    assert (hold["kind"], hold["by"], hold["liftedAt"] is None) == ("CUSTOMS", {"name": "authority"}, False)
    (order,) = found["orders"]
    assert (order["state"], order["token"]) == ("USED", None)


@pytest.mark.parametrize("name", ["bank", "insurer", "operator"])
def test_who_is_no_party_to_it_sees_nothing(isthmus: Installation, name: str) -> None:
    with isthmus.client(name) as client:
        assert releases(client) == []
