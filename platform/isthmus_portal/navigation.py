"""Which pages a party is shown: a party may hold several roles and then sees the pages of each."""

from dataclasses import dataclass

from isthmus_platform.database import PartyRole

_SHIPPING = frozenset({PartyRole.TRADER, PartyRole.FORWARDER, PartyRole.CARRIER, PartyRole.INSURER})
_OWNERS = frozenset({PartyRole.TRADER, PartyRole.FORWARDER})
_CROSSERS = _OWNERS | {PartyRole.BANK, PartyRole.AUTHORITY}
_TITLES = _SHIPPING | {PartyRole.BANK}
_PAYERS = frozenset(PartyRole) - {PartyRole.AUTHORITY}


@dataclass(frozen=True)
class Item:
    """An entry of the navigation: the view's name, its title and for whom it is."""

    view: str
    title: str
    audience: frozenset[PartyRole]


ITEMS = (
    Item("shipments", "Shipments", _SHIPPING),
    Item("desk", "Document desk", frozenset({PartyRole.BANK})),
    Item("crossings", "Crossings", _CROSSERS),
    Item("titles", "Titles", _TITLES),
    Item("access_log", "Access log", _OWNERS),
    Item("usage", "Usage", _PAYERS),
    Item("invoices", "Invoices", _PAYERS),
)

_HOMES = {PartyRole.AUTHORITY: "crossings", PartyRole.OPERATOR: "usage", PartyRole.BANK: "desk"}


def items(roles: frozenset[PartyRole]) -> list[Item]:
    """Return the entries for a party with these roles, in their order."""
    return [item for item in ITEMS if not item.audience.isdisjoint(roles)]


def home(roles: frozenset[PartyRole]) -> str:
    """Return the view a party begins at."""
    if roles.isdisjoint(_SHIPPING):
        for role, view in _HOMES.items():
            if role in roles:
                return view
    return "shipments"
