"""What is said to customs and what customs says, as the agreements of the bridge word it. No I/O."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from isthmus_platform.errors import InvalidInput
from isthmus_platform.parties import Party
from isthmus_platform.shipments import CommercialTerms, GoodsItem, Shipment

FIELDS = frozenset(
    {
        "/ucr",
        "/type",
        *(f"/{who}/{what}" for who in ("exporter", "consignee", "declarant") for what in ("name", "country")),
        *(f"/transport/{what}" for what in ("loadingPlace", "dischargePlace", "billOfLading", "vessel")),
        "/equipment/reference",
        *(
            f"/goods/{what}"
            for what in (
                "sequence",
                "description",
                "hsCode",
                "grossMassKg",
                "netMassKg",
                "packages",
                "packageType",
                "originCountry",
                "statisticalValueMinor",
                "currency",
            )
        ),
        *(
            f"/invoice/{what}"
            for what in ("number", "incoterm", "paymentTerms", "discountMinor", "bankAccount")
        ),
    }
)
"""Every leaf the platform can put into an export declaration; the agreement says which of them cross."""

ORDER = (
    "ACCEPTED",
    "REJECTED",
    "CHANNEL_ASSIGNED",
    "LPCO_REQUESTED",
    "LPCO_GRANTED",
    "LPCO_DENIED",
    "DUTY_ASSESSED",
    "RELEASED",
)
"""What customs says of a declaration, in the order in which it comes about."""

CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
CURRENCY = re.compile(r"[A-Z]{3}")
LONGEST_TEXT = 300
LARGEST_INTEGER = 2**53 - 1


def declaration(
    shipment: Shipment, terms: CommercialTerms | None, *, exporter: Party, declarant: Party
) -> dict[str, Any]:
    """Return the export declaration (``type`` EX) of a shipment with all that is known of it."""
    return _present(
        {
            "ucr": shipment.ucr,
            "type": "EX",
            "exporter": _party(exporter),
            "consignee": {"name": shipment.consignee_name, "country": shipment.consignee_country},
            "declarant": _party(declarant),
            "transport": {
                "loadingPlace": shipment.origin,
                "dischargePlace": shipment.destination,
                "billOfLading": shipment.bill_of_lading,
                "vessel": shipment.vessel,
            },
            "equipment": [{"reference": each.reference} for each in shipment.equipment],
            "goods": [_goods(each) for each in shipment.goods],
            "invoice": {"incoterm": shipment.incoterm, **_terms(terms)},
        }
    )


def _party(party: Party) -> dict[str, Any]:
    return {"name": party.legal_name, "country": party.country}


def _goods(item: GoodsItem) -> dict[str, Any]:
    return {
        "sequence": item.sequence,
        "description": item.description,
        "hsCode": item.hs_code,
        "grossMassKg": _decimal(item.gross_mass_kg),
        "netMassKg": _decimal(item.net_mass_kg),
        "packages": item.packages,
        "packageType": item.package_type,
        "originCountry": item.origin_country,
        "statisticalValueMinor": item.value_minor,
        "currency": item.currency,
    }


def _terms(terms: CommercialTerms | None) -> dict[str, Any]:
    if terms is None:
        return {}
    return {
        "number": terms.invoice_number,
        "paymentTerms": terms.payment_terms,
        "discountMinor": terms.discount_minor,
        "bankAccount": terms.bank_account,
    }


def _decimal(value: Decimal) -> str:
    """Return a decimal without exponent and without trailing zeros: ``12480.5``."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _present(value: dict[str, Any]) -> dict[str, Any]:
    """Return ``value`` without what is None, and without what is empty then."""
    kept: dict[str, Any] = {}
    for name, item in value.items():
        below = _present(item) if isinstance(item, dict) else item
        if below is not None and below != {} and below != []:
            kept[name] = below
    return kept


@dataclass(frozen=True)
class StatusMessage:
    """One DECLARATION_STATUS; ``duty`` is (minor units, currency), ``errors`` their texts."""

    status: str
    at: datetime
    ucr: str | None = None
    mrn: str | None = None
    channel: str | None = None
    lpco_agency: str | None = None
    lpco_reference: str | None = None
    duty: tuple[int, str] | None = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Where a declaration stands after all that customs said of it."""

    status: str
    mrn: str | None = None
    channel: str | None = None
    duty_minor: int | None = None
    duty_currency: str | None = None
    released_at: datetime | None = None


def in_order(messages: Iterable[StatusMessage]) -> list[StatusMessage]:
    """Return ``messages`` in the order of their time, and within a second as they come about."""
    return sorted(messages, key=lambda message: (message.at, ORDER.index(message.status)))


def standing(messages: Iterable[StatusMessage]) -> Standing:
    """Return what ``messages`` (at least one, in any order) amount to, taken in their order."""
    ordered = in_order(messages)
    mrn = channel = None
    duty: tuple[int | None, str | None] = (None, None)
    released_at = None
    for message in ordered:
        mrn = message.mrn or mrn
        channel = message.channel or channel
        duty = message.duty or duty
        released_at = message.at if message.status == "RELEASED" else released_at
    return Standing(ordered[-1].status, mrn, channel, duty[0], duty[1], released_at)


def title(message: StatusMessage) -> str:
    """Return what a status message says, in a few words."""
    agency = message.lpco_agency or "another agency"
    reference = f", {message.lpco_reference}" if message.lpco_reference else ""
    match message.status:
        case "ACCEPTED":
            return f"Accepted, MRN {message.mrn}" if message.mrn else "Accepted"
        case "REJECTED":
            return f"Rejected: {'; '.join(message.errors)}" if message.errors else "Rejected"
        case "CHANNEL_ASSIGNED":
            return f"Channel {message.channel}" if message.channel else "Channel assigned"
        case "LPCO_REQUESTED":
            return f"Licence asked of {agency}"
        case "LPCO_GRANTED":
            return f"Licence granted by {agency}{reference}"
        case "LPCO_DENIED":
            return f"Licence denied by {agency}"
        case "DUTY_ASSESSED":
            return f"Duty assessed: {_money(message.duty)}" if message.duty else "Duty assessed"
        case _:
            return "Released"


def _money(duty: tuple[int, str]) -> str:
    amount, currency = duty
    digits = get_currency_precision(currency)
    return f"{Decimal(amount).scaleb(-digits):,.{digits}f} {currency}"


def read_status(body: Mapping[str, Any]) -> StatusMessage:
    """Read the body of a DECLARATION_STATUS; absent members are None.

    Raises :class:`InvalidInput` with a JSON pointer into the delivery (``/body/mrn``).
    """
    lpco, duty = _object(body, "lpco"), _object(body, "duty")
    status = _text(body, "status", "/body")
    if status not in ORDER:
        raise InvalidInput("No such status is known.", field="/body/status", code="unknown_status")
    return StatusMessage(
        status=status,
        at=_time(body),
        ucr=_text(body, "ucr", "/body"),
        mrn=_text(body, "mrn", "/body"),
        channel=_text(body, "channel", "/body", CODE),
        lpco_agency=_text(lpco, "agency", "/body/lpco"),
        lpco_reference=_text(lpco, "reference", "/body/lpco"),
        duty=_duty(duty),
        errors=tuple(_errors(body)),
    )


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise InvalidInput("An object is expected.", field=f"/body/{name}", code="not_an_object")
    return value


def _text(
    body: Mapping[str, Any], name: str, where: str, pattern: re.Pattern[str] | None = None
) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
        raise InvalidInput("A short text is expected.", field=f"{where}/{name}", code="not_a_text")
    if pattern is not None and not pattern.fullmatch(value):
        raise InvalidInput("A code is expected.", field=f"{where}/{name}", code="pattern")
    return value


def _time(body: Mapping[str, Any]) -> datetime:
    """Return the time to the second, as the WCO's messages tell it (format 304).

    Of two messages in one second, the one that came as JSON would else seem the later, whatever they say.
    """
    try:
        at = datetime.fromisoformat(body["at"])
    except (KeyError, TypeError, ValueError):
        raise InvalidInput("A time (RFC 3339) is expected.", field="/body/at", code="time") from None
    if at.tzinfo is None:
        raise InvalidInput("A time has an offset.", field="/body/at", code="no_offset")
    return at.replace(microsecond=0)


def _duty(duty: Mapping[str, Any]) -> tuple[int, str] | None:
    if not duty:
        return None
    amount, currency = duty.get("amountMinor"), _text(duty, "currency", "/body/duty", CURRENCY)
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= LARGEST_INTEGER:
        raise InvalidInput("Whole minor units are expected.", field="/body/duty/amountMinor", code="range")
    if currency is None:
        raise InvalidInput("A currency is expected.", field="/body/duty/currency", code="missing")
    return amount, currency


def _errors(body: Mapping[str, Any]) -> Iterable[str]:
    errors = body.get("errors", [])
    if not isinstance(errors, list) or not all(isinstance(each, dict) for each in errors):
        raise InvalidInput("A list of objects is expected.", field="/body/errors", code="not_a_list")
    for position, each in enumerate(errors):
        where = f"/body/errors/{position}"
        parts = (_text(each, "message", where), _text(each, "code", where), _text(each, "field", where))
        yield next((part for part in parts if part is not None), "no reason given")
