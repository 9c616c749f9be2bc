"""Why logistics refuses, each with a stable code. A refusal changes nothing."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from isthmus_platform.errors import Conflict, NotFound, NotPermitted, PlatformError
from isthmus_platform.logistics.verdict import Condition, Finding


class TitleNotSurrendered(Conflict):
    """The title is not surrendered by the party that the cargo is for."""

    code = "title_not_surrendered"


class CustomsNotReleased(Conflict):
    """Customs has not released the goods."""

    code = "customs_not_released"


class FreightUnpaid(Conflict):
    """The carrier does not say that freight is paid."""

    code = "freight_unpaid"


class BankConsentMissing(Conflict):
    """A financing bank has not cleared its lien, or has not consented."""

    code = "bank_consent_missing"


class CargoHeld(Conflict):
    """Customs, the carrier or the terminal holds the cargo."""

    code = "cargo_held"


MISSING: Mapping[Condition, type[Conflict]] = MappingProxyType(
    {
        Condition.TITLE_SURRENDERED: TitleNotSurrendered,
        Condition.CUSTOMS_RELEASED: CustomsNotReleased,
        Condition.FREIGHT_PAID: FreightUnpaid,
        Condition.BANK_CONSENT: BankConsentMissing,
        Condition.NO_HOLDS: CargoHeld,
    }
)


class NotReleasable(Conflict):
    """The cargo is not to be let go yet: ``findings`` says which conditions are missing, who clears them."""

    code = "not_releasable"

    def __init__(self, findings: Sequence[Finding]) -> None:
        said = " ".join(each.says for each in findings)
        super().__init__(f"The cargo is not to be let go yet. {said}", field="release")
        self.findings = tuple(findings)

    @property
    def reasons(self) -> Sequence[PlatformError]:
        """One refusal a missing condition."""
        return [MISSING[each.condition](_told(each), field="release") for each in self.findings]


def _told(finding: Finding) -> str:
    by = f" It can be cleared by {', '.join(finding.cleared_by)}." if finding.cleared_by else ""
    since = f" Since {finding.since:%Y-%m-%d %H:%M} UTC." if finding.since is not None else ""
    return f"{finding.says}{by}{since}"


class NoSuchRelease(NotFound):
    """There is no such release: absent, and not for this reader, answer alike."""


class WrongParty(NotPermitted):
    """Another party to this is the one who may do it."""

    code = "wrong_party"


class WrongState(Conflict):
    """What this is about does not stand where the step begins."""

    code = "wrong_state"


class OrderExpired(Conflict):
    """The delivery order's time is over; the carrier may issue another."""

    code = "order_expired"


class WrongToken(NotPermitted):
    """The token is not this delivery order's."""

    code = "wrong_token"
