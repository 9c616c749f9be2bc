"""The story's screening, asserted from outside: who sees which hit, who decided, who signed for the lists."""

import pytest

from installation import Installation

pytestmark = pytest.mark.xdist_group("isthmus")

HITS = (
    "{ screeningHits(first: 100) { edges { node {"
    " reference place subject state proposedBy decidedBy about { name }"
    " history { action } } } } }"
)
LISTS = "{ screeningLists { edges { node { list version loadedBy signature progress { finishedAt } } } } }"


def test_two_people_of_the_trader_released_the_party_and_the_goods_wait(isthmus: Installation) -> None:
    hits = {(hit["reference"], hit["place"]): hit for hit in isthmus.listed("trader", HITS)}
    party = hits["W-001", "consignee"]
    assert (party["state"], party["proposedBy"] != party["decidedBy"]) == ("RELEASED", True)
    assert [step["action"] for step in party["history"]] == ["OPENED", "PROPOSED", "APPROVED"]
    assert hits["D-2B201", "goods.1"]["state"] == "OPEN"


def test_the_operator_reviews_members_and_sees_nothing_of_shipments(isthmus: Installation) -> None:
    hits = isthmus.listed("operator", HITS)
    assert {(hit["reference"], hit["subject"]) for hit in hits} == {("W-001", "MEMBER")}
    assert [hit["about"] for hit in hits] == [{"name": "consignee"}]


@pytest.mark.parametrize("name", ["authority", "carrier", "bank", "consignee"])
def test_others_see_nothing_of_it(isthmus: Installation, name: str) -> None:
    assert isthmus.listed(name, HITS) == []


def test_the_lists_are_signed_for_and_everything_was_screened(isthmus: Installation) -> None:
    lists = {each["list"]: each for each in isthmus.listed("operator", LISTS)}
    assert lists.keys() == {"sample-watch", "sample-dual-use"}
    assert all(each["loadedBy"] == "Ada Byron" and each["signature"] for each in lists.values())
    assert all(each["progress"]["finishedAt"] for each in lists.values())
