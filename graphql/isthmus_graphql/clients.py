"""Machine clients of the acting party: who they are, their keys, and what they may do."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import graphene

from isthmus_graphql import identity, nodes
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.scalars import DateTime
from isthmus_platform import clients, tokens
from isthmus_platform import scopes as scope_names
from isthmus_platform.access import ApiClient as Client
from isthmus_platform.database import Work

Answered = TypeVar("Answered", bound=Changed)
JWKS = 'Its public keys as the JSON text of a JWK Set (RFC 7517), `{"keys": […]}`: Ed25519 or P-256, 1 to 8.'
BOUND = "Whether each of its tokens is bound to a key (DPoP, RFC 9449) or certificate (RFC 8705) of its own."


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


class ApiClientKey(graphene.ObjectType):
    """A public key that a machine signs its assertions with."""

    kid = graphene.String(required=True, description="What assertions name it by; RFC 7638 if not given.")
    algorithm = graphene.String(required=True, description="`EdDSA` or `ES256` (RFC 7518, RFC 8037).")
    not_before = DateTime(description="From when it holds, in UTC; null for always.")
    not_after = DateTime(description="Until when it holds, in UTC; null without an end.")

    @staticmethod
    def resolve_algorithm(key: dict[str, Any], _info: Info) -> str:
        """Return what it signs with."""
        return tokens.algorithm_of(key)

    @staticmethod
    def resolve_not_before(key: dict[str, Any], _info: Info) -> datetime | None:
        """Return from when it holds."""
        return _moment(key.get("nbf"))

    @staticmethod
    def resolve_not_after(key: dict[str, Any], _info: Info) -> datetime | None:
        """Return until when it holds."""
        return _moment(key.get("exp"))


class ApiClient(graphene.ObjectType):
    """A machine of yours, which comes in with a key of its own (RFC 7523, `private_key_jwt`)."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (Client,)

    client_id = graphene.String(required=True, description="`iss` and `sub` of its assertions.")
    scopes = graphene.List(
        graphene.NonNull(graphene.String),
        description=f"What it may do: {', '.join(f'`{each}`' for each in scope_names.SCOPES)}."
        " Null for all that you may.",
    )
    demands_proof = graphene.Boolean(required=True, description=BOUND)
    keys = graphene.List(
        graphene.NonNull(ApiClientKey),
        required=True,
        description="Its keys; several while they change.",
    )
    created_at = DateTime(required=True, description="When it was registered, in UTC.")
    suspended_at = DateTime(description="Since when it is let in no more until it is resumed, in UTC.")
    revoked_at = DateTime(description="Since when it is let in no more at all, in UTC.")

    @staticmethod
    def resolve_keys(client: Client, _info: Info) -> list[dict[str, Any]]:
        """Return the keys."""
        return client.public_keys


class ClientQuery(graphene.ObjectType):
    """Reading machine clients."""

    clients = listed(connection(ApiClient), "Your machine clients, newest first, suspended ones too.")

    @staticmethod
    def resolve_clients(_root: Any, info: Info, first: int | None, after: str | None = None) -> Page[Client]:
        """Return a page of clients."""
        asked = paging(info, "client", first, after)
        rows = clients.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        return asked.page(rows)


class RegisterClientInput(Change):
    """A machine client to register."""

    name = graphene.String(
        required=True,
        description="Letters, digits, dots, underscores and hyphens; its client id is your party's name, a"
        " dot, and this, 64 characters at most.",
    )
    jwks = graphene.String(required=True, description=JWKS)
    scopes = graphene.List(
        graphene.NonNull(graphene.String),
        description="What it may do. All that you may when left out; a machine gives no more than it has.",
    )
    demands_proof = graphene.Boolean(required=True, default_value=True, description=BOUND)


class RotateClientKeysInput(Change):
    """New keys for a machine client."""

    client = graphene.ID(required=True, description="The client's id.")
    jwks = graphene.String(required=True, description=JWKS)
    old_keys_until = DateTime(
        description="Until when the keys before them hold too, at most 30 days on; 24 hours when left out."
    )


class SuspendClientInput(Change):
    """A machine client to suspend."""

    client = graphene.ID(required=True, description="The client's id.")


class ResumeClientInput(Change):
    """A machine client to let in again."""

    client = graphene.ID(required=True, description="The client's id.")


class RegisterClientPayload(Changed):
    """The client registered, or why there is none."""

    client = graphene.Field(ApiClient, description="The client.")


class RotateClientKeysPayload(Changed):
    """The client with its new keys, or why it has none."""

    client = graphene.Field(ApiClient, description="The client.")


class SuspendClientPayload(Changed):
    """The client suspended, or why it is not."""

    client = graphene.Field(ApiClient, description="The client.")


class ResumeClientPayload(Changed):
    """The client let in again, or why it is not."""

    client = graphene.Field(ApiClient, description="The client.")


def _perform(
    payload: type[Answered], info: Info, given: Any, name: str, write: Callable[[Work], Client]
) -> Answered:
    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"client": clients.get(work, UUID(ids["client"]))}

    operation = Operation(name, lambda work: {"client": str(write(work).id)}, answer)
    return perform(payload, info, given, operation)


def _changed(
    payload: type[Answered], info: Info, given: Any, name: str, act: Callable[[Work, Client], None]
) -> Answered:
    def write(work: Work) -> Client:
        client = clients.changeable(work, identity.key_of("ApiClient", given.client, "client"))
        act(work, client)
        return client

    return _perform(payload, info, given, name, write)


def register_client(_root: Any, info: Info, input: Any) -> RegisterClientPayload:  # noqa: A002
    """Register a machine client."""

    def write(work: Work) -> Client:
        held, bound = input.get("scopes"), input.demands_proof
        return clients.register(work, input.name, input.jwks, scopes=held, demands_proof=bound)

    return _perform(RegisterClientPayload, info, input, "registerClient", write)


def rotate_client_keys(_root: Any, info: Info, input: Any) -> RotateClientKeysPayload:  # noqa: A002
    """Give a machine client new keys."""

    def act(work: Work, client: Client) -> None:
        clients.rotate(work, client, clients.keys_in(input.jwks), input.get("old_keys_until"))

    return _changed(RotateClientKeysPayload, info, input, "rotateClientKeys", act)


def suspend_client(_root: Any, info: Info, input: Any) -> SuspendClientPayload:  # noqa: A002
    """Suspend a machine client."""
    return _changed(SuspendClientPayload, info, input, "suspendClient", clients.suspend)


def resume_client(_root: Any, info: Info, input: Any) -> ResumeClientPayload:  # noqa: A002
    """Let a machine client in again."""
    return _changed(ResumeClientPayload, info, input, "resumeClient", clients.resume)


class ClientMutation(graphene.ObjectType):
    """Registering machine clients, exchanging their keys, suspending and resuming them."""

    register_client = change(
        RegisterClientPayload, RegisterClientInput, register_client, "Let a machine of yours come in."
    )
    rotate_client_keys = change(
        RotateClientKeysPayload,
        RotateClientKeysInput,
        rotate_client_keys,
        "Give a machine new keys; those before them hold for a while, so that no request is refused.",
    )
    suspend_client = change(
        SuspendClientPayload,
        SuspendClientInput,
        suspend_client,
        "Let a machine in no more until it is resumed; its tokens end at once.",
    )
    resume_client = change(
        ResumeClientPayload, ResumeClientInput, resume_client, "Let a suspended machine in again."
    )


nodes.readable("ApiClient", lambda context, key: clients.get(context.reading, key))
