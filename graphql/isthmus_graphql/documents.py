"""Documents and their versions; contents go over plain HTTP, not through GraphQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import nodes
from isthmus_graphql.context import Context, Info
from isthmus_graphql.grants import Grant, keep_grants
from isthmus_graphql.pagination import connection
from isthmus_graphql.papers import Papered
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime, Long
from isthmus_platform import documents, grants, parties, reading
from isthmus_platform.access_log import Action
from isthmus_platform.documents import Document as Row
from isthmus_platform.documents import DocumentVersion as VersionRow


class DocumentVersion(graphene.ObjectType):
    """One version of a document's contents; it never changes."""

    version = graphene.Int(required=True, description="1 for the first, without gaps.")
    sha256 = graphene.String(required=True, description="SHA-256 of the contents, in hexadecimal.")
    size = Long(required=True, description="Bytes.")
    media_type = graphene.String(required=True, description="As it was uploaded (RFC 6838).")
    created_at = DateTime(required=True, description="When it was stored, in UTC.")

    @staticmethod
    def resolve_version(row: VersionRow, _info: Info) -> int:
        """Return its number."""
        return row.number


class Document(Papered):
    """A paper of a shipment; `version`, `sha256`, `size` and `mediaType` are the newest version's."""

    class Meta:
        interfaces = (nodes.Node,)
        possible_types = (Row,)

    type = graphene.String(required=True, description="UNTDID 1001 code: 380 is a commercial invoice.")
    type_name = graphene.String(required=True, description="The English name of that code.")
    title = graphene.String(required=True, description="The title it was given.")
    version = graphene.Int(required=True, description="1 for the first, without gaps.")
    sha256 = graphene.String(required=True, description="SHA-256 of the contents, in hexadecimal.")
    size = Long(required=True, description="Bytes.")
    media_type = graphene.String(required=True, description="As it was uploaded (RFC 6838).")
    owner = graphene.Field(Party, required=True, description="Whose it is.")
    shipment_reference = graphene.String(required=True, description="The owner's reference of its shipment.")
    ucr = graphene.String(required=True, description="Unique consignment reference of its shipment.")
    created_at = DateTime(required=True, description="When its first version was stored, in UTC.")
    content_url = graphene.String(
        required=True, description="Where the newest contents are, relative to this server; bearer token."
    )
    versions = graphene.List(
        graphene.NonNull(DocumentVersion), required=True, description="All versions, newest first."
    )
    grants = graphene.List(
        graphene.NonNull(Grant),
        required=True,
        description="Who was given access, newest first; for the owner and its agents, else empty.",
    )

    @staticmethod
    def resolve_version(row: Row, info: Info) -> int:
        """Return the newest version's number."""
        return _newest(row, info).number

    @staticmethod
    def resolve_sha256(row: Row, info: Info) -> str:
        """Return the newest version's digest."""
        return _newest(row, info).sha256

    @staticmethod
    def resolve_size(row: Row, info: Info) -> int:
        """Return the newest version's size."""
        return _newest(row, info).size

    @staticmethod
    def resolve_media_type(row: Row, info: Info) -> str:
        """Return the newest version's media type."""
        return _newest(row, info).media_type

    @staticmethod
    def resolve_owner(row: Row, info: Info) -> parties.Party | None:
        """Return the owner."""
        return party_of(info.context, row.party_id)

    @staticmethod
    def resolve_content_url(row: Row, _info: Info) -> str:
        """Return the path of the contents."""
        return f"/documents/{row.id}/content"

    @staticmethod
    def resolve_versions(row: Row, info: Info) -> Sequence[VersionRow]:
        """Return the versions."""
        return _versions(row, info)

    @staticmethod
    def resolve_grants(row: Row, info: Info) -> Sequence[Any]:
        """Return the grants of the document or its shipment."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[grants.AccessGrant]]:
            found = grants.of_documents(context.reading, context.loader.kept("document", ids))
            keep_grants(context, [grant for each in found.values() for grant in each])
            return found

        return context.loader.load("document", row.id, "grants", read) or []


DocumentConnection = connection(Document)


def _versions(row: Row, info: Info) -> Sequence[VersionRow]:
    context = info.context
    return (
        context.loader.load(
            "document", row.id, "versions", lambda ids: documents.versions(context.reading, ids)
        )
        or []
    )


def _newest(row: Row, info: Info) -> VersionRow:
    return _versions(row, info)[0]


def keep_documents(context: Context, rows: Sequence[Row]) -> None:
    """Note that these documents were read together."""
    context.loader.keep("document", rows)
    context.loader.together("party", (row.party_id for row in rows))


def of_shipments(context: Context, shipment_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """Return each shipment's documents that the actor sees, newest first."""
    found = documents.of_shipments(context.reading, shipment_ids)
    keep_documents(context, [row for rows in found.values() for row in rows])
    return {key: rows[::-1] for key, rows in found.items()}


def look(context: Context, document_id: UUID) -> Row:
    """Return a document's metadata; another party's read, or refusal, goes to its owner's access log."""
    try:
        row = reading.look(context.reading, document_id)
    except documents.NoSuchDocument:
        # The refusal has a transaction of its own, and a request holds one connection at a time.
        context.close()
        reading.record_refusal(
            context.platform, context.actor, document_id, Action.METADATA, request_id=context.request_id
        )
        raise
    keep_documents(context, [row])
    return row


class DocumentQuery(graphene.ObjectType):
    """Reading documents."""

    document = nodes.one_by_id(
        Document,
        "A document's metadata; null where there is none that you may read. Its owner sees that you looked.",
    )


nodes.readable("Document", look)
