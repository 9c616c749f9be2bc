"""The life of a booking in DCSA's terms (Booking 2.0, ``bookingStatus``) and its cut-offs, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class BookingState(StrEnum):
    """DCSA's ``bookingStatus``."""

    RECEIVED = "RECEIVED"
    PENDING_UPDATE = "PENDING_UPDATE"
    UPDATE_RECEIVED = "UPDATE_RECEIVED"
    CONFIRMED = "CONFIRMED"
    PENDING_AMENDMENT = "PENDING_AMENDMENT"
    REJECTED = "REJECTED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"


class BookingAction(StrEnum):
    """What the two sides of a booking do."""

    REQUEST_UPDATE = "REQUEST_UPDATE"
    UPDATE = "UPDATE"
    CONFIRM = "CONFIRM"
    REQUEST_AMENDMENT = "REQUEST_AMENDMENT"
    REJECT = "REJECT"
    DECLINE = "DECLINE"
    CANCEL = "CANCEL"
    COMPLETE = "COMPLETE"


@dataclass(frozen=True)
class Move:
    """An action from the states ``before`` to ``after``, by the carrier or else by who booked."""

    before: frozenset[BookingState]
    after: BookingState
    carrier: bool
    needs: str


S = BookingState
LIVE = frozenset({S.RECEIVED, S.PENDING_UPDATE, S.UPDATE_RECEIVED, S.CONFIRMED, S.PENDING_AMENDMENT})
_UNCONFIRMED = frozenset({S.RECEIVED, S.PENDING_UPDATE, S.UPDATE_RECEIVED})
WATCHED = frozenset({S.CONFIRMED, S.PENDING_AMENDMENT})
"""In which states cut-offs stand: while an amendment is wanted, what was confirmed holds."""
GIVEN_UP = frozenset({S.REJECTED, S.DECLINED, S.CANCELLED})
"""In which states nothing is carried any more: what was opened to the carrier for it is closed."""

MOVES: Mapping[BookingAction, Move] = MappingProxyType(
    {
        BookingAction.REQUEST_UPDATE: Move(
            frozenset({S.RECEIVED, S.UPDATE_RECEIVED}), S.PENDING_UPDATE, carrier=True, needs="a reason"
        ),
        BookingAction.UPDATE: Move(
            frozenset({S.RECEIVED, S.PENDING_UPDATE}), S.UPDATE_RECEIVED, carrier=False, needs="a reason"
        ),
        BookingAction.CONFIRM: Move(
            frozenset({S.RECEIVED, S.UPDATE_RECEIVED, S.PENDING_AMENDMENT}),
            S.CONFIRMED,
            carrier=True,
            needs="its reference and the cut-offs",
        ),
        BookingAction.REQUEST_AMENDMENT: Move(
            frozenset({S.CONFIRMED}), S.PENDING_AMENDMENT, carrier=True, needs="a reason"
        ),
        BookingAction.REJECT: Move(_UNCONFIRMED, S.REJECTED, carrier=True, needs="a reason"),
        BookingAction.DECLINE: Move(WATCHED, S.DECLINED, carrier=True, needs="a reason"),
        BookingAction.CANCEL: Move(LIVE, S.CANCELLED, carrier=False, needs="a reason"),
        BookingAction.COMPLETE: Move(frozenset({S.CONFIRMED}), S.COMPLETED, carrier=True, needs="nothing"),
    }
)


class CutOffCode(StrEnum):
    """What has to be there by a cut-off (DCSA ``cutOffDateTimeCode``)."""

    DCO = "DCO"
    VCO = "VCO"
    FCO = "FCO"


class CutOffStatus(StrEnum):
    """How a cut-off stands by the clock."""

    MET = "MET"
    OPEN = "OPEN"
    AT_RISK = "AT_RISK"
    MISSED = "MISSED"


AT_RISK_WITHIN = timedelta(hours=24)
"""A working day: what is told later can hardly be mended, what is told sooner is mostly on its way anyhow."""


def watched(cut_off: datetime, met_at: datetime | None, now: datetime) -> CutOffStatus:
    """Return how a cut-off stands: met in time, missed from its very instant on, at risk a day before it."""
    if met_at is not None:
        return CutOffStatus.MET if met_at < cut_off else CutOffStatus.MISSED
    if now >= cut_off:
        return CutOffStatus.MISSED
    return CutOffStatus.AT_RISK if cut_off - now <= AT_RISK_WITHIN else CutOffStatus.OPEN
