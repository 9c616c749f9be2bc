"""The story's title, asserted from outside: who holds it, what the file proves, and what it cost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from installation import Installation

pytestmark = pytest.mark.xdist_group("isthmus")

TITLES = (
    "{ titles { edges { node { id number state holder { name } fileUrl"
    " steps { action actor { name } } } } } }"
)
BILL = "MCLKHH2611042"


@pytest.fixture(scope="module")
def carrier(isthmus: Installation) -> Iterator[httpx.Client]:
    with isthmus.client("carrier") as client:
        yield client


def the_title(client: httpx.Client) -> dict[str, Any]:
    body = client.post("/graphql", json={"query": TITLES}).json()
    assert "errors" not in body, body
    (edge,) = body["data"]["titles"]["edges"]
    assert edge["node"]["number"] == BILL
    return dict(edge["node"])


def test_it_passed_from_trader_to_bank_to_consignee_and_was_surrendered(carrier: httpx.Client) -> None:
    title = the_title(carrier)
    assert (title["state"], title["holder"]) == ("SURRENDERED", {"name": "carrier"})
    assert [(step["actor"]["name"], step["action"]) for step in title["steps"]] == [
        ("carrier", "ISSUE"),
        ("trader", "ENDORSE_TO_ORDER"),
        ("trader", "TRANSFER"),
        ("bank", "ENDORSE"),
        ("bank", "TRANSFER"),
        ("consignee", "SURRENDER_FOR_DELIVERY"),
        ("carrier", "SACC"),
    ]


def test_its_file_verifies_offline_and_with_a_step_dropped_does_not(
    isthmus: Installation, carrier: httpx.Client, tmp_path: Path
) -> None:
    file = tmp_path / "title.json"
    file.write_bytes(carrier.get(the_title(carrier)["fileUrl"]).content)
    trust = isthmus.home / "keys" / "trust.json"
    verdict = isthmus.command("verify", str(file), "--trust", str(trust))
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    assert "carrier has control; SURRENDERED" in verdict.stdout
    shortened = json.loads(file.read_bytes())
    del shortened["steps"][3]
    file.write_text(json.dumps(shortened, separators=(",", ":"), sort_keys=True))
    verdict = isthmus.command("verify", str(file), "--trust", str(trust))
    assert verdict.returncode == 1
    assert "FAIL  chain       step 5 stands where step 4 belongs" in verdict.stdout


def test_who_holds_it_no_more_sees_its_own_steps_alone(isthmus: Installation) -> None:
    with isthmus.client("bank") as bank:
        title = the_title(bank)
    assert [step["action"] for step in title["steps"]] == [
        "ENDORSE_TO_ORDER",
        "TRANSFER",
        "ENDORSE",
        "TRANSFER",
    ]
    assert title["fileUrl"] is None
    with isthmus.client("insurer") as insurer:
        assert insurer.post("/graphql", json={"query": TITLES}).json()["data"]["titles"]["edges"] == []


def test_what_was_used_of_it_is_billed(isthmus: Installation) -> None:
    query = "{ invoices(first: 1) { edges { node { lines { meter quantity } } } } }"
    billed = {}
    for name in ("carrier", "trader", "consignee"):
        with isthmus.client(name) as client:
            edges = client.post("/graphql", json={"query": query}).json()["data"]["invoices"]["edges"]
        lines = edges[0]["node"]["lines"]
        billed[name] = {
            line["meter"]: line["quantity"] for line in lines if line["meter"].startswith("title.")
        }
    assert billed == {
        "carrier": {"title.issued": 1},
        "trader": {"title.transferred": 2},
        "consignee": {"title.surrendered": 1},
    }
