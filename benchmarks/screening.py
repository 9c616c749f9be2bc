"""A list of 50,000 entries of two names: reading its file, building its index, searching it.

Names are made of syllables; a tenth of their words are four common ones, as in registers of companies.
"""

import json
import tracemalloc
from collections.abc import Callable
from random import Random
from time import process_time
from typing import TypeVar

from benchmarks.finding import Finding
from isthmus_platform.screening import lists
from isthmus_platform.screening.index import Index, Value
from isthmus_platform.screening.listfile import read_json

ENTRIES, SEARCHES = 50_000, 200
SYLLABLES = (
    *("al", "ba", "ca", "da", "el", "fa", "go", "ha", "ir", "jo", "ka", "lu", "mo", "na", "or", "pa"),
    *("qi", "ra", "sa", "to", "um", "va", "we", "xi", "yo", "ber", "kon", "tra", "nor", "sun"),
)
COMMON = ("trading", "shipping", "international", "general")
T = TypeVar("T")


def run() -> Finding:
    """Measure each step, and count how many entries are compared for a name."""
    random = Random(1)
    words = ["".join(random.choices(SYLLABLES, k=random.randint(2, 4))) for _ in range(40_000)]
    words += COMMON * 1_100

    def name() -> str:
        return " ".join(random.choices(words, k=random.randint(2, 4)))

    read, draft = _timed(lambda: read_json(_file(name)))
    entries = [lists.entry_of(reference, *said) for reference, said in draft.entries.items()]
    built, index = _timed(lambda: Index(entries, draft.thresholds))
    tracemalloc.start()
    Index(entries, draft.thresholds)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    values = [Value("PARTY", "consignee", name()) for _ in range(SEARCHES)]
    searched, found = _timed(lambda: [index.search(value) for value in values])
    compared = sum(len(index.candidates(value)) for value in values) / SEARCHES
    return Finding(
        figures={
            "reading the file": {"cpu_ms": round(1000 * read)},
            "building the index": {"cpu_ms": round(1000 * built), "bytes": held},
            "searching a name": {
                "cpu_ms": round(1000 * searched / SEARCHES, 1),
                "compared": round(compared),
                "hits": round(sum(map(len, found)) / SEARCHES, 1),
            },
        },
        ratios={"entries_vs_compared": round(ENTRIES / compared, 1)},
        scale={"entries": ENTRIES, "searches": SEARCHES},
    )


def _file(name: Callable[[], str]) -> bytes:
    entries = [
        {"reference": f"E{number}", "kind": "PARTY", "names": [name(), name()]} for number in range(ENTRIES)
    ]
    said = {"list": "large", "title": "Large", "effectiveFrom": "2026-01-01T00:00:00Z", "entries": entries}
    return json.dumps(said).encode()


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    began = process_time()
    result = call()
    return round(process_time() - began, 3), result
