"""``make bench``: every benchmark, or those that are named, printed and kept in ``benchmarks/results``."""

import sys

from rich.console import Console

from benchmarks import (
    chart,
    crossing,
    finding,
    graphql_page,
    graphql_scale,
    ingest,
    log_at_scale,
    screening,
    web_server,
)

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

console = Console()
for name in sys.argv[1:] or BENCHMARKS:
    with console.status(name):
        found = BENCHMARKS[name]()
    finding.keep(name, found)
    finding.show(name, found, console)
    if name in CHARTS:
        CHARTS[name](found, finding.RESULTS / f"{name}.svg")
