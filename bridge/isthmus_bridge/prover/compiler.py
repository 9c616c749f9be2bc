"""What the gate does with any request, as formulas over the integers and truth values (SMT).

The formulas follow :func:`isthmus_bridge.gate.decide` rule by rule, in its order; a property test holds the
two together. Names matter only by being equal or not, and are numbers; times are microseconds since 1970.

One consent is enough to look at: the gate permits a request with many only if it permits it with one of them,
or with none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import z3

from isthmus_bridge.prover.cases import TAKES, Case, Kind
from isthmus_bridge.prover.questions import representatives
from isthmus_protocol.agreements import Agreement, Direction, Field, Role, Transform
from isthmus_protocol.messages import Consent, Reason

UNLISTED = "/unlisted"
"""A path that stands for all that no agreement lists."""
PERMITTED = 0
REASONS = tuple(Reason)

NOBODY = -1
NOTHING_ASKED = -1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_KINDS = tuple(Kind)
_ROLES = tuple(Role)
_DIRECTIONS = tuple(Direction)


@dataclass(frozen=True)
class ConsentSymbols:
    """A consent that may have been ``given``."""

    given: z3.BoolRef
    owner: z3.ArithRef
    reader: z3.ArithRef
    purpose: z3.ArithRef
    valid_until: z3.ArithRef


class Symbols:
    """The unknowns of a request, over the codes and paths that ``agreements`` name.

    A code that nobody names is one more, the last.
    """

    def __init__(self, agreements: Iterable[Agreement], consents: int = 1) -> None:
        known = list(agreements)
        named = {code for each in known for code in (each.message, each.purpose)}
        self.codes = [*sorted(named), "OTHERWISE"]
        self.paths = [*sorted({path for each in known for path in each.paths} - {UNLISTED}), UNLISTED]
        self.message, self.purpose = z3.Ints("message purpose")
        self.direction, self.role = z3.Ints("direction role")
        self.party, self.owner = z3.Ints("party owner")
        self.now, self.agreed_last_hour = z3.Ints("now agreed_last_hour")
        self.answered_bits = z3.Int("answered_bits")
        self.questions = representatives(known)
        self.asks = {path: z3.Int(f"ask {path}") for path in sorted(self.questions)}
        self.asked = {path: z3.Bool(f"asked {path}") for path in self.paths}
        self.kinds = {path: z3.Int(f"kind {path}") for path in self.paths}
        self.consents = [_consent(number) for number in range(consents)]
        versions = sorted({(each.id, each.version) for each in known})
        self.suspended = {version: z3.Bool(f"suspended {version}") for version in versions}

    def code(self, text: str) -> int:
        """Return the number of a code."""
        return self.codes.index(text) if text in self.codes else len(self.codes) - 1

    @property
    def well_formed(self) -> z3.BoolRef:
        """The unknowns are a request: every number is of something, and no value lies above a leaf."""
        ranges = [
            (self.message, 0, len(self.codes) - 1),
            (self.purpose, 0, len(self.codes) - 1),
            (self.direction, 0, len(_DIRECTIONS) - 1),
            (self.role, NOBODY, len(_ROLES) - 1),
            (self.agreed_last_hour, 0, 10**9),
            (self.answered_bits, 0, 10**9),
            *((ask, NOTHING_ASKED, len(self.questions[path]) - 1) for path, ask in self.asks.items()),
            (self.now, instant(_EARLIEST), instant(_LATEST)),
            *((name, NOBODY, 99) for name in (self.party, self.owner)),
            *((kind, 0, len(_KINDS) - 1) for kind in self.kinds.values()),
        ]
        for consent in self.consents:
            ranges += [
                (consent.owner, 0, 99),
                (consent.reader, 0, 99),
                (consent.purpose, 0, len(self.codes) - 1),
                (consent.valid_until, instant(_EARLIEST), instant(_LATEST)),
            ]
        nested = [
            z3.Implies(self.kinds[below] != _kind(Kind.ABSENT), self.kinds[above] == _kind(Kind.OBJECT))
            for above in self.paths
            for below in self.paths
            if below.startswith(f"{above}/")
        ]
        return z3.And(*(z3.And(least <= each, each <= most) for each, least, most in ranges), *nested)

    def matching(self) -> list[z3.BoolRef]:
        """Return for each consent whether it is the owner's, to this reader and for this purpose."""
        return [
            z3.And(
                each.given,
                self.owner != NOBODY,
                each.owner == self.owner,
                each.reader == self.party,
                each.purpose == self.purpose,
            )
            for each in self.consents
        ]

    @property
    def has_consent(self) -> z3.BoolRef:
        """That the owner's consent to this reader and purpose was given, and has not ended."""
        matching = self.matching()
        lasting = [each.valid_until > self.now for each in self.consents]
        return z3.Or(*(z3.And(*pair) for pair in zip(matching, lasting, strict=True)))

    def puts(self, field: Field) -> z3.BoolRef:
        """Say that a question is put about ``field`` that it permits."""
        permitted = [
            number for number, ask in enumerate(self.questions[field.path]) if field.predicate_for(ask)
        ]
        return z3.Or(*(self.asks[field.path] == number for number in permitted))

    def puts_alike(self, field: Field, other: Field) -> z3.BoolRef:
        """Say that a question is put about the leaf of both that both answer, by the same operator."""
        alike = []
        for number, ask in enumerate(self.questions.get(field.path, ())):
            mine, others = field.predicate_for(ask), other.predicate_for(ask)
            if mine is not None and others is not None and mine.operator is others.operator:
                alike.append(self.asks[field.path] == number)
        return z3.Or(*alike)

    def holds(self, path: str, kinds: Iterable[Kind]) -> z3.BoolRef:
        """Say that the payload holds one of ``kinds`` at ``path``."""
        return z3.Or(*(self.kinds[path] == _kind(kind) for kind in kinds))


def instant(moment: datetime) -> int:
    """Return microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """Return the moment (UTC) so many microseconds after 1970."""
    return _EPOCH + microseconds * _MICROSECOND


def _kind(kind: Kind) -> int:
    return _KINDS.index(kind)


def _consent(number: int) -> ConsentSymbols:
    owner, reader, purpose, until = z3.Ints(" ".join(f"consent{number}.{part}" for part in "orpu"))
    return ConsentSymbols(z3.Bool(f"consent{number}"), owner, reader, purpose, until)


@dataclass(frozen=True)
class Compiled:
    """One agreement version among its siblings: when it is in force, and by which rules the gate refuses."""

    agreement: Agreement
    in_force: z3.BoolRef
    rules: tuple[tuple[Reason, z3.BoolRef], ...]
    permits: z3.BoolRef

    @property
    def outcome(self) -> z3.ArithRef:
        """0 where the gate permits, else 1 and the place among :data:`REASONS` of its first reason."""
        outcome = z3.IntVal(PERMITTED)
        for reason, refused in reversed(self.rules):
            outcome = z3.If(refused, 1 + REASONS.index(reason), outcome)
        return outcome

    def releases(self, field: Field, symbols: Symbols) -> z3.BoolRef:
        """Say that ``field`` crosses under this version."""
        present = symbols.holds(field.path, TAKES[field.transform])  # an answer, whatever is there
        return z3.And(self.permits, symbols.asked[field.path], present)


def compiled(symbols: Symbols, agreements: Sequence[Agreement]) -> list[Compiled]:
    """Compile the agreements that have both signatures; several versions of one supersede each other."""
    parts = []
    for each in agreements:
        in_force = _in_force(symbols, each, agreements)
        rules = tuple(_rules(symbols, each))
        permits = z3.And(in_force, z3.Not(z3.Or(*(refused for _, refused in rules))))
        parts.append(Compiled(each, in_force, rules, permits))
    return parts


def _in_force(symbols: Symbols, mine: Agreement, agreements: Sequence[Agreement]) -> z3.BoolRef:
    """Follow :func:`isthmus_bridge.agreements.in_force`: the highest begun, or else the first to begin."""
    siblings = [each for each in agreements if each.id == mine.id]

    def begun(agreement: Agreement) -> z3.BoolRef:
        return symbols.now >= instant(agreement.valid_from)

    higher = [begun(each) for each in siblings if each.version > mine.version]
    first = min(siblings, key=lambda each: (each.valid_from, each.version)) == mine
    none_begun = z3.Not(z3.Or(*(begun(each) for each in siblings)))
    return z3.Or(z3.And(begun(mine), z3.Not(z3.Or(*higher))), z3.And(none_begun, z3.BoolVal(first)))


def _rules(symbols: Symbols, agreement: Agreement) -> list[tuple[Reason, z3.BoolRef]]:
    speaks = z3.And(
        symbols.message == symbols.code(agreement.message),
        symbols.direction == _DIRECTIONS.index(agreement.direction),
        symbols.purpose == symbols.code(agreement.purpose),
    )
    audience = [symbols.role == _ROLES.index(role) for role in agreement.audience]
    unlisted = [symbols.asked[path] for path in symbols.paths if path not in agreement.paths]
    malformed, present, unput, bits = [], [], [], []
    for field in agreement.fields:
        asked = symbols.asked[field.path]
        if field.transform is Transform.ANSWER:
            unput.append(z3.And(asked, z3.Not(symbols.puts(field))))
            bits.append(asked)
        absent = symbols.holds(field.path, [Kind.ABSENT])
        taken = symbols.holds(field.path, TAKES[field.transform])
        malformed.append(z3.And(asked, z3.Not(absent), z3.Not(taken)))
        present.append(z3.And(asked, taken))
    return [
        (Reason.NO_AGREEMENT, z3.Not(speaks)),
        (Reason.AGREEMENT_SUSPENDED, symbols.suspended[agreement.id, agreement.version]),
        (Reason.NOT_YET_VALID, symbols.now < instant(agreement.valid_from)),
        (Reason.EXPIRED, symbols.now >= instant(agreement.valid_until)),
        (Reason.AUDIENCE_NOT_PERMITTED, z3.Or(symbols.party == NOBODY, z3.Not(z3.Or(*audience)))),
        *_consent_rules(symbols, agreement),
        (Reason.FIELD_NOT_PERMITTED, z3.Or(*unlisted)),
        (Reason.QUESTION_NOT_PERMITTED, z3.Or(*unput)),
        (Reason.RATE_EXCEEDED, symbols.agreed_last_hour >= agreement.rate_per_hour),
        *_budget_rules(symbols, agreement, bits),
        (Reason.FIELD_MALFORMED, z3.Or(*malformed)),
        (Reason.NOTHING_TO_CROSS, z3.Not(z3.Or(*present))),
    ]


def _budget_rules(
    symbols: Symbols, agreement: Agreement, bits: Sequence[z3.BoolRef]
) -> list[tuple[Reason, z3.BoolRef]]:
    if agreement.leakage_budget is None:
        return []
    cost = z3.Sum(*(z3.If(bit, 1, 0) for bit in bits))
    spent = symbols.answered_bits + cost > agreement.leakage_budget.bits
    return [(Reason.LEAKAGE_BUDGET, z3.And(z3.Or(*bits), spent))]


def _consent_rules(symbols: Symbols, agreement: Agreement) -> list[tuple[Reason, z3.BoolRef]]:
    if not agreement.consent_required:
        return []
    return [
        (Reason.CONSENT_MISSING, z3.Not(z3.Or(*symbols.matching()))),
        (Reason.CONSENT_EXPIRED, z3.Not(symbols.has_consent)),
    ]


def case_in(model: z3.ModelRef, symbols: Symbols) -> Case:
    """Return the request that ``model`` describes."""

    def number(symbol: z3.ArithRef) -> int:
        return int(model.eval(symbol, model_completion=True).as_long())

    def held(symbol: z3.BoolRef) -> bool:
        return bool(z3.is_true(model.eval(symbol, model_completion=True)))

    def name(symbol: z3.ArithRef) -> str | None:
        code = number(symbol)
        return None if code == NOBODY else f"party-{code}"

    consents = tuple(
        Consent(
            owner=f"party-{number(each.owner)}",
            reader=f"party-{number(each.reader)}",
            purpose=symbols.codes[number(each.purpose)],
            valid_until=moment_of(number(each.valid_until)),
            grant=f"grant-{position}",
        )
        for position, each in enumerate(symbols.consents, 1)
        if held(each.given)
    )
    role = number(symbols.role)
    return Case(
        message=symbols.codes[number(symbols.message)],
        direction=_DIRECTIONS[number(symbols.direction)],
        purpose=symbols.codes[number(symbols.purpose)],
        party=name(symbols.party),
        role=None if role == NOBODY else _ROLES[role].value,
        owner=name(symbols.owner),
        consents=consents,
        asked=tuple(path for path, asked in symbols.asked.items() if held(asked)),
        kinds={path: _KINDS[number(kind)] for path, kind in symbols.kinds.items()},
        agreed_last_hour=number(symbols.agreed_last_hour),
        now=moment_of(number(symbols.now)),
        suspended=frozenset(version for version, stop in symbols.suspended.items() if held(stop)),
        asks=tuple(
            symbols.questions[path][number(ask)]
            for path, ask in symbols.asks.items()
            if number(ask) != NOTHING_ASKED
        ),
        answered_bits=number(symbols.answered_bits),
    )


def values_of(case: Case, symbols: Symbols) -> list[tuple[z3.ExprRef, z3.ExprRef]]:
    """Return what each unknown is in ``case``, whose names are ``party-0`` to ``party-99``.

    It may hold no more consents than ``symbols``, and no questions but theirs. What it asks that no agreement
    lists is :data:`UNLISTED`. Put into a formula, the values make it true or false.
    """

    def name(text: str | None) -> int:
        return NOBODY if text is None else int(text.removeprefix("party-"))

    numbers = [
        (symbols.message, symbols.code(case.message)),
        (symbols.direction, _DIRECTIONS.index(case.direction)),
        (symbols.purpose, symbols.code(case.purpose)),
        (symbols.party, name(case.party)),
        (symbols.role, NOBODY if case.role is None else _ROLES.index(Role(case.role))),
        (symbols.owner, name(case.owner)),
        (symbols.agreed_last_hour, case.agreed_last_hour),
        (symbols.now, instant(case.now)),
        (symbols.answered_bits, case.answered_bits),
        *((ask, _question(case, symbols, path)) for path, ask in symbols.asks.items()),
        *((kind, _kind(case.kinds.get(path, Kind.ABSENT))) for path, kind in symbols.kinds.items()),
    ]
    asked = {path if path in symbols.asked else UNLISTED for path in case.asked}
    truths = [(symbol, path in asked) for path, symbol in symbols.asked.items()]
    truths += [(stopped, version in case.suspended) for version, stopped in symbols.suspended.items()]
    for position, symbol in enumerate(symbols.consents):
        given = case.consents[position] if position < len(case.consents) else None
        truths.append((symbol.given, given is not None))
        if given is not None:
            numbers += [
                (symbol.owner, name(given.owner)),
                (symbol.reader, name(given.reader)),
                (symbol.purpose, symbols.code(given.purpose)),
                (symbol.valid_until, instant(given.valid_until)),
            ]
    return [(unknown, z3.IntVal(value)) for unknown, value in numbers] + [
        (unknown, z3.BoolVal(value)) for unknown, value in truths
    ]


def _question(case: Case, symbols: Symbols, path: str) -> int:
    put = [ask for ask in case.asks if ask.field == path]
    return symbols.questions[path].index(put[0]) if put else NOTHING_ASKED
