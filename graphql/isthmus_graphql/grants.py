"""Grants: an owner's consent that a named party reads its documents."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity, nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime
from isthmus_platform import grants, parties, shipments
from isthmus_platform.database import Work
from isthmus_platform.grants import AccessGrant, GrantDraft, Purpose

PURPOSES = {
    Purpose.TRADE_FINANCE: "Financing the trade.",
    Purpose.INSURANCE: "Insuring the cargo.",
    Purpose.LOGISTICS: "Moving the goods.",
    Purpose.CUSTOMS: "Clearing the goods.",
}

GrantPurpose = graphene.Enum.from_enum(
    Purpose,
    name="GrantPurpose",
    description=lambda value: PURPOSES[value] if value else "What a reader may use documents for.",
)


class Grant(graphene.ObjectType):
    """An owner's consent that a party reads documents, for a purpose, until a time."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (AccessGrant,)

    owner = graphene.Field(Party, required=True, description="Who gave it.")
    reader = graphene.Field(Party, required=True, description="Who may read.")
    documents = graphene.List(
        graphene.NonNull("isthmus_graphql.documents.Document"),
        required=True,
        description="The documents it names, as far as you may read them; none for a grant of a shipment.",
    )
    shipment = graphene.Field(
        "isthmus_graphql.shipments.Shipment",
        description="The shipment it opens whole, if you may see it; null for a grant of documents.",
    )
    fields = graphene.List(
        graphene.NonNull(graphene.String),
        description="The fields of typed data it opens and nothing else; null where it opens all.",
    )
    purpose = graphene.Field(GrantPurpose, required=True, description="What for.")
    valid_until = DateTime(required=True, description="When it ends by itself, in UTC.")
    revoked_at = DateTime(description="When its owner ended it, in UTC.")
    created_at = DateTime(required=True, description="When it was given, in UTC.")

    @staticmethod
    def resolve_owner(grant: AccessGrant, info: Info) -> parties.Party | None:
        """Return the owner."""
        return party_of(info.context, grant.party_id)

    @staticmethod
    def resolve_reader(grant: AccessGrant, info: Info) -> parties.Party | None:
        """Return the reader."""
        return party_of(info.context, grant.reader_id)

    @staticmethod
    def resolve_documents(grant: AccessGrant, info: Info) -> Sequence[Any]:
        """Return the documents it names."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
            found = grants.documents_of(context.reading, ids)
            rows = list({row.id: row for each in found.values() for row in each}.values())
            context.loader.keep("document", rows)
            context.loader.together("party", (row.party_id for row in rows))
            return found

        return context.loader.load("grant", grant.id, "documents", read) or []

    @staticmethod
    def resolve_shipment(grant: AccessGrant, info: Info) -> shipments.Shipment | None:
        """Return the shipment."""
        return shipment_of(info.context, grant.shipment_id)


GrantConnection = connection(Grant)


def shipment_of(context: Context, shipment_id: UUID | None) -> shipments.Shipment | None:
    """Return the shipment with this id if the actor may see it, read with those of the whole page."""
    if shipment_id is None:
        return None

    def read(ids: Sequence[UUID]) -> dict[UUID, shipments.Shipment]:
        found = shipments.get_many(context.reading, ids)
        keep_shipments(context, list(found.values()))
        return found

    return context.loader.load("shipment reference", shipment_id, "shipment", read)


def keep_shipments(context: Context, rows: Sequence[shipments.Shipment]) -> None:
    """Note that these shipments were read together."""
    context.loader.keep("shipment", rows)
    context.loader.together(
        "party", [one for row in rows for one in (row.party_id, row.forwarder_id, row.carrier_id)]
    )


def keep_grants(context: Context, rows: Sequence[AccessGrant]) -> None:
    """Note that these grants were read together."""
    rows = list({row.id: row for row in rows}.values())
    context.loader.keep("grant", rows)
    context.loader.together("party", [one for row in rows for one in (row.party_id, row.reader_id)])
    context.loader.together("shipment reference", (row.shipment_id for row in rows))


def one(context: Context, work: Work, grant_id: UUID) -> AccessGrant:
    """Return a grant the actor gave or holds."""
    found = grants.get(work, grant_id)
    keep_grants(context, [found])
    return found


class GrantQuery(graphene.ObjectType):
    """Reading grants."""

    grants = listed(GrantConnection, "Grants you gave or hold, newest first, ended ones included.")

    @staticmethod
    def resolve_grants(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[AccessGrant]:
        """Return a page of grants."""
        asked = paging(info, "grant", first, after)
        rows = grants.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        keep_grants(info.context, rows)
        return asked.page(rows)


class GrantAccessInput(Change):
    """What is opened to whom, for what, until when: either documents or a shipment."""

    reader = graphene.String(required=True, description="The reader's name.")
    documents = graphene.List(
        graphene.NonNull(graphene.ID), description="Global ids of documents of one owner, at most 100."
    )
    shipment = graphene.ID(description="Global id of a shipment, with all its documents, later ones too.")
    fields = graphene.List(
        graphene.NonNull(graphene.String),
        description="Fields of typed data, such as `total` or `lines.amount`; all unless given.",
    )
    purpose = GrantPurpose(required=True, description="What the reader may use them for.")
    valid_until = DateTime(
        required=True, description="When it ends by itself: in the future, in a year at most."
    )


class GrantAccessPayload(Changed):
    """The grant, or why there is none."""

    grant = graphene.Field(Grant, description="As it stands.")


class RevokeAccessInput(Change):
    """Which grant ends now."""

    grant = graphene.ID(required=True, description="The global id of a grant you gave.")


class RevokeAccessPayload(Changed):
    """The grant, or why it stands."""

    grant = graphene.Field(Grant, description="As it stands.")


def grant_access(_root: Any, info: Info, input: Any) -> GrantAccessPayload:  # noqa: A002
    """Let a party read documents."""

    def write(work: Work) -> dict[str, Any]:
        draft = GrantDraft(
            input.reader,
            input.purpose.value,
            input.valid_until,
            tuple(identity.key_of("Document", each, "documents") for each in input.documents or ()),
            identity.key_of("Shipment", input.shipment, "shipment") if input.shipment is not None else None,
            tuple(input.fields) if input.fields is not None else None,
        )
        return {"grant": str(grants.grant(work, draft).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"grant": one(info.context, work, UUID(ids["grant"]))}

    return perform(GrantAccessPayload, info, input, Operation("grantAccess", write, answer))


def revoke_access(_root: Any, info: Info, input: Any) -> RevokeAccessPayload:  # noqa: A002
    """End a grant."""

    def write(work: Work) -> dict[str, Any]:
        return {"grant": str(grants.revoke(work, identity.key_of("Grant", input.grant, "grant")).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"grant": one(info.context, work, UUID(ids["grant"]))}

    return perform(RevokeAccessPayload, info, input, Operation("revokeAccess", write, answer))


class GrantMutation(graphene.ObjectType):
    """Giving and ending access."""

    grant_access = change(
        GrantAccessPayload, GrantAccessInput, grant_access, "Let a party read documents, for a purpose."
    )
    revoke_access = change(
        RevokeAccessPayload, RevokeAccessInput, revoke_access, "End a grant: it holds from the next read."
    )


nodes.readable("Grant", lambda context, key: one(context, context.reading, key))
