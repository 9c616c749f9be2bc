"""Proof of claims: a claim holds for all requests whatever, or there is one that the gate lets cross."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import z3

from isthmus_bridge.gate import Permitted
from isthmus_bridge.prover.cases import Case, Kind
from isthmus_bridge.prover.claims import Claim
from isthmus_bridge.prover.compiler import NOTHING_ASKED, Compiled, Symbols, case_in, compiled, instant
from isthmus_protocol.agreements import Agreement, Field, Role
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.projection import leaf_paths


class Undecided(Exception):
    """The solver gave up, or the gate does not do what the formulas say: nothing is proven."""


@dataclass(frozen=True)
class Example:
    """A request that breaks a claim, the version and field by which, and what the gate itself released."""

    case: Case
    agreement: Agreement
    field: Field
    released: JsonObject


@dataclass(frozen=True)
class Finding:
    """Whether a claim holds. ``idle``: it would even without its ``unless``, for nothing comes near it."""

    claim: Claim
    example: Example | None
    idle: bool

    @property
    def holds(self) -> bool:
        """Whether no request breaks the claim."""
        return self.example is None


def prove(agreements: Sequence[Agreement], claims: Sequence[Claim]) -> list[Finding]:
    """Check each claim against ``agreements``, all of them taken as signed by both parties.

    Several versions of one agreement supersede each other as on the bridge; any may be suspended at any time.
    Raises :class:`Undecided` when a claim is neither proven nor broken by a request that the gate permits.
    """
    symbols = Symbols(agreements)
    solver = z3.Solver()
    solver.add(symbols.well_formed)
    parts = compiled(symbols, agreements)
    return [_find(solver, symbols, parts, claim) for claim in claims]


def _find(solver: z3.Solver, symbols: Symbols, parts: Sequence[Compiled], claim: Claim) -> Finding:
    ways = _ways(symbols, parts, claim)
    if satisfiable(solver, z3.Or(*(forbidden for _, _, forbidden in ways))):
        for agreement, field, forbidden in ways:
            case = _simplest(solver, symbols, field, forbidden)
            if case is not None:
                return Finding(claim, _reproduced(case, agreement, field, claim), idle=False)
    plain = replace(claim, unless_consent=False, unless_shown=(), unless_answered=False)
    idle = plain == claim or not satisfiable(
        solver, z3.Or(*(forbidden for _, _, forbidden in _ways(symbols, parts, plain)))
    )
    return Finding(claim, None, idle)


def _ways(
    symbols: Symbols, parts: Sequence[Compiled], claim: Claim
) -> list[tuple[Agreement, Field, z3.BoolRef]]:
    """Return for each field that some agreement lists, what a request must be to break the claim by it."""
    return [
        (part.agreement, field, z3.And(part.releases(field, symbols), *_conditions(symbols, claim)))
        for part in parts
        for field in part.agreement.fields
        if claim.concerns(part.agreement, field)
    ]


def _conditions(symbols: Symbols, claim: Claim) -> list[z3.BoolRef]:
    """Return what makes a request one that the claim forbids to be answered."""
    conditions = []
    if claim.role is not None:
        wanted = [number for number, role in enumerate(Role) if claim.role.admits(role)]
        conditions.append(z3.Or(*(symbols.role == number for number in wanted)))
    if claim.since is not None:
        conditions.append(symbols.now >= instant(claim.since))
    if claim.until is not None:
        conditions.append(symbols.now < instant(claim.until))
    if claim.unless_consent:
        conditions.append(z3.Not(symbols.has_consent))
    return conditions


def satisfiable(solver: z3.Solver, *formulas: z3.BoolRef) -> bool:
    """Say whether some request makes all of ``formulas`` true; raises :class:`Undecided`."""
    answer = solver.check(*formulas)
    if answer == z3.unknown:
        raise Undecided(f"the solver gave up: {solver.reason_unknown()}")
    return bool(answer == z3.sat)


def _simplest(solver: z3.Solver, symbols: Symbols, field: Field, wanted: z3.BoolRef) -> Case | None:
    """Return a request that makes ``wanted`` true, as plain as one can be; None where there is none."""
    if not satisfiable(solver, wanted):
        return None
    held = [wanted]
    for preferred in _preferences(symbols, field):
        if satisfiable(solver, *held, preferred):
            held.append(preferred)
    satisfiable(solver, *held)
    return case_in(solver.model(), symbols)


def _preferences(symbols: Symbols, field: Field) -> list[z3.BoolRef]:
    """Return what makes a request plain: it asks for one field, holds nothing else, and needs no consent."""
    others = [path for path in symbols.paths if path != field.path]
    return [
        z3.And(*(z3.Not(symbols.asked[path]) for path in others)),
        z3.And(*(symbols.holds(path, [Kind.ABSENT]) for path in others)),
        z3.Not(z3.Or(*symbols.suspended.values())),
        symbols.agreed_last_hour == 0,
        symbols.answered_bits == 0,
        z3.And(*(ask == NOTHING_ASKED for path, ask in symbols.asks.items() if path != field.path)),
        z3.And(*(z3.Not(consent.given) for consent in symbols.consents)),
        z3.And(symbols.party == 1, symbols.owner == 2),
        symbols.holds(field.path, [Kind.NUMBER, Kind.TEXT]),
    ]


def _reproduced(case: Case, agreement: Agreement, field: Field, claim: Claim) -> Example:
    """Put the request to the gate itself; raises :class:`Undecided` unless it does what was foretold."""
    outcome = case.put_to_gate(agreement)
    broken = not (claim.unless_consent and case.has_consent)
    if not isinstance(outcome, Permitted) or field.path not in leaf_paths(outcome.projection) or not broken:
        raise Undecided(f"the gate does not do as foretold with {case}: {outcome}")
    return Example(case, agreement, field, outcome.projection)
