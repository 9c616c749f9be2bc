"""Which pages a party is shown: a party may hold several roles and then sees the pages of each."""

from collections.abc import Iterable
from dataclasses import dataclass

from isthmus_platform.database import PartyRole

SHIPPING = frozenset({PartyRole.TRADER, PartyRole.FORWARDER, PartyRole.CARRIER, PartyRole.INSURER})
OWNERS = frozenset({PartyRole.TRADER, PartyRole.FORWARDER})
BANKS = frozenset({PartyRole.BANK})
CROSSERS = OWNERS | {PartyRole.BANK, PartyRole.AUTHORITY}
PAYERS = frozenset(PartyRole) - {PartyRole.AUTHORITY}

FINANCE, INSURANCE, LOGISTICS, RISK, ACCOUNT = "Finance", "Insurance", "Logistics", "Risk", "Account"
"""The sections of the navigation."""


@dataclass(frozen=True)
class Item:
    """An entry of the navigation: the view's name, its title, for whom it is, and its section."""

    view: str
    title: str
    audience: frozenset[PartyRole]
    section: str = ""
    """Empty for an entry that stands by itself."""


@dataclass(frozen=True)
class Section:
    """What stands together in the navigation: one entry by itself, or several under a title."""

    title: str
    items: tuple[Item, ...]

    def holds(self, view: str) -> bool:
        """Say whether ``view`` is one of its entries."""
        return any(item.view == view for item in self.items)


_HOMES = {
    PartyRole.AUTHORITY: "crossings",
    PartyRole.OPERATOR: "usage",
    PartyRole.BANK: "desk",
    PartyRole.TERMINAL: "releases",
}


def sections(items: Iterable[Item], roles: frozenset[PartyRole]) -> list[Section]:
    """Return the sections for a party with these roles, each where its first entry stands.

    A section with one entry for this party is that entry by itself.
    """
    found: dict[str, list[Item]] = {}
    for item in items:
        if not item.audience.isdisjoint(roles):
            found.setdefault(item.section or item.view, []).append(item)
    return [Section(group[0].section if len(group) > 1 else "", tuple(group)) for group in found.values()]


def home(roles: frozenset[PartyRole]) -> str:
    """Return the view a party begins at."""
    if roles.isdisjoint(SHIPPING):
        for role, view in _HOMES.items():
            if role in roles:
                return view
    return "shipments"
