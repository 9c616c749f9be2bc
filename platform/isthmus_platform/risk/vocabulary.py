"""What a rule may speak of: facts of the consignment, and what the indicators say, each with its type.

``price.deviation`` is a name with a type of its own, so that a rule which misspells it, or compares it with
a text, is refused when it is written. A fact that is not known is absent: ``price.known && price.deviation >
3.5`` has an answer for every consignment, ``price.deviation > 3.5`` has none for one without history.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from isthmus_platform.conditions import BOOL, DECIMAL, INT, RECORDS, TEXT, TEXTS, Condition, Vocabulary
from isthmus_platform.risk import finances, indicators, journeys
from isthmus_platform.risk.history import History
from isthmus_platform.risk.indicators import Evidence, Indicator, Reading
from isthmus_platform.risk.seen import Seen

INDICATORS: Mapping[str, Indicator] = {
    "price": indicators.price,
    "route": journeys.route,
    "owner": journeys.owner,
    "consignee": journeys.consignee,
    "invoices": indicators.invoices,
    "weights": indicators.weights,
    "money": finances.money,
    "credit": finances.credit,
}
TYPES = {
    "shipment.reference": TEXT,
    "shipment.owner": TEXT,
    "shipment.carrier": TEXT,
    "shipment.origin": TEXT,
    "shipment.destination": TEXT,
    "shipment.transhipments": TEXTS,
    "shipment.incoterm": TEXT,
    "shipment.vessel": TEXT,
    "shipment.consignee": TEXT,
    "shipment.consigneeCountry": TEXT,
    "shipment.containers": INT,
    "shipment.grossKg": DECIMAL,
    "shipment.netKg": DECIMAL,
    "shipment.valueMinor": INT,
    "shipment.currency": TEXT,
    "goods": RECORDS,
    "price.standsOut": BOOL,
    "price.known": BOOL,
    "price.deviation": DECIMAL,
    "price.ratio": DECIMAL,
    "price.sample": INT,
    "route.standsOut": BOOL,
    "route.known": BOOL,
    "route.usual": BOOL,
    "route.detour": DECIMAL,
    "route.trips": INT,
    "route.calls": INT,
    "route.unplanned": INT,
    "owner.standsOut": BOOL,
    "owner.known": BOOL,
    "owner.ageDays": INT,
    "owner.recent": INT,
    "owner.earlier": INT,
    "owner.timesUsual": DECIMAL,
    "consignee.standsOut": BOOL,
    "consignee.known": BOOL,
    "consignee.ageDays": INT,
    "consignee.recent": INT,
    "consignee.earlier": INT,
    "invoices.standsOut": BOOL,
    "invoices.alike": INT,
    "invoices.same": INT,
    "weights.standsOut": BOOL,
    "weights.impossible": INT,
    "weights.overPayload": BOOL,
    "weights.netAboveGross": BOOL,
    "money.standsOut": BOOL,
    "money.offered": INT,
    "money.declined": INT,
    "money.disbursed": INT,
    "money.overdue": INT,
    "money.defaulted": INT,
    "money.timesValue": DECIMAL,
    "credit.standsOut": BOOL,
    "credit.presented": INT,
    "credit.refused": INT,
    "credit.discrepancies": INT,
    "credit.timesValue": DECIMAL,
}
"""The facts by name. Members of ``goods``: line, description, hsCode, valueMinor, currency, grossKg, netKg,
packages, originCountry."""
VOCABULARY = Vocabulary(**TYPES)
_NAMED = re.compile(rf"\b({'|'.join(INDICATORS)})\.")


@dataclass(frozen=True)
class Profile:
    """What all indicators say of one consignment, and the facts that rules are asked about."""

    seen: Seen
    readings: tuple[Reading, ...]
    facts: Mapping[str, Any]


def profile(seen: Seen, history: History) -> Profile:
    """Return what the indicators say of ``seen`` against ``history``."""
    readings = tuple(indicator(seen, history) for indicator in INDICATORS.values())
    facts = _facts(seen)
    for reading in readings:
        facts[f"{reading.name}.standsOut"] = reading.stands_out
        facts |= {f"{reading.name}.{name}": value for name, value in reading.facts.items()}
    return Profile(seen, readings, facts)


def _facts(seen: Seen) -> dict[str, Any]:
    value, currency = seen.value or (None, None)
    facts = {
        "reference": seen.reference,
        "owner": seen.owner,
        "carrier": seen.carrier,
        "origin": seen.origin,
        "destination": seen.destination,
        "transhipments": list(seen.transhipments),
        "incoterm": seen.incoterm,
        "vessel": seen.vessel,
        "consignee": seen.consignee_name,
        "consigneeCountry": seen.consignee_country,
        "containers": len(seen.boxes),
        "grossKg": float(seen.gross_kg),
        "netKg": float(seen.net_kg),
        "valueMinor": value,
        "currency": currency,
    }
    known = {f"shipment.{name}": fact for name, fact in facts.items() if fact is not None}
    return known | {"goods": [_line(seen, number) for number in range(len(seen.goods))]}


def _line(seen: Seen, number: int) -> dict[str, Any]:
    goods = seen.goods[number]
    return {
        "line": goods.line,
        "description": goods.description,
        "hsCode": goods.hs_code,
        "valueMinor": goods.value_minor,
        "currency": goods.currency,
        "grossKg": float(goods.gross_kg),
        "netKg": float(goods.net_kg),
        "packages": goods.packages,
        "originCountry": goods.origin_country,
    }


def evidence_for(condition: str, readings: Sequence[Reading]) -> tuple[Evidence, ...]:
    """Return the evidence of the indicators that ``condition`` names; of all, where it names none."""
    named = set(_NAMED.findall(condition)) or {one.name for one in readings}
    return tuple(each for one in readings if one.name in named for each in one.evidence)


@lru_cache(maxsize=512)
def condition(text: str) -> Condition:
    """Return the checked condition of a rule; raises :class:`InvalidInput`."""
    return VOCABULARY.condition(text)
