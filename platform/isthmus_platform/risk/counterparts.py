"""The profile of a party: what a member knows of who it trades with, from its own history and no other.

Each part is read in the name of the member, under row-level security. With whom a member has nothing to do it
has no profile: it cannot ask about the party at all.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from isthmus_platform import parties
from isthmus_platform.credit.consignments import PresentedFor, presented_with
from isthmus_platform.database import Work
from isthmus_platform.encryption import Vault
from isthmus_platform.parties import Party
from isthmus_platform.receivables import reading as receivables
from isthmus_platform.risk import journeys, loading, robust
from isthmus_platform.risk.errors import NoSuchRisk
from isthmus_platform.risk.finances import REFUSED
from isthmus_platform.risk.history import History, per_kg, recent
from isthmus_platform.risk.indicators import Reading
from isthmus_platform.risk.records import RiskAppeal, RiskFinding
from isthmus_platform.risk.rules import MEMBERS
from isthmus_platform.risk.seen import Seen


@dataclass(frozen=True)
class PricePaid:
    """What a kilogram net of one heading cost in one currency, in minor units: the middle, and how far apart.

    ``widest`` is the largest modified z-score among them.
    """

    heading: str
    currency: str
    spread: robust.Spread
    lowest: float
    highest: float
    widest: float


@dataclass(frozen=True)
class PartyProfile:
    """What the acting member knows of a party, from the newest consignments with it that it sees.

    ``rush`` is of its newest consignment as an owner. ``alike`` counts consignments of its with an invoice
    like an earlier one. ``offers`` are by state, ``findings`` the member's own about it, by state.
    """

    party: Party
    first_at: datetime | None
    last_at: datetime | None
    age_days: int
    shipments: int
    recent: int
    rush: Reading | None
    invoices: int
    alike: int
    prices: tuple[PricePaid, ...]
    presented: int
    refused: int
    offers: Counter[str]
    findings: Counter[str]
    appeals: Counter[str]


def profile_of(work: Work, vault: Vault | None, party_id: UUID) -> PartyProfile:
    """Return what the acting member knows of a party; raise :class:`NoSuchRisk` where they never traded.

    Raises :class:`NotPermitted` (``role_required``).
    """
    work.actor.require(*MEMBERS)
    found = work.session.get(Party, party_id)
    consignments = loading.with_party(work, party_id)
    presented = [] if vault is None else presented_with(work, vault, party_id)
    offers = receivables.offers_with(work, party_id)
    if found is None or party_id == work.actor.party_id or not (consignments or presented or offers):
        raise NoSuchRisk("You have nothing to do with such a party.", field="party")
    owned = [one for one in consignments if one.owner_id == party_id]
    return PartyProfile(
        party=found,
        first_at=min((one.created_at for one in consignments), default=None),
        last_at=max((one.created_at for one in consignments), default=None),
        age_days=(work.now - found.created_at).days,
        shipments=len(consignments),
        recent=recent(consignments, work.now),
        rush=journeys.owner(owned[-1], loading.before(work, owned[-1].id)) if owned else None,
        invoices=sum(one.invoice_number is not None for one in owned),
        alike=_alike(owned),
        prices=_prices(consignments),
        presented=len(presented),
        refused=sum(map(_refused, presented)),
        offers=Counter(one.state for one in offers),
        findings=_findings(work, party_id),
        appeals=_appeals(work, party_id),
    )


def by_name(work: Work, vault: Vault | None, name: str) -> PartyProfile:
    """Return the profile of the party called ``name``, as :func:`profile_of`."""
    return profile_of(work, vault, parties.by_name(work, name, field="party").id)


def _refused(one: PresentedFor) -> bool:
    return one.presentation.state in REFUSED or bool(one.findings)


def _alike(owned: Sequence[Seen]) -> int:
    """Count consignments whose invoice is that of an earlier one, or nearly."""
    history, alike = History(), 0
    for one in owned:
        alike += bool(history.invoiced_alike(one))
        history.add(one)
    return alike


def _prices(consignments: Sequence[Seen]) -> tuple[PricePaid, ...]:
    paid: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in consignments:
        for goods in one.goods:
            if goods.net_kg > 0:
                paid[goods.heading, goods.currency].append(per_kg(goods))
    return tuple(
        PricePaid(*key, spread, min(sample), max(sample), max(map(abs, map(spread.deviation, sample))))
        for key, sample in sorted(paid.items())
        if (spread := robust.spread(sample, 1)) is not None
    )


def _findings(work: Work, party_id: UUID) -> Counter[str]:
    states = select(RiskFinding.state).where(
        RiskFinding.party_id == work.actor.party_id, RiskFinding.subject_id == party_id
    )
    return Counter(work.session.scalars(states))


def _appeals(work: Work, party_id: UUID) -> Counter[str]:
    states = select(RiskAppeal.state).where(
        RiskAppeal.member_id == work.actor.party_id, RiskAppeal.party_id == party_id
    )
    return Counter(work.session.scalars(states))
