"""Typed data of documents: reading, issuing, revoking, and what differs between a shipment's papers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Context, Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.paper_types import PaperData
from isthmus_graphql.scalars import JSON, DateTime
from isthmus_platform import documents, emergencies
from isthmus_platform.database import Work
from isthmus_platform.errors import InvalidInput, PlatformError
from isthmus_platform.logistics import instructions
from isthmus_platform.papers import consignment, dcsa_ebl, issuing, kinds, plain, ubl
from isthmus_platform.papers.comparing import Citation as Cited
from isthmus_platform.papers.comparing import Discrepancy as Differing
from isthmus_platform.papers.issuing import Said
from isthmus_platform.papers.signing import Desk


class NoDesk(PlatformError):
    """This installation has no keys to issue documents with."""

    code = "no_desk"
    status = 503


def desk_of(context: Context) -> Desk:
    """Return what documents are issued with; raises :class:`NoDesk`."""
    if context.desk is None:
        raise NoDesk("Documents are not issued here.")
    return context.desk


def shown_by(names: Sequence[str | int]) -> str:
    """Return the kind of company of the documents that the field with this path shows, whatever its parents.

    That what a document says was read is recorded: so it is read together for what one field shows, and not
    for what another field of the request shows, or for what was left out of a page.
    """
    return f"document shown by {'.'.join(each for each in names if isinstance(each, str))}"


def _company(row: documents.Document, info: Info) -> str:
    """Return the company that ``row`` is shown in: by a field of its own, or on a page, as an edge's node."""
    own, paged = (shown_by(info.path.as_list()[:-names]) for names in (1, 4))
    return paged if len(info.context.loader.company(paged, row.id)) > 1 else own


def _said(row: documents.Document, info: Info) -> Said | None:
    context = info.context

    def read(ids: Sequence[UUID]) -> dict[UUID, Said]:
        rows = context.loader.kept("document", ids)
        return issuing.said(context.reading, desk_of(context).vault, rows)

    return context.loader.load(_company(row, info), row.id, "said", read)


class Papered(graphene.ObjectType):
    """What typed data adds to a document."""

    data = graphene.Field(
        PaperData,
        description="What it says, as far as it is open to you; null for a document that is only a file."
        " Its owner sees that you read it.",
    )
    issued_at = DateTime(description="When its data was signed, in UTC; null for a document that is a file.")
    revoked_at = DateTime(description="When its issuer revoked it, in UTC.")

    @staticmethod
    def resolve_data(row: documents.Document, info: Info) -> Said | None:
        """Return the data."""
        return _said(row, info)

    @staticmethod
    def resolve_issued_at(row: documents.Document, info: Info) -> Any:
        """Return when it was signed."""
        issued = _issued(row, info)
        return issued.issued_at if issued else None

    @staticmethod
    def resolve_revoked_at(row: documents.Document, info: Info) -> Any:
        """Return when it was revoked."""
        issued = _issued(row, info)
        return issued.revoked_at if issued else None


def _issued(row: documents.Document, info: Info) -> issuing.IssuedPaper | None:
    context = info.context
    return context.loader.load("document", row.id, "issued", lambda ids: issuing.newest(context.reading, ids))


class Citation(graphene.ObjectType):
    """Where something is said."""

    document = graphene.ID(description="Global id of the document; null for the declaration or a booking.")
    booking = graphene.ID(description="Global id of the booking that says it, if one does.")
    path = graphene.String(required=True, description="The field in it, such as `goods.grossMass`.")
    value = graphene.String(required=True, description="What it says there.")

    @staticmethod
    def resolve_document(cited: Cited, _info: Info) -> str | None:
        """Return the document's global id."""
        if cited.source == consignment.DECLARATION or cited.source.startswith(instructions.CITED):
            return None
        return identity.global_id("Document", cited.source)

    @staticmethod
    def resolve_booking(cited: Cited, _info: Info) -> str | None:
        """Return the booking's global id."""
        if not cited.source.startswith(instructions.CITED):
            return None
        return identity.global_id("Booking", cited.source.removeprefix(instructions.CITED))


class Discrepancy(graphene.ObjectType):
    """Two papers that say different things of the same."""

    field = graphene.String(required=True, description="What they differ in, such as `grossMass`.")
    one = graphene.Field(Citation, required=True, description="What the first says, and where.")
    other = graphene.Field(Citation, required=True, description="What the other says, and where.")


class Compared(graphene.ObjectType):
    """What comparing its papers adds to a shipment."""

    discrepancies = graphene.List(
        graphene.NonNull(Discrepancy),
        required=True,
        description="Where its declaration, its bookings that you see, and the documents with typed data that"
        " you may read whole differ.",
    )

    @staticmethod
    def resolve_discrepancies(row: Any, info: Info) -> Sequence[Differing]:
        """Return the discrepancies."""
        context = info.context

        def read(ids: Sequence[UUID]) -> dict[UUID, list[Differing]]:
            rows = context.loader.kept("shipment", ids) or [row]
            return consignment.of_shipments(context.reading, desk_of(context).vault, rows)

        return context.loader.load("shipment", row.id, "discrepancies", read) or []


DCSA = "Of DCSA eBL 3.0: for 705 and 710 a transport document, for 340 a shipping instruction."


class IssueDocumentInput(Change):
    """What is issued: as JSON, as UBL 2.4 or as DCSA eBL 3.0."""

    shipment = graphene.String(required=True, description="Your reference of the shipment.")
    type = graphene.String(
        required=True, description="UNTDID 1001 code: 271, 340, 380, 465, 520, 610, 705, 710, 830 or 861."
    )
    title = graphene.String(description="The type's name unless given.")
    data = JSON(description="The fields of the type's data, spelt as in the answer; or `ubl`, or `dcsa`.")
    ubl = graphene.String(description="A UBL 2.4 document of the type, as XML.")
    dcsa = JSON(description=DCSA)


class IssueDocumentVersionInput(Change):
    """What is issued in place of the versions before, which are revoked."""

    document = graphene.ID(required=True, description="The global id of a document of yours.")
    data = JSON(description="The fields of the document's type, or `ubl`, or `dcsa`.")
    ubl = graphene.String(description="A UBL 2.4 document of the type, as XML.")
    dcsa = JSON(description=DCSA)


class DocumentPayload(Changed):
    """The document, or why nothing was changed."""

    document = graphene.Field("isthmus_graphql.documents.Document", description="As it stands.")


class RevokeDocumentInput(Change):
    """Which document is revoked."""

    document = graphene.ID(required=True, description="The global id of a document of yours.")


def _paper(given: Any, type_code: str, desk: Desk) -> kinds.Paper:
    if [given.data, given.ubl, given.dcsa].count(None) != 2:
        raise InvalidInput("Send data, ubl or dcsa, one of them.", field="data", code="one_of")
    if given.data is not None:
        return plain.paper(type_code, given.data)
    paper = _of_ubl(given.ubl, desk) if given.dcsa is None else _of_dcsa(given.dcsa, type_code, desk)
    if kinds.code_of(paper) != type_code:
        raise InvalidInput("What was sent is a document of another type.", field="type", code="other_type")
    return paper


def _of_ubl(given: str, desk: Desk) -> kinds.Paper:
    if desk.schemas is None:
        raise ubl.SchemasMissing("The UBL schemas are not here; send data.", field="ubl")
    return ubl.read(given.encode(), desk.schemas)


def _of_dcsa(given: Any, type_code: str, desk: Desk) -> kinds.Paper:
    if desk.dcsa is None:
        raise ubl.SchemasMissing("DCSA's schema is not here; send data.", field="dcsa")
    return dcsa_ebl.read(given, desk.dcsa, type_code)


def _document(info: Info, work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    row = documents.get(work, UUID(ids["document"]))
    info.context.loader.keep("document", [row])
    return {"document": row}


def issue_document(_root: Any, info: Info, input: Any) -> DocumentPayload:  # noqa: A002
    """Issue a document."""

    def write(work: Work) -> dict[str, Any]:
        desk = desk_of(info.context)
        version = issuing.issue(
            work, desk, input.shipment, _paper(input, input.type, desk), title=input.title
        )
        return {"document": str(version.document_id)}

    operation = Operation("issueDocument", write, lambda work, ids: _document(info, work, ids))
    return perform(DocumentPayload, info, input, operation)


def issue_document_version(_root: Any, info: Info, input: Any) -> DocumentPayload:  # noqa: A002
    """Issue a further version of a document."""

    def write(work: Work) -> dict[str, Any]:
        desk = desk_of(info.context)
        row = documents.get(work, identity.key_of("Document", input.document, "document"))
        version = issuing.issue_again(work, desk, row.id, _paper(input, row.type, desk))
        return {"document": str(version.document_id)}

    operation = Operation("issueDocumentVersion", write, lambda work, ids: _document(info, work, ids))
    return perform(DocumentPayload, info, input, operation)


def revoke_document(_root: Any, info: Info, input: Any) -> DocumentPayload:  # noqa: A002
    """Revoke a document."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("Document", input.document, "document")
        return {"document": str(issuing.revoke(work, key).id)}

    operation = Operation("revokeDocument", write, lambda work, ids: _document(info, work, ids))
    return perform(DocumentPayload, info, input, operation)


class BreakGlassInput(Change):
    """Which consignment's documents an authority opens to itself, by which law and why."""

    ucr = graphene.String(required=True, description="Unique consignment reference.")
    legal_basis = graphene.String(required=True, description="Citation of the law, 10 to 500 characters.")
    reason = graphene.String(required=True, description="Why, 10 to 500 characters; the law is told apart.")


class BreakGlassPayload(Changed):
    """Until when the documents are open, or why they are not."""

    valid_until = DateTime(description="When it ends, in UTC.")


def break_glass(_root: Any, info: Info, input: Any) -> BreakGlassPayload:  # noqa: A002
    """Open a consignment's documents to an authority."""

    def write(work: Work) -> dict[str, Any]:
        opened = emergencies.break_glass(work, input.ucr, legal_basis=input.legal_basis, reason=input.reason)
        return {"emergency": str(opened[0].id)}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {
            "valid_until": work.session.get_one(
                emergencies.EmergencyAccess, UUID(ids["emergency"])
            ).valid_until
        }

    return perform(BreakGlassPayload, info, input, Operation("breakGlass", write, answer))


class PaperMutation(graphene.ObjectType):
    """Issuing and revoking documents, and opening them in an emergency."""

    issue_document = change(
        DocumentPayload,
        IssueDocumentInput,
        issue_document,
        "Sign a document's data as your party and store it with a shipment of yours.",
    )
    issue_document_version = change(
        DocumentPayload,
        IssueDocumentVersionInput,
        issue_document_version,
        "Sign a document's data anew, as its next version; the versions before are revoked.",
    )
    revoke_document = change(
        DocumentPayload, RevokeDocumentInput, revoke_document, "Revoke a signed document; it stays readable."
    )
    break_glass = change(
        BreakGlassPayload,
        BreakGlassInput,
        break_glass,
        "For an authority: read a consignment's documents for 24 hours on a legal basis. The owners see it.",
    )
