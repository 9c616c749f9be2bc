"""Deciding of hits by four eyes: proposing, approving, sending back."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.screening import ScreeningDecision, ScreeningHit
from isthmus_platform.database import Work
from isthmus_platform.screening import reading, review


class ProposeScreeningDecisionInput(Change):
    """What is to become of an open hit, and why."""

    hit = graphene.ID(required=True, description="Global id of the hit.")
    decision = ScreeningDecision(required=True, description="What is proposed.")
    reason = graphene.String(required=True, description="Why, 1 to 2000 characters.")


class ApproveScreeningDecisionInput(Change):
    """The hit, and the proposal that was read."""

    hit = graphene.ID(required=True, description="Global id of the hit.")
    decision = ScreeningDecision(required=True, description="What is approved; the proposal must be this.")


class SendBackScreeningDecisionInput(Change):
    """The hit whose proposal is taken off, and why."""

    hit = graphene.ID(required=True, description="Global id of the hit.")
    reason = graphene.String(required=True, description="Why, 1 to 2000 characters.")


class ScreeningHitPayload(Changed):
    """The hit, or why nothing was changed."""

    hit = graphene.Field(ScreeningHit, description="As it stands.")


def _hit_id(given: str) -> UUID:
    return identity.key_of("ScreeningHit", given, "hit")


def _shown(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"hit": reading.get(work, UUID(ids["hit"]))}


def propose_screening_decision(_root: Any, info: Info, input: Any) -> ScreeningHitPayload:  # noqa: A002
    """Propose what becomes of a hit."""

    def write(work: Work) -> dict[str, Any]:
        decided = review.propose(work, _hit_id(input.hit), input.decision.value, input.reason)
        return {"hit": str(decided.id)}

    return perform(ScreeningHitPayload, info, input, Operation("proposeScreeningDecision", write, _shown))


def approve_screening_decision(_root: Any, info: Info, input: Any) -> ScreeningHitPayload:  # noqa: A002
    """Approve what another person proposed."""

    def write(work: Work) -> dict[str, Any]:
        return {"hit": str(review.approve(work, _hit_id(input.hit), input.decision.value).id)}

    return perform(ScreeningHitPayload, info, input, Operation("approveScreeningDecision", write, _shown))


def send_back_screening_decision(_root: Any, info: Info, input: Any) -> ScreeningHitPayload:  # noqa: A002
    """Take a proposal off."""

    def write(work: Work) -> dict[str, Any]:
        return {"hit": str(review.send_back(work, _hit_id(input.hit), input.reason).id)}

    return perform(ScreeningHitPayload, info, input, Operation("sendBackScreeningDecision", write, _shown))


class ScreeningMutation(graphene.ObjectType):
    """Deciding of hits: one person proposes, another one approves."""

    propose_screening_decision = change(
        ScreeningHitPayload,
        ProposeScreeningDecisionInput,
        propose_screening_decision,
        "For a person: propose what becomes of an open hit.",
    )
    approve_screening_decision = change(
        ScreeningHitPayload,
        ApproveScreeningDecisionInput,
        approve_screening_decision,
        "For another person: approve the proposal.",
    )
    send_back_screening_decision = change(
        ScreeningHitPayload,
        SendBackScreeningDecisionInput,
        send_back_screening_decision,
        "For a person: take a proposal off, so that the hit is open again.",
    )
