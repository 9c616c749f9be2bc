"""A consignment as one member sees it: what indicators look at, and no more. Pure.

Masses are in kilograms, money in minor units, places UN/LOCODE, times aware UTC. What the member may not see
is not here: commercial terms of another, papers of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True)
class Goods:
    """One line of goods; ``line`` counts from 1."""

    line: int
    description: str
    hs_code: str
    value_minor: int
    currency: str
    gross_kg: Decimal
    net_kg: Decimal
    packages: int
    origin_country: str

    @property
    def heading(self) -> str:
        """The heading of the Harmonized System: the first four digits."""
        return self.hs_code[:4]


@dataclass(frozen=True)
class Box:
    """A container (ISO 6346), with its size and type code where it is known."""

    reference: str
    iso_code: str | None


@dataclass(frozen=True)
class Call:
    """A place that the means of transport was at, by an event that came about."""

    event_id: UUID
    place: str
    at: datetime


@dataclass(frozen=True)
class Paper:
    """What an own document says of number, day, mass and volume (cubic metres); None where it is silent."""

    id: UUID
    type: str
    number: str
    issued_on: date | None
    gross_kg: Decimal | None
    net_kg: Decimal | None
    volume_m3: Decimal | None


@dataclass(frozen=True)
class Financing:
    """An offer of its invoice to a bank, as the member sees it: where it stands, for how much, due when."""

    state: str
    amount_minor: int
    currency: str
    due_on: date


@dataclass(frozen=True)
class Presented:
    """Documents that name it, presented under a credit to which the member is a party."""

    reference: str
    state: str
    claimed_minor: int
    currency: str
    discrepancies: int


@dataclass(frozen=True)
class Seen:
    """A consignment; ``owner_since`` is when its owner came to the platform."""

    id: UUID
    reference: str
    owner_id: UUID
    owner: str
    owner_since: datetime
    carrier_id: UUID | None
    carrier: str | None
    forwarder_id: UUID | None
    origin: str
    destination: str
    transhipments: tuple[str, ...]
    incoterm: str | None
    vessel: str | None
    consignee_name: str | None
    consignee_country: str | None
    booked_at: datetime
    created_at: datetime
    goods: tuple[Goods, ...] = ()
    boxes: tuple[Box, ...] = ()
    calls: tuple[Call, ...] = ()
    papers: tuple[Paper, ...] = ()
    invoice_number: str | None = None
    ucr: str | None = None
    financings: tuple[Financing, ...] = ()
    presentations: tuple[Presented, ...] | None = ()
    """None where they could not be looked into."""

    @property
    def lane(self) -> tuple[str, str]:
        """From where to where."""
        return self.origin, self.destination

    @property
    def gross_kg(self) -> Decimal:
        """The gross mass of all goods."""
        return sum((one.gross_kg for one in self.goods), Decimal())

    @property
    def net_kg(self) -> Decimal:
        """The net mass of all goods."""
        return sum((one.net_kg for one in self.goods), Decimal())

    @property
    def value(self) -> tuple[int, str] | None:
        """The value of all goods and its currency; None without goods or in several currencies."""
        currencies = {one.currency for one in self.goods}
        if len(currencies) != 1:
            return None
        return sum(one.value_minor for one in self.goods), currencies.pop()


def folded(name: str) -> str:
    """Return a name by which its spellings are one: case, spaces and punctuation do not count."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def in_order(consignments: Sequence[Seen]) -> list[Seen]:
    """Return consignments in the order in which they came to the platform (UUIDv7)."""
    return sorted(consignments, key=lambda one: one.id)
