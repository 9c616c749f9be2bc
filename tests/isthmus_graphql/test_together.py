"""What is judged or signed for a whole page at once is, to the letter, what each thing shows alone."""

import pytest

from every_service import EveryService

pytestmark = pytest.mark.xdist_group("every-service")
LISTS = {
    "cargoReleases": (
        "CargoRelease",
        "verdict { releasable findings { condition holds says clearedBy since } }",
    ),
    "deliveryProofs": ("DeliveryProof", "file"),
    "openCovers": ("OpenCover", "file"),
    "insuranceClaims": ("InsuranceClaim", "file"),
}


@pytest.mark.parametrize("name", LISTS)
def test_every_party_is_shown_in_a_page_what_it_is_shown_of_each_alone(
    world: EveryService, name: str
) -> None:
    kind, asked = LISTS[name]
    page = f"{{ {name} {{ edges {{ node {{ id {asked} }} }} }} }}"
    alone = f"query ($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ id {asked} }} }} }}"
    shown = set()
    for asker in world.askers.values():
        together = [edge["node"] for edge in asker.data(page)[name]["edges"]]
        each = [asker.data(alone, id=one)["node"] for one in world.ids[kind]]
        assert together == [node for node in reversed(each) if node is not None]
        shown.add(len(together))
    assert {0, 2} <= shown, "some see all of them, and some see none"
