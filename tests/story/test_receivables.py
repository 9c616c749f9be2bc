"""The story's receivable, asserted from outside: financed once, caught when offered again, repaid, billed."""

import pytest

from installation import Installation

pytestmark = pytest.mark.xdist_group("isthmus")

OFFERS = (
    "{ receivableOffers { edges { node { state bank { name } seller { name } receivable { number }"
    " outstanding { amountMinor } history { action actor { name } amount { amountMinor } } } } } }"
)
BILLED = "{ invoices(first: 1) { edges { node { lines { meter quantity } } } } }"


def test_one_bank_financed_it_once_and_has_it_back(isthmus: Installation) -> None:
    (offer,) = isthmus.listed("bank", OFFERS)
    assert (offer["state"], offer["seller"]) == ("REPAID", {"name": "trader"})
    assert offer["receivable"] == {"number": "FPM-2026-0398"}
    assert offer["outstanding"] == {"amountMinor": 0}
    assert [one["action"] for one in offer["history"]] == [
        *("OFFER", "QUOTE", "ACCEPT", "CONFIRM", "DISBURSE", "PAY_OUT", "REPAY", "REPAY")
    ]
    (paid,) = [one for one in offer["history"] if one["action"] == "PAY_OUT"]
    assert paid["actor"] is None, "the worker did"
    assert 9_000_000 < paid["amount"]["amountMinor"] < 9_960_000


def test_the_other_bank_saw_neither_the_first_nor_the_second_invoice(isthmus: Installation) -> None:
    second, first = isthmus.listed("buyers-bank", OFFERS)
    assert (first["state"], second["state"]) == ("WITHDRAWN", "WITHDRAWN")
    for offer in (first, second):
        assert (offer["seller"], offer["receivable"]) == (None, None)


def test_nobody_else_sees_it_and_what_was_used_is_billed(isthmus: Installation) -> None:
    assert len(isthmus.listed("trader", OFFERS)) == 3
    for name in ("carrier", "forwarder", "consignee", "insurer", "operator", "authority"):
        assert isthmus.listed(name, OFFERS) == []
    for name, meter, quantity in (("bank", "receivable.disbursed", 1), ("trader", "receivable.offered", 3)):
        lines = isthmus.listed(name, BILLED)[0]["lines"]
        assert {"meter": meter, "quantity": quantity} in lines
