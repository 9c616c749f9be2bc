"""Passing a grant on: a reader opens to another what was opened to it, or less."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.grants import GrantAccessPayload, RevokeAccessPayload, one
from isthmus_graphql.mutations import Change, Operation, change, perform
from isthmus_graphql.scalars import DateTime
from isthmus_platform import passing_on
from isthmus_platform.database import Work
from isthmus_platform.passing_on import Passing


class PassAccessOnInput(Change):
    """What of a grant you hold is opened to whom, until when; for the same purpose."""

    grant = graphene.ID(required=True, description="The global id of a grant of documents that you hold.")
    reader = graphene.String(required=True, description="The reader's name.")
    documents = graphene.List(
        graphene.NonNull(graphene.ID), description="Some of its documents, by global id; all unless given."
    )
    fields = graphene.List(
        graphene.NonNull(graphene.String),
        description="Some of its fields, or parts of them; all unless given, where it opens all.",
    )
    valid_until = DateTime(required=True, description="When it ends: no later than the grant you hold.")


class TakeAccessBackInput(Change):
    """Which grant that you passed on ends now."""

    grant = graphene.ID(required=True, description="The global id of a grant that you passed on.")


def pass_access_on(_root: Any, info: Info, input: Any) -> GrantAccessPayload:  # noqa: A002
    """Pass a grant on."""

    def write(work: Work) -> dict[str, Any]:
        documents = input.documents
        draft = Passing(
            identity.key_of("Grant", input.grant, "grant"),
            input.reader,
            input.valid_until,
            None if documents is None else tuple(_document(each) for each in documents),
            None if input.fields is None else tuple(input.fields),
        )
        return {"grant": str(passing_on.pass_on(work, draft).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"grant": one(info.context, work, UUID(ids["grant"]))}

    return perform(GrantAccessPayload, info, input, Operation("passAccessOn", write, answer))


def take_access_back(_root: Any, info: Info, input: Any) -> RevokeAccessPayload:  # noqa: A002
    """End a grant that was passed on."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("Grant", input.grant, "grant")
        return {"grant": str(passing_on.take_back(work, key).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"grant": one(info.context, work, UUID(ids["grant"]))}

    return perform(RevokeAccessPayload, info, input, Operation("takeAccessBack", write, answer))


def _document(given: str) -> UUID:
    return identity.key_of("Document", given, "documents")


class PassingMutation(graphene.ObjectType):
    """Passing access on and taking it back."""

    pass_access_on = change(
        GrantAccessPayload,
        PassAccessOnInput,
        pass_access_on,
        "Open to another what a grant opened to you, or less. It ends with the grant; its owner sees it.",
    )
    take_access_back = change(
        RevokeAccessPayload, TakeAccessBackInput, take_access_back, "End a grant that you passed on."
    )
