"""Where many shipments are handed in at once, and what became of each row is asked."""

from typing import Any

import orjson
from flask import Blueprint, Response, request

from isthmus_platform import imports, shipment_rows
from isthmus_platform.database import Platform, Work
from isthmus_platform.http import bodies, problems
from isthmus_platform.http.bearer import Authenticate, acting
from isthmus_platform.http.problems import Malformed, UnsupportedMediaType
from isthmus_platform.imports import ShipmentImport, ShipmentImportRow

MOST_BYTES = 16 * bodies.MEBIBYTE
READERS = {"text/csv": shipment_rows.read_csv, "application/json": shipment_rows.read_json}
DEFAULT, LARGEST = 1000, 10_000


def blueprint(platform: Platform, authenticate: Authenticate) -> Blueprint:
    """Return the blueprint with ``POST /shipments/import`` and ``GET /shipments/import/<upload>``.

    A file is taken whole (202) or refused whole; its rows are done by the worker, each with a line of its own
    in the report. ``?upload=`` names it, so that what broke off can be sent again.
    """
    web = Blueprint("imports", __name__)
    problems.install(web)

    @web.post("/shipments/import")
    def take() -> Response:
        """Take a CSV or a JSON list of at most 10,000 shipments."""
        actor = acting(authenticate)
        reader = READERS.get(request.mimetype)
        if reader is None:
            raise UnsupportedMediaType(f"Send {' or '.join(READERS)}.")
        body = bodies.read(request.mimetype, most=MOST_BYTES)
        rows = reader(body)
        with platform.begin(actor, request_id=bodies.request_id()) as work:
            found = imports.take(work, request.args.get("upload", ""), body, rows)
            answer = _told(work, found)
        return _json(answer, 202)

    @web.get("/shipments/import/<upload>")
    def report(upload: str) -> Response:
        """Give a page of the report, by ``after`` (a row's number) and ``first``."""
        actor = acting(authenticate)
        after, first = _number("after", 0, 0), _number("first", DEFAULT, 1)
        with platform.begin(actor, request_id=bodies.request_id()) as work:
            found = imports.by_upload(work, upload)
            rows = imports.report(work, found.id, after, first + 1)
            answer = _told(work, found)
        answer["lines"] = [_line(row) for row in rows[:first]]
        answer["next"] = rows[first - 1].number if len(rows) > first else None
        return _json(answer, 200)

    return web


def _told(work: Work, found: ShipmentImport) -> dict[str, Any]:
    outcomes = imports.counts(work, found.id)
    return {
        "upload": found.upload_id,
        "rows": found.rows,
        **{name.lower(): outcomes.get(name, 0) for name in ("WAITING", "MADE", "REFUSED")},
        "finishedAt": found.finished_at,
    }


def _line(row: ShipmentImportRow) -> dict[str, Any]:
    return {
        "row": row.number,
        "reference": row.content.get("reference"),
        "outcome": row.outcome,
        "code": row.code,
        "field": row.field,
        "message": row.message,
    }


def _json(body: dict[str, Any], status: int) -> Response:
    answer = Response(orjson.dumps(body), status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _number(name: str, default: int, least: int) -> int:
    given = request.args.get(name, str(default))
    if not given.isascii() or not given.isdigit() or len(given) > 5 or not least <= int(given) <= LARGEST:
        raise Malformed(f"{name} is a number from {least} to {LARGEST}.", field=name, code="out_of_range")
    return int(given)
