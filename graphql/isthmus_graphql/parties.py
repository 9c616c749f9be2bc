"""Parties, who is asking, and delegations."""

from datetime import datetime
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity, nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.scalars import DateTime
from isthmus_platform import parties
from isthmus_platform.database import Actor, Work
from isthmus_platform.database import PartyRole as Role

ROLES = {
    Role.TRADER: "Ships or receives goods.",
    Role.FORWARDER: "Handles shipments for traders, under their delegation.",
    Role.CARRIER: "Carries, and sends events.",
    Role.TERMINAL: "Runs a port or an inland terminal, and sends events.",
    Role.BANK: "Finances, on documents and facts it was granted.",
    Role.INSURER: "Insures cargo.",
    Role.OPERATOR: "Runs and bills the platform; reads no contents.",
    Role.AUTHORITY: "Customs and other agencies: agrees what may cross, and watches it.",
}

PartyRole = graphene.Enum.from_enum(
    Role, description=lambda value: ROLES[value] if value else "What a party is on the platform."
)


class Party(graphene.ObjectType):
    """A company or authority that takes part."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (parties.Party,)

    name = graphene.String(required=True, description="The name by which parties call each other: a slug.")
    legal_name = graphene.String(required=True, description="The registered name.")
    country = graphene.String(required=True, description="ISO 3166-1 alpha-2 code.")
    roles = graphene.List(
        graphene.NonNull(PartyRole), required=True, description="What the party is; one may be several."
    )

    @staticmethod
    def resolve_roles(party: parties.Party, _info: Info) -> list[Role]:
        """Return the roles in their usual order."""
        return [role for role in Role if party.has(role)]


def party_of(context: Context, party_id: UUID | None) -> parties.Party | None:
    """Return the party with this id, read with those of the whole page."""
    if party_id is None:
        return None
    return context.loader.load("party", party_id, "party", lambda ids: parties.get_many(context.reading, ids))


class Viewer(graphene.ObjectType):
    """Who is asking."""

    party = graphene.Field(Party, required=True, description="The party in whose name this request is made.")
    subject = graphene.String(required=True, description="The user or API client, as logs name it.")

    @staticmethod
    def resolve_party(actor: Actor, info: Info) -> parties.Party | None:
        """Return the acting party."""
        return party_of(info.context, actor.party_id)


class Delegation(graphene.ObjectType):
    """A principal's leave for an agent to act for it."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (parties.Delegation,)

    principal = graphene.Field(Party, required=True, description="The party that is acted for.")
    agent = graphene.Field(Party, required=True, description="The party that may act.")
    valid_until = DateTime(required=True, description="When it ends by itself, in UTC.")
    revoked_at = DateTime(description="When the principal ended it, in UTC.")
    created_at = DateTime(required=True, description="When it was recorded, in UTC.")

    @staticmethod
    def resolve_principal(delegation: parties.Delegation, info: Info) -> parties.Party | None:
        """Return the principal."""
        return party_of(info.context, delegation.party_id)

    @staticmethod
    def resolve_agent(delegation: parties.Delegation, info: Info) -> parties.Party | None:
        """Return the agent."""
        return party_of(info.context, delegation.agent_id)


class PartyQuery(graphene.ObjectType):
    """Reading parties."""

    viewer = graphene.Field(Viewer, required=True, description="Who is asking.")
    delegations = listed(connection(Delegation), "Delegations the acting party gave or holds, newest first.")

    @staticmethod
    def resolve_viewer(_root: Any, info: Info) -> Actor:
        """Return the actor."""
        return info.context.actor

    @staticmethod
    def resolve_delegations(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[parties.Delegation]:
        """Return the delegations."""
        asked = paging(info, "delegation", first, after)
        found = parties.delegations(info.context.reading, after=asked.behind, limit=asked.count + 1)
        info.context.loader.together("party", [i for d in found for i in (d.party_id, d.agent_id)])
        return asked.page(found)


class RecordDelegationInput(Change):
    """Who may act for the acting party, until when."""

    agent = graphene.String(required=True, description="The agent's name.")
    valid_until = DateTime(required=True, description="When it ends by itself; in the future.")


class RecordDelegationPayload(Changed):
    """The delegation, or why there is none."""

    delegation = graphene.Field(Delegation, description="As it stands.")


class RevokeDelegationInput(Change):
    """Which delegation ends now."""

    delegation = graphene.ID(required=True, description="The global id of a delegation you gave.")


class RevokeDelegationPayload(Changed):
    """The delegation, or why it stands."""

    delegation = graphene.Field(Delegation, description="As it stands.")


def _answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"delegation": parties.delegation(work, UUID(ids["delegation"]))}


def record_delegation(_root: Any, info: Info, input: Any) -> RecordDelegationPayload:  # noqa: A002
    """Let another party act for the acting party."""

    def write(work: Work) -> dict[str, Any]:
        until: datetime = input.valid_until
        return {"delegation": str(parties.record_delegation(work, input.agent, until).id)}

    return perform(RecordDelegationPayload, info, input, Operation("recordDelegation", write, _answer))


def revoke_delegation(_root: Any, info: Info, input: Any) -> RevokeDelegationPayload:  # noqa: A002
    """End a delegation of the acting party."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("Delegation", input.delegation, "delegation")
        return {"delegation": str(parties.revoke_delegation(work, key).id)}

    return perform(RevokeDelegationPayload, info, input, Operation("revokeDelegation", write, _answer))


class PartyMutation(graphene.ObjectType):
    """Changing delegations."""

    record_delegation = change(
        RecordDelegationPayload,
        RecordDelegationInput,
        record_delegation,
        "Let an agent act for the acting party.",
    )
    revoke_delegation = change(
        RevokeDelegationPayload,
        RevokeDelegationInput,
        revoke_delegation,
        "End a delegation of the acting party, at once.",
    )


nodes.readable("Party", lambda context, key: party_of(context, key))
nodes.readable("Delegation", lambda context, key: parties.delegation(context.reading, key))
