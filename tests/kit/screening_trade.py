"""A trade that is screened: lists by an operator, a worker, and two people of each party who review."""

import json
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg

from isthmus_platform import outbox
from isthmus_platform.database import Actor, Platform
from isthmus_platform.encryption import Vault
from isthmus_platform.screening import asked, listfile, lists, reading, review
from isthmus_platform.screening.records import ScreeningHit, ScreeningList
from isthmus_platform.screening.running import Screener
from trade import Trade

VAULT = Vault(b"k" * 32)
CONSIGNEE = {"reference": "P-1", "kind": "PARTY", "names": ["Hanseatische Werkzeugmaschinen Gmbh"]}
GOODS = {
    "reference": "G-1",
    "kind": "GOODS",
    "hsPrefixes": ["8457"],
    "keywords": ["machining centre"],
}
VESSEL = {"reference": "V-1", "kind": "VESSEL", "names": ["Meridian Aurora"], "imo": "9321483"}


def body(*entries: dict[str, Any], **header: Any) -> bytes:
    """Return a list as a file of JSON."""
    said = {"list": "sample", "title": "A sample", "effectiveFrom": "2026-01-01T00:00:00Z"} | header
    return json.dumps(said | {"entries": list(entries)}, indent=1).encode()


@dataclass(frozen=True)
class Screening:
    """The trade's parties with a worker that screens; ``url`` is the database's address as its owner."""

    trade: Trade
    worker: Screener
    url: str

    @property
    def platform(self) -> Platform:
        return self.trade.platform

    def person(self, name: str, party: str = "trader") -> Actor:
        """Return a person of a party."""
        return replace(self.trade[party], subject=f"user:{name}")

    def load(self, *entries: dict[str, Any], work: bool = True, **header: Any) -> ScreeningList:
        """Load a version of a list as the operator, and let the worker do what follows."""
        with self.platform.begin(self.trade["operator"]) as unit:
            row = lists.load(unit, listfile.read_json(body(*entries, **header)), "Ada Byron", signed)
        if work:
            self.work()
        return row

    def work(self, limit: int = 1000) -> int:
        """Let the worker do what waits, and what follows from it."""
        return outbox.drain(self.platform, asked.TOPIC, self.worker, limit=limit)

    def hits(self, party: str = "trader", **wanted: Any) -> list[ScreeningHit]:
        """Return the hits that a party reviews, in the order in which they were opened."""
        with self.platform.begin(self.trade[party]) as work:
            return list(reversed(reading.page(work, first=500, **wanted)))

    def hit(self, hit_id: UUID, party: str = "trader") -> ScreeningHit:
        with self.platform.begin(self.trade[party]) as work:
            return reading.get(work, hit_id)

    def actions(self, hit_id: UUID, party: str = "trader") -> list[str]:
        with self.platform.begin(self.trade[party]) as work:
            return [each.action for each in reading.steps(work, [hit_id])[hit_id]]

    def decide(self, hit_id: UUID, decision: str = "RELEASE", party: str = "trader") -> ScreeningHit:
        """Let two people of a party decide of a hit."""
        with self.platform.begin(self.person("first", party)) as work:
            review.propose(work, hit_id, decision, "Another company: other town, other register number")
        with self.platform.begin(self.person("second", party)) as work:
            return review.approve(work, hit_id, decision)

    def rows(self) -> list[tuple[Any, ...]]:
        """Return everything that screening keeps, to be compared."""
        tables = ("list", "entry", "subject", "run", "hit", "step")
        with psycopg.connect(self.url) as connection:
            return [
                row
                for table in tables
                for row in connection.execute(f"SELECT * FROM screening_{table} ORDER BY 1").fetchall()
            ]


def signed(statement: dict[str, Any]) -> str:
    """Return what stands in for the operator's signature, which tests of the command look at."""
    return json.dumps(statement, sort_keys=True)


def screened(trade: Trade, url: str) -> Screening:
    """Return a trade that is screened from now on."""
    return Screening(trade, Screener(trade.platform, VAULT), url)
