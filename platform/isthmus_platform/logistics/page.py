"""What docs/logistics.md shows of the machines: ``python -m isthmus_platform.logistics.page`` prints it."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from isthmus_platform.logistics import (
    appointment_machine,
    booking_machine,
    deliveries,
    machine,
    quote_machine,
)
from isthmus_platform.logistics.delivery_statements import Standing

START = "[*]"


@dataclass(frozen=True)
class Step:
    """A step of any of the machines; ``after`` None is that it stays where it is."""

    name: str
    who: str
    before: tuple[str, ...]
    after: str | None
    needs: str


def machines() -> dict[str, list[Step]]:
    """Return the steps of each machine by what it is of."""
    return {
        "release": list(_release()),
        "quote": list(_quote()),
        "booking": list(_booking()),
        "appointment": list(_appointment()),
        "proof": list(_proof()),
    }


def _release() -> Iterator[Step]:
    yield Step("OPEN", "carrier", (START,), machine.State.OPEN, "the shipment's carrier")
    for name, one in machine.TRANSITIONS.items():
        before = tuple(state for state in machine.State if state in one.before)
        yield Step(name, one.who, before, one.after, one.needs)


def _quote() -> Iterator[Step]:
    for name, one in quote_machine.TRANSITIONS.items():
        yield Step(name, one.who, (one.before or START,), one.after, one.needs)


def _booking() -> Iterator[Step]:
    yield Step(
        "REQUEST", "who booked", (START,), booking_machine.BookingState.RECEIVED, "a quote it accepted"
    )
    for name, one in booking_machine.MOVES.items():
        before = tuple(state for state in booking_machine.BookingState if state in one.before)
        yield Step(name, "carrier" if one.carrier else "who booked", before, one.after, one.needs)


def _appointment() -> Iterator[Step]:
    needs = "a place in the slot; a live order and its token, or a confirmed booking of its own"
    yield Step("BOOK", "who books", (START,), appointment_machine.AppointmentState.BOOKED, needs)
    for name, one in appointment_machine.STEPS.items():
        who = "terminal" if one.terminal else "who booked or drives"
        yield Step(name, who, (one.before,), one.after, one.needs)


def _proof() -> Iterator[Step]:
    needs = "the cargo was handed out; no proof of the container stands"
    yield Step("RECORD", "who drove, carrier, consignee", (START,), Standing.RECORDED, needs)
    for name, one in deliveries.STEPS.items():
        who = "recipient, of another's proof" if one.recipient else "who recorded it"
        yield Step(name, who, (one.before,), one.after, one.needs)


def diagram(steps: Iterable[Step]) -> str:
    """Return a machine as a state diagram (mermaid); what nothing leads out of is its end."""
    given = list(steps)
    moves: dict[tuple[str, str], list[str]] = {}
    for one in given:
        for before in one.before:
            moves.setdefault((before, one.after or before), []).append(f"{one.name} ({one.who})")
    arrows = [f"    {before} --> {after}: {', '.join(names)}" for (before, after), names in moves.items()]
    begins = {before for before, after in moves if before != after}
    ends = dict.fromkeys(after for _, after in moves if after not in begins)
    arrows += [f"    {state} --> {START}" for state in ends]
    return "```mermaid\nstateDiagram-v2\n" + "\n".join(arrows) + "\n```\n"


def table(steps: Iterable[Step]) -> str:
    """Return a machine's steps as a table in Markdown: who may make each, from where, and what it needs."""
    rows = (
        f"| `{one.name}` | {one.who} | {_from(one)} | {one.after or 'the same'} | {one.needs} |\n"
        for one in steps
    )
    return "| step | who | from | to | needs |\n|---|---|---|---|---|\n" + "".join(rows)


def _from(step: Step) -> str:
    return ", ".join(state for state in step.before if state != START) or "nothing"


if __name__ == "__main__":
    for name, steps in machines().items():
        sys.stdout.write(f"{name}\n\n{diagram(steps)}\n{table(steps)}\n")
