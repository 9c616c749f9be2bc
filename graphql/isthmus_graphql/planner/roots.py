"""The fields of the root that are planned: lists, and single things by reference or global id.

What writes (``document`` tells its owner that it was looked at) and what asks others (an authority's
``crossings`` are the bridge's log) is left to the ordinary executor.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from isthmus_graphql.identity import key_of, kind_and_key
from isthmus_graphql.planner.selection import Argument
from isthmus_graphql.planner.statements import Binding, Condition, Given
from isthmus_graphql.planner.terms import Paged
from isthmus_graphql.planner.values import uncovered
from isthmus_platform import places
from isthmus_platform.database import Actor, PartyRole

Arguments = Mapping[str, Argument]
Admits = Callable[[Actor], bool]


def anybody(_actor: Actor) -> bool:
    """Admit every actor."""
    return True


def no_authority(actor: Actor) -> bool:
    """Admit all but authorities, who read the bridge's log instead of the platform's table."""
    return PartyRole.AUTHORITY not in actor.roles


def everything(_arguments: Arguments) -> list[Condition]:
    """Narrow nothing."""
    return []


@dataclass(frozen=True)
class Listed:
    """A list of the root: its pages, what narrows it, and the filter's members that name a party."""

    paged: Paged
    narrowed: Callable[[Arguments], list[Condition]] = everything
    naming: frozenset[str] = frozenset()
    admits: Admits = anybody

    def unnamed(self, arguments: Arguments) -> bool:
        """Tell whether an empty list may mean that no party has the name that was given."""
        return bool(self.naming) and not self.naming.isdisjoint(arguments["filter"].members)


@dataclass(frozen=True)
class Found:
    """Where one thing is; ``sole`` where more than one that is not the actor's own is an error."""

    kind: str
    conditions: tuple[Condition, ...]
    order: tuple[str, ...] = ()
    sole: bool = False
    admits: Admits = anybody


@dataclass(frozen=True)
class One:
    """A single thing of the root, found by its arguments."""

    found: Callable[[Arguments], Found]


@dataclass(frozen=True)
class Viewer:
    """Who asks."""


ACTING_PARTY = Found("Party", (Condition("{t}.id = acting_party()"),))


def _tracked(condition: str) -> str:
    """Return what holds of a shipment that stands so; its owner is said again, for the index by owners."""
    return (
        "EXISTS (SELECT FROM shipment_tracking WHERE shipment_tracking.shipment_id = {t}.id"
        " AND shipment_tracking.party_id = {t}.party_id AND shipment_tracking." + condition + ")"
    )


SHIPMENT_FILTER = {
    "reference": "{t}.reference = {0}",
    "ucr": "{t}.ucr = {0}",
    "booking_reference": "{t}.booking_reference = {0}",
    "bill_of_lading": "{t}.bill_of_lading = {0}",
    "equipment_reference": "EXISTS (SELECT FROM equipment"
    " WHERE equipment.shipment_id = {t}.id AND equipment.reference = {0})",
    "origin": "{t}.origin = {0}",
    "destination": "{t}.destination = {0}",
    "owner": "{t}.party_id = (SELECT id FROM party WHERE name = {0})",
    "carrier": "{t}.carrier_id = (SELECT id FROM party WHERE name = {0})",
    "mrn": "{t}.id IN (SELECT shipment_id FROM declaration WHERE mrn = {0})",
    "any_reference": "{t}.id IN (SELECT id FROM shipment WHERE reference = {0}"
    " UNION SELECT id FROM shipment WHERE ucr = {0}"
    " UNION SELECT id FROM shipment WHERE booking_reference = {0}"
    " UNION SELECT id FROM shipment WHERE bill_of_lading = {0}"
    " UNION SELECT shipment_id FROM shipment_leg WHERE booking_reference = {0}"
    " UNION SELECT shipment_id FROM shipment_leg WHERE transport_document = {0}"
    " UNION SELECT shipment_id FROM equipment WHERE reference = {0}"
    " UNION SELECT shipment_id FROM declaration WHERE mrn = {0})",
    "place": "{t}.id IN (SELECT found FROM shipments_at({0}))",
    "status": _tracked("status = {0}"),
    "eta_from": _tracked("eta >= {0}::timestamptz"),
    "eta_until": _tracked("eta < {0}::timestamptz"),
    "exception": "EXISTS (SELECT FROM shipment_exception WHERE shipment_exception.shipment_id = {t}.id"
    " AND shipment_exception.party_id = {t}.party_id AND code = {0} AND until IS NULL)",
}
CROSSING_FILTER = {
    "decision": "CASE WHEN {0} = 'REFUSED' THEN {t}.state = 'REFUSED'"
    " ELSE {t}.log_index IS NOT NULL AND {t}.state <> 'REFUSED' END",
    "message": "{t}.message = {0}",
}


def _filtered(by: Mapping[str, str]) -> Callable[[Arguments], list[Condition]]:
    """Return what narrows a list by the members of its argument ``filter``."""

    def narrowed(arguments: Arguments) -> list[Condition]:
        given = arguments["filter"]
        return [
            Condition(
                by.get(name) or uncovered(f"filter.{name}"), ((_worded(name, given.member(name)), "text"),)
            )
            for name in given.members
        ]

    return narrowed


def _worded(name: str, binding: Binding) -> Binding:
    def word(given: Given) -> str:
        value = binding(given)
        text = str(getattr(value, "value", value))
        return places.find(text).code if name == "place" else text

    return word


def _by_reference(arguments: Arguments) -> Found:
    condition = Condition("{t}.reference = {0}", ((arguments["reference"].binding, "text"),))
    return Found("Shipment", (condition,), ("{t}.party_id = acting_party() DESC", "{t}.id"), sole=True)


NODES: Mapping[str, Admits] = {
    "Crossing": no_authority,
    "Delegation": anybody,
    "Grant": anybody,
    "Party": anybody,
    "Shipment": anybody,
}
"""The types that ``node`` finds by plan, each for whom."""


def _by_id(*kinds: str) -> Callable[[Arguments], Found]:
    def found(arguments: Arguments) -> Found:
        given = arguments["id"]
        kind, _ = kind_and_key(given.now)
        if kind not in kinds:
            uncovered(f"node of {kind}")
        binding = given.binding
        key: Binding = lambda run: key_of(kind, binding(run))  # noqa: E731
        return Found(kind, (Condition("{t}.id = {0}", ((key, "uuid"),)),), admits=NODES[kind])

    return found


ROOTS: Mapping[str, Listed | One | Viewer] = {
    "accessLog": Listed(
        Paged("AccessLogEntry", "access"), lambda _arguments: [Condition("{t}.party_id = acting_party()")]
    ),
    "crossing": One(_by_id("Crossing")),
    "crossings": Listed(Paged("Crossing", "crossing"), _filtered(CROSSING_FILTER), admits=no_authority),
    "delegations": Listed(Paged("Delegation", "delegation")),
    "grants": Listed(Paged("Grant", "grant")),
    "node": One(_by_id(*NODES)),
    "shipment": One(_by_reference),
    "shipments": Listed(
        Paged("Shipment", "shipment"), _filtered(SHIPMENT_FILTER), frozenset({"owner", "carrier"})
    ),
    "viewer": Viewer(),
}
