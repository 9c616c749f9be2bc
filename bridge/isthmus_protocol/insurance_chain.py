"""The steps of an open cover or of a claim, replayed: who may make which, from where, and what adds up. Pure.

A step that nobody signed is the platform's own: a tracking event, a claim that lapsed by the clock, and a
delay that the words of two of three sources settled.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from isthmus_protocol import policy_periods
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.shapes import MalformedMessage, Members

INSURER, INSURED, PLATFORM = "insurer", "insured", "platform"
QUORUM = 2
EPOCH = datetime.fromtimestamp(0, UTC)
ROLES = ("CARRIER", "TERMINAL", "CUSTOMS")


class Kind(StrEnum):
    """What a chain is of."""

    COVER = "COVER"
    CLAIM = "CLAIM"


class NotAllowed(Exception):
    """A step does not follow from those before it; the message says why."""


@dataclass(frozen=True)
class Step:
    """One step; ``actor`` is a party's id, None where the platform itself acted."""

    subject: str
    sequence: int
    code: str
    about: JsonObject
    at: datetime
    previous: str | None
    actor: str | None

    @classmethod
    def from_json(cls, value: JsonObject) -> "Step":
        """Read what was signed, or noted by the platform; raises :class:`MalformedMessage`."""
        members = Members(value)
        at = members.text("at")
        try:
            moment = datetime.fromisoformat(at)
        except ValueError as error:
            raise MalformedMessage("/at", "time") from error
        if moment.tzinfo is None:
            raise MalformedMessage("/at", "time")
        step = cls(
            members.name("subject"),
            members.integer("sequence", 1),
            members.code("code"),
            members.object("about"),
            moment,
            members.optional("previous", members.digest),
            members.optional("actor", members.name),
        )
        members.end()
        return step


@dataclass
class Standing:
    """How a cover or claim stands after the steps that were taken; amounts in minor units.

    ``periods`` has the policy period of each declaration, ``at`` is the time of the step taken last.
    """

    kind: Kind
    insurer: str
    insured: str
    state: str = ""
    limit: int = 0
    declared: int = 0
    declarations: dict[str, int] = field(default_factory=dict)
    begins: datetime | None = None
    per_period: int | None = None
    period_months: int | None = None
    periods: dict[str, int] = field(default_factory=dict)
    at: datetime = EPOCH
    claimed: int = 0
    payable: int | None = None
    paid: int | None = None
    roles: list[str] = field(default_factory=list)
    by_quorum: bool = False

    def who(self, step: Step) -> str:
        """Return whose step it is; raise :class:`NotAllowed` for a party that is neither."""
        known = {None: PLATFORM, self.insurer: INSURER, self.insured: INSURED}
        if step.actor not in known:
            raise NotAllowed(f"{step.actor} is neither insurer nor insured")
        return known[step.actor]

    def check_limits(self, period: int) -> None:
        """Raise :class:`NotAllowed` where more stands declared than the cover or the period bears."""
        if self.declared > self.limit:
            raise NotAllowed("more stands declared than the limit bears")
        in_period = sum(
            insured for each, insured in self.declarations.items() if self.periods[each] == period
        )
        if self.per_period is not None and in_period > self.per_period:
            raise NotAllowed("more stands declared than the limit of its policy period bears")


def _move(code: str, who: str, of: str, to: str = "") -> tuple[str, frozenset[str], frozenset[str], str]:
    return code, frozenset(who.split()), frozenset(of.split()) or frozenset({""}), to


MOVES: Mapping[Kind, tuple[tuple[str, frozenset[str], frozenset[str], str], ...]] = {
    Kind.COVER: (
        _move("OFFER", INSURER, "", "OFFERED"),
        _move("ACCEPT", INSURED, "OFFERED", "ACTIVE"),
        _move("DECLINE", INSURED, "OFFERED", "DECLINED"),
        _move("ADJUST", INSURER, "ACTIVE"),
        _move("CANCEL", "insurer insured", "ACTIVE", "ENDING"),
        _move("CANCEL", INSURER, "OFFERED", "DECLINED"),
        _move("DECLARE", INSURED, "ACTIVE ENDING"),
        _move("ADJUST_DECLARATION", INSURED, "ACTIVE ENDING"),
        _move("CANCEL_DECLARATION", INSURED, "ACTIVE ENDING"),
    ),
    Kind.CLAIM: (
        _move("NOTIFY", INSURED, "", "NOTIFIED"),
        _move("EVENT", PLATFORM, "NOTIFIED"),
        _move("DOCUMENT", INSURED, "NOTIFIED DOCUMENTED", "DOCUMENTED"),
        _move("ASSESS", INSURER, "DOCUMENTED ASSESSED", "ASSESSED"),
        _move("ACCEPT", INSURER, "ASSESSED", "ACCEPTED"),
        _move("SETTLE", INSURER, "ACCEPTED", "SETTLED"),
        _move("DECLINE", INSURER, "NOTIFIED DOCUMENTED ASSESSED", "DECLINED"),
        _move("WITHDRAW", INSURED, "NOTIFIED DOCUMENTED ASSESSED", "WITHDRAWN"),
        _move("LAPSE", PLATFORM, "NOTIFIED", "LAPSED"),
        _move("NOTIFY", PLATFORM, "", "TOLD"),
        _move("REPORT", PLATFORM, "TOLD"),
        _move("ACCEPT", PLATFORM, "TOLD", "DECIDED"),
        _move("SETTLE", PLATFORM, "DECIDED", "SETTLED"),
    ),
}
"""Each step: by whom, from which states (``""``: as the first), and where to (``""``: it stays)."""


def replay(kind: Kind, steps: Iterable[Step], insurer: str, insured: str) -> Standing:
    """Return how it stands after ``steps``; raise :class:`NotAllowed` at the first that does not follow."""
    standing = Standing(kind, insurer, insured)
    for step in steps:
        who = standing.who(step)
        to = next(
            (
                after or standing.state
                for code, by, of, after in MOVES[kind]
                if code == step.code and who in by and standing.state in of
            ),
            None,
        )
        if to is None:
            raise NotAllowed(f"not for the {who} while it is {standing.state or 'nothing yet'}")
        standing.at = step.at
        try:
            _EFFECTS.get((kind, step.code), _nothing)(standing, Members(step.about))
        except MalformedMessage as error:
            raise NotAllowed(f"what it is about cannot be read: {error}") from error
        standing.by_quorum = standing.by_quorum or to == "DECIDED"
        standing.state = to
    return standing


def _nothing(_standing: Standing, _about: Members) -> None:
    """Leave amounts as they are."""


def _terms(standing: Standing, about: Members) -> None:
    limit = about.integer("limit", 1)
    if about.name("insured") != standing.insured:
        raise NotAllowed("the terms are for another party")
    if limit < standing.limit:
        raise NotAllowed("a cover in force is not narrowed")
    standing.limit = limit
    _periods(standing, about)


def _periods(standing: Standing, about: Members) -> None:
    """Take the limit of each policy period; terms without ``perPeriod`` agree none."""
    months, per_period = (
        about.optional(name, lambda each: about.integer(each, 1)) for name in ("periodMonths", "perPeriod")
    )
    if standing.state and (
        months != standing.period_months or (per_period is None) != (standing.per_period is None)
    ):
        raise NotAllowed("the policy periods of a cover in force stay as they are")
    if per_period is not None:
        if per_period < (standing.per_period or 0):
            raise NotAllowed("a cover in force is not narrowed")
        begins = datetime.fromisoformat(about.text("validFrom"))
        if months is None or begins.tzinfo is None or standing.begins not in (None, begins):
            raise NotAllowed("its policy periods cannot be told")
        standing.begins = begins
    standing.per_period, standing.period_months = per_period, months


def _declare(standing: Standing, about: Members) -> None:
    declaration, insured = about.name("declaration"), about.integer("insured", 1)
    if declaration in standing.declarations:
        raise NotAllowed("it is declared already")
    period = 1
    if standing.begins is not None and standing.period_months is not None:
        period = policy_periods.number_at(standing.begins, standing.period_months, standing.at)
    standing.declarations[declaration] = insured
    standing.periods[declaration] = period
    standing.declared += insured
    standing.check_limits(period)


def _restate(standing: Standing, about: Members) -> None:
    declaration, insured = about.name("declaration"), about.integer("insured", 1)
    before = about.integer("before", 1)
    if standing.declarations.get(declaration) != before:
        raise NotAllowed("that does not stand declared")
    standing.declarations[declaration] = insured
    standing.declared += insured - before
    standing.check_limits(standing.periods[declaration])


def _take_back(standing: Standing, about: Members) -> None:
    declaration, insured = about.name("declaration"), about.integer("insured", 1)
    if standing.declarations.get(declaration) != insured:
        raise NotAllowed("that does not stand declared")
    standing.declarations[declaration] = 0
    standing.declared -= insured


def _notify(standing: Standing, about: Members) -> None:
    standing.claimed = about.integer("claimed", 1)


def _assess(standing: Standing, about: Members) -> None:
    assessed, standing.payable = about.integer("assessed"), about.integer("payable")
    if not standing.payable <= assessed <= standing.claimed:
        raise NotAllowed("more is payable than assessed, or more assessed than claimed")


def _report(standing: Standing, about: Members) -> None:
    role = about.code("role")
    if role not in ROLES or role in standing.roles:
        raise NotAllowed("a source has one word, and there are three")
    standing.roles.append(role)


def _accept(standing: Standing, about: Members) -> None:
    payable = about.integer("payable", 1)
    if standing.state == "TOLD":
        if len(standing.roles) < QUORUM:
            raise NotAllowed("fewer than two sources told")
        standing.payable = standing.claimed
    if payable != standing.payable:
        raise NotAllowed("another sum is accepted than is payable")


def _settle(standing: Standing, about: Members) -> None:
    standing.paid = about.integer("paid", 1)
    if standing.paid != standing.payable:
        raise NotAllowed("another sum is paid than was accepted")


_EFFECTS: Mapping[tuple[Kind, str], Callable[[Standing, Members], None]] = {
    (Kind.COVER, "OFFER"): _terms,
    (Kind.COVER, "ADJUST"): _terms,
    (Kind.COVER, "DECLARE"): _declare,
    (Kind.COVER, "ADJUST_DECLARATION"): _restate,
    (Kind.COVER, "CANCEL_DECLARATION"): _take_back,
    (Kind.CLAIM, "NOTIFY"): _notify,
    (Kind.CLAIM, "ASSESS"): _assess,
    (Kind.CLAIM, "REPORT"): _report,
    (Kind.CLAIM, "ACCEPT"): _accept,
    (Kind.CLAIM, "SETTLE"): _settle,
}
