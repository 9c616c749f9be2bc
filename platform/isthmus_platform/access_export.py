"""Who saw my data, to take along: an owner's access log with names, as CSV or JSON, whole or narrowed.

Read in pages, each in a transaction of its own, so that a log of any length is given out by a slow client's
pace and holds nothing open. What is added while it is read stands before its beginning and is not in it.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from isthmus_platform import access_log, documents, parties, shipments
from isthmus_platform.access_log import AccessFilter, AccessLogEntry
from isthmus_platform.database import Actor, Platform, Work

AT_ONCE = 500
COLUMNS = (
    "at",
    "reader",
    "readerName",
    "action",
    "outcome",
    "reason",
    "purpose",
    "document",
    "documentTitle",
    "version",
    "shipment",
    "ucr",
    "grant",
    "crossing",
    "request",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""
Row = dict[str, Any]


def rows(platform: Platform, actor: Actor, wanted: AccessFilter, *, request_id: str) -> Iterator[list[Row]]:
    """Yield the entries of the actor's own log, newest first, in pages."""
    after = None
    while True:
        with platform.begin(actor, request_id=request_id) as work:
            found = access_log.page(work, after=after, first=AT_ONCE, wanted=wanted)
            yield _named(work, found)
        if len(found) < AT_ONCE:
            return
        after = found[-1].id


def _named(work: Work, entries: Sequence[AccessLogEntry]) -> list[Row]:
    readers = parties.get_many(work, [entry.reader_id for entry in entries])
    papers = documents.get_many(work, [entry.document_id for entry in entries if entry.document_id])
    carried = shipments.get_many(work, [entry.shipment_id for entry in entries if entry.shipment_id])
    found: list[Row] = []
    for entry in entries:
        reader = readers[entry.reader_id]
        paper = papers.get(entry.document_id) if entry.document_id else None
        shipment = carried.get(entry.shipment_id) if entry.shipment_id else None
        values = (
            entry.at.isoformat().replace("+00:00", "Z"),
            reader.name,
            reader.legal_name,
            entry.action,
            entry.outcome,
            entry.reason,
            entry.purpose,
            _text(entry.document_id),
            paper.title if paper else None,
            entry.document_version,
            shipment.reference if shipment else None,
            entry.ucr,
            _text(entry.grant_id),
            _text(entry.crossing_id),
            entry.request_id,
        )
        found.append(dict(zip(COLUMNS, values, strict=True)))
    return found


def as_csv(pages: Iterator[list[Row]]) -> Iterator[bytes]:
    """Yield the rows as CSV (RFC 4180) in UTF-8, with a line of names."""
    yield _csv([dict(zip(COLUMNS, COLUMNS, strict=True))])
    for page in pages:
        yield _csv(page)


def as_json(pages: Iterator[list[Row]]) -> Iterator[bytes]:
    """Yield the rows as a JSON object whose member ``entries`` is a list of them."""
    yield b'{"entries":['
    before = b""
    for page in pages:
        for row in page:
            yield before + orjson.dumps(row)
            before = b","
    yield b"]}"


FORMATS: dict[str, tuple[str, Callable[[Iterator[list[Row]]], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "json": ("application/json", as_json),
}


def _csv(page: list[Row]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows([_cell(value) for value in row.values()] for row in page)
    return written.getvalue().encode()


def _cell(value: Any) -> str:
    """Return a cell that no spreadsheet computes: titles and reasons are others' words."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
