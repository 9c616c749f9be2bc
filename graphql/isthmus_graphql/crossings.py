"""Crossings: what went over the bridge, what was refused, and asking the window.

A party reads the platform's record of its own crossings. An authority reads the bridge's own log, each
exchange by the decision that stands there for it, so that the platform can hide nothing from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import log_reading, nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.grants import GrantPurpose, shipment_of
from isthmus_graphql.log_reading import Logged
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.parties import party_of
from isthmus_graphql.scalars import JSON, DateTime, Long
from isthmus_platform import crossings, shipments, window_queries
from isthmus_platform.crossings import Crossing as Row
from isthmus_platform.crossings.records import of_shipments as rows_of_shipments
from isthmus_platform.database import PartyRole, Work
from isthmus_platform.window_queries import Asks


@dataclass(frozen=True)
class AgreementVersion:
    """The agreement a decision stands on."""

    id: str
    version: int


class Agreement(graphene.ObjectType):
    """The agreement under which something may cross, signed by operator and authority."""

    id = graphene.String(required=True, description="The agreement's own id; it is no global id.")
    version = graphene.Int(required=True, description="Its version.")


class WindowAnswer(graphene.ObjectType):
    """What the single window answered to a bank's question, and all that it answered."""

    exists = graphene.Boolean(required=True, description="Whether there is a declaration.")
    released = graphene.Boolean(required=True, description="Whether customs released the goods.")


class WindowQuestion(graphene.ObjectType):
    """A question of yes or no about a field that is never shown."""

    field = graphene.String(required=True, description="What it is about: `/declaredValueMinor`.")
    predicate = graphene.String(required=True, description="One of the agreement's predicates: `atLeast`.")
    parameter = JSON(description="What the value is compared with.")
    holds = graphene.Boolean(description="The window's yes or no; null until it came.")


class Crossing(graphene.ObjectType):
    """One exchange over the bridge, or an attempt that was refused."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (Row, Logged)

    exchange = graphene.String(description="The bridge's id of it; null until the bridge has decided.")
    direction = graphene.String(required=True, description="TO_WINDOW or FROM_WINDOW.")
    message = graphene.String(required=True, description="What kind of message: `EXPORT_DECLARATION` ...")
    purpose = graphene.String(required=True, description="What for, as the agreement says.")
    legal_basis = graphene.String(description="Citation of the law that the agreement stands on.")
    party = graphene.String(description="The name of the party for whom it crosses.")
    owner = graphene.String(description="The name of the party whose data it is.")
    state = graphene.String(
        required=True,
        description="REQUESTED, AGREED, SENT, DELIVERED, ACKNOWLEDGED, REFUSED, FAILED or TERMINATED; to an"
        " authority the state at this entry of the log.",
    )
    decision = graphene.String(description="PERMITTED or REFUSED; null until the bridge has decided.")
    reason = graphene.String(description="Why it was refused or failed: `FIELD_NOT_PERMITTED` ...")
    field = graphene.String(description="The field it was refused for, as a path: `/invoice/bankAccount`.")
    fields = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Paths of the fields that crossed."
    )
    agreement = graphene.Field(Agreement, description="The agreement it was decided by.")
    answer = graphene.Field(WindowAnswer, description="The window's answer to a question, once it came.")
    asked = graphene.List(
        graphene.NonNull(WindowQuestion),
        required=True,
        description="The questions of yes or no that were put beside, with the answers.",
    )
    log_index = Long(description="Where the decision stands in the bridge's log, from 0.")
    at = DateTime(
        required=True, description="When it was asked for; to an authority, when it was decided. UTC."
    )
    evidence_url = graphene.String(
        description="Where its evidence bundle is, relative to this server; bearer token."
    )
    shipment = graphene.Field(
        "isthmus_graphql.shipments.Shipment", description="The shipment it is about, if you may see it."
    )

    @staticmethod
    def resolve_party(row: Row | Logged, info: Info) -> str | None:
        """Return the party's name."""
        return row.party if isinstance(row, Logged) else _name(info.context, row.requester_id)

    @staticmethod
    def resolve_owner(row: Row | Logged, info: Info) -> str | None:
        """Return the owner's name."""
        return row.owner if isinstance(row, Logged) else _name(info.context, row.party_id)

    @staticmethod
    def resolve_legal_basis(row: Row | Logged, info: Info) -> str | None:
        """Return the citation."""
        return log_reading.legal_basis(info.context, row) if isinstance(row, Logged) else row.legal_basis

    @staticmethod
    def resolve_agreement(row: Row | Logged, _info: Info) -> AgreementVersion | None:
        """Put id and version together."""
        if row.agreement_id is None or row.agreement_version is None:
            return None
        return AgreementVersion(row.agreement_id, row.agreement_version)

    @staticmethod
    def resolve_answer(row: Row | Logged, _info: Info) -> dict[str, Any] | None:
        """Return the answer."""
        return None if isinstance(row, Logged) else row.answer

    @staticmethod
    def resolve_asked(row: Row | Logged, _info: Info) -> list[crossings.Question]:
        """Return the questions."""
        return [] if isinstance(row, Logged) else crossings.questions(row)

    @staticmethod
    def resolve_at(row: Row | Logged, _info: Info) -> datetime:
        """Return the time."""
        return row.at if isinstance(row, Logged) else row.created_at

    @staticmethod
    def resolve_evidence_url(row: Row | Logged, _info: Info) -> str | None:
        """Return the path of the bundle."""
        return None if row.exchange is None else f"/crossings/{row.exchange}/evidence"

    @staticmethod
    def resolve_shipment(row: Row | Logged, info: Info) -> shipments.Shipment | None:
        """Return the shipment."""
        return None if isinstance(row, Logged) else shipment_of(info.context, row.shipment_id)


CrossingConnection = connection(Crossing)

CrossingDecision = graphene.Enum(
    "CrossingDecision",
    [("PERMITTED", "PERMITTED"), ("REFUSED", "REFUSED")],
    description=lambda value: (
        "What the bridge decided."
        if value is None
        else {"PERMITTED": "It may cross.", "REFUSED": "It may not."}[value.value]
    ),
)


class CrossingFilter(graphene.InputObjectType):
    """Which crossings; all that is given must hold."""

    decision = CrossingDecision(description="What the bridge decided.")
    message = graphene.String(description="The kind of message, exactly.")


def _name(context: Context, party_id: UUID) -> str | None:
    party = party_of(context, party_id)
    return None if party is None else party.name


def keep_crossings(context: Context, rows: Sequence[Row]) -> None:
    """Note that these crossings were read together."""
    context.loader.together("party", [one for row in rows for one in (row.requester_id, row.party_id)])
    context.loader.together("shipment reference", (row.shipment_id for row in rows))


def of_shipments(context: Context, shipment_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """Return each shipment's crossings, newest first."""
    found = rows_of_shipments(context.reading, shipment_ids)
    keep_crossings(context, [row for rows in found.values() for row in rows])
    return found


def one(context: Context, work: Work, crossing_id: UUID) -> Row:
    """Return a crossing of the actor's, or raise :class:`NotFound`."""
    found = crossings.get(work, crossing_id)
    keep_crossings(context, [found])
    return found


def _read(context: Context, key: UUID) -> Row | Logged:
    if PartyRole.AUTHORITY in context.actor.roles:
        return log_reading.one(context, key)
    return one(context, context.reading, key)


class CrossingQuery(graphene.ObjectType):
    """Reading crossings."""

    crossing = nodes.one_by_id(Crossing, "A crossing; null where there is none that you may see.")
    crossings = listed(
        CrossingConnection,
        "Your crossings; to an authority every decision in the bridge's log. Newest first.",
        filter=graphene.Argument(CrossingFilter, description="Which ones; all by default."),
    )

    @staticmethod
    def resolve_crossings(
        _root: Any,
        info: Info,
        first: int | None,
        after: str | None = None,
        filter: Any | None = None,  # noqa: A002 (the argument's name in the schema)
    ) -> Page[Any]:
        """Return a page of crossings."""
        context = info.context
        decision = filter.decision.value if filter and filter.decision else None
        message = filter.message if filter else None
        if PartyRole.AUTHORITY in context.actor.roles:
            asked = paging(info, "log", first, after)
            return log_reading.page_of(context, asked, decision, message)
        asked = paging(info, "crossing", first, after)
        rows = crossings.page(
            context.reading,
            decision=decision,
            message=message,
            after=asked.behind,
            first=asked.count + 1,
        )
        keep_crossings(context, rows)
        return asked.page(rows)


class WindowQuestionInput(graphene.InputObjectType):
    """A question of yes or no, with a predicate that the agreement on the answer lists."""

    field = graphene.String(required=True, description="What it is about: `/declaredValueMinor`.")
    predicate = graphene.String(required=True, description="The predicate's name: `atLeast`.")
    parameter = JSON(
        description="What the value is compared with: text, a whole number, true or false; an array of them"
        " for a predicate that takes several; none for one that asks whether there is a value."
    )


class AskWindowInput(Change):
    """What is asked, about which consignment, for what."""

    ucr = graphene.String(required=True, description="The consignment's unique reference.")
    purpose = GrantPurpose(
        required=True, description="What the answer is for; the owner's grant must say so."
    )
    asks = graphene.List(
        graphene.NonNull(WindowQuestionInput),
        description="Beside: at most one question of yes or no about each field. Their number is bounded.",
    )


class AskWindowPayload(Changed):
    """The crossing that carries the question, or why there is none."""

    crossing = graphene.Field(Crossing, description="Decided and answered soon: ask for it again.")


def ask_window(_root: Any, info: Info, input: Any) -> AskWindowPayload:  # noqa: A002
    """Ask the single window whether a declaration exists and is released."""
    purpose, asks = input.purpose.value, input.get("asks")
    # Before the transaction, which must not wait for the bridge.
    by = window_queries.agreed(info.context.bridge, purpose) if asks else None

    def write(work: Work) -> dict[str, Any]:
        asked = window_queries.ask_window(work, input.ucr, purpose, Asks(asks or (), by))
        return {"crossing": str(asked.id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"crossing": one(info.context, work, UUID(ids["crossing"]))}

    return perform(AskWindowPayload, info, input, Operation("askWindow", write, answer))


class CrossingMutation(graphene.ObjectType):
    """Asking the single window."""

    ask_window = change(
        AskWindowPayload,
        AskWindowInput,
        ask_window,
        "Ask the single window whether a declaration exists and is released, by its owner's grant.",
    )


nodes.readable("Crossing", _read)
