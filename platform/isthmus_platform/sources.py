"""Who says what of a shipment, and whose word is followed where two differ. Pure.

Status follows the source nearest to the fact: a terminal for what happens on its ground, whoever moves the
lorry, train or aircraft for its leaving and arriving, the carrier for its vessel, customs for its release.
Between two equally near the later word counts. What is not followed is shown as a :class:`Conflict`, never
hidden.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from isthmus_platform.milestones import Route, TrackingEvent, arrives, in_time, last_word, stage, version


class SourceKind(StrEnum):
    """What a source is to the shipment."""

    CARRIER = "CARRIER"
    TERMINAL = "TERMINAL"
    ROAD = "ROAD"
    RAIL = "RAIL"
    AIR = "AIR"
    CUSTOMS = "CUSTOMS"
    CONSIGNEE = "CONSIGNEE"

    __hash__ = str.__hash__  # an enumeration's own is not C, and each report is found by its source


class Source(NamedTuple):
    """A party that reports, by name, and what it is to the shipment."""

    name: str
    kind: SourceKind


class Report(NamedTuple):
    """One version of an event and who told it; ``conveyance`` is the vessel and voyage it names, if any.

    ``superseded`` is a version that a newer one replaced, though the newer may be of other shipments only.
    """

    event: TrackingEvent
    source: Source
    conveyance: str | None = None
    superseded: bool = False


class Word(NamedTuple):
    """A time for a milestone: ``at``, by whom, and when that was told."""

    at: datetime
    source: Source
    told_at: datetime


class Subject(NamedTuple):
    """What words are about: a milestone at a place, of a container where one is named."""

    code: str
    event_code: str
    place: str | None
    equipment_reference: str | None


class Reason(StrEnum):
    """Why one word is followed and not the other."""

    NEAREST_SOURCE = "NEAREST_SOURCE"
    LATEST_WORD = "LATEST_WORD"


SENTENCES = {
    Reason.NEAREST_SOURCE: "{winner} stands nearer to it than {loser}, so its word is followed.",
    Reason.LATEST_WORD: "{winner} said so last, so its word is followed.",
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sources differ about ``subject``; ``follows`` counts, ``instead_of`` does not."""

    subject: Subject
    classifier: str
    follows: Word
    instead_of: Word
    other_place: str | None
    reason: Reason

    @property
    def explanation(self) -> str:
        """The reason in one English sentence."""
        return SENTENCES[self.reason].format(
            winner=self.follows.source.name, loser=self.instead_of.source.name
        )

    @property
    def apart(self) -> timedelta:
        """How far the two times are apart."""
        return abs(self.follows.at - self.instead_of.at)


@dataclass(frozen=True, slots=True)
class Settled:
    """The reports that count, and the conflicts that had to be settled."""

    reports: tuple[Report, ...]
    conflicts: tuple[Conflict, ...]


TOLERANCE = {"ACT": timedelta(hours=1), "EST": timedelta(hours=6), "PLN": timedelta(hours=6)}
"""Times less far apart than this are the same word, differently rounded."""
SAME_HANDLING = timedelta(hours=12)
"""One container is not handled alike in two places within this time."""
MOVERS = {"TRUCK": SourceKind.ROAD, "RAIL": SourceKind.RAIL, "AIR": SourceKind.AIR}


def standing(reports: Iterable[Report]) -> list[Report]:
    """Return the newest version of each source's event that was not retracted, in the order of their time."""
    newest: dict[tuple[Source, str], Report] = {}
    for report in reports:
        key = (report.source, report.event.source_event_id)
        held = newest.get(key)
        if held is None or version(report.event) > version(held.event):
            newest[key] = report
    return sorted(
        (each for each in newest.values() if not each.event.retracted and not each.superseded), key=_order
    )


def subject(event: TrackingEvent, route: Route) -> Subject | None:
    """Return what ``event`` is about, or None where it is no milestone of a shipment on ``route``."""
    if event.kind == "CUSTOMS" or event.code == "CUSR":
        code = "RELEASED" if event.code == "CUSR" else event.code
        return Subject(f"CUSTOMS_{code}", code, None, None)
    found = stage(event, route)
    if found is None:
        return None
    return Subject(found[1], event.code, event.place, event.equipment_reference)


def word(report: Report) -> Word:
    """Return what ``report`` says of its milestone."""
    return Word(report.event.at, report.source, report.event.version_at)


def settle(reports: Iterable[Report], route: Route) -> Settled:
    """Return which of ``reports`` count for a shipment on ``route``, and where sources differ."""
    valid = standing(reports)
    if len({report.source for report in valid}) < 2:
        return Settled(tuple(valid), ())
    conflicts: list[Conflict] = []
    dropped: set[int] = set()
    for (about, classifier), told in _by_subject(valid, route).items():
        winner = _followed(told, route)
        for loser in told:
            if loser.source == winner.source:
                continue
            dropped.add(id(loser))
            if abs(loser.event.at - winner.event.at) >= TOLERANCE.get(classifier, timedelta()):
                conflicts.append(_conflict(about, classifier, winner, loser, route))
    kept = [report for report in valid if id(report) not in dropped]
    for about, winner, loser in _in_two_places(kept, route):
        dropped.add(id(loser))
        conflicts.append(_conflict(about, "ACT", winner, loser, route))
    kept = [report for report in valid if id(report) not in dropped]
    return Settled(tuple(kept), tuple(sorted(conflicts, key=_conflict_order)))


def distinct(reports: Sequence[Report]) -> list[TrackingEvent]:
    """Return the events of ``reports`` in their order, told apart where two sources use the same id."""
    if len({report.source for report in reports}) < 2:
        return [report.event for report in reports]
    told_apart = [
        report.event._replace(source_event_id=f"{report.source.name} {report.event.source_event_id}")
        for report in reports
    ]
    return sorted(told_apart, key=in_time)


def arrival(reports: Sequence[Report], route: Route) -> Word | None:
    """Return when the shipment is expected at its destination, by the last word; None once it is there."""
    told = [report for report in reports if arrives(report.event, route)]
    if not told or any(report.event.classifier == "ACT" for report in told):
        return None
    return word(max(told, key=lambda report: last_word(report.event)))


def _by_subject(reports: Sequence[Report], route: Route) -> dict[tuple[Subject, str], list[Report]]:
    """Return the reports of each milestone that more than one source speaks of."""
    told: dict[tuple[Subject, str], list[Report]] = defaultdict(list)
    for report in reports:
        about = subject(report.event, route)
        if about is not None:
            told[about, report.event.classifier].append(report)
    return {key: found for key, found in told.items() if len({report.source for report in found}) > 1}


def _followed(told: Sequence[Report], route: Route) -> Report:
    """Return the report to follow; of expected arrivals the last word counts, whoever says it."""
    first = told[0].event
    if first.classifier != "ACT" and arrives(first, route):
        return max(told, key=lambda report: last_word(report.event))
    return min(
        told,
        key=lambda report: (distance(report, route), -report.event.version_at.timestamp(), _order(report)),
    )


def distance(report: Report, route: Route) -> int:
    """Return how far a source stands from the fact it reports: 0 is nearest."""
    event, kind = report.event, report.source.kind
    if event.kind == "CUSTOMS" or event.code in ("CUSI", "CUSR", "CUSS"):
        nearest: tuple[SourceKind, ...] = (SourceKind.CUSTOMS, SourceKind.TERMINAL)
    elif event.kind == "EQUIPMENT":
        nearest = (SourceKind.TERMINAL,)
    elif event.kind == "TRANSPORT":
        nearest = (_mover(event, route), SourceKind.TERMINAL)
    else:
        nearest = (SourceKind.CARRIER,)
    return nearest.index(kind) if kind in nearest else len(nearest)


def _mover(event: TrackingEvent, route: Route) -> SourceKind:
    """Return who moves the means of transport of ``event``; its leg tells where the event does not."""
    if event.transport_mode in MOVERS:
        return MOVERS[event.transport_mode]
    by_air = event.transport_mode in (None, "MULTIMODAL") and route.goes_by("AIR", event.code, event.place)
    return SourceKind.AIR if by_air else SourceKind.CARRIER


def _in_two_places(reports: Sequence[Report], route: Route) -> Iterable[tuple[Subject, Report, Report]]:
    """Yield each handling of a container that two sources place differently at about the same time."""
    handled = [
        report
        for report in reports
        if (report.event.kind, report.event.classifier) == ("EQUIPMENT", "ACT")
        and report.event.equipment_reference is not None
        and report.event.place is not None
        and subject(report.event, route) is not None
    ]
    lost: set[int] = set()
    for index, one in enumerate(handled):
        for other in handled[index + 1 :]:
            if lost & {id(one), id(other)} or not _clash(one, other):
                continue
            winner = _followed((one, other), route)
            loser = other if winner is one else one
            lost.add(id(loser))
            about = subject(winner.event, route)
            if about is not None:
                yield about, winner, loser


def _clash(one: Report, other: Report) -> bool:
    left, right = one.event, other.event
    return (
        one.source != other.source
        and (left.code, left.equipment_reference, left.empty)
        == (right.code, right.equipment_reference, right.empty)
        and left.place != right.place
        and abs(left.at - right.at) < SAME_HANDLING
    )


def _conflict(about: Subject, classifier: str, winner: Report, loser: Report, route: Route) -> Conflict:
    expected_arrival = classifier != "ACT" and arrives(winner.event, route)
    nearer = distance(winner, route) < distance(loser, route) and not expected_arrival
    return Conflict(
        subject=about,
        classifier=classifier,
        follows=word(winner),
        instead_of=word(loser),
        other_place=loser.event.place if loser.event.place != winner.event.place else None,
        reason=Reason.NEAREST_SOURCE if nearer else Reason.LATEST_WORD,
    )


def _conflict_order(conflict: Conflict) -> tuple[datetime, str, str, datetime, str]:
    return (
        conflict.follows.at,
        conflict.subject.code,
        conflict.classifier,
        conflict.instead_of.at,
        conflict.instead_of.source.name,
    )


def _order(report: Report) -> tuple[datetime, str, str, str, Source]:
    event = report.event
    return (event.at, event.kind, event.code, event.source_event_id, report.source)
