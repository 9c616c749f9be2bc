"""Webhooks: endpoints that are told of changes, and the log of what was delivered to them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity, nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.scalars import DateTime
from isthmus_platform import webhook_records as records
from isthmus_platform import webhooks
from isthmus_platform.changes import Kind
from isthmus_platform.database import Work
from isthmus_platform.errors import Conflict
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.webhook_signing import SigningSecrets

STATES = {
    records.DeliveryState.WAITING: "To be attempted, for the first time or again.",
    records.DeliveryState.DELIVERED: "The endpoint answered with a status from 200 to 299.",
    records.DeliveryState.DEAD: "Given up after three days, or since the endpoint said 410; may be replayed.",
    records.DeliveryState.WITHHELD: "Not sent: when its turn came you could not see the thing any more.",
    records.DeliveryState.CANCELLED: "Not sent: the webhook was removed before.",
}
OUTCOMES = "`delivered`, `refused` (another status), `no_answer` or `address_refused`."

WebhookDeliveryState = graphene.Enum.from_enum(
    records.DeliveryState,
    name="WebhookDeliveryState",
    description=lambda value: STATES[value] if value else "Where a delivery stands.",
)


class WebhookAttempt(graphene.ObjectType):
    """One attempt at a delivery."""

    number = graphene.Int(required=True, description="From 1, counted through all replays.")
    at = DateTime(required=True, description="When, in UTC.")
    outcome = graphene.String(required=True, description=OUTCOMES)
    status = graphene.Int(description="The HTTP status that was answered, if any.")
    problem = graphene.String(description="Why nothing was answered.")
    milliseconds = graphene.Int(required=True, description="How long it took.")


class Webhook(graphene.ObjectType):
    """An address of yours that is told of changes by the Standard Webhooks scheme."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (records.WebhookEndpoint,)

    url = graphene.String(required=True, description="Where it is told.")
    description = graphene.String(required=True, description="Your own words on it.")
    event_types = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="What it is told of; empty for all."
    )
    created_at = DateTime(required=True, description="When it was registered, in UTC.")
    ended_at = DateTime(description="When it was removed, or ended since it answered 410, in UTC.")
    end_reason = graphene.String(description="`removed` or `gone`.")
    old_secret_until = DateTime(description="Until when the secret before the newest signs as well, in UTC.")


class WebhookDelivery(graphene.ObjectType):
    """One change told to one webhook."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (records.WebhookDelivery,)

    message_id = graphene.String(required=True, description="The `webhook-id` of every attempt.")
    event_type = graphene.String(required=True, description="What it tells, such as `shipment.created`.")
    state = graphene.Field(WebhookDeliveryState, required=True, description="Where it stands.")
    webhook = graphene.Field(Webhook, required=True, description="Whom it tells.")
    attempts = graphene.List(
        graphene.NonNull(WebhookAttempt), required=True, description="Every attempt so far, in order."
    )
    created_at = DateTime(required=True, description="When it was put down, in UTC.")
    next_attempt_at = DateTime(description="When it is attempted next, in UTC.")
    settled_at = DateTime(description="When it was delivered, given up, withheld or cancelled, in UTC.")
    replays = graphene.Int(required=True, description="How often it was replayed.")
    replay_reason = graphene.String(description="Why it was last replayed.")

    @staticmethod
    def resolve_message_id(row: records.WebhookDelivery, _info: Info) -> str:
        """Return the id of every attempt."""
        return str(row.id)

    @staticmethod
    def resolve_event_type(row: records.WebhookDelivery, _info: Info) -> str:
        """Return what it tells."""
        return row.kind

    @staticmethod
    def resolve_next_attempt_at(row: records.WebhookDelivery, _info: Info) -> Any:
        """Return when it is attempted next."""
        return row.next_at

    @staticmethod
    def resolve_webhook(row: records.WebhookDelivery, info: Info) -> Any:
        """Return the endpoint, read with those of the whole page."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, records.WebhookEndpoint]:
            return webhooks.get_many(context.reading, ids)

        return context.loader.load("webhook", row.endpoint_id, "webhook", read)

    @staticmethod
    def resolve_attempts(row: records.WebhookDelivery, info: Info) -> Sequence[records.WebhookAttempt]:
        """Return the attempts, read with those of the whole page."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[records.WebhookAttempt]]:
            return webhooks.attempts(context.reading, ids)

        return context.loader.load("webhook delivery", row.id, "attempts", read) or []


WebhookConnection = connection(Webhook)
WebhookDeliveryConnection = connection(WebhookDelivery)


class WebhookQuery(graphene.ObjectType):
    """Reading webhooks and their log."""

    webhooks = listed(WebhookConnection, "Your webhooks, newest first, ended ones too.")
    webhook_deliveries = listed(
        WebhookDeliveryConnection,
        "What was or will be delivered to your webhooks, newest first.",
        state=graphene.Argument(WebhookDeliveryState, description="Only those that stand so."),
    )

    @staticmethod
    def resolve_webhooks(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[records.WebhookEndpoint]:
        """Return a page of webhooks."""
        asked = paging(info, "webhook", first, after)
        rows = webhooks.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        return asked.page(rows)

    @staticmethod
    def resolve_webhook_deliveries(
        _root: Any,
        info: Info,
        first: int | None,
        after: str | None = None,
        state: records.DeliveryState | None = None,
    ) -> Page[records.WebhookDelivery]:
        """Return a page of the log."""
        asked, loader = paging(info, "delivery", first, after), info.context.loader
        rows = webhooks.deliveries(
            info.context.reading,
            state=None if state is None else state.value,
            after=asked.behind,
            first=asked.count + 1,
        )
        loader.keep("webhook delivery", rows)
        loader.together("webhook", (row.endpoint_id for row in rows))
        return asked.page(rows)


class RegisterWebhookInput(Change):
    """A webhook to register."""

    url = graphene.String(
        required=True, description="https, port 443 or above 1023, leading to the public internet."
    )
    event_types = graphene.List(
        graphene.NonNull(graphene.String),
        description=f"What it is told of: {', '.join(f'`{kind}`' for kind in Kind)}. All when left out.",
    )
    description = graphene.String(description="Your own words on it, 500 characters at most.")


class RotateWebhookSecretInput(Change):
    """A webhook that shall have a new secret."""

    webhook = graphene.ID(required=True, description="The webhook's id.")


class RemoveWebhookInput(Change):
    """A webhook to remove."""

    webhook = graphene.ID(required=True, description="The webhook's id.")


class ReplayWebhookDeliveryInput(Change):
    """A dead delivery to attempt again."""

    delivery = graphene.ID(required=True, description="The delivery's id.")
    reason = graphene.String(required=True, description="Why, 1 to 500 characters; kept in the log.")


class RegisterWebhookPayload(Changed):
    """The webhook registered."""

    webhook = graphene.Field(Webhook, description="The webhook.")
    secret = graphene.String(description="Verifies its messages; `whsec_…`. Keep it: no query shows it.")


class RotateWebhookSecretPayload(Changed):
    """The webhook with its new secret."""

    webhook = graphene.Field(Webhook, description="The webhook.")
    secret = graphene.String(description="The new secret; the one before signs beside it for 24 hours.")


class RemoveWebhookPayload(Changed):
    """The webhook removed."""

    webhook = graphene.Field(Webhook, description="The webhook.")


class ReplayWebhookDeliveryPayload(Changed):
    """The delivery, waiting again."""

    delivery = graphene.Field(WebhookDelivery, description="The delivery.")


def _push(context: Context) -> tuple[Outgoing, SigningSecrets]:
    if context.push is None:
        raise Conflict("There are no webhooks here.", code="no_webhooks")
    return context.push


def _with_secret(context: Context, work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    endpoint = webhooks.get(work, UUID(ids["webhook"]))
    secret = _push(context)[1].secret(endpoint.id, ids["version"])
    return {"webhook": endpoint, "secret": secret}


def register_webhook(_root: Any, info: Info, input: Any) -> RegisterWebhookPayload:  # noqa: A002
    """Register a webhook."""

    def write(work: Work) -> dict[str, Any]:
        outgoing, _ = _push(info.context)
        made = webhooks.register(work, outgoing, input.url, input.event_types or (), input.description or "")
        return {"webhook": str(made.id), "version": made.secret_version}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return _with_secret(info.context, work, ids)

    return perform(RegisterWebhookPayload, info, input, Operation("registerWebhook", write, answer))


def rotate_webhook_secret(_root: Any, info: Info, input: Any) -> RotateWebhookSecretPayload:  # noqa: A002
    """Give a webhook a new secret."""

    def write(work: Work) -> dict[str, Any]:
        _push(info.context)
        rotated = webhooks.rotate(work, identity.key_of("Webhook", input.webhook, "webhook"))
        return {"webhook": str(rotated.id), "version": rotated.secret_version}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return _with_secret(info.context, work, ids)

    return perform(RotateWebhookSecretPayload, info, input, Operation("rotateWebhookSecret", write, answer))


def remove_webhook(_root: Any, info: Info, input: Any) -> RemoveWebhookPayload:  # noqa: A002
    """Remove a webhook."""

    def write(work: Work) -> dict[str, Any]:
        return {
            "webhook": str(webhooks.remove(work, identity.key_of("Webhook", input.webhook, "webhook")).id)
        }

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"webhook": webhooks.get(work, UUID(ids["webhook"]))}

    return perform(RemoveWebhookPayload, info, input, Operation("removeWebhook", write, answer))


def replay_delivery(_root: Any, info: Info, input: Any) -> ReplayWebhookDeliveryPayload:  # noqa: A002
    """Attempt a dead delivery again."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("WebhookDelivery", input.delivery, "delivery")
        return {"delivery": str(webhooks.replay(work, key, input.reason).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"delivery": webhooks.delivery(work, UUID(ids["delivery"]))}

    operation = Operation("replayWebhookDelivery", write, answer)
    return perform(ReplayWebhookDeliveryPayload, info, input, operation)


class WebhookMutation(graphene.ObjectType):
    """Registering, rotating, removing, replaying."""

    register_webhook = change(
        RegisterWebhookPayload, RegisterWebhookInput, register_webhook, "Be told of changes at an address."
    )
    rotate_webhook_secret = change(
        RotateWebhookSecretPayload,
        RotateWebhookSecretInput,
        rotate_webhook_secret,
        "Give a webhook a new secret without missing a message.",
    )
    remove_webhook = change(
        RemoveWebhookPayload, RemoveWebhookInput, remove_webhook, "Be told no more; the log stays."
    )
    replay_webhook_delivery = change(
        ReplayWebhookDeliveryPayload,
        ReplayWebhookDeliveryInput,
        replay_delivery,
        "Attempt a dead delivery again, under its old id.",
    )


nodes.readable("Webhook", lambda context, key: webhooks.get(context.reading, key))
nodes.readable("WebhookDelivery", lambda context, key: webhooks.delivery(context.reading, key))
