"""How an insurer publishes a table of rates: lines that are entered, pasted or taken from files."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import url_for

from isthmus_portal import insurance_queries as queries
from isthmus_portal.formats import moment
from isthmus_portal.forms import Act, Field, day_and_time, major, row_fault

ROW = ("hsPrefix", "origin", "destination", "mode", "clause", "rate", "deductible")
REGION = ("name", "countries")
ROWS = "One a line: HS prefix, from, to, by, clause, rate in %, deductible in %. Nothing or * stands for any."
REGIONS = "One a line: the name, and its countries with spaces between, as ASIA, CN JP KR TW."
ANY = "*"
PPM = 10_000
"""Parts per million in one per cent."""
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,4})?", re.ASCII)


def publish(now: datetime, like: Mapping[str, Any] | None = None) -> Act:
    """Return the form that publishes a table, filled with what ``like`` says where one is given."""
    rates = like["rates"] if like else {"rows": (), "regions": {}}
    least = {"amountMinor": rates["minimum"], "currency": like["currency"]} if like else None
    return Act(
        "publish",
        "Publish the table",
        queries.PUBLISH_TARIFF,
        "The table is published; quotes are made by it from its time on.",
        (
            Field("effectiveFrom", "Holds from", "moment", value=day_and_time(now + timedelta(hours=1))),
            Field(
                "minimum",
                "Least premium",
                "price",
                hint="With its currency, which is that of the table: 50.00 USD.",
                value=f"{major(least)} {least['currency']}" if least else "",
            ),
            Field(
                "quotesHoldDays",
                "Days for which a quote holds",
                "whole",
                value=str(like["quotesHoldDays"] if like else 14),
            ),
            Field(
                "rows",
                "Rates",
                "lines",
                hint=ROWS,
                value="\n".join(", ".join(cells(row)) for row in rates["rows"]),
                longest=200_000,
                cells=ROW,
                files="text",
            ),
            Field(
                "regions",
                "Regions that the rates name",
                "lines",
                required=False,
                hint=REGIONS,
                value="\n".join(f"{name}, {' '.join(of)}" for name, of in rates["regions"].items()),
                longest=20_000,
                cells=REGION,
            ),
        ),
        shape=_table,
        then=lambda payload: url_for("portal.tariff", id=payload["tariff"]["id"]),
    )


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a row of a table that is kept as its line has it."""
    rates = (_percent(row[name]) for name in ("rate_ppm", "deductible_ppm"))
    return (*(row[name] or ANY for name in ("hs", "origin", "destination", "mode", "clause")), *rates)


def standing(tariff: Mapping[str, Any], now: datetime) -> str:
    """Return whether a table is in force, is to be, or was."""
    if moment(tariff["effectiveFrom"]) > now:
        return "PLANNED"
    until = tariff["effectiveUntil"]
    return "REPLACED" if until and moment(until) <= now else "IN_FORCE"


def _table(given: dict[str, Any]) -> dict[str, Any]:
    """Return what was entered as the mutation takes it."""
    least = given.pop("minimum")
    rows = [_row(number, dict(row)) for number, row in enumerate(given.pop("rows"), start=1)]
    regions = [
        {"name": each.get("name", ""), "countries": each.get("countries", "").split()}
        for each in given.pop("regions", ())
    ]
    return {
        **given,
        "currency": least["currency"],
        "minimumMinor": least["amountMinor"],
        "rows": rows,
        "regions": regions,
    }


def _row(number: int, row: dict[str, Any]) -> dict[str, Any]:
    if "clause" not in row:
        raise row_fault("rows", number, "The clause is needed.")
    rate, deductible = _ppm(number, row.pop("rate", "")), _ppm(number, row.pop("deductible", "0"))
    return {**row, "ratePpm": rate, "deductiblePpm": deductible}


def _ppm(number: int, text: str) -> int:
    if not _PERCENT.fullmatch(text):
        raise row_fault("rows", number, "A rate is per cent, with four decimals at most, such as 0.1250.")
    return int(Decimal(text) * PPM)


def _percent(ppm: int) -> str:
    return f"{Decimal(ppm) / PPM:f}"
