"""Parties and who may act for whom.

A party's name is a slug that everybody may know; its id stays on the platform. An agent (a forwarder) acts
for a principal (a trader) only under a delegation in force, which the principal recorded and may revoke at
once; PostgreSQL asks the same question in every policy through ``principals()``.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import pycountry
from sqlalchemy import ForeignKey, Index, String, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Mapped, mapped_column

from isthmus_platform.database import Actor, Base, PartyRole, Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.screening import asked

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LONGEST_LEGAL_NAME = 200


class Party(Base):
    """A company or authority on the platform; the directory is open to all its members."""

    __tablename__ = "party"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    legal_name: Mapped[str]
    country: Mapped[str] = mapped_column(String(2))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String))
    created_at: Mapped[datetime]

    def has(self, role: PartyRole) -> bool:
        """Return whether the party has ``role``."""
        return role.value in self.roles


class Delegation(Base):
    """The principal ``party_id`` lets ``agent_id`` act for it until ``valid_until``, or until revoked."""

    __tablename__ = "delegation"
    __table_args__ = (Index("ix_delegation_agent_id", "agent_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"), index=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("party.id"))
    valid_until: Mapped[datetime]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


def register(work: Work, name: str, legal_name: str, country: str, roles: Iterable[PartyRole]) -> Party:
    """Add a party to the directory (needs the duty ``onboarding``).

    ``country`` is ISO 3166-1 alpha-2. Raises :class:`InvalidInput` naming the field and :class:`Conflict`
    (``name_taken``).
    """
    if not SLUG.fullmatch(name):
        raise InvalidInput(
            "A party's name is a slug: lower-case letters, digits and hyphens, 1 to 63.",
            field="name",
            code="format",
        )
    if not 0 < len(legal_name.strip()) <= LONGEST_LEGAL_NAME:
        raise InvalidInput(
            f"A legal name has 1 to {LONGEST_LEGAL_NAME} characters.", field="legalName", code="length"
        )
    check_country(country, "country")
    held = sorted({role.value for role in roles})
    if not held:
        raise InvalidInput("A party has at least one role.", field="roles", code="required")
    added = work.session.scalar(
        insert(Party)
        .values(
            id=new_id(),
            name=name,
            legal_name=legal_name.strip(),
            country=country,
            roles=held,
            created_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=[Party.name])
        .returning(Party.id)
    )
    if added is None:
        raise Conflict(f"There is a party named {name} already.", field="name", code="name_taken")
    asked.ask(work, asked.Thing.MEMBER, added, added)
    return get(work, added)


def check_country(code: str, field: str) -> str:
    """Return ``code`` if it is an ISO 3166-1 alpha-2 code; else raise ``unknown_country``."""
    if len(code) != 2 or not code.isupper() or pycountry.countries.get(alpha_2=code) is None:
        raise InvalidInput(
            f"{code[:20]!r} is not an ISO 3166-1 country code of two letters.",
            field=field,
            code="unknown_country",
        )
    return code


def get(work: Work, party_id: UUID) -> Party:
    """Return the party with this id, or raise :class:`NotFound`."""
    party = work.session.get(Party, party_id)
    if party is None:
        raise NotFound("There is no such party.", code="unknown_party")
    return party


def get_many(work: Work, party_ids: Iterable[UUID]) -> dict[UUID, Party]:
    """Return the parties with these ids, by id, in one statement."""
    rows = work.session.scalars(select(Party).where(Party.id.in_(set(party_ids))))
    return {party.id: party for party in rows}


def by_name(work: Work, name: str, *, field: str | None = None) -> Party:
    """Return the party with this name, or raise :class:`NotFound` (``unknown_party``) naming ``field``."""
    party = work.session.scalar(select(Party).where(Party.name == name))
    if party is None:
        raise NotFound(f"There is no party named {name[:63]!r}.", field=field, code="unknown_party")
    return party


def directory(work: Work) -> Sequence[Party]:
    """Return every party, by name."""
    return work.session.scalars(select(Party).order_by(Party.name)).all()


def record_delegation(work: Work, agent_name: str, valid_until: datetime) -> Delegation:
    """Let the party ``agent_name`` act for the acting party until ``valid_until`` (aware)."""
    agent = by_name(work, agent_name, field="agent")
    if agent.id == work.actor.party_id:
        raise InvalidInput("A party needs no delegation to itself.", field="agent", code="own_party")
    if valid_until <= work.now:
        raise InvalidInput("A delegation ends in the future.", field="validUntil", code="not_in_future")
    delegation = Delegation(
        id=new_id(),
        party_id=work.actor.party_id,
        agent_id=agent.id,
        valid_until=valid_until,
        created_at=work.now,
    )
    work.session.add(delegation)
    work.session.flush()
    return delegation


def revoke_delegation(work: Work, delegation_id: UUID) -> Delegation:
    """End a delegation of the acting party now; ending it again changes nothing."""
    delegation = work.session.scalar(
        select(Delegation).where(Delegation.id == delegation_id, Delegation.party_id == work.actor.party_id)
    )
    if delegation is None:
        raise NotFound("There is no such delegation of yours.", field="delegation")
    if delegation.revoked_at is None:
        delegation.revoked_at = work.now
        work.session.flush()
    return delegation


def delegation(work: Work, delegation_id: UUID) -> Delegation:
    """Return a delegation the acting party gave or holds; else raise :class:`NotFound`."""
    found = work.session.get(Delegation, delegation_id)
    if found is None:
        raise NotFound("There is no such delegation.", field="delegation")
    return found


def delegations(work: Work, *, after: UUID | None = None, limit: int = 100) -> Sequence[Delegation]:
    """Return up to ``limit`` delegations the acting party gave or holds, newest first, past ``after``."""
    rows = select(Delegation).order_by(Delegation.id.desc()).limit(limit)
    return work.session.scalars(rows if after is None else rows.where(Delegation.id < after)).all()


def act_for(work: Work, principal_name: str | None, *, field: str = "onBehalfOf") -> Party:
    """Return the party whose business the actor may do: its own, or that of a principal it acts for.

    Raises :class:`NotPermitted` (``no_delegation``) without a delegation in force at the work's time.
    """
    if principal_name is None:
        return get(work, work.actor.party_id)
    principal = by_name(work, principal_name, field=field)
    if not work.session.scalar(select(func.acts_for(principal.id))):
        raise NotPermitted(
            f"{principal.name} has no delegation to you in force.", field=field, code="no_delegation"
        )
    return principal


def actor_of(party: Party, subject: str) -> Actor:
    """Return the actor for ``party``; its roles are what the database says now."""
    return Actor(party.id, frozenset(PartyRole(role) for role in party.roles), subject)
