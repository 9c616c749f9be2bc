"""Proofs of delivery: reading them, recording, answering and withdrawing them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity, nodes
from isthmus_graphql.appointments import release_of
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.papers import desk_of
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.releases import CargoRelease
from isthmus_graphql.scalars import DateTime
from isthmus_graphql.values import Place
from isthmus_platform import parties, places
from isthmus_platform.database import Work
from isthmus_platform.logistics import deliveries
from isthmus_platform.logistics.delivery_records import DeliveryProof as Row
from isthmus_platform.logistics.delivery_statements import Irregular, Lacking, Standing
from isthmus_platform.logistics.records import CargoRelease as ReleaseRow

STATES = {
    Standing.RECORDED: "Recorded, and not answered by the recipient.",
    Standing.CONFIRMED: "The recipient confirms it.",
    Standing.DISPUTED: "The recipient disputes it.",
    Standing.WITHDRAWN: "Who recorded it has withdrawn it.",
}
KINDS = {
    Lacking.SHORTAGE: "Goods are missing.",
    Lacking.DAMAGE: "Goods are damaged.",
    Lacking.OTHER: "Something else is not in order.",
}
DeliveryProofState = graphene.Enum.from_enum(
    Standing,
    name="DeliveryProofState",
    description=lambda value: STATES[value] if value else "Where a proof of delivery stands.",
)
DeliveryExceptionKind = graphene.Enum.from_enum(
    Lacking,
    name="DeliveryExceptionKind",
    description=lambda value: KINDS[value] if value else "What is not in order with the goods.",
)


class DeliveryException(graphene.ObjectType):
    """Something that was not in order on delivery."""

    kind = graphene.Field(DeliveryExceptionKind, required=True, description="Of which kind.")
    what = graphene.String(required=True, description="What, in words.")
    packages = graphene.Int(description="How many packages of it; null where that is not told.")


class DeliveryEvidence(graphene.ObjectType):
    """A picture or file that belongs to a proof."""

    name = graphene.String(required=True, description="By which it is known.")
    sha256 = graphene.String(required=True, description="SHA-256 of its bytes, in hexadecimal.")


class DeliveryProof(graphene.ObjectType):
    """A proof of delivery, signed by who recorded it."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (Row,)

    state = graphene.Field(DeliveryProofState, required=True, description="Where it stands.")
    equipment = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="ISO 6346 numbers."
    )
    recorded_by = graphene.Field(Party, required=True, description="Who recorded and signed it.")
    recipient = graphene.Field(Party, required=True, description="For whom the goods are.")
    received_by = graphene.String(required=True, description="The person who took them.")
    place = graphene.Field(Place, required=True, description="Where.")
    delivered_at = DateTime(required=True, description="When, in UTC.")
    in_order = graphene.Boolean(required=True, description="Whether there are no exceptions.")
    exceptions = graphene.List(
        graphene.NonNull(DeliveryException), required=True, description="What was not in order."
    )
    evidence = graphene.List(
        graphene.NonNull(DeliveryEvidence), required=True, description="Pictures and files."
    )
    remark = graphene.String(description="What the recipient says, or why it was withdrawn.")
    release = graphene.Field(CargoRelease, description="Its release, if you are a party to it.")
    recorded_at = DateTime(required=True, description="When it was recorded, in UTC.")
    answered_at = DateTime(description="When the recipient answered, in UTC.")
    file = graphene.String(
        required=True, description="The file, JSON text: `isthmus verify` checks it without this server."
    )

    @staticmethod
    def resolve_recorded_by(row: Row, info: Info) -> parties.Party | None:
        """Return who recorded it."""
        return party_of(info.context, row.recorder_id)

    @staticmethod
    def resolve_recipient(row: Row, info: Info) -> parties.Party | None:
        """Return for whom."""
        return party_of(info.context, row.recipient_id)

    @staticmethod
    def resolve_received_by(row: Row, _info: Info) -> Any:
        """Return the person."""
        return row.said["receivedBy"]

    @staticmethod
    def resolve_place(row: Row, _info: Info) -> places.Place:
        """Look the place up."""
        return places.find(row.said["place"])

    @staticmethod
    def resolve_in_order(row: Row, _info: Info) -> bool:
        """Return whether all is well."""
        return not row.said["exceptions"]

    @staticmethod
    def resolve_exceptions(row: Row, _info: Info) -> list[dict[str, Any]]:
        """Return what was not."""
        return [{**each, "kind": Lacking(each["kind"])} for each in row.said["exceptions"]]

    @staticmethod
    def resolve_evidence(row: Row, _info: Info) -> Any:
        """Return the pictures and files."""
        return row.said["evidence"]

    @staticmethod
    def resolve_remark(row: Row, _info: Info) -> str | None:
        """Return what is said of it."""
        return row.reason

    @staticmethod
    def resolve_release(row: Row, info: Info) -> ReleaseRow | None:
        """Return the release."""
        return release_of(info.context, row.release_id)

    @staticmethod
    def resolve_file(row: Row, info: Info) -> str:
        """Write the file, with those of the whole page."""
        context, desk = info.context, desk_of(info.context)

        def write(ids: Sequence[UUID]) -> dict[UUID, bytes]:
            return deliveries.exports(context.reading, desk, ids)

        written = context.loader.load("delivery proof", row.id, "file", write)
        return (written or deliveries.export(context.reading, desk, row.id)).decode()


DeliveryProofConnection = connection(DeliveryProof)


class DeliveryQuery(graphene.ObjectType):
    """Reading proofs of delivery."""

    delivery_proof = nodes.one_by_id(
        DeliveryProof, "The proof with this id; null where there is none for you to see."
    )
    delivery_proofs = listed(
        DeliveryProofConnection, "Proofs of delivery by you, to you and of your releases, newest first."
    )

    @staticmethod
    def resolve_delivery_proofs(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[Row]:
        """Return a page of proofs."""
        asked = paging(info, "delivery", first, after)
        rows = deliveries.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        info.context.loader.together("delivery proof", [row.id for row in rows[: asked.count]])
        info.context.loader.together(
            "party", [one for row in rows for one in (row.recorder_id, row.recipient_id)]
        )
        info.context.loader.together("release", [row.release_id for row in rows])
        return asked.page(rows)


nodes.readable("DeliveryProof", lambda context, key: deliveries.get(context.reading, key))


class DeliveryExceptionInput(graphene.InputObjectType):
    """Something that was not in order on delivery."""

    kind = DeliveryExceptionKind(required=True, description="Of which kind.")
    what = graphene.String(required=True, description="What, 1 to 500 characters.")
    packages = graphene.Int(description="How many packages of it.")


class DeliveryAttachmentInput(graphene.InputObjectType):
    """A picture or file: its digest, or the document here that has it."""

    name = graphene.String(required=True, description="By which it is known, 1 to 200 characters.")
    sha256 = graphene.String(description="SHA-256 of its bytes, 64 hexadecimal digits.")
    document = graphene.ID(description="Global id of a document that you may read.")


class RecordDeliveryProofInput(Change):
    """What was delivered when, where, to whom, and how it was."""

    appointment = graphene.ID(description="For who drives: global id of the completed appointment.")
    release = graphene.ID(description="For carrier and consignee: global id of the release.")
    equipment = graphene.List(
        graphene.NonNull(graphene.String),
        default_value=[],
        description="ISO 6346 numbers, with a release; all its containers by default.",
    )
    delivered_at = DateTime(required=True, description="When.")
    place = graphene.String(required=True, description="UN/LOCODE.")
    received_by = graphene.String(required=True, description="The person who took them, 1 to 100 characters.")
    exceptions = graphene.List(
        graphene.NonNull(DeliveryExceptionInput), default_value=[], description="What was not in order."
    )
    attachments = graphene.List(
        graphene.NonNull(DeliveryAttachmentInput), default_value=[], description="Pictures and files."
    )


class AnswerDeliveryProofInput(Change):
    """What you, the recipient, say to a proof."""

    proof = graphene.ID(required=True, description="Global id of the proof.")
    agrees = graphene.Boolean(required=True, description="Whether it is so.")
    remark = graphene.String(description="1 to 500 characters; wanted where it is not so.")


class WithdrawDeliveryProofInput(Change):
    """A proof of yours that was recorded in error."""

    proof = graphene.ID(required=True, description="Global id of the proof.")
    reason = graphene.String(required=True, description="Why, 1 to 255 characters.")


class DeliveryProofPayload(Changed):
    """The proof, or why nothing was changed."""

    proof = graphene.Field(DeliveryProof, description="As it stands.")


def _performed(info: Info, given: Any, name: str, make: Any) -> DeliveryProofPayload:
    def write(work: Work) -> dict[str, Any]:
        return {"proof": str(make(work).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"proof": deliveries.get(work, UUID(ids["proof"]))}

    return perform(DeliveryProofPayload, info, given, Operation(name, write, answer))


def _key(given: Any) -> UUID:
    return identity.key_of("DeliveryProof", given.proof, "proof")


def _maybe(kind: str, given: str | None, field: str) -> UUID | None:
    return None if given is None else identity.key_of(kind, given, field)


def record_delivery_proof(_root: Any, info: Info, input: Any) -> DeliveryProofPayload:  # noqa: A002
    """Record a delivery."""

    def make(work: Work) -> Row:
        given = deliveries.Delivered(
            at=input.delivered_at,
            place=input.place,
            received_by=input.received_by,
            appointment=_maybe("TruckAppointment", input.appointment, "appointment"),
            release=_maybe("CargoRelease", input.release, "release"),
            equipment=input.equipment or (),
            exceptions=[
                Irregular(Lacking(each.kind.value), each.what, each.packages)
                for each in input.exceptions or ()
            ],
            attachments=[
                deliveries.Attachment(
                    each.name, each.sha256, _maybe("Document", each.document, f"attachments.{n}.document")
                )
                for n, each in enumerate(input.attachments or ())
            ],
        )
        return deliveries.record(work, desk_of(info.context), given)

    return _performed(info, input, "recordDeliveryProof", make)


def answer_delivery_proof(_root: Any, info: Info, input: Any) -> DeliveryProofPayload:  # noqa: A002
    """Confirm or dispute."""
    return _performed(
        info,
        input,
        "answerDeliveryProof",
        lambda work: deliveries.answer(
            work, desk_of(info.context), _key(input), agrees=input.agrees, remark=input.remark
        ),
    )


def withdraw_delivery_proof(_root: Any, info: Info, input: Any) -> DeliveryProofPayload:  # noqa: A002
    """Withdraw a proof."""
    return _performed(
        info,
        input,
        "withdrawDeliveryProof",
        lambda work: deliveries.withdraw(work, _key(input), input.reason),
    )


class DeliveryMutation(graphene.ObjectType):
    """Proofs of delivery."""

    record_delivery_proof = change(
        DeliveryProofPayload,
        RecordDeliveryProofInput,
        record_delivery_proof,
        "For who drives, the carrier and the consignee: record a delivery, signed.",
    )
    answer_delivery_proof = change(
        DeliveryProofPayload,
        AnswerDeliveryProofInput,
        answer_delivery_proof,
        "For the recipient: confirm or dispute a proof, signed.",
    )
    withdraw_delivery_proof = change(
        DeliveryProofPayload,
        WithdrawDeliveryProofInput,
        withdraw_delivery_proof,
        "For who recorded it: withdraw a proof that is not answered.",
    )
