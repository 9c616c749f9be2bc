"""A file that is written with those of a whole page is, to the letter, the one that is written alone."""

import pytest

from every_service import EveryService

pytestmark = pytest.mark.xdist_group("every-service")
FILES = {"deliveryProofs": "DeliveryProof", "openCovers": "OpenCover", "insuranceClaims": "InsuranceClaim"}


@pytest.mark.parametrize("name", FILES)
def test_every_party_is_shown_in_a_page_what_it_is_shown_of_each_alone(
    world: EveryService, name: str
) -> None:
    page = f"{{ {name} {{ edges {{ node {{ id file }} }} }} }}"
    alone = f"query ($id: ID!) {{ node(id: $id) {{ ... on {FILES[name]} {{ id file }} }} }}"
    shown = set()
    for asker in world.askers.values():
        together = [edge["node"] for edge in asker.data(page)[name]["edges"]]
        each = [asker.data(alone, id=one)["node"] for one in world.ids[FILES[name]]]
        assert together == [node for node in reversed(each) if node is not None]
        shown.add(len(together))
    assert {0, 2} <= shown, "some see all of them, and some see none"


def test_the_document_of_a_receivable_shows_there_the_grants_that_it_shows_alone(world: EveryService) -> None:
    trader, asked = world["trader"], "{ id grants { id } }"
    page = trader.data(f"{{ receivables {{ edges {{ node {{ document {asked} }} }} }} }}")["receivables"]
    shown = [edge["node"]["document"] for edge in page["edges"]]
    alone = f"query ($id: ID!) {{ document(id: $id) {asked} }}"
    assert shown == [trader.data(alone, id=each["id"])["document"] for each in shown]
    assert any(each["grants"] for each in shown)
