"""``make bench``: every benchmark, or those that are named, printed and kept in ``benchmarks/results``."""

import json
import sys
from pathlib import Path

from benchmarks import (
    chart,
    crossing,
    graphql_page,
    graphql_scale,
    ingest,
    log_at_scale,
    screening,
    web_server,
)

RESULTS = Path(__file__).with_name("results")
BENCHMARKS = {
    "web_server": web_server.run,
    "crossing": crossing.run,
    "log_at_scale": log_at_scale.run,
    "ingest": ingest.run,
    "graphql_page": graphql_page.run,
    "graphql_scale": graphql_scale.run,
    "screening": screening.run,
}
CHARTS = {"graphql_page": chart.of_page}

for name in sys.argv[1:] or BENCHMARKS:
    run = BENCHMARKS[name]
    text = json.dumps(run(), indent=1)
    print(f"{name}\n{text}")
    (RESULTS / f"{name}.json").write_text(text + "\n")
    if name in CHARTS:
        CHARTS[name](json.loads(text), RESULTS / f"{name}.svg")
