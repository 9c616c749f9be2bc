"""``make bench``: every benchmark, its result printed and kept in ``benchmarks/results``."""

import json
from pathlib import Path

from benchmarks import ingest, web_server

RESULTS = Path(__file__).with_name("results")
BENCHMARKS = {"web_server": web_server.run, "ingest": ingest.run}

for name, run in BENCHMARKS.items():
    text = json.dumps(run(), indent=1)
    print(f"{name}\n{text}")
    (RESULTS / f"{name}.json").write_text(text + "\n")
