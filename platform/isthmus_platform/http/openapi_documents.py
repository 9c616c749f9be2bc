"""The entries of documents, titles and the access log, as the OpenAPI document tells of them."""

from isthmus_platform.http.openapi_operations import (
    ANY,
    BINARY,
    KEY,
    TEXT,
    Json,
    content,
    ok,
    operation,
    refusals,
    schema,
)

DOCUMENT = {"document_id": {"type": "string", "format": "uuid"}}


def documents() -> Json:
    """Return the paths of documents."""
    stored = {
        **ok(content("application/json", schema("Stored")), "Stored before."),
        **ok(content("application/json", schema("Stored")), "Stored.", 201),
        **refusals(400, 404, 409, 413, 415, 422),
    }
    file = content("*/*", BINARY)
    refused = refusals(400, 404, 409, 422)
    needed_key = {**KEY, "required": True}
    return {
        "/shipments/{reference}/documents": {
            "post": operation(
                "documents.store",
                "Store a document of a shipment: the body, of any type.",
                stored,
                path={"reference": TEXT},
                query={"type": {"type": "string", "description": "UNTDID 1001"}, "title": TEXT},
                headers=(needed_key,),
                body=file,
            )
        },
        "/documents/{document_id}/versions": {
            "post": operation(
                "documents.store_version",
                "Store a further version of a document: the body, of any type.",
                stored,
                path=DOCUMENT,
                headers=(needed_key,),
                body=file,
            )
        },
        "/documents/{document_id}/content": {
            "get": operation(
                "documents.content",
                "The contents of a version, the newest unless another is asked for.",
                {**ok(file), **refused},
                path=DOCUMENT,
                query={"version": {"type": "integer", "minimum": 1}},
            )
        },
        "/documents/{document_id}/signed": {
            "get": operation(
                "papers.signed",
                "The signed file, which verifies itself, showing what is open to you.",
                {**ok(content("*/*", BINARY)), **refused},
                path=DOCUMENT,
                query={"fields": {"type": "string", "description": "Only these, with commas."}},
            )
        },
        "/documents/{document_id}/ubl": {
            "get": operation(
                "papers.as_ubl",
                "The data as UBL 2.4.",
                {**ok(content("application/xml", BINARY)), **refused},
                path=DOCUMENT,
            )
        },
        "/documents/{document_id}/dcsa": {
            "get": operation(
                "papers.as_dcsa",
                "A transport document's data as DCSA eBL 3.0; `dcsa_lacks` names what it does not say.",
                {**ok(content("application/json", {"type": "object"})), **refused},
                path=DOCUMENT,
            )
        },
        "/documents/{document_id}/pdf": {
            "get": operation(
                "papers.as_pdf",
                "Pages to read (UN Layout Key), which carry what was signed.",
                {**ok(content("application/pdf", BINARY)), **refused},
                path=DOCUMENT,
            )
        },
        "/documents/link": {
            "get": operation(
                "links.opened",
                "The document of a download link, to its reader, once.",
                {**ok(file), **refused},
                query={"token": TEXT},
            )
        },
        "/documents/status": {
            "get": operation(
                "papers.status",
                "The signed list of the documents that were revoked (Token Status List).",
                ok(content("application/statuslist+jwt", TEXT)),
            )
        },
    }


def titles() -> Json:
    """Return the paths of titles."""
    return {
        "/titles/{title_id}/file": {
            "get": operation(
                "titles.file",
                "A title with all its steps, which verifies itself.",
                {**ok(content("*/*", BINARY)), **refusals(404, 409, 422)},
                path={"title_id": {"type": "string", "format": "uuid"}},
            )
        }
    }


def access_log() -> Json:
    """Return the paths of the access log."""
    word = {"type": "string"}
    names = ("reader", "document", "shipment", "grant", "action", "outcome", "from", "until")
    file = content("text/csv", TEXT) | content("application/json", ANY)
    return {
        "/access-log": {
            "get": operation(
                "access_log.export",
                "Who saw your data and who was refused, newest first.",
                {**ok(file), **refusals(400, 404, 422)},
                query={**dict.fromkeys(names, word), "format": {"enum": ["csv", "json"]}},
            )
        }
    }
