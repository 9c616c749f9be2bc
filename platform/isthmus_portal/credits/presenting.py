"""Documents to present: a signed one of the party's own with what its face shows, or others as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from isthmus_platform.database import Actor
from isthmus_platform.errors import InvalidInput
from isthmus_portal.entered import lines, text, whole
from isthmus_portal.face import Face

LONGEST = 500_000
"""Characters of documents from elsewhere."""
TEXTS = ("dated", "signedBy", "signedAs", "onBoard", "endorsedBy", "effectiveOn")


def document(face: Face, actor: Actor, key: UUID, form: Mapping[str, str]) -> dict[str, Any]:
    """Return a signed document as ``presentDocuments`` reads it; its file is checked before it is used.

    What its face shows are the fields of the form that end in its id.
    """
    checked = face.verify(face.files.document(actor, key).get_data())
    if not checked.passed or checked.type is None:
        raise InvalidInput("This is not signed, or stands no more.", field=str(key), code="not_signed")
    shown: dict[str, Any] = {}
    for name in ("originals", "copies"):
        if text(form, f"{name}-{key}"):
            shown[name] = whole(form, f"{name}-{key}")
    for name in TEXTS:
        if text(form, f"{name}-{key}"):
            shown[name] = text(form, f"{name}-{key}")
    clauses = lines(form, f"clauses-{key}")
    if clauses:
        shown["clauses"] = clauses
    return {"type": checked.type, "data": checked.data, "face": shown}


def from_elsewhere(written: str) -> list[Any]:
    """Return documents that were written as a JSON list; none of an empty text."""
    if not written.strip():
        return []
    try:
        found = json.loads(written) if len(written) <= LONGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise InvalidInput("This is not a JSON list of documents.", field="elsewhere", code="format")
    return found


def placed(errors: Sequence[Mapping[str, Any]], chosen: Sequence[str]) -> list[dict[str, Any]]:
    """Return errors with the document's own id in place of ``documents.0…``; others stay beside theirs."""
    found = []
    for error in errors:
        field = error["field"] or ""
        head, _, rest = field.partition(".")
        number = rest.partition(".")[0]
        if head == "documents" and number.isdigit():
            field = chosen[int(number)] if int(number) < len(chosen) else "elsewhere"
        found.append({**error, "field": field})
    return found
