"""An amendment: what it changes of the terms, once the beneficiary accepts it (UCP 600 article 10)."""

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from isthmus_platform.credit.terms import ALLOWED_Z, Terms, check_day, check_line, check_minor
from isthmus_platform.papers.parts import Location, wrong


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What an amendment changes; what is None stays. The amount rises or falls by minor units."""

    increase_minor: int | None = None
    decrease_minor: int | None = None
    expires_on: date | None = None
    expires_at: str | None = None
    latest_shipment: date | None = None
    partial_shipments: bool | None = None
    transhipment: bool | None = None
    loading: Location | None = None
    discharge: Location | None = None
    goods: str | None = None
    presentation_days: int | None = None

    def __post_init__(self) -> None:
        if all(getattr(self, one.name) is None for one in fields(self)):
            raise wrong("changes", "empty", "something that changes")
        if self.increase_minor is not None and self.decrease_minor is not None:
            raise wrong("decreaseMinor", "contradiction", "an increase or a decrease")
        for name, field in (("increase_minor", "increaseMinor"), ("decrease_minor", "decreaseMinor")):
            if (value := getattr(self, name)) is not None:
                check_minor(value, field)
        if self.expires_at is not None and self.expires_on is None:
            raise wrong("expiresOn", "missing", "the day beside the place")
        check_day(self.expires_on, "expiresOn")
        check_day(self.latest_shipment, "latestShipment")
        check_line(self.expires_at, "expiresAt", 29)
        check_line(self.goods, "goods", 4_000, ALLOWED_Z)

    def applied_to(self, terms: Terms) -> Terms:
        """Return the terms as amended; refuses what does not hold together any more."""
        given: dict[str, Any] = {
            one.name: value
            for one in fields(self)
            if not one.name.endswith("crease_minor") and (value := getattr(self, one.name)) is not None
        }
        amount = terms.amount_minor + (self.increase_minor or 0) - (self.decrease_minor or 0)
        return replace(terms, **given, amount_minor=amount)
