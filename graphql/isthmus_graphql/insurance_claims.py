"""Declaring cargo, claiming, settling, telling of arrivals."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.insurance_changes import (
    MINOR,
    SAILS,
    ArrivalPayload,
    mutation,
    named,
    quote_of,
    sails_on,
)
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.papers import desk_of
from isthmus_graphql.scalars import DateTime, Long
from isthmus_platform.database import Work
from isthmus_platform.insurance import adjusting, claims, declaring, delays
from isthmus_platform.papers.signing import Desk


class DeclareCargoInput(Change):
    """The quote that you take."""

    quote = named("quote")


def _declare(work: Work, desk: Desk, given: Any) -> Any:
    return declaring.declare(work, desk, quote_of(given))


class CancelCargoDeclarationInput(Change):
    """The declaration that you take back."""

    declaration = named("declaration")
    reason = graphene.String(required=True, description="Why, 1 to 500 characters.")


class AdjustCargoDeclarationInput(Change):
    """What of a declaration is to be otherwise; what is left away stays."""

    declaration = named("declaration")
    reason = graphene.String(required=True, description="Why, 1 to 500 characters.")
    cif_minor = Long(description=f"{MINOR}: the CIF value, of which the cover's uplift is insured.")
    conveyance = graphene.String(description="Vessel or vehicle.")
    mode = graphene.String(description="`VESSEL`, `BARGE`, `RAIL`, `TRUCK` or `AIR`.")
    agreed_arrival = DateTime(description="Of delay cover: a later one, while no source told of it.")
    sails_on = graphene.String(description=f"{SAILS} Until the goods are under way.")


def _adjust_declaration(work: Work, desk: Desk, given: Any) -> Any:
    change = adjusting.Change(
        given.reason,
        given.cif_minor,
        given.conveyance,
        given.mode,
        given.agreed_arrival,
        sails_on(given),
    )
    return adjusting.adjust(work, desk, _declaration(given), change)


def _declaration(given: Any) -> UUID:
    return identity.key_of("CoverDeclaration", given.declaration, "declaration")


def _cancel_declaration(work: Work, desk: Desk, given: Any) -> Any:
    return declaring.cancel(work, desk, _declaration(given), given.reason)


class NotifyClaimInput(Change):
    """What happened to insured cargo."""

    declaration = named("declaration")
    kind = graphene.String(required=True, description="`LOSS`, `DAMAGE`, `SHORTAGE` or `GENERAL_AVERAGE`.")
    occurred_at = DateTime(required=True, description="When.")
    claimed_minor = Long(required=True, description=f"{MINOR}: up to the sum insured.")
    description = graphene.String(required=True, description="What happened, 1 to 2,000 characters.")


def _notify(work: Work, desk: Desk, given: Any) -> Any:
    draft = claims.ClaimDraft(
        _declaration(given), given.kind, given.occurred_at, given.claimed_minor, given.description
    )
    return claims.notify(work, desk, draft)


class DocumentClaimInput(Change):
    """Documents of the shipment that prove a claim."""

    claim = named("claim")
    documents = graphene.List(
        graphene.NonNull(graphene.ID),
        required=True,
        description="Global ids; the insurer reads them by grant.",
    )


def _claim(given: Any) -> UUID:
    return identity.key_of("InsuranceClaim", given.claim, "claim")


def _document(work: Work, desk: Desk, given: Any) -> Any:
    wanted = [identity.key_of("Document", each, "documents") for each in given.documents]
    return claims.document(work, desk, _claim(given), wanted)


class AssessClaimInput(Change):
    """What the loss amounts to."""

    claim = named("claim")
    assessed_minor = Long(required=True, description=f"{MINOR}: up to what is claimed.")
    remark = graphene.String(required=True, description="How it was found, 1 to 2,000 characters.")


def _assess(work: Work, desk: Desk, given: Any) -> Any:
    return claims.assess(work, desk, _claim(given), given.assessed_minor, given.remark)


class AcceptClaimInput(Change):
    """The claim that you accept as assessed."""

    claim = named("claim")


def _accept(work: Work, desk: Desk, given: Any) -> Any:
    return claims.accept(work, desk, _claim(given))


class DeclineClaimInput(Change):
    """The claim that you decline, and why."""

    claim = named("claim")
    reason = graphene.String(
        required=True,
        description="`LATE_NOTICE`, `NOT_COVERED`, `EXCLUDED`, `NOT_PROVEN` or `BELOW_DEDUCTIBLE`.",
    )
    remark = graphene.String(required=True, description="In words, 1 to 2,000 characters.")


def _decline(work: Work, desk: Desk, given: Any) -> Any:
    return claims.decline(work, desk, _claim(given), given.reason, given.remark)


class SettleClaimInput(Change):
    """The accepted claim that you paid."""

    claim = named("claim")
    reference = graphene.String(required=True, description="The payment's, 1 to 140 characters.")


def _settle(work: Work, desk: Desk, given: Any) -> Any:
    return claims.settle(work, desk, _claim(given), given.reference)


class WithdrawClaimInput(Change):
    """The claim that you take back."""

    claim = named("claim")


def _withdraw(work: Work, desk: Desk, given: Any) -> Any:
    return claims.withdraw(work, desk, _claim(given))


class TellArrivalInput(Change):
    """When a consignment arrived, by your word, which your party signs."""

    ucr = graphene.String(required=True, description="Unique consignment reference.")
    arrived_at = DateTime(required=True, description="When; not in the future.")


def tell_arrival(_root: Any, info: Info, input: Any) -> Changed:  # noqa: A002
    """Tell of an arrival."""

    def write(work: Work) -> dict[str, Any]:
        told = delays.tell_arrival(work, desk_of(info.context), input.ucr, input.arrived_at)
        return {"digests": [report.digest for report in told]}

    return perform(ArrivalPayload, info, input, Operation("tellArrival", write, lambda _work, said: said))


class CargoMutation(graphene.ObjectType):
    """Declaring cargo, claiming and settling."""

    declare_cargo = mutation(
        "declareCargo",
        "declaration",
        DeclareCargoInput,
        _declare,
        "Take a quote: the shipment is declared and its certificate issued.",
    )
    adjust_cargo_declaration = mutation(
        "adjustCargoDeclaration",
        "declaration",
        AdjustCargoDeclarationInput,
        _adjust_declaration,
        "Adjust a declaration before its risk ends: rated anew, its certificate exchanged for a new one.",
    )
    cancel_cargo_declaration = mutation(
        "cancelCargoDeclaration",
        "declaration",
        CancelCargoDeclarationInput,
        _cancel_declaration,
        "Take a declaration back before the goods are under way; its certificate is revoked.",
    )
    notify_claim = mutation(
        "notifyClaim", "claim", NotifyClaimInput, _notify, "Notify a claim; events become its evidence."
    )
    document_claim = mutation(
        "documentClaim", "claim", DocumentClaimInput, _document, "Add documents to a claim, by digest."
    )
    assess_claim = mutation(
        "assessClaim", "claim", AssessClaimInput, _assess, "For an insurer: say what the loss amounts to."
    )
    accept_claim = mutation(
        "acceptClaim", "claim", AcceptClaimInput, _accept, "For an insurer: accept a claim as assessed."
    )
    decline_claim = mutation(
        "declineClaim", "claim", DeclineClaimInput, _decline, "For an insurer: decline a claim for a reason."
    )
    settle_claim = mutation(
        "settleClaim", "claim", SettleClaimInput, _settle, "For an insurer: say that a claim was paid."
    )
    withdraw_claim = mutation(
        "withdrawClaim", "claim", WithdrawClaimInput, _withdraw, "Take a claim back before it is accepted."
    )
    tell_arrival = change(
        ArrivalPayload,
        TellArrivalInput,
        tell_arrival,
        "For carrier, terminal or customs: tell when a consignment with delay cover arrived.",
    )
