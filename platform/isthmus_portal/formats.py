"""How amounts, times and names are written on the pages (British English, UTC)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision
from markupsafe import Markup

LOCALE = "en_GB"


def moment(value: str | datetime) -> datetime:
    """Return the aware UTC time of ``value``, an RFC 3339 text or an aware time."""
    parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
    return parsed.astimezone(UTC)


def when(value: str | datetime | None, style: str = "minute") -> Markup:
    """Return a ``<time>`` element in UTC; ``style`` is ``minute``, ``second`` or ``day``; a dash for none."""
    if not value:
        return Markup('<span class="none">—</span>')
    at = moment(value)
    if style == "day":
        shown = format_date(at, "d MMM y", locale=LOCALE)
    else:
        pattern = "d MMM y, HH:mm:ss" if style == "second" else "d MMM y, HH:mm"
        shown = format_datetime(at, pattern, locale=LOCALE) + " UTC"
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat().replace("+00:00", "Z"), shown)


def day(value: str | date | None) -> str:
    """Return a day, ISO 8601 or a date, as ``30 Jun 2026``; a dash for none."""
    if not value:
        return "—"
    on = date.fromisoformat(value) if isinstance(value, str) else value
    return format_date(on, "d MMM y", locale=LOCALE)


def amount(money: dict[str, Any]) -> Decimal:
    """Return the amount of ``{"amountMinor", "currency"}`` in whole units (ISO 4217 minor units)."""
    precision = get_currency_precision(money["currency"])
    return Decimal(money["amountMinor"]).scaleb(-precision)


def money(value: dict[str, Any] | None) -> str:
    """Return an amount as people write it, with the digits of its currency; a dash for none."""
    if not value:
        return "—"
    return format_currency(amount(value), value["currency"], locale=LOCALE)


def number(value: str | int | Decimal) -> str:
    """Return a count or a decimal with separators of thousands."""
    return format_decimal(Decimal(value), locale=LOCALE)


def size(octets: int) -> str:
    """Return a size in B, kB or MB (powers of ten)."""
    if octets < 1_000:
        return f"{octets} B"
    if octets < 1_000_000:
        return f"{octets / 1_000:.0f} kB"
    return f"{octets / 1_000_000:.1f} MB"


def period(value: str, month: str = "LLLL") -> str:
    """Return a billing period ``2026-06`` as ``June 2026``; ``month`` ``LLL`` is its short form."""
    first = datetime.strptime(value, "%Y-%m").replace(tzinfo=UTC)
    return format_date(first, f"{month} y", locale=LOCALE)


def span(hours: int) -> str:
    """Return whole hours as people say them: ``36 h`` is "1 d 12 h"."""
    days, rest = divmod(hours, 24)
    return (
        " ".join(part for part in (f"{days} d" if days else "", f"{rest} h" if rest else "") if part) or "0 h"
    )


def about(value: dict[str, Any] | None) -> str:
    """Return what a usage event is about as ``name value`` pairs."""
    return ", ".join(f"{name} {held}" for name, held in (value or {}).items()) or "—"


def document_of(address: str) -> str:
    """Return the document's id in the schema's ``contentUrl``, ``/documents/<uuid>/content``."""
    return address.partition("/documents/")[2].partition("/")[0]
