"""Usage and invoices: for a member its own, for the operator everyone's, with the authority's share."""

import re
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from isthmus_platform.database import PartyRole
from isthmus_portal import queries
from isthmus_portal.chart import Bar, bars
from isthmus_portal.face import Face, nodes, roles
from isthmus_portal.formats import money, number
from isthmus_portal.navigation import ACCOUNT, PAYERS, Item
from isthmus_portal.pages import paging
from isthmus_portal.pages.page import Page

_PERIOD = re.compile(r"2\d{3}-(0[1-9]|1[0-2])")


def add(portal: Blueprint, face: Face) -> None:
    """Add usage, invoices, one invoice, and the closing of a month."""

    @portal.get("/usage")
    def usage() -> str:
        period = request.args.get("period") or face.clock().strftime("%Y-%m")
        if not _PERIOD.fullmatch(period):
            abort(404)
        found = face.ask(queries.USAGE, period=period)["usage"]
        return render_template(
            "portal/usage.html",
            usage=found,
            period=period,
            before=_month(period, -1),
            after=_month(period, +1),
            bars=_bars(found["lines"]),
            operator=PartyRole.OPERATOR in roles(),
        )

    @portal.get("/invoices")
    def invoices() -> str:
        data = face.ask(queries.INVOICES, **paging.position())
        return render_template(
            "portal/invoices.html",
            invoices=nodes(data["invoices"]),
            links=paging.links(data["invoices"]),
            operator=PartyRole.OPERATOR in roles(),
        )

    @portal.get("/invoices/<id>")
    def invoice(id: str) -> str:  # noqa: A002 (the route's word)
        found = face.ask(queries.INVOICE, id=id)["node"]
        if not found:
            abort(404)
        return render_template("portal/invoice.html", invoice=found, share=_share(found))

    @portal.post("/usage/close")
    def close_month() -> Response:
        period = request.form["period"]
        payload, errors = face.change(
            queries.CLOSE_BILLING_PERIOD, {"period": period, "idempotencyKey": request.form["once"]}
        )
        if errors:
            flash(errors[0]["message"], "bad")
            return redirect(url_for("portal.usage", period=period), 303)
        count = len(payload["invoices"] or [])
        flash(f"The month is closed: {count} invoice{'' if count == 1 else 's'} finalised.", "good")
        return redirect(url_for("portal.invoices"), 303)


def _month(period: str, step: int) -> str:
    first = date.fromisoformat(period + "-01")
    return (first + timedelta(days=31 if step > 0 else -1)).strftime("%Y-%m")


def _bars(lines: list[dict[str, Any]]) -> list[Bar]:
    """Return a bar for each meter, its amounts of all parties added up."""
    totals: dict[str, dict[str, Any]] = {}
    quantities: dict[str, int] = defaultdict(int)
    for line in lines:
        held = totals.setdefault(line["title"], {**line["amount"], "amountMinor": 0})
        held["amountMinor"] += line["amount"]["amountMinor"]
        quantities[line["title"]] += line["quantity"]
    ranked = sorted(totals.items(), key=lambda item: -item[1]["amountMinor"])
    return bars(
        [
            (title, f"{money(held)} · {number(quantities[title])}", held["amountMinor"])
            for title, held in ranked
        ]
    )


def _share(invoice: dict[str, Any]) -> dict[str, Any]:
    """Return the concession fee's part of the total in hundredths, and what the operator keeps."""
    total, fee = invoice["total"]["amountMinor"], invoice["concessionFee"]["amountMinor"]
    kept = {"amountMinor": total - fee, "currency": invoice["total"]["currency"]}
    return {"hundredths": round(100 * fee / total, 2) if total else 0, "kept": kept}


PAGE = Page(
    add,
    items=(
        Item("usage", "Usage", PAYERS, ACCOUNT),
        Item("invoices", "Invoices", PAYERS, ACCOUNT),
    ),
    queries=(
        queries.USAGE,
        queries.INVOICES,
        queries.INVOICE,
        queries.CLOSE_BILLING_PERIOD,
    ),
)
