"""A consignment is found by what it travels by and in; the published queries give the published results."""

from dataclasses import replace

import pytest
from lxml import etree

from isthmus_protocol.identifiers import (
    EDELIVERY,
    IDENTIFIERS,
    Announcement,
    IdentifierQuery,
    Kind,
    MalformedQuery,
    matches,
    read_announcement,
    read_query,
)
from isthmus_protocol.xml import parse
from standards import STANDARDS

CASES = STANDARDS / "efti" / "identifier-queries" / "identifier-query-test-cases.xml"
NS = "{http://efti.eu/v1/identifier-query-test-cases}"

CONSIGNMENT = f"""
<consignment xmlns="{IDENTIFIERS}">
  <mainCarriageTransportMovement>
    <dangerousGoodsIndicator>true</dangerousGoodsIndicator><modeCode>3</modeCode>
    <usedTransportMeans>
      <id schemeAgencyId="A1">TRUCK-1</id><registrationCountry><code>FI</code></registrationCountry>
    </usedTransportMeans>
  </mainCarriageTransportMovement>
  <mainCarriageTransportMovement>
    <dangerousGoodsIndicator>false</dangerousGoodsIndicator><modeCode>1</modeCode>
    <usedTransportMeans>
      <id>SHIP-1</id><registrationCountry><code>SE</code></registrationCountry>
    </usedTransportMeans>
  </mainCarriageTransportMovement>
  <usedTransportEquipment>
    <carriedTransportEquipment><id>BOX-1</id></carriedTransportEquipment>
    <id>TRAILER-1</id><registrationCountry><code>EE</code></registrationCountry>
  </usedTransportEquipment>
</consignment>
"""


@pytest.fixture
def announced() -> Announcement:
    return read_announcement(parse(CONSIGNMENT.encode()))


def query(inside: str) -> IdentifierQuery:
    return read_query(parse(f'<identifierQuery xmlns="{EDELIVERY}">{inside}</identifierQuery>'.encode()))


@pytest.mark.skipif(not CASES.exists(), reason="the published identifier queries are not here")
def test_every_published_query_gives_the_published_result() -> None:
    asked = 0
    for group in parse(CASES.read_bytes()).findall(f"{NS}dataGroup"):
        datasets = {
            dataset.findtext(f"{NS}id"): read_announcement(_found(dataset, "consignment"))
            for dataset in group.findall(f"{NS}dataset")
        }
        for case in group.findall(f"{NS}testCase"):
            wanted = {result.text for result in case.findall(f"{NS}result")}
            asked_for = read_query(_found(case, "query"))
            assert {name for name, held in datasets.items() if matches(asked_for, held)} == wanted, asked_for
            asked += 1
    assert asked == 25


def _found(element: etree._Element, name: str) -> etree._Element:
    found = element.find(NS + name)
    assert found is not None
    return found


@pytest.mark.parametrize("value", ["TRUCK-1", "truck-1", "SHIP-1", "BOX-1", "Trailer-1"])
def test_a_consignment_is_found_by_any_of_its_identifiers(announced: Announcement, value: str) -> None:
    assert matches(IdentifierQuery(value), announced)
    assert not matches(IdentifierQuery(value + "0"), announced)
    assert not matches(IdentifierQuery(value[:-1]), announced)


def test_several_types_may_be_asked_for(announced: Announcement) -> None:
    either = query('<identifier type="means equipment">TRAILER-1</identifier>')
    assert either.kinds == {Kind.MEANS, Kind.EQUIPMENT}
    assert matches(either, announced)
    assert not matches(replace(either, kinds=frozenset({Kind.MEANS, Kind.CARRIED})), announced)


def test_the_country_is_that_of_what_bears_the_identifier(announced: Announcement) -> None:
    assert matches(IdentifierQuery("TRUCK-1", country="FI"), announced)
    assert not matches(IdentifierQuery("TRUCK-1", country="SE"), announced)
    assert matches(IdentifierQuery("TRAILER-1", country="EE"), announced)
    assert matches(IdentifierQuery("BOX-1", country="EE"), announced), "carried equipment has no country"


def test_the_mode_and_the_danger_are_of_the_movement_that_the_means_makes(announced: Announcement) -> None:
    assert matches(IdentifierQuery("TRUCK-1", mode="3", dangerous=True), announced)
    assert not matches(IdentifierQuery("TRUCK-1", mode="1"), announced)
    assert not matches(IdentifierQuery("TRUCK-1", dangerous=False), announced)
    assert matches(IdentifierQuery("BOX-1", mode="1", dangerous=False), announced)
    assert not matches(IdentifierQuery("BOX-1", mode="3", dangerous=False), announced), "of one movement"


def test_the_agency_of_the_scheme_is_asked_where_it_is_given(announced: Announcement) -> None:
    assert matches(query('<identifier schemeAgencyId="A1">TRUCK-1</identifier>'), announced)
    assert not matches(query('<identifier schemeAgencyId="A2">TRUCK-1</identifier>'), announced)


def test_white_space_around_an_identifier_makes_no_difference(announced: Announcement) -> None:
    assert matches(query("<identifier>\n TRUCK-1 </identifier>"), announced)


def test_what_is_not_announced_is_not_found() -> None:
    empty = read_announcement(parse(f'<consignment xmlns="{IDENTIFIERS}"/>'.encode()))
    assert empty == Announcement((), ())
    assert not matches(IdentifierQuery("X"), empty)


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<identifier/>",
        "<identifier>  </identifier>",
        "<identifier>A</identifier><identifier>B</identifier>",
        '<identifier type="ship">A</identifier>',
        "<identifier>A</identifier><colour>red</colour>",
        "<identifier>A</identifier><dangerousGoodsIndicator>perhaps</dangerousGoodsIndicator>",
        '<identifier xmlns="">A</identifier>',
    ],
)
def test_a_query_that_is_not_understood_is_refused(inside: str) -> None:
    with pytest.raises(MalformedQuery):
        query(inside)
