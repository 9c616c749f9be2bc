"""Proof of claims: a claim holds for all requests whatever, or there is one that the gate lets cross."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import z3

from isthmus_bridge.gate import Permitted
from isthmus_bridge.prover.cases import Case, Kind
from isthmus_bridge.prover.claims import Choice, Claim
from isthmus_bridge.prover.compiler import Compiled, Symbols, case_in, compiled, instant
from isthmus_protocol.agreements import Agreement, Direction, Field, Role
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
    codes = {code for claim in claims for code in claim.codes}
    symbols = Symbols(agreements, codes)
    solver = z3.Solver()
    solver.add(symbols.well_formed)
    parts = compiled(symbols, agreements)
    return [_find(solver, symbols, parts, claim) for claim in claims]


def _find(solver: z3.Solver, symbols: Symbols, parts: Sequence[Compiled], claim: Claim) -> Finding:
    for part in parts:
        for field in part.agreement.fields:
            if claim.concerns(field):
                forbidden = _forbidden(symbols, part, field, claim)
                case = _simplest(solver, symbols, field, forbidden)
                if case is not None:
                    return Finding(claim, _reproduced(case, part.agreement, field, claim), idle=False)
    return Finding(claim, None, idle=_idle(solver, symbols, parts, claim))


def _idle(solver: z3.Solver, symbols: Symbols, parts: Sequence[Compiled], claim: Claim) -> bool:
    plain = replace(claim, unless_consent=False, unless_shown=())
    near = [
        _forbidden(symbols, part, field, plain)
        for part in parts
        for field in part.agreement.fields
        if plain.concerns(field)
    ]
    return not satisfiable(solver, z3.Or(*near))


def _forbidden(symbols: Symbols, part: Compiled, field: Field, claim: Claim) -> z3.BoolRef:
    """Say that a request has ``field`` released as the claim forbids."""
    conditions = [part.releases(field, symbols)]
    for choice, symbol, values in (
        (claim.message, symbols.message, symbols.codes),
        (claim.direction, symbols.direction, [each.value for each in Direction]),
        (claim.purpose, symbols.purpose, symbols.codes),
        (claim.role, symbols.role, [each.value for each in Role]),
    ):
        if choice is not None:
            conditions.append(_chosen(symbol, values, choice))
    if claim.since is not None:
        conditions.append(symbols.now >= instant(claim.since))
    if claim.until is not None:
        conditions.append(symbols.now < instant(claim.until))
    if claim.unless_consent:
        conditions.append(z3.Not(symbols.has_consent))
    return z3.And(*conditions)


def _chosen(symbol: z3.ArithRef, values: Sequence[str], choice: Choice) -> z3.BoolRef:
    return z3.Or(*(symbol == number for number, value in enumerate(values) if choice.admits(value)))


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
        z3.And(*(z3.Not(consent.given) for consent in symbols.consents)),
        z3.And(symbols.party == 1, symbols.owner == 2),
    ]


def _reproduced(case: Case, agreement: Agreement, field: Field, claim: Claim) -> Example:
    """Put the request to the gate itself; raises :class:`Undecided` unless it does what was foretold."""
    outcome = case.put_to_gate(agreement)
    broken = not (claim.unless_consent and case.has_consent)
    if not isinstance(outcome, Permitted) or field.path not in leaf_paths(outcome.projection) or not broken:
        raise Undecided(f"the gate does not do as foretold with {case}: {outcome}")
    return Example(case, agreement, field, outcome.projection)
