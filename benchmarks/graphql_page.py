"""A page of 50 shipments and a single one: ours as in production, and its peers, in interleaved rounds.

``ISTHMUS_BENCHMARK_SHIPMENTS`` says how many shipments there are (100,000; each with two containers and ten
events, over 200 parties), ``ISTHMUS_BENCHMARK_DATABASE`` and ``ISTHMUS_BENCHMARK_REDIS`` name servers where
they are already, ``ISTHMUS_BENCHMARK_ROUNDS`` how often each is measured. Row-level security is on for all;
only ours checks a token, judges limits and quotas and writes an access log.
"""

import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from benchmarks import page_questions, page_servers
from benchmarks.finding import Finding
from benchmarks.load import Measured, family, measure, post
from benchmarks.page_servers import Served, Stand
from benchmarks.peers import NoPeer
from benchmarks.serving import database
from benchmarks.trade_at_scale import Scale, Trade, write_places

ROUNDS = int(os.environ.get("ISTHMUS_BENCHMARK_ROUNDS", "5"))
SECONDS, CLIENTS = 2.0, (1, 8)
SHIPMENTS = int(os.environ.get("ISTHMUS_BENCHMARK_SHIPMENTS", "100000"))
PARTY = "trader-7"

Seen = dict[tuple[str, int, str], list[Measured]]


@contextmanager
def trade(scale: Scale) -> Iterator[tuple[str, str]]:
    """Yield the addresses of a database with the trade, as its owner reaches it, and of Redis."""
    named = os.environ.get("ISTHMUS_BENCHMARK_DATABASE")
    if named is not None:
        yield named, os.environ["ISTHMUS_BENCHMARK_REDIS"]
        return
    with database() as (addresses, _):
        Trade(scale).write(addresses["DATABASE_OWNER_URL"])
        write_places(addresses["DATABASE_OWNER_URL"])
        yield addresses["DATABASE_OWNER_URL"], addresses["REDIS_URL"]


def run() -> Finding:
    """Measure all on both questions: medians, and ratios to each peer."""
    seen: Seen = {}
    absent: dict[str, str] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="isthmus-benchmark-")))
        stand = page_servers.stand(*stack.enter_context(trade(Scale(SHIPMENTS))), folder, PARTY)
        serving: dict[str, Served] = {}
        for name in page_servers.SERVERS:
            try:
                serving[name] = stack.enter_context(page_servers.serving(name, stand))
            except NoPeer as why:
                absent[name] = str(why)
        for question in page_questions.QUESTIONS:
            _compare(stand, serving, question)
        for number in range(-1, ROUNDS):  # the first round warms all of them up alike
            for key, measured in _round(stand, serving):
                if number >= 0:
                    seen.setdefault(key, []).append(measured)
    return _report(seen, absent)


def _round(stand: Stand, serving: dict[str, Served]) -> Iterator[tuple[tuple[str, int, str], Measured]]:
    for question in page_questions.QUESTIONS:
        for clients in CLIENTS:
            for name, served in serving.items():
                asked = page_questions.asked(name, question, stand.party)
                request = post(served.port, "/graphql", stand.token(), json.dumps(asked).encode())
                working = [*family(served.process), *stand.backends()]
                yield (
                    (question, clients, name),
                    measure(working, served.port, request, clients=clients, seconds=SECONDS),
                )


def _compare(stand: Stand, serving: dict[str, Served], question: str) -> None:
    """Raise :class:`RuntimeError` unless all give the same answer."""
    answers = {}
    for name, served in serving.items():
        answer = httpx.post(
            f"http://127.0.0.1:{served.port}/graphql",
            json=page_questions.asked(name, question, stand.party),
            headers={"Authorization": f"Bearer {stand.token()}"},
            timeout=30,
        )
        answers[name] = page_questions.plain(answer.json())
        if answers[name] != answers["isthmus"] or "errors" in answers[name]:
            raise RuntimeError(f"{name} answers otherwise: {answer.text[:2000]}")


def _report(seen: Seen, absent: dict[str, str]) -> Finding:
    figures: dict[str, dict[str, float]] = {}
    for (question, clients, name), rounds in seen.items():
        figures[f"{question}, {clients} clients, {name}"] = {
            "requests_per_second": round(statistics.median(each.rate for each in rounds), 1),
            "cpu_ms": round(statistics.median(each.cpu_ms for each in rounds), 3),
            "p99_ms": round(statistics.median(each.p99_ms for each in rounds), 1),
        }
    ratios = {}
    for question in page_questions.QUESTIONS:
        for peer in {name for _, _, name in seen} - {"isthmus"}:
            own, other = (seen[question, max(CLIENTS), name] for name in ("isthmus", peer))
            # Each round's servers ran one after the other: what else the machine did weighs on both.
            rate = statistics.median(a.rate / b.rate for a, b in zip(own, other, strict=True))
            cpu = statistics.median(b.cpu_ms / a.cpu_ms for a, b in zip(own, other, strict=True))
            ratios[f"{question}_vs_{peer}"] = round(rate, 2)
            ratios[f"{question}_vs_{peer}_by_cpu"] = round(cpu, 2)
    scale = {"shipments": SHIPMENTS, "rounds": ROUNDS, "seconds": SECONDS}
    return Finding(figures, ratios, scale=scale, absent=absent)
