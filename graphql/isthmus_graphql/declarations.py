"""Export declarations: what customs said, and filing one over the bridge."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql.context import Context, Info
from isthmus_graphql.crossings import Crossing, one
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.scalars import DateTime
from isthmus_graphql.values import Money
from isthmus_platform import declarations
from isthmus_platform.database import Work
from isthmus_platform.declarations import Declaration as Row


class Declaration(graphene.ObjectType):
    """An export declaration of a shipment, as customs last spoke of it."""

    mrn = graphene.String(description="Movement reference number, once customs has accepted it.")
    status = graphene.String(
        required=True,
        description="SUBMITTED, then as customs says: ACCEPTED, REJECTED, CHANNEL_ASSIGNED, LPCO_REQUESTED,"
        " LPCO_GRANTED, LPCO_DENIED, DUTY_ASSESSED, RELEASED; REFUSED by the bridge; FAILED to arrive.",
    )
    channel = graphene.String(description="How customs treats it: GREEN, YELLOW or RED.")
    duty = graphene.Field(Money, description="What is due, once assessed.")
    released_at = DateTime(description="When customs released the goods, in UTC.")
    created_at = DateTime(required=True, description="When it was filed, in UTC.")

    @staticmethod
    def resolve_duty(row: Row, _info: Info) -> dict[str, Any] | None:
        """Put amount and currency together."""
        if row.duty_minor is None:
            return None
        return {"amount_minor": row.duty_minor, "currency": row.duty_currency}


def of_shipment(context: Context, shipment_id: UUID) -> Row | None:
    """Return the newest declaration of a shipment, read with those of the whole page."""

    def read(ids: Sequence[UUID]) -> dict[UUID, Row]:
        return declarations.of_shipments(context.reading, ids)

    return context.loader.load("shipment", shipment_id, "declaration", read)


class SubmitDeclarationInput(Change):
    """Which shipment is declared."""

    shipment = graphene.String(required=True, description="Your reference of the shipment.")
    additional_fields = graphene.List(
        graphene.NonNull(graphene.String),
        description="Fields to send beyond what the agreement lists, such as `/invoice/number`; the bridge"
        " refuses and logs what may not cross.",
    )


class SubmitDeclarationPayload(Changed):
    """The declaration and the crossing that carries it, or why there are none."""

    crossing = graphene.Field(Crossing, description="Decided soon: ask for it again.")
    declaration = graphene.Field(Declaration, description="As it stands.")


def submit_declaration(_root: Any, info: Info, input: Any) -> SubmitDeclarationPayload:  # noqa: A002
    """File an export declaration."""

    def write(work: Work) -> dict[str, Any]:
        filed = declarations.submit(work, input.shipment, input.additional_fields or ())
        return {"crossing": str(filed.crossing.id), "declaration": str(filed.declaration.id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {
            "crossing": one(info.context, work, UUID(ids["crossing"])),
            "declaration": declarations.get(work, UUID(ids["declaration"])),
        }

    return perform(SubmitDeclarationPayload, info, input, Operation("submitDeclaration", write, answer))


class DeclarationMutation(graphene.ObjectType):
    """Filing declarations."""

    submit_declaration = change(
        SubmitDeclarationPayload,
        SubmitDeclarationInput,
        submit_declaration,
        "File a shipment's export declaration from its own data; only what the agreement permits crosses.",
    )
