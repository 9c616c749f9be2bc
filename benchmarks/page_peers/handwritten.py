"""One hand-written SQL statement that returns a page as JSON, from a bare WSGI view.

It asks for no token, knows no limits and writes no log; party and row-level security are as for the others.
"""

import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg

from benchmarks.page_peers.words import DESCRIPTION

ADDRESS = os.environ["BENCHMARK_DATABASE_URL"]
PLACE = (
    "(SELECT json_build_object('code', code, 'name', name, 'country', country) FROM place WHERE code = {})"
)
TIME = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
PARTY = "(SELECT json_build_object('name', name) FROM party WHERE id = s.{})"
ENTRY = f"""json_build_object('node', json_build_object('at', {TIME.format("v.at")}, 'kind', v.kind,
  'code', v.code, 'classifier', CASE v.classifier WHEN 'ACT' THEN 'ACTUAL' WHEN 'EST' THEN 'ESTIMATED'
  ELSE 'PLANNED' END, 'place', {PLACE.format("v.place")}, 'equipmentReference', v.equipment_reference))"""
SHIPMENT = f"""json_build_object(
  'reference', s.reference, 'ucr', s.ucr, 'bookingReference', s.booking_reference,
  'billOfLading', s.bill_of_lading, 'bookedAt', {TIME.format("s.booked_at")},
  'owner', {PARTY.format("party_id")}, 'forwarder', {PARTY.format("forwarder_id")},
  'carrier', {PARTY.format("carrier_id")},
  'origin', {PLACE.format("s.origin")}, 'destination', {PLACE.format("s.destination")},
  'transhipments', (SELECT json_agg({PLACE.format("hop.code")} ORDER BY hop.n)
    FROM unnest(s.transhipments) WITH ORDINALITY hop (code, n)),
  'status', json_build_object('code', t.status, 'at', {TIME.format("t.status_at")},
    'place', {PLACE.format("t.status_place")},
    'description', {DESCRIPTION}),
  'eta', {TIME.format("t.eta")},
  'equipment', (SELECT coalesce(json_agg(json_build_object('reference', e.reference, 'isoCode', e.iso_code)
    ORDER BY e.sequence), '[]') FROM equipment e WHERE e.shipment_id = s.id),
  'timeline', json_build_object('edges', (SELECT coalesce(json_agg({ENTRY} ORDER BY v.at DESC, v.id DESC),
      '[]') FROM (SELECT * FROM tracking_event WHERE shipment_id = s.id AND superseded_at IS NULL
      AND NOT retracted ORDER BY at DESC, id DESC LIMIT 10) v)))"""
STANDING = "LEFT JOIN shipment_tracking t ON t.shipment_id = s.id"
EDGES = f"coalesce(json_agg(json_build_object('node', {SHIPMENT}) ORDER BY s.id DESC), '[]')"
PAGE_STATEMENT = f"""SELECT json_build_object('data', json_build_object('shipments',
  json_build_object('edges', {EDGES})))::text
  FROM (SELECT * FROM shipment WHERE party_id = acting_party() ORDER BY id DESC LIMIT 50) s {STANDING}"""
SINGLE_STATEMENT = f"""SELECT json_build_object('data', json_build_object('shipment', {SHIPMENT}))::text
  FROM (SELECT * FROM shipment WHERE reference = %s LIMIT 1) s {STANDING}"""
ANNOUNCE = "SELECT set_config('isthmus.party', %s, true), set_config('isthmus.now', %s, true)"
_held = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with one statement's JSON: a bare WSGI application."""
    if environ["REQUEST_METHOD"] == "GET":
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]
    connection = getattr(_held, "connection", None)
    if connection is None:
        connection = _held.connection = psycopg.connect(
            ADDRESS, options="-c role=isthmus_app -c timezone=UTC -c jit=off -c plan_cache_mode=auto"
        )
    asked = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    reference = asked.get("variables", {}).get("reference")
    statement, given = (SINGLE_STATEMENT, [reference]) if reference else (PAGE_STATEMENT, [])
    with connection.transaction(), connection.pipeline(), connection.cursor() as cursor:
        party = os.environ["BENCHMARK_PARTY"]
        connection.execute(ANNOUNCE, [party, datetime.now(UTC).isoformat()], prepare=True)
        cursor.execute(statement, given, prepare=True)
        [(text,)] = cursor.fetchall()
    body: bytes = text.encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
