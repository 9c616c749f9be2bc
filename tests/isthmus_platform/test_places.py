"""Places have the names and positions that UN/LOCODE publishes, or none."""

import pytest

from isthmus_platform import places
from isthmus_platform.errors import InvalidInput


def test_a_place_has_its_name_country_and_position() -> None:
    assert places.find("DEHAM") == places.Place("DEHAM", "Hamburg", "DE", 53.51667, 9.93333)
    santos = places.find("BRSSZ")
    assert (santos.name, santos.latitude, santos.longitude) == ("Santos", -23.93333, -46.31667)
    assert places.find("TWKHH").name == "Kaohsiung"


def test_a_place_without_a_published_position_has_none() -> None:
    assert (places.find("TWKHH").latitude, places.find("TWKHH").longitude) == (None, None)


@pytest.mark.parametrize("code", ["", "DE", "deham", "DEHAM ", "XXZZZ", "DE   "])
def test_what_is_not_listed_is_refused_by_field(code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        places.find(code, field="origin")
    assert (refused.value.code, refused.value.field) == ("unknown_place", "origin")
    assert places.known(code) is None
