"""A shipment's journey as one view of all its sources: status, milestones, arrival, dwell and delay. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from isthmus_platform import sources
from isthmus_platform.milestones import Route, Status, arrives, last_word, reached_by
from isthmus_platform.sources import Conflict, Report, Subject, Word


@dataclass(frozen=True, slots=True)
class Milestone:
    """A point of the journey: when it was planned, is expected, and came about, each by its source."""

    subject: Subject
    planned: Word | None
    estimated: Word | None
    actual: Word | None

    @property
    def at(self) -> datetime:
        """The best that is known: when it came about, else is expected, else was planned."""
        return next(word.at for word in (self.actual, self.estimated, self.planned) if word is not None)

    @property
    def delay(self) -> timedelta | None:
        """How much later than planned it came about or is expected; negative is early."""
        later = self.actual or self.estimated
        return None if later is None or self.planned is None else later.at - self.planned.at


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a container lay at a place: from its coming in laden until it left."""

    place: str
    equipment_reference: str
    since: datetime
    until: datetime | None

    def lasted(self, now: datetime) -> timedelta:
        """Return the dwell so far."""
        return (self.until or now) - self.since


@dataclass(frozen=True)
class Journey:
    """What all sources together say of a shipment on ``route``; ``reports`` are those that count."""

    route: Route
    status: Status
    eta: Word | None
    conflicts: tuple[Conflict, ...]
    reports: tuple[Report, ...]

    @cached_property
    def milestones(self) -> tuple[Milestone, ...]:
        """The points of the journey, in their order."""
        return _milestones(self.reports, self.route)

    @cached_property
    def stays(self) -> tuple[Stay, ...]:
        """How long each container lay where; empty boxes are nobody's dwell."""
        return _stays(self.reports)

    @cached_property
    def delay(self) -> timedelta | None:
        """How late the shipment is at its destination; None where nothing was planned or told."""
        arrivals = [report for report in self.reports if arrives(report.event, self.route)]
        return max((m.delay for m in _milestones(arrivals, self.route) if m.delay is not None), default=None)


COMES_IN = frozenset({"GTIN", "DISC", "DROP"})
GOES_OUT = frozenset({"LOAD", "GTOT", "PICK"})


def journey(reports: Iterable[Report], route: Route) -> Journey:
    """Return the one view of ``reports``, whatever their order, for a shipment on ``route``."""
    settled = sources.settle(reports, route)
    return Journey(
        route=route,
        status=reached_by(sources.distinct(settled.reports), route),
        eta=sources.arrival(settled.reports, route),
        conflicts=settled.conflicts,
        reports=settled.reports,
    )


def _milestones(reports: Sequence[Report], route: Route) -> tuple[Milestone, ...]:
    told: dict[Subject, dict[str, Report]] = defaultdict(dict)
    for report in reports:
        about = sources.subject(report.event, route)
        if about is None:
            continue
        held = told[about].get(report.event.classifier)
        if held is None or last_word(report.event) > last_word(held.event):
            told[about][report.event.classifier] = report
    found = [
        Milestone(about, *(_word(words.get(classifier)) for classifier in ("PLN", "EST", "ACT")))
        for about, words in told.items()
    ]
    return tuple(sorted(found, key=_order))


def _word(report: Report | None) -> Word | None:
    return None if report is None else sources.word(report)


def _order(milestone: Milestone) -> tuple[datetime, str, str, str, str]:
    about = milestone.subject
    return (milestone.at, about.event_code, about.code, about.place or "", about.equipment_reference or "")


def _stays(reports: Sequence[Report]) -> tuple[Stay, ...]:
    """Return how long each container lay at each place."""
    moves: dict[tuple[str, str], list[Report]] = defaultdict(list)
    for report in reports:
        event = report.event
        laden_move = (event.kind, event.classifier) == ("EQUIPMENT", "ACT") and not event.empty
        if laden_move and event.place and event.equipment_reference:
            moves[event.place, event.equipment_reference].append(report)
    found = [stay for (place, unit), told in moves.items() if (stay := _stay(place, unit, told)) is not None]
    return tuple(sorted(found, key=lambda stay: (stay.since, stay.place, stay.equipment_reference)))


def _stay(place: str, unit: str, told: Sequence[Report]) -> Stay | None:
    came = [report.event.at for report in told if report.event.code in COMES_IN]
    if not came:
        return None
    left = [r.event.at for r in told if r.event.code in GOES_OUT and r.event.at >= min(came)]
    return Stay(place, unit, min(came), max(left, default=None))


def expectations(reports: Iterable[Report], route: Route) -> list[Report]:
    """Return every word ever given of the arrival at the destination, superseded ones too, as told."""
    told = [r for r in reports if arrives(r.event, route) and not r.event.retracted]
    return sorted(told, key=lambda report: (report.event.version_at, report.event.at))
