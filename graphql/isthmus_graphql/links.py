"""Download links: an address that gives one document out once, to whoever asked for it."""

from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.papers import desk_of
from isthmus_graphql.scalars import DateTime
from isthmus_platform import links, reading
from isthmus_platform.access_log import Action
from isthmus_platform.database import Work
from isthmus_platform.documents import NoSuchDocument
from isthmus_platform.http.links import PATH
from isthmus_platform.reading import FieldsOnly


class DownloadLink(graphene.ObjectType):
    """An address under which a version of a document is fetched once, by you and within a minute."""

    url = graphene.String(
        required=True,
        description="To be fetched by GET with an access token of your party, or where one of yours is signed"
        " in. Keep it out of logs.",
    )
    expires_at = DateTime(required=True, description="When it ends unused, in UTC.")


class IssueDownloadLinkInput(Change):
    """To what the link leads."""

    document = graphene.ID(required=True, description="The global id of a document that you may read.")
    version = graphene.Int(description="The newest unless given.")


class IssueDownloadLinkPayload(Changed):
    """The link, or why there is none."""

    link = graphene.Field(DownloadLink, description="The link.")


def issue_download_link(_root: Any, info: Info, input: Any) -> IssueDownloadLinkPayload:  # noqa: A002
    """Make a download link."""
    context = info.context
    refused: list[NoSuchDocument | FieldsOnly] = []

    def write(work: Work) -> dict[str, Any]:
        document_id = identity.key_of("Document", input.document, "document")
        try:
            return {"link": str(links.issue(work, document_id, input.version).id)}
        except (NoSuchDocument, FieldsOnly) as refusal:
            refused.append(refusal)
            raise

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        desk, link = desk_of(context), links.get(work, UUID(ids["link"]))
        url = f"{desk.address}{PATH}?token={links.word(desk.vault, link)}"
        return {"link": DownloadLink(url=url, expires_at=link.expires_at)}

    operation = Operation("issueDownloadLink", write, answer)
    payload = perform(IssueDownloadLinkPayload, info, input, operation)
    for each in refused:  # told when the transaction is over: a request holds one connection at a time
        reading.record_refusal(
            context.platform,
            context.actor,
            each.document_id,
            Action.METADATA,
            request_id=context.request_id,
            reason=each.code if isinstance(each, FieldsOnly) else None,
        )
    return payload


class LinkMutation(graphene.ObjectType):
    """Making download links."""

    issue_download_link = change(
        IssueDownloadLinkPayload,
        IssueDownloadLinkInput,
        issue_download_link,
        "Make an address under which you fetch a document once, within 60 seconds.",
    )
