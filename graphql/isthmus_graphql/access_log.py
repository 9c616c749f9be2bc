"""The access log: who read what of the acting party, and who tried in vain."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql.context import Info
from isthmus_graphql.documents import Document, keep_documents
from isthmus_graphql.grants import Grant, keep_grants, shipment_of
from isthmus_graphql.identity import global_id, key_of
from isthmus_graphql.pagination import Page, connection, listed, paging
from isthmus_graphql.papers import shown_by
from isthmus_graphql.parties import Party, party_of
from isthmus_graphql.scalars import DateTime
from isthmus_platform import access_log, documents, grants, parties, shipments
from isthmus_platform.access_log import AccessLogEntry as Row

ACTIONS = {
    access_log.Action.METADATA: "Looked at what a document is.",
    access_log.Action.CONTENT: "Fetched a document's contents.",
    access_log.Action.WINDOW_QUERY: "Asked the single window, under a grant.",
    access_log.Action.BREAK_GLASS: "An authority opened documents on a legal basis, which is the purpose.",
    access_log.Action.FINANCEABLE: "A bank asked what there is to finance on, under a grant.",
}
OUTCOMES = {access_log.Outcome.ALLOWED: "Let through.", access_log.Outcome.REFUSED: "Refused."}

AccessAction = graphene.Enum.from_enum(
    access_log.Action,
    name="AccessAction",
    description=lambda value: ACTIONS[value] if value else "What a reader did.",
)
AccessOutcome = graphene.Enum.from_enum(
    access_log.Outcome,
    name="AccessOutcome",
    description=lambda value: OUTCOMES[value] if value else "Whether a reader was let through.",
)


class AccessLogEntry(graphene.ObjectType):
    """One read of something of yours by another party, or an attempt at one."""

    id = graphene.ID(required=True, description="Global id.")
    at = DateTime(required=True, description="When, in UTC.")
    reader = graphene.Field(Party, required=True, description="Who.")
    action = graphene.Field(AccessAction, required=True, description="What was done, or tried.")
    outcome = graphene.Field(AccessOutcome, required=True, description="Whether it was let through.")
    reason = graphene.String(
        description="Why it was refused: no_grant, expired, revoked, or the bridge's reason code."
    )
    purpose = graphene.String(description="The purpose of the grant it was read under.")
    document = graphene.Field(Document, description="The document, if one was meant.")
    version = graphene.Int(description="The version of the document that was fetched.")
    shipment = graphene.Field("isthmus_graphql.shipments.Shipment", description="The shipment it belongs to.")
    grant = graphene.Field(Grant, description="The grant it was read under, or the last that was held.")

    @staticmethod
    def resolve_id(row: Row, _info: Info) -> str:
        """Return the global id."""
        return global_id("AccessLogEntry", row.id)

    @staticmethod
    def resolve_reader(row: Row, info: Info) -> parties.Party | None:
        """Return the reader."""
        return party_of(info.context, row.reader_id)

    @staticmethod
    def resolve_version(row: Row, _info: Info) -> int | None:
        """Return the version."""
        return row.document_version

    @staticmethod
    def resolve_document(row: Row, info: Info) -> documents.Document | None:
        """Return the document."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, documents.Document]:
            found = documents.get_many(context.reading, ids)
            keep_documents(context, list(found.values()))
            context.loader.together(shown_by(info.path.as_list()), found)
            return found

        if row.document_id is None:
            return None
        return context.loader.load("document reference", row.document_id, "document", read)

    @staticmethod
    def resolve_shipment(row: Row, info: Info) -> shipments.Shipment | None:
        """Return the shipment."""
        return shipment_of(info.context, row.shipment_id)

    @staticmethod
    def resolve_grant(row: Row, info: Info) -> grants.AccessGrant | None:
        """Return the grant."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, grants.AccessGrant]:
            found = grants.by_ids(context.reading, ids)
            keep_grants(context, found)
            return {grant.id: grant for grant in found}

        if row.grant_id is None:
            return None
        return context.loader.load("grant reference", row.grant_id, "grant", read)


AccessLogEntryConnection = connection(AccessLogEntry)


class AccessFilter(graphene.InputObjectType):
    """Which entries of the access log are meant."""

    reader = graphene.String(description="The name of who read, or tried to.")
    document = graphene.ID(description="Global id of a document.")
    shipment = graphene.ID(description="Global id of a shipment.")
    grant = graphene.ID(description="Global id of the grant it was read under, or that was held last.")
    action = AccessAction(description="What was done, or tried.")
    outcome = AccessOutcome(description="Whether it was let through.")
    since = DateTime(description="From then on.")
    until = DateTime(description="Before then.")


class AccessLogQuery(graphene.ObjectType):
    """Reading the access log."""

    access_log = listed(
        AccessLogEntryConnection,
        "Every read of something of yours by another party, and every refusal, newest first.",
    )

    accesses = listed(
        AccessLogEntryConnection,
        "Of your access log the entries that fit every member of the filter, newest first. The whole of it is"
        " a file at `/access-log?format=csv`.",
        filter=graphene.Argument(AccessFilter, required=True, description="Which entries."),
    )

    @staticmethod
    def resolve_access_log(_root: Any, info: Info, first: int | None, after: str | None = None) -> Page[Row]:
        """Return a page of the log."""
        return _page(info, first, after, access_log.EVERYTHING)

    @staticmethod
    def resolve_accesses(
        _root: Any,
        info: Info,
        first: int | None,
        filter: Any,  # noqa: A002 (the argument's name in the schema)
        after: str | None = None,
    ) -> Page[Row]:
        """Return a page of the entries that fit a filter."""
        return _page(info, first, after, _wanted(info, filter))


def _page(info: Info, first: int | None, after: str | None, wanted: access_log.AccessFilter) -> Page[Row]:
    asked, loader = paging(info, "access", first, after), info.context.loader
    rows = access_log.page(info.context.reading, after=asked.behind, first=asked.count + 1, wanted=wanted)
    loader.together("party", (row.reader_id for row in rows))
    loader.together("document reference", (row.document_id for row in rows))
    loader.together("shipment reference", (row.shipment_id for row in rows))
    loader.together("grant reference", (row.grant_id for row in rows))
    return asked.page(rows)


def _wanted(info: Info, given: Any) -> access_log.AccessFilter:
    reader = given.reader
    if reader is not None:
        reader = parties.by_name(info.context.reading, reader, field="filter.reader").id

    def key(kind: str) -> UUID | None:
        named = getattr(given, kind.lower())
        return None if named is None else key_of(kind, named, f"filter.{kind.lower()}")

    return access_log.AccessFilter(
        reader=reader,
        document=key("Document"),
        shipment=key("Shipment"),
        grant=key("Grant"),
        action=given.action,
        outcome=given.outcome,
        since=given.since,
        until=given.until,
    )
