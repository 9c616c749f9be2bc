"""The story's credit, asserted from outside: what was found, what was paid, and what it cost."""

import pytest

from installation import Installation

pytestmark = pytest.mark.xdist_group("isthmus")

CREDITS = (
    "{ credits { edges { node { reference state balance { amountMinor } mt700 presentations {"
    " state precluded paidBy { name } findings { rule document found } mt734 }"
    " history { action actor { name } balance { amountMinor } } } } } }"
)


def test_two_planted_discrepancies_were_found_waived_and_paid(isthmus: Installation) -> None:
    (credit,) = isthmus.listed("trader", CREDITS)
    assert (credit["reference"], credit["balance"]) == ("DC-2026-0417", {"amountMinor": 0})
    assert ":32B:USD283700,00" in credit["mt700"]
    (presentation,) = credit["presentations"]
    assert (presentation["state"], presentation["precluded"]) == ("PAID", False)
    assert presentation["paidBy"] == {"name": "buyers-bank"}
    assert presentation["findings"] == [
        {"rule": "COVER_AMOUNT", "document": "520 PMI-0417", "found": "297885.00 USD"},
        {"rule": "GROSS_MASS", "document": "271 FPM-PL-2026-0417", "found": "30330 KGM"},
    ]
    assert ":77B:/NOTIFY/" in presentation["mt734"]
    assert [(entry["action"], entry["actor"]["name"]) for entry in credit["history"]] == [
        ("APPLY", "consignee"),
        ("ISSUE", "buyers-bank"),
        ("ADVISE", "bank"),
        ("PRESENT", "trader"),
        ("EXAMINE", "bank"),
        ("WAIVE", "consignee"),
        ("PAY", "buyers-bank"),
    ]


def test_its_applicant_repaid_the_bank_after_that_let_the_cargo_go(isthmus: Installation) -> None:
    query = "{ credits { edges { node { presentations { debt { state amount { amountMinor } } } } } } }"
    repaid = {"state": "REPAID", "amount": {"amountMinor": 28_370_000}}
    for name, debt in {"consignee": repaid, "buyers-bank": repaid, "bank": None, "trader": None}.items():
        assert isthmus.listed(name, query) == [{"presentations": [{"debt": debt}]}], name
    consents = "{ releaseConsents { edges { node { ucr withdrawnAt } } } }"
    assert isthmus.listed("buyers-bank", consents) == [{"ucr": "6TW24536806-FPM0417", "withdrawnAt": None}]
    assert isthmus.listed("bank", consents) == []


def test_only_the_four_see_it(isthmus: Installation) -> None:
    for name, count in {"consignee": 1, "buyers-bank": 1, "bank": 1, "carrier": 0, "operator": 0}.items():
        assert len(isthmus.listed(name, CREDITS)) == count, name


def test_what_was_used_of_it_is_billed(isthmus: Installation) -> None:
    query = "{ invoices(first: 1) { edges { node { lines { meter quantity } } } } }"
    for name, meter in (("buyers-bank", "credit.issued"), ("bank", "presentation.examined")):
        with isthmus.client(name) as client:
            edges = client.post("/graphql", json={"query": query}).json()["data"]["invoices"]["edges"]
        assert {"meter": meter, "quantity": 1} in edges[0]["node"]["lines"]
