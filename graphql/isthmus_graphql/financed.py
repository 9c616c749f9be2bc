"""The register of financed invoices: yes or no about an invoice that the asking bank holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity, nodes
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.scalars import DateTime
from isthmus_platform import financed
from isthmus_platform.database import Work

MARKS = (
    "The invoice's marks (RFC 9497), 64 bytes each in hexadecimal, as the bank made them with"
    " `POST /financing/evaluations`; they do not say which invoice it is."
)
DAYS = financed.DISPUTE_STANDS.days


def _marks() -> graphene.List:
    return graphene.List(graphene.NonNull(graphene.String), required=True, description=MARKS)


class Financing(graphene.ObjectType):
    """That you finance an invoice. Which one, only you know."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (financed.Financing,)

    registered_at = DateTime(required=True, description="When you registered it, in UTC.")
    released_at = DateTime(description="When you let it go, in UTC; until then no other may be like it.")
    disputed_at = DateTime(description="Since when another bank disputes it, in UTC; null once none does.")
    disputed_until = DateTime(
        description="When the last dispute ends that stands now, in UTC, if it is not taken back before."
    )

    @staticmethod
    def resolve_disputed_at(row: financed.Financing, info: Info) -> Any:
        """Return since when it is disputed, read with those of the whole page."""
        return _disputed(row, info, "since")

    @staticmethod
    def resolve_disputed_until(row: financed.Financing, info: Info) -> Any:
        """Return until when it is disputed, read with those of the whole page."""
        return _disputed(row, info, "until")


def _disputed(row: financed.Financing, info: Info, end: str) -> Any:
    context = info.context

    def read(ids: Sequence[UUID]) -> dict[UUID, datetime]:
        found = financed.disputes(context.reading, ids)
        return {key: getattr(disputed, end) for key, disputed in found.items()}

    return context.loader.load("financing", row.id, f"disputed {end}", read)


class FinancingDispute(graphene.ObjectType):
    """Your word that an invoice should not be registered as financed."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (financed.FinancingDispute,)

    reason = graphene.String(required=True, description="Your own words.")
    raised_at = DateTime(required=True, description="When you raised it, in UTC.")
    stands_until = DateTime(
        required=True, description=f"When it ends by itself, in UTC: {DAYS} days after it was raised."
    )
    stands = graphene.Boolean(
        required=True, description="Whether it stands now: neither taken back nor at its end."
    )
    withdrawn_at = DateTime(description="When you took it back, in UTC.")

    @staticmethod
    def resolve_stands(row: financed.FinancingDispute, info: Info) -> bool:
        """Return whether it stands now."""
        return row.stands(info.context.reading.now)


FinancingConnection = connection(Financing)
FinancingDisputeConnection = connection(FinancingDispute)


class FinancingQuery(graphene.ObjectType):
    """Reading what the bank registered and disputed."""

    financings = listed(FinancingConnection, "The invoices that you registered as financed, newest first.")
    financing_disputes = listed(
        FinancingDisputeConnection,
        "Your own disputes, newest first, those taken back too; what another bank said is not among them.",
    )

    @staticmethod
    def resolve_financings(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[financed.Financing]:
        """Return a page of financings."""
        asked, loader = paging(info, "financing", first, after), info.context.loader
        rows = financed.page(info.context.reading, after=asked.behind, first=asked.count + 1)
        loader.keep("financing", rows)
        return asked.page(rows)

    @staticmethod
    def resolve_financing_disputes(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[financed.FinancingDispute]:
        """Return a page of the bank's own disputes."""
        asked = paging(info, "dispute", first, after)
        rows = financed.disputed(info.context.reading, after=asked.behind, first=asked.count + 1)
        return asked.page(rows)


class AskFinancedInput(Change):
    """The invoice that is asked about."""

    marks = _marks()


class RegisterFinancingInput(Change):
    """The invoice that is financed."""

    marks = _marks()


class ReleaseFinancingInput(Change):
    """The financing that ends."""

    financing = graphene.ID(required=True, description="The financing's id.")


class DisputeFinancingInput(Change):
    """The invoice that should not be registered."""

    marks = _marks()
    reason = graphene.String(required=True, description="Why, 1 to 500 characters.")


class WithdrawFinancingDisputeInput(Change):
    """The dispute that ends."""

    dispute = graphene.ID(required=True, description="The dispute's id.")


class AskFinancedPayload(Changed):
    """Yes or no."""

    financed_before = graphene.Boolean(
        description="Whether this invoice, or one nearly like it, is financed."
    )


class RegisterFinancingPayload(Changed):
    """The financing registered."""

    financing = graphene.Field(Financing, description="The financing.")


class ReleaseFinancingPayload(Changed):
    """The financing released."""

    financing = graphene.Field(Financing, description="The financing.")


class DisputeFinancingPayload(Changed):
    """The dispute raised."""

    dispute = graphene.Field(FinancingDispute, description="The dispute.")


class WithdrawFinancingDisputePayload(Changed):
    """The dispute withdrawn."""

    dispute = graphene.Field(FinancingDispute, description="The dispute.")


def ask_financed(_root: Any, info: Info, input: Any) -> AskFinancedPayload:  # noqa: A002
    """Ask whether an invoice is financed."""

    def write(work: Work) -> dict[str, Any]:
        return {"financed_before": financed.ask(work, input.marks)}

    def answer(_work: Work, said: dict[str, Any]) -> dict[str, Any]:
        return said

    return perform(AskFinancedPayload, info, input, Operation("askFinanced", write, answer))


def _financing(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"financing": financed.get(work, UUID(ids["financing"]))}


def _dispute(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"dispute": financed.dispute_of(work, UUID(ids["dispute"]))}


def register_financing(_root: Any, info: Info, input: Any) -> RegisterFinancingPayload:  # noqa: A002
    """Register an invoice as financed."""

    def write(work: Work) -> dict[str, Any]:
        return {"financing": str(financed.register(work, input.marks).id)}

    operation = Operation("registerFinancing", write, _financing)
    return perform(RegisterFinancingPayload, info, input, operation)


def release_financing(_root: Any, info: Info, input: Any) -> ReleaseFinancingPayload:  # noqa: A002
    """Let a financing go."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("Financing", input.financing, "financing")
        return {"financing": str(financed.release(work, key).id)}

    return perform(ReleaseFinancingPayload, info, input, Operation("releaseFinancing", write, _financing))


def dispute_financing(_root: Any, info: Info, input: Any) -> DisputeFinancingPayload:  # noqa: A002
    """Dispute a registration."""

    def write(work: Work) -> dict[str, Any]:
        return {"dispute": str(financed.dispute(work, input.marks, input.reason).id)}

    return perform(DisputeFinancingPayload, info, input, Operation("disputeFinancing", write, _dispute))


def withdraw_dispute(_root: Any, info: Info, input: Any) -> WithdrawFinancingDisputePayload:  # noqa: A002
    """Take a dispute back."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("FinancingDispute", input.dispute, "dispute")
        return {"dispute": str(financed.withdraw(work, key).id)}

    operation = Operation("withdrawFinancingDispute", write, _dispute)
    return perform(WithdrawFinancingDisputePayload, info, input, operation)


class FinancingMutation(graphene.ObjectType):
    """Asking, registering, releasing, disputing."""

    ask_financed = change(
        AskFinancedPayload,
        AskFinancedInput,
        ask_financed,
        "Ask whether an invoice that you hold is financed already, by you or any other bank.",
    )
    register_financing = change(
        RegisterFinancingPayload,
        RegisterFinancingInput,
        register_financing,
        "Register that you finance an invoice; refused where it is financed already.",
    )
    release_financing = change(
        ReleaseFinancingPayload, ReleaseFinancingInput, release_financing, "Let a financed invoice go."
    )
    dispute_financing = change(
        DisputeFinancingPayload,
        DisputeFinancingInput,
        dispute_financing,
        "Say, once, that an invoice should not be registered as financed: while that stands nothing is paid"
        f" out on it here, for {DAYS} days at most. Neither bank learns who the other is.",
    )
    withdraw_financing_dispute = change(
        WithdrawFinancingDisputePayload,
        WithdrawFinancingDisputeInput,
        withdraw_dispute,
        "Take a dispute of yours back.",
    )


nodes.readable("Financing", lambda context, key: financed.get(context.reading, key))
nodes.readable("FinancingDispute", lambda context, key: financed.dispute_of(context.reading, key))
