"""By which ship, voyage and service a booking is wished for (DCSA Booking 2.0.0), and its arrival."""

import re
from dataclasses import dataclass
from datetime import date

from stdnum import imo

from isthmus_platform.logistics.booking_rules import given_words, wrong

VESSEL = re.compile(r"\d{7,8}", re.ASCII)
SERVICE = re.compile(r"SR\d{5}[A-Z]", re.ASCII)
VOYAGE = re.compile(r"\d{2}[0-9A-Z]{2}[NEWSR]", re.ASCII)
IMO_DIGITS = 7


@dataclass(frozen=True)
class VoyageWish:
    """DCSA ``vessel``, the carrier's service and its export voyage, each by the carrier's name or DCSA's own.

    ``service_reference`` and ``voyage_reference`` are the universal ones.
    """

    vessel_name: str | None = None
    vessel_imo: str | None = None
    service_name: str | None = None
    service_code: str | None = None
    service_reference: str | None = None
    voyage: str | None = None
    voyage_reference: str | None = None


@dataclass(frozen=True)
class ArrivalWish:
    """Between which days the cargo is expected at its place of delivery, both included."""

    first: date
    last: date


def check_voyage(given: VoyageWish, at: str) -> None:
    """Raise :class:`InvalidInput` naming the field under ``at`` that breaks a rule of DCSA's.

    A voyage of the carrier's is told with the ship, or with the carrier's service.
    """
    given_words(given.vessel_name, f"{at}.vesselName", 50)
    given_words(given.service_name, f"{at}.serviceName", 50)
    given_words(given.service_code, f"{at}.serviceCode", 11)
    given_words(given.voyage, f"{at}.voyage", 50)
    number = given.vessel_imo
    if number is not None:
        if not VESSEL.fullmatch(number) or (len(number) == IMO_DIGITS and not imo.is_valid(number)):
            raise wrong(f"{at}.vesselImo", "format", "an IMO number with its check digit")
        if given.vessel_name is None:
            raise wrong(f"{at}.vesselName", "required", "given with an IMO number")
    if given.service_reference is not None and not SERVICE.fullmatch(given.service_reference):
        raise wrong(f"{at}.serviceReference", "format", "a universal service reference, such as SR12345A")
    if given.voyage_reference is not None and not VOYAGE.fullmatch(given.voyage_reference):
        raise wrong(f"{at}.voyageReference", "format", "a universal voyage reference, such as 2103N")
    if given.voyage is not None and not (given.vessel_name or given.service_name or given.service_code):
        raise wrong(f"{at}.vesselName", "required", "given for a voyage, or else the carrier's service")


def check_arrival(given: ArrivalWish, at: str, earliest: date) -> None:
    """Refuse days that are over before ``earliest``, or that end before they begin."""
    if given.first < earliest:
        raise wrong(f"{at}.first", "not_in_future", f"{earliest} or later")
    if given.last < given.first:
        raise wrong(f"{at}.last", "before_first", "not before the first day")
