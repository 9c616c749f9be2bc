"""Subscriptions: changes of shipments as they happen, each read anew as the party that follows them."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import graphene
from sqlalchemy import ColumnElement

from isthmus_graphql import pagination
from isthmus_graphql.context import Info
from isthmus_graphql.scalars import JSON, DateTime
from isthmus_graphql.shipments import Shipment
from isthmus_platform import changes, shipments
from isthmus_platform.changes import Change, Position
from isthmus_platform.database import Work

CURSOR = "change"
AFTER = (
    "The cursor of the last change you have: what came since is told first, as far as it is kept (14 days)."
)


@dataclass(frozen=True)
class Following:
    """What a subscription follows, and from where: one shipment, or all that are seen."""

    position: Position
    shipment_id: UUID | None = None

    @property
    def condition(self) -> ColumnElement[bool]:
        """Which changes are meant."""
        if self.shipment_id is None:
            return Change.shipment_id.is_not(None)
        return Change.shipment_id == self.shipment_id

    def behind(self, party_id: UUID, last: str) -> "Following":
        """Return the same from behind the party's cursor ``last``; raise InvalidInput for what is none."""
        return replace(self, position=_place(party_id, last) or self.position)

    def check(self, work: Work) -> None:
        """Raise NotFound when the one shipment that is followed is not seen any more."""
        if self.shipment_id is not None:
            shipments.get(work, self.shipment_id)


def cursor(party_id: UUID, change: Change) -> str:
    """Return the opaque cursor of a change's place in the order of changes, for a party."""
    return pagination.cursor(party_id, CURSOR, change.transaction, change.sequence)


def _from(work: Work, after: str | None) -> Position:
    return _place(work.actor.party_id, after) or changes.now(work)


def _place(party_id: UUID, after: str | None) -> Position | None:
    found = pagination.place(party_id, CURSOR, after, int, int)
    if found is None:
        return None
    transaction, sequence = (min(max(number, 0), changes.LAST) for number in found)
    return Position(transaction, sequence)


class ShipmentChange(graphene.ObjectType):
    """One change of a shipment."""

    kind = graphene.String(required=True, description="What changed, such as `shipment.status_changed`.")
    at = DateTime(required=True, description="When it was noted, in UTC.")
    about = JSON(required=True, description="Codes and values of that moment, as webhooks tell them.")
    cursor = graphene.String(required=True, description="Its place; give it as `after` to go on behind it.")
    shipment = graphene.Field(Shipment, required=True, description="The shipment as it is now.")

    @staticmethod
    def resolve_cursor(change: Change, info: Info) -> str:
        """Return its place."""
        return cursor(info.context.actor.party_id, change)

    @staticmethod
    def resolve_shipment(change: Change, info: Info) -> shipments.Shipment:
        """Return the shipment, if it is still seen."""
        assert change.shipment_id is not None  # noqa: S101 (only such changes are followed)
        found = shipments.get(info.context.reading, change.shipment_id)
        info.context.loader.keep("shipment", [found])
        return found


class Subscription(graphene.ObjectType):
    """Being told of changes as they happen, over server-sent events; what you may not see is not told."""

    shipment_changed = graphene.Field(
        ShipmentChange,
        required=True,
        description="Every change of one shipment; ends when you may not see it any more.",
        reference=graphene.String(required=True, description="Its reference."),
        after=graphene.String(description=AFTER),
    )
    shipments_changed = graphene.Field(
        ShipmentChange,
        required=True,
        description="Every change of any shipment that you see.",
        after=graphene.String(description=AFTER),
    )

    @staticmethod
    def resolve_shipment_changed(change: Change, _info: Info, **_: Any) -> Change:
        """Return what changed."""
        return change

    @staticmethod
    def resolve_shipments_changed(change: Change, _info: Info, **_: Any) -> Change:
        """Return what changed."""
        return change

    @staticmethod
    def subscribe_shipment_changed(
        _root: Any, info: Info, reference: str, after: str | None = None
    ) -> Following:
        """Follow one shipment."""
        work = info.context.reading
        return Following(_from(work, after), shipments.by_reference(work, reference).id)

    @staticmethod
    def subscribe_shipments_changed(_root: Any, info: Info, after: str | None = None) -> Following:
        """Follow all shipments."""
        return Following(_from(info.context.reading, after))
