"""The story's insurance, asserted from outside: what was declared, decided, paid, and billed."""

import pytest

from installation import Installation

pytestmark = pytest.mark.xdist_group("isthmus")

DECLARED = (
    "{ coverDeclarations { edges { node { ucr certificate { type }"
    " claims { kind state paid { amountMinor } steps { code } }"
    " delay { measuredDays basisRiskDays told { role days } } } } } }"
)
BILLED = "{ invoices(first: 1) { edges { node { lines { meter quantity } } } } }"


def test_one_lie_neither_blocked_nor_triggered_a_payment(isthmus: Installation) -> None:
    for name in ("insurer", "trader"):
        edges = isthmus.answered(name, DECLARED)["coverDeclarations"]["edges"]
        on_time, late = (edge["node"] for edge in edges)
        assert on_time["delay"] == {
            "measuredDays": 1,
            "basisRiskDays": 18,
            "told": [
                {"role": "CARRIER", "days": 19},
                {"role": "TERMINAL", "days": 1},
                {"role": "CUSTOMS", "days": 1},
            ],
        }
        assert on_time["claims"] == []
        assert late["delay"]["measuredDays"] == 8
        (claim,) = late["claims"]
        assert (claim["kind"], claim["state"], claim["paid"]) == (
            "DELAY",
            "SETTLED",
            {"amountMinor": 600_000},
        )
        assert [step["code"] for step in claim["steps"]] == ["NOTIFY", *["REPORT"] * 3, "ACCEPT", "SETTLE"]


def test_only_the_insured_and_the_insurer_see_it(isthmus: Installation) -> None:
    assert isthmus.answered("trader", DECLARED)["coverDeclarations"]["edges"][0]["node"]["certificate"] == {
        "type": "520"
    }
    for name in ("carrier", "bank", "consignee", "operator", "authority"):
        assert isthmus.answered(name, DECLARED)["coverDeclarations"]["edges"] == [], name


def test_what_was_used_of_it_is_billed(isthmus: Installation) -> None:
    billed: dict[str, int] = {}
    for name in ("trader", "insurer"):
        (edge,) = isthmus.answered(name, BILLED)["invoices"]["edges"]
        billed |= {line["meter"]: line["quantity"] for line in edge["node"]["lines"]}
    assert (billed["cover.declared"], billed["claim.settled"]) == (2, 1)
