"""What the page is measured with: the platform's GraphQL, and one hand-written statement that returns JSON.

``isthmus`` and ``executor`` ask for a token, apply the limits and write what production writes; the
hand-written statement does none of it.
"""

import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
from flask import Flask

from isthmus_graphql.execution import GraphQL
from isthmus_graphql.http import blueprint
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_platform.http.bearer import authenticator
from isthmus_platform.milestones import SENTENCES
from isthmus_platform.tokens import TokenIssuer

ISSUER = "https://benchmark.invalid"
ADDRESS = os.environ["BENCHMARK_DATABASE_URL"]


def issuer() -> TokenIssuer:
    """Return who issues the run's tokens."""
    return TokenIssuer(ISSUER, ISSUER, [Path(os.environ["BENCHMARK_TOKEN_KEY"]).read_bytes()])


def _graphql(*, planned: bool) -> Flask:
    platform = Platform(create_platform_engine(ADDRESS))
    schema = build()
    planner = Planner(platform, schema) if planned else None
    app = Flask(__name__)
    app.register_blueprint(
        blueprint(GraphQL(platform, schema, planner=planner), authenticator(platform, issuer()))
    )
    return app


def isthmus() -> Flask:
    """Return GraphQL as it is served."""
    return _graphql(planned=True)


def executor() -> Flask:
    """Return GraphQL without the planner: Graphene with its loaders."""
    return _graphql(planned=False)


PLACE = (
    "(SELECT json_build_object('code', code, 'name', name, 'country', country) FROM place WHERE code = {})"
)
TIME = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
PARTY = "(SELECT json_build_object('name', name) FROM party WHERE id = s.{})"
WORDS = " ".join(
    f"WHEN '{code}' THEN '{words}'"
    f" || coalesce(' {preposition} ' || (SELECT name FROM place WHERE code = t.status_place), '')"
    for code, (words, preposition) in SENTENCES.items()
)
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
    'description', CASE t.status {WORDS} ELSE initcap(t.status) END),
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


def handwritten(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with one statement's JSON: a bare WSGI application."""
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
