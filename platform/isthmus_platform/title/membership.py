"""Who may take part in steps: the operator, or an authority, suspends a party from the register, at once.

A suspended party keeps what it holds; it cannot act and nothing passes to it, until whoever suspended it
lifts that.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import parties
from isthmus_platform.database import PartyRole, Work, new_id, on_duty
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.parties import Party
from isthmus_platform.title.errors import CannotHold, PartySuspended
from isthmus_platform.title.records import REGISTER, TitleSuspension

LONGEST_REASON = 255
KEEPERS = (PartyRole.OPERATOR, PartyRole.AUTHORITY)


def suspend(work: Work, name: str, reason: str) -> TitleSuspension:
    """Suspend the party ``name``; only the operator or an authority may."""
    work.actor.require(*KEEPERS)
    party = parties.by_name(work, name, field="party")
    if party.id == work.actor.party_id:
        raise InvalidInput("A party does not suspend itself.", field="party", code="own_party")
    found = work.session.scalar(
        insert(TitleSuspension)
        .values(
            id=new_id(),
            party_id=party.id,
            placed_by=work.actor.party_id,
            reason=checked_text(reason, "reason"),
            suspended_at=work.now,
        )
        .on_conflict_do_nothing()
        .returning(TitleSuspension.id)
    )
    if found is None:
        raise Conflict("You suspended this party before.", field="party", code="suspended_before")
    return work.session.get_one(TitleSuspension, found)


def readmit(work: Work, name: str) -> TitleSuspension:
    """Lift the acting party's own suspension of the party ``name``."""
    work.actor.require(*KEEPERS)
    party = parties.by_name(work, name, field="party")
    found = work.session.scalar(
        update(TitleSuspension)
        .where(
            TitleSuspension.party_id == party.id,
            TitleSuspension.placed_by == work.actor.party_id,
            TitleSuspension.lifted_at.is_(None),
        )
        .values(lifted_at=work.now)
        .returning(TitleSuspension.id)
    )
    if found is None:
        raise NotFound("You have not suspended this party.", field="party")
    return work.session.get_one(TitleSuspension, found, populate_existing=True)


def check_members(work: Work, party_ids: Collection[UUID]) -> None:
    """Raise :class:`PartySuspended` if one of the parties is suspended, by whomever."""
    with on_duty(work, REGISTER):
        suspended = work.session.scalar(
            select(TitleSuspension.party_id)
            .where(TitleSuspension.party_id.in_(party_ids), TitleSuspension.lifted_at.is_(None))
            .limit(1)
        )
    if suspended is not None:
        whose = "You are" if suspended == work.actor.party_id else "The recipient is"
        field = "title" if suspended == work.actor.party_id else "recipient"
        raise PartySuspended(f"{whose} suspended from the register of titles.", field=field)


def able_to_hold(work: Work, name: str, field: str) -> Party:
    """Return the party ``name`` if it can hold title; raise NotFound (``unknown_party``) or CannotHold."""
    party = parties.by_name(work, name, field=field)
    if any(party.has(role) for role in KEEPERS):
        raise CannotHold("The operator and authorities hold no title.", field=field)
    return party


def checked_text(value: str, field: str, longest: int = LONGEST_REASON) -> str:
    """Return ``value`` stripped, if it is 1 to ``longest`` printable characters."""
    text = value.strip()
    if not 0 < len(text) <= longest or not text.isprintable():
        raise InvalidInput(f"Say it in 1 to {longest} characters on one line.", field=field, code="length")
    return text
