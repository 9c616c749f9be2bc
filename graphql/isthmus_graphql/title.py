"""Title: who holds the electronic bill of lading, the steps that led there, and what keeps it where it is."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity, nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.grants import shipment_of
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.pagination import Page, connection, cursor, listed, page, past, size
from isthmus_graphql.papers import desk_of
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime
from isthmus_platform import parties, title
from isthmus_platform.database import Work
from isthmus_platform.shipments import Shipment
from isthmus_platform.title import reading
from isthmus_platform.title.records import TitleRecord, TitleStep, TitleSuspension

PHASES = {
    title.Phase.HELD: "Its holder has exclusive control.",
    title.Phase.DELIVERY_REQUESTED: "Surrendered for delivery; its issuer has it and accepts or rejects.",
    title.Phase.AMENDMENT_REQUESTED: "Surrendered for amendment; its issuer has it and accepts or rejects.",
    title.Phase.SURRENDERED: "Accepted for delivery: its life is complete.",
    title.Phase.VOID: "Amended: another takes its place.",
    title.Phase.PAPER: "Switched to paper; it may come back as another that names it.",
}
ACTIONS = {
    title.Action.ISSUE: "The carrier issues it to its first holder.",
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
    """An electronic bill of lading as a transferable record: one holder at any time."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (TitleRecord,)

    number = graphene.String(required=True, description="Of the bill of lading.")
    version = graphene.Int(required=True, description="From 1, counted over those of the same number.")
    document_digest = graphene.String(required=True, description="SHA-256 of the bill of lading's file.")
    form = graphene.Field(TitleForm, required=True, description="Whether it can be endorsed.")
    state = graphene.Field(TitleState, required=True, description="Where it stands.")
    shipment = graphene.Field(
        "isthmus_graphql.shipments.Shipment", description="The shipment, if you may see it."
    )
    issuer = graphene.Field(Party, required=True, description="The carrier that issued it.")
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


def _one(context: Context, work: Work, title_id: UUID) -> TitleRecord:
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
        count = size(first)
        rows = reading.page(info.context.reading, after=past("title", after), first=count + 1)
        _keep(info.context, rows)
        return page(rows, count, after, lambda row: cursor("title", row.id))


class IssueTitleInput(Change):
    """The bill of lading of a shipment that you carry, and its first holder."""

    shipment = graphene.ID(required=True, description="Global id of the shipment.")
    number = graphene.String(
        required=True, description="Of the bill of lading: 1 to 20 capital letters, digits, `-` and `/`."
    )
    document_digest = graphene.String(
        required=True, description="`sha-256:` and 64 hexadecimal digits, of the bill of lading's file."
    )
    form = TitleForm(required=True, description="Whether it can be endorsed.")
    recipient = graphene.String(required=True, description="Name of its first holder.")
    named = graphene.String(
        description="The consignee of a straight title; of a negotiable one whom it is made out to first."
    )
    replaces = graphene.ID(
        description="The title that it takes the place of: voided by an amendment, or back from paper."
    )


class TakeTitleStepInput(Change):
    """A step on a title that you hold, or your answer to a surrender."""

    title = graphene.ID(required=True, description="Global id of the title.")
    action = TitleAction(required=True, description="What the step does.")
    recipient = graphene.String(
        description="Name of the party it is made to; the issuer's of a surrender is known."
    )
    reason = TitleReason(description="Of a surrender for amendment.")
    comments = graphene.String(description="1 to 255 characters on one line; they are signed too.")


class PlaceTitleLienInput(Change):
    """The title that you hold, and the bank it is pledged to."""

    title = graphene.ID(required=True, description="Global id of the title.")
    in_favour_of = graphene.String(required=True, description="Name of the bank, which alone clears it.")
    reference = graphene.String(required=True, description="Of the financing, 1 to 255 characters.")


class PlaceTitleHoldInput(Change):
    """The consignment whose titles an authority holds, by which law and why."""

    ucr = graphene.String(required=True, description="Unique consignment reference.")
    legal_basis = graphene.String(required=True, description="Citation of the law, 1 to 500 characters.")
    reason = graphene.String(required=True, description="Why, 1 to 255 characters.")


class ReleaseTitleInput(Change):
    """The title on which your lien or your hold stands."""

    title = graphene.ID(required=True, description="Global id of the title.")


class TitlePayload(Changed):
    """The title, or why nothing was changed."""

    title = graphene.Field(Title, description="As it stands.")


class TitlesPayload(Changed):
    """The titles, or why nothing was changed."""

    titles = graphene.List(graphene.NonNull(Title), description="As they stand.")


class SuspendTitleMemberInput(Change):
    """A party, and why it is suspended from the register of titles."""

    party = graphene.String(required=True, description="The party's name.")
    reason = graphene.String(required=True, description="Why, 1 to 255 characters.")


class ReadmitTitleMemberInput(Change):
    """A party that you suspended from the register of titles."""

    party = graphene.String(required=True, description="The party's name.")


class TitleMemberPayload(Changed):
    """Since when, and until when, the party is suspended; or why nothing was changed."""

    suspended_at = DateTime(description="Since when, in UTC.")
    lifted_at = DateTime(description="When it was lifted, in UTC.")


def _answered(info: Info, work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"title": _one(info.context, work, UUID(ids["title"]))}


def issue_title(_root: Any, info: Info, input: Any) -> TitlePayload:  # noqa: A002
    """Issue a title."""

    def write(work: Work) -> dict[str, Any]:
        replaces = input.replaces
        draft = title.IssueDraft(
            identity.key_of("Shipment", input.shipment, "shipment"),
            input.number,
            input.document_digest,
            input.form.value,
            input.recipient,
            input.named,
            None if replaces is None else identity.key_of("Title", replaces, "replaces"),
        )
        return {"title": str(title.issue(work, desk_of(info.context), draft).id)}

    answer = Operation("issueTitle", write, lambda work, ids: _answered(info, work, ids))
    return perform(TitlePayload, info, input, answer)


def take_title_step(_root: Any, info: Info, input: Any) -> TitlePayload:  # noqa: A002
    """Make a step on a title."""

    def write(work: Work) -> dict[str, Any]:
        stepped = title.act(
            work,
            desk_of(info.context),
            identity.key_of("Title", input.title, "title"),
            title.Action(input.action.value),
            recipient=input.recipient,
            reason=None if input.reason is None else input.reason.value,
            comments=input.comments,
        )
        return {"title": str(stepped.id)}

    answer = Operation("takeTitleStep", write, lambda work, ids: _answered(info, work, ids))
    return perform(TitlePayload, info, input, answer)


def place_title_lien(_root: Any, info: Info, input: Any) -> TitlePayload:  # noqa: A002
    """Pledge a title to a bank."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("Title", input.title, "title")
        block = title.place_lien(work, key, input.in_favour_of, reference=input.reference)
        return {"title": str(block.title_id)}

    answer = Operation("placeTitleLien", write, lambda work, ids: _answered(info, work, ids))
    return perform(TitlePayload, info, input, answer)


def place_title_hold(_root: Any, info: Info, input: Any) -> TitlesPayload:  # noqa: A002
    """Hold the titles of a consignment."""

    def write(work: Work) -> dict[str, Any]:
        placed = title.place_hold(work, input.ucr, legal_basis=input.legal_basis, reason=input.reason)
        return {"titles": [str(block.title_id) for block in placed]}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"titles": [_one(info.context, work, UUID(one)) for one in ids["titles"]]}

    return perform(TitlesPayload, info, input, Operation("placeTitleHold", write, answer))


def release_title(_root: Any, info: Info, input: Any) -> TitlePayload:  # noqa: A002
    """Clear one's own lien or hold."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("Title", input.title, "title")
        return {"title": str(title.release_own(work, key).title_id)}

    answer = Operation("releaseTitle", write, lambda work, ids: _answered(info, work, ids))
    return perform(TitlePayload, info, input, answer)


def _member(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    row = work.session.get_one(TitleSuspension, UUID(ids["suspension"]))
    return {"suspended_at": row.suspended_at, "lifted_at": row.lifted_at}


def suspend_title_member(_root: Any, info: Info, input: Any) -> TitleMemberPayload:  # noqa: A002
    """Suspend a party from the register."""

    def write(work: Work) -> dict[str, Any]:
        return {"suspension": str(title.suspend(work, input.party, input.reason).id)}

    return perform(TitleMemberPayload, info, input, Operation("suspendTitleMember", write, _member))


def readmit_title_member(_root: Any, info: Info, input: Any) -> TitleMemberPayload:  # noqa: A002
    """Lift a suspension."""

    def write(work: Work) -> dict[str, Any]:
        return {"suspension": str(title.readmit(work, input.party).id)}

    return perform(TitleMemberPayload, info, input, Operation("readmitTitleMember", write, _member))


class TitleMutation(graphene.ObjectType):
    """Issuing titles, the steps of their life, and what keeps them where they are."""

    issue_title = change(
        TitlePayload, IssueTitleInput, issue_title, "For a carrier: issue a shipment's bill of lading."
    )
    take_title_step = change(
        TitlePayload, TakeTitleStepInput, take_title_step, "Make a step on a title; your party signs it."
    )
    place_title_lien = change(
        TitlePayload, PlaceTitleLienInput, place_title_lien, "Pledge a title that you hold to a bank."
    )
    place_title_hold = change(
        TitlesPayload,
        PlaceTitleHoldInput,
        place_title_hold,
        "For an authority: hold the titles of a consignment.",
    )
    release_title = change(
        TitlePayload, ReleaseTitleInput, release_title, "Clear the lien, or the hold, of your party."
    )
    suspend_title_member = change(
        TitleMemberPayload,
        SuspendTitleMemberInput,
        suspend_title_member,
        "For the operator or an authority: let a party take no part in steps.",
    )
    readmit_title_member = change(
        TitleMemberPayload, ReadmitTitleMemberInput, readmit_title_member, "Lift your suspension of a party."
    )


nodes.readable("Title", lambda context, key: _one(context, context.reading, key))
