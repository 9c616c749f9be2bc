"""The story's risk, asserted from outside: what a rule caught, what was decided, and who knows of it."""

import pytest

from installation import Installation

pytestmark = pytest.mark.xdist_group("isthmus")

FINDINGS = (
    "{ riskFindings { edges { node { state party { name } rule { code version state"
    " simulations { caught done } } shipment { reference } appeal { state reason } } } } }"
)
NOTICES = "{ riskNotices { edges { node { category state appeal { state reason } } } } }"
BILLED = "{ invoices(first: 1) { edges { node { lines { meter quantity } } } } }"


def test_the_rule_that_was_tried_on_the_past_caught_one_and_the_appeal_was_granted(
    isthmus: Installation,
) -> None:
    (edge,) = isthmus.answered("consignee", FINDINGS)["riskFindings"]["edges"]
    assert edge["node"] == {
        "state": "WITHDRAWN",
        "party": {"name": "carrier"},
        "rule": {
            "code": "LONG_WAY_ROUND",
            "version": 1,
            "state": "ACTIVE",
            "simulations": [{"caught": 1, "done": 5}],
        },
        "shipment": {"reference": "KHH-HAM-0612"},
        "appeal": {"state": "WITHDRAWN", "reason": "The strike is in the papers"},
    }


def test_the_carrier_knows_that_it_was_about_its_way_and_nobody_else_does(isthmus: Installation) -> None:
    (edge,) = isthmus.answered("carrier", NOTICES)["riskNotices"]["edges"]
    assert (edge["node"]["category"], edge["node"]["state"]) == ("ROUTE", "WITHDRAWN")
    for name in ("trader", "forwarder", "bank", "operator", "authority", "consignee"):
        assert isthmus.answered(name, NOTICES)["riskNotices"]["edges"] == [], name
    for name in ("carrier", "trader", "operator", "authority"):
        assert isthmus.answered(name, FINDINGS)["riskFindings"]["edges"] == [], name


def test_what_was_used_of_it_is_billed(isthmus: Installation) -> None:
    (edge,) = isthmus.answered("consignee", BILLED)["invoices"]["edges"]
    billed = {line["meter"]: line["quantity"] for line in edge["node"]["lines"]}
    assert (billed["risk.simulated"], billed["risk.assessed"]) == (5, 1)
