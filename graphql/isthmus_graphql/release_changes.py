"""Opening releases of cargo, what stands in their way, and the delivery orders that follow."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.papers import desk_of
from isthmus_graphql.releases import CargoRelease, DeliveryOrder, ReleaseDocument, ReleaseHold, one_release
from isthmus_graphql.scalars import DateTime
from isthmus_platform.database import Work
from isthmus_platform.logistics import holds, release
from isthmus_platform.logistics.verdict import TransportDocument


class OpenCargoReleaseInput(Change):
    """The shipment that you carry, and to whom its cargo goes."""

    shipment = graphene.ID(required=True, description="Global id of the shipment.")
    consignee = graphene.String(required=True, description="Name of the party that the cargo is for.")
    document = ReleaseDocument(required=True, description="Under which it is carried.")
    terminal = graphene.String(description="Name of the terminal that hands it out.")


class StateFreightInput(Change):
    """Whether freight is paid."""

    release = graphene.ID(required=True, description="Global id of the release.")
    paid = graphene.Boolean(required=True, description="Not paid revokes a live delivery order.")
    reference = graphene.String(description="Of the payment, 1 to 255 characters.")


class HoldCargoInput(Change):
    """The release whose cargo you, its carrier or its terminal, hold."""

    release = graphene.ID(required=True, description="Global id of the release.")
    reason = graphene.String(required=True, description="Why, 1 to 255 characters.")


class HoldCargoForCustomsInput(Change):
    """The consignment whose cargo an authority holds, by which law and why."""

    ucr = graphene.String(required=True, description="Unique consignment reference.")
    legal_basis = graphene.String(required=True, description="Citation of the law, 1 to 500 characters.")
    reason = graphene.String(required=True, description="Why, 1 to 255 characters.")


class LiftCargoHoldInput(Change):
    """The hold of yours that ends."""

    hold = graphene.ID(required=True, description="Global id of the hold.")


class IssueDeliveryOrderInput(Change):
    """The release, and until when the order is good."""

    release = graphene.ID(required=True, description="Global id of the release.")
    expires_at = DateTime(required=True, description="In the future.")


class RevokeDeliveryOrderInput(Change):
    """The delivery order that ends before pick-up."""

    order = graphene.ID(required=True, description="Global id of the delivery order.")
    reason = graphene.String(required=True, description="Why, 1 to 255 characters.")


class RecordPickUpInput(Change):
    """The delivery order, and the token that was shown."""

    order = graphene.ID(required=True, description="Global id of the delivery order.")
    token = graphene.String(required=True, description="As it was shown; spaces and hyphens do not matter.")


class CargoReleasePayload(Changed):
    """The release, or why nothing was changed."""

    release = graphene.Field(CargoRelease, description="As it stands.")


class CargoHoldPayload(Changed):
    """The hold, or why nothing was changed."""

    hold = graphene.Field(ReleaseHold, description="As it stands.")


class CargoHoldsPayload(Changed):
    """The holds, or why nothing was changed."""

    holds = graphene.List(graphene.NonNull(ReleaseHold), description="One a release of the consignment.")


class DeliveryOrderPayload(Changed):
    """The delivery order, or why nothing was changed: an error for each condition that is missing."""

    order = graphene.Field(DeliveryOrder, description="As it stands.")


def _release_id(given: str) -> UUID:
    return identity.key_of("CargoRelease", given, "release")


def _order_id(given: str) -> UUID:
    return identity.key_of("DeliveryOrder", given, "order")


def _released(info: Info, work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"release": one_release(info.context, work, UUID(ids["release"]))}


def _held(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"hold": holds.get(work, UUID(ids["hold"]))}


def _ordered(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"order": release.order_of(work, UUID(ids["order"]))}


def open_cargo_release(_root: Any, info: Info, input: Any) -> CargoReleasePayload:  # noqa: A002
    """Open a release, or address an open one to others."""

    def write(work: Work) -> dict[str, Any]:
        opened = release.open_release(
            work,
            identity.key_of("Shipment", input.shipment, "shipment"),
            input.consignee,
            document=TransportDocument(input.document.value),
            terminal=input.terminal,
        )
        return {"release": str(opened.id)}

    answer = Operation("openCargoRelease", write, lambda work, ids: _released(info, work, ids))
    return perform(CargoReleasePayload, info, input, answer)


def state_freight(_root: Any, info: Info, input: Any) -> CargoReleasePayload:  # noqa: A002
    """Say whether freight is paid."""

    def write(work: Work) -> dict[str, Any]:
        key = _release_id(input.release)
        return {
            "release": str(release.state_freight(work, key, paid=input.paid, reference=input.reference).id)
        }

    answer = Operation("stateFreight", write, lambda work, ids: _released(info, work, ids))
    return perform(CargoReleasePayload, info, input, answer)


def hold_cargo(_root: Any, info: Info, input: Any) -> CargoHoldPayload:  # noqa: A002
    """Hold cargo as its carrier or terminal."""

    def write(work: Work) -> dict[str, Any]:
        return {"hold": str(holds.place(work, _release_id(input.release), input.reason).id)}

    return perform(CargoHoldPayload, info, input, Operation("holdCargo", write, _held))


def hold_cargo_for_customs(_root: Any, info: Info, input: Any) -> CargoHoldsPayload:  # noqa: A002
    """Hold cargo as an authority."""

    def write(work: Work) -> dict[str, Any]:
        placed = holds.place_customs(work, input.ucr, legal_basis=input.legal_basis, reason=input.reason)
        return {"holds": [str(each.id) for each in placed]}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"holds": [holds.get(work, UUID(one)) for one in ids["holds"]]}

    return perform(CargoHoldsPayload, info, input, Operation("holdCargoForCustoms", write, answer))


def lift_cargo_hold(_root: Any, info: Info, input: Any) -> CargoHoldPayload:  # noqa: A002
    """Lift one's own hold."""

    def write(work: Work) -> dict[str, Any]:
        return {"hold": str(holds.lift(work, identity.key_of("ReleaseHold", input.hold, "hold")).id)}

    return perform(CargoHoldPayload, info, input, Operation("liftCargoHold", write, _held))


def issue_delivery_order(_root: Any, info: Info, input: Any) -> DeliveryOrderPayload:  # noqa: A002
    """Issue the delivery order, if every condition holds."""

    def write(work: Work) -> dict[str, Any]:
        key, vault = _release_id(input.release), desk_of(info.context).vault
        return {"order": str(release.order(work, vault, key, input.expires_at).id)}

    return perform(DeliveryOrderPayload, info, input, Operation("issueDeliveryOrder", write, _ordered))


def revoke_delivery_order(_root: Any, info: Info, input: Any) -> DeliveryOrderPayload:  # noqa: A002
    """Revoke a delivery order before pick-up."""

    def write(work: Work) -> dict[str, Any]:
        return {"order": str(release.revoke(work, _order_id(input.order), input.reason).id)}

    return perform(DeliveryOrderPayload, info, input, Operation("revokeDeliveryOrder", write, _ordered))


def record_pick_up(_root: Any, info: Info, input: Any) -> DeliveryOrderPayload:  # noqa: A002
    """Let the cargo go to who brings the token."""

    def write(work: Work) -> dict[str, Any]:
        return {"order": str(release.pick_up(work, _order_id(input.order), input.token).id)}

    return perform(DeliveryOrderPayload, info, input, Operation("recordPickUp", write, _ordered))


class ReleaseMutation(graphene.ObjectType):
    """Opening releases of cargo, what stands in their way, and the delivery orders that follow."""

    open_cargo_release = change(
        CargoReleasePayload,
        OpenCargoReleaseInput,
        open_cargo_release,
        "For a carrier: open the release of a shipment's cargo, or address an open one to others.",
    )
    state_freight = change(
        CargoReleasePayload, StateFreightInput, state_freight, "For a carrier: say whether freight is paid."
    )
    hold_cargo = change(
        CargoHoldPayload, HoldCargoInput, hold_cargo, "For carrier and terminal: hold the cargo."
    )
    hold_cargo_for_customs = change(
        CargoHoldsPayload,
        HoldCargoForCustomsInput,
        hold_cargo_for_customs,
        "For an authority: hold the cargo of a consignment.",
    )
    lift_cargo_hold = change(CargoHoldPayload, LiftCargoHoldInput, lift_cargo_hold, "Lift your own hold.")
    issue_delivery_order = change(
        DeliveryOrderPayload,
        IssueDeliveryOrderInput,
        issue_delivery_order,
        "For a carrier: order the delivery of cargo, if every condition holds.",
    )
    revoke_delivery_order = change(
        DeliveryOrderPayload,
        RevokeDeliveryOrderInput,
        revoke_delivery_order,
        "For a carrier: revoke a delivery order before pick-up.",
    )
    record_pick_up = change(
        DeliveryOrderPayload,
        RecordPickUpInput,
        record_pick_up,
        "For the terminal, or the carrier where none is named: hand the cargo out.",
    )
