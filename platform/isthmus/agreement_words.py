"""Agreements as a person reads them: a table, a history, what else a new version changes, a request."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.table import Table

from isthmus_bridge.prover.flows import in_form
from isthmus_bridge.prover.proof import Example
from isthmus_protocol.agreements import Agreement, Direction
from isthmus_protocol.canonical import canonical
from isthmus_protocol.shapes import format_time


def table(agreement: Agreement, status: str) -> Table:
    """Return an agreement as a table of two columns."""
    shown = _columns(f"{agreement.title} ({agreement.id}, version {agreement.version})", "", "")
    shown.show_header = False
    way = "to the window" if agreement.direction is Direction.TO_WINDOW else "from the window"
    basis = agreement.legal_basis
    for name, value in (
        ("status", status),
        ("message", f"{agreement.message}, {way}"),
        ("purpose", agreement.purpose),
        ("legal basis", f"{basis.citation}: {basis.text}"),
        ("audience", ", ".join(agreement.audience) or "nobody"),
        ("consent", "the owner's is required" if agreement.consent_required else "not required"),
        ("valid", f"{format_time(agreement.valid_from)} until {format_time(agreement.valid_until)}"),
        ("at most", f"{agreement.rate_per_hour} an hour"),
        ("kept", f"{agreement.retention_days} days"),
        ("answers", _budget(agreement)),
        ("drafted by", agreement.drafted_by or "not said"),
        ("digest", agreement.digest),
        ("may cross", "\n".join(f"{field.path} {in_form(field)}" for field in agreement.fields) or "nothing"),
    ):
        shown.add_row(name, value)
    return shown


def _budget(agreement: Agreement) -> str:
    budget = agreement.leakage_budget
    if budget is None:
        return "none"
    return f"at most {budget.bits} to one asker about one subject in any {budget.window_hours} hours"


def history(versions: Iterable[dict[str, Any]]) -> Table:
    """Return what became of each version, as the bridge tells it."""
    shown = _columns("History", "version", "status", "at", "what", "by", "why")
    for version in versions:
        first = [str(version["version"]), str(version["status"])]
        for step in version["history"]:
            shown.add_row(*first, step["at"], step["change"].lower(), step["by"], step["reason"] or "")
            first = ["", ""]
    return shown


def _columns(title: str, *names: str) -> Table:
    shown = Table(title=title, title_justify="left", box=box.SIMPLE)
    for name in names:
        shown.add_column(name, overflow="fold")
    return shown


def other_changes(old: Agreement, new: Agreement) -> list[str]:
    """Return what differs apart from the flows."""
    parts = [
        ("title", old.title, new.title),
        ("legal basis", old.legal_basis.citation, new.legal_basis.citation),
        ("text of the legal basis", old.legal_basis.text, new.legal_basis.text),
        ("rate per hour", old.rate_per_hour, new.rate_per_hour),
        ("days kept", old.retention_days, new.retention_days),
        ("leakage budget", _budget(old), _budget(new)),
    ]
    return [f"{name}: {before} → {after}" for name, before, after in parts if before != after]


def in_example(example: Example) -> Sequence[str]:
    """Return the request that breaks a claim, and what the gate did with it, in lines."""
    case = example.case
    consents = [
        f"{each.owner} to {each.reader} for {each.purpose} until {format_time(each.valid_until)}"
        for each in case.consents
    ]
    under = f"{example.agreement.id} version {example.agreement.version}"
    whose = f"for {case.party} as {case.role}, of {case.owner or 'nobody'}'s"
    return [
        f"under {under}: {example.field.path} {in_form(example.field)}",
        f"asked: {case.message} {case.direction} for {case.purpose}, {whose}, at {format_time(case.now)}",
        f"consents: {'; '.join(consents) or 'none'}",
        f"questions: {', '.join(canonical(ask.to_json()).decode() for ask in case.asks) or 'none'}",
        f"fields: {', '.join(case.asked)}; payload: {canonical(case.payload).decode()}",
        f"the gate: PERMITTED, released {canonical(example.released).decode()}",
    ]
