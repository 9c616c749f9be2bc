"""Hits of the screening with their explanation and history, and the lists that are screened against."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity, nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.grants import shipment_of
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime
from isthmus_platform import parties
from isthmus_platform.screening import lists, reading
from isthmus_platform.screening.index import KINDS
from isthmus_platform.screening.records import ScreeningHit as HitRow
from isthmus_platform.screening.records import ScreeningList as ListRow
from isthmus_platform.screening.records import ScreeningRun as RunRow
from isthmus_platform.screening.records import ScreeningStep as StepRow
from isthmus_platform.screening.states import Action, Decision, State
from isthmus_platform.shipments import Shipment

STATES = {
    State.OPEN: "Nobody has proposed anything.",
    State.PROPOSED: "One person has proposed what becomes of it; another one is to approve.",
    State.RELEASED: "Two people say that it is somebody or something else.",
    State.CONFIRMED: "Two people say that it is what the list means.",
    State.LAPSED: "Nothing matches any more: the entry or the value is gone.",
}
ACTIONS = {
    Action.OPENED: "A value came close enough to an entry.",
    Action.PROPOSED: "A person proposed a decision.",
    Action.RETURNED: "A person sent the proposal back.",
    Action.APPROVED: "Another person approved it.",
    Action.REOPENED: "The entry has changed, or matches again: what was decided is over.",
    Action.LAPSED: "Nothing matched any more.",
}
DECISIONS = {Decision.RELEASE: "It is another one.", Decision.CONFIRM: "It is the one that is listed."}

ScreeningState = graphene.Enum.from_enum(
    State,
    name="ScreeningState",
    description=lambda value: STATES[value] if value else "Where a hit stands.",
)
ScreeningAction = graphene.Enum.from_enum(
    Action,
    name="ScreeningAction",
    description=lambda value: ACTIONS[value] if value else "A step of a hit's history.",
)
ScreeningDecision = graphene.Enum.from_enum(
    Decision,
    name="ScreeningDecision",
    description=lambda value: DECISIONS[value] if value else "What is decided of a hit.",
)


class ScreeningPair(graphene.ObjectType):
    """Two tokens that were held against each other."""

    given = graphene.String(required=True, description="Of the value, in normal form.")
    listed = graphene.String(required=True, description="Of the entry, in normal form.")
    score = graphene.Int(required=True, description="How alike they are, 0 to 100 points.")


class ScreeningDeduction(graphene.ObjectType):
    """What was taken off a score."""

    rule = graphene.String(required=True, description="`country`: both are known, and they differ.")
    points = graphene.Int(required=True, description="How many points.")


class ScreeningExplanation(graphene.ObjectType):
    """How a score came about."""

    kind = graphene.String(required=True, description=f"One of `{'`, `'.join(KINDS)}`.")
    given = graphene.String(required=True, description="What was named.")
    listed = graphene.String(required=True, description="The name or keyword on the list; may be empty.")
    rule = graphene.String(
        required=True,
        description="`tokens`, `joined`, `contained`, `imo`, `hs`, `keyword` or `hs+keyword`.",
    )
    pairs = graphene.List(
        graphene.NonNull(ScreeningPair), required=True, description="What matched what, and how well."
    )
    taken_off = graphene.List(
        graphene.NonNull(ScreeningDeduction), required=True, description="What was taken off the score."
    )
    score = graphene.Int(required=True, description="0 to 100 points.")
    threshold = graphene.Int(
        required=True, description="The least score that is a hit on this list, in points."
    )
    scoring = graphene.String(required=True, description="The version of the rules of scoring.")

    @staticmethod
    def resolve_pairs(said: dict[str, Any], _info: Info) -> list[dict[str, Any]]:
        """Return the pairs."""
        return [dict(zip(("given", "listed", "score"), pair, strict=True)) for pair in said["pairs"]]

    @staticmethod
    def resolve_taken_off(said: dict[str, Any], _info: Info) -> list[dict[str, Any]]:
        """Return what was taken off."""
        return [dict(zip(("rule", "points"), each, strict=True)) for each in said["takenOff"]]


class ScreeningStep(graphene.ObjectType):
    """One step of a hit's history."""

    class Meta:
        possible_types = (StepRow,)

    action = graphene.Field(ScreeningAction, required=True, description="What was done.")
    by = graphene.String(required=True, description="`user:` and an id, or `platform`.")
    decision = graphene.Field(ScreeningDecision, description="What was proposed or approved.")
    reason = graphene.String(description="Why.")
    list_version = graphene.Int(required=True, description="The version of the list at that time.")
    score = graphene.Int(required=True, description="The score at that time, in points.")
    at = DateTime(required=True, description="When, in UTC.")


class ScreeningHit(graphene.ObjectType):
    """Something named that comes close to an entry of a list. It blocks nothing by itself."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (HitRow,)

    state = graphene.Field(ScreeningState, required=True, description="Where it stands.")
    score = graphene.Int(required=True, description="How close it comes, 0 to 100 points.")
    place = graphene.String(required=True, description="Where it was named, as `consignee` or `goods.1`.")
    subject = graphene.String(required=True, description="`MEMBER`, `SHIPMENT` or `DOCUMENT`.")
    shipment = graphene.Field(
        "isthmus_graphql.shipments.Shipment", description="The shipment that it was named in, if any."
    )
    about = graphene.Field(Party, description="The member that it is about, if it is about one.")
    list = graphene.String(required=True, description="The list's name for machines.")
    list_version = graphene.Int(required=True, description="The version that it was last compared with.")
    reference = graphene.String(required=True, description="The entry's reference on the list.")
    explanation = graphene.Field(ScreeningExplanation, required=True, description="How the score came about.")
    decision = graphene.Field(ScreeningDecision, description="What is proposed or decided.")
    reason = graphene.String(description="Why, by who proposed it.")
    proposed_by = graphene.String(description="Who proposed it: `user:` and an id.")
    decided_by = graphene.String(description="Who approved it; never who proposed it.")
    history = graphene.List(
        graphene.NonNull(ScreeningStep), required=True, description="Every step, oldest first."
    )
    opened_at = DateTime(required=True, description="Since when there is this hit, in UTC.")
    changed_at = DateTime(required=True, description="When it last changed, in UTC.")

    @staticmethod
    def resolve_subject(row: HitRow, _info: Info) -> str:
        """Return what kind of thing was screened."""
        return row.kind

    @staticmethod
    def resolve_list(row: HitRow, _info: Info) -> str:
        """Return the list's name."""
        return row.list_code

    @staticmethod
    def resolve_shipment(row: HitRow, info: Info) -> Shipment | None:
        """Return the shipment."""
        return None if row.shipment_id is None else shipment_of(info.context, row.shipment_id)

    @staticmethod
    def resolve_about(row: HitRow, info: Info) -> parties.Party | None:
        """Return the member."""
        return None if row.about_id is None else party_of(info.context, row.about_id)

    @staticmethod
    def resolve_history(row: HitRow, info: Info) -> Sequence[StepRow]:
        """Return the steps, read with those of the whole page."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[StepRow]]:
            return reading.steps(context.reading, ids)

        return context.loader.load("screening hit", row.id, "steps", read) or []


class ScreeningProgress(graphene.ObjectType):
    """How far the screening of everything against a version has come."""

    class Meta:
        possible_types = (RunRow,)

    done = graphene.Int(required=True, description="Members, shipments and documents screened so far.")
    opened = graphene.Int(required=True, description="Hits that were opened or opened again.")
    started_at = DateTime(required=True, description="Since when, in UTC.")
    finished_at = DateTime(description="Until when, in UTC; null while it goes on.")


class ScreeningList(graphene.ObjectType):
    """A version of a list that is screened against, or was, or will be."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (ListRow,)

    list = graphene.String(required=True, description="Its name for machines.")
    version = graphene.Int(required=True, description="Counted from 1.")
    title = graphene.String(required=True, description="Its name for people.")
    sha256 = graphene.String(required=True, description="Of the file that was loaded.")
    entries = graphene.Int(required=True, description="How many.")
    added = graphene.Int(required=True, description="How many the version before did not have.")
    changed = graphene.Int(required=True, description="How many say something else than before.")
    removed = graphene.Int(required=True, description="How many of the version before are gone.")
    effective_from = DateTime(required=True, description="From when it is screened against, in UTC.")
    began_at = DateTime(description="Since when it was or is, in UTC; null before.")
    loaded_by = graphene.String(required=True, description="Who answers for it.")
    loaded_at = DateTime(required=True, description="When it was loaded, in UTC.")
    signature = graphene.String(required=True, description="JWS of the operator's key over all this.")
    progress = graphene.Field(ScreeningProgress, description="For its operator: how far it has come.")

    @staticmethod
    def resolve_list(row: ListRow, _info: Info) -> str:
        """Return its name."""
        return row.code

    @staticmethod
    def resolve_progress(row: ListRow, info: Info) -> RunRow | None:
        """Return how far, read with those of the whole page."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, RunRow]:
            return lists.runs(context.reading, ids)

        return context.loader.load("screening list", row.id, "run", read)


ScreeningHitConnection = connection(ScreeningHit)
ScreeningListConnection = connection(ScreeningList)


def _keep(context: Context, rows: Sequence[HitRow]) -> None:
    context.loader.keep("screening hit", rows)
    context.loader.together("party", [row.about_id for row in rows])
    context.loader.together("shipment reference", [row.shipment_id for row in rows])


def one_hit(context: Context, key: UUID) -> HitRow:
    """Return a hit that the actor reviews; raise NotFound."""
    found = reading.get(context.reading, key)
    _keep(context, [found])
    return found


class ScreeningQuery(graphene.ObjectType):
    """Reading what the screening found, and against what it screens."""

    screening_hit = nodes.one_by_id(ScreeningHit, "The hit with this id; null where there is none of yours.")
    screening_hits = listed(
        ScreeningHitConnection,
        "Hits for your people to review, newest first.",
        states=graphene.List(graphene.NonNull(ScreeningState), description="Only these; all if not given."),
        shipment=graphene.ID(description="Only of this shipment and its documents: a global id."),
    )
    screening_lists = listed(ScreeningListConnection, "Versions of lists, newest first.")

    @staticmethod
    def resolve_screening_hits(
        _root: Any,
        info: Info,
        first: int | None,
        after: str | None = None,
        states: Sequence[Any] | None = None,
        shipment: str | None = None,
    ) -> Page[HitRow]:
        """Return a page of hits."""
        asked = paging(info, "screening-hit", first, after)
        rows = reading.page(
            info.context.reading,
            states=None if states is None else [State(each.value) for each in states],
            shipment_id=None if shipment is None else identity.key_of("Shipment", shipment, "shipment"),
            after=asked.behind,
            first=asked.count + 1,
        )
        _keep(info.context, rows)
        return asked.page(rows)

    @staticmethod
    def resolve_screening_lists(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[ListRow]:
        """Return a page of versions."""
        asked = paging(info, "screening-list", first, after)
        rows = lists.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        info.context.loader.keep("screening list", rows)
        return asked.page(rows)


nodes.readable("ScreeningHit", one_hit)
nodes.readable("ScreeningList", lambda context, key: lists.by_id(context.reading, key))
