"""Release in one verdict: from facts to what stands in the way, who can clear it, and since when. No I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class Condition(StrEnum):
    """What must hold before a carrier lets cargo go, in the order in which it is told."""

    TITLE_SURRENDERED = "TITLE_SURRENDERED"
    CUSTOMS_RELEASED = "CUSTOMS_RELEASED"
    FREIGHT_PAID = "FREIGHT_PAID"
    BANK_CONSENT = "BANK_CONSENT"
    NO_HOLDS = "NO_HOLDS"


class TransportDocument(StrEnum):
    """Under which document the cargo is carried: only a bill of lading is surrendered."""

    BILL_OF_LADING = "BILL_OF_LADING"
    SEA_WAYBILL = "SEA_WAYBILL"


REGISTER, BANKS, CUSTOMS, CARRIER, RELEASE = (
    "title register",
    "title register and financing banks",
    "single window, through the bridge",
    "carrier's statement",
    "release and title register",
)
"""Where each finding comes from."""
ELSEWHERE = "Whether they are released for import is not known here; customs there can hold the cargo."
"""What the verdict does not judge: an import declaration is filed elsewhere; no answer of it comes here."""


@dataclass(frozen=True)
class Obstacle:
    """A lien, financing or hold: its ``kind``, whose it is (None where that is not told), since when, why."""

    kind: str
    by: str | None
    since: datetime
    reason: str | None

    def told(self) -> str:
        """Return it in words."""
        why = f" ({self.reason})" if self.reason else ""
        return f"{self.kind.lower()} of {self.by or 'a party that you are not told'}{why}"


@dataclass(frozen=True)
class TitleFact:
    """How the newest title of the shipment stands; ``holder`` is None where the reader is not told."""

    surrendered: bool
    state: str
    since: datetime
    holder: str | None
    surrendered_by: str | None


@dataclass(frozen=True)
class CustomsFact:
    """How the newest export declaration stands: whether it is released, since when, and when it was filed."""

    released: bool
    since: datetime
    filed_at: datetime


@dataclass(frozen=True)
class Facts:
    """All that the verdict depends on, parties by name, times in UTC.

    ``customs`` is None where no export declaration was filed; ``freight_paid_at`` is the carrier's word, and
    ``freight_since`` when the carrier last spoke of it.
    """

    document: TransportDocument
    carrier: str
    consignee: str
    declarant: str
    opened_at: datetime
    title: TitleFact | None
    customs: CustomsFact | None
    freight_paid_at: datetime | None
    freight_since: datetime
    liens: tuple[Obstacle, ...] = ()
    financing: tuple[Obstacle, ...] = ()
    holds: tuple[Obstacle, ...] = ()


@dataclass(frozen=True)
class Finding:
    """Whether one condition holds; where not, who can clear it (names, where told) and since when."""

    condition: Condition
    holds: bool
    says: str
    cleared_by: tuple[str, ...]
    since: datetime | None
    source: str


@dataclass(frozen=True)
class Verdict:
    """All conditions, each with its finding."""

    findings: tuple[Finding, ...]

    @property
    def releasable(self) -> bool:
        """Whether every condition holds."""
        return not self.missing

    @property
    def missing(self) -> tuple[Finding, ...]:
        """The conditions that do not hold."""
        return tuple(each for each in self.findings if not each.holds)


def judge(facts: Facts) -> Verdict:
    """Return the verdict on ``facts``: every condition, always, whatever the others say."""
    return Verdict(tuple(JUDGES[condition](facts) for condition in Condition))


def _names(*names: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _met(condition: Condition, says: str, since: datetime | None, source: str) -> Finding:
    return Finding(condition, holds=True, says=says, cleared_by=(), since=since, source=source)


def _unmet(condition: Condition, says: str, by: tuple[str, ...], since: datetime, source: str) -> Finding:
    return Finding(condition, holds=False, says=says, cleared_by=by, since=since, source=source)


def _title(facts: Facts) -> Finding:
    condition, title = Condition.TITLE_SURRENDERED, facts.title
    if facts.document is TransportDocument.SEA_WAYBILL:
        if title is None:
            says = "Carried under a sea waybill, which is not surrendered."
            return _met(condition, says, facts.opened_at, REGISTER)
        says = "There is a title of this shipment: it is not carried under a sea waybill."
        return _unmet(condition, says, (facts.carrier,), title.since, REGISTER)
    if title is None:
        says = "There is no title of this shipment that could be surrendered."
        return _unmet(condition, says, (facts.carrier,), facts.opened_at, REGISTER)
    if not title.surrendered:
        by = facts.carrier if title.state.endswith("_REQUESTED") else title.holder
        says = f"The title is {title.state}; it is not surrendered for delivery."
        return _unmet(condition, says, _names(by), title.since, REGISTER)
    if title.surrendered_by != facts.consignee:
        says = "The title was surrendered by another than the party that the cargo is for."
        return _unmet(condition, says, (facts.carrier,), title.since, REGISTER)
    says = "The title is surrendered by the party that the cargo is for."
    return _met(condition, says, title.since, REGISTER)


def _customs(facts: Facts) -> Finding:
    condition = Condition.CUSTOMS_RELEASED
    if facts.customs is None:
        says = "No export declaration was filed."
        return _unmet(condition, says, (facts.declarant,), facts.opened_at, CUSTOMS)
    which = f"the export declaration filed on {facts.customs.filed_at:%Y-%m-%d}"
    if facts.customs.released:
        says = f"Customs released the goods for export: {which}. {ELSEWHERE}"
        return _met(condition, says, facts.customs.since, CUSTOMS)
    says = f"Customs has not released the goods for export: {which} is not released."
    return _unmet(condition, says, (facts.declarant,), facts.customs.since, CUSTOMS)


def _freight(facts: Facts) -> Finding:
    if facts.freight_paid_at is not None:
        says = "The carrier says that freight is paid."
        return _met(Condition.FREIGHT_PAID, says, facts.freight_paid_at, CARRIER)
    says = "The carrier does not say that freight is paid."
    return _unmet(Condition.FREIGHT_PAID, says, (facts.carrier,), facts.freight_since, CARRIER)


def _obstacles(
    condition: Condition, found: tuple[Obstacle, ...], free: str, stand: str, source: str
) -> Finding:
    if not found:
        return _met(condition, free, None, source)
    says = f"{stand}: {'; '.join(each.told() for each in found)}."
    by = _names(*(each.by for each in found))
    return _unmet(condition, says, by, min(each.since for each in found), source)


def _consent(facts: Facts) -> Finding:
    free, stand = "No bank has to be asked.", "A financing bank has not consented"
    return _obstacles(Condition.BANK_CONSENT, (*facts.liens, *facts.financing), free, stand, BANKS)


def _holds(facts: Facts) -> Finding:
    return _obstacles(
        Condition.NO_HOLDS, facts.holds, "Nothing holds the cargo.", "The cargo is held", RELEASE
    )


JUDGES: Mapping[Condition, Callable[[Facts], Finding]] = MappingProxyType(
    {
        Condition.TITLE_SURRENDERED: _title,
        Condition.CUSTOMS_RELEASED: _customs,
        Condition.FREIGHT_PAID: _freight,
        Condition.BANK_CONSENT: _consent,
        Condition.NO_HOLDS: _holds,
    }
)
