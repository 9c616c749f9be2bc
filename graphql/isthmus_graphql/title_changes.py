"""Issuing titles, the steps of their life, and what keeps them where they are."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.papers import desk_of
from isthmus_graphql.scalars import DateTime
from isthmus_graphql.title import Title, TitleAction, TitleForm, TitleKind, TitleReason, one_title
from isthmus_platform import title
from isthmus_platform.database import Work
from isthmus_platform.title.records import TitleSuspension


class IssueTitleInput(Change):
    """The bill of lading of a shipment that you carry, or the receipt of one that you store."""

    shipment = graphene.ID(required=True, description="Global id of the shipment.")
    number = graphene.String(
        required=True, description="Its number: 1 to 20 capital letters, digits, `-` and `/`."
    )
    document_digest = graphene.String(
        required=True, description="`sha-256:` and 64 hexadecimal digits, of the document's file."
    )
    form = TitleForm(required=True, description="Whether it can be endorsed.")
    recipient = graphene.String(required=True, description="Name of its first holder.")
    named = graphene.String(
        description="The consignee of a straight title; of a negotiable one whom it is made out to first."
    )
    replaces = graphene.ID(
        description="The title that it takes the place of: voided by an amendment, or back from paper."
    )
    kind = TitleKind(default_value=title.Kind.BILL_OF_LADING, description="What it is.")


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
    return {"title": one_title(info.context, work, UUID(ids["title"]))}


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
            input.kind.value,
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
        return {"titles": [one_title(info.context, work, UUID(one)) for one in ids["titles"]]}

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
        TitlePayload,
        IssueTitleInput,
        issue_title,
        "For a carrier: issue a shipment's bill of lading. For a forwarder: its warehouse receipt.",
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
