"""Title: who holds the electronic bill of lading, the steps that led there, and what keeps it where it is."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.grants import shipment_of
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime
from isthmus_platform import parties, title
from isthmus_platform.database import Work
from isthmus_platform.shipments import Shipment
from isthmus_platform.title import reading
from isthmus_platform.title.records import TitleRecord, TitleStep

PHASES = {
    title.Phase.HELD: "Its holder has exclusive control.",
    title.Phase.DELIVERY_REQUESTED: "Surrendered for delivery; its issuer has it and accepts or rejects.",
    title.Phase.AMENDMENT_REQUESTED: "Surrendered for amendment; its issuer has it and accepts or rejects.",
    title.Phase.SURRENDERED: "Accepted for delivery: its life is complete.",
    title.Phase.VOID: "Amended: another takes its place.",
    title.Phase.PAPER: "Switched to paper; it may come back as another that names it.",
}
ACTIONS = {
    title.Action.ISSUE: "It is issued to its first holder.",
    title.Action.TRANSFER: "Possession passes to the recipient.",
    title.Action.ENDORSE: "Made out to the recipient, who endorses it no further.",
    title.Action.ENDORSE_TO_ORDER: "Made out to the order of the recipient, who may endorse it further.",
    title.Action.BLANK_ENDORSE: "Made out to nobody: whoever has it may claim the goods.",
    title.Action.SIGN: "Its holder marks its possession.",
    title.Action.SURRENDER_FOR_DELIVERY: "Given back to the issuer for the goods.",
    title.Action.SURRENDER_FOR_AMENDMENT: "Given back to the issuer to be amended, or for paper.",
    title.Action.SACC: "The issuer accepts a surrender.",
    title.Action.SREJ: "The issuer rejects a surrender: whoever made it has it back.",
}
FORMS = {
    title.Form.NEGOTIABLE: "To order: the rights pass by endorsement.",
    title.Form.STRAIGHT: "The rights stay with the consignee named at issue.",
}
KINDS = {
    title.Kind.BILL_OF_LADING: "Issued by the shipment's carrier.",
    title.Kind.WAREHOUSE_RECEIPT: "Issued by the shipment's forwarder, which stores the goods.",
}
REASONS = {
    title.Reason.SWTP: "Switch to paper.",
    title.Reason.COD: "Change of destination.",
    title.Reason.SWI: "Switch bill of lading.",
}

TitleState = graphene.Enum.from_enum(
    title.Phase,
    name="TitleState",
    description=lambda value: PHASES[value] if value else "Where a title stands in its life.",
)
TitleAction = graphene.Enum.from_enum(
    title.Action,
    name="TitleAction",
    description=lambda value: ACTIONS[value] if value else "What a step does (DCSA action codes).",
)
TitleForm = graphene.Enum.from_enum(
    title.Form,
    name="TitleForm",
    description=lambda value: FORMS[value] if value else "Whether a title can be endorsed.",
)
TitleKind = graphene.Enum.from_enum(
    title.Kind,
    name="TitleKind",
    description=lambda value: KINDS[value] if value else "What is transferable.",
)
TitleReason = graphene.Enum.from_enum(
    title.Reason,
    name="TitleReason",
    description=lambda value: REASONS[value] if value else "Why it is amended (DCSA reason codes).",
)


class TitleHindrance(graphene.ObjectType):
    """A lien or a customs hold that stands on a title."""

    kind = graphene.String(required=True, description="`LIEN` or `HOLD`.")
    by = graphene.String(description="The party that can clear it; null where you are not told.")
    since = DateTime(required=True, description="Since when, in UTC.")
    reason = graphene.String(description="Why; null where you are not told.")


class TitleStepEntry(graphene.ObjectType):
    """A step of a title."""

    sequence = graphene.Int(required=True, description="From 1, the issue.")
    action = graphene.Field(TitleAction, required=True, description="What it did.")
    reason = graphene.Field(TitleReason, description="Why it was surrendered for amendment.")
    actor = graphene.Field(Party, required=True, description="Who made and signed it.")
    recipient = graphene.Field(Party, description="To whom; null where it has no recipient.")
    at = DateTime(required=True, description="When, in UTC.")
    digest = graphene.String(required=True, description="By which the next step names it.")

    @staticmethod
    def resolve_actor(step: TitleStep, info: Info) -> parties.Party | None:
        """Return who made it."""
        return party_of(info.context, step.actor_id)

    @staticmethod
    def resolve_recipient(step: TitleStep, info: Info) -> parties.Party | None:
        """Return to whom."""
        return party_of(info.context, step.recipient_id)


def _standing(record: TitleRecord, info: Info) -> title.Standing:
    context = info.context

    def read(ids: Sequence[UUID]) -> dict[UUID, title.Standing]:
        return reading.standings(context.reading, context.loader.kept("title", ids) or [record])

    found = context.loader.load("title", record.id, "standing", read)
    assert found is not None, "a title that was read has a standing"  # noqa: S101
    return found


class Title(graphene.ObjectType):
    """A bill of lading, or a warehouse receipt, as a transferable record: one holder at any time."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (TitleRecord,)

    number = graphene.String(required=True, description="Of the bill of lading, or the receipt.")
    kind = graphene.Field(TitleKind, required=True, description="What it is.")
    version = graphene.Int(required=True, description="From 1, counted over those of the same number.")
    document_digest = graphene.String(required=True, description="SHA-256 of the document's file.")
    form = graphene.Field(TitleForm, required=True, description="Whether it can be endorsed.")
    state = graphene.Field(TitleState, required=True, description="Where it stands.")
    shipment = graphene.Field(
        "isthmus_graphql.shipments.Shipment", description="The shipment, if you may see it."
    )
    issuer = graphene.Field(Party, required=True, description="The carrier, or forwarder, that issued it.")
    holder = graphene.Field(Party, description="Who has control now; null where you are not told.")
    named = graphene.Field(
        Party, description="Whom it is made out to; null in blank, and where you are not told."
    )
    hindrances = graphene.List(
        graphene.NonNull(TitleHindrance), required=True, description="What keeps it where it is."
    )
    steps = graphene.List(
        graphene.NonNull(TitleStepEntry),
        required=True,
        description="Its steps in order: all for its holder and issuer, for others those they had part in.",
    )
    issued_at = DateTime(required=True, description="When it was issued, in UTC.")
    since = DateTime(required=True, description="When the last step was made, in UTC.")
    file_url = graphene.String(
        description="The file that proves it offline, for its holder and its issuer; null for others."
    )

    @staticmethod
    def resolve_state(record: TitleRecord, _info: Info) -> title.Phase:
        """Return where it stands."""
        return title.Phase(record.phase)

    @staticmethod
    def resolve_kind(record: TitleRecord, _info: Info) -> title.Kind:
        """Return what it is."""
        return title.Kind(record.kind)

    @staticmethod
    def resolve_form(record: TitleRecord, _info: Info) -> title.Form:
        """Return its form."""
        return title.Form(record.form)

    @staticmethod
    def resolve_shipment(record: TitleRecord, info: Info) -> Shipment | None:
        """Return the shipment."""
        return shipment_of(info.context, record.shipment_id)

    @staticmethod
    def resolve_issuer(record: TitleRecord, info: Info) -> parties.Party | None:
        """Return the issuer."""
        return party_of(info.context, record.issuer_id)

    @staticmethod
    def resolve_holder(record: TitleRecord, info: Info) -> parties.Party | None:
        """Return the holder."""
        return party_of(info.context, _standing(record, info).holder)

    @staticmethod
    def resolve_named(record: TitleRecord, info: Info) -> parties.Party | None:
        """Return whom it is made out to."""
        return party_of(info.context, _standing(record, info).named)

    @staticmethod
    def resolve_hindrances(record: TitleRecord, info: Info) -> Sequence[title.Block]:
        """Return what stands on it."""
        return _standing(record, info).blocks

    @staticmethod
    def resolve_steps(record: TitleRecord, info: Info) -> Sequence[TitleStep]:
        """Return the steps."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[TitleStep]]:
            found = reading.steps(context.reading, ids)
            about = [
                one for rows in found.values() for row in rows for one in (row.actor_id, row.recipient_id)
            ]
            context.loader.together("party", about)
            return found

        return context.loader.load("title", record.id, "steps", read) or []

    @staticmethod
    def resolve_since(record: TitleRecord, _info: Info) -> Any:
        """Return when the last step was made."""
        return record.stepped_at

    @staticmethod
    def resolve_file_url(record: TitleRecord, info: Info) -> str | None:
        """Return where the file is."""
        if info.context.actor.party_id not in (record.issuer_id, record.possessor_id):
            return None
        return f"/titles/{record.id}/file"


TitleConnection = connection(Title)


def _keep(context: Context, rows: Sequence[TitleRecord]) -> None:
    context.loader.keep("title", rows)
    about = [one for row in rows for one in (row.issuer_id, row.possessor_id, row.named_id)]
    context.loader.together("party", about)
    context.loader.together("shipment reference", (row.shipment_id for row in rows))


def one_title(context: Context, work: Work, title_id: UUID) -> TitleRecord:
    """Return a title that the actor sees; raise NotFound."""
    found = reading.get(work, title_id)
    _keep(context, [found])
    return found


class TitleQuery(graphene.ObjectType):
    """Reading titles."""

    title = nodes.one_by_id(Title, "The title with this id; null where there is none that you may see.")
    titles = listed(TitleConnection, "Titles that you issued, hold or held, or may see, newest first.")

    @staticmethod
    def resolve_titles(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[TitleRecord]:
        """Return a page of titles."""
        asked = paging(info, "title", first, after)
        rows = reading.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        _keep(info.context, rows)
        return asked.page(rows)


nodes.readable("Title", lambda context, key: one_title(context, context.reading, key))
