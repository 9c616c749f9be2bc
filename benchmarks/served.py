"""What the web servers are measured with: a view that does nothing, and one that asks the database."""

import os

from flask import Flask, Response, jsonify
from sqlalchemy import text

from isthmus_platform.database import create_platform_engine

app = Flask(__name__)
engine = create_platform_engine(os.environ["BENCHMARK_DATABASE_URL"])
QUERY = text(
    "SELECT json_agg(row_to_json(series)) FROM (SELECT n AS id, repeat('x', 60) AS name"
    " FROM generate_series(1, 50) n) series"
)
SETTINGS = text("SELECT set_config('isthmus.party', :party, true), set_config('isthmus.now', :now, true)")


@app.get("/trivial")
def trivial() -> dict[str, str]:
    return {"status": "alive"}


@app.get("/database")
def database() -> Response:
    """Do as a read of the platform does: a transaction, the party's settings, one query, 4 kB of JSON."""
    with engine.begin() as connection:
        connection.execute(SETTINGS, {"party": "", "now": "2026-06-01T09:00:00+00:00"})
        rows = connection.scalar(QUERY)
    return jsonify(rows)
