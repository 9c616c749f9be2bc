"""The history that a consignment is held against: those before it that the member sees, the newest. Pure.

It slides: what is added beyond the limit lets the oldest go, so that a simulation walks a year of shipments
in one pass and judges each as it would have been judged on its day.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from isthmus_platform.risk import invoices
from isthmus_platform.risk.seen import Goods, Seen, folded

MOST = 1_000
"""Consignments that a history holds."""
RECENT = timedelta(days=30)
ESTABLISHED = timedelta(days=90)
"""After this a party is no newcomer."""

PriceKey = tuple[str, str, tuple[str, str]]


@dataclass(frozen=True)
class Priced:
    """What a kilogram cost once, in minor units."""

    reference: str
    per_kg: float


@dataclass
class History:
    """Earlier consignments of a member, in the order in which they came."""

    most: int = MOST
    _held: deque[Seen] = field(default_factory=deque)
    _prices: dict[PriceKey, deque[Priced]] = field(default_factory=lambda: defaultdict(deque))
    _ways: dict[tuple[str, str], Counter[tuple[str, ...]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    _owners: dict[UUID, deque[Seen]] = field(default_factory=lambda: defaultdict(deque))
    _consignees: dict[str, deque[Seen]] = field(default_factory=lambda: defaultdict(deque))
    _invoices: dict[bytes, deque[Seen]] = field(default_factory=lambda: defaultdict(deque))

    @classmethod
    def of(cls, consignments: Iterable[Seen], most: int = MOST) -> "History":
        """Return the history that ``consignments`` make, in their order."""
        made = cls(most)
        for one in consignments:
            made.add(one)
        return made

    def __len__(self) -> int:
        return len(self._held)

    def add(self, seen: Seen) -> None:
        """Take a consignment in; the oldest goes where there are too many."""
        self._held.append(seen)
        for goods in seen.goods:
            if goods.net_kg > 0:
                self._prices[price_key(seen, goods)].append(Priced(seen.reference, per_kg(goods)))
        self._ways[seen.lane][seen.transhipments] += 1
        self._owners[seen.owner_id].append(seen)
        if seen.consignee_name:
            self._consignees[folded(seen.consignee_name)].append(seen)
        for feature in invoices.features(seen):
            self._invoices[feature].append(seen)
        if len(self._held) > self.most:
            self._forget(self._held.popleft())

    def _forget(self, seen: Seen) -> None:
        for goods in seen.goods:
            if goods.net_kg > 0:
                self._prices[price_key(seen, goods)].popleft()
        ways = self._ways[seen.lane]
        ways[seen.transhipments] -= 1
        if not ways[seen.transhipments]:
            del ways[seen.transhipments]
        self._owners[seen.owner_id].popleft()
        if seen.consignee_name:
            self._consignees[folded(seen.consignee_name)].popleft()
        for feature in invoices.features(seen):
            self._invoices[feature].popleft()

    def prices(self, seen: Seen, goods: Goods) -> list[Priced]:
        """Return what a kilogram of the same heading cost in the same currency on the same lane."""
        return list(self._prices.get(price_key(seen, goods), ()))

    def ways(self, lane: tuple[str, str]) -> Counter[tuple[str, ...]]:
        """Return by which places of transhipment the lane was sailed, and how often by each."""
        return Counter(self._ways.get(lane, Counter()))

    def of_owner(self, owner_id: UUID) -> list[Seen]:
        """Return the consignments of a party."""
        return list(self._owners.get(owner_id, ()))

    def to_consignee(self, name: str) -> list[Seen]:
        """Return the consignments to who is called ``name``, however it is spelt."""
        return list(self._consignees.get(folded(name), ()))

    def invoiced_alike(self, seen: Seen) -> list[Seen]:
        """Return the consignments whose invoice is that of ``seen`` or nearly, each once."""
        found = {
            one.id: one for feature in invoices.all_features(seen) for one in self._invoices.get(feature, ())
        }
        return [found[key] for key in sorted(found)]

    def usual_volume(self, at: datetime) -> tuple[int, float]:
        """Return how many established parties there are, and the median of their recent consignments."""
        counts = [
            recent(held, at)
            for held in self._owners.values()
            if held and at - held[0].owner_since >= ESTABLISHED
        ]
        return len(counts), float(median(counts)) if counts else 0.0


def price_key(seen: Seen, goods: Goods) -> PriceKey:
    """Return what makes prices comparable: heading, currency, lane."""
    return goods.heading, goods.currency, seen.lane


def per_kg(goods: Goods) -> float:
    """Return what a kilogram net costs, in minor units."""
    return float(goods.value_minor / goods.net_kg)


def recent(held: Iterable[Seen], at: datetime) -> int:
    """Return how many of ``held`` came in the last :data:`RECENT` before ``at``."""
    return sum(at - RECENT < one.created_at <= at for one in held)
