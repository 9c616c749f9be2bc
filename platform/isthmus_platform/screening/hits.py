"""From matches to hits: opened, kept as they are, opened again where the entry changed, lapsed."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select

from isthmus_platform.database import Work, new_id
from isthmus_platform.screening import scoring
from isthmus_platform.screening.asked import Thing
from isthmus_platform.screening.index import Index, Match, Value
from isthmus_platform.screening.records import (
    ScreeningHit,
    ScreeningList,
    ScreeningStep,
    ScreeningSubject,
)
from isthmus_platform.screening.states import Action, State, check

PLATFORM = "platform"
MOST_HITS = 50
"""Hits of one value against one list, the closest; a name that comes close to more says little."""


@dataclass(frozen=True)
class Against:
    """A version of a list and its index."""

    row: ScreeningList
    index: Index


def settle(work: Work, subject: ScreeningSubject, values: Sequence[Value], against: Against) -> int:
    """Bring the hits of a subject against one list to what its values match now (duty ``screening``).

    A hit whose entry says the same as before keeps where it stands. Returns how many were opened or reopened.
    """
    held = {_key(hit): hit for hit in _of(work, subject, against.row)}
    opened, found = 0, set()
    for value in values:
        for match in against.index.search(value)[:MOST_HITS]:
            key = (value.place, digest(value), match.entry.reference)
            if key in found:
                continue
            found.add(key)
            opened += _matched(work, subject, against, value, match, held.get(key))
    for key, hit in held.items():
        if key not in found and hit.state != State.LAPSED:
            hit.list_version = against.row.version
            _platform(work, hit, Action.LAPSED)
    work.session.flush()
    return opened


def digest(*values: Value) -> str:
    """Return the digest of values as they were compared."""
    said = [[each.kind, each.place, each.text, each.country, each.imo, each.hs_code] for each in values]
    return hashlib.sha256(orjson.dumps(said)).hexdigest()


def _of(work: Work, subject: ScreeningSubject, row: ScreeningList) -> Iterable[ScreeningHit]:
    return work.session.scalars(
        select(ScreeningHit)
        .where(
            ScreeningHit.kind == subject.kind,
            ScreeningHit.thing_id == subject.thing_id,
            ScreeningHit.list_party_id == row.party_id,
            ScreeningHit.list_code == row.code,
        )
        .with_for_update()
    )


def _key(hit: ScreeningHit) -> tuple[str, str, str]:
    return hit.place, hit.value_digest, hit.reference


def _matched(
    work: Work,
    subject: ScreeningSubject,
    against: Against,
    value: Value,
    match: Match,
    hit: ScreeningHit | None,
) -> int:
    """Open a hit, or bring the known one up to date; return 1 where it is opened, else 0."""
    said = {
        "list_version": against.row.version,
        "entry_digest": match.entry.digest,
        "score": match.score.points,
        "threshold": against.index.thresholds[value.kind],
        "explanation": explain(value, match, against.index.thresholds[value.kind]),
    }
    if hit is None:
        hit = _new(work, subject, against, value, match.entry.reference, said)
        step(work, hit, Action.OPENED, PLATFORM)
        return 1
    same = hit.entry_digest == match.entry.digest and hit.state != State.LAPSED
    for name, told in said.items():
        setattr(hit, name, told)
    if same or hit.state == State.OPEN:
        return 0
    _platform(work, hit, Action.REOPENED)
    return 1


def _new(
    work: Work,
    subject: ScreeningSubject,
    against: Against,
    value: Value,
    reference: str,
    said: dict[str, Any],
) -> ScreeningHit:
    row, of_member = against.row, subject.kind == Thing.MEMBER
    hit = ScreeningHit(
        id=new_id(),
        party_id=row.party_id if of_member else subject.party_id,
        kind=subject.kind,
        thing_id=subject.thing_id,
        shipment_id=subject.shipment_id,
        about_id=subject.thing_id if of_member else None,
        place=value.place,
        value_digest=digest(value),
        list_party_id=row.party_id,
        list_code=row.code,
        reference=reference,
        state=State.OPEN.value,
        steps=0,
        opened_at=work.now,
        changed_at=work.now,
        **said,
    )
    work.session.add(hit)
    work.session.flush()
    return hit


def _platform(work: Work, hit: ScreeningHit, action: Action) -> None:
    """Take a step of the platform's own: what people proposed or decided of the hit is over."""
    check(action, hit.state)
    hit.state = (State.LAPSED if action is Action.LAPSED else State.OPEN).value
    hit.decision = hit.reason = hit.proposed_by = hit.decided_by = None
    hit.proposed_at = hit.decided_at = None
    step(work, hit, action, PLATFORM)


def step(
    work: Work,
    hit: ScreeningHit,
    action: Action,
    by: str,
    reason: str | None = None,
    decision: str | None = None,
) -> None:
    """Add a step to the history of a hit, whose row is locked or new."""
    hit.steps = hit.steps + 1
    hit.changed_at = work.now
    work.session.add(
        ScreeningStep(
            id=new_id(),
            hit_id=hit.id,
            party_id=hit.party_id,
            sequence=hit.steps,
            action=action.value,
            by=by,
            decision=decision,
            reason=reason,
            list_version=hit.list_version,
            entry_digest=hit.entry_digest,
            score=hit.score,
            at=work.now,
        )
    )


def explain(value: Value, match: Match, threshold: int) -> dict[str, Any]:
    """Return how a score came about, as it is kept and shown: rule, pairs of tokens, what was taken off."""
    entry, score = match.entry, match.score
    said: dict[str, Any] = {
        "scoring": scoring.VERSION,
        "kind": value.kind,
        "given": value.text,
        "listed": match.listed,
        "rule": score.rule,
        "pairs": [[pair.given, pair.listed, pair.score] for pair in score.pairs],
        "takenOff": [[name, points] for name, points in score.taken_off],
        "score": score.points,
        "threshold": threshold,
    }
    more: dict[str, Any] = {"country": value.country, "imo": value.imo, "hsCode": value.hs_code}
    more |= {"listedCountries": list(entry.countries), "listedImo": entry.imo}
    return said | {name: told for name, told in more.items() if told}
