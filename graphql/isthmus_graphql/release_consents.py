"""A financing bank's consents to releases of cargo."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity, nodes
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.scalars import DateTime
from isthmus_platform.database import Work
from isthmus_platform.logistics import consents
from isthmus_platform.logistics.records import ReleaseConsent as ConsentRow


class ReleaseConsent(graphene.ObjectType):
    """A financing bank's word that a consignment may be let go, for all that it had lent on it by then."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (ConsentRow,)

    ucr = graphene.String(required=True, description="Unique consignment reference.")
    given_at = DateTime(required=True, description="Since when, in UTC.")
    withdrawn_at = DateTime(
        description="Until when, in UTC: withdrawn, or given anew for more; null while it stands."
    )


class ConsentToReleaseInput(Change):
    """The consignment that you finance."""

    ucr = graphene.String(required=True, description="Unique consignment reference.")


class WithdrawReleaseConsentInput(Change):
    """The consent of yours that ends."""

    consent = graphene.ID(required=True, description="Global id of the consent.")


class ReleaseConsentsPayload(Changed):
    """The consents, or why nothing was changed."""

    consents = graphene.List(
        graphene.NonNull(ReleaseConsent), description="One a shipment of the consignment."
    )


class ReleaseConsentPayload(Changed):
    """The consent, or why nothing was changed."""

    consent = graphene.Field(ReleaseConsent, description="As it stands.")


def consent_to_release(_root: Any, info: Info, input: Any) -> ReleaseConsentsPayload:  # noqa: A002
    """Consent to the release of a consignment."""

    def write(work: Work) -> dict[str, Any]:
        return {"consents": [str(each.id) for each in consents.consent(work, input.ucr)]}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"consents": [consents.get(work, UUID(one)) for one in ids["consents"]]}

    return perform(ReleaseConsentsPayload, info, input, Operation("consentToRelease", write, answer))


def withdraw_release_consent(_root: Any, info: Info, input: Any) -> ReleaseConsentPayload:  # noqa: A002
    """Withdraw one's own consent."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("ReleaseConsent", input.consent, "consent")
        return {"consent": str(consents.withdraw(work, key).id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {"consent": consents.get(work, UUID(ids["consent"]))}

    return perform(ReleaseConsentPayload, info, input, Operation("withdrawReleaseConsent", write, answer))


class ReleaseConsentQuery(graphene.ObjectType):
    """Reading one's own consents."""

    release_consents = listed(
        connection(ReleaseConsent), "Consents that you gave, newest first, those that ended too."
    )

    @staticmethod
    def resolve_release_consents(
        _root: Any, info: Info, first: int | None, after: str | None = None
    ) -> Page[ConsentRow]:
        """Return a page of your own consents."""
        asked = paging(info, "consent", first, after)
        rows = consents.given(info.context.reading, after=asked.behind, first=asked.count + 1)
        return asked.page(rows)


class ReleaseConsentMutation(graphene.ObjectType):
    """Consenting to releases of cargo."""

    consent_to_release = change(
        ReleaseConsentsPayload,
        ConsentToReleaseInput,
        consent_to_release,
        "For a bank: consent to the release of a consignment that you finance.",
    )
    withdraw_release_consent = change(
        ReleaseConsentPayload,
        WithdrawReleaseConsentInput,
        withdraw_release_consent,
        "For a bank: withdraw your consent, before the delivery order is issued.",
    )


nodes.readable("ReleaseConsent", lambda context, key: consents.get(context.reading, key))
