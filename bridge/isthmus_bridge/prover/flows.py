"""What one version of an agreement lets cross that another does not: role, purpose, field and condition.

The solver says whether there is any request by which a role is shown more; only then are the conditions told
apart, of which there are few: with or without the owner's consent, and the spans between the moments at which
either version begins or ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise

import z3

from isthmus_bridge.prover.cases import TAKES
from isthmus_bridge.prover.claims import tells_no_more
from isthmus_bridge.prover.compiler import Compiled, Symbols, compiled, instant
from isthmus_bridge.prover.proof import satisfiable
from isthmus_protocol.agreements import Agreement, Direction, Field, Role, Transform
from isthmus_protocol.canonical import canonical
from isthmus_protocol.predicates import Operator, Predicate

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Flow:
    """A field that a role may be shown, in one form, under a condition, during ``spans``.

    ``consent`` is True where the owner's is needed, False where the flow is one without it, and None where it
    makes no difference.
    """

    message: str
    direction: Direction
    purpose: str
    role: Role
    field: Field
    consent: bool | None
    spans: tuple[Span, ...]


def gained(old: Sequence[Agreement], new: Sequence[Agreement]) -> list[Flow]:
    """Return the flows that ``new`` permits and ``old`` did not, nor in a form that tells as much.

    Raises :class:`~isthmus_bridge.prover.proof.Undecided` when the solver gives up.
    """
    symbols = Symbols([*old, *new])
    solver = z3.Solver()
    solver.add(symbols.well_formed, symbols.agreed_last_hour == 0, symbols.answered_bits == 0)
    solver.add(z3.Not(z3.Or(*symbols.suspended.values())))
    before, after = compiled(symbols, old), compiled(symbols, new)
    flows = []
    for part in after:
        for field in part.agreement.fields:
            more = _more(symbols, part, field, before)
            if not satisfiable(solver, more):
                continue
            for role in part.agreement.audience:
                asked = z3.And(more, symbols.role == tuple(Role).index(role))
                flows += _conditions(solver, symbols, asked, part.agreement, role, field, [*old, *new])
    return flows


def _more(symbols: Symbols, part: Compiled, field: Field, before: Iterable[Compiled]) -> z3.BoolRef:
    """Say that a request for ``field`` alone has it released, and by no earlier agreement in such a form."""
    alone = z3.And(*(asked == (path == field.path) for path, asked in symbols.asked.items()))
    earlier = [
        z3.And(each.releases(other, symbols), _tells_as_much(symbols, field, other))
        for each in before
        for other in each.agreement.fields
        if other.path == field.path
    ]
    taken = symbols.holds(field.path, TAKES[field.transform])
    return z3.And(alone, taken, part.releases(field, symbols), z3.Not(z3.Or(*earlier)))


def _tells_as_much(symbols: Symbols, field: Field, other: Field) -> z3.BoolRef:
    """Say that ``other`` tells what ``field`` does: always, or in answer to the question put."""
    if tells_no_more(field, other):
        return z3.BoolVal(val=True)
    return symbols.puts_alike(field, other)


def _conditions(
    solver: z3.Solver,
    symbols: Symbols,
    asked: z3.BoolRef,
    agreement: Agreement,
    role: Role,
    field: Field,
    known: Sequence[Agreement],
) -> list[Flow]:
    if not satisfiable(solver, asked):
        return []
    spans: dict[bool, tuple[Span, ...]] = {}
    moments = sorted({moment for each in known for moment in (each.valid_from, each.valid_until)})
    for consent in (True, False):
        given = symbols.has_consent == consent
        found = [
            (start, end)
            for start, end in pairwise(moments)
            if satisfiable(solver, asked, given, symbols.now >= instant(start), symbols.now < instant(end))
        ]
        spans[consent] = _joined(found)
    return [
        Flow(agreement.message, agreement.direction, agreement.purpose, role, field, consent, during)
        for consent, during in _told_apart(spans[True], spans[False])
        if during
    ]


def _told_apart(
    with_it: tuple[Span, ...], without: tuple[Span, ...]
) -> list[tuple[bool | None, tuple[Span, ...]]]:
    """Return the spans by what they need: nothing where both are the same."""
    return [(None, with_it)] if with_it == without else [(True, with_it), (False, without)]


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def in_words(flows: Iterable[Flow]) -> list[str]:
    """Return the flows as sentences, those that differ only in their field or role in one."""

    def alike(flow: Flow) -> tuple[str, ...]:
        return (flow.message, flow.direction, flow.purpose, _condition(flow), in_form(flow.field))

    sentences = []
    for (message, direction, purpose, condition, form), group in groupby(sorted(flows, key=alike), key=alike):
        by_fields: dict[tuple[str, ...], list[str]] = {}
        of_role: dict[str, list[str]] = {}
        for flow in group:
            of_role.setdefault(flow.role.value, []).append(flow.field.path)
        for role, listed in of_role.items():
            by_fields.setdefault(tuple(sorted(listed)), []).append(role)
        where = "to the window" if direction == Direction.TO_WINDOW else "from the window"
        for paths, roles in by_fields.items():
            sentences.append(
                f"{' and '.join(sorted(roles))} for {purpose}, in {message} {where}:"
                f" {', '.join(paths)} {form}, {condition}"
            )
    return sentences


def in_form(field: Field) -> str:
    """Return how a field is shown, in words."""
    match field.transform:
        case Transform.MASK:
            return f"masked but for the last {field.argument} characters"
        case Transform.ROUND:
            return f"rounded to {field.argument}"
        case Transform.YEAR:
            return "as its year"
        case Transform.DIGEST:
            return "as its digest"
        case Transform.ANSWER:
            return f"as a yes or no to {', '.join(_question(each) for each in field.predicates)}"
        case Transform.KEEP:
            return "as it is"


def _question(predicate: Predicate) -> str:
    if predicate.operator is Operator.EXISTS:
        return f"{predicate.name} (exists)"
    values = "what is asked" if predicate.values is None else canonical(list(predicate.values)).decode()
    return f"{predicate.name} ({predicate.operator.value} {values})"


def _condition(flow: Flow) -> str:
    consent = {
        True: "with the owner's consent",
        False: "without the owner's consent",
        None: "whether or not the owner consents",
    }[flow.consent]
    spans = " and ".join(f"from {_told(start)} until {_told(end)}" for start, end in flow.spans)
    return f"{consent}, {spans}"


def _told(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d" if moment.time() == moment.min.time() else "%Y-%m-%d %H:%M:%S UTC")
