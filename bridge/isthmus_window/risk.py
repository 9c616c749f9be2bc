"""Which channel a declaration goes through: green is let go, yellow has its papers read, red is opened.

The rules are data: of those that apply the strictest decides, and which one it was is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Channel(StrEnum):
    """The channels, from the lightest to the strictest."""

    GREEN = "GREEN"
    YELLOW = "YELLOW"
    RED = "RED"


@dataclass(frozen=True)
class Rule:
    """A rule applies when all that it names does: any item's HS prefix, the destination, the value."""

    name: str
    channel: Channel
    hs_prefixes: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    value_from_minor: int = 0

    def applies(self, hs_codes: list[str], destination: str, value_minor: int) -> bool:
        """Return whether the rule speaks of these goods."""
        return (
            (not self.hs_prefixes or any(code.startswith(self.hs_prefixes) for code in hs_codes))
            and (not self.destinations or destination in self.destinations)
            and value_minor >= self.value_from_minor
        )


@dataclass(frozen=True)
class Selection:
    """The channel chosen, and the rule that chose it (``NONE`` where none applied)."""

    channel: Channel
    rule: str


RULES = (
    Rule("ARMS", Channel.RED, hs_prefixes=("93",)),
    Rule("NUCLEAR", Channel.RED, hs_prefixes=("2844", "8401")),
    Rule("EMBARGO", Channel.RED, destinations=("KP",)),
    Rule("PRECIOUS", Channel.RED, hs_prefixes=("71",), value_from_minor=100_000_000),
    Rule("SANITARY", Channel.YELLOW, hs_prefixes=tuple(f"{chapter:02}" for chapter in range(1, 25))),
    Rule("CULTURAL", Channel.YELLOW, hs_prefixes=("97",)),
    Rule("WATCHED_DESTINATION", Channel.YELLOW, destinations=("BY", "IR", "RU", "SY")),
    Rule("HIGH_VALUE", Channel.YELLOW, value_from_minor=100_000_000),
)
_STRICTNESS = list(Channel)


def select(body: Mapping[str, Any], rules: tuple[Rule, ...] = RULES) -> Selection:
    """Return the channel for the accepted declaration ``body``."""
    hs_codes = [item["hsCode"] for item in body["goods"]]
    value = sum(item["statisticalValueMinor"] for item in body["goods"])
    applying = [rule for rule in rules if rule.applies(hs_codes, body["consignee"]["country"], value)]
    if not applying:
        return Selection(Channel.GREEN, "NONE")
    strictest = max(applying, key=lambda rule: _STRICTNESS.index(rule.channel))
    return Selection(strictest.channel, strictest.name)
