"""Exchanges that wait, as a person reads them."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich import box
from rich.table import Table

WAY = {"TO_WINDOW": "to the window", "FROM_WINDOW": "to the platform"}
ENDED = frozenset({"DELIVERED", "FAILED", "TERMINATED"})


def table(exchanges: Iterable[dict[str, Any]]) -> Table:
    """Return a line for each exchange."""
    shown = Table(box=box.SIMPLE)
    for name in ("exchange", "message", "way", "state", "attempts", "next try", "what is wrong"):
        shown.add_column(name, overflow="fold", no_wrap=name == "exchange")
    for each in exchanges:
        shown.add_row(
            each["exchange"],
            each["message"],
            WAY[each["direction"]],
            _state(each),
            str(each["attempts"]),
            _next_try(each),
            each["problem"] or "",
        )
    return shown


def lines(exchange: dict[str, Any]) -> Iterator[str]:
    """Return what is known of one exchange, a line each."""
    agreement = exchange["agreement"] or {"id": "none", "version": "-"}
    for name, value in (
        ("exchange", exchange["exchange"]),
        ("message", f"{exchange['message']}, {WAY[exchange['direction']]}, for {exchange['purpose']}"),
        ("for", f"{exchange['party']}, about what is {exchange['owner']}'s"),
        ("agreement", f"{agreement['id']} version {agreement['version']}"),
        ("state", _state(exchange)),
        ("reason", _reason(exchange)),
        ("asked", exchange["createdAt"]),
        ("sent", exchange["sentAt"]),
        ("attempts", _attempts(exchange)),
        ("what is wrong", exchange["problem"]),
        ("next try", _next_try(exchange)),
        ("given up", exchange["endsAt"]),
    ):
        if value:
            yield f"  {name:<14} {value}"


def _state(exchange: dict[str, Any]) -> str:
    return str(exchange["state"]) + (", in doubt: its receiver is asked" if exchange["inDoubt"] else "")


def _attempts(exchange: dict[str, Any]) -> str:
    of_what = " to tell its originator" if exchange["state"] in ENDED else ""
    faults = exchange["faults"]
    return f"{exchange['attempts']}{of_what}" + (f", {faults} faults of the receiver" if faults else "")


def _reason(exchange: dict[str, Any]) -> str | None:
    return ": ".join(filter(None, (exchange["reason"], exchange["detail"]))) or None


def _next_try(exchange: dict[str, Any]) -> str:
    if exchange["setAsideAt"]:
        return f"set aside since {exchange['setAsideAt']}; waits for: isthmus exchange resume"
    if exchange["behind"]:
        return f"waits behind {exchange['behind']}"
    return exchange["nextTry"] or ""
