"""A change that breaks a client of the recorded schema does not pass unseen, and every other is told."""

import re

import pytest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema

from isthmus_graphql import changes
from isthmus_graphql.schema import build

OLD = """
type Query { shipment(reference: String!): Shipment }
type Shipment { reference: String! eta: String }
input Draft { reference: String! }
enum Status { BOOKED SAILED }
"""


def test_the_schema_breaks_no_client_of_the_recorded_one() -> None:
    recorded = build_schema(changes.RECORDED.read_text())
    assert changes.breaking(recorded, changes.present()) == [], (
        "add beside the old and deprecate it, with a date"
    )


def test_the_changelog_tells_every_change_since_the_recorded_schema() -> None:
    recorded = build_schema(changes.RECORDED.read_text())
    assert changes.unreleased(recorded, changes.present()) in changes.CHANGELOG.read_text(), (
        "run: python -m isthmus_graphql.changes"
    )


BREAKING = {
    "a field goes": OLD.replace(" eta: String", ""),
    "a field may be null": OLD.replace("reference: String! eta", "reference: String eta"),
    "an argument is needed": OLD.replace("reference: String!)", "reference: String!, owner: ID!)"),
    "an input is needed": OLD.replace("input Draft {", "input Draft { owner: ID!"),
    "a value goes": OLD.replace(" SAILED", ""),
    "a type goes": OLD.replace("enum Status { BOOKED SAILED }", ""),
}


@pytest.mark.parametrize("new", BREAKING.values(), ids=BREAKING.keys())
def test_what_breaks_a_client_is_found(new: str) -> None:
    old = build_schema(OLD)
    assert len(changes.breaking(old, build_schema(new))) == 1
    assert changes.lines(old, build_schema(new))[0].startswith("- **Breaking**: ")
    assert changes.breaking(old, build_schema(OLD)) == []


def test_additions_and_deprecations_are_told_and_break_nothing() -> None:
    new = OLD.replace(
        "eta: String", 'eta: String @deprecated(reason: "2027-06-01: see arrival") arrival: String'
    )
    told = changes.lines(build_schema(OLD), build_schema(new.replace("SAILED", "SAILED ARRIVED")))
    assert told == [
        "- Take care: ARRIVED was added to enum type Status.",
        "- Added: `Shipment.arrival`",
        "- Deprecated: `Shipment.eta`: 2027-06-01: see arrival",
    ]


def test_a_section_takes_the_place_of_the_first_and_leaves_the_others() -> None:
    before = "# Changes\n\n## Unreleased\n\nold\n\n## 0.1\n\n- first\n"
    after = changes.written(before, "## Unreleased\n\nnew\n")
    assert after == "# Changes\n\n## Unreleased\n\nnew\n\n## 0.1\n\n- first\n"


def test_a_deprecation_carries_the_date_from_which_it_may_go() -> None:
    dateless = [
        f"{name}.{field_name}"
        for name, kind in build().type_map.items()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
        for field_name, field in kind.fields.items()
        if field.deprecation_reason and not re.search(r"\d{4}-\d\d-\d\d", field.deprecation_reason)
    ]
    assert dateless == []
