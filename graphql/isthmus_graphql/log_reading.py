"""The bridge's log as an authority reads it: one row for each decision, straight from the bridge.

An exchange has several records (agreed, sent, delivered, receipt); the row is the decision that it may cross,
or any refusal. A row has no id but its place in the log.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from isthmus_graphql.context import Context
from isthmus_graphql.pagination import Page, Paging
from isthmus_platform.crossings import BridgeClient, BridgeUnavailable, LogEntry
from isthmus_platform.errors import NotFound
from isthmus_protocol.messages import NOT_DELIVERED

AT_A_TIME = 500
MOST_LOOKED_AT = 5_000
"""Records looked at for one page; beyond, the page is short and says that more follow."""


@dataclass(frozen=True)
class Logged:
    """A decision in the log; parties by name, ``id`` is the index written as a UUID."""

    id: UUID
    exchange: str
    direction: str
    message: str
    purpose: str
    party: str | None
    owner: str | None
    state: str
    decision: str
    reason: str | None
    field: str | None
    fields: list[str]
    agreement_id: str | None
    agreement_version: int | None
    log_index: int
    at: datetime


def page_of(context: Context, asked: Paging, decision: str | None, message: str | None) -> Page[Logged]:
    """Return a page of the decisions, newest first."""
    behind = asked.place(int)
    before = None if behind is None else behind[0]
    found: list[Logged] = []
    looked_at, last = 0, before
    for entry in _entries(context, before):
        looked_at, last = looked_at + 1, entry.index
        row = _decision(entry)
        if row and decision in (None, row.decision) and message in (None, row.message):
            found.append(row)
        if len(found) > asked.count:
            break
        if looked_at >= MOST_LOOKED_AT and last:
            return asked.page(found, _place, unseen=asked.cursor(last))
    return asked.page(found, _place)


def one(context: Context, key: UUID) -> Logged:
    """Return the decision at the index that ``key`` is, or raise :class:`NotFound`."""
    if key.int < 2**62:
        for entry in _bridge(context).entries(before=key.int + 1, limit=1).entries:
            row = _decision(entry)
            if row is not None and entry.index == key.int:
                return row
    raise NotFound("There is no such crossing.", field="crossing")


def legal_basis(context: Context, row: Logged) -> str | None:
    """Return the citation of the agreement a decision stands on, while that agreement is the active one."""
    agreement = _bridge(context).active_agreement(row.message, row.direction, row.purpose)
    if agreement is None or (agreement.id, agreement.version) != (row.agreement_id, row.agreement_version):
        return None
    return agreement.legal_basis.citation


def _entries(context: Context, before: int | None) -> Iterator[LogEntry]:
    bridge = _bridge(context)
    while before is None or before > 0:
        entries = bridge.entries(before=before, limit=AT_A_TIME).entries
        yield from entries
        if not entries:
            return
        before = entries[-1].index


def _bridge(context: Context) -> BridgeClient:
    """Return the client; no transaction is held open while the bridge is asked."""
    if context.bridge is None:
        raise BridgeUnavailable("This installation is not connected to a bridge.")
    context.close()
    return context.bridge


def _decision(entry: LogEntry) -> Logged | None:
    record: dict[str, Any] = entry.record
    if record["kind"] != "DECISION":
        return None
    refused = record["decision"] == "REFUSED"
    if not (refused or record["phase"] == "AGREED"):
        return None
    agreement = record["agreement"] or {}
    return Logged(
        id=UUID(int=entry.index),
        exchange=record["exchange"],
        direction=record["direction"],
        message=record["message"],
        purpose=record["purpose"],
        party=record["party"],
        owner=record["owner"],
        state="FAILED" if record["reason"] in NOT_DELIVERED else "REFUSED" if refused else "AGREED",
        decision=record["decision"],
        reason=record["reason"],
        field=record["field"],
        fields=record["fields"],
        agreement_id=agreement.get("id"),
        agreement_version=agreement.get("version"),
        log_index=entry.index,
        at=datetime.fromisoformat(record["at"]),
    )


def _place(row: Logged) -> int:
    return row.log_index
