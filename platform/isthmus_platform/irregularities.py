"""What goes otherwise than it should: a shipment's exceptions, as pure functions of what its sources said."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from isthmus_platform import places, sources
from isthmus_platform.journeys import Journey, expectations
from isthmus_platform.milestones import Route
from isthmus_platform.sources import Report


class Code(StrEnum):
    """The kinds of exception."""

    CANCELLED = "CANCELLED"
    ROLLED = "ROLLED"
    CUSTOMS_HOLD = "CUSTOMS_HOLD"
    CUSTOMS_REJECTED = "CUSTOMS_REJECTED"
    ETA_SLIPPED = "ETA_SLIPPED"
    DELAYED = "DELAYED"
    LONG_DWELL = "LONG_DWELL"
    SOURCES_DIFFER = "SOURCES_DIFFER"


SLIPPED = timedelta(hours=12)
"""An expected arrival that moved back by this much, since the first word, has slipped."""
LATE = timedelta(hours=24)
"""An arrival this much after its plan is late."""
LONG = timedelta(days=7)
"""A laden container that lay this long at one place lay long."""
SELECTED = frozenset({"CUSI", "CUSS"})
CUSTOMS_PAPERS = frozenset({"CUS", "CUC"})


@dataclass(frozen=True, slots=True)
class Irregularity:
    """An exception: ``since`` when, ``until`` when it was over (None: it stands), by how many ``hours``."""

    code: Code
    since: datetime
    until: datetime | None
    description: str
    hours: int | None = None
    place: str | None = None
    equipment_reference: str | None = None

    @property
    def key(self) -> str:
        """What it is about; a shipment has one of each key."""
        return f"{self.code} {self.place or '-'} {self.equipment_reference or '-'}"


def irregularities(reports: Sequence[Report], route: Route, found: Journey) -> list[Irregularity]:
    """Return the exceptions of a shipment, by key, from all ``reports`` (superseded versions too)."""
    all_of_them = [
        *_cancelled(found),
        *_rolled(reports, route),
        *_held(reports),
        *_slipped(reports, route),
        *_late(found),
        *_dwelt(found),
        *_differing(found),
    ]
    by_key: dict[str, Irregularity] = {}
    for each in all_of_them:
        held = by_key.get(each.key)
        if held is None or _gravity(each) > _gravity(held):
            by_key[each.key] = each
    return sorted(by_key.values(), key=lambda each: each.key)


def _gravity(each: Irregularity) -> tuple[bool, int, datetime]:
    return (each.until is None, each.hours or 0, each.since)


def _cancelled(found: Journey) -> Iterator[Irregularity]:
    if found.status.code == "CANCELLED" and found.status.at is not None:
        yield Irregularity(Code.CANCELLED, found.status.at, None, "The booking was cancelled")


def _rolled(reports: Iterable[Report], route: Route) -> Iterator[Irregularity]:
    """Yield each place that goods were to leave on one vessel and are now to leave, later, on another.

    Either two words name different conveyances, or a new departure was told after one had left. It is over
    once they are loaded or leave by the later word.
    """
    leaving: dict[str, list[Report]] = defaultdict(list)
    for report in reports:
        event = report.event
        if (
            event.code in ("DEPA", "LOAD")
            and event.place
            and not event.retracted
            and event.place != route.destination
        ):
            leaving[event.place].append(report)
    for place, told in leaving.items():
        in_time = sorted(told, key=lambda report: (report.event.version_at, report.event.at))
        rolled = _put_off(in_time)
        if rolled is None:
            continue
        before, after = rolled
        done = [
            report.event.at
            for report in in_time
            if report.event.classifier == "ACT" and report.event.at > before.event.at
        ]
        hours = _hours(after.event.at - before.event.at)
        to = f" to {after.conveyance}" if after.conveyance and after.conveyance != before.conveyance else ""
        yield Irregularity(
            Code.ROLLED,
            after.event.version_at,
            min(done, default=None),
            f"Rolled{to} at {_name(place)}, {hours} h later",
            hours,
            place,
        )


def _put_off(in_time: Sequence[Report]) -> tuple[Report, Report] | None:
    """Return the last word that put the leaving off to another conveyance, and the word it replaced."""
    found = None
    for index, after in enumerate(in_time):
        for before in in_time[:index]:
            later = after.event.at > before.event.at
            other = (
                before.conveyance is not None
                and after.conveyance is not None
                and before.conveyance != after.conveyance
            )
            left_without = (
                (before.event.kind, before.event.classifier) == ("TRANSPORT", "ACT")
                and after.event.classifier != "ACT"
                and after.event.version_at > before.event.at
            )
            if later and (other or left_without):
                found = before, after
                break
    return found


def _held(reports: Sequence[Report]) -> Iterator[Irregularity]:
    """Yield what customs holds by the word of carriers and terminals: selected or on hold, until released."""
    if not any(_holds(report) for report in reports):
        return
    standing = sources.standing(reports)
    for report in standing:
        if not _holds(report):
            continue
        event = report.event
        released = [
            other.event.at
            for other in standing
            if other.event.classifier == "ACT"
            and other.event.at >= event.at
            and _releases(other, event.equipment_reference)
        ]
        what = event.equipment_reference or "The shipment"
        yield Irregularity(
            Code.CUSTOMS_HOLD,
            event.at,
            min(released, default=None),
            f"{what} held by customs{' at ' + _name(event.place) if event.place else ''}",
            place=event.place,
            equipment_reference=event.equipment_reference,
        )


def _holds(report: Report) -> bool:
    event = report.event
    papers = event.kind == "SHIPMENT" and event.document_type in CUSTOMS_PAPERS
    return event.classifier == "ACT" and (event.code in SELECTED or (papers and event.code == "HOLD"))


def _releases(report: Report, unit: str | None) -> bool:
    event = report.event
    if event.code == "CUSR":
        return event.equipment_reference in (None, unit)
    papers = event.kind == "SHIPMENT" and event.document_type in CUSTOMS_PAPERS
    return papers and event.code in ("RELS", "APPR", "CMPL")


def _slipped(reports: Sequence[Report], route: Route) -> Iterator[Irregularity]:
    told = expectations(reports, route)
    expected = [report for report in told if report.event.classifier != "ACT"]
    if not expected:
        return
    last = sources.arrival([r for r in sources.standing(reports) if r.event.classifier != "ACT"], route)
    first = expected[0]
    if last is None or last.at - first.event.at < SLIPPED:
        return
    arrived = [report.event.at for report in sources.standing(told) if report.event.classifier == "ACT"]
    hours = _hours(last.at - first.event.at)
    yield Irregularity(
        Code.ETA_SLIPPED,
        last.told_at,
        min(arrived, default=None),
        f"ETA slipped {hours} h",
        hours,
        route.destination,
    )


def _late(found: Journey) -> Iterator[Irregularity]:
    if found.delay is None or found.delay < LATE:
        return
    told = [m for m in found.milestones if m.delay == found.delay and m.subject.event_code == "ARRI"]
    word = told[-1].actual or told[-1].estimated
    if word is not None:
        hours = _hours(found.delay)
        yield Irregularity(
            Code.DELAYED, word.told_at, None, f"{hours} h behind its plan", hours, told[-1].subject.place
        )


def _dwelt(found: Journey) -> Iterator[Irregularity]:
    """Yield what lay long and has left; what still lies is told by :class:`~journeys.Stay`."""
    for stay in found.stays:
        if stay.until is not None and stay.until - stay.since >= LONG:
            hours = _hours(stay.until - stay.since)
            yield Irregularity(
                Code.LONG_DWELL,
                stay.since + LONG,
                stay.until,
                f"{stay.equipment_reference} lay {hours} h at {_name(stay.place)}",
                hours,
                stay.place,
                stay.equipment_reference,
            )


def _differing(found: Journey) -> Iterator[Irregularity]:
    for conflict in found.conflicts:
        about = conflict.subject
        yield Irregularity(
            Code.SOURCES_DIFFER,
            max(conflict.follows.told_at, conflict.instead_of.told_at),
            None,
            f"{conflict.follows.source.name} and {conflict.instead_of.source.name} differ about {about.code}",
            _hours(conflict.apart) or None,
            about.place,
            about.equipment_reference,
        )


CUSTOMS_HOLDS = {
    "CHANNEL_ASSIGNED": "Held by customs for control",
    "LPCO_REQUESTED": "Held by customs until a licence is granted",
    "LPCO_DENIED": "Held by customs: a licence was denied",
}


def customs_irregularities(said: Iterable[tuple[str, str | None, datetime]]) -> list[Irregularity]:
    """Return the exceptions in what the single window ``said``: (status, channel, time), in any order.

    They are for those who act for the owner alone, as the declaration is.
    """
    in_time = sorted(said, key=lambda each: each[2])
    released = [at for status, _, at in in_time if status == "RELEASED"]
    granted = [at for status, _, at in in_time if status == "LPCO_GRANTED"]
    found: dict[str, Irregularity] = {}
    for status, channel, at in in_time:
        if status == "REJECTED":
            each = Irregularity(Code.CUSTOMS_REJECTED, at, None, "Customs rejected the declaration")
        elif status in CUSTOMS_HOLDS and not (status == "CHANNEL_ASSIGNED" and channel in (None, "GREEN")):
            over = [*released, *(granted if status == "LPCO_REQUESTED" else [])]
            until = min((end for end in over if end >= at), default=None)
            each = Irregularity(Code.CUSTOMS_HOLD, at, until, CUSTOMS_HOLDS[status])
        else:
            continue
        held = found.get(each.key)
        if held is None or _gravity(each) > _gravity(held):
            found[each.key] = each
    return sorted(found.values(), key=lambda each: each.key)


def _hours(span: timedelta) -> int:
    return int(span / timedelta(hours=1))


def _name(place: str) -> str:
    known = places.known(place)
    return known.name if known else place
