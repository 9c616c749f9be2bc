"""What a page costs as the trade grows tenfold: from one million events to ten, for the same party.

``ISTHMUS_BENCHMARK_SHIPMENTS`` says how many shipments there are at first (100,000, with a million events).
The rest are copies of them under other references, so that a party has ten times as many as well.
"""

import json
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg

from benchmarks import page_questions, page_servers
from benchmarks.finding import Finding
from benchmarks.graphql_page import PARTY, ROUNDS, SECONDS, SHIPMENTS, trade
from benchmarks.load import Measured, family, measure, post
from benchmarks.page_servers import Served, Stand
from benchmarks.trade_at_scale import Scale, grow

TIMES, CLIENTS = 10, 8


def run() -> Finding:
    """Measure the page and the single shipment before and after the trade has grown."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="isthmus-benchmark-")))
        stand = page_servers.stand(*stack.enter_context(trade(Scale(SHIPMENTS))), folder, PARTY)
        served = stack.enter_context(page_servers.serving("isthmus", stand))
        before = {question: _measured(stand, served, question) for question in page_questions.QUESTIONS}
        grow(stand.database, TIMES)
        after = {question: _measured(stand, served, question) for question in page_questions.QUESTIONS}
        events = _events(stand)
    sizes = {events // TIMES: before, events: after}
    return Finding(
        figures={
            f"{question}, {CLIENTS} clients, {count:,} events": {
                "requests_per_second": round(statistics.median(each.rate for each in measured[question]), 1),
                "cpu_ms": round(statistics.median(each.cpu_ms for each in measured[question]), 3),
            }
            for question in page_questions.QUESTIONS
            for count, measured in sizes.items()
        },
        ratios={
            f"{question}_cost_at_{TIMES}_times": round(
                statistics.median(each.cpu_ms for each in after[question])
                / statistics.median(each.cpu_ms for each in before[question]),
                2,
            )
            for question in page_questions.QUESTIONS
        },
        scale={"shipments": SHIPMENTS, "times": TIMES, "rounds": ROUNDS, "seconds": SECONDS},
    )


def _measured(stand: Stand, served: Served, question: str) -> list[Measured]:
    asked = json.dumps(page_questions.asked("isthmus", question, stand.party)).encode()
    rounds = []
    for _ in range(ROUNDS + 1):  # the first warms up
        request = post(served.port, "/graphql", stand.token(), asked)
        working = [*family(served.process), *stand.backends()]
        rounds.append(measure(working, served.port, request, clients=CLIENTS, seconds=SECONDS))
    return rounds[1:]


def _events(stand: Stand) -> int:
    with psycopg.connect(stand.database) as connection:
        found = connection.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE relname = 'tracking_event'"
        ).fetchone()
        return int(found[0]) if found else 0
