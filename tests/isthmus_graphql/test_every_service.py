"""Nobody learns of, or changes, a thing of any service's through any argument that takes its id.

What every service makes is there; ``curious`` has every private role and no part in any of it.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type
from graphql_relay import from_global_id, to_global_id

from changes_by_id import CHANGES
from every_service import SCHEMA, EveryService
from graphql_client import Asker
from same_work import listening

pytestmark = pytest.mark.xdist_group("every-service")

# What everybody may see.
OPEN = {"Party", "GateSlot", "ScreeningList"}
# The kinds that an argument of a change may name, where its name is not the kind's.
KINDS: dict[str, tuple[str, ...]] = {
    "rule": ("ExaminationRule", "RiskRule"),
    "amendment": ("CreditAmendment",),
    "client": ("ApiClient",),
    "dispute": ("FinancingDispute",),
    "delivery": ("WebhookDelivery",),
    "documents": ("Document",),
    "replaces": ("Title",),
    "consent": ("ReleaseConsent",),
    "release": ("CargoRelease",),
    "hold": ("ReleaseHold",),
    "order": ("DeliveryOrder",),
    "cover": ("OpenCover",),
    "quote": ("InsuranceQuote", "FreightQuote"),
    "declaration": ("CoverDeclaration",),
    "claim": ("InsuranceClaim",),
    "request": ("FreightRequest",),
    "hit": ("ScreeningHit",),
    "slot": (),  # open to all: closing one is its terminal's alone, test_gate
    "appointment": ("TruckAppointment",),
    "proof": ("DeliveryProof",),
    "finding": ("RiskFinding",),
    "notice": ("RiskNotice",),
    "offer": ("ReceivableOffer",),
}
NOTHING = to_global_id("Document", str(uuid4()))
AT_ONCE = 20  # fields at the root of one document
assert SCHEMA.query_type is not None
assert SCHEMA.mutation_type is not None
QUERY: GraphQLObjectType = SCHEMA.query_type
CHANGE: GraphQLObjectType = SCHEMA.mutation_type


def absent(given: str) -> str:
    return to_global_id(from_global_id(given).type, str(uuid4()))


def by_id(given: str) -> Iterator[str]:
    """Yield a field of the query type for each argument, or member of one, that takes an id."""
    for name, field in QUERY.fields.items():
        for argument, each in field.args.items():
            kind = get_named_type(each.type)
            shown = "{ edges { cursor } }" if "first" in field.args else "{ __typename }"
            if kind.name == "ID":
                yield f'{name}({argument}: "{given}") {shown}'
            elif isinstance(kind, GraphQLInputObjectType):
                for member, inner in kind.fields.items():
                    if get_named_type(inner.type).name == "ID":
                        yield f'{name}({argument}: {{{member}: "{given}"}}) {shown}'


def asked(asker: Asker, fields: list[str]) -> dict[str, Any]:
    """Return what is told of each field, errors with their codes, a few at once."""
    told: dict[str, Any] = {}
    for first in range(0, len(fields), AT_ONCE):
        part = enumerate(fields[first : first + AT_ONCE], first)
        body = asker.ask("{ " + " ".join(f"n{number}: {field}" for number, field in part) + " }")
        told |= body["data"] or {}
        for error in body.get("errors", []):
            told[error["path"][0]] = (error["extensions"]["code"], error["message"])
    return told


def test_every_kind_is_made_and_somebody_sees_it_and_not_everybody(world: EveryService) -> None:
    assert {kind for kind, ids in world.ids.items() if not ids} == set(), "let every_service make one"
    first = {kind: ids[-1] for kind, ids in world.ids.items()}
    nodes = [f'node(id: "{given}") {{ id }}' for given in first.values()]
    none = [f'node(id: "{absent(given)}") {{ id }}' for given in first.values()]
    seen: dict[str, set[str]] = {kind: set() for kind in first}
    for name, asker in world.askers.items():
        told, of_nothing = asked(asker, nodes), asked(asker, none)
        for (kind, given), place in zip(first.items(), told, strict=True):
            if told[place] == {"id": given}:
                seen[kind].add(name)
            else:
                assert told[place] == of_nothing[place], (name, kind)
    assert {kind for kind, names in seen.items() if "curious" in names} == OPEN
    assert {kind for kind, names in seen.items() if not names} == set(), "somebody sees it"


def test_no_argument_of_a_query_tells_a_stranger_of_a_thing(world: EveryService) -> None:
    for kind, ids in world.ids.items():
        if kind not in OPEN:
            told = asked(world["curious"], list(by_id(ids[-1])))
            assert told == asked(world["curious"], list(by_id(absent(ids[-1])))), kind
            assert len(told) >= 20


def named() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield each change with each argument of it that takes an id, and the kinds that this names."""
    for mutation in CHANGES:
        given = get_named_type(CHANGE.fields[mutation].args["input"].type)
        assert isinstance(given, GraphQLInputObjectType)
        for place, each in given.fields.items():
            if get_named_type(each.type).name == "ID":
                yield mutation, place, KINDS.get(place, (place[0].upper() + place[1:],))


def test_no_change_takes_a_stranger_to_a_thing_of_any_service(world: EveryService) -> None:
    """By the right kind of id: neither answer nor work tells it from the id of nothing."""
    curious = world["curious"]
    for mutation, place, kinds in named():
        given = get_named_type(CHANGE.fields[mutation].args["input"].type)
        ids = {n: e.type for n, e in given.fields.items() if get_named_type(e.type).name == "ID"}
        needed = {
            name: to_global_id("Document", str(uuid4())) for name in ids if str(ids[name]).endswith("!")
        }
        for kind in kinds:
            answers, work = [], []
            for each in (world.ids[kind][-1], absent(world.ids[kind][-1])):
                said = [each] if str(ids[place]).startswith("[") else each
                with listening(world.platform) as sent:
                    answers.append(
                        curious.change(mutation, "__typename", **CHANGES[mutation] | needed | {place: said})
                    )
                work.append(sent)
            assert [each["code"] for each in answers[0]["userErrors"]] == ["not_found"], (mutation, place)
            assert answers[0] == answers[1], (mutation, place, kind)
            assert work[0] == work[1], (mutation, place, kind)
